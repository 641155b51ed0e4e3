import { insertInvoices, insertLines, putHolds } from './store/invoice-store.ts';
import { putPayments } from './store/payment-store.ts';
import { putOrders, putReceipts, putSuppliers } from './store/projection-store.ts';
import type { Database } from '#kernel/database.ts';
import type { Dossier } from './domain/invoice.ts';
import type { Payment } from './domain/payment.ts';
import type {
  OrderProjection,
  ReceiptProjection,
  SupplierProjection,
} from './store/projection-store.ts';

/** What a room that has lived for a while holds. Everything belongs together; nothing is checked again. */
export interface InvoicesSeed {
  readonly suppliers: readonly SupplierProjection[];
  readonly orders: readonly OrderProjection[];
  readonly receipts: readonly ReceiptProjection[];
  readonly invoices: readonly Dossier[];
  readonly payments: readonly Payment[];
}

/** Rows of one statement: large enough to be quick, small enough to be held in memory as JSON. */
const ROWS_MAX = 2_000;

/**
 * Writes it all in one transaction, a statement per kind of thing and two thousand rows; no events, because nobody listens
 * before the start. Repeating it changes nothing. Returns how many invoices were new.
 */
export async function seedInvoices(database: Database, seed: InvoicesSeed): Promise<number> {
  return database.transaction(async (tx) => {
    for (const suppliers of parts(seed.suppliers)) await putSuppliers(tx, suppliers);
    for (const orders of parts(seed.orders)) await putOrders(tx, orders);
    for (const receipts of parts(seed.receipts)) await putReceipts(tx, receipts);
    let count = 0;
    for (const dossiers of parts(seed.invoices)) {
      const inserted = new Set(
        await insertInvoices(
          tx,
          dossiers.map(({ invoice }) => invoice),
        ),
      );
      const fresh = dossiers.filter(({ invoice }) => inserted.has(invoice.id));
      await insertLines(
        tx,
        fresh.flatMap(({ lines }) => lines),
      );
      await putHolds(
        tx,
        fresh.flatMap(({ holds }) => holds),
      );
      count += fresh.length;
    }
    for (const payments of parts(seed.payments)) await putPayments(tx, payments);
    return count;
  });
}

function parts<Value>(values: readonly Value[]): (readonly Value[])[] {
  return Array.from({ length: Math.ceil(values.length / ROWS_MAX) }, (_unused, index) =>
    values.slice(index * ROWS_MAX, (index + 1) * ROWS_MAX),
  );
}
