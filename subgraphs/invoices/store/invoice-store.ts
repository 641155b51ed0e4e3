import { formatDecimal } from '#kernel/decimal.ts';
import {
  INVOICE_COLUMNS,
  fromInvoice,
  fromLine,
  toHold,
  toInvoice,
  toLine,
} from './invoice-row.ts';
import type { Sql, Transaction } from '#kernel/database.ts';
import type { ReadScope } from '#kernel/identity.ts';
import type { Hold } from '../domain/hold.ts';
import type { Dossier, Invoice, InvoiceLine } from '../domain/invoice.ts';
import type { HoldRow, InvoiceRow, LineRow } from './invoice-row.ts';

/**
 * Inserts invoices whose supplier and number are still free and returns the ids that went in: the unique indexes decide,
 * so of many at once exactly one does.
 */
export async function insertInvoices(
  tx: Transaction,
  invoices: readonly Invoice[],
): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    `insert into invoice select * from jsonb_populate_recordset(null::invoice, $1::jsonb)
     on conflict do nothing returning id`,
    [JSON.stringify(invoices.map(fromInvoice))],
  );
  return rows.map((row) => row.id);
}

export async function insertLines(tx: Transaction, lines: readonly InvoiceLine[]): Promise<void> {
  await tx.query(
    'insert into invoice_line select * from jsonb_populate_recordset(null::invoice_line, $1::jsonb)',
    [JSON.stringify(lines.map(fromLine))],
  );
}

/** Places holds, or brings their figures and their end up to date. */
export async function putHolds(tx: Transaction, holds: readonly Hold[]): Promise<void> {
  if (holds.length === 0) return;
  await tx.query(
    `insert into hold select * from jsonb_populate_recordset(null::hold, $1::jsonb)
     on conflict (id) do update set status = excluded.status, expected = excluded.expected, actual = excluded.actual,
       excess = excluded.excess, message = excluded.message, closed_at = excluded.closed_at, closed_by = excluded.closed_by,
       closing_reason = excluded.closing_reason`,
    [JSON.stringify(holds.map(fromHold))],
  );
}

/** Writes what may change in an invoice's life. The unique indexes may refuse a supplier that is resolved now. */
export async function updateInvoice(tx: Transaction, invoice: Invoice): Promise<void> {
  await tx.query(
    `update invoice i set status = n.status, payment_status = n.payment_status, version = n.version,
       correlation_id = n.correlation_id, cost_centre_id = n.cost_centre_id, owner_id = n.owner_id,
       supplier_id = n.supplier_id, purchase_order_id = n.purchase_order_id, requisition_id = n.requisition_id,
       erp_number = n.erp_number, refusal = n.refusal, reason = n.reason, changed_at = n.changed_at
     from jsonb_populate_record(null::invoice, $1::jsonb) n where i.id = n.id`,
    [JSON.stringify(fromInvoice(invoice))],
  );
}

/** Writes which order line each line belongs to. */
export async function updateLineLinks(
  tx: Transaction,
  lines: readonly InvoiceLine[],
): Promise<void> {
  await tx.query(
    `update invoice_line l set purchase_order_line_id = n.order_line_id
     from unnest($1::text[], $2::text[]) n (id, order_line_id)
     where l.id = n.id and l.purchase_order_line_id is distinct from n.order_line_id`,
    [lines.map((line) => line.id), lines.map((line) => line.purchaseOrderLineId)],
  );
}

/** The invoice with lines and holds, locked until the transaction ends; null when there is none. */
export async function lockDossier(tx: Transaction, invoiceId: string): Promise<Dossier | null> {
  const [row] = await tx.query<InvoiceRow>(
    `select ${INVOICE_COLUMNS} from invoice i where i.id = $1 for update`,
    [invoiceId],
  );
  if (row === undefined) return null;
  const [lines, holds] = [await readLines(tx, [invoiceId]), await readHolds(tx, [invoiceId])];
  return { invoice: toInvoice(row), lines, holds };
}

/** Where an invoice belongs, without a lock: enough to authorise and to lock its order first. */
export async function findPlace(
  sql: Sql,
  invoiceId: string,
  scope: ReadScope,
): Promise<Pick<Invoice, 'companyCode' | 'costCentreId' | 'ownerId' | 'purchaseOrderId'> | null> {
  const [row] = await sql.query<
    Pick<InvoiceRow, 'company_code' | 'cost_centre_id' | 'owner_id' | 'purchase_order_id'>
  >(
    `select company_code, cost_centre_id, owner_id, purchase_order_id from invoice
     where id = $1 and visible($2::jsonb, company_code, cost_centre_id, owner_id)`,
    [invoiceId, JSON.stringify(scope)],
  );
  if (row === undefined) return null;
  return {
    companyCode: row.company_code,
    costCentreId: row.cost_centre_id,
    ownerId: row.owner_id,
    purchaseOrderId: row.purchase_order_id,
  };
}

/** The invoices of these ids that the scope may see. */
export async function readInvoices(
  sql: Sql,
  ids: readonly string[],
  scope: ReadScope,
): Promise<Invoice[]> {
  const rows = await sql.query<InvoiceRow>(
    `select ${INVOICE_COLUMNS} from invoice i
     where i.id = any($1) and visible($2::jsonb, i.company_code, i.cost_centre_id, i.owner_id)`,
    [ids, JSON.stringify(scope)],
  );
  return rows.map(toInvoice);
}

export async function readLines(sql: Sql, invoiceIds: readonly string[]): Promise<InvoiceLine[]> {
  const rows = await sql.query<LineRow>(
    `select l.*, i.currency from invoice_line l join invoice i on i.id = l.invoice_id
     where l.invoice_id = any($1) order by l.invoice_id, l.line_number`,
    [invoiceIds],
  );
  return rows.map(toLine);
}

export async function readHolds(sql: Sql, invoiceIds: readonly string[]): Promise<Hold[]> {
  const rows = await sql.query<HoldRow>(
    'select * from hold where invoice_id = any($1) order by invoice_id, id',
    [invoiceIds],
  );
  return rows.map(toHold);
}

/** Another invoice that has taken this supplier's or seller's number, or for a stranger is the same document; or null. */
export async function findDuplicate(
  sql: Sql,
  key: Pick<Invoice, 'id' | 'supplierId' | 'sellerKey' | 'kind' | 'normalisedNumber' | 'source'>,
): Promise<string | null> {
  const [row] = await sql.query<{ id: string }>(
    `select id from invoice where kind = $3 and normalised_number = $4 and status not in ('REJECTED', 'CANCELLED')
       and id <> $5 and case when $1::text is null
         then supplier_id is null and seller_key = $2 and source->>'sha256' = $6
         else supplier_id = $1 or (supplier_id is not null and seller_key = $2) end
     limit 1`,
    [key.supplierId, key.sellerKey, key.kind, key.normalisedNumber, key.id, key.source.sha256],
  );
  return row?.id ?? null;
}

function fromHold(hold: Hold): Record<string, unknown> {
  return {
    id: hold.id,
    invoice_id: hold.invoiceId,
    invoice_line_id: hold.invoiceLineId,
    code: hold.code,
    status: hold.status,
    expected: hold.expected,
    actual: hold.actual,
    excess: formatDecimal(hold.excess),
    message: hold.message,
    placed_at: hold.placedAt,
    closed_at: hold.closedAt,
    closed_by: hold.closedBy,
    closing_reason: hold.closingReason,
  };
}
