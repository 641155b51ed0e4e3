import { DAY_MS, dateOf, shifted } from '#kernel/clock.ts';
import { COVERAGE_DAYS_MAX } from './coverage.ts';
import { lockForSweep } from './usage-store.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Database, Sql } from '#kernel/database.ts';

/** A year and a month: what is only used at the close of a year must still be seen at the next. */
const USAGE_KEPT_DAYS = COVERAGE_DAYS_MAX;
/** No sender repeats a report after so long; beyond the ingestion window its entries would be refused anyway. */
const REPORTS_KEPT_DAYS = 14;
/** Rows forgotten in one statement: it is short, and others get their turn. */
const SWEEP_BATCH = 2_000;

const FORGET_DAILY = `delete from usage_daily where ctid = any(array(
  select ctid from usage_daily where day < $1 limit $2 for update skip locked)) returning 1`;
const FORGET_COVERAGE = `delete from reporting_coverage where ctid = any(array(
  select ctid from reporting_coverage where day < $1 limit $2 for update skip locked)) returning 1`;
const FORGET_REPORTS = `delete from usage_report where ctid = any(array(
  select ctid from usage_report where received_at < $1 limit $2 for update skip locked)) returning 1`;

/**
 * Forgets usage that is older than is kept, then operations and client versions that nobody used since. Returns how many rows.
 * To be run once a day by the kernel's sweep.
 */
export async function sweepUsage(
  options: { readonly database: Database; readonly clock: Clock },
  stop: AbortSignal,
): Promise<number> {
  const now = options.clock.now();
  const oldest = shifted(now, -USAGE_KEPT_DAYS * DAY_MS);
  const { database } = options;
  let forgotten = 0;
  for (const sweep of [
    () => forgetBatch(database, FORGET_DAILY, dateOf(oldest)),
    () => forgetBatch(database, FORGET_COVERAGE, dateOf(oldest)),
    () => forgetBatch(database, FORGET_REPORTS, shifted(now, -REPORTS_KEPT_DAYS * DAY_MS)),
    ...(await targetIds(database)).flatMap((targetId) => [
      () => forgetOperations(database, targetId, oldest),
      () => forgetClientVersions(database, targetId, oldest),
    ]),
  ]) {
    let count = SWEEP_BATCH;
    while (count === SWEEP_BATCH && !stop.aborted) {
      count = await sweep();
      forgotten += count;
    }
  }
  return forgotten;
}

async function targetIds(sql: Sql): Promise<string[]> {
  const rows = await sql.query<{ id: string }>('select id from target');
  return rows.map(({ id }) => id);
}

/** Deletes one batch of what the statement selects; `$1` is the oldest that stays, `$2` the size of a batch. */
async function forgetBatch(sql: Sql, statement: string, oldest: Date | string): Promise<number> {
  return (await sql.query(statement, [oldest, SWEEP_BATCH])).length;
}

function forgetOperations(database: Database, targetId: string, oldest: Date): Promise<number> {
  return database.transaction(async (tx) => {
    await lockForSweep(tx, targetId);
    const rows = await tx.query(
      `delete from usage_operation where id = any(array(
         select id from usage_operation operation where target_id = $1 and first_seen_at < $2
           and not exists (select from usage_daily where operation_id = operation.id) limit $3)) returning 1`,
      [targetId, oldest, SWEEP_BATCH],
    );
    return rows.length;
  });
}

function forgetClientVersions(database: Database, targetId: string, oldest: Date): Promise<number> {
  return database.transaction(async (tx) => {
    await lockForSweep(tx, targetId);
    const rows = await tx.query(
      `delete from client_version where id = any(array(
         select id from client_version version where target_id = $1 and last_seen_at < $2
           and not exists (select from usage_daily where client_version_id = version.id) limit $3)) returning 1`,
      [targetId, oldest, SWEEP_BATCH],
    );
    return rows.length;
  });
}
