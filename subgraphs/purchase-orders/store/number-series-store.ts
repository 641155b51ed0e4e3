import type { Sql } from '#kernel/database.ts';

/** Lets every series go on after the numbers that are used, such as `PO-DE01-000042`; a series never goes back. */
export async function raiseNumberSeries(sql: Sql, numbers: readonly string[]): Promise<void> {
  await sql.query(
    `insert into number_series as known (series, last_number)
     select regexp_replace(number, '-[0-9]+$', ''), max(substring(number from '[0-9]+$')::bigint)
     from unnest($1::text[]) as used (number) group by 1
     on conflict (series) do update set last_number = greatest(known.last_number, excluded.last_number)`,
    [numbers],
  );
}
