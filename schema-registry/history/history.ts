import { leafHash, withLeaf } from '#kernel/history-chain.ts';
import { newId } from '#kernel/id.ts';
import { canonicalJson } from '#kernel/json.ts';
import type { Sql } from '#kernel/database.ts';
import type { Frontier } from '#kernel/history-chain.ts';

/** One decision: who did what to what, and when. Written in the transaction that it tells of. */
export interface HistoryEntry {
  /** Such as `schema.published`, `override.approved`, `token.revoked`: noun and past tense. */
  readonly action: string;
  readonly actorId: string;
  /** The graph, or `WHOLE_REGISTRY` for what belongs to none. */
  readonly graphId: string;
  readonly targetId: string | null;
  /** What it was done to, such as `subgraph:invoices` or a schema coordinate. */
  readonly subject: string;
  /** Everything that a reader needs to understand the decision. JSON values only, and never a secret. */
  readonly details: Readonly<Record<string, unknown>>;
  readonly at: Date;
}

/** Stands for the graph of what belongs to the registry itself, such as its signing keys. */
export const WHOLE_REGISTRY = '00000000-0000-0000-0000-000000000000';

/** An entry tells of a decision and does not carry documents: those are named by their hash. */
const ENTRY_CHARACTERS_MAX = 1024 * 1024;

/**
 * Appends to the history, in the caller's transaction. From here to the end of the transaction nobody else can append, so
 * it is best called last: after every other lock was taken, which also keeps transactions from waiting for each other in
 * a circle.
 */
export async function appendHistory(tx: Sql, entry: HistoryEntry): Promise<void> {
  const head = await lockHead(tx);
  const id = newId();
  const body = entryLine({ ...entry, id, seq: head.size + 1, previous: head.lastHash });
  if (body.length > ENTRY_CHARACTERS_MAX)
    throw new Error(`The history entry "${entry.action}" has ${body.length} characters.`);
  const hash = leafHash(body);
  await insertEntry(tx, { ...entry, id, seq: head.size + 1, hash, body });
  await moveHead(tx, withLeaf(head, hash), hash);
}

/** The line of an entry as it is hashed, stored and exported. */
function entryLine(
  entry: HistoryEntry & { readonly id: string; readonly seq: number; readonly previous: string },
): string {
  return canonicalJson({
    type: 'entry',
    seq: entry.seq,
    id: entry.id,
    previous: entry.previous,
    at: entry.at.toISOString(),
    actor: entry.actorId,
    action: entry.action,
    graph: entry.graphId,
    target: entry.targetId,
    subject: entry.subject,
    details: entry.details,
  });
}

interface Head extends Frontier {
  readonly origin: string;
  readonly lastHash: string;
}

async function lockHead(tx: Sql): Promise<Head> {
  return headOf(
    await tx.query<HeadRow>(
      'select origin, size, last_hash, frontier from history_head for update',
    ),
  );
}

/** Where the history ends now. */
export async function readHead(sql: Sql): Promise<Head> {
  return headOf(
    await sql.query<HeadRow>('select origin, size, last_hash, frontier from history_head'),
  );
}

interface HeadRow {
  readonly origin: string;
  readonly size: bigint;
  readonly last_hash: string;
  readonly frontier: readonly string[];
}

function headOf([row]: readonly HeadRow[]): Head {
  if (row === undefined) throw new Error('The head of the history is missing.');
  return {
    origin: row.origin,
    size: Number(row.size),
    lastHash: row.last_hash,
    tops: row.frontier,
  };
}

async function insertEntry(
  tx: Sql,
  entry: HistoryEntry & {
    readonly id: string;
    readonly seq: number;
    readonly hash: string;
    readonly body: string;
  },
): Promise<void> {
  await tx.query(
    `insert into history_entry (seq, id, action, actor_id, graph_id, target_id, subject, at, leaf_hash, body)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      entry.seq,
      entry.id,
      entry.action,
      entry.actorId,
      entry.graphId,
      entry.targetId,
      entry.subject,
      entry.at,
      entry.hash,
      entry.body,
    ],
  );
}

async function moveHead(tx: Sql, frontier: Frontier, lastHash: string): Promise<void> {
  await tx.query('update history_head set size = $1, last_hash = $2, frontier = $3', [
    frontier.size,
    lastHash,
    frontier.tops,
  ]);
}
