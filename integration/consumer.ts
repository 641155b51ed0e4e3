import { newId } from '#kernel/id.ts';
import { appendEvents } from '#kernel/outbox.ts';
import { deliveryAfter } from './delivery.ts';
import { confirmationOf, isDead, subjectOf } from './confirmation.ts';
import { retried } from './integration-exception.ts';
import { ROUTES, externalReference, orderOf } from './routes.ts';
import {
  creationOf,
  insertDelivery,
  lockUnsettled,
  replacePayload,
  updateDelivery,
} from './store/delivery.ts';
import {
  ensureErpDocument,
  hasErpDocument,
  nextEventSequence,
  saveOrderLines,
  saveSupplierNumber,
} from './store/erp-document.ts';
import { lockExceptionOf } from './store/exception.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Transaction } from '#kernel/database.ts';
import type { DomainEvent } from '#kernel/event.ts';
import type { EventHandlers } from '#kernel/inbox.ts';
import type { ConfirmationDesk } from './confirmation.ts';
import type { Delivery } from './delivery.ts';
import type { ExceptionDesk } from './exception-desk.ts';
import type { IntegrationEventFactory } from './fact.ts';
import type { Jobs } from './jobs.ts';
import type { Route } from './routes.ts';
import type { PurchaseOrderSnapshot } from '../subgraphs/purchase-orders/events.ts';
import type { SupplierSnapshot } from '../subgraphs/suppliers/events.ts';

export interface DeliveryConsumerOptions {
  /** The name of a company's ERP, if one is configured. */
  readonly erpOf: (companyCode: string) => string | undefined;
  readonly jobs: Jobs;
  readonly confirmations: ConfirmationDesk;
  readonly exceptions: ExceptionDesk;
  readonly event: IntegrationEventFactory;
  readonly clock: Clock;
}

/** Turns facts of the house into deliveries; the job is made in the transaction that takes the event. */
export function deliveryHandlers(options: DeliveryConsumerOptions): EventHandlers {
  const routed = Object.entries(ROUTES).map(
    ([type, route]) =>
      [
        type,
        (tx: Transaction, event: DomainEvent) => takeRouted(options, tx, { event, route }),
      ] as const,
  );
  return {
    ...Object.fromEntries(routed),
    ...Object.fromEntries(SUPPLIER_FACTS.map((type) => [type, takeSupplier])),
  };
}

const SUPPLIER_FACTS = [
  'concord.supplier.created.v1',
  'concord.supplier.activated.v1',
  'concord.supplier.changed.v1',
] as const;

async function takeSupplier(tx: Transaction, event: DomainEvent): Promise<void> {
  const { supplierId, number } = event.data as SupplierSnapshot;
  await saveSupplierNumber(tx, { supplierId, number, sequence: event.sequence });
}

interface Wish {
  readonly event: DomainEvent;
  readonly route: Route;
}

async function takeRouted(
  options: DeliveryConsumerOptions,
  tx: Transaction,
  wish: Wish,
): Promise<void> {
  const { event, route } = wish;
  const erp = options.erpOf(event.audience.companyCode);
  if (erp === undefined) {
    throw new Error(
      `No ERP is configured for company ${event.audience.companyCode}. Add it to an ERP's companies, restart, and retry.`,
    );
  }
  if (route.documentType === 'PURCHASE_ORDER') {
    const order = event.data as PurchaseOrderSnapshot;
    await saveOrderLines(tx, order.purchaseOrderId, order.lines);
  }
  const wanted = newDelivery(options.clock, wish, erp);
  await TAKERS[route.action](options, tx, { wanted, event });
}

interface Wanted {
  readonly wanted: Omit<Delivery, 'position'>;
  readonly event: DomainEvent;
}

type Taker = (options: DeliveryConsumerOptions, tx: Transaction, wish: Wanted) => Promise<void>;

const TAKERS: Readonly<Record<Route['action'], Taker>> = {
  CREATE: takeCreation,
  CHANGE: async (options, tx, wish) => {
    await supersedeDead(options, tx, { ...wish, actions: ['CHANGE'] });
    await enqueue(options, tx, wish);
  },
  CANCEL: async (options, tx, wish) => {
    // What never was to be sent need not be cancelled: an invoice that was not posted, for one.
    if (!(await hasErpDocument(tx, wish.wanted))) return;
    await supersedeDead(options, tx, { ...wish, actions: ['CREATE', 'CHANGE'] });
    await enqueue(options, tx, wish);
  },
};

/** A creation is wished for once; a later wish renews one that failed, and is answered at once when it is through. */
async function takeCreation(
  options: DeliveryConsumerOptions,
  tx: Transaction,
  wish: Wanted,
): Promise<void> {
  const { wanted, event } = wish;
  const { clock } = options;
  await ensureErpDocument(tx, wanted, clock.now());
  const existing = await creationOf(tx, wanted.documentType, wanted.documentId);
  if (existing === null) return enqueue(options, tx, wish);
  if (existing.status === 'CONFIRMED' && existing.erpNumber !== null) {
    const sequence = await nextEventSequence(tx, wanted);
    const data = confirmationOf(
      { ...existing, documentVersion: wanted.documentVersion },
      existing.erpNumber,
    );
    await appendEvents(tx, [options.event.confirmed(causeFrom(event), existing, sequence, data)]);
    return;
  }
  const { payload, documentVersion, actorId } = wanted;
  await replacePayload(tx, { id: existing.id, payload, documentVersion, actorId });
  if (isDead(existing))
    await requeue(options, tx, { ...existing, payload, documentVersion, actorId }, event);
}

async function requeue(
  options: DeliveryConsumerOptions,
  tx: Transaction,
  delivery: Delivery,
  event: DomainEvent,
): Promise<void> {
  const now = options.clock.now();
  await updateDelivery(
    tx,
    delivery,
    { status: deliveryAfter(delivery.status, 'requeue'), attempts: 0 },
    now,
  );
  if (!(await options.jobs.revive(tx, delivery.erp, delivery.id)))
    throw new Error(
      `The job of delivery ${delivery.id} is still being put aside; this is tried again.`,
    );
  const exception = await lockExceptionOf(tx, subjectOf(delivery.id));
  const retry = exception === null ? null : retried(exception, now);
  if (retry?.ok !== true) return;
  await options.exceptions.record(
    tx,
    retry.value,
    { event: 'retry', detail: `Wished for again by ${event.type}.` },
    causeFrom(event),
  );
}

async function supersedeDead(
  options: DeliveryConsumerOptions,
  tx: Transaction,
  wish: Wanted & { readonly actions: readonly Delivery['action'][] },
): Promise<void> {
  const { wanted, event } = wish;
  for (const delivery of await lockUnsettled(tx, wanted.documentType, wanted.documentId)) {
    if (!isDead(delivery) || !wish.actions.includes(delivery.action)) continue;
    await options.confirmations.supersede(
      tx,
      delivery,
      `replaced by ${event.type}, version ${event.sequence}`,
      event.id,
    );
  }
}

async function enqueue(
  options: DeliveryConsumerOptions,
  tx: Transaction,
  { wanted, event }: Wanted,
): Promise<void> {
  await insertDelivery(tx, wanted, event.id);
  await options.jobs.enqueue(tx, {
    erp: wanted.erp,
    deliveryId: wanted.id,
    documentId: wanted.documentId,
  });
}

function newDelivery(
  clock: Clock,
  { event, route }: Wish,
  erp: string,
): Omit<Delivery, 'position'> {
  const now = clock.now();
  return {
    id: newId(clock),
    erp,
    documentType: route.documentType,
    documentId: event.document.id,
    documentNumber: event.document.number,
    action: route.action,
    documentVersion: event.sequence,
    externalReference: externalReference(route.documentType, event.document.id),
    dependsOnOrderId: orderOf(route.documentType, event),
    correlationId: event.correlationId,
    traceparent: event.traceparent,
    actorId: event.actorId,
    audience: event.audience,
    payload: event.data,
    status: 'PENDING',
    version: 1,
    attempts: 0,
    erpNumber: null,
    erpVersion: null,
    lastCode: null,
    lastError: null,
    lastSentAt: null,
    waitingSince: null,
    nextAttemptAt: null,
    createdAt: now,
    updatedAt: now,
  };
}

/** The cause of what follows from an event. */
export function causeFrom(event: DomainEvent) {
  const { correlationId, traceparent, actorId, id: causationId } = event;
  return { correlationId, traceparent, actorId, causationId };
}
