import { decimalOf, formatDecimal, signOf } from '#kernel/decimal.ts';
import { appendEvents } from '#kernel/outbox.ts';
import { closeWhenFulfilled } from '../fulfilment.ts';
import { lockOrder, orderIdsOfLines, orderLines } from '../store/order-store.ts';
import { addInvoiced, removeInvoiced } from '../store/projection-store.ts';
import { doingFor } from './handling.ts';
import type { Transaction } from '#kernel/database.ts';
import type { DomainEvent } from '#kernel/event.ts';
import type { InvoiceSnapshot } from '../../invoices/events.ts';
import type { InvoicedQuantity } from '../store/projection-store.ts';
import type { Handling } from './handling.ts';

/** Counts what an invoice or credit memo bills of order lines; an order that is now fulfilled closes. */
export async function applyInvoicePosted(
  handling: Handling,
  tx: Transaction,
  event: DomainEvent,
): Promise<void> {
  const invoice = event.data as InvoiceSnapshot;
  const lines = invoicedQuantities(invoice);
  await withOrdersOf(
    handling,
    { tx, event, lineIds: lines.map((line) => line.purchaseOrderLineId) },
    () => addInvoiced(tx, invoice.invoiceId, lines),
  );
}

/** Gives back what a posted invoice had counted; an order that it closed stays closed. */
export async function applyInvoiceCancelled(
  handling: Handling,
  tx: Transaction,
  event: DomainEvent,
): Promise<void> {
  const invoice = event.data as InvoiceSnapshot;
  const lineIds = invoicedQuantities(invoice).map((line) => line.purchaseOrderLineId);
  await withOrdersOf(handling, { tx, event, lineIds }, () => removeInvoiced(tx, invoice.invoiceId));
}

/** Locks the orders of the lines, in the order of their ids so that two invoices cannot block each other, and counts. */
async function withOrdersOf(
  handling: Handling,
  work: {
    readonly tx: Transaction;
    readonly event: DomainEvent;
    readonly lineIds: readonly string[];
  },
  count: () => Promise<void>,
): Promise<void> {
  const { tx, event, lineIds } = work;
  const orderIds = await orderIdsOfLines(tx, lineIds);
  const locked = [];
  for (const orderId of orderIds) locked.push(await lockOrder(tx, orderId));
  await count();
  const doing = doingFor(handling, event);
  const counted = Map.groupBy(await orderLines(tx, orderIds), (line) => line.purchaseOrderId);
  for (const current of locked) {
    if (current === null) continue;
    const lines = counted.get(current.order.id) ?? [];
    await appendEvents(tx, await closeWhenFulfilled(tx, { order: current.order, lines }, doing));
  }
}

/** A credit memo takes off, whichever sign its quantities have. */
function invoicedQuantities(invoice: InvoiceSnapshot): InvoicedQuantity[] {
  return invoice.lines.flatMap(({ invoiceLineId, purchaseOrderLineId, quantity }) => {
    if (purchaseOrderLineId === null) return [];
    const value = decimalOf(quantity);
    const isCredit = invoice.kind === 'CREDIT_MEMO';
    const units = isCredit && signOf(value) > 0 ? -value.units : value.units;
    return [{ invoiceLineId, purchaseOrderLineId, quantity: formatDecimal({ ...value, units }) }];
  });
}
