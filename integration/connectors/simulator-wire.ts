import { compareDecimals, decimalOf, signOf } from '#kernel/decimal.ts';
import { formatAmount, money, moneyOf, negate, subtract, sum } from '#kernel/money.ts';
import { isRecord } from '#kernel/json.ts';
import type { Money, WireMoney } from '#kernel/money.ts';
import type { ErpCommand } from '../connector.ts';

/** Our documents in the ERP's form: everything is a string, dates are YYYYMMDD, item numbers have leading zeros. */
export type Wire = Readonly<Record<string, unknown>>;

type Command<Type extends ErpCommand['documentType']> = Extract<ErpCommand, { documentType: Type }>;

/** Longest item text that the ERP takes; the whole text stays with us. */
const ITEM_TEXT_MAX = 80;
/** "Wrong posting", the one reversal reason we give. */
const REVERSAL_REASON = '01';

export function createBody(command: ErpCommand): Wire {
  switch (command.documentType) {
    case 'PURCHASE_ORDER':
      return orderBody(command);
    case 'GOODS_RECEIPT':
      return receiptBody(command);
    case 'INVOICE':
      return invoiceBody(command);
  }
}

/** A change carries every line as it should be; a line that we no longer have is marked as deleted. */
export function changeBody(command: Command<'PURCHASE_ORDER'>, current: Wire): Wire {
  const items = orderItems(command);
  const kept = new Set(items.map((item) => item.PurchaseOrderItem));
  const removed = itemsOf(current, 'PurchaseOrderItem')
    .map((item) => String(item['PurchaseOrderItem']))
    .filter((number) => !kept.has(number))
    .map((number) => ({ PurchaseOrderItem: number, PurchasingDocumentDeletionCode: 'L' }));
  return {
    PurchaseOrderItem: [
      ...items.map((item) => ({ ...item, PurchasingDocumentDeletionCode: '' })),
      ...removed,
    ],
  };
}

export function cancelBody(command: ErpCommand): Wire {
  if (command.documentType !== 'INVOICE') return {};
  return { ReversalReason: REVERSAL_REASON, PostingDate: wireDate(command.references.postedOn) };
}

/** Does the ERP's order have exactly our lines? Deleted lines do not count. */
export function orderMatches(command: Command<'PURCHASE_ORDER'>, current: Wire): boolean {
  const wanted = orderItems(command);
  const live = itemsOf(current, 'PurchaseOrderItem').filter(
    (item) => item['PurchasingDocumentDeletionCode'] === '',
  );
  if (live.length !== wanted.length) return false;
  return wanted.every((item) => {
    const found = live.find(
      (candidate) => candidate['PurchaseOrderItem'] === item.PurchaseOrderItem,
    );
    return (
      found !== undefined &&
      sameDecimal(found['OrderQuantity'], item.OrderQuantity) &&
      sameDecimal(found['NetPriceAmount'], item.NetPriceAmount) &&
      sameDecimal(found['NetPriceQuantity'], item.NetPriceQuantity) &&
      found['PurchaseOrderItemText'] === item.PurchaseOrderItemText
    );
  });
}

function orderBody(command: Command<'PURCHASE_ORDER'>): Wire {
  const { snapshot, references } = command;
  return {
    ...referenceFields(command),
    CompanyCode: snapshot.companyCode,
    Supplier: references.supplierNumber,
    DocumentCurrency: snapshot.total.currency,
    PurchaseOrderText: snapshot.number,
    PurchaseOrderItem: orderItems(command),
  };
}

function orderItems({ snapshot }: Command<'PURCHASE_ORDER'>) {
  return snapshot.lines.map((line) => ({
    PurchaseOrderItem: itemNumber(line.lineNumber),
    PurchaseOrderItemText: line.description.slice(0, ITEM_TEXT_MAX),
    OrderQuantity: line.quantity,
    PurchaseOrderQuantityUnit: line.unitCode,
    NetPriceAmount: line.unitPrice,
    NetPriceQuantity: line.priceQuantity,
    CostCenter: snapshot.costCentreId,
  }));
}

function receiptBody(command: Command<'GOODS_RECEIPT'>): Wire {
  const { snapshot, references } = command;
  return {
    ...referenceFields(command),
    CompanyCode: snapshot.companyCode,
    PostingDate: wireDate(snapshot.postedOn),
    ReferenceDocument: snapshot.number,
    GoodsReceiptItem: snapshot.lines.map((line) => ({
      PurchaseOrder: references.orderErpNumber ?? '',
      PurchaseOrderItem: itemNumber(references.lineNumbers.get(line.purchaseOrderLineId) ?? 0),
      QuantityInEntryUnit: line.quantity,
      EntryUnit: line.unitCode,
    })),
  };
}

function invoiceBody(command: Command<'INVOICE'>): Wire {
  const { snapshot, references } = command;
  const isCredit = snapshot.kind === 'CREDIT_MEMO';
  const gross = moneyFrom(snapshot.grossAmount);
  // The ERP takes credit memos as positive amounts with a flag, whichever sign the document had.
  const signed = (value: Money): Money =>
    isCredit && gross.amountMinor < 0n ? negate(value) : value;
  const tax = signed(moneyFrom(snapshot.taxAmount));
  const items = invoiceItems(command, signed);
  return {
    ...referenceFields(command),
    CompanyCode: snapshot.companyCode,
    InvoicingParty: references.supplierNumber,
    SupplierInvoiceIDByInvcgParty: snapshot.supplierInvoiceNumber,
    DocumentDate: wireDate(snapshot.issuedOn),
    PostingDate: wireDate(references.postedOn),
    DocumentCurrency: gross.currency,
    InvoiceGrossAmount: formatAmount(signed(gross)),
    TaxAmount: formatAmount(tax),
    DocumentHeaderText: snapshot.number,
    ...(snapshot.dueOn === null ? {} : { NetDueDate: wireDate(snapshot.dueOn) }),
    ...(isCredit ? { SupplierInvoiceIsCreditMemo: 'X' } : {}),
    SupplierInvoiceItem: items,
  };
}

/** The lines, and one more for what the document adds or takes off as a whole (allowances, charges, rounding). */
function invoiceItems(
  { snapshot, references }: Command<'INVOICE'>,
  signed: (value: Money) => Money,
) {
  const amounts = snapshot.lines.map((line) => signed(moneyFrom(line.netAmount)));
  const { currency } = snapshot.grossAmount;
  const withoutTax = subtract(
    signed(moneyFrom(snapshot.grossAmount)),
    signed(moneyFrom(snapshot.taxAmount)),
  );
  const rest = subtract(withoutTax, sum(amounts, currency));
  const lines = snapshot.lines.map((line, index) => {
    const lineNumber = references.lineNumbers.get(line.purchaseOrderLineId ?? '');
    return {
      SupplierInvoiceItem: String(index + 1).padStart(6, '0'),
      SupplierInvoiceItemAmount: formatAmount(amounts[index] ?? money(0n, currency)),
      SupplierInvoiceItemText: line.description.slice(0, ITEM_TEXT_MAX),
      ...(snapshot.costCentreId === null ? {} : { CostCenter: snapshot.costCentreId }),
      ...(lineNumber === undefined || references.orderErpNumber === null
        ? {}
        : {
            PurchaseOrder: references.orderErpNumber,
            PurchaseOrderItem: itemNumber(lineNumber),
            ...quantityOf(line),
          }),
    };
  });
  if (rest.amountMinor === 0n && lines.length > 0) return lines;
  const document = {
    SupplierInvoiceItem: String(lines.length + 1).padStart(6, '0'),
    SupplierInvoiceItemAmount: formatAmount(rest),
    SupplierInvoiceItemText: 'Charges and allowances of the document',
  };
  return [...lines, document];
}

/** A line that takes something back has no quantity at the ERP, which takes only quantities above zero. */
function quantityOf(line: { readonly quantity: string; readonly unitCode: string }): Wire {
  if (signOf(decimalOf(line.quantity)) <= 0) return {};
  return { QuantityInPurchaseOrderUnit: line.quantity, PurchaseOrderQuantityUnit: line.unitCode };
}

function referenceFields(command: ErpCommand): Wire {
  return {
    ExternalReference: command.externalReference,
    CorrelationReference: command.correlationId,
  };
}

/** `1` → `00010`. */
function itemNumber(lineNumber: number): string {
  return String(lineNumber * 10).padStart(5, '0');
}

/** `2026-11-23` → `20261123`. */
function wireDate(date: string): string {
  return date.replaceAll('-', '');
}

/** `20261123` → `2026-11-23`; null when the field is empty. */
export function dateFromWire(wire: unknown): string | null {
  if (typeof wire !== 'string' || !/^\d{8}$/.test(wire)) return null;
  return `${wire.slice(0, 4)}-${wire.slice(4, 6)}-${wire.slice(6)}`;
}

function moneyFrom(wire: WireMoney): Money {
  return moneyOf(wire.amount, wire.currency);
}

function sameDecimal(left: unknown, right: string): boolean {
  return (
    typeof left === 'string' &&
    left !== '' &&
    compareDecimals(decimalOf(left), decimalOf(right)) === 0
  );
}

function itemsOf(document: Wire, name: string): readonly Wire[] {
  const items = document[name];
  return Array.isArray(items) ? items.filter(isRecord) : [];
}
