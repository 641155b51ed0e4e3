import type { DomainEvent } from '#kernel/event.ts';
import type { WireMoney } from '#kernel/money.ts';

export interface InvoiceSnapshot {
  readonly invoiceId: string;
  readonly number: string;
  /** The supplier's own number, as printed. */
  readonly supplierInvoiceNumber: string;
  readonly kind: 'STANDARD' | 'CREDIT_MEMO';
  readonly companyCode: string;
  readonly costCentreId: string | null;
  /** Null while the supplier is unknown. */
  readonly supplierId: string | null;
  readonly purchaseOrderId: string | null;
  readonly issuedOn: string;
  readonly dueOn: string | null;
  readonly netAmount: WireMoney;
  readonly taxAmount: WireMoney;
  readonly grossAmount: WireMoney;
  readonly lines: readonly {
    readonly invoiceLineId: string;
    readonly purchaseOrderLineId: string | null;
    readonly description: string;
    readonly quantity: string;
    readonly unitCode: string;
    readonly unitPrice: string;
    readonly netAmount: WireMoney;
  }[];
  /** Codes of the holds that are not released. */
  readonly holds: readonly string[];
  readonly paymentStatus: string;
  readonly erpNumber: string | null;
  readonly version: number;
}

export interface PaymentSnapshot {
  readonly paymentId: string;
  readonly invoiceId: string;
  readonly amount: WireMoney;
  readonly status: 'SCHEDULED' | 'PAID' | 'RETURNED';
  readonly erpNumber: string;
  readonly valueOn: string | null;
}

/** Document types `Invoice` and `Payment`. */
export type InvoiceEvent =
  | DomainEvent<'concord.invoice.captured.v1', InvoiceSnapshot>
  | DomainEvent<'concord.invoice.supplier-resolved.v1', InvoiceSnapshot>
  | DomainEvent<'concord.invoice.matched.v1', InvoiceSnapshot>
  | DomainEvent<'concord.invoice.held.v1', InvoiceSnapshot>
  | DomainEvent<'concord.invoice.released.v1', InvoiceSnapshot>
  | DomainEvent<'concord.invoice.posting-requested.v1', InvoiceSnapshot>
  | DomainEvent<'concord.invoice.posted.v1', InvoiceSnapshot>
  | DomainEvent<'concord.invoice.posting-failed.v1', InvoiceSnapshot>
  | DomainEvent<'concord.invoice.rejected.v1', InvoiceSnapshot>
  | DomainEvent<'concord.invoice.cancelled.v1', InvoiceSnapshot>
  | DomainEvent<'concord.payment.scheduled.v1', PaymentSnapshot>
  | DomainEvent<'concord.payment.paid.v1', PaymentSnapshot>
  | DomainEvent<'concord.payment.returned.v1', PaymentSnapshot>;
