import { createPlaceFinder, NO_PLACES } from './coordinate-place.ts';
import { usageFailure } from './failure.ts';
import type { CommandContext, Option, Words } from './command.ts';
import type { Places } from './coordinate-place.ts';

/** A subgraph's contract as it is sent: exactly the text of its file, so that places in it are right. */
export interface SubgraphFile {
  readonly subgraph: string;
  readonly sdl: string;
  readonly url: string | null;
  readonly version: string | null;
}

/** What a command was given, and which file each subgraph came from. */
export interface SubgraphFiles {
  readonly subgraphs: readonly SubgraphFile[];
  readonly places: Places;
}

export const SUBGRAPH_OPTIONS: readonly Option[] = [
  {
    flags: '--subgraph <name=file>',
    about:
      'a subgraph and the file with its SDL, - for standard input; all of the configuration otherwise',
    many: true,
  },
  { flags: '--url <name=url>', about: 'where gateways reach a subgraph', many: true },
];

export const STATED_VERSION_OPTION: Option = {
  flags: '--as-version <name=version>',
  about: 'version that a subgraph is to have; refused when it understates the change',
  many: true,
};

/** Reads the subgraphs that the command line names, or those of the configuration file when it names none. */
export async function readSubgraphFiles(
  context: CommandContext,
  words: Words,
): Promise<SubgraphFiles> {
  const named = words.list('subgraph').map((word) => splitPair(word, '--subgraph'));
  const { subgraphs: configured } = context.configured;
  const chosen =
    named.length > 0 ? named : configured.map(({ name, file }) => ({ name, value: file }));
  if (chosen.length === 0) return { subgraphs: [], places: NO_PLACES };
  const urls = pairsOf(words, 'url', chosen);
  const versions = pairsOf(words, 'as-version', chosen);
  const knownUrls = new Map(configured.map(({ name, url }) => [name, url]));
  const subgraphs = await Promise.all(
    chosen.map(async ({ name, value }) => ({
      subgraph: name,
      sdl: await context.readText(value),
      url: urls.get(name) ?? knownUrls.get(name) ?? null,
      version: versions.get(name) ?? null,
    })),
  );
  const fileOf = new Map(chosen.map(({ name, value }) => [name, value === '-' ? 'stdin' : value]));
  const files = subgraphs.map(({ subgraph, sdl }) => ({ file: fileOf.get(subgraph) ?? '', sdl }));
  return { subgraphs, places: { fileOf, find: await createPlaceFinder(files) } };
}

interface Pair {
  readonly name: string;
  readonly value: string;
}

function pairsOf(words: Words, option: string, chosen: readonly Pair[]): Map<string, string> {
  const entries = words.list(option).map((word) => splitPair(word, `--${option}`));
  const lost = entries.find(({ name }) => !chosen.some((other) => other.name === name));
  if (lost !== undefined)
    throw usageFailure(`--${option} names "${lost.name}", which --subgraph does not.`);
  return new Map(entries.map(({ name, value }) => [name, value]));
}

/** Reads `name=value`. */
export function splitPair(word: string, option: string): Pair {
  const place = word.indexOf('=');
  if (place > 0 && place < word.length - 1)
    return { name: word.slice(0, place), value: word.slice(place + 1) };
  throw usageFailure(`${option} takes name=value, such as orders=./orders.graphql, not "${word}".`);
}
