import type { Sql, Transaction } from '#kernel/database.ts';
import type { BlockKind, SupplierBlock } from './supplier-block.ts';
import type { ElectronicEndpoint, SupplierSite } from './supplier.ts';
import type { TaxRegistration } from './tax-registration.ts';

const SITE_COLUMNS = `id, supplier_id as "supplierId", name, purpose, currency, payment_terms_days as "paymentTermsDays",
  jsonb_build_object('lines', address_lines, 'city', city, 'postalCode', postal_code, 'region', region, 'countryCode', country_code) as address`;

/** The sites with these ids. */
export function readSites(sql: Sql, ids: readonly string[]): Promise<SupplierSite[]> {
  return sql.query(`select ${SITE_COLUMNS} from supplier_site where id = any($1)`, [ids]);
}

/** The sites of these suppliers, oldest first. */
export function readSitesOfSuppliers(
  sql: Sql,
  supplierIds: readonly string[],
): Promise<SupplierSite[]> {
  return sql.query(
    `select ${SITE_COLUMNS} from supplier_site where supplier_id = any($1) order by id`,
    [supplierIds],
  );
}

/** The tax numbers of these suppliers. */
export function readTaxRegistrations(
  sql: Sql,
  supplierIds: readonly string[],
): Promise<(TaxRegistration & { supplierId: string })[]> {
  return sql.query(
    `select supplier_id as "supplierId", country_code as "countryCode", scheme, number, checked
     from tax_registration where supplier_id = any($1) order by country_code, scheme, number`,
    [supplierIds],
  );
}

/** The electronic addresses of these suppliers. */
export function readEndpoints(
  sql: Sql,
  supplierIds: readonly string[],
): Promise<(ElectronicEndpoint & { supplierId: string })[]> {
  return sql.query(
    `select supplier_id as "supplierId", scheme_id as "schemeId", value
     from electronic_endpoint where supplier_id = any($1) order by scheme_id, value`,
    [supplierIds],
  );
}

/** Every block that applies now to these suppliers, oldest first. */
export function readBlocks(sql: Sql, supplierIds: readonly string[]): Promise<SupplierBlock[]> {
  return sql.query(
    `select supplier_id as "supplierId", kind, name, reason, blocked_by as "blockedBy", blocked_at as "blockedAt"
     from block_in_force where supplier_id = any($1) order by blocked_at, kind`,
    [supplierIds],
  );
}

/** Stores locations; none costs no statement. */
export async function insertSites(tx: Transaction, sites: readonly SupplierSite[]): Promise<void> {
  if (sites.length === 0) return;
  await tx.query(
    `insert into supplier_site (id, supplier_id, name, purpose, address_lines, city, postal_code, region, country_code,
       currency, payment_terms_days)
     select id, "supplierId", name, purpose, lines, city, "postalCode", region, "countryCode", currency, "paymentTermsDays"
     from jsonb_to_recordset($1) as added (id text, "supplierId" text, name text, purpose text, lines text[], city text,
       "postalCode" text, region text, "countryCode" text, currency text, "paymentTermsDays" integer)`,
    [JSON.stringify(sites.map(({ address, ...site }) => ({ ...site, ...address })))],
  );
}

/** Stores tax numbers, in one order for all writers so that two of them cannot wait for each other. */
export async function insertTaxRegistrations(
  tx: Transaction,
  registrations: readonly (TaxRegistration & { supplierId: string })[],
): Promise<void> {
  if (registrations.length === 0) return;
  await tx.query(
    `insert into tax_registration (supplier_id, country_code, scheme, number, checked)
     select "supplierId", "countryCode", scheme, number, checked
     from jsonb_to_recordset($1) as added ("supplierId" text, "countryCode" text, scheme text, number text, checked boolean)
     order by "countryCode", scheme, number`,
    [JSON.stringify(registrations)],
  );
}

/** Stores electronic addresses; one that the supplier has already stays as it is. */
export async function insertEndpoints(
  tx: Transaction,
  endpoints: readonly (ElectronicEndpoint & { supplierId: string })[],
): Promise<void> {
  if (endpoints.length === 0) return;
  await tx.query(
    `insert into electronic_endpoint (supplier_id, scheme_id, value)
     select "supplierId", "schemeId", value
     from jsonb_to_recordset($1) as added ("supplierId" text, "schemeId" text, value text) on conflict do nothing`,
    [JSON.stringify(endpoints)],
  );
}

/** Sets a block. */
export async function insertBlock(
  tx: Transaction,
  block: { id: string; supplierId: string; kind: BlockKind; reason: string; by: string; at: Date },
): Promise<void> {
  await tx.query(
    'insert into supplier_block (id, supplier_id, kind, reason, blocked_by, blocked_at) values ($1, $2, $3, $4, $5, $6)',
    [block.id, block.supplierId, block.kind, block.reason, block.by, block.at],
  );
}

/** Lifts the block of this kind; what it was stays on record. */
export async function liftBlock(
  tx: Transaction,
  lift: { supplierId: string; kind: BlockKind; reason: string; by: string; at: Date },
): Promise<void> {
  await tx.query(
    `update supplier_block set lifted_by = $3, lifted_at = $4, lift_reason = $5
     where supplier_id = $1 and kind = $2 and lifted_at is null`,
    [lift.supplierId, lift.kind, lift.by, lift.at, lift.reason],
  );
}
