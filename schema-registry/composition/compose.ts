import { composeServices } from '@theguild/federation-composition';
import { GraphQLError, parse } from 'graphql';
import { placesOf } from './coordinates.ts';
import type { DocumentNode } from 'graphql';

/** One subgraph as composition takes it; its text lies in `texts` under the hash. */
export interface Member {
  readonly subgraph: string;
  readonly url: string;
  readonly sha256: string;
}

export interface CompositionError {
  /** Code of the federation specification, such as `INVALID_FIELD_SHARING`, or `INVALID_GRAPHQL`. */
  readonly code: string;
  readonly message: string;
  readonly coordinate?: string | null;
  readonly subgraph?: string | null;
  /** Place in the SDL as it was sent. */
  readonly line?: number | null;
  readonly column?: number | null;
}

export type ParsedSdl =
  | { readonly ok: true; readonly document: DocumentNode }
  | { readonly ok: false; readonly error: CompositionError };

/** More tokens than any contract of ours by far; a parser without a bound is a way to stop the worker. */
export const SDL_TOKENS_MAX = 500_000;

/**
 * Reads SDL, or says where it is not GraphQL. Without the places of its tokens, which take several times the memory of
 * the rest, unless they are asked for.
 */
export function parseSdl(sdl: string, places: 'with places' | 'without places'): ParsedSdl {
  try {
    const noLocation = places === 'without places';
    return { ok: true, document: parse(sdl, { maxTokens: SDL_TOKENS_MAX, noLocation }) };
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    const [place] = error.locations ?? [];
    return {
      ok: false,
      error: {
        code: 'INVALID_GRAPHQL',
        message: error.message,
        line: place?.line ?? null,
        column: place?.column ?? null,
      },
    };
  }
}

export interface ComposedMember extends Member {
  readonly document: DocumentNode;
}

/** A graph that composes; what is not asked for is not made. */
export interface ComposedGraph {
  readonly ok: true;
  readonly supergraph: DocumentNode;
  readonly supergraphSdl: () => string;
}

export type Composed =
  | ComposedGraph
  | { readonly ok: false; readonly errors: readonly CompositionError[] };

/** Composes parsed contracts. `changed` names the subgraphs in which an error is looked for first. */
export function compose(
  members: readonly ComposedMember[],
  changed: ReadonlySet<string>,
): Composed {
  const result = composeServices(
    members.map(({ subgraph, url, document }) => ({ name: subgraph, url, typeDefs: document })),
  );
  if (result.errors !== undefined && result.errors.length > 0)
    return { ok: false, errors: result.errors.map((error) => locate(error, members, changed)) };
  if (result.supergraphDocumentNode === undefined)
    throw new Error('Composition gave neither a supergraph nor an error.');
  const supergraph = result.supergraphDocumentNode;
  return { ok: true, supergraph, supergraphSdl: () => result.supergraphSdl };
}

const COORDINATE = /"(@?[A-Za-z_]\w*(?:\.\w+(?:\(\w+:\))?)?)"/g;
const SUBGRAPH_PREFIX = /^\[([^\]]+)\] /;

/**
 * Says which subgraph an error lies in and where. The library gives a place for less than half of its errors; for the
 * others the place is that of the first coordinate in the message, in a changed subgraph if one has it.
 */
function locate(
  error: GraphQLError,
  members: readonly ComposedMember[],
  changed: ReadonlySet<string>,
): CompositionError {
  const code = error.extensions['code'];
  const named = SUBGRAPH_PREFIX.exec(error.message)?.[1] ?? null;
  const coordinates = [...error.message.matchAll(COORDINATE)].map((match) => match[1] ?? '');
  const candidates = members
    .filter(({ subgraph }) => named === null || subgraph === named)
    .sort((a, b) => Number(changed.has(b.subgraph)) - Number(changed.has(a.subgraph)));
  const found = firstPlace(coordinates, candidates);
  const [given] = error.locations ?? [];
  const place = given ?? found?.place;
  return {
    code: typeof code === 'string' ? code : 'COMPOSITION_ERROR',
    message: error.message,
    coordinate: found?.coordinate ?? coordinates[0] ?? null,
    subgraph: named ?? found?.subgraph ?? null,
    line: place?.line ?? null,
    column: place?.column ?? null,
  };
}

function firstPlace(
  coordinates: readonly string[],
  members: readonly ComposedMember[],
): {
  coordinate: string;
  subgraph: string;
  place: { readonly line: number; readonly column: number };
} | null {
  for (const { subgraph, document } of members) {
    const places = placesOf(document);
    for (const coordinate of coordinates) {
      const place = places.get(coordinate);
      if (place !== undefined) return { coordinate, subgraph, place };
    }
  }
  return null;
}
