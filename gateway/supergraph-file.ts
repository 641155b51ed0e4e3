import { sha256 } from '#kernel/id.ts';
import { isRecord } from '#kernel/json.ts';
import { readPublishedKeys } from '#kernel/signature.ts';
import { readKept, writeKept } from './kept-file.ts';
import type { SupergraphSeal } from './supergraph-seal.ts';
import type { PublishedSupergraph } from './supergraph-source.ts';

/** Keeps the last good supergraph, with what it takes to check it again. */
export function keepSupergraph(path: string, published: PublishedSupergraph): Promise<void> {
  return writeKept(path, JSON.stringify({ ...published, sha256: sha256(published.sdl) }));
}

/**
 * The supergraph that was kept; null when there is none. Throws when the file is not what was written. Whether its signature
 * counts is its source's to say: whoever can write the file can write its hash.
 */
export async function keptSupergraph(path: string): Promise<PublishedSupergraph | null> {
  const text = await readKept(path);
  if (text === null) return null;
  const value: unknown = JSON.parse(text);
  if (
    !isRecord(value) ||
    typeof value['sdl'] !== 'string' ||
    typeof value['version'] !== 'string' ||
    typeof value['etag'] !== 'string' ||
    value['sha256'] !== sha256(value['sdl'])
  ) {
    throw new Error('the file is damaged: its text does not fit its hash');
  }
  const { sdl, version, etag } = value;
  return { sdl, version, etag, seal: sealOf(value['seal']) };
}

/** Null also for a seal that cannot be read, which then seals nothing. */
function sealOf(value: unknown): SupergraphSeal | null {
  if (!isRecord(value)) return null;
  const { path, signature } = value;
  const keys = readPublishedKeys(value['keys']);
  if (typeof path !== 'string' || typeof signature !== 'string' || keys === null) return null;
  return { path, signature, keys };
}
