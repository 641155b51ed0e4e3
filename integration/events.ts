import type { DomainEvent } from '#kernel/event.ts';
import type { WireMoney } from '#kernel/money.ts';

export type ErpDocumentType = 'PURCHASE_ORDER' | 'GOODS_RECEIPT' | 'INVOICE';

/** The outside system's word on one of our documents. */
export interface ErpConfirmation {
  readonly erp: string;
  readonly documentType: ErpDocumentType;
  readonly documentId: string;
  /** What was confirmed: creation, a change to `documentVersion`, or the cancellation. */
  readonly action: 'CREATED' | 'CHANGED' | 'CANCELLED';
  readonly documentVersion: number;
  readonly erpNumber: string;
}

/** The outside system refused for a business reason; an exception is open for it. */
export interface ErpRefusal {
  readonly erp: string;
  readonly documentType: ErpDocumentType;
  readonly documentId: string;
  readonly action: 'CREATE' | 'CHANGE' | 'CANCEL';
  readonly code: string;
  readonly message: string;
  readonly exceptionId: string;
}

export interface ErpPayment {
  readonly erp: string;
  readonly invoiceId: string;
  readonly paymentNumber: string;
  readonly amount: WireMoney;
  readonly status: 'SCHEDULED' | 'PAID' | 'RETURNED';
  readonly valueOn: string | null;
  /** Counts up per payment; an older one than known is ignored. */
  readonly erpSequence: number;
}

export interface ExceptionSnapshot {
  readonly exceptionId: string;
  readonly kind: 'BUSINESS' | 'TECHNICAL';
  readonly code: string;
  readonly message: string;
  readonly documentType: string;
  readonly documentId: string;
  readonly assigneeId: string | null;
}

/** A room could not take an event and set it aside; later events of the same document wait behind it. */
export interface ParkedEvent {
  /** The consumer's name, such as `invoices`. */
  readonly consumer: string;
  readonly eventId: string;
  readonly eventType: string;
  readonly error: string;
  readonly documentId: string;
}

/** Finance operations asks a room to take a parked event again (`Consumer.retryParked`). */
export interface ParkedRetry {
  readonly consumer: string;
  readonly documentId: string;
  readonly exceptionId: string;
}

/** Nothing of the document is parked at the consumer any more. */
export interface ParkedTaken {
  readonly consumer: string;
  readonly documentId: string;
}

/**
 * Document type is the document concerned, or `IntegrationException` for exceptions. `event-parked` is written by
 * the room whose consumer parked (document: the one of the parked event); `retry-requested` answers it, and
 * `parked-taken` is the room's word that the retry went through.
 */
export type IntegrationEvent =
  | DomainEvent<'concord.erp.document-confirmed.v1', ErpConfirmation>
  | DomainEvent<'concord.erp.document-refused.v1', ErpRefusal>
  | DomainEvent<'concord.erp.payment-reported.v1', ErpPayment>
  | DomainEvent<'concord.exception.raised.v1', ExceptionSnapshot>
  | DomainEvent<'concord.exception.assigned.v1', ExceptionSnapshot>
  | DomainEvent<'concord.exception.resolved.v1', ExceptionSnapshot>
  | DomainEvent<'concord.consumer.event-parked.v1', ParkedEvent>
  | DomainEvent<'concord.consumer.retry-requested.v1', ParkedRetry>
  | DomainEvent<'concord.consumer.parked-taken.v1', ParkedTaken>;
