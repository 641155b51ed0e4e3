import { nextNumber } from './books.ts';
import type { Books } from './books.ts';
import { companyRefusals, periodRefusals, positiveRefusals } from './checks.ts';
import { wireDate } from './clock.ts';
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
import { orderLineRefusals } from './purchase-order.ts';
import { refuse } from './refusal.ts';
import type { Refusal } from './refusal.ts';

/** As many lines as an order may have. */
const ITEM_LIMIT = 1000;

const numberRange = { name: 'GoodsReceipt', start: 5_000_000_000 };

const receiptFields = {
  CompanyCode: required('text', 4),
  PostingDate: required('date', 8),
  DocumentDate: optional('date', 8),
  ExternalReference: optional('text', 40),
  CorrelationReference: optional('text', 64),
  /** The supplier's delivery note. */
  ReferenceDocument: optional('text', 40),
};

const itemFields = {
  PurchaseOrder: required('digits', 10),
  PurchaseOrderItem: required('digits', 5),
  QuantityInEntryUnit: required('decimal', 25),
  EntryUnit: required('text', 3),
  MaterialDocumentItemText: optional('text', 80),
};

export type GoodsReceipt = Fields<typeof receiptFields> &
  DocumentHistory & {
    readonly MaterialDocument: string;
    readonly MaterialDocumentYear: string;
    readonly MaterialDocumentStatus: 'POSTED' | 'CANCELLED';
    /** The number of the reversing document once cancelled, else ''. */
    readonly ReversalDocument: string;
    readonly GoodsReceiptItem: readonly Fields<typeof itemFields>[];
  };

export function postReceipt(books: Books, body: JsonObject, facts: Facts): Decision {
  const header = readFields(receiptFields, body, '');
  const list = readCollection(body, 'GoodsReceiptItem', ITEM_LIMIT);
  const items = list.elements.map((element, index) =>
    readItem(books, element, { index, companyCode: header.fields.CompanyCode }),
  );
  const { CompanyCode, PostingDate } = header.fields;
  const known = { table: receiptFields, collections: ['GoodsReceiptItem'] };
  const refusals = [
    ...unknownProperties(body, known, ''),
    ...header.refusals,
    ...companyRefusals(CompanyCode),
    ...periodRefusals(CompanyCode, PostingDate, facts),
    ...list.refusals,
    ...items.flatMap((item) => item.refusals),
  ];
  if (refusals.length > 0) return refused(...refusals);
  const { number, counters } = nextNumber(books, numberRange);
  const document: GoodsReceipt = {
    MaterialDocument: number,
    MaterialDocumentYear: PostingDate.slice(0, 4),
    MaterialDocumentStatus: 'POSTED',
    ReversalDocument: '',
    ...header.fields,
    DocumentDate: header.fields.DocumentDate || wireDate(facts.at),
    GoodsReceiptItem: items.map((item) => item.fields),
    ...historyOfNew(facts.at),
  };
  return decided(stored(document), 'GoodsReceipt.Posted', counters);
}

/** Refused while a posted invoice names a line of the receipt's orders: the invoice is cancelled first. */
export function cancelReceipt(books: Books, receipt: GoodsReceipt, at: Date): Decision {
  if (receipt.MaterialDocumentStatus === 'CANCELLED') {
    const text = `Material document ${receipt.MaterialDocument} is cancelled already.`;
    return refused(refuse('receiptCancelled', text));
  }
  if (isInvoiced(books, receipt)) {
    const text = `An order of material document ${receipt.MaterialDocument} is invoiced; cancel the invoice first.`;
    return refused(refuse('receiptInvoiced', text));
  }
  const { number, counters } = nextNumber(books, numberRange);
  const document: GoodsReceipt = {
    ...receipt,
    ...historyOfChanged(receipt, at),
    MaterialDocumentStatus: 'CANCELLED',
    ReversalDocument: number,
  };
  return decided(stored(document), 'GoodsReceipt.Cancelled', counters);
}

function readItem(
  books: Books,
  body: JsonObject,
  place: { index: number; companyCode: string },
): { fields: Fields<typeof itemFields>; refusals: readonly Refusal[] } {
  const path = `GoodsReceiptItem[${place.index}]/`;
  const { fields, refusals } = readFields(itemFields, body, path);
  const all = [
    ...unknownProperties(body, { table: itemFields, collections: [] }, path),
    ...refusals,
    ...positiveRefusals(fields.QuantityInEntryUnit, `${path}QuantityInEntryUnit`),
  ];
  if (all.length > 0) return { fields, refusals: all };
  const order = books.orders.get(fields.PurchaseOrder);
  if (order !== undefined && order.CompanyCode !== place.companyCode) {
    const text = `Purchase order ${fields.PurchaseOrder} belongs to company code ${order.CompanyCode}.`;
    return { fields, refusals: [refuse('orderOtherCompany', text, `${path}PurchaseOrder`)] };
  }
  return { fields, refusals: orderLineRefusals(books, fields, path) };
}

function isInvoiced(books: Books, receipt: GoodsReceipt): boolean {
  const lines = new Set(
    receipt.GoodsReceiptItem.map((item) => `${item.PurchaseOrder}/${item.PurchaseOrderItem}`),
  );
  for (const invoice of books.invoices.values()) {
    if (invoice.SupplierInvoiceStatus !== 'POSTED') continue;
    const names = invoice.SupplierInvoiceItem.map(
      (item) => `${item.PurchaseOrder}/${item.PurchaseOrderItem}`,
    );
    if (names.some((name) => lines.has(name))) return true;
  }
  return false;
}

function stored(document: GoodsReceipt): StoredDocument {
  return { type: 'GoodsReceipt', document };
}
