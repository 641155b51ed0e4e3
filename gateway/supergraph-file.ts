import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { sha256 } from '#kernel/id.ts';
import { isRecord } from '#kernel/json.ts';
import { readPublishedKeys } from '#kernel/signature.ts';
import type { SupergraphSeal } from './supergraph-seal.ts';
import type { PublishedSupergraph } from './supergraph-source.ts';

/** Keeps the last good supergraph, whole or not at all: written beside, made durable, renamed. */
export async function keepSupergraph(path: string, published: PublishedSupergraph): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const beside = `${path}.${process.pid}.new`;
  const file = await open(beside, 'w', 0o600);
  try {
    await file.writeFile(JSON.stringify({ ...published, sha256: sha256(published.sdl) }));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(beside, path);
}

/**
 * The supergraph that was kept; null when there is none. Throws when the file is not what was written. Whether its signature
 * counts is its source's to say: whoever can write the file can write its hash.
 */
export async function keptSupergraph(path: string): Promise<PublishedSupergraph | null> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  });
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
