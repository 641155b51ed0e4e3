import { pageSql } from '#kernel/paging.ts';
import { insertBankAccounts } from './bank-store.ts';
import { insertEndpoints, insertSites, insertTaxRegistrations } from './part-store.ts';
import type { Sql, Transaction } from '#kernel/database.ts';
import type { Page } from '#kernel/paging.ts';
import type { BlockKind } from './supplier-block.ts';
import type { ElectronicEndpoint, NewSupplier, Supplier, SupplierStatus } from './supplier.ts';
import type { TaxRegistration } from './tax-registration.ts';

/** A supplier's columns, of a table named `s`. */
export const SUPPLIER_COLUMNS = `s.id, s.number, s.legal_name as "legalName", s.normalized_name as "normalizedName",
  s.trade_names as "tradeNames", s.legal_form as "legalForm", s.country_code as "countryCode", s.currency,
  s.payment_terms_days as "paymentTermsDays", s.status, s.version, s.correlation_id as "correlationId",
  s.external_refs as "externalRefs", s.created_by as "createdBy", s.created_at as "createdAt", s.updated_at as "updatedAt"`;

/** The suppliers with these ids, in any order. */
export function readSuppliers(sql: Sql, ids: readonly string[]): Promise<Supplier[]> {
  return sql.query(`select ${SUPPLIER_COLUMNS} from supplier s where s.id = any($1)`, [ids]);
}

/** The supplier with this number, or null. */
export async function readSupplierByNumber(sql: Sql, number: string): Promise<Supplier | null> {
  const [supplier] = await sql.query<Supplier>(
    `select ${SUPPLIER_COLUMNS} from supplier s where s.number = $1`,
    [number],
  );
  return supplier ?? null;
}

/** The supplier, locked until the transaction ends: every change of it and of its parts starts here. */
export async function lockSupplier(tx: Transaction, id: string): Promise<Supplier | null> {
  const [supplier] = await tx.query<Supplier>(
    `select ${SUPPLIER_COLUMNS} from supplier s where s.id = $1 for update`,
    [id],
  );
  return supplier ?? null;
}

/** Which suppliers to list; null means any. */
export interface SupplierFilter {
  readonly status: SupplierStatus | null;
  readonly countryCode: string | null;
  readonly blockedFor: BlockKind | null;
  /** Part of a normalised name. */
  readonly nameContains: string | null;
}

/** One page of suppliers by number, and one more if there is a next page. */
export function readSupplierPage(
  sql: Sql,
  filter: SupplierFilter,
  page: Page,
): Promise<Supplier[]> {
  const { where, orderLimit } = pageSql(page, 's.number', 5);
  return sql.query(
    `select ${SUPPLIER_COLUMNS} from supplier s
     where ($1::text is null or s.status = $1)
       and ($2::text is null or s.country_code = $2)
       and ($3::text is null or exists (select from block_in_force b where b.supplier_id = s.id and b.kind = $3))
       and ($4::text is null or position($4 in s.normalized_name) > 0)
       and ${where} ${orderLimit}`,
    [filter.status, filter.countryCode, filter.blockedFor, filter.nameContains, page.cursor],
  );
}

/** What others may know of a supplier, as its events and its standing tell it. */
export interface SupplierPublicState {
  readonly id: string;
  readonly number: string;
  readonly legalName: string;
  readonly countryCode: string;
  readonly currency: string;
  readonly status: SupplierStatus;
  readonly version: number;
  /** Each kind once. */
  readonly blocks: readonly BlockKind[];
  readonly taxRegistrations: readonly Omit<TaxRegistration, 'checked'>[];
  readonly endpoints: readonly ElectronicEndpoint[];
}

/** What others may know of these suppliers at this moment, in one statement. */
export function readPublicStates(sql: Sql, ids: readonly string[]): Promise<SupplierPublicState[]> {
  return sql.query(
    `select s.id, s.number, s.legal_name as "legalName", s.country_code as "countryCode", s.currency, s.status, s.version,
       array(select distinct b.kind from block_in_force b where b.supplier_id = s.id order by b.kind) as blocks,
       coalesce((select jsonb_agg(jsonb_build_object('countryCode', t.country_code, 'scheme', t.scheme, 'number', t.number)
                                  order by t.country_code, t.scheme, t.number)
                 from tax_registration t where t.supplier_id = s.id), '[]') as "taxRegistrations",
       coalesce((select jsonb_agg(jsonb_build_object('schemeId', e.scheme_id, 'value', e.value) order by e.scheme_id, e.value)
                 from electronic_endpoint e where e.supplier_id = s.id), '[]') as endpoints
     from supplier s where s.id = any($1) order by s.number`,
    [ids],
  );
}

/** The next `count` supplier numbers; the row lock makes the series gapless, so it is taken as late as possible. */
export async function takeNumbers(tx: Transaction, count: number): Promise<string[]> {
  const [row] = await tx.query<{ last: bigint }>(
    `insert into number_series (series, last_number) values ($1, $2)
     on conflict (series) do update set last_number = number_series.last_number + excluded.last_number
     returning last_number as last`,
    [NUMBER_SERIES, count],
  );
  const first = (row?.last ?? 0n) - BigInt(count) + 1n;
  return Array.from(
    { length: count },
    (_, index) => `${NUMBER_SERIES}-${String(first + BigInt(index)).padStart(6, '0')}`,
  );
}

const NUMBER_SERIES = 'SUP';

/**
 * Stores new suppliers with all their parts: five statements for any number of suppliers. A tax number or account that
 * another supplier has violates `tax_registration_number` or `bank_account_in_force`.
 */
export async function insertSuppliers(
  tx: Transaction,
  suppliers: readonly NewSupplier[],
): Promise<void> {
  await insertSupplierRows(
    tx,
    suppliers.map((added) => added.supplier),
  );
  await insertSites(
    tx,
    suppliers.flatMap((added) => added.sites),
  );
  await insertTaxRegistrations(
    tx,
    partsOf(suppliers, (added) => added.taxRegistrations),
  );
  await insertEndpoints(
    tx,
    partsOf(suppliers, (added) => added.endpoints),
  );
  await insertBankAccounts(
    tx,
    partsOf(suppliers, (added) => added.bankAccounts),
  );
}

function partsOf<Part>(
  suppliers: readonly NewSupplier[],
  parts: (added: NewSupplier) => readonly Part[],
): (Part & { supplierId: string })[] {
  return suppliers.flatMap((added) =>
    parts(added).map((part) => ({ ...part, supplierId: added.supplier.id })),
  );
}

async function insertSupplierRows(tx: Transaction, suppliers: readonly Supplier[]): Promise<void> {
  await tx.query(
    `insert into supplier (id, number, legal_name, normalized_name, trade_names, legal_form, country_code, currency,
       payment_terms_days, status, version, correlation_id, external_refs, created_by, created_at, updated_at)
     select id, number, "legalName", "normalizedName", "tradeNames", "legalForm", "countryCode", currency,
       "paymentTermsDays", status, version, "correlationId", "externalRefs", "createdBy", "createdAt", "updatedAt"
     from jsonb_to_recordset($1) as added (id text, number text, "legalName" text, "normalizedName" text, "tradeNames" text[],
       "legalForm" text, "countryCode" text, currency text, "paymentTermsDays" integer, status text, version integer,
       "correlationId" text, "externalRefs" jsonb, "createdBy" text, "createdAt" timestamptz, "updatedAt" timestamptz)`,
    [JSON.stringify(suppliers)],
  );
}

/** Writes what a change may touch; identity, country and origin never change. */
export async function updateSupplierRow(tx: Transaction, supplier: Supplier): Promise<void> {
  await tx.query(
    `update supplier set legal_name = $2, normalized_name = $3, trade_names = $4, legal_form = $5, currency = $6,
       payment_terms_days = $7, status = $8, external_refs = $9, version = $10, updated_at = $11
     where id = $1`,
    [
      supplier.id,
      supplier.legalName,
      supplier.normalizedName,
      supplier.tradeNames,
      supplier.legalForm,
      supplier.currency,
      supplier.paymentTermsDays,
      supplier.status,
      JSON.stringify(supplier.externalRefs),
      supplier.version,
      supplier.updatedAt,
    ],
  );
}
