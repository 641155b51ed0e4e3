import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export function createDataFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'concord-test-'));
}

/** Removes a data folder with its PostgreSQL cluster, which may lie elsewhere, where its own user can reach it, with a link from here. */
export async function removeDataFolder(dataFolder: string): Promise<void> {
  const cluster = await realpath(join(dataFolder, 'postgres')).catch(() => null);
  const elsewhere = cluster === null ? [] : [cluster, `${cluster}.log`, `${cluster}.log.previous`];
  for (const path of [...elsewhere, dataFolder]) await rm(path, { recursive: true, force: true });
}
