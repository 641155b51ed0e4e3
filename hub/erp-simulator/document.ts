import type { GoodsReceipt } from './goods-receipt.ts';
import type { Payment } from './payment.ts';
import type { PurchaseOrder } from './purchase-order.ts';
import type { SupplierInvoice } from './supplier-invoice.ts';
import type { Refusal } from './refusal.ts';

/** Every document with its type. Documents are immutable; a change writes the whole new document. */
export type StoredDocument =
  | { readonly type: 'PurchaseOrder'; readonly document: PurchaseOrder }
  | { readonly type: 'SupplierInvoice'; readonly document: SupplierInvoice }
  | { readonly type: 'GoodsReceipt'; readonly document: GoodsReceipt }
  | { readonly type: 'Payment'; readonly document: Payment };

export type DocumentType = StoredDocument['type'];

export const documentTypes = [
  'PurchaseOrder',
  'SupplierInvoice',
  'GoodsReceipt',
  'Payment',
] as const satisfies readonly DocumentType[];

/** Fields that the ERP itself keeps on every document. */
export type DocumentHistory = {
  readonly Version: number;
  readonly CreationDateTime: string;
  readonly LastChangeDateTime: string;
};

export type EventType =
  | 'PurchaseOrder.Created'
  | 'PurchaseOrder.Changed'
  | 'PurchaseOrder.Released'
  | 'PurchaseOrder.Cancelled'
  | 'SupplierInvoice.Posted'
  | 'SupplierInvoice.PaymentReleased'
  | 'SupplierInvoice.Cancelled'
  | 'GoodsReceipt.Posted'
  | 'GoodsReceipt.Cancelled'
  | 'Payment.Scheduled'
  | 'Payment.Cleared'
  | 'Payment.Returned';

/** One entry of the change feed, and at the same time the body of one webhook. */
export type Change = {
  readonly eventType: EventType;
  /** Gapless, increasing by one, never restarted while the state file (or its reset) lives. */
  readonly Sequence: number;
  /** Equals the header `webhook-id`; the same on each delivery of the same change. */
  readonly EventId: string;
  readonly EventDateTime: string;
  /** Random per state file: a new one tells a poller that its watermark means nothing any more. */
  readonly SystemId: string;
  readonly ObjectType: DocumentType;
  readonly ObjectKey: string;
  readonly ExternalReference: string;
  readonly Object: StoredDocument['document'];
};

/** What a decision wants written: documents, announcements about them, and the number ranges it drew from. */
export type Entry = {
  readonly documents: readonly StoredDocument[];
  readonly events: readonly { readonly eventType: EventType; readonly subject: StoredDocument }[];
  readonly counters: Readonly<Record<string, number>>;
};

export type Decision =
  | { readonly kind: 'refused'; readonly refusals: readonly Refusal[] }
  | { readonly kind: 'decided'; readonly entry: Entry };

/** What decisions must know besides the books. */
export type Facts = {
  readonly at: Date;
  /** `YYYYMM` for all company codes or `DE01/YYYYMM` for one. */
  readonly closedPeriods: readonly string[];
  readonly blockedSuppliers: readonly string[];
};

export function refused(...refusals: readonly Refusal[]): Decision {
  return { kind: 'refused', refusals };
}

/** The usual decision: one document, one announcement about it. */
export function decided(
  subject: StoredDocument,
  eventType: EventType,
  counters: Readonly<Record<string, number>> = {},
): Decision {
  const entry = { documents: [subject], events: [{ eventType, subject }], counters };
  return { kind: 'decided', entry };
}

/** The key under which a document is addressed; invoice numbers repeat per fiscal year, so theirs has two parts. */
export function documentKey(stored: StoredDocument): string {
  switch (stored.type) {
    case 'PurchaseOrder':
      return stored.document.PurchaseOrder;
    case 'SupplierInvoice':
      return `${stored.document.SupplierInvoice}/${stored.document.FiscalYear}`;
    case 'GoodsReceipt':
      return stored.document.MaterialDocument;
    case 'Payment':
      return stored.document.Payment;
  }
}

export function historyOfNew(at: Date): DocumentHistory {
  return { Version: 1, CreationDateTime: at.toISOString(), LastChangeDateTime: at.toISOString() };
}

export function historyOfChanged(document: DocumentHistory, at: Date): DocumentHistory {
  return {
    Version: document.Version + 1,
    CreationDateTime: document.CreationDateTime,
    LastChangeDateTime: at.toISOString(),
  };
}
