import { buildASTSchema, parse } from 'graphql';
import { sha256 } from '#kernel/id.ts';
import { parseSdl } from './compose.ts';
import { definitionsOf } from './schema-diff.ts';
import type { DocumentNode } from 'graphql';
import type { Composed, Member, ParsedSdl } from './compose.ts';
import type { SchemaView } from './schema-diff.ts';

/** A text that a job names by its hash and that the cache does not have. */
export class MissingText extends Error {
  override readonly name = 'MissingText';
  readonly hashes: readonly string[];
  constructor(hashes: readonly string[]) {
    super(`${hashes.length} text(s) are not in the cache`);
    this.hashes = hashes;
  }
}

/** What the worker remembers between jobs, all of it by content, so that nothing in it can be out of date. */
export interface AnalysisCache {
  put(texts: Readonly<Record<string, string>>): void;
  /** Those of these hashes whose text is not here. */
  missing(hashes: readonly string[]): string[];
  /** A contract with the places of its text, to tell where an error is. */
  parsed(hash: string): ParsedSdl;
  /** A text that is known to be valid, without places: to compare it, because those who compare would walk along its tokens. */
  stored(hash: string): DocumentNode;
  storedView(hash: string): SchemaView;
  view(sdl: string): SchemaView;
  composition(members: readonly Member[], make: () => Composed): Composed;
}

/** A parsed document takes some 30 times its text; 8 M characters of text keep the worker well below its memory limit. */
const TEXT_CHARACTERS_MAX = 8_000_000;
/** Current and proposed schema of a graph with its contracts, and those of a few other targets. */
const VIEWS_MAX = 16;
const COMPOSITIONS_MAX = 4;

export function createAnalysisCache(): AnalysisCache {
  const texts = createLru<string>({ sizeMax: TEXT_CHARACTERS_MAX, sizeOf: (text) => text.length });
  const documents = createLru<ParsedSdl>({ sizeMax: 256, sizeOf: () => 1 });
  const views = createLru<SchemaView>({ sizeMax: VIEWS_MAX, sizeOf: () => 1 });
  const compositions = createLru<Composed>({ sizeMax: COMPOSITIONS_MAX, sizeOf: () => 1 });
  const bare = createLru<DocumentNode>({ sizeMax: 256, sizeOf: () => 1 });
  const textOf = (hash: string): string => {
    const text = texts.peek(hash);
    if (text === undefined) throw new MissingText([hash]);
    return text;
  };
  const stored = (hash: string): DocumentNode =>
    bare.get(hash, () => parse(textOf(hash), { noLocation: true }));
  return {
    put: (more) => {
      for (const [hash, text] of Object.entries(more)) texts.get(hash, () => text);
    },
    missing: (hashes) => hashes.filter((hash) => !texts.has(hash) && !documents.has(hash)),
    parsed: (hash) => documents.get(hash, () => parseSdl(textOf(hash))),
    stored,
    storedView: (hash) => views.get(hash, () => viewOf(stored(hash))),
    view: (sdl) => views.get(sha256(sdl), () => viewOf(parse(sdl, { noLocation: true }))),
    composition: (members, make) => compositions.get(keyOf(members), make),
  };
}

function viewOf(document: DocumentNode): SchemaView {
  return {
    document,
    schema: buildASTSchema(document, { assumeValid: true, assumeValidSDL: true }),
    definitions: definitionsOf(document),
  };
}

function keyOf(members: readonly Member[]): string {
  return JSON.stringify(
    members
      .map(({ subgraph, url, sha256: hash }) => [subgraph, url, hash])
      .sort(([a = ''], [b = '']) => (a < b ? -1 : 1)),
  );
}

interface Lru<Value> {
  get(key: string, make: () => Value): Value;
  peek(key: string): Value | undefined;
  has(key: string): boolean;
}

/** Least recently used goes first; a Map keeps its keys in the order in which they were set. */
function createLru<Value>(limits: {
  readonly sizeMax: number;
  readonly sizeOf: (value: Value) => number;
}): Lru<Value> {
  const entries = new Map<string, Value>();
  let size = 0;
  return {
    has: (key) => entries.has(key),
    peek: (key) => entries.get(key),
    get: (key, make) => {
      const known = entries.get(key);
      const value = known ?? make();
      if (known === undefined) size += limits.sizeOf(value);
      entries.delete(key);
      entries.set(key, value);
      for (const [oldest, old] of entries) {
        if (size <= limits.sizeMax || oldest === key) break;
        entries.delete(oldest);
        size -= limits.sizeOf(old);
      }
      return value;
    },
  };
}
