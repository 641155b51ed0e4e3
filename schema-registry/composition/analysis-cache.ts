import { parse } from 'graphql';
import { annotationsOf } from './annotations.ts';
import { compose, parseSdl } from './compose.ts';
import { composedView, viewOf } from './composed-view.ts';
import type { DocumentNode } from 'graphql';
import type { Annotation } from './annotations.ts';
import type { CompositionError, Member, ParsedSdl } from './compose.ts';
import type { ComposedView } from './composed-view.ts';
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
  /** A text that was sent: it may be no GraphQL. */
  parsed(hash: string): ParsedSdl;
  /** A text that is known to be GraphQL, without places. */
  stored(hash: string): DocumentNode;
  /** The same with places, to tell where something stands. */
  located(hash: string): DocumentNode;
  storedView(hash: string): SchemaView;
  /** What was just made of a text is what the next job will ask of it, once it is stored. */
  keepView(hash: string, view: SchemaView): void;
  /** The ends that a stored supergraph announces. */
  annotations(hash: string): readonly Annotation[];
  keepAnnotations(hash: string, annotations: readonly Annotation[]): void;
  composed(
    members: readonly Member[],
    changed: ReadonlySet<string>,
  ): ComposedView | { readonly ok: false; readonly errors: readonly CompositionError[] };
}

/** Texts of some hundred subgraphs, with supergraphs and API schemas; a parsed one takes about ten times its text. */
const TEXT_CHARACTERS_MAX = 16_000_000;
const DOCUMENTS_MAX = 300;
/** Those of the last few checks: their subgraph is linted and its findings are placed. */
const LOCATED_MAX = 8;
/** Current schema of a graph with its contracts, and those of a few other targets. */
const VIEWS_MAX = 10;
const COMPOSITIONS_MAX = 2;
const ENDS_MAX = 32;
const UNPLACED = { noLocation: true } as const;

export function createAnalysisCache(): AnalysisCache {
  const texts = createLru<string>({ sizeMax: TEXT_CHARACTERS_MAX, sizeOf: (text) => text.length });
  const documents = createLru<ParsedSdl>({ sizeMax: DOCUMENTS_MAX });
  const placed = createLru<DocumentNode>({ sizeMax: LOCATED_MAX });
  const views = createLru<SchemaView>({ sizeMax: VIEWS_MAX });
  const compositions = createLru<ComposedView>({ sizeMax: COMPOSITIONS_MAX });
  const ends = createLru<readonly Annotation[]>({ sizeMax: ENDS_MAX });
  const textOf = (hash: string): string => {
    const text = texts.peek(hash);
    if (text === undefined) throw new MissingText([hash]);
    return text;
  };
  const parsed = (hash: string): ParsedSdl =>
    documents.get(hash, () => parseSdl(textOf(hash), 'without places'));
  const stored = (hash: string): DocumentNode => {
    const result = parsed(hash);
    if (!result.ok) throw new Error(`The text ${hash} is not GraphQL.`);
    return result.document;
  };
  const located = (hash: string): DocumentNode => placed.get(hash, () => parse(textOf(hash)));
  return {
    put: texts.putAll,
    missing: (hashes) => hashes.filter((hash) => texts.peek(hash) === undefined),
    parsed,
    stored,
    located,
    storedView: (hash) => views.get(hash, () => viewOf(stored(hash))),
    keepView: (hash, view) => void views.get(hash, () => view),
    annotations: (hash) => ends.get(hash, () => annotationsOf(parse(textOf(hash), UNPLACED))),
    keepAnnotations: (hash, annotations) => void ends.get(hash, () => annotations),
    composed: (members, changed) => {
      const key = keyOf(members);
      const known = compositions.peek(key);
      if (known !== undefined) return compositions.get(key, () => known);
      const withDocument = (documentOf: (hash: string) => DocumentNode) =>
        members.map((member) => ({ ...member, document: documentOf(member.sha256) }));
      const composed = compose(withDocument(stored), changed);
      // Composed once more for the sake of its errors, which say where they are when the contracts know.
      if (!composed.ok) return refusalOf(compose(withDocument(located), changed), composed.errors);
      const view = composedView(composed);
      return view.ok ? compositions.get(key, () => view) : view;
    },
  };
}

function refusalOf(
  again: ReturnType<typeof compose>,
  errors: readonly CompositionError[],
): { readonly ok: false; readonly errors: readonly CompositionError[] } {
  return again.ok ? { ok: false, errors } : again;
}

function keyOf(members: readonly Member[]): string {
  return JSON.stringify(
    members
      .map(({ subgraph, url, sha256 }) => [subgraph, url, sha256])
      .sort(([a = ''], [b = '']) => (a < b ? -1 : 1)),
  );
}

interface Lru<Value> {
  /** Keeps all of these, however large they are together: whoever sent them is about to ask for them. */
  putAll(values: Readonly<Record<string, Value>>): void;
  get(key: string, make: () => Value): Value;
  peek(key: string): Value | undefined;
}

/** Least recently used goes first; a Map keeps its keys in the order in which they were set. */
function createLru<Value>(limits: {
  readonly sizeMax: number;
  readonly sizeOf?: (value: Value) => number;
}): Lru<Value> {
  const { sizeMax, sizeOf = () => 1 } = limits;
  const entries = new Map<string, Value>();
  let size = 0;
  const use = (key: string, make: () => Value): Value => {
    const known = entries.get(key);
    const value = known ?? make();
    if (known === undefined) size += sizeOf(value);
    entries.delete(key);
    entries.set(key, value);
    return value;
  };
  const shrink = (isKept: (key: string) => boolean): void => {
    for (const [oldest, old] of entries) {
      if (size <= sizeMax || isKept(oldest)) break;
      entries.delete(oldest);
      size -= sizeOf(old);
    }
  };
  return {
    peek: (key) => entries.get(key),
    putAll: (values) => {
      for (const [key, value] of Object.entries(values)) use(key, () => value);
      shrink((key) => Object.hasOwn(values, key));
    },
    get: (key, make) => {
      const value = use(key, make);
      shrink((other) => other === key);
      return value;
    },
  };
}
