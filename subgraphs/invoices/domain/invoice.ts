import { normalisedInvoiceNumber } from './supplier-invoice-number.ts';
import { sellerIdentity, sellerKeys } from './seller.ts';
import type { Lifecycle } from '#kernel/lifecycle.ts';
import type {
  CapturedAdjustment,
  CapturedDocument,
  CapturedLine,
  CapturedTax,
} from './captured-document.ts';
import type { Hold } from './hold.ts';
import type { PaymentStatus } from './payment.ts';

export type InvoiceStatus =
  | 'CAPTURED'
  | 'SUPPLIER_UNKNOWN'
  | 'HELD'
  | 'AWAITING_RECEIPT'
  | 'MATCHED'
  | 'POSTING'
  | 'POSTED'
  | 'POSTING_FAILED'
  | 'REJECTED'
  | 'CANCELLED';

export type InvoiceStep =
  | 'missSupplier'
  | 'resolveSupplier'
  | 'match'
  | 'hold'
  | 'awaitReceipt'
  | 'release'
  | 'requestPosting'
  | 'retryPosting'
  | 'confirmPosting'
  | 'refusePosting'
  | 'reject'
  | 'cancel';

/** An invoice's life. A capture that is refused never becomes an invoice, so there is no invalid state. */
export const INVOICE_LIFECYCLE: Lifecycle<InvoiceStatus, InvoiceStep> = {
  entity: 'invoice',
  initial: 'CAPTURED',
  transitions: {
    CAPTURED: {
      missSupplier: 'SUPPLIER_UNKNOWN',
      match: 'MATCHED',
      hold: 'HELD',
      awaitReceipt: 'AWAITING_RECEIPT',
    },
    SUPPLIER_UNKNOWN: { resolveSupplier: 'CAPTURED', reject: 'REJECTED', cancel: 'CANCELLED' },
    HELD: {
      match: 'MATCHED',
      hold: 'HELD',
      awaitReceipt: 'AWAITING_RECEIPT',
      release: 'HELD',
      reject: 'REJECTED',
      cancel: 'CANCELLED',
    },
    AWAITING_RECEIPT: {
      match: 'MATCHED',
      hold: 'HELD',
      awaitReceipt: 'AWAITING_RECEIPT',
      release: 'AWAITING_RECEIPT',
      reject: 'REJECTED',
      cancel: 'CANCELLED',
    },
    MATCHED: { requestPosting: 'POSTING' },
    // The ERP is at work on it: its word comes first.
    POSTING: { confirmPosting: 'POSTED', refusePosting: 'POSTING_FAILED' },
    POSTING_FAILED: {
      retryPosting: 'POSTING',
      // A refusal that was in truth a lost answer.
      confirmPosting: 'POSTED',
      reject: 'REJECTED',
      cancel: 'CANCELLED',
    },
    POSTED: { cancel: 'CANCELLED' },
    REJECTED: {},
    CANCELLED: {},
  },
};

/** States in which an invoice has taken what it bills from its order for good, unless it is cancelled. */
export const ACCEPTED_STATUSES: readonly InvoiceStatus[] = [
  'MATCHED',
  'POSTING',
  'POSTED',
  'POSTING_FAILED',
];
/** States in which an invoice waits to be accepted. */
export const OPEN_STATUSES: readonly InvoiceStatus[] = ['CAPTURED', 'HELD', 'AWAITING_RECEIPT'];

export interface SourceDocument {
  readonly format: 'UBL' | 'MANUAL';
  /** SHA-256 of the bytes received, hexadecimal; of the input's canonical JSON for manual capture. */
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** The ERP's last refusal. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  /** The exception in which it is worked on. */
  readonly exceptionId: string;
}

/** A captured invoice or credit memo; its amounts are minor units of `currency` and are never negative by sign of kind. */
export interface Invoice extends Omit<CapturedDocument, 'lines'> {
  readonly id: string;
  /** `INV-DE01-000042`. */
  readonly number: string;
  readonly status: InvoiceStatus;
  readonly paymentStatus: PaymentStatus;
  readonly version: number;
  /** The order's where there is one, else minted at capture. */
  readonly correlationId: string;
  readonly companyCode: string;
  readonly costCentreId: string | null;
  /** Who asked for the goods, and may see the invoice whatever the cost centre. */
  readonly ownerId: string | null;
  readonly supplierId: string | null;
  /** What identifies the seller whether or not the supplier is known; part of the duplicate key. */
  readonly sellerKey: string;
  readonly normalisedNumber: string;
  readonly purchaseOrderId: string | null;
  readonly requisitionId: string | null;
  readonly source: SourceDocument;
  readonly erpNumber: string | null;
  readonly refusal: Refusal | null;
  /** Why it was rejected or cancelled. */
  readonly reason: string | null;
  readonly capturedBy: string;
  readonly capturedAt: Date;
  readonly changedAt: Date;
}

/** A tax, and an adjustment, with the currency of its invoice. */
export type TaxOfInvoice = CapturedTax & Pick<Invoice, 'currency'>;
export type AdjustmentOfInvoice = CapturedAdjustment & Pick<Invoice, 'currency'>;

export interface InvoiceLine extends CapturedLine {
  readonly id: string;
  readonly invoiceId: string;
  readonly lineNumber: number;
  readonly currency: string;
  readonly purchaseOrderLineId: string | null;
}

/** An invoice with everything that a decision on it needs. */
export interface Dossier {
  readonly invoice: Invoice;
  readonly lines: readonly InvoiceLine[];
  readonly holds: readonly Hold[];
}

/** The order that an invoice belongs to, as far as the invoice takes its attributes from it. */
export interface OrderLink {
  readonly id: string;
  readonly requisitionId: string;
  readonly costCentreId: string;
  readonly requesterId: string;
  readonly correlationId: string;
}

/** What a capture adds to the document. */
export interface Capture {
  readonly id: string;
  readonly number: string;
  readonly companyCode: string;
  readonly costCentreId: string | null;
  readonly supplierId: string | null;
  readonly correlationId: string;
  readonly order: OrderLink | null;
  /** Ids of the document's lines, in their order. */
  readonly lineIds: readonly string[];
  readonly source: SourceDocument;
  readonly capturedBy: string;
  readonly now: Date;
}

/** The invoice as it is before anything has been compared. */
export function captured(document: CapturedDocument, capture: Capture): Dossier {
  const { lines, ...header } = document;
  const { order } = capture;
  const invoice: Invoice = {
    ...header,
    id: capture.id,
    number: capture.number,
    status: INVOICE_LIFECYCLE.initial,
    paymentStatus: 'NOT_READY',
    version: 1,
    correlationId: order?.correlationId ?? capture.correlationId,
    companyCode: capture.companyCode,
    costCentreId: order?.costCentreId ?? capture.costCentreId,
    ownerId: order?.requesterId ?? null,
    supplierId: capture.supplierId,
    sellerKey: sellerKeyOf(document, capture.supplierId),
    normalisedNumber: normalisedInvoiceNumber(document.supplierInvoiceNumber),
    purchaseOrderId: order?.id ?? null,
    requisitionId: order?.requisitionId ?? null,
    source: capture.source,
    erpNumber: null,
    refusal: null,
    reason: null,
    capturedBy: capture.capturedBy,
    capturedAt: capture.now,
    changedAt: capture.now,
  };
  return {
    invoice,
    lines: lines.map((line, index) => ({
      ...line,
      id: capture.lineIds[index] ?? `${capture.id}:${index}`,
      invoiceId: capture.id,
      lineNumber: index + 1,
      currency: document.currency,
      purchaseOrderLineId: null,
    })),
    holds: [],
  };
}

function sellerKeyOf(document: CapturedDocument, supplierId: string | null): string {
  return sellerIdentity(sellerKeys(document.seller)) ?? `SUPPLIER:${supplierId ?? 'unnamed'}`;
}
