import { decimalOf } from '#kernel/decimal.ts';
import { decodeJson, encodeJson } from '#kernel/json.ts';
import { normalisedInvoiceNumber } from '../domain/supplier-invoice-number.ts';
import type { Hold, HoldCode } from '../domain/hold.ts';
import type {
  Invoice,
  InvoiceLine,
  InvoiceStatus,
  Refusal,
  SourceDocument,
} from '../domain/invoice.ts';
import type { PaymentStatus } from '../domain/payment.ts';
import type { InvoiceKind } from '../domain/stated-invoice.ts';

/** What no statement asks for is kept as one JSON value: the document's parties, references, adjustments and taxes. */
type Details = Pick<
  Invoice,
  | 'typeCode'
  | 'taxCurrency'
  | 'seller'
  | 'buyer'
  | 'contractReference'
  | 'precedingInvoices'
  | 'adjustments'
  | 'taxes'
  | 'paymentMeans'
  | 'lineNetMinor'
  | 'allowancesMinor'
  | 'chargesMinor'
  | 'prepaidMinor'
  | 'roundingMinor'
>;

export interface InvoiceRow {
  readonly id: string;
  readonly number: string;
  readonly kind: InvoiceKind;
  readonly status: InvoiceStatus;
  readonly payment_status: PaymentStatus;
  readonly version: bigint;
  readonly correlation_id: string;
  readonly company_code: string;
  readonly cost_centre_id: string | null;
  readonly owner_id: string | null;
  readonly supplier_id: string | null;
  readonly seller_key: string;
  readonly purchase_order_id: string | null;
  readonly requisition_id: string | null;
  readonly supplier_invoice_number: string;
  readonly normalised_number: string;
  readonly issued_on: string;
  readonly due_on: string | null;
  readonly currency: string;
  readonly net_amount_minor: bigint;
  readonly tax_amount_minor: bigint;
  readonly gross_amount_minor: bigint;
  readonly payable_minor: bigint;
  readonly order_reference: string | null;
  /** Text of JSON, so that its bigints survive. */
  readonly details: string;
  readonly source: SourceDocument;
  readonly erp_number: string | null;
  readonly refusal: Refusal | null;
  readonly reason: string | null;
  readonly captured_by: string;
  readonly captured_at: Date;
  readonly changed_at: Date;
}

/** Columns of an `InvoiceRow`, of the table or alias `i`. */
export const INVOICE_COLUMNS = `i.id, i.number, i.kind, i.status, i.payment_status, i.version, i.correlation_id, i.company_code,
  i.cost_centre_id, i.owner_id, i.supplier_id, i.seller_key, i.purchase_order_id, i.requisition_id, i.supplier_invoice_number,
  i.normalised_number, i.issued_on, i.due_on, i.currency, i.net_amount_minor, i.tax_amount_minor, i.gross_amount_minor,
  i.payable_minor, i.order_reference, i.details::text as details, i.source, i.erp_number, i.refusal, i.reason, i.captured_by,
  i.captured_at, i.changed_at`;

export function toInvoice(row: InvoiceRow): Invoice {
  return {
    ...(decodeJson(row.details) as Details),
    id: row.id,
    number: row.number,
    kind: row.kind,
    status: row.status,
    paymentStatus: row.payment_status,
    version: Number(row.version),
    correlationId: row.correlation_id,
    companyCode: row.company_code,
    costCentreId: row.cost_centre_id,
    ownerId: row.owner_id,
    supplierId: row.supplier_id,
    sellerKey: row.seller_key,
    purchaseOrderId: row.purchase_order_id,
    requisitionId: row.requisition_id,
    supplierInvoiceNumber: row.supplier_invoice_number,
    normalisedNumber: row.normalised_number,
    issuedOn: row.issued_on,
    dueOn: row.due_on,
    currency: row.currency,
    netAmountMinor: row.net_amount_minor,
    taxAmountMinor: row.tax_amount_minor,
    grossAmountMinor: row.gross_amount_minor,
    payableMinor: row.payable_minor,
    orderReference: row.order_reference,
    source: row.source,
    erpNumber: row.erp_number,
    refusal: row.refusal,
    reason: row.reason,
    capturedBy: row.captured_by,
    capturedAt: row.captured_at,
    changedAt: row.changed_at,
  };
}

/** The invoice as JSON for `jsonb_populate_recordset(null::invoice, …)`. */
export function fromInvoice(invoice: Invoice): Record<string, unknown> {
  return {
    id: invoice.id,
    number: invoice.number,
    kind: invoice.kind,
    status: invoice.status,
    payment_status: invoice.paymentStatus,
    version: invoice.version,
    correlation_id: invoice.correlationId,
    company_code: invoice.companyCode,
    cost_centre_id: invoice.costCentreId,
    owner_id: invoice.ownerId,
    supplier_id: invoice.supplierId,
    seller_key: invoice.sellerKey,
    seller_name: invoice.seller.legalName ?? invoice.seller.tradingName ?? '',
    purchase_order_id: invoice.purchaseOrderId,
    requisition_id: invoice.requisitionId,
    supplier_invoice_number: invoice.supplierInvoiceNumber,
    normalised_number: invoice.normalisedNumber,
    issued_on: invoice.issuedOn,
    due_on: invoice.dueOn,
    currency: invoice.currency,
    net_amount_minor: invoice.netAmountMinor.toString(),
    tax_amount_minor: invoice.taxAmountMinor.toString(),
    gross_amount_minor: invoice.grossAmountMinor.toString(),
    payable_minor: invoice.payableMinor.toString(),
    order_reference: invoice.orderReference,
    details: {
      ...(JSON.parse(encodeJson(detailsOf(invoice))) as object),
      normalisedPreceding: invoice.precedingInvoices.map(normalisedInvoiceNumber),
    },
    source: invoice.source,
    erp_number: invoice.erpNumber,
    refusal: invoice.refusal,
    reason: invoice.reason,
    captured_by: invoice.capturedBy,
    captured_at: invoice.capturedAt,
    changed_at: invoice.changedAt,
  };
}

function detailsOf(invoice: Invoice): Details {
  return {
    typeCode: invoice.typeCode,
    taxCurrency: invoice.taxCurrency,
    seller: invoice.seller,
    buyer: invoice.buyer,
    contractReference: invoice.contractReference,
    precedingInvoices: invoice.precedingInvoices,
    adjustments: invoice.adjustments,
    taxes: invoice.taxes,
    paymentMeans: invoice.paymentMeans,
    lineNetMinor: invoice.lineNetMinor,
    allowancesMinor: invoice.allowancesMinor,
    chargesMinor: invoice.chargesMinor,
    prepaidMinor: invoice.prepaidMinor,
    roundingMinor: invoice.roundingMinor,
  };
}

export interface LineRow {
  readonly id: string;
  readonly invoice_id: string;
  readonly line_number: number;
  readonly supplier_line_id: string;
  readonly description: string;
  readonly quantity: string;
  readonly unit_code: string;
  readonly unit_price: string;
  readonly price_quantity: string;
  readonly net_amount_minor: bigint;
  readonly order_line_reference: string | null;
  readonly tax_category: string;
  readonly tax_percent: string | null;
  readonly purchase_order_line_id: string | null;
  readonly currency: string;
}

export function toLine(row: LineRow): InvoiceLine {
  return {
    id: row.id,
    invoiceId: row.invoice_id,
    lineNumber: row.line_number,
    supplierLineId: row.supplier_line_id,
    description: row.description,
    quantity: row.quantity,
    unitCode: row.unit_code,
    unitPrice: row.unit_price,
    priceQuantity: row.price_quantity,
    netAmountMinor: row.net_amount_minor,
    orderLineReference: row.order_line_reference,
    taxCategory: row.tax_category,
    taxPercent: row.tax_percent,
    purchaseOrderLineId: row.purchase_order_line_id,
    currency: row.currency,
  };
}

export function fromLine(line: InvoiceLine): Record<string, unknown> {
  return {
    id: line.id,
    invoice_id: line.invoiceId,
    line_number: line.lineNumber,
    supplier_line_id: line.supplierLineId,
    description: line.description,
    quantity: line.quantity,
    unit_code: line.unitCode,
    unit_price: line.unitPrice,
    price_quantity: line.priceQuantity,
    net_amount_minor: line.netAmountMinor.toString(),
    order_line_reference: line.orderLineReference,
    tax_category: line.taxCategory,
    tax_percent: line.taxPercent,
    purchase_order_line_id: line.purchaseOrderLineId,
  };
}

export interface HoldRow {
  readonly id: string;
  readonly invoice_id: string;
  readonly invoice_line_id: string | null;
  readonly code: HoldCode;
  readonly status: Hold['status'];
  readonly expected: string;
  readonly actual: string;
  readonly excess: string;
  readonly message: string;
  readonly placed_at: Date;
  readonly closed_at: Date | null;
  readonly closed_by: string | null;
  readonly closing_reason: string | null;
}

export function toHold(row: HoldRow): Hold {
  return {
    id: row.id,
    invoiceId: row.invoice_id,
    invoiceLineId: row.invoice_line_id,
    code: row.code,
    status: row.status,
    expected: row.expected,
    actual: row.actual,
    excess: decimalOf(row.excess),
    message: row.message,
    placedAt: row.placed_at,
    closedAt: row.closed_at,
    closedBy: row.closed_by,
    closingReason: row.closing_reason,
  };
}
