import { isUuid } from '#kernel/id.ts';
import type { Sql } from '#kernel/database.ts';
import type { Override, OverrideState } from './override.ts';

const COLUMNS = `id, target_id as "targetId", change_hash as "changeHash", change_type as "changeType", coordinate, message,
  reason, state, requested_by as "requestedBy", requested_at as "requestedAt", expires_at as "expiresAt",
  decided_by as "decidedBy", decided_at as "decidedAt", comment, version`;

export async function insertOverride(tx: Sql, override: Override): Promise<void> {
  await tx.query(
    `insert into override (id, target_id, change_hash, change_type, coordinate, message, reason, state, requested_by,
       requested_at, expires_at, version)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    [
      override.id,
      override.targetId,
      override.changeHash,
      override.changeType,
      override.coordinate,
      override.message,
      override.reason,
      override.state,
      override.requestedBy,
      override.requestedAt,
      override.expiresAt,
      override.version,
    ],
  );
}

/** The override with its row locked until the transaction ends, or null. */
export async function lockOverride(tx: Sql, id: string): Promise<Override | null> {
  if (!isUuid(id)) return null;
  const [override] = await tx.query<Override>(
    `select ${COLUMNS} from override where id = $1 for update`,
    [id],
  );
  return override ?? null;
}

export async function updateOverride(tx: Sql, override: Override): Promise<void> {
  await tx.query(
    `update override set state = $2, decided_by = $3, decided_at = $4, comment = $5, version = $6 where id = $1`,
    [
      override.id,
      override.state,
      override.decidedBy,
      override.decidedAt,
      override.comment,
      override.version,
    ],
  );
}

/** Overrides of these changes, asked for or granted, that have not expired. */
export function liveOverrides(
  sql: Sql,
  question: {
    readonly targetId: string;
    readonly changeHashes: readonly string[];
    readonly now: Date;
  },
): Promise<Override[]> {
  return sql.query(
    `select ${COLUMNS} from override where target_id = $1 and change_hash = any($2)
     and state in ('REQUESTED', 'GRANTED') and expires_at > $3 order by id`,
    [question.targetId, question.changeHashes, question.now],
  );
}

/** Overrides of a target, newest first. */
export function overridesOf(
  sql: Sql,
  question: {
    readonly targetId: string;
    readonly state: OverrideState | null;
    readonly limit: number;
  },
): Promise<Override[]> {
  return sql.query(
    `select ${COLUMNS} from override where target_id = $1 and ($2::text is null or state = $2)
     order by id desc limit $3`,
    [question.targetId, question.state, question.limit],
  );
}
