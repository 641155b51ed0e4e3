import { readFile } from 'node:fs/promises';
import { sha256 } from '#kernel/id.ts';

/** A supergraph as it is published. */
export interface PublishedSupergraph {
  readonly sdl: string;
  readonly version: string;
  /** Names exactly this text; the source answers "unchanged" to whoever has it. */
  readonly etag: string;
}

/** Where supergraphs come from. Rejects when it cannot be reached. */
export interface SupergraphSource {
  readonly name: string;
  /** The current one, or null when it is still the one of that etag. */
  fetch(etag: string | null): Promise<PublishedSupergraph | null>;
}

/** The registry answers at once or is down; a slow answer is asked for again at the next poll. */
const FETCH_TIMEOUT_MS = 3_000;
/** Far above any real supergraph (8 subgraphs of 60 types are 0.4 MB). */
const SUPERGRAPH_MAX_BYTES = 32 * 1024 * 1024;

/** `GET <registryUrl>/supergraph` with If-None-Match. */
export function registrySource(registryUrl: string): SupergraphSource {
  return {
    name: 'registry',
    fetch: async (etag) => {
      const response = await fetch(`${registryUrl.replace(/\/$/, '')}/supergraph`, {
        headers: etag === null ? {} : { 'if-none-match': etag },
        signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
        redirect: 'error',
      });
      if (response.status === 304) return null;
      const sdl = await readBounded(response);
      if (!response.ok) throw new Error(`status ${response.status}: ${sdl.slice(0, 200)}`);
      const version = response.headers.get('x-concord-version') ?? sha256(sdl).slice(0, 12);
      return { sdl, version, etag: response.headers.get('etag') ?? `"${sha256(sdl)}"` };
    },
  };
}

async function readBounded(response: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of response.body ?? []) {
    bytes += piece.length;
    if (bytes > SUPERGRAPH_MAX_BYTES) {
      throw new Error(`the answer has more than ${SUPERGRAPH_MAX_BYTES} bytes`);
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

/** A file that somebody else writes: for a gateway without a registry. */
export function fileSource(path: string): SupergraphSource {
  return {
    name: 'file',
    fetch: async (known) => {
      const sdl = await readFile(path, 'utf8');
      const etag = `"${sha256(sdl)}"`;
      return etag === known ? null : { sdl, version: sha256(sdl).slice(0, 12), etag };
    },
  };
}
