import { readFile } from 'node:fs/promises';
import { sha256 } from '#kernel/id.ts';
import type { SupergraphSeal } from './supergraph-seal.ts';

/** A supergraph as it is published. */
export interface PublishedSupergraph {
  readonly sdl: string;
  readonly version: string;
  /** Names exactly this text; the source answers "unchanged" to whoever has it. */
  readonly etag: string;
  /** Who vouches for it; null for an operator's own file. */
  readonly seal: SupergraphSeal | null;
}

/** What a source answers. */
export type Fetched =
  | { readonly state: 'UNCHANGED' }
  | { readonly state: 'FETCHED'; readonly published: PublishedSupergraph }
  /** It came, and is not what it should be: not signed, signed for something else, or older than what was served. */
  | { readonly state: 'REFUSED'; readonly version: string; readonly reason: string };

/** Where supergraphs come from. */
export interface SupergraphSource {
  readonly name: string;
  /** The current one, unless it is still the one of that etag. Rejects when the source cannot be reached. */
  fetch(etag: string | null): Promise<Fetched>;
  /** Takes up what an earlier process kept: null when it may be served, else the reason. Nothing older counts from then on. */
  takeUp(kept: PublishedSupergraph): string | null;
}

/** A file that somebody else writes: for a gateway without a registry. It is as trustworthy as whoever may write it, and not signed. */
export function fileSource(path: string): SupergraphSource {
  return {
    name: 'file',
    fetch: async (known) => {
      const sdl = await readFile(path, 'utf8');
      const etag = `"${sha256(sdl)}"`;
      if (etag === known) return { state: 'UNCHANGED' };
      const version = sha256(sdl).slice(0, 12);
      return { state: 'FETCHED', published: { sdl, version, etag, seal: null } };
    },
    takeUp: () => null,
  };
}
