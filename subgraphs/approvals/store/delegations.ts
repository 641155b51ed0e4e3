import { money } from '#kernel/money.ts';
import { pageSql } from '#kernel/paging.ts';
import { DELEGATION_HOPS_MAX } from '../delegation.ts';
import type { Sql } from '#kernel/database.ts';
import type { Page } from '#kernel/paging.ts';
import type { Delegation, DelegationStatus } from '../delegation.ts';

/** Two delegations made at once could close a circle that neither sees; so they are made one at a time. */
const DELEGATION_LOCK = 4_711_102;

export async function lockDelegations(sql: Sql): Promise<void> {
  await sql.query('select pg_advisory_xact_lock($1, hashtext(current_schema()))', [
    DELEGATION_LOCK,
  ]);
}

/** Delegations that hold on a day and by which a person may act for others, over several steps. */
export async function delegationsTowards(
  sql: Sql,
  personId: string,
  onDay: string,
): Promise<Delegation[]> {
  const rows = await sql.query<DelegationRow>(
    `select * from delegation
     where status = 'ACTIVE' and $2::date between starts_on and ends_on
       and to_id in (select acting_for($1, $2::date, $3))`,
    [personId, onDay, DELEGATION_HOPS_MAX - 1],
  );
  return rows.map(toDelegation);
}

/** Delegations that overlap a period and hang together with either of two persons, as far as a chain may reach. */
export async function delegationsAround(
  sql: Sql,
  pair: { readonly fromId: string; readonly toId: string },
  period: { readonly startsOn: string; readonly endsOn: string },
): Promise<Delegation[]> {
  const rows = await sql.query<DelegationRow>(
    `with recursive overlapping as (
       select * from delegation where status = 'ACTIVE' and starts_on <= $4::date and ends_on >= $3::date
     ), reached (person_id, is_onward, hops) as (
       values ($1::text, false, 0), ($2::text, true, 0)
       union
       select case when reached.is_onward then overlapping.to_id else overlapping.from_id end, reached.is_onward, reached.hops + 1
       from reached join overlapping
         on reached.person_id = case when reached.is_onward then overlapping.from_id else overlapping.to_id end
       where reached.hops < $5
     )
     select distinct overlapping.* from overlapping join reached
       on reached.person_id = case when reached.is_onward then overlapping.from_id else overlapping.to_id end`,
    [pair.fromId, pair.toId, period.startsOn, period.endsOn, DELEGATION_HOPS_MAX + 1],
  );
  return rows.map(toDelegation);
}

/** A page of the delegations that a person gave or received, oldest first. */
export async function pageOfDelegations(
  sql: Sql,
  personId: string,
  status: DelegationStatus | null,
  page: Page,
): Promise<Delegation[]> {
  const { where, orderLimit } = pageSql(page, 'id', 3);
  const rows = await sql.query<DelegationRow>(
    `select * from delegation
     where (from_id = $1 or to_id = $1) and ($2::text is null or status = $2) and ${where} ${orderLimit}`,
    [personId, status, page.cursor],
  );
  return rows.map(toDelegation);
}

/** A delegation of the person who gave it, locked; null when there is none. */
export async function delegationForUpdate(
  sql: Sql,
  id: string,
  fromId: string,
): Promise<Delegation | null> {
  const [row] = await sql.query<DelegationRow>(
    'select * from delegation where id = $1 and from_id = $2 for update',
    [id, fromId],
  );
  return row === undefined ? null : toDelegation(row);
}

export async function countOpenDelegations(
  sql: Sql,
  fromId: string,
  today: string,
): Promise<number> {
  const [row] = await sql.query<{ count: bigint }>(
    `select count(*) from delegation where from_id = $1 and status = 'ACTIVE' and ends_on >= $2::date`,
    [fromId, today],
  );
  return Number(row?.count ?? 0n);
}

export async function insertDelegations(
  sql: Sql,
  delegations: readonly Delegation[],
): Promise<void> {
  await sql.query(
    'insert into delegation select * from jsonb_populate_recordset(null::delegation, $1::jsonb)',
    [JSON.stringify(delegations.map(toRow))],
  );
}

export async function updateDelegation(sql: Sql, delegation: Delegation): Promise<void> {
  await sql.query('update delegation set status = $2, ended_at = $3, version = $4 where id = $1', [
    delegation.id,
    delegation.status,
    delegation.endedAt,
    delegation.version,
  ]);
}

interface DelegationRow {
  readonly id: string;
  readonly from_id: string;
  readonly to_id: string;
  readonly company_code: string | null;
  readonly max_amount_minor: bigint | null;
  readonly max_currency: string | null;
  readonly starts_on: string;
  readonly ends_on: string;
  readonly reason: string;
  readonly status: DelegationStatus;
  readonly created_at: Date;
  readonly ended_at: Date | null;
  readonly version: number;
}

function toDelegation(row: DelegationRow): Delegation {
  const { max_amount_minor: amountMinor, max_currency: currency } = row;
  return {
    id: row.id,
    fromId: row.from_id,
    toId: row.to_id,
    companyCode: row.company_code,
    maxAmount: amountMinor === null || currency === null ? null : money(amountMinor, currency),
    startsOn: row.starts_on,
    endsOn: row.ends_on,
    reason: row.reason,
    status: row.status,
    createdAt: row.created_at,
    endedAt: row.ended_at,
    version: row.version,
  };
}

function toRow(delegation: Delegation): Record<keyof DelegationRow, unknown> {
  return {
    id: delegation.id,
    from_id: delegation.fromId,
    to_id: delegation.toId,
    company_code: delegation.companyCode,
    max_amount_minor: delegation.maxAmount?.amountMinor.toString() ?? null,
    max_currency: delegation.maxAmount?.currency ?? null,
    starts_on: delegation.startsOn,
    ends_on: delegation.endsOn,
    reason: delegation.reason,
    status: delegation.status,
    created_at: delegation.createdAt,
    ended_at: delegation.endedAt,
    version: delegation.version,
  };
}
