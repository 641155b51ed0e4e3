import type { DomainEvent } from '#kernel/event.ts';
import type { WireMoney } from '#kernel/money.ts';
import type { ParkedNoticeEvent } from '#kernel/parked-notice.ts';

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

/** Document type is the document concerned, or `IntegrationException` for exceptions. */
export type IntegrationEvent =
  | DomainEvent<'concord.erp.document-confirmed.v1', ErpConfirmation>
  | DomainEvent<'concord.erp.document-refused.v1', ErpRefusal>
  | DomainEvent<'concord.erp.payment-reported.v1', ErpPayment>
  | DomainEvent<'concord.exception.raised.v1', ExceptionSnapshot>
  | DomainEvent<'concord.exception.assigned.v1', ExceptionSnapshot>
  | DomainEvent<'concord.exception.resolved.v1', ExceptionSnapshot>
  | ParkedNoticeEvent;
