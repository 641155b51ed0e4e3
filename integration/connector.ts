import type { Result } from '#kernel/problem.ts';
import type { WireMoney } from '#kernel/money.ts';
import type { ErpDocumentType } from './events.ts';
import type {
  GoodsReceiptSnapshot,
  PurchaseOrderSnapshot,
} from '../subgraphs/purchase-orders/events.ts';
import type { InvoiceSnapshot } from '../subgraphs/invoices/events.ts';

/**
 * What went wrong, by what must follow. BUSINESS: a person decides. MAPPING: the message cannot be read, repeating
 * is useless. WAIT: another document must come first. UNKNOWN_OUTCOME: it may have been written. The rest is tried again.
 */
export type FailureKind =
  | 'BUSINESS'
  | 'MAPPING'
  | 'DUPLICATE'
  | 'WAIT'
  | 'CIRCUIT_OPEN'
  | 'SETTLING'
  | 'RATE_LIMIT'
  | 'CONFLICT'
  | 'AUTHENTICATION'
  | 'UNAVAILABLE'
  | 'UNKNOWN_OUTCOME'
  | 'NOT_APPLIED';

export interface ErpFailure {
  readonly kind: FailureKind;
  /** A code of `exception-code.ts`. */
  readonly code: string;
  /** What the ERP or the network said. */
  readonly message: string;
  /** How long the ERP asked to be left alone. */
  readonly retryAfterMs: number | null;
  readonly retryable: boolean;
}

/** What our documents are called at the ERP, looked up before a command is translated. */
export interface References {
  /** The supplier's number; the hub's id where the projection does not know it, which the ERP may refuse. */
  readonly supplierNumber: string;
  /** ERP number of the purchase order that a receipt or invoice refers to. */
  readonly orderErpNumber: string | null;
  /** Order line id → line number. */
  readonly lineNumbers: ReadonlyMap<string, number>;
  /** Date of posting, `YYYY-MM-DD`. */
  readonly postedOn: string;
}

interface CommandBase {
  readonly externalReference: string;
  readonly correlationId: string;
  readonly references: References;
}

/** A command in our words; the connector translates. */
export type ErpCommand =
  | (CommandBase & {
      readonly documentType: 'PURCHASE_ORDER';
      readonly snapshot: PurchaseOrderSnapshot;
    })
  | (CommandBase & {
      readonly documentType: 'GOODS_RECEIPT';
      readonly snapshot: GoodsReceiptSnapshot;
    })
  | (CommandBase & { readonly documentType: 'INVOICE'; readonly snapshot: InvoiceSnapshot });

/** The state of a document at the ERP, in our words. IN_PROCESS is answered but not yet released. */
export type ErpStatus = 'IN_PROCESS' | 'CONFIRMED' | 'CANCELLED';

export interface ErpDocument {
  readonly erpNumber: string;
  readonly externalReference: string;
  readonly status: ErpStatus;
  /** Counts up with every change at the ERP; arrival order means nothing, this does. */
  readonly erpVersion: bigint;
  /** The document as the ERP sent it, for comparison. */
  readonly wire: Readonly<Record<string, unknown>>;
}

/** One fact of the change feed or of a webhook, read. */
export type ErpChange = {
  readonly eventId: string;
  readonly sequence: bigint;
  readonly eventType: string;
  readonly externalReference: string;
} & (
  | {
      readonly kind: 'document';
      readonly documentType: ErpDocumentType;
      readonly document: ErpDocument;
    }
  | { readonly kind: 'payment'; readonly payment: ErpPaymentState }
);

export interface ErpPaymentState {
  readonly paymentNumber: string;
  readonly status: 'SCHEDULED' | 'PAID' | 'RETURNED';
  readonly amount: WireMoney;
  /** `YYYY-MM-DD`, or null while it has no value date. */
  readonly valueOn: string | null;
  readonly erpVersion: bigint;
}

/** A page of the feed; `messages` are raw, so that one of unknown shape does not stop the others. */
export interface ChangePage {
  readonly systemId: string;
  readonly messages: readonly unknown[];
  readonly nextWatermark: bigint;
  readonly hasMore: boolean;
}

export type Answer<Value> = Promise<Result<Value, ErpFailure>>;

/**
 * What every connector to an outside system keeps. Nothing here is assumed to be idempotent: the caller looks up
 * before it repeats. Failures are values; nothing is thrown for what a network or an ERP does.
 */
export interface Connector {
  create(command: ErpCommand): Answer<ErpDocument>;
  change(command: ErpCommand, current: ErpDocument): Answer<ErpDocument>;
  cancel(command: ErpCommand, current: ErpDocument): Answer<ErpDocument>;
  /** Every document that carries the reference, oldest first, cancelled ones among them. */
  find(documentType: ErpDocumentType, externalReference: string): Answer<readonly ErpDocument[]>;
  /** The document as it is now; null when the ERP does not know the number. */
  readBack(documentType: ErpDocumentType, erpNumber: string): Answer<ErpDocument | null>;
  /** Does the document already say what the command wants? */
  isApplied(command: ErpCommand, document: ErpDocument): boolean;
  changesSince(watermark: bigint, limit: number): Answer<ChangePage>;
  /** Reads a message of the feed or a webhook; null when its shape is not the agreed one. */
  readChange(message: unknown): ErpChange | null;
}

export function failure(
  kind: FailureKind,
  code: string,
  message: string,
  retryAfterMs: number | null = null,
): ErpFailure {
  return {
    kind,
    code,
    message,
    retryAfterMs,
    retryable: kind !== 'BUSINESS' && kind !== 'MAPPING',
  };
}
