import type { Sql, Transaction } from '#kernel/database.ts';

/** What is known here of a supplier, from its own events. */
export interface SupplierProjection {
  readonly id: string;
  readonly number: string;
  readonly legalName: string;
  readonly status: string;
  readonly blocks: readonly string[];
}

export interface CostCentreProjection {
  readonly id: string;
  readonly companyCode: string;
  readonly name: string;
  readonly status: string;
}

/** Keeps the newest word on a supplier; an older event than known changes nothing. */
export async function saveSupplier(
  tx: Sql,
  supplier: SupplierProjection,
  sequence: number,
): Promise<void> {
  await tx.query(
    `insert into supplier_projection as known (id, number, legal_name, status, blocks, sequence) values ($1, $2, $3, $4, $5, $6)
     on conflict (id) do update
     set number = excluded.number, legal_name = excluded.legal_name, status = excluded.status, blocks = excluded.blocks, sequence = excluded.sequence
     where known.sequence < excluded.sequence`,
    [supplier.id, supplier.number, supplier.legalName, supplier.status, supplier.blocks, sequence],
  );
}

export async function saveCostCentre(
  tx: Sql,
  costCentre: CostCentreProjection,
  sequence: number,
): Promise<void> {
  await tx.query(
    `insert into cost_centre_projection as known (id, company_code, name, status, sequence) values ($1, $2, $3, $4, $5)
     on conflict (id) do update
     set company_code = excluded.company_code, name = excluded.name, status = excluded.status, sequence = excluded.sequence
     where known.sequence < excluded.sequence`,
    [costCentre.id, costCentre.companyCode, costCentre.name, costCentre.status, sequence],
  );
}

export async function isSupplierKnown(sql: Sql, id: string): Promise<boolean> {
  const rows = await sql.query('select 1 from supplier_projection where id = $1', [id]);
  return rows.length > 0;
}

export async function costCentreById(sql: Sql, id: string): Promise<CostCentreProjection | null> {
  const [row] = await sql.query<{ id: string; company_code: string; name: string; status: string }>(
    'select id, company_code, name, status from cost_centre_projection where id = $1',
    [id],
  );
  return row === undefined
    ? null
    : { id: row.id, companyCode: row.company_code, name: row.name, status: row.status };
}

/** A quantity of an order line on a posted invoice; negative on a credit memo. */
export interface InvoicedQuantity {
  readonly invoiceLineId: string;
  readonly purchaseOrderLineId: string;
  /** Exact decimal. */
  readonly quantity: string;
}

/** Adds an invoice's quantities to the lines; a second time with the same invoice adds nothing. */
export async function addInvoiced(
  tx: Transaction,
  invoiceId: string,
  lines: readonly InvoicedQuantity[],
): Promise<void> {
  await tx.query(
    `with fresh as (
       insert into invoice_projection (invoice_id, invoice_line_id, purchase_order_line_id, quantity)
       select $1, given."invoiceLineId", given."purchaseOrderLineId", given.quantity
       from jsonb_to_recordset($2::jsonb) as given ("invoiceLineId" text, "purchaseOrderLineId" text, quantity numeric)
       on conflict do nothing
       returning purchase_order_line_id, quantity
     ), summed as (
       select purchase_order_line_id, sum(quantity) as quantity from fresh group by purchase_order_line_id
     )
     update purchase_order_line as line set invoiced_quantity = line.invoiced_quantity + summed.quantity
     from summed where line.id = summed.purchase_order_line_id`,
    [invoiceId, JSON.stringify(lines)],
  );
}

/** Takes a cancelled invoice's quantities off again. */
export async function removeInvoiced(tx: Transaction, invoiceId: string): Promise<void> {
  await tx.query(
    `with gone as (
       delete from invoice_projection where invoice_id = $1 returning purchase_order_line_id, quantity
     ), summed as (
       select purchase_order_line_id, sum(quantity) as quantity from gone group by purchase_order_line_id
     )
     update purchase_order_line as line set invoiced_quantity = line.invoiced_quantity - summed.quantity
     from summed where line.id = summed.purchase_order_line_id`,
    [invoiceId],
  );
}
