import { verifyHistory } from '#kernel/history-verification.ts';
import { isRecord } from '#kernel/json.ts';
import { answer, wholeNumber } from '../command.ts';
import { usageFailure } from '../failure.ts';
import { LIST_HISTORY, READ_CHECKPOINT } from '../operations/history.ts';
import { verdictText } from '../render/verdict-text.ts';
import { table } from '../render/table.ts';
import type { Command, CommandContext, Outcome, Words } from '../command.ts';
import type { ListHistoryQuery } from '../generated.ts';

const PAGE = 100;
const KEY_ID = /^[\w-]{43}$/;

export const HISTORY_COMMANDS: readonly Command[] = [
  {
    path: 'history list',
    summary: 'List what was decided in a graph, newest first',
    options: [
      { flags: '--action <name>', about: 'what was done, such as schema.published' },
      { flags: '--subject <name>', about: 'what it was done to, such as subgraph:orders' },
      { flags: '--actor <id>', about: 'who did it' },
      { flags: '--whole-graph', about: 'in all targets of the graph' },
      { flags: '--first <count>', about: 'how many, 1 to 1,000' },
    ],
    examples: ['history list', 'history list --subject subgraph:orders --first 5'],
    run: listHistory,
  },
  {
    path: 'history export',
    summary: 'Export the history as lines of JSON that can be verified offline',
    options: [
      { flags: '--whole-registry', about: 'of all graphs' },
      { flags: '--from <number>', about: 'from this entry on' },
    ],
    examples: [
      'history export --output history.ndjson',
      'history export --from 1200 > tail.ndjson',
    ],
    run: exportHistory,
  },
  {
    path: 'history checkpoint',
    summary: 'Print a signed checkpoint, to be kept elsewhere',
    examples: ['history checkpoint --output checkpoint.txt'],
    run: async (context) => {
      const { historyCheckpoint } = await context.registry.ask(READ_CHECKPOINT, {});
      return { data: historyCheckpoint, ok: true, raw: historyCheckpoint.note };
    },
  },
  {
    path: 'history verify',
    summary: 'Verify an export offline: find what was edited, removed, reordered or cut off',
    options: [
      { flags: '--export <file>', about: 'the export, - for standard input', required: true },
      {
        flags: '--keys <file>',
        about:
          'keys to trust, as "target keys list --published" printed them earlier, or their ids a line each',
        required: true,
      },
      {
        flags: '--checkpoint <file>',
        about: 'a checkpoint that was kept; finds a history that was cut off or rewritten since',
        many: true,
      },
    ],
    examples: [
      'history verify --export history.ndjson --keys keys.json',
      'history verify --export history.ndjson --keys keys.json --checkpoint march.txt',
    ],
    run: verify,
  },
];

async function listHistory(context: CommandContext, words: Words): Promise<Outcome> {
  const { graph, target } = context.target();
  const wanted = words.count('first', { min: 1, max: 1_000, fallback: 20 });
  const filter = {
    target: words.flag('whole-graph') ? null : target,
    action: words.text('action'),
    subject: words.text('subject'),
    actor: words.text('actor'),
  };
  const entries: ListHistoryQuery['history']['nodes'][number][] = [];
  let before: string | null = null;
  do {
    const last = Math.min(PAGE, wanted - entries.length);
    const { history }: ListHistoryQuery = await context.registry.ask(LIST_HISTORY, {
      graph,
      filter,
      last,
      before,
    });
    entries.push(...history.nodes.toReversed());
    before = history.pageInfo.hasPreviousPage ? (history.pageInfo.startCursor ?? null) : null;
  } while (before !== null && entries.length < wanted);
  return answer(entries, (style) =>
    table(style, {
      heads: ['entry', 'at', 'who', 'did', 'to'],
      rows: entries.map(({ seq, at, actor, action, subject }) => [
        String(seq),
        at,
        actor,
        action,
        subject,
      ]),
      none: 'Nothing was decided.',
    }),
  );
}

async function exportHistory(context: CommandContext, words: Words): Promise<Outcome> {
  const query = new URLSearchParams();
  if (!words.flag('whole-registry')) query.set('graph', context.target().graph);
  const from = words.text('from');
  if (from !== null)
    query.set(
      'from',
      String(wholeNumber(from, { what: '--from', min: 1, max: Number.MAX_SAFE_INTEGER })),
    );
  context.progress('Exporting the history …');
  const file = await context.registry.get(`/history/export?${query.toString()}`);
  return { data: null, ok: true, raw: file.pieces, lines: true };
}

async function verify(context: CommandContext, words: Words): Promise<Outcome> {
  const pinnedKeys = keyIds(await context.readText(words.required('keys')));
  const keptCheckpoints = await Promise.all(
    words.list('checkpoint').map((file) => context.readText(file)),
  );
  const lines = context.readPieces(words.required('export'));
  const verdict = await verifyHistory(lines, { pinnedKeys, keptCheckpoints });
  return { data: verdict, ok: verdict.ok, text: (style) => verdictText(style, verdict) };
}

/** The ids of the keys in a published set, in an envelope of ours that holds one, or a line each. */
function keyIds(text: string): readonly string[] {
  const ids = text.trimStart().startsWith('{') ? idsOfSet(text) : text.split(/\s+/).filter(Boolean);
  if (ids.length > 0 && ids.every((id) => KEY_ID.test(id))) return ids;
  throw usageFailure(
    'The keys file holds no keys: it is what "concord target keys list --published" prints, or ids of keys a line each.',
  );
}

function idsOfSet(text: string): readonly string[] {
  try {
    const set: unknown = JSON.parse(text);
    const held: unknown = isRecord(set) ? (set['keys'] ?? set['data']) : null;
    const keys: readonly unknown[] = Array.isArray(held) ? held : [];
    return keys.map((key) => (isRecord(key) ? String(key['kid']) : ''));
  } catch {
    return [];
  }
}
