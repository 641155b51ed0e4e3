import { pageSql } from '#kernel/paging.ts';
import type { Sql, Transaction } from '#kernel/database.ts';
import type { ReadScope } from '#kernel/identity.ts';
import type { Page } from '#kernel/paging.ts';
import type { FiscalPeriod, FiscalPeriodStatus } from '../domain/fiscal-period.ts';

interface FiscalPeriodRow {
  readonly id: string;
  readonly company_code: string;
  readonly fiscal_year: number;
  readonly month: number;
  readonly starts_on: string;
  readonly ends_on: string;
  readonly status: FiscalPeriodStatus;
  readonly version: number;
}

const COLUMNS = 'id, company_code, fiscal_year, month, starts_on, ends_on, status, version';

export interface FiscalPeriodFilter {
  readonly companyCode: string | null;
  readonly fiscalYear: number | null;
  readonly status: FiscalPeriodStatus | null;
}

export async function fiscalPeriodsByIds(
  sql: Sql,
  scope: ReadScope,
  ids: readonly string[],
): Promise<FiscalPeriod[]> {
  const rows = await sql.query<FiscalPeriodRow>(
    `select ${COLUMNS} from fiscal_period where id = any($1) and visible($2, company_code, null, null)`,
    [ids, JSON.stringify(scope)],
  );
  return rows.map(toFiscalPeriod);
}

export async function fiscalPeriodsPage(
  sql: Sql,
  scope: ReadScope,
  filter: FiscalPeriodFilter,
  page: Page,
): Promise<FiscalPeriod[]> {
  const { where, orderLimit } = pageSql(page, 'id', 2);
  const rows = await sql.query<FiscalPeriodRow>(
    `select ${COLUMNS} from fiscal_period
     where visible($1, company_code, null, null) and ${where}
       and ($3::text is null or company_code = $3)
       and ($4::integer is null or fiscal_year = $4)
       and ($5::text is null or status = $5)
     ${orderLimit}`,
    [JSON.stringify(scope), page.cursor, filter.companyCode, filter.fiscalYear, filter.status],
  );
  return rows.map(toFiscalPeriod);
}

/** The period under lock: closing it waits for reservations under way, and later ones wait for the closing. */
export async function lockFiscalPeriod(tx: Transaction, id: string): Promise<FiscalPeriod | null> {
  const [row] = await tx.query<FiscalPeriodRow>(
    `select ${COLUMNS} from fiscal_period where id = $1 for update`,
    [id],
  );
  return row === undefined ? null : toFiscalPeriod(row);
}

/** The period's status, held until the transaction ends; null when the period was never opened. */
export async function holdPeriodStatus(
  tx: Transaction,
  id: string,
): Promise<FiscalPeriodStatus | null> {
  const [row] = await tx.query<{ status: FiscalPeriodStatus }>(
    'select status from fiscal_period where id = $1 for share',
    [id],
  );
  return row?.status ?? null;
}

export async function updateFiscalPeriod(tx: Transaction, period: FiscalPeriod): Promise<void> {
  await tx.query('update fiscal_period set status = $2, version = $3 where id = $1', [
    period.id,
    period.status,
    period.version,
  ]);
}

/** Inserts many at once; those that exist already stay as they are. */
export async function insertFiscalPeriods(
  sql: Sql,
  periods: readonly FiscalPeriod[],
): Promise<void> {
  await sql.query(
    `insert into fiscal_period (id, company_code, fiscal_year, month, starts_on, ends_on, status, version)
     select id, company_code, fiscal_year, month, starts_on, ends_on, status, version
     from jsonb_to_recordset($1::jsonb) as row (
       id text, company_code text, fiscal_year integer, month integer, starts_on date, ends_on date, status text, version integer)
     on conflict (id) do nothing`,
    [JSON.stringify(periods.map(toRow))],
  );
}

function toRow(period: FiscalPeriod): FiscalPeriodRow {
  return {
    id: period.id,
    company_code: period.companyCode,
    fiscal_year: period.fiscalYear,
    month: period.month,
    starts_on: period.startsOn,
    ends_on: period.endsOn,
    status: period.status,
    version: period.version,
  };
}

function toFiscalPeriod(row: FiscalPeriodRow): FiscalPeriod {
  return {
    id: row.id,
    companyCode: row.company_code,
    fiscalYear: row.fiscal_year,
    month: row.month,
    startsOn: row.starts_on,
    endsOn: row.ends_on,
    status: row.status,
    version: row.version,
  };
}
