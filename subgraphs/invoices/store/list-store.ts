import { pageSql } from '#kernel/paging.ts';
import { INVOICE_COLUMNS, toInvoice } from './invoice-row.ts';
import type { Sql } from '#kernel/database.ts';
import type { ReadScope } from '#kernel/identity.ts';
import type { Page } from '#kernel/paging.ts';
import type { HoldCode } from '../domain/hold.ts';
import type { Invoice, InvoiceStatus } from '../domain/invoice.ts';
import type { PaymentStatus } from '../domain/payment.ts';
import type { InvoiceKind } from '../domain/stated-invoice.ts';
import type { InvoiceRow } from './invoice-row.ts';

/** Every condition that is given holds. */
export interface InvoiceFilter {
  readonly companyCode?: string | null | undefined;
  readonly statuses?: readonly InvoiceStatus[] | null | undefined;
  readonly paymentStatuses?: readonly PaymentStatus[] | null | undefined;
  readonly kind?: InvoiceKind | null | undefined;
  readonly supplierId?: string | null | undefined;
  readonly purchaseOrderId?: string | null | undefined;
  readonly costCentreId?: string | null | undefined;
  readonly supplierInvoiceNumber?: string | null | undefined;
  readonly openHold?: HoldCode | null | undefined;
  readonly issuedFrom?: string | null | undefined;
  readonly issuedTo?: string | null | undefined;
  readonly dueTo?: string | null | undefined;
}

/** Each condition of the filter as SQL over `i`; `$` stands for its parameter. */
const CONDITIONS: Readonly<Record<keyof InvoiceFilter, string>> = {
  companyCode: 'i.company_code = $',
  statuses: 'i.status = any($::text[])',
  paymentStatuses: 'i.payment_status = any($::text[])',
  kind: 'i.kind = $',
  supplierId: 'i.supplier_id = $',
  purchaseOrderId: 'i.purchase_order_id = $',
  costCentreId: 'i.cost_centre_id = $',
  supplierInvoiceNumber: 'i.supplier_invoice_number = $',
  openHold:
    "exists (select from hold h where h.invoice_id = i.id and h.code = $ and h.status = 'OPEN')",
  issuedFrom: 'i.issued_on >= $::date',
  issuedTo: 'i.issued_on <= $::date',
  dueTo: 'i.due_on <= $::date',
};

/** One page of the invoices that the scope may see, oldest first. */
export async function listInvoices(
  sql: Sql,
  filter: InvoiceFilter,
  page: Page,
  scope: ReadScope,
): Promise<Invoice[]> {
  const parameters: unknown[] = [JSON.stringify(scope), page.cursor];
  const { where, orderLimit } = pageSql(page, 'i.id', 2);
  const conditions = ['visible($1::jsonb, i.company_code, i.cost_centre_id, i.owner_id)', where];
  for (const [name, condition] of Object.entries(CONDITIONS)) {
    const value = filter[name as keyof InvoiceFilter];
    if (value === undefined || value === null) continue;
    parameters.push(value);
    conditions.push(condition.replace('$', `$${parameters.length}`));
  }
  const rows = await sql.query<InvoiceRow>(
    `select ${INVOICE_COLUMNS} from invoice i where ${conditions.join(' and ')} ${orderLimit}`,
    parameters,
  );
  return rows.map(toInvoice);
}

/** The column by which an invoice hangs on another document. */
export type InvoiceParent =
  | 'purchase_order_id'
  | 'requisition_id'
  | 'supplier_id'
  | 'cost_centre_id';

/** A page of invoices for each of many parents, in one statement. */
export async function listInvoicesByParent(
  sql: Sql,
  parent: InvoiceParent,
  asked: { readonly parentIds: readonly string[]; readonly page: Page; readonly scope: ReadScope },
): Promise<(Invoice & { readonly parentId: string })[]> {
  const { where, orderLimit } = pageSql(asked.page, 'i.id', 3);
  const rows = await sql.query<InvoiceRow & { parent_id: string }>(
    `select parent.parent_id, found.* from unnest($1::text[]) parent (parent_id) cross join lateral (
       select ${INVOICE_COLUMNS} from invoice i
       where i.${parent} = parent.parent_id and visible($2::jsonb, i.company_code, i.cost_centre_id, i.owner_id) and ${where}
       ${orderLimit}) found`,
    [asked.parentIds, JSON.stringify(asked.scope), asked.page.cursor],
  );
  return rows.map((row) => ({ ...toInvoice(row), parentId: row.parent_id }));
}
