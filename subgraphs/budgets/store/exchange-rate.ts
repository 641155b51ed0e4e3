import type { Sql } from '#kernel/database.ts';
import type { ExchangeRate } from '../domain/exchange-rate.ts';

interface ExchangeRateRow {
  readonly rate_type: ExchangeRate['rateType'];
  readonly rate: string;
  readonly rate_date: string;
}

/** The corporate rate in force on that date, or null when none was recorded by then or none is needed. */
export async function exchangeRateOn(
  sql: Sql,
  fromCurrency: string,
  toCurrency: string,
  on: string,
): Promise<ExchangeRate | null> {
  if (fromCurrency === toCurrency) return null;
  const [row] = await sql.query<ExchangeRateRow>(
    `select rate_type, rate, rate_date from exchange_rate
     where rate_type = 'CORPORATE' and from_currency = $1 and to_currency = $2 and rate_date <= $3
     order by rate_date desc limit 1`,
    [fromCurrency, toCurrency, on],
  );
  return row === undefined
    ? null
    : { rateType: row.rate_type, rate: row.rate, rateDate: row.rate_date };
}

export interface NewExchangeRate {
  readonly fromCurrency: string;
  readonly toCurrency: string;
  readonly rateDate: string;
  /** Exact decimal text: one unit of `fromCurrency` in units of `toCurrency`. */
  readonly rate: string;
}

/** Records corporate rates, many at once; a rate that exists for that day stays, because entries may name it. */
export async function insertExchangeRates(
  sql: Sql,
  rates: readonly NewExchangeRate[],
): Promise<void> {
  await sql.query(
    `insert into exchange_rate (rate_type, from_currency, to_currency, rate_date, rate)
     select 'CORPORATE', "fromCurrency", "toCurrency", "rateDate", rate
     from jsonb_to_recordset($1::jsonb) as row ("fromCurrency" text, "toCurrency" text, "rateDate" date, rate numeric)
     on conflict do nothing`,
    [JSON.stringify(rates)],
  );
}
