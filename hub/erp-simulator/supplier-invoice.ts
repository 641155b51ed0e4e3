import { nextNumber } from './books.ts';
import type { Books } from './books.ts';
import {
  companyRefusals,
  currencyRefusals,
  periodRefusals,
  positiveRefusals,
  precisionRefusals,
  supplierRefusals,
} from './checks.ts';
import { formatUnits, unitsAtScale } from './decimal.ts';
import { decided, historyOfChanged, historyOfNew, refused } from './document.ts';
import type { Decision, DocumentHistory, Facts, StoredDocument } from './document.ts';
import {
  optional,
  readCollection,
  readFields,
  required,
  unknownProperties,
} from './field-table.ts';
import type { Fields, JsonObject } from './field-table.ts';
import { currencies } from './master-data.ts';
import { orderLineRefusals } from './purchase-order.ts';
import { refuse } from './refusal.ts';
import type { Refusal } from './refusal.ts';

/** As many lines as an order may have. */
const ITEM_LIMIT = 1000;

const invoiceFields = {
  CompanyCode: required('text', 4),
  InvoicingParty: required('text', 40),
  SupplierInvoiceIDByInvcgParty: required('text', 40),
  DocumentDate: required('date', 8),
  PostingDate: required('date', 8),
  DocumentCurrency: required('text', 3),
  InvoiceGrossAmount: required('decimal', 25),
  TaxAmount: optional('decimal', 25),
  UnplannedDeliveryCost: optional('decimal', 25),
  ExternalReference: optional('text', 40),
  CorrelationReference: optional('text', 64),
  PaymentTerms: optional('text', 10),
  DueCalculationBaseDate: optional('date', 8),
  NetDueDate: optional('date', 8),
  /** Any letter keeps the invoice out of payment runs until the action Release. */
  PaymentBlockingReason: optional('text', 1),
  SupplierInvoiceIsCreditMemo: optional('flag', 1),
  DocumentHeaderText: optional('text', 255),
};

const itemFields = {
  SupplierInvoiceItem: optional('digits', 6),
  SupplierInvoiceItemAmount: required('decimal', 25),
  PurchaseOrder: optional('digits', 10),
  PurchaseOrderItem: optional('digits', 5),
  QuantityInPurchaseOrderUnit: optional('decimal', 25),
  PurchaseOrderQuantityUnit: optional('text', 3),
  TaxCode: optional('text', 4),
  GLAccount: optional('text', 10),
  CostCenter: optional('text', 20),
  SupplierInvoiceItemText: optional('text', 80),
};

const cancelFields = {
  ReversalReason: required('text', 2),
  PostingDate: required('date', 8),
};

type InvoiceFields = Fields<typeof invoiceFields>;
type InvoiceItem = Fields<typeof itemFields>;

export type SupplierInvoice = InvoiceFields &
  DocumentHistory & {
    readonly SupplierInvoice: string;
    readonly FiscalYear: string;
    readonly SupplierInvoiceStatus: 'POSTED' | 'CANCELLED';
    /** OPEN again after a returned payment. */
    readonly ClearingStatus: 'OPEN' | 'SCHEDULED' | 'CLEARED';
    readonly ReverseDocument: string;
    readonly ReverseDocumentFiscalYear: string;
    readonly ReversalReason: string;
    /** Why the bank sent the last payment back, '' when none came back or it was paid again. */
    readonly PaymentReturnReasonCode: string;
    readonly SupplierInvoiceItem: readonly InvoiceItem[];
  };

/** Posts at once. A second identical call makes a second invoice: this ERP checks no duplicates. */
export function postInvoice(books: Books, body: JsonObject, facts: Facts): Decision {
  const header = readFields(invoiceFields, body, '');
  const list = readCollection(body, 'SupplierInvoiceItem', ITEM_LIMIT);
  const items = list.elements.map((element, index) =>
    readItem(books, element, { index, invoice: header.fields }),
  );
  const known = { table: invoiceFields, collections: ['SupplierInvoiceItem'] };
  const refusals = [
    ...unknownProperties(body, known, ''),
    ...header.refusals,
    ...headerRefusals(header.fields, facts),
    ...list.refusals,
    ...items.flatMap((item) => item.refusals),
  ];
  if (refusals.length > 0) return refused(...refusals);
  const lines = items.map((item) => item.fields);
  const unbalanced = balanceRefusals(header.fields, lines);
  if (unbalanced.length > 0) return refused(...unbalanced);
  const FiscalYear = header.fields.PostingDate.slice(0, 4);
  const { number, counters } = nextNumber(books, numberRange(FiscalYear));
  const document: SupplierInvoice = {
    SupplierInvoice: number,
    FiscalYear,
    SupplierInvoiceStatus: 'POSTED',
    ClearingStatus: 'OPEN',
    ReverseDocument: '',
    ReverseDocumentFiscalYear: '',
    ReversalReason: '',
    PaymentReturnReasonCode: '',
    ...header.fields,
    SupplierInvoiceItem: lines,
    ...historyOfNew(facts.at),
  };
  return decided(stored(document), 'SupplierInvoice.Posted', counters);
}

/** Reverses by a document of its own, in the fiscal year of the given posting date. */
export function cancelInvoice(
  books: Books,
  invoice: SupplierInvoice,
  order: { readonly body: JsonObject; readonly facts: Facts },
): Decision {
  const { fields, refusals } = readFields(cancelFields, order.body, '');
  const all = [
    ...unknownProperties(order.body, { table: cancelFields, collections: [] }, ''),
    ...refusals,
    ...periodRefusals(invoice.CompanyCode, fields.PostingDate, order.facts),
    ...cancelRefusals(invoice),
  ];
  if (all.length > 0) return refused(...all);
  const year = fields.PostingDate.slice(0, 4);
  const { number, counters } = nextNumber(books, numberRange(year));
  const document: SupplierInvoice = {
    ...invoice,
    ...historyOfChanged(invoice, order.facts.at),
    SupplierInvoiceStatus: 'CANCELLED',
    ReverseDocument: number,
    ReverseDocumentFiscalYear: year,
    ReversalReason: fields.ReversalReason,
  };
  return decided(stored(document), 'SupplierInvoice.Cancelled', counters);
}

/** Takes the payment block off. */
export function releaseInvoice(invoice: SupplierInvoice, at: Date): Decision {
  if (invoice.PaymentBlockingReason === '' || invoice.SupplierInvoiceStatus === 'CANCELLED') {
    const text = `Invoice ${invoice.SupplierInvoice}/${invoice.FiscalYear} is not blocked for payment.`;
    return refused(refuse('invoiceNotBlocked', text));
  }
  const history = historyOfChanged(invoice, at);
  return decided(
    stored({ ...invoice, ...history, PaymentBlockingReason: '' }),
    'SupplierInvoice.PaymentReleased',
  );
}

function numberRange(fiscalYear: string): { name: string; start: number } {
  return { name: `SupplierInvoice/${fiscalYear}`, start: 5_100_000_000 };
}

function headerRefusals(fields: InvoiceFields, facts: Facts): Refusal[] {
  const currency = fields.DocumentCurrency;
  const amounts = ['InvoiceGrossAmount', 'TaxAmount', 'UnplannedDeliveryCost'] as const;
  return [
    ...companyRefusals(fields.CompanyCode),
    ...currencyRefusals(currency),
    ...supplierRefusals(fields.InvoicingParty, facts, 'InvoicingParty'),
    ...periodRefusals(fields.CompanyCode, fields.PostingDate, facts),
    ...amounts.flatMap((name) => precisionRefusals(fields[name], currency, name)),
  ];
}

function readItem(
  books: Books,
  body: JsonObject,
  place: { index: number; invoice: InvoiceFields },
): { fields: InvoiceItem; refusals: readonly Refusal[] } {
  const path = `SupplierInvoiceItem[${place.index}]/`;
  const { fields, refusals } = readFields(itemFields, body, path);
  const { DocumentCurrency } = place.invoice;
  const amountTarget = `${path}SupplierInvoiceItemAmount`;
  const quantityTarget = `${path}QuantityInPurchaseOrderUnit`;
  const all = [
    ...unknownProperties(body, { table: itemFields, collections: [] }, path),
    ...refusals,
    ...precisionRefusals(fields.SupplierInvoiceItemAmount, DocumentCurrency, amountTarget),
    ...positiveRefusals(fields.QuantityInPurchaseOrderUnit, quantityTarget),
    ...orderRefusals(books, fields, { path, invoice: place.invoice }),
  ];
  const number = fields.SupplierInvoiceItem || String(place.index + 1);
  return { fields: { ...fields, SupplierInvoiceItem: number.padStart(6, '0') }, refusals: all };
}

function orderRefusals(
  books: Books,
  item: InvoiceItem,
  place: { path: string; invoice: InvoiceFields },
): Refusal[] {
  if (item.PurchaseOrder === '') return [];
  const missing = orderLineRefusals(books, item, place.path);
  const order = books.orders.get(item.PurchaseOrder);
  if (missing.length > 0 || order === undefined) return missing;
  const target = `${place.path}PurchaseOrder`;
  const { CompanyCode, DocumentCurrency } = order;
  if (CompanyCode !== place.invoice.CompanyCode) {
    const text = `Purchase order ${item.PurchaseOrder} belongs to company code ${CompanyCode}.`;
    return [refuse('orderOtherCompany', text, target)];
  }
  if (DocumentCurrency !== place.invoice.DocumentCurrency) {
    const text = `Purchase order ${item.PurchaseOrder} is in ${DocumentCurrency}, the invoice is not.`;
    return [refuse('orderOtherCurrency', text, target)];
  }
  return [];
}

/** Gross must equal lines + tax + unplanned delivery cost exactly; a posting that does not balance is refused. */
function balanceRefusals(fields: InvoiceFields, items: readonly InvoiceItem[]): Refusal[] {
  const scale = currencies.get(fields.DocumentCurrency) ?? 0;
  const units = (amount: string): bigint => unitsAtScale(amount || '0', scale) ?? 0n;
  const gross = units(fields.InvoiceGrossAmount);
  if (gross <= 0n) {
    const text = `Enter a gross amount above zero, got ${fields.InvoiceGrossAmount}; a credit memo is flagged, not negative.`;
    return [refuse('amountNotPositive', text, 'InvoiceGrossAmount')];
  }
  const lines = items.reduce((sum, item) => sum + units(item.SupplierInvoiceItemAmount), 0n);
  const difference = gross - lines - units(fields.TaxAmount) - units(fields.UnplannedDeliveryCost);
  if (difference === 0n) return [];
  const text = `Balance not zero: gross minus items, tax and delivery cost leaves ${formatUnits(difference, scale)} ${fields.DocumentCurrency}.`;
  return [refuse('balanceNotZero', text, 'InvoiceGrossAmount')];
}

function cancelRefusals(invoice: SupplierInvoice): Refusal[] {
  const name = `${invoice.SupplierInvoice}/${invoice.FiscalYear}`;
  if (invoice.SupplierInvoiceStatus === 'CANCELLED') {
    return [refuse('invoiceCancelled', `Invoice ${name} is cancelled already.`)];
  }
  if (invoice.ClearingStatus === 'OPEN') return [];
  return [refuse('invoiceInPayment', `Invoice ${name} is scheduled or paid; it stays.`)];
}

function stored(document: SupplierInvoice): StoredDocument {
  return { type: 'SupplierInvoice', document };
}
