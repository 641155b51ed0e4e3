import { currencyExponent } from '#kernel/money.ts';
import { pageSql } from '#kernel/paging.ts';
import type { Sql, Transaction } from '#kernel/database.ts';
import type { ReadScope } from '#kernel/identity.ts';
import type { Page } from '#kernel/paging.ts';
import type { CostCentre, CostCentreStatus } from '../domain/cost-centre.ts';

interface CostCentreRow {
  readonly id: string;
  readonly company_code: string;
  readonly code: string;
  readonly name: string;
  readonly parent_id: string | null;
  readonly manager_id: string;
  readonly status: CostCentreStatus;
  readonly version: number;
}

const COLUMNS = 'id, company_code, code, name, parent_id, manager_id, status, version';

export interface CostCentreFilter {
  readonly companyCode: string | null;
  readonly parentId: string | null;
  readonly managerId: string | null;
  readonly status: CostCentreStatus | null;
}

export async function costCentresByIds(
  sql: Sql,
  scope: ReadScope,
  ids: readonly string[],
): Promise<CostCentre[]> {
  const rows = await sql.query<CostCentreRow>(
    `select ${COLUMNS} from cost_centre where id = any($1) and visible($2, company_code, id, null)`,
    [ids, JSON.stringify(scope)],
  );
  return rows.map(toCostCentre);
}

export async function costCentresPage(
  sql: Sql,
  scope: ReadScope,
  filter: CostCentreFilter,
  page: Page,
): Promise<CostCentre[]> {
  const { where, orderLimit } = pageSql(page, 'id', 2);
  const rows = await sql.query<CostCentreRow>(
    `select ${COLUMNS} from cost_centre
     where visible($1, company_code, id, null) and ${where}
       and ($3::text is null or company_code = $3)
       and ($4::text is null or parent_id = $4)
       and ($5::text is null or manager_id = $5)
       and ($6::text is null or status = $6)
     ${orderLimit}`,
    [
      JSON.stringify(scope),
      page.cursor,
      filter.companyCode,
      filter.parentId,
      filter.managerId,
      filter.status,
    ],
  );
  return rows.map(toCostCentre);
}

/** The cost centre under lock, or null. */
export async function lockCostCentre(tx: Transaction, id: string): Promise<CostCentre | null> {
  const [row] = await tx.query<CostCentreRow>(
    `select ${COLUMNS} from cost_centre where id = $1 for update`,
    [id],
  );
  return row === undefined ? null : toCostCentre(row);
}

export interface CompanyRow {
  readonly code: string;
  readonly currency: string;
}

export async function companyByCode(sql: Sql, code: string): Promise<CompanyRow | null> {
  const [row] = await sql.query<CompanyRow>('select code, currency from company where code = $1', [
    code,
  ]);
  return row ?? null;
}

/** Companies with the decimals of their currency; those that exist already stay as they are. */
export async function insertCompanies(sql: Sql, companies: readonly CompanyRow[]): Promise<void> {
  const rows = companies.map(({ code, currency }) => ({
    code,
    currency,
    currency_exponent: currencyExponent(currency),
  }));
  await sql.query(
    `insert into company (code, currency, currency_exponent)
     select code, currency, currency_exponent
     from jsonb_to_recordset($1::jsonb) as row (code text, currency text, currency_exponent integer)
     on conflict (code) do nothing`,
    [JSON.stringify(rows)],
  );
}

export async function updateCostCentre(tx: Transaction, costCentre: CostCentre): Promise<void> {
  await tx.query(
    'update cost_centre set name = $2, manager_id = $3, status = $4, version = $5 where id = $1',
    [costCentre.id, costCentre.name, costCentre.managerId, costCentre.status, costCentre.version],
  );
}

/** Inserts many at once; those that exist already stay as they are. Parents may be in the same list. */
export async function insertCostCentres(
  sql: Sql,
  costCentres: readonly CostCentre[],
): Promise<void> {
  await sql.query(
    `insert into cost_centre (id, company_code, code, name, parent_id, manager_id, status, version)
     select id, company_code, code, name, parent_id, manager_id, status, version
     from jsonb_to_recordset($1::jsonb) as row (
       id text, company_code text, code text, name text, parent_id text, manager_id text, status text, version integer)
     on conflict (id) do nothing`,
    [JSON.stringify(costCentres.map(toRow))],
  );
}

function toRow(costCentre: CostCentre): CostCentreRow {
  return {
    id: costCentre.id,
    company_code: costCentre.companyCode,
    code: costCentre.code,
    name: costCentre.name,
    parent_id: costCentre.parentId,
    manager_id: costCentre.managerId,
    status: costCentre.status,
    version: costCentre.version,
  };
}

function toCostCentre(row: CostCentreRow): CostCentre {
  return {
    id: row.id,
    companyCode: row.company_code,
    code: row.code,
    name: row.name,
    parentId: row.parent_id,
    managerId: row.manager_id,
    status: row.status,
    version: row.version,
  };
}
