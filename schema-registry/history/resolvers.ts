import { instantOf } from '#kernel/clock.ts';
import { canonicalJson, isRecord } from '#kernel/json.ts';
import { connectionOf, parsePage } from '#kernel/paging.ts';
import { makeCheckpoint } from './checkpoint.ts';
import { historyScope, readEntries } from './history-query.ts';
import { WHOLE_REGISTRY } from './history.ts';
import type { HistoryEntry as HistoryEntryAnswer, Resolvers } from '../generated.ts';
import type { StoredEntry } from './history-query.ts';

export const historyResolvers = {
  Query: {
    history: async (_parent, args, { database, principal }) => {
      const { action, subject, actor, target } = args.filter ?? {};
      const names = { graph: args.graph ?? null, target: target ?? null };
      const scope = await historyScope(database, principal, names);
      const page = parsePage(args);
      const filter = {
        ...scope,
        action: action ?? null,
        subject: subject ?? null,
        actor: actor ?? null,
      };
      const entries = await readEntries(database, filter, page);
      return connectionOf(page, entries.map(entryAnswer), ({ seq }) => String(seq));
    },
    historyCheckpoint: (_parent, _args, context) => makeCheckpoint(context),
  },
} satisfies Resolvers;

/** The entry as it was hashed, read back. */
function entryAnswer({ seq, hash, body }: StoredEntry): HistoryEntryAnswer {
  const entry: unknown = JSON.parse(body);
  if (!isRecord(entry)) throw new Error(`The history entry ${seq} is no entry.`);
  const { graph, target } = entry;
  return {
    seq: Number(seq),
    id: String(entry['id']),
    at: instantOf(String(entry['at'])),
    actor: String(entry['actor']),
    action: String(entry['action']),
    graphId: graph === WHOLE_REGISTRY ? null : String(graph),
    targetId: typeof target === 'string' ? target : null,
    subject: String(entry['subject']),
    details: canonicalJson(entry['details']),
    hash,
    previous: String(entry['previous']),
  };
}
