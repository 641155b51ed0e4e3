import { nextNumber } from './books.ts';
import type { Books } from './books.ts';
import { companyRefusals, currencyRefusals, positiveRefusals, supplierRefusals } from './checks.ts';
import { wireDate } from './clock.ts';
import { formatUnits, lineAmountUnits, parseDecimal } from './decimal.ts';
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
import { malformed, refuse } from './refusal.ts';
import type { Refusal } from './refusal.ts';

/** More lines than any order of the demonstration; keeps one document below the body limit. */
const ITEM_LIMIT = 1000;

const orderFields = {
  CompanyCode: required('text', 4),
  Supplier: required('text', 40),
  DocumentCurrency: required('text', 3),
  ExternalReference: optional('text', 40),
  CorrelationReference: optional('text', 64),
  PurchaseOrderDate: optional('date', 8),
  PaymentTerms: optional('text', 10),
  PurchaseOrderText: optional('text', 255),
};

const itemFields = {
  PurchaseOrderItem: optional('digits', 5),
  PurchaseOrderItemText: required('text', 80),
  Material: optional('text', 40),
  OrderQuantity: required('decimal', 25),
  PurchaseOrderQuantityUnit: required('text', 3),
  NetPriceAmount: required('decimal', 25),
  NetPriceQuantity: optional('decimal', 25),
  TaxCode: optional('text', 4),
  Plant: optional('text', 4),
  GLAccount: optional('text', 10),
  CostCenter: optional('text', 20),
  ScheduleLineDeliveryDate: optional('date', 8),
  PurchasingDocumentDeletionCode: optional('text', 1),
};

/** What a change may not touch once the order exists; another order is needed instead. */
const fixedFields = ['CompanyCode', 'Supplier', 'DocumentCurrency', 'ExternalReference'] as const;

type OrderFields = Fields<typeof orderFields>;

export type PurchaseOrderItem = Fields<typeof itemFields> & {
  /** Rounded to the decimals of the currency; '0' for a deleted item. */
  readonly NetAmount: string;
};

export type PurchaseOrder = OrderFields &
  DocumentHistory & {
    readonly PurchaseOrder: string;
    readonly PurchaseOrderStatus: 'IN_PROCESS' | 'RELEASED' | 'CANCELLED';
    readonly TotalNetAmount: string;
    readonly PurchaseOrderItem: readonly PurchaseOrderItem[];
  };

/** A second identical call makes a second order, as in the real system. */
export function createOrder(books: Books, body: JsonObject, facts: Facts): Decision {
  const input = readOrder(body, facts);
  if (input.kind === 'refused') return input;
  const { number, counters } = nextNumber(books, { name: 'PurchaseOrder', start: 4_500_000_000 });
  const document: PurchaseOrder = {
    PurchaseOrder: number,
    PurchaseOrderStatus: 'IN_PROCESS',
    ...input.order,
    ...historyOfNew(facts.at),
  };
  return decided(stored(document), 'PurchaseOrder.Created', counters);
}

/** Header fields given replace the old ones; items are matched by number, an unknown number adds an item. */
export function changeOrder(order: PurchaseOrder, body: JsonObject, facts: Facts): Decision {
  if (order.PurchaseOrderStatus === 'CANCELLED') return refused(cancelledRefusal(order));
  const fixed = fixedFields.filter((name) => (body[name] ?? order[name]) !== order[name]);
  if (fixed.length > 0) {
    return refused(
      ...fixed.map((name) =>
        refuse('fieldNotChangeable', `${name} of an order cannot be changed.`, name),
      ),
    );
  }
  const input = readOrder(merged(order, body), facts);
  if (input.kind === 'refused') return input;
  const document: PurchaseOrder = {
    PurchaseOrder: order.PurchaseOrder,
    PurchaseOrderStatus: 'IN_PROCESS',
    ...input.order,
    ...historyOfChanged(order, facts.at),
  };
  return decided(stored(document), 'PurchaseOrder.Changed');
}

/** The ERP's own confirmation, some time after creation or change. */
export function releaseOrder(order: PurchaseOrder, at: Date): Decision {
  if (order.PurchaseOrderStatus !== 'IN_PROCESS') return refused(cancelledRefusal(order));
  const history = historyOfChanged(order, at);
  return decided(
    stored({ ...order, ...history, PurchaseOrderStatus: 'RELEASED' }),
    'PurchaseOrder.Released',
  );
}

export function cancelOrder(books: Books, order: PurchaseOrder, at: Date): Decision {
  if (order.PurchaseOrderStatus === 'CANCELLED') return refused(cancelledRefusal(order));
  if (hasFollowOnDocuments(books, order.PurchaseOrder)) {
    const text = `Order ${order.PurchaseOrder} has receipts or invoices; cancel those first.`;
    return refused(refuse('orderHasFollowOn', text));
  }
  const history = historyOfChanged(order, at);
  return decided(
    stored({ ...order, ...history, PurchaseOrderStatus: 'CANCELLED' }),
    'PurchaseOrder.Cancelled',
  );
}

/** Refuses a line of a receipt or invoice that names no item of a released order. */
export function orderLineRefusals(
  books: Books,
  line: { readonly PurchaseOrder: string; readonly PurchaseOrderItem: string },
  path: string,
): Refusal[] {
  const order = books.orders.get(line.PurchaseOrder);
  const target = `${path}PurchaseOrder`;
  if (order === undefined) {
    const text = `Purchase order ${line.PurchaseOrder} does not exist.`;
    return [refuse('orderUnknown', text, target)];
  }
  if (order.PurchaseOrderStatus === 'CANCELLED') return [cancelledRefusal(order, target)];
  if (order.PurchaseOrderStatus === 'IN_PROCESS') {
    const text = `Purchase order ${line.PurchaseOrder} is not released yet; try again after its release.`;
    return [refuse('orderNotReleased', text, target)];
  }
  const item = order.PurchaseOrderItem.find(
    ({ PurchaseOrderItem }) => PurchaseOrderItem === line.PurchaseOrderItem,
  );
  if (item !== undefined && item.PurchasingDocumentDeletionCode === '') return [];
  const text = `Purchase order ${line.PurchaseOrder} has no item ${line.PurchaseOrderItem}.`;
  return [refuse('orderItemUnknown', text, `${path}PurchaseOrderItem`)];
}

type OrderInput = OrderFields & Pick<PurchaseOrder, 'TotalNetAmount' | 'PurchaseOrderItem'>;

function readOrder(
  body: JsonObject,
  facts: Facts,
): { kind: 'read'; order: OrderInput } | (Decision & { kind: 'refused' }) {
  const known = { table: orderFields, collections: ['PurchaseOrderItem'] };
  const header = readFields(orderFields, body, '');
  const list = readCollection(body, 'PurchaseOrderItem', ITEM_LIMIT);
  const scale = currencies.get(header.fields.DocumentCurrency) ?? 0;
  const items = list.elements.map((element, index) => readItem(element, index, scale));
  const refusals = [
    ...unknownProperties(body, known, ''),
    ...header.refusals,
    ...companyRefusals(header.fields.CompanyCode),
    ...currencyRefusals(header.fields.DocumentCurrency),
    ...supplierRefusals(header.fields.Supplier, facts, 'Supplier'),
    ...list.refusals,
    ...items.flatMap((item) => item.refusals),
    ...repeatedNumberRefusals(items.map(({ item }) => item)),
  ];
  if (refusals.length > 0) return { kind: 'refused', refusals };
  const total = items.reduce((sum, { netUnits }) => sum + netUnits, 0n);
  const order: OrderInput = {
    ...header.fields,
    PurchaseOrderDate: header.fields.PurchaseOrderDate || wireDate(facts.at),
    TotalNetAmount: formatUnits(total, scale),
    PurchaseOrderItem: items.map(({ item }) => item),
  };
  return { kind: 'read', order };
}

function readItem(
  body: JsonObject,
  index: number,
  scale: number,
): { item: PurchaseOrderItem; netUnits: bigint; refusals: readonly Refusal[] } {
  const path = `PurchaseOrderItem[${index}]/`;
  const { fields, refusals } = readFields(itemFields, body, path);
  const number = (fields.PurchaseOrderItem || String((index + 1) * 10)).padStart(5, '0');
  const priceQuantity = fields.NetPriceQuantity || '1';
  const all = [
    ...unknownProperties(body, { table: itemFields, collections: [] }, path),
    ...refusals,
    ...positiveRefusals(fields.OrderQuantity, `${path}OrderQuantity`),
    ...positiveRefusals(priceQuantity, `${path}NetPriceQuantity`),
    ...priceRefusals(fields.NetPriceAmount, `${path}NetPriceAmount`),
  ];
  const deleted = fields.PurchasingDocumentDeletionCode !== '';
  const netUnits = deleted || all.length > 0 ? 0n : netUnitsOf({ ...fields, priceQuantity }, scale);
  const item = {
    ...fields,
    PurchaseOrderItem: number,
    NetPriceQuantity: priceQuantity,
    NetAmount: formatUnits(netUnits, scale),
  };
  return { item, netUnits, refusals: all };
}

function netUnitsOf(
  fields: { OrderQuantity: string; NetPriceAmount: string; priceQuantity: string },
  scale: number,
): bigint {
  const quantity = parseDecimal(fields.OrderQuantity);
  const price = parseDecimal(fields.NetPriceAmount);
  const priceQuantity = parseDecimal(fields.priceQuantity);
  if (quantity === undefined || price === undefined || priceQuantity === undefined) return 0n;
  return lineAmountUnits({ quantity, price, priceQuantity }, scale);
}

function priceRefusals(price: string, target: string): Refusal[] {
  const decimal = parseDecimal(price);
  if (decimal === undefined || decimal.units >= 0n) return [];
  return [refuse('priceNegative', `Enter a net price of zero or more, got ${price}.`, target)];
}

function repeatedNumberRefusals(items: readonly PurchaseOrderItem[]): Refusal[] {
  const numbers = items.map((item) => item.PurchaseOrderItem);
  const repeated = numbers.filter((number, index) => numbers.indexOf(number) !== index);
  return repeated.map((number) =>
    malformed('itemNumberTwice', `Item ${number} is given twice.`, 'PurchaseOrderItem'),
  );
}

/** The order as a caller would have sent it, with the change laid over it. */
function merged(order: PurchaseOrder, body: JsonObject): JsonObject {
  const header = Object.fromEntries(
    Object.keys(orderFields).map((name) => [name, Reflect.get(order, name)]),
  );
  const given = body['PurchaseOrderItem'];
  if (given !== undefined && !Array.isArray(given)) return { ...header, ...body };
  const changes: readonly JsonObject[] = given ?? [];
  const old = order.PurchaseOrderItem.map(({ NetAmount: _computed, ...item }) => ({
    ...item,
    ...changes.find((change) => change?.['PurchaseOrderItem'] === item.PurchaseOrderItem),
  }));
  const numbers = new Set<unknown>(order.PurchaseOrderItem.map((item) => item.PurchaseOrderItem));
  const added = changes.filter((change) => !numbers.has(change?.['PurchaseOrderItem']));
  return { ...header, ...body, PurchaseOrderItem: [...old, ...added] };
}

function hasFollowOnDocuments(books: Books, order: string): boolean {
  for (const receipt of books.receipts.values()) {
    if (receipt.MaterialDocumentStatus !== 'POSTED') continue;
    if (receipt.GoodsReceiptItem.some((item) => item.PurchaseOrder === order)) return true;
  }
  for (const invoice of books.invoices.values()) {
    if (invoice.SupplierInvoiceStatus !== 'POSTED') continue;
    if (invoice.SupplierInvoiceItem.some((item) => item.PurchaseOrder === order)) return true;
  }
  return false;
}

function cancelledRefusal(order: PurchaseOrder, target = ''): Refusal {
  const text = `Purchase order ${order.PurchaseOrder} is ${order.PurchaseOrderStatus.toLowerCase()}.`;
  return refuse('orderCancelled', text, target);
}

function stored(document: PurchaseOrder): StoredDocument {
  return { type: 'PurchaseOrder', document };
}
