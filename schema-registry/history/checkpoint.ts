import { EMPTY_FRONTIER, leafHash, rootOf, withLeaf } from '#kernel/history-chain.ts';
import { keyObjectOf } from '#kernel/signature.ts';
import { openCheckpoint, signCheckpoint } from '#kernel/signed-note.ts';
import { readHead } from './history.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Database, Sql } from '#kernel/database.ts';
import type { Frontier } from '#kernel/history-chain.ts';
import type { SigningKeys } from '../artifact/signing-key.ts';

/** A signed statement of how long the history is and what its root is. */
export interface StoredCheckpoint {
  readonly size: number;
  readonly kid: string;
  /** The whole note, in the form that https://c2sp.org/tlog-checkpoint defines. */
  readonly note: string;
  readonly at: Date;
}

/** What makes checkpoints: the history, and the key that signs them. */
export interface CheckpointMaking {
  readonly database: Database;
  readonly keys: SigningKeys;
  readonly clock: Clock;
}

/** The stored entries do not go on from what was signed before: somebody changed them behind the registry's back. */
export class HistoryAltered extends Error {
  override readonly name = 'HistoryAltered';
}

/**
 * A checkpoint of the whole history as it is now: the stored one when nothing is new since, else a new one. The entries
 * since the last checkpoint are hashed again, and nothing is signed that does not go on from what that one states: then it
 * throws `HistoryAltered`.
 */
export async function makeCheckpoint(making: CheckpointMaking): Promise<StoredCheckpoint> {
  const { database, keys, clock } = making;
  const [head, key] = await Promise.all([readHead(database), keys.active()]);
  const stored = await readCheckpoint(database, head.size, key.kid);
  if (stored !== null) return stored;
  const frontier = await grown(database, await lastSigned(making, head.origin), head.size);
  const root = rootOf(frontier);
  if (root !== rootOf(head))
    throw new HistoryAltered(
      `The ${head.size} entries of the history do not have the root that was kept with them. No checkpoint is signed; docs/history.md tells how to find what was changed.`,
    );
  const at = clock.now();
  const note = signCheckpoint(
    { origin: head.origin, size: head.size, root, at: at.toISOString() },
    key,
  );
  await insertCheckpoint(database, { size: head.size, kid: key.kid, note, at }, frontier);
  // Of two that are made at the same time, the first one stays and both callers get that.
  return (await readCheckpoint(database, head.size, key.kid)) ?? makeCheckpoint(making);
}

/** The tree of the last checkpoint, after proof that its signature is over just that tree. */
async function lastSigned({ database, keys }: CheckpointMaking, origin: string): Promise<Frontier> {
  const [last] = await database.query<{
    readonly size: bigint;
    readonly note: string;
    readonly frontier: readonly string[];
  }>('select size, note, frontier from history_checkpoint order by size desc, at desc limit 1');
  if (last === undefined) return EMPTY_FRONTIER;
  const published = await keys.published();
  const own = new Map(published.keys.map((key) => [key.kid, keyObjectOf(key)]));
  const frontier = { size: Number(last.size), tops: last.frontier };
  const checkpoint = openCheckpoint(last.note, own);
  const fits =
    checkpoint !== null &&
    checkpoint.signedBy !== null &&
    checkpoint.origin === origin &&
    checkpoint.size === frontier.size &&
    checkpoint.root === rootOf(frontier);
  if (fits) return frontier;
  throw new HistoryAltered(`The stored checkpoint of ${last.size} entries is not what was signed.`);
}

/** Entries read in one statement. */
const BATCH_ENTRIES = 500;

/** The tree with the stored entries up to this size, hashed anew. */
async function grown(sql: Sql, from: Frontier, size: number): Promise<Frontier> {
  let frontier = from;
  while (frontier.size < size) {
    const rows = await sql.query<{ body: string }>(
      'select body from history_entry where seq > $1 and seq <= $2 order by seq limit $3',
      [frontier.size, size, BATCH_ENTRIES],
    );
    if (rows.length === 0)
      throw new HistoryAltered(`The history has no entry ${frontier.size + 1} of ${size}.`);
    frontier = rows.reduce((tree, { body }) => withLeaf(tree, leafHash(body)), frontier);
  }
  return frontier;
}

async function insertCheckpoint(
  sql: Sql,
  { size, kid, note, at }: StoredCheckpoint,
  { tops }: Frontier,
): Promise<void> {
  await sql.query(
    `insert into history_checkpoint (size, kid, note, frontier, at) values ($1, $2, $3, $4, $5)
     on conflict do nothing`,
    [size, kid, note, tops, at],
  );
}

async function readCheckpoint(
  sql: Sql,
  size: number,
  kid: string,
): Promise<StoredCheckpoint | null> {
  const [row] = await sql.query<CheckpointRow>(
    'select size, kid, note, at from history_checkpoint where size = $1 and kid = $2',
    [size, kid],
  );
  return row === undefined ? null : { ...row, size: Number(row.size) };
}

interface CheckpointRow {
  readonly size: bigint;
  readonly kid: string;
  readonly note: string;
  readonly at: Date;
}

/** The stored checkpoints of these sizes, smallest first. */
export async function readCheckpoints(
  sql: Sql,
  sizes: { readonly from: number; readonly to: number },
): Promise<StoredCheckpoint[]> {
  const rows = await sql.query<CheckpointRow>(
    'select size, kid, note, at from history_checkpoint where size between $1 and $2 order by size, at',
    [sizes.from, sizes.to],
  );
  return rows.map((row) => ({ ...row, size: Number(row.size) }));
}
