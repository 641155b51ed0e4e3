import { EMPTY_FRONTIER, withLeaf } from '#kernel/history-chain.ts';
import { HISTORY_FORMAT } from '#kernel/history-verification.ts';
import { makeCheckpoint, readCheckpoints } from './checkpoint.ts';
import { readHead, WHOLE_REGISTRY } from './history.ts';
import type { Sql } from '#kernel/database.ts';
import type { Frontier } from '#kernel/history-chain.ts';
import type { CheckpointMaking, StoredCheckpoint } from './checkpoint.ts';

/** Entries read in one statement: an entry has some hundred bytes, a few have more. */
const BATCH_ENTRIES = 500;

/**
 * The history as lines of JSON that are verified without a registry (docs/history.md): header, entries, and each checkpoint
 * behind its last entry. It ends with a checkpoint that is made for it. With a graph, of the entries of other graphs only
 * the hash is told; those of the registry itself, such as its keys, are always told.
 */
export async function* exportHistory(
  making: CheckpointMaking,
  { graphId, fromSeq }: { readonly graphId: string | null; readonly fromSeq: number },
): AsyncGenerator<string> {
  const { database, keys } = making;
  const { size } = await makeCheckpoint(making);
  const { origin } = await readHead(database);
  const from = Math.min(Math.max(fromSeq, 1), size + 1);
  const { tops } = await frontierBefore(database, from);
  const { keys: published } = await keys.published();
  yield lineOf({
    type: 'header',
    format: HISTORY_FORMAT,
    origin,
    graph: graphId,
    from,
    frontier: tops,
    keys: published,
  });
  for (let next = from; next <= size; next += BATCH_ENTRIES) {
    const to = Math.min(next + BATCH_ENTRIES - 1, size);
    const [entries, checkpoints] = await Promise.all([
      readLines(database, { from: next, to, graphId }),
      readCheckpoints(database, { from: next, to }),
    ]);
    yield [...interleaved(entries, checkpoints)].join('');
  }
  if (from > size) yield* (await readCheckpoints(database, { from: size, to: size })).map(noteLine);
}

function* interleaved(
  entries: readonly ExportedRow[],
  checkpoints: readonly StoredCheckpoint[],
): Generator<string> {
  const bySize = Map.groupBy(checkpoints, ({ size }) => size);
  for (const { seq, leaf_hash: hash, body } of entries) {
    yield body === null ? lineOf({ type: 'leaf', seq: Number(seq), hash }) : `${body}\n`;
    yield* (bySize.get(Number(seq)) ?? []).map(noteLine);
  }
}

function noteLine({ note }: StoredCheckpoint): string {
  return lineOf({ type: 'checkpoint', note });
}

function lineOf(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

interface ExportedRow {
  readonly seq: bigint;
  readonly leaf_hash: string;
  /** Null when it belongs to another graph. */
  readonly body: string | null;
}

function readLines(
  sql: Sql,
  { from, to, graphId }: { from: number; to: number; graphId: string | null },
): Promise<ExportedRow[]> {
  return sql.query(
    `select seq, leaf_hash,
       case when $3::uuid is null or graph_id = $3 or graph_id = $4 then body end as body
     from history_entry where seq between $1 and $2 order by seq`,
    [from, to, graphId, WHOLE_REGISTRY],
  );
}

/** The tree of all entries before this one, from their stored hashes. */
async function frontierBefore(sql: Sql, seq: number): Promise<Frontier> {
  let frontier = EMPTY_FRONTIER;
  while (frontier.size < seq - 1) {
    const rows = await sql.query<{ leaf_hash: string }>(
      'select leaf_hash from history_entry where seq > $1 and seq < $2 order by seq limit $3',
      [frontier.size, seq, HASHES_BATCH],
    );
    if (rows.length === 0) throw new Error(`The history has no entry ${frontier.size + 1}.`);
    frontier = rows.reduce((tree, row) => withLeaf(tree, row.leaf_hash), frontier);
  }
  return frontier;
}

/** Hashes read in one statement: 64 characters each. */
const HASHES_BATCH = 10_000;
