import { dateOf } from '#kernel/clock.ts';
import { absolute, moneyOf } from '#kernel/money.ts';
import { adjustFunds, convertFunds, releaseFunds, reserveAnew } from './funds-command.ts';
import { liquidateFunds, reverseFunds } from './liquidate-funds.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Transaction } from '#kernel/database.ts';
import type { DomainEvent } from '#kernel/event.ts';
import type { EventHandler, EventHandlers } from '#kernel/inbox.ts';
import type { WireMoney } from '#kernel/money.ts';
import type { Problem, Result } from '#kernel/problem.ts';
import type { InvoiceEvent, InvoiceSnapshot } from '../invoices/events.ts';
import type {
  PurchaseOrderSnapshot,
  PurchaseOrdersEvent,
  RequisitionSnapshot,
} from '../purchase-orders/events.ts';
import type { FundsChange } from './funds-change.ts';

/** Under this name the consumer keeps its place and what it has taken. */
export const CONSUMER_NAME = 'budgets';

/** What other rooms' facts do to the funds. Each takes effect once per event (inbox) and once per document. */
export function createHandlers(clock: Clock): EventHandlers {
  const handlers: Partial<Record<(PurchaseOrdersEvent | InvoiceEvent)['type'], EventHandler>> = {
    'concord.requisition.rejected.v1': handle<RequisitionSnapshot>(clock, releaseRequisition),
    'concord.requisition.returned.v1': handle<RequisitionSnapshot>(clock, releaseRequisition),
    'concord.requisition.withdrawn.v1': handle<RequisitionSnapshot>(clock, releaseRequisition),
    'concord.requisition.cancelled.v1': handle<RequisitionSnapshot>(clock, releaseRequisition),
    'concord.purchase-order.created.v1': handle<PurchaseOrderSnapshot>(clock, encumberOrder),
    'concord.purchase-order.changed.v1': handle<PurchaseOrderSnapshot>(clock, adjustOrder),
    'concord.purchase-order.cancelled.v1': handle<PurchaseOrderSnapshot>(clock, releaseOrder),
    'concord.purchase-order.closed.v1': handle<PurchaseOrderSnapshot>(clock, releaseOrder),
    'concord.invoice.posted.v1': handle<InvoiceSnapshot>(clock, postInvoice),
    'concord.invoice.cancelled.v1': handle<InvoiceSnapshot>(clock, reverseInvoice),
  };
  return handlers;
}

type Work<Data> = (change: FundsChange, data: Data, event: DomainEvent) => Promise<void>;

/** The event's payload is what its room's `events.ts` says; the bus carries it as JSON. */
function handle<Data>(clock: Clock, work: Work<Data>): EventHandler {
  return (tx, event) => work(changeOf(tx, event, clock), event.data as Data, event);
}

function changeOf(tx: Transaction, event: DomainEvent, clock: Clock): FundsChange {
  const { correlationId, traceparent, actorId } = event;
  return {
    tx,
    clock,
    cause: { correlationId, causationId: event.id, traceparent, actorId },
    mode: 'FACT',
    on: dateOf(event.occurredAt),
  };
}

/** A document that reserved nothing (its line may not exist) leaves nothing to change. */
const NOTHING_RESERVED = 'NOT_FOUND';
/** It was done before, or what came later made it pointless. */
const DONE_ALREADY = 'ILLEGAL_TRANSITION';

/** A fact cannot be refused; what keeps it from being recorded is set aside for people, with the reason. */
function expectDone(result: Result<unknown>, ...harmless: readonly Problem['code'][]): void {
  if (!result.ok && !harmless.includes(result.problem.code))
    throw new Error(`${result.problem.code}: ${result.problem.message}`);
}

async function releaseRequisition(
  change: FundsChange,
  { requisitionId }: RequisitionSnapshot,
  event: DomainEvent,
): Promise<void> {
  const document = {
    documentType: 'REQUISITION',
    documentId: requisitionId,
    reservedUpTo: event.occurredAt,
  } as const;
  expectDone(await releaseFunds(change, document), NOTHING_RESERVED, DONE_ALREADY);
}

/** The requisition's claim becomes the order's; an order without one claims what it costs. */
async function encumberOrder(change: FundsChange, order: PurchaseOrderSnapshot): Promise<void> {
  const { purchaseOrderId, requisitionId, number } = order;
  const total = amountOf(order.total);
  const converted = await convertFunds(change, {
    requisitionId,
    purchaseOrderId,
    purchaseOrderNumber: number,
    total,
  });
  const isWithoutClaim =
    !converted.ok &&
    (converted.problem.code === NOTHING_RESERVED || converted.problem.code === DONE_ALREADY);
  if (!isWithoutClaim) return expectDone(converted);
  const reserved = await reserveAnew(change, {
    documentType: 'PURCHASE_ORDER',
    documentId: purchaseOrderId,
    documentNumber: number,
    correlationId: change.cause.correlationId,
    costCentreId: order.costCentreId,
    category: order.category,
    amount: total,
    on: change.on,
  });
  expectDone(reserved, NOTHING_RESERVED);
}

async function adjustOrder(change: FundsChange, order: PurchaseOrderSnapshot): Promise<void> {
  const document = { documentType: 'PURCHASE_ORDER', documentId: order.purchaseOrderId } as const;
  expectDone(
    await adjustFunds(change, { ...document, total: amountOf(order.total) }),
    NOTHING_RESERVED,
    DONE_ALREADY,
  );
}

async function releaseOrder(
  change: FundsChange,
  { purchaseOrderId }: PurchaseOrderSnapshot,
): Promise<void> {
  const document = { documentType: 'PURCHASE_ORDER', documentId: purchaseOrderId } as const;
  expectDone(await releaseFunds(change, document), NOTHING_RESERVED, DONE_ALREADY);
}

async function postInvoice(change: FundsChange, invoice: InvoiceSnapshot): Promise<void> {
  const { invoiceId, number, kind, purchaseOrderId } = invoice;
  const amount = absolute(amountOf(invoice.netAmount));
  if (amount.amountMinor === 0n) return;
  if (purchaseOrderId === null) await reserveForInvoice(change, invoice);
  const document =
    purchaseOrderId === null
      ? ({ documentType: 'INVOICE', documentId: invoiceId } as const)
      : ({ documentType: 'PURCHASE_ORDER', documentId: purchaseOrderId } as const);
  const posted = {
    ...document,
    invoiceId,
    invoiceNumber: number,
    kind,
    amount,
    final: purchaseOrderId === null,
  };
  expectDone(await liquidateFunds(change, posted), NOTHING_RESERVED);
}

/** An invoice without an order claims from its cost centre what it then posts, so that it shows in the actuals. */
async function reserveForInvoice(change: FundsChange, invoice: InvoiceSnapshot): Promise<void> {
  if (invoice.costCentreId === null || invoice.kind === 'CREDIT_MEMO') return;
  const request = {
    documentType: 'INVOICE',
    documentId: invoice.invoiceId,
    documentNumber: invoice.number,
    correlationId: change.cause.correlationId,
    costCentreId: invoice.costCentreId,
    category: '*',
    amount: amountOf(invoice.netAmount),
    on: change.on,
  } as const;
  expectDone(await reserveAnew(change, request), NOTHING_RESERVED, DONE_ALREADY);
}

async function reverseInvoice(change: FundsChange, invoice: InvoiceSnapshot): Promise<void> {
  expectDone(
    await reverseFunds(change, { invoiceId: invoice.invoiceId, invoiceNumber: invoice.number }),
  );
}

function amountOf(wire: WireMoney) {
  return moneyOf(wire.amount, wire.currency);
}
