import { appendEvents } from '#kernel/outbox.ts';
import { deliveryAfter } from './delivery.ts';
import { causeOf } from './fact.ts';
import { advanceErpDocument, nextEventSequence } from './store/erp-document.ts';
import { dependentsOf, latestDelivery, lockUnsettled, updateDelivery } from './store/delivery.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Transaction } from '#kernel/database.ts';
import type { ErpDocument } from './connector.ts';
import type { Delivery, DeliveryAction } from './delivery.ts';
import type { ErpConfirmation } from './events.ts';
import type { ExceptionDesk } from './exception-desk.ts';
import type { IntegrationEventFactory } from './fact.ts';
import type { Jobs } from './jobs.ts';
import type { KnownDocument } from './store/erp-document.ts';

type Seen = Pick<ErpDocument, 'erpNumber' | 'status' | 'erpVersion'>;

/** What a state of the document at the ERP means for one delivery of it. */
export interface Settlement {
  readonly delivery: Delivery;
  readonly event: 'confirm' | 'supersede';
}

/**
 * Whether what an ERP tells is about the document that stands for ours. It may hold others under the same reference,
 * entered twice: what becomes of those says nothing of ours, and a cancellation names ours only once we know its number.
 */
export function isAboutOurs(
  known: Pick<KnownDocument, 'erpNumber'>,
  told: Pick<ErpDocument, 'erpNumber' | 'status'>,
): boolean {
  return known.erpNumber === null
    ? told.status !== 'CANCELLED'
    : known.erpNumber === told.erpNumber;
}

/**
 * Which deliveries the ERP's state settles. A creation is confirmed by any confirmed state; a change only by one that
 * is not older than the ERP's answer to it; a cancelled document settles its cancellation and makes the rest pointless,
 * except a creation that has no answer yet: it looks itself for what stands under its reference.
 */
export function settlementsBy(
  seen: Pick<ErpDocument, 'status' | 'erpVersion'>,
  unsettled: readonly Delivery[],
): Settlement[] {
  return unsettled.flatMap((delivery): Settlement[] => {
    if (seen.status === 'IN_PROCESS') return [];
    const isCancellation = delivery.action === 'CANCEL';
    const isCreation = delivery.action === 'CREATE';
    if (seen.status === 'CANCELLED') {
      if (isCreation && delivery.erpVersion === null) return [];
      return [{ delivery, event: isCancellation ? 'confirm' : 'supersede' }];
    }
    if (isCancellation) return [];
    const isAnswered = delivery.erpVersion !== null && delivery.erpVersion <= seen.erpVersion;
    return isCreation || isAnswered ? [{ delivery, event: 'confirm' }] : [];
  });
}

export interface ConfirmationDesk {
  /**
   * Takes over a state of a document that is locked; returns false when a newer one is known. Deliveries that it
   * settles, their exceptions and events, and the deliveries that waited for it all go in the caller's transaction.
   */
  apply(tx: Transaction, known: KnownDocument, seen: Seen, causationId: string): Promise<boolean>;
  /** Gives up deliveries that a newer wish or a person has made pointless. */
  supersede(
    tx: Transaction,
    delivery: Delivery,
    reason: string,
    causationId: string,
  ): Promise<void>;
}

interface DeskOptions {
  readonly event: IntegrationEventFactory;
  readonly exceptions: ExceptionDesk;
  readonly jobs: Jobs;
  readonly clock: Clock;
}

export function createConfirmationDesk(options: DeskOptions): ConfirmationDesk {
  return {
    supersede: (tx, delivery, reason, causationId) =>
      supersede(options, tx, { delivery, reason, causationId }),
    apply: (tx, known, seen, causationId) => apply(options, tx, { known, seen, causationId }),
  };
}

interface Report {
  readonly known: KnownDocument;
  readonly seen: Seen;
  readonly causationId: string;
}

async function apply(options: DeskOptions, tx: Transaction, report: Report): Promise<boolean> {
  const { known, seen, causationId } = report;
  const isNewer = await advanceErpDocument(tx, known, seen, options.clock.now());
  if (!isNewer && seen.erpVersion < known.erpVersion) return false;
  const unsettled = await lockUnsettled(tx, known.documentType, known.documentId);
  const settlements = settlementsBy(seen, unsettled);
  for (const { delivery, event } of settlements) {
    const reason = `the document is cancelled at ${known.erp}`;
    if (event === 'confirm') await confirm(options, tx, delivery, report);
    else await supersede(options, tx, { delivery, reason, causationId });
  }
  // Told when it is news, or when it only now is known to be of ours.
  const isNotice = isNewer ? unsettled.length === settlements.length : settlements.length > 0;
  if (isNotice && seen.status === 'CANCELLED') await noticeForeignCancellation(options, tx, report);
  if (known.documentType === 'PURCHASE_ORDER' && seen.status !== 'IN_PROCESS') {
    const waiting = await dependentsOf(tx, known.erp, known.documentId);
    await options.jobs.wake(tx, known.erp, waiting);
  }
  return isNewer;
}

async function confirm(
  options: DeskOptions,
  tx: Transaction,
  delivery: Delivery,
  { known, seen, causationId }: Report,
): Promise<void> {
  const { erpNumber } = seen;
  const status = deliveryAfter(delivery.status, 'confirm');
  const change = { status, erpNumber, nextAttemptAt: null, lastCode: null, lastError: null };
  await updateDelivery(tx, delivery, change, options.clock.now());
  const sequence = await nextEventSequence(tx, known);
  const cause = causeOf(delivery, causationId);
  const data = confirmationOf(delivery, erpNumber);
  await appendEvents(tx, [options.event.confirmed(cause, delivery, sequence, data)]);
  const reason = `${delivery.erp} confirmed it as ${erpNumber}`;
  await endTrouble(options, tx, { delivery, reason, causationId });
}

interface End {
  readonly delivery: Delivery;
  readonly reason: string;
  readonly causationId: string;
}

async function supersede(options: DeskOptions, tx: Transaction, end: End): Promise<void> {
  const { delivery, reason } = end;
  const status = deliveryAfter(delivery.status, 'supersede');
  await updateDelivery(tx, delivery, { status, lastError: reason }, options.clock.now());
  await endTrouble(options, tx, end);
}

async function endTrouble(options: DeskOptions, tx: Transaction, end: End): Promise<void> {
  const { delivery, reason, causationId } = end;
  // A dead job would hold back later jobs of the document; a live one finds the new state by itself.
  if (isDead(delivery)) await options.jobs.forget(tx, delivery.erp, delivery.id);
  await options.exceptions.settle(
    tx,
    subjectOf(delivery.id),
    reason,
    causeOf(delivery, causationId),
  );
}

/** Somebody cancelled at the ERP what nobody cancelled here: the two have drifted apart, and a person must know. */
async function noticeForeignCancellation(
  options: DeskOptions,
  tx: Transaction,
  { known, causationId }: Report,
): Promise<void> {
  const latest = await latestDelivery(tx, known.documentType, known.documentId);
  if (latest === null || latest.action === 'CANCEL') return;
  const trouble = {
    ...troubleBase(latest),
    subject: `erp-cancelled:${latest.documentId}`,
    code: 'CANCELLED_AT_ERP',
    detail: `${known.erp} reports ${known.erpNumber ?? latest.documentNumber} as cancelled.`,
    deliveryId: null,
  };
  await options.exceptions.raise(tx, trouble, causeOf(latest, causationId));
}

/** The exception subject of a delivery. */
export function subjectOf(deliveryId: string): string {
  return `delivery:${deliveryId}`;
}

/** What every exception about a delivery says of it. */
export function troubleBase(delivery: Delivery) {
  return {
    documentType: delivery.documentType,
    documentId: delivery.documentId,
    documentNumber: delivery.documentNumber,
    deliveryId: delivery.id,
    erp: delivery.erp,
    correlationId: delivery.correlationId,
    audience: delivery.audience,
  };
}

export function isDead(delivery: Pick<Delivery, 'status'>): boolean {
  return delivery.status === 'FAILED_BUSINESS' || delivery.status === 'FAILED_TECHNICAL';
}

const PAST: Readonly<Record<DeliveryAction, ErpConfirmation['action']>> = {
  CREATE: 'CREATED',
  CHANGE: 'CHANGED',
  CANCEL: 'CANCELLED',
};

/** The confirmation as other rooms hear it. */
export function confirmationOf(delivery: Delivery, erpNumber: string): ErpConfirmation {
  return {
    erp: delivery.erp,
    documentType: delivery.documentType,
    documentId: delivery.documentId,
    action: PAST[delivery.action],
    documentVersion: delivery.documentVersion,
    erpNumber,
  };
}
