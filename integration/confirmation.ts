import { appendEvents } from '#kernel/outbox.ts';
import { deliveryAfter } from './delivery.ts';
import { noted, standing } from './erp-document.ts';
import { causeOf } from './fact.ts';
import { nextEventSequence, saveErpDocument } from './store/erp-document.ts';
import { dependentsOf, latestDelivery, lockUnsettled, updateDelivery } from './store/delivery.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Transaction } from '#kernel/database.ts';
import type { Delivery, DeliveryAction } from './delivery.ts';
import type { ErpDocumentState } from './erp-document.ts';
import type { ErpConfirmation } from './events.ts';
import type { ExceptionDesk } from './exception-desk.ts';
import type { IntegrationEventFactory } from './fact.ts';
import type { Jobs } from './jobs.ts';
import type { KnownDocument } from './store/erp-document.ts';

/** What a state of the document at the ERP means for one delivery of it. */
export interface Settlement {
  readonly delivery: Delivery;
  readonly event: 'confirm' | 'supersede';
}

/**
 * Which deliveries the ERP's state settles. A creation is confirmed by any confirmed state; a change only by one that
 * is not older than the ERP's answer to it; a cancelled document settles its cancellation and makes the rest pointless,
 * except a creation that found two: the other one is looked for when it is retried.
 */
export function settlementsBy(
  seen: ErpDocumentState,
  unsettled: readonly Delivery[],
): Settlement[] {
  return unsettled.flatMap((delivery): Settlement[] => {
    if (seen.status === 'IN_PROCESS') return [];
    const isCancellation = delivery.action === 'CANCEL';
    const isCreation = delivery.action === 'CREATE';
    if (seen.status === 'CANCELLED') {
      if (isCreation && delivery.lastCode === 'DUPLICATE_AT_ERP') return [];
      return [{ delivery, event: isCancellation ? 'confirm' : 'supersede' }];
    }
    if (isCancellation) return [];
    const isAnswered =
      delivery.erpNumber === seen.erpNumber &&
      delivery.erpVersion !== null &&
      delivery.erpVersion <= seen.erpVersion;
    return isCreation || isAnswered ? [{ delivery, event: 'confirm' }] : [];
  });
}

export interface ConfirmationDesk {
  /**
   * Takes over a state of a document that is locked; returns false when it says nothing new of ours. Deliveries that it
   * settles, their exceptions and events, and the deliveries that waited for it all go in the caller's transaction.
   */
  apply(tx: Transaction, known: KnownDocument, told: Told): Promise<boolean>;
  /** Gives up deliveries that a newer wish or a person has made pointless. */
  supersede(
    tx: Transaction,
    delivery: Delivery,
    reason: string,
    causationId: string,
  ): Promise<void>;
}

/** What an ERP says of a document under our reference. */
export interface Told {
  readonly document: ErpDocumentState;
  /** Which of several should stand for ours: the one that was known, or the one that an errand found. */
  readonly preferredNumber: string | null;
  readonly causationId: string;
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
    apply: (tx, known, told) => apply(options, tx, known, told),
  };
}

interface Report {
  readonly known: KnownDocument;
  /** The document that stands for ours now. */
  readonly ours: ErpDocumentState;
  readonly causationId: string;
}

async function apply(
  options: DeskOptions,
  tx: Transaction,
  known: KnownDocument,
  { document, preferredNumber, causationId }: Told,
): Promise<boolean> {
  const documents = noted(known.documents, document);
  const ours = standing(documents, preferredNumber) ?? document;
  const isOther = ours.erpNumber !== known.erpNumber;
  const isNews = isOther || ours.erpVersion > known.erpVersion;
  if (isNews || documents !== known.documents)
    await saveErpDocument(tx, known, { ours, documents }, options.clock.now());
  const report = { known, ours, causationId };
  const unsettled = await lockUnsettled(tx, known.documentType, known.documentId);
  const settlements = settlementsBy(ours, unsettled);
  for (const { delivery, event } of settlements) {
    const reason = `the document is cancelled at ${known.erp}`;
    if (event === 'confirm') await confirm(options, tx, delivery, report);
    else await supersede(options, tx, { delivery, reason, causationId });
  }
  const isCancelled = ours.status === 'CANCELLED' && unsettled.length === settlements.length;
  if (isNews && (isCancelled || isOther)) await noticeForeignCancellation(options, tx, report);
  if (known.documentType === 'PURCHASE_ORDER' && ours.status !== 'IN_PROCESS') {
    const waiting = await dependentsOf(tx, known.erp, known.documentId);
    await options.jobs.wake(tx, known.erp, waiting);
  }
  return isNews;
}

async function confirm(
  options: DeskOptions,
  tx: Transaction,
  delivery: Delivery,
  { known, ours, causationId }: Report,
): Promise<void> {
  const { erpNumber } = ours;
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

/**
 * Somebody cancelled at the ERP what nobody cancelled here: the two have drifted apart, and a person must know. So it is
 * when another document took the place of one that we had told others of.
 */
async function noticeForeignCancellation(
  options: DeskOptions,
  tx: Transaction,
  { known, ours, causationId }: Report,
): Promise<void> {
  const latest = await latestDelivery(tx, known.documentType, known.documentId);
  if (latest === null || latest.action === 'CANCEL') return;
  const isReplaced = ours.status !== 'CANCELLED';
  if (isReplaced && (known.erpNumber === null || latest.erpNumber !== known.erpNumber)) return;
  const number = isReplaced ? known.erpNumber : ours.erpNumber;
  const instead = isReplaced ? `, and has ${ours.erpNumber} in its place` : '';
  const trouble = {
    ...troubleBase(latest),
    subject: `erp-cancelled:${latest.documentId}`,
    code: 'CANCELLED_AT_ERP',
    detail: `${known.erp} reports ${number} as cancelled${instead}.`,
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
