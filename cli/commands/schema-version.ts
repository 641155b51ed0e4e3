import { wholeNumber } from '../command.ts';
import { notThere, usageFailure } from '../failure.ts';
import {
  COMPARE_VERSIONS,
  LIST_SUBGRAPH_VERSIONS,
  LIST_VERSIONS,
  READ_CURRENT_SCHEMA,
  READ_SCHEMA_VERSION,
  SEARCH_SCHEMA,
} from '../operations/schema.ts';
import { changesText } from '../render/check-text.ts';
import { table } from '../render/table.ts';
import { answer } from '../command.ts';
import { found, nameOf, targetText } from '../reply.ts';
import type { Command, CommandContext, Words } from '../command.ts';
import type { SchemaTextsFragment } from '../generated.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Versions of a target are asked for in pages of this size. */
const PAGE = 100;
/** Older versions than these have to be named by their id. */
const PAGES_MAX = 20;
const ENTRIES = { min: 1, max: 100, fallback: 20 };

export const SCHEMA_VERSION_COMMANDS: readonly Command[] = [
  {
    path: 'schema fetch',
    summary: 'Print a schema: the supergraph, the API schema, a subgraph or a contract',
    options: [
      { flags: '--what <kind>', about: 'which schema', choices: ['supergraph', 'api'] },
      { flags: '--subgraph <name>', about: "a subgraph's own schema instead" },
      { flags: '--contract <name>', about: 'as the readers of a contract see it' },
      {
        flags: '--version-of <version>',
        about: 'number, semantic version or id; the current one otherwise',
      },
    ],
    examples: [
      'schema fetch > supergraph.graphql',
      'schema fetch --what api --output schema.graphql',
      'schema fetch --subgraph orders --version-of 41',
      'schema fetch --contract portal --what api',
    ],
    run: async (context, words) => {
      const version = await readVersion(context, words.text('version-of'));
      const raw = pickedSdl(version, words);
      return {
        data: { id: version.id, number: version.number, version: version.version, sdl: raw },
        ok: true,
        raw,
      };
    },
  },
  {
    path: 'schema diff',
    summary: 'Show what changed from one version to another',
    arguments: [
      { name: '<from>', about: 'number, semantic version or id' },
      { name: '[to]', about: 'the same; the current one otherwise' },
    ],
    examples: ['schema diff 41', 'schema diff 1.4.0 2.0.0', 'schema diff 40 42 --format json'],
    run: async (context, words) => {
      const to = words.optionalArgument('to');
      const [fromId, toId] = await Promise.all([
        versionIdOf(context, words.argument('from')),
        to === null ? currentId(context) : versionIdOf(context, to),
      ]);
      const { compareVersions } = await context.registry.ask(COMPARE_VERSIONS, {
        from: fromId,
        to: toId,
      });
      return answer(compareVersions, (style) => changesText(style, compareVersions));
    },
  },
  {
    path: 'schema history',
    summary: 'List the versions of a target or of one of its subgraphs, newest first',
    options: [
      { flags: '--subgraph <name>', about: 'versions of this subgraph' },
      { flags: '--first <count>', about: 'how many, 1 to 100' },
    ],
    examples: ['schema history', 'schema history --subgraph orders --first 5'],
    run: async (context, words) => {
      const subgraph = words.text('subgraph');
      const first = words.count('first', ENTRIES);
      return subgraph === null
        ? graphHistory(context, first)
        : subgraphHistory(context, subgraph, first);
    },
  },
  {
    path: 'schema search',
    summary: 'Find types, fields, arguments and values by a part of their name or description',
    arguments: [{ name: '<text>', about: 'what is looked for' }],
    options: [{ flags: '--first <count>', about: 'how many, 1 to 100' }],
    examples: ['schema search invoice', 'schema search "tax rate" --first 5'],
    run: async (context, words) => {
      const { searchSchema } = await context.registry.ask(SEARCH_SCHEMA, {
        target: context.target(),
        text: words.argument('text'),
        first: words.count('first', ENTRIES),
      });
      return answer(searchSchema, (style) =>
        table(style, {
          heads: ['coordinate', 'kind', 'type', 'description'],
          rows: searchSchema.map((hit) => [
            hit.deprecated ? style.warn(`${hit.coordinate} (deprecated)`) : hit.coordinate,
            hit.kind.toLowerCase().replace('_', ' '),
            hit.type,
            hit.description,
          ]),
          none: 'Nothing fits.',
        }),
      );
    },
  },
];

async function graphHistory(context: CommandContext, first: number) {
  const versions = await listVersions(context, first, null);
  return answer(versions, (style) =>
    table(style, {
      heads: ['number', 'version', 'cause', 'published', 'by', 'commit', 'id'],
      rows: versions.map((version) => [
        String(version.number),
        version.version,
        version.cause.toLowerCase(),
        version.publishedAt,
        version.author ?? version.publishedBy,
        version.commit,
        version.id,
      ]),
      none: 'Nothing was published yet.',
    }),
  );
}

async function subgraphHistory(context: CommandContext, subgraph: string, first: number) {
  const name = context.target();
  const { target } = await context.registry.ask(LIST_SUBGRAPH_VERSIONS, {
    target: name,
    subgraph,
    first,
  });
  const { subgraphVersions } = found(target, targetText(name));
  return answer(subgraphVersions, (style) =>
    table(style, {
      heads: ['number', 'version', 'published', 'by', 'commit', 'url'],
      rows: subgraphVersions.map((version) => [
        String(version.number),
        version.version,
        version.publishedAt,
        version.author ?? version.publishedBy,
        version.commit,
        version.url,
      ]),
      none: `No subgraph "${subgraph}" was published.`,
    }),
  );
}

async function listVersions(context: CommandContext, first: number, before: number | null) {
  const name = context.target();
  const { target } = await context.registry.ask(LIST_VERSIONS, { target: name, first, before });
  return found(target, targetText(name)).versions;
}

/** The id of the version that a number, semantic version or id names; of equal semantic versions the newest. */
export async function versionIdOf(context: CommandContext, word: string): Promise<string> {
  if (UUID.test(word)) return word;
  if (/^\d+$/.test(word)) {
    const number = wholeNumber(word, { what: 'A version', min: 1, max: 2 ** 31 - 2 });
    const [version] = await listVersions(context, 1, number + 1);
    if (version?.number === number) return version.id;
    throw notThere(`${nameOf(context.target())} has no version number ${number}.`);
  }
  if (!/^\d+\.\d+\.\d+$/.test(word))
    throw usageFailure(`A version is a number, a semantic version or an id, not "${word}".`);
  let before: number | null = null;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const versions: Awaited<ReturnType<typeof listVersions>> = await listVersions(
      context,
      PAGE,
      before,
    );
    const version = versions.find((candidate) => candidate.version === word);
    if (version !== undefined) return version.id;
    before = versions.at(-1)?.number ?? null;
    if (before === null || versions.length < PAGE) break;
  }
  throw notThere(`${nameOf(context.target())} has no version ${word}.`);
}

async function currentId(context: CommandContext): Promise<string> {
  return (await readVersion(context, null)).id;
}

async function readVersion(
  context: CommandContext,
  word: string | null,
): Promise<SchemaTextsFragment> {
  if (word !== null) {
    const id = await versionIdOf(context, word);
    const { version } = await context.registry.ask(READ_SCHEMA_VERSION, { id });
    return found(version, `version ${word}`);
  }
  const name = context.target();
  const { target } = await context.registry.ask(READ_CURRENT_SCHEMA, { target: name });
  const { current } = found(target, targetText(name));
  if (current === null) throw notThere(`Nothing was published to ${nameOf(name)} yet.`);
  return current;
}

function pickedSdl(version: SchemaTextsFragment, words: Words): string {
  const subgraph = words.text('subgraph');
  const contract = words.text('contract');
  const what = words.text('what');
  if (subgraph !== null) {
    if (contract !== null || what !== null)
      throw usageFailure('A subgraph has one schema: leave --what and --contract out.');
    const member = version.members.find((candidate) => candidate.subgraph === subgraph);
    return found(member, `subgraph "${subgraph}" in version ${version.version}`).sdl;
  }
  const source =
    contract === null
      ? version
      : found(
          version.contracts.find((candidate) => candidate.contract === contract),
          `contract "${contract}" in version ${version.version}`,
        );
  return what === 'api' ? source.apiSdl : source.supergraphSdl;
}
