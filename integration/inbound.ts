import { appendEvents } from '#kernel/outbox.ts';
import { isRecord } from '#kernel/json.ts';
import { causeOf } from './fact.ts';
import { latestDelivery } from './store/delivery.ts';
import { lockErpDocument, nextEventSequence } from './store/erp-document.ts';
import { advancePayment, lockQuarantined, noteOutcome, takeMessage } from './store/erp-message.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Transaction } from '#kernel/database.ts';
import type { Log } from '#kernel/log.ts';
import type { ErpChange, ErpPaymentState } from './connector.ts';
import type { ConfirmationDesk } from './confirmation.ts';
import type { ExceptionDesk } from './exception-desk.ts';
import type { IntegrationEventFactory } from './fact.ts';
import type { KnownDocument } from './store/erp-document.ts';
import type { ErpMessage, MessageOutcome } from './store/erp-message.ts';

/** The one way in for what an ERP tells us, by webhook or by poll: so duplicates of either vanish. */
export interface Inbound {
  /** Stores and applies the message in the caller's transaction; null when it was taken before. */
  take(tx: Transaction, raw: RawMessage): Promise<MessageOutcome | null>;
  /** Applies what was kept because it could not be read; returns how many are still unreadable. */
  replayQuarantined(tx: Transaction, erp: string, eventType: string): Promise<number>;
}

export interface RawMessage {
  readonly erp: string;
  /** The sender's id of the message: its header, or the body's own where there is no header. */
  readonly messageId: string;
  readonly body: unknown;
  readonly receivedBy: ErpMessage['receivedBy'];
}

export interface InboundOptions {
  readonly readers: ReadonlyMap<string, { readChange(message: unknown): ErpChange | null }>;
  readonly confirmations: ConfirmationDesk;
  readonly exceptions: ExceptionDesk;
  readonly event: IntegrationEventFactory;
  readonly clock: Clock;
  readonly log: Log;
}

export function createInbound(options: InboundOptions): Inbound {
  return {
    take: async (tx, raw) => {
      const change = options.readers.get(raw.erp)?.readChange(raw.body) ?? null;
      const message = messageOf(raw, change);
      if (!(await takeMessage(tx, message, options.clock.now()))) return null;
      const outcome =
        change === null
          ? await quarantine(options, tx, message)
          : await applyChange(options, tx, raw.erp, change);
      await noteOutcome(tx, raw.erp, message.eventId, outcome);
      options.log.info({
        event: 'webhook.applied',
        erp: raw.erp,
        eventType: message.eventType,
        outcome,
      });
      return outcome;
    },
    replayQuarantined: async (tx, erp, eventType) => {
      let unreadable = 0;
      for (const kept of await lockQuarantined(tx, erp, eventType)) {
        const change = options.readers.get(erp)?.readChange(kept.body) ?? null;
        if (change === null) unreadable += 1;
        else await noteOutcome(tx, erp, kept.eventId, await applyChange(options, tx, erp, change));
      }
      return unreadable;
    },
  };
}

function messageOf(raw: RawMessage, change: ErpChange | null): ErpMessage {
  const { erp: source, body, receivedBy } = raw;
  if (change !== null) {
    const { eventId, sequence, eventType } = change;
    return { source, eventId, sequence, eventType, body, receivedBy };
  }
  const eventType =
    isRecord(body) && typeof body['eventType'] === 'string' ? body['eventType'] : 'unknown';
  const eventId =
    isRecord(body) && typeof body['EventId'] === 'string' ? body['EventId'] : raw.messageId;
  const sequence =
    isRecord(body) && Number.isSafeInteger(body['Sequence'])
      ? BigInt(Number(body['Sequence']))
      : null;
  return { source, eventId, sequence, eventType, body, receivedBy };
}

/** The exception subject of messages that could not be read. */
export function quarantineSubject(erp: string, eventType: string): string {
  return `quarantine:${erp}/${eventType}`;
}

/** Keeps what cannot be read and says so: nothing is guessed, nothing is lost. */
async function quarantine(
  options: InboundOptions,
  tx: Transaction,
  message: ErpMessage,
): Promise<MessageOutcome> {
  const about = { correlationId: message.eventId, traceparent: null };
  await options.exceptions.raise(
    tx,
    {
      subject: quarantineSubject(message.source, message.eventType),
      code: 'CONTRACT_CHANGED',
      detail: `Message ${message.eventId} of type ${message.eventType} does not have the agreed fields.`,
      documentType: 'ErpMessage',
      documentId: message.eventId,
      documentNumber: message.eventType,
      deliveryId: null,
      erp: message.source,
      correlationId: message.eventId,
      audience: { companyCode: '*', costCentreId: null, ownerId: null },
    },
    causeOf(about, message.eventId),
  );
  return 'QUARANTINED';
}

async function applyChange(
  options: InboundOptions,
  tx: Transaction,
  erp: string,
  change: ErpChange,
): Promise<MessageOutcome> {
  const known = await lockErpDocument(tx, erp, change.externalReference);
  if (known === null) return 'FOREIGN';
  const isNews =
    change.kind === 'payment'
      ? await applyPayment(options, tx, {
          known,
          payment: change.payment,
          causationId: change.eventId,
        })
      : await options.confirmations.apply(tx, known, {
          document: change.document,
          preferredNumber: known.erpNumber,
          causationId: change.eventId,
        });
  return isNews ? 'APPLIED' : 'STALE';
}

async function applyPayment(
  options: InboundOptions,
  tx: Transaction,
  report: { known: KnownDocument; payment: ErpPaymentState; causationId: string },
): Promise<boolean> {
  const { known, payment } = report;
  const { erp, documentId: invoiceId } = known;
  const delivery = await latestDelivery(tx, known.documentType, invoiceId);
  if (delivery === null || !(await advancePayment(tx, { erp, invoiceId, ...payment })))
    return false;
  const sequence = await nextEventSequence(tx, known);
  const data = {
    erp,
    invoiceId,
    paymentNumber: payment.paymentNumber,
    amount: payment.amount,
    status: payment.status,
    valueOn: payment.valueOn,
    erpSequence: Number(payment.erpVersion),
  };
  await appendEvents(tx, [
    options.event.payment(causeOf(delivery, report.causationId), delivery, sequence, data),
  ]);
  return true;
}
