import { decimalOf } from '#kernel/decimal.ts';
import type { Sql } from '#kernel/database.ts';
import type { Rates } from '../policy-rule.ts';

/** The budgets service's word on a cost centre. */
export interface CostCentreFact {
  readonly costCentreId: string;
  readonly companyCode: string;
  readonly managerId: string;
  /** Version of the cost centre that this is from. */
  readonly sequence: number;
}

export interface ExchangeRate {
  readonly fromCurrency: string;
  readonly toCurrency: string;
  readonly validFrom: string;
  /** Units of `toCurrency` that one unit of `fromCurrency` is worth, as a decimal text. */
  readonly rate: string;
}

/** Keeps the newest word on each cost centre; an older one that comes late changes nothing. */
export async function saveCostCentres(sql: Sql, facts: readonly CostCentreFact[]): Promise<void> {
  await sql.query(
    `insert into cost_centre (id, company_code, manager_id, sequence)
     select "costCentreId", "companyCode", "managerId", sequence
     from jsonb_to_recordset($1::jsonb) as v ("costCentreId" text, "companyCode" text, "managerId" text, sequence integer)
     on conflict (id) do update set company_code = excluded.company_code, manager_id = excluded.manager_id, sequence = excluded.sequence
     where excluded.sequence > cost_centre.sequence`,
    [JSON.stringify(facts)],
  );
}

export async function managerOf(sql: Sql, costCentreId: string): Promise<string | null> {
  const [row] = await sql.query<{ manager_id: string }>(
    'select manager_id from cost_centre where id = $1',
    [costCentreId],
  );
  return row?.manager_id ?? null;
}

/** What one unit of a currency is worth in others on a day, by the latest rates until then. */
export async function ratesFrom(sql: Sql, currency: string, onDay: string): Promise<Rates> {
  const rows = await sql.query<{ to_currency: string; rate: string }>(
    `select distinct on (to_currency) to_currency, rate from exchange_rate
     where from_currency = $1 and valid_from <= $2::date order by to_currency, valid_from desc`,
    [currency, onDay],
  );
  return new Map(rows.map((row) => [row.to_currency, decimalOf(row.rate)]));
}

export async function saveExchangeRates(sql: Sql, rates: readonly ExchangeRate[]): Promise<void> {
  await sql.query(
    `insert into exchange_rate (from_currency, to_currency, valid_from, rate)
     select "fromCurrency", "toCurrency", "validFrom", rate
     from jsonb_to_recordset($1::jsonb) as v ("fromCurrency" text, "toCurrency" text, "validFrom" date, rate numeric)
     on conflict (from_currency, to_currency, valid_from) do update set rate = excluded.rate`,
    [JSON.stringify(rates)],
  );
}
