import { pageSql } from '#kernel/paging.ts';
import type { Sql, Transaction } from '#kernel/database.ts';
import type { ReadScope } from '#kernel/identity.ts';
import type { Page } from '#kernel/paging.ts';
import type { BudgetLine, ControlLevel } from '../domain/budget-line.ts';

export interface BudgetLineRow {
  readonly id: string;
  readonly company_code: string;
  readonly cost_centre_id: string;
  readonly category: string;
  readonly fiscal_year: number;
  readonly currency: string;
  readonly parent_line_id: string | null;
  readonly path: string[];
  readonly control_level: ControlLevel;
  readonly tolerance_minor: bigint;
  readonly initial_minor: bigint;
  readonly adjustments_minor: bigint;
  readonly pre_encumbrances_minor: bigint;
  readonly encumbrances_minor: bigint;
  readonly actuals_minor: bigint;
  readonly overrun_minor: bigint;
  readonly available_minor: bigint;
  readonly version: number;
}

const COLUMNS = `id, company_code, cost_centre_id, category, fiscal_year, currency, parent_line_id, path, control_level,
  tolerance_minor, initial_minor, adjustments_minor, pre_encumbrances_minor, encumbrances_minor, actuals_minor,
  overrun_minor, available_minor, version`;

export interface BudgetLineFilter {
  readonly companyCode: string | null;
  readonly costCentreId: string | null;
  readonly category: string | null;
  readonly fiscalYear: number | null;
  readonly controlLevel: ControlLevel | null;
}

export async function budgetLinesByIds(
  sql: Sql,
  scope: ReadScope,
  ids: readonly string[],
): Promise<BudgetLine[]> {
  const rows = await sql.query<BudgetLineRow>(
    `select ${COLUMNS} from budget_line where id = any($1) and visible($2, company_code, cost_centre_id, null)`,
    [ids, JSON.stringify(scope)],
  );
  return rows.map(toBudgetLine);
}

export async function budgetLinesPage(
  sql: Sql,
  scope: ReadScope,
  filter: BudgetLineFilter,
  page: Page,
): Promise<BudgetLine[]> {
  const { where, orderLimit } = pageSql(page, 'id', 2);
  const rows = await sql.query<BudgetLineRow>(
    `select ${COLUMNS} from budget_line
     where visible($1, company_code, cost_centre_id, null) and ${where}
       and ($3::text is null or company_code = $3)
       and ($4::text is null or cost_centre_id = $4)
       and ($5::text is null or category = $5)
       and ($6::integer is null or fiscal_year = $6)
       and ($7::text is null or control_level = $7)
     ${orderLimit}`,
    [
      JSON.stringify(scope),
      page.cursor,
      filter.companyCode,
      filter.costCentreId,
      filter.category,
      filter.fiscalYear,
      filter.controlLevel,
    ],
  );
  return rows.map(toBudgetLine);
}

/** One page of lines for each of many cost centres, in one statement. */
export async function budgetLinesOfCostCentres(
  sql: Sql,
  scope: ReadScope,
  costCentreIds: readonly string[],
  filter: { readonly fiscalYear: number | null; readonly page: Page },
): Promise<BudgetLine[]> {
  const { where, orderLimit } = pageSql(filter.page, 'id', 3);
  const rows = await sql.query<BudgetLineRow>(
    `select line.* from unnest($1::text[]) as wanted (cost_centre_id)
     cross join lateral (
       select ${COLUMNS} from budget_line
       where cost_centre_id = wanted.cost_centre_id and visible($2, company_code, cost_centre_id, null) and ${where}
         and ($4::integer is null or fiscal_year = $4)
       ${orderLimit}
     ) as line`,
    [costCentreIds, JSON.stringify(scope), filter.page.cursor, filter.fiscalYear],
  );
  return rows.map(toBudgetLine);
}

/**
 * The line that funds of this cost centre and category come from, and its ancestors, nearest first: the category's own
 * line, else the cost centre's line `*`. Empty when there is neither.
 */
export async function fundingPath(
  sql: Sql,
  request: { costCentreId: string; category: string; fiscalYear: number },
): Promise<BudgetLine[]> {
  const rows = await sql.query<BudgetLineRow>(
    `with own as (
       select path from budget_line
       where cost_centre_id = $1 and fiscal_year = $3 and category in ($2, '*')
       order by category = '*' limit 1
     )
     select ${COLUMNS.replace('path', 'budget_line.path')} from budget_line join own on budget_line.id = any(own.path)
     order by array_position(own.path, budget_line.id)`,
    [request.costCentreId, request.category, request.fiscalYear],
  );
  return rows.map(toBudgetLine);
}

/** Locks lines and all their ancestors in the order of their ids, as every writer does, so that none deadlocks another. */
export async function lockPaths(
  tx: Transaction,
  lineIds: readonly string[],
): Promise<ReadonlyMap<string, BudgetLine>> {
  const rows = await tx.query<BudgetLineRow>(
    `select ${COLUMNS} from budget_line
     where id in (select unnest(path) from budget_line where id = any($1))
     order by id for update`,
    [lineIds],
  );
  return new Map(rows.map((row) => [row.id, toBudgetLine(row)]));
}

export async function budgetLineOf(
  sql: Sql,
  key: { costCentreId: string; category: string; fiscalYear: number },
): Promise<BudgetLine | null> {
  const [row] = await sql.query<BudgetLineRow>(
    `select ${COLUMNS} from budget_line where cost_centre_id = $1 and category = $2 and fiscal_year = $3`,
    [key.costCentreId, key.category, key.fiscalYear],
  );
  return row === undefined ? null : toBudgetLine(row);
}

/** Inserts many lines at once with empty balances; post their initial amounts with `postEntries`. */
export async function insertBudgetLines(sql: Sql, lines: readonly BudgetLine[]): Promise<void> {
  const rows = lines.map((line) => ({
    id: line.id,
    company_code: line.companyCode,
    cost_centre_id: line.costCentreId,
    category: line.category,
    fiscal_year: line.fiscalYear,
    currency: line.currency,
    parent_line_id: line.parentLineId,
    path: line.path,
    control_level: line.controlLevel,
    tolerance_minor: line.toleranceMinor.toString(),
    version: line.version,
  }));
  await sql.query(
    `insert into budget_line (id, company_code, cost_centre_id, category, fiscal_year, currency, parent_line_id, path,
       control_level, tolerance_minor, version)
     select id, company_code, cost_centre_id, category, fiscal_year, currency, parent_line_id, path,
       control_level, tolerance_minor, version
     from jsonb_to_recordset($1::jsonb) as row (
       id text, company_code text, cost_centre_id text, category text, fiscal_year integer, currency text,
       parent_line_id text, path text[], control_level text, tolerance_minor bigint, version integer)`,
    [JSON.stringify(rows)],
  );
}

/** The next version of a line whose budget was changed; its balances are moved by `postEntries`. */
export async function countVersions(
  tx: Transaction,
  lineIds: readonly string[],
): Promise<BudgetLine[]> {
  const rows = await tx.query<BudgetLineRow>(
    `update budget_line set version = version + 1 where id = any($1) returning ${COLUMNS}`,
    [lineIds],
  );
  return rows.map(toBudgetLine);
}

function toBudgetLine(row: BudgetLineRow): BudgetLine {
  return {
    id: row.id,
    companyCode: row.company_code,
    costCentreId: row.cost_centre_id,
    category: row.category,
    fiscalYear: row.fiscal_year,
    currency: row.currency,
    parentLineId: row.parent_line_id,
    path: row.path,
    controlLevel: row.control_level,
    toleranceMinor: row.tolerance_minor,
    initialMinor: row.initial_minor,
    adjustmentsMinor: row.adjustments_minor,
    preEncumbrancesMinor: row.pre_encumbrances_minor,
    encumbrancesMinor: row.encumbrances_minor,
    actualsMinor: row.actuals_minor,
    overrunMinor: row.overrun_minor,
    availableMinor: row.available_minor,
    version: row.version,
  };
}
