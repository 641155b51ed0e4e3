import type { Sql, Transaction } from '#kernel/database.ts';

/** A submission that has asked for funds, or is about to, and has not ended. */
export interface SubmissionAttempt {
  readonly id: string;
  readonly requisitionId: string;
  readonly requisitionVersion: number;
  readonly correlationId: string;
  readonly startedAt: Date;
}

interface AttemptRow {
  readonly id: string;
  readonly requisition_id: string;
  readonly requisition_version: number;
  readonly correlation_id: string;
  readonly started_at: Date;
}

/** Records the attempt; once more if somebody swept it meanwhile. */
export async function recordAttempt(sql: Sql, attempt: SubmissionAttempt): Promise<void> {
  await sql.query(
    `insert into submission_attempt (id, requisition_id, requisition_version, correlation_id, started_at)
     values ($1, $2, $3, $4, $5)
     on conflict (id) do nothing`,
    [
      attempt.id,
      attempt.requisitionId,
      attempt.requisitionVersion,
      attempt.correlationId,
      attempt.startedAt,
    ],
  );
}

/** Ends one attempt, of which it is certain that nothing is reserved. */
export async function endAttempt(sql: Sql, id: string): Promise<void> {
  await sql.query('delete from submission_attempt where id = $1', [id]);
}

/** Ends every attempt of the requisition: its submission is committed, or its funds are released. */
export async function endAttempts(tx: Transaction, requisitionId: string): Promise<void> {
  await tx.query('delete from submission_attempt where requisition_id = $1', [requisitionId]);
}

/** Attempts that began before `instant`, oldest first. */
export async function staleAttempts(
  sql: Sql,
  before: Date,
  limit: number,
): Promise<SubmissionAttempt[]> {
  const rows = await sql.query<AttemptRow>(
    `select id, requisition_id, requisition_version, correlation_id, started_at from submission_attempt
     where started_at < $1 order by started_at limit $2`,
    [before, limit],
  );
  return rows.map(attemptOf);
}

/** The attempt, if it is still open. */
export async function openAttempt(tx: Transaction, id: string): Promise<SubmissionAttempt | null> {
  const [row] = await tx.query<AttemptRow>(
    'select id, requisition_id, requisition_version, correlation_id, started_at from submission_attempt where id = $1',
    [id],
  );
  return row === undefined ? null : attemptOf(row);
}

function attemptOf(row: AttemptRow): SubmissionAttempt {
  return {
    id: row.id,
    requisitionId: row.requisition_id,
    requisitionVersion: row.requisition_version,
    correlationId: row.correlation_id,
    startedAt: row.started_at,
  };
}
