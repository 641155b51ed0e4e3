import { SUPPLIER_COLUMNS } from './store.ts';
import type { Sql } from '#kernel/database.ts';
import type { Supplier } from './supplier.ts';
import type { TaxRegistration } from './tax-registration.ts';

/** The supplier that has any of these tax numbers, or null. */
export async function readHolderOfTaxNumber(
  sql: Sql,
  registrations: readonly TaxRegistration[],
): Promise<Supplier | null> {
  const [holder] = await sql.query<Supplier>(
    `select ${SUPPLIER_COLUMNS} from supplier s
     join tax_registration t on t.supplier_id = s.id
     join jsonb_to_recordset($1) as wanted ("countryCode" text, scheme text, number text)
       on t.country_code = wanted."countryCode" and t.scheme = wanted.scheme and t.number = wanted.number
     order by s.number limit 1`,
    [JSON.stringify(registrations)],
  );
  return holder ?? null;
}

/** The supplier that has any of these accounts in force, or null. */
export async function readHolderOfAccount(
  sql: Sql,
  accountKeys: readonly string[],
): Promise<{ holder: Supplier; key: string } | null> {
  const [row] = await sql.query<Supplier & { key: string }>(
    `select ${SUPPLIER_COLUMNS}, a.account_key as key from supplier s
     join bank_account a on a.supplier_id = s.id
     where a.account_key = any($1) and a.valid_from is not null and a.valid_to is null
     order by s.number limit 1`,
    [accountKeys],
  );
  if (row === undefined) return null;
  const { key, ...holder } = row;
  return { holder, key };
}

/** The key of the account that a bank change proposes; none when there is no such change. */
export async function readKeysOfBankChange(sql: Sql, bankChangeId: string): Promise<string[]> {
  const rows = await sql.query<{ key: string }>(
    'select a.account_key as key from bank_change c join bank_account a on a.id = c.account_id where c.id = $1',
    [bankChangeId],
  );
  return rows.map((row) => row.key);
}
