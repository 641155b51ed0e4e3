import { may, readScope } from '#kernel/identity.ts';
import { createArgumentLoader, createListLoader, createLoader } from '#kernel/loader.ts';
import { connectionOf, connectionsOf } from '#kernel/paging.ts';
import { readHolds, readInvoices, readLines } from './store/invoice-store.ts';
import { listInvoicesByParent } from './store/list-store.ts';
import { readPayments, readPaymentsByParent } from './store/payment-store.ts';
import type { Database } from '#kernel/database.ts';
import type { Viewer } from '#kernel/identity.ts';
import type { ArgumentLoader, ListLoader, Loader } from '#kernel/loader.ts';
import type { Connection, Page } from '#kernel/paging.ts';
import type { Hold } from './domain/hold.ts';
import type { Invoice, InvoiceLine } from './domain/invoice.ts';
import type { Payment } from './domain/payment.ts';
import type { InvoiceParent } from './store/list-store.ts';
import type { PaymentParent } from './store/payment-store.ts';

/** One statement per kind of thing and level, whatever number of documents is asked about. */
export interface Loaders {
  /** Null for a viewer without `invoice:read`, as for an id that is unknown or outside its scope. */
  readonly invoice: Loader<string, Invoice>;
  readonly lines: ListLoader<InvoiceLine>;
  readonly holds: ListLoader<Hold>;
  /** Null for a viewer without `payment:read`. */
  readonly payment: Loader<string, Payment>;
  readonly invoicesOf: Readonly<Record<InvoiceParent, ArgumentLoader<Page, Connection<Invoice>>>>;
  readonly paymentsOf: Readonly<Record<PaymentParent, ListLoader<Payment>>>;
}

export function createLoaders(database: Database, viewer: Viewer): Loaders {
  const scope = readScope(viewer);
  const invoicesOf = (parent: InvoiceParent): ArgumentLoader<Page, Connection<Invoice>> =>
    createArgumentLoader(
      async (parentIds, page) => {
        const rows = await listInvoicesByParent(database, parent, { parentIds, page, scope });
        return connectionsOf(page, rows, { parent: (row) => row.parentId, sort: (row) => row.id });
      },
      (page) => connectionOf<Invoice>(page, [], (row) => row.id),
    );
  const paymentsOf = (parent: PaymentParent): ListLoader<Payment> =>
    createListLoader<Payment & { readonly parentId: string }>(
      (parentIds) => readPaymentsByParent(database, parent, parentIds, scope),
      (row) => row.parentId,
    );
  return {
    invoice: createLoader(
      async (ids) => (may(viewer, 'invoice:read') ? readInvoices(database, ids, scope) : []),
      (row) => row.id,
    ),
    lines: createListLoader(
      (ids) => readLines(database, ids),
      (row) => row.invoiceId,
    ),
    holds: createListLoader(
      (ids) => readHolds(database, ids),
      (row) => row.invoiceId,
    ),
    payment: createLoader(
      async (ids) => (may(viewer, 'payment:read') ? readPayments(database, ids, scope) : []),
      (row) => row.id,
    ),
    invoicesOf: {
      purchase_order_id: invoicesOf('purchase_order_id'),
      requisition_id: invoicesOf('requisition_id'),
      supplier_id: invoicesOf('supplier_id'),
      cost_centre_id: invoicesOf('cost_centre_id'),
    },
    paymentsOf: {
      id: paymentsOf('id'),
      purchase_order_id: paymentsOf('purchase_order_id'),
      requisition_id: paymentsOf('requisition_id'),
    },
  };
}
