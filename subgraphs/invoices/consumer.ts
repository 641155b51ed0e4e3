import { createEventFactory } from '#kernel/event.ts';
import { moneyOf } from '#kernel/money.ts';
import { resolveAndMatch } from './command/invoice-command.ts';
import { applyPaymentReport } from './command/payment-report.ts';
import { changeLocked, matchEach, matchWaiting } from './command/waiting-invoices.ts';
import { cancel, confirmPosting, refusePosting } from './domain/invoice-decision.ts';
import { endpointKey, nameKey, taxKey } from './domain/seller.ts';
import {
  findHeldForSupplier,
  findUnknownSellers,
  putOrders,
  putReceipts,
  putSuppliers,
  reverseReceipt,
} from './store/projection-store.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Transaction } from '#kernel/database.ts';
import type { DomainEvent } from '#kernel/event.ts';
import type { EventHandler, EventHandlers } from '#kernel/inbox.ts';
import type { ErpConfirmation, ErpPayment, ErpRefusal } from '../../integration/events.ts';
import type { GoodsReceiptSnapshot, PurchaseOrderSnapshot } from '../purchase-orders/events.ts';
import type { SupplierSnapshot } from '../suppliers/events.ts';
import type { Working } from './command/waiting-invoices.ts';
import type { Dossier } from './domain/invoice.ts';
import type { SellerKey } from './domain/seller.ts';

/** What this room does when something happens elsewhere. */
export function createHandlers(clock: Clock): EventHandlers {
  const event = createEventFactory('/subgraphs/invoices', clock);
  const working = (cause: DomainEvent): Working => ({
    clock,
    telling: {
      event,
      cause: { causationId: cause.id, traceparent: cause.traceparent, actorId: cause.actorId },
    },
  });
  const on =
    <Data>(
      handle: (
        tx: Transaction,
        event: DomainEvent<string, Data>,
        working: Working,
      ) => Promise<void>,
    ): EventHandler =>
    // Which data an event type carries is the contract of the room that emits it.
    (tx, event) =>
      handle(tx, event as DomainEvent<string, Data>, working(event));
  const supplier = on<SupplierSnapshot>(takeSupplier);
  const order = on<PurchaseOrderSnapshot>(takeOrder);
  return {
    'concord.supplier.created.v1': supplier,
    'concord.supplier.activated.v1': supplier,
    'concord.supplier.changed.v1': supplier,
    'concord.supplier.blocked.v1': supplier,
    'concord.supplier.unblocked.v1': supplier,
    'concord.purchase-order.created.v1': order,
    'concord.purchase-order.dispatched.v1': order,
    'concord.purchase-order.changed.v1': order,
    // Says again what is in force.
    'concord.purchase-order.change-rejected.v1': order,
    'concord.purchase-order.received.v1': order,
    'concord.purchase-order.cancelled.v1': order,
    'concord.purchase-order.closed.v1': order,
    'concord.goods-receipt.posted.v1': on<GoodsReceiptSnapshot>(takeReceipt),
    'concord.goods-receipt.reversed.v1': on<GoodsReceiptSnapshot>((tx, { data }) =>
      reverseReceipt(tx, data.goodsReceiptId),
    ),
    'concord.erp.document-confirmed.v1': on<ErpConfirmation>(takeConfirmation),
    'concord.erp.document-refused.v1': on<ErpRefusal>(takeRefusal),
    'concord.erp.payment-reported.v1': on<ErpPayment>((tx, { data }, using) =>
      applyPaymentReport(tx, data, using),
    ),
  };
}

async function takeSupplier(
  tx: Transaction,
  event: DomainEvent<string, SupplierSnapshot>,
  using: Working,
): Promise<void> {
  const { data } = event;
  const keys = keysOf(data);
  await putSuppliers(tx, [
    {
      id: data.supplierId,
      number: data.number,
      legalName: data.legalName,
      status: data.status,
      blocks: data.blocks,
      sequence: event.sequence,
      keys,
    },
  ]);
  for (const id of await findUnknownSellers(tx, keys)) {
    await changeLocked(tx, id, using, async (dossier) => {
      const resolved = await resolveAndMatch(tx, dossier, {
        supplierId: data.supplierId,
        clock: using.clock,
      });
      // A number that this supplier has been captured with stays in the queue, where a person rejects it.
      return resolved.ok ? resolved.value : null;
    });
  }
  if (data.blocks.includes('POSTING')) return;
  await matchEach(tx, await findHeldForSupplier(tx, data.supplierId), using);
}

function keysOf(data: SupplierSnapshot): SellerKey[] {
  const keys: SellerKey[] = [
    ...data.taxRegistrations.map((tax) => ({
      kind: 'TAX' as const,
      value: taxKey(tax.number, tax.countryCode),
    })),
    ...data.endpoints.map((endpoint) => ({
      kind: 'ENDPOINT' as const,
      value: endpointKey(endpoint),
    })),
    { kind: 'NAME', value: nameKey(data.legalName) },
  ];
  return [...new Map(keys.map((key) => [`${key.kind}:${key.value}`, key])).values()];
}

async function takeOrder(
  tx: Transaction,
  event: DomainEvent<string, PurchaseOrderSnapshot>,
  using: Working,
): Promise<void> {
  const { data } = event;
  await putOrders(tx, [
    {
      id: data.purchaseOrderId,
      number: data.number,
      erpNumber: data.erpNumber,
      requisitionId: data.requisitionId,
      companyCode: data.companyCode,
      costCentreId: data.costCentreId,
      category: data.category,
      requesterId: data.requesterId,
      supplierId: data.supplierId,
      currency: data.total.currency,
      status: event.document.status,
      correlationId: event.correlationId,
      version: event.sequence,
      lines: data.lines.map((line) => ({
        id: line.purchaseOrderLineId,
        lineNumber: line.lineNumber,
        description: line.description,
        quantity: line.quantity,
        unitCode: line.unitCode,
        unitPrice: line.unitPrice,
        priceQuantity: line.priceQuantity,
        netAmountMinor: moneyOf(line.netAmount.amount, line.netAmount.currency).amountMinor,
      })),
    },
  ]);
  await matchWaiting(tx, data.purchaseOrderId, using);
}

async function takeReceipt(
  tx: Transaction,
  { data }: DomainEvent<string, GoodsReceiptSnapshot>,
  using: Working,
): Promise<void> {
  await putReceipts(tx, [data]);
  await matchWaiting(tx, data.purchaseOrderId, using);
}

async function takeConfirmation(
  tx: Transaction,
  { data }: DomainEvent<string, ErpConfirmation>,
  using: Working,
): Promise<void> {
  if (data.documentType !== 'INVOICE') return;
  const now = using.clock.now();
  await changeLocked(tx, data.documentId, using, async (dossier) => {
    const result =
      data.action === 'CANCELLED'
        ? cancel(dossier, `Cancelled in ${data.erp}.`, now)
        : confirmPosting(dossier, data.erpNumber, now);
    return isRepeated(dossier, data.action) || !result.ok ? null : result.value;
  });
}

/** The ERP may confirm more than once, and late; a second word changes nothing. */
function isRepeated({ invoice }: Dossier, action: ErpConfirmation['action']): boolean {
  return action === 'CHANGED' || (action === 'CANCELLED' && invoice.status === 'CANCELLED');
}

async function takeRefusal(
  tx: Transaction,
  { data }: DomainEvent<string, ErpRefusal>,
  using: Working,
): Promise<void> {
  if (data.documentType !== 'INVOICE' || data.action !== 'CREATE') return;
  const { code, message, exceptionId } = data;
  await changeLocked(tx, data.documentId, using, async (dossier) => {
    const result = refusePosting(dossier, { code, message, exceptionId }, using.clock.now());
    return result.ok ? result.value : null;
  });
}
