import { formatDecimal } from '#kernel/decimal.ts';
import { toWire } from '#kernel/money.ts';
import type { createEventFactory, Cause, DomainEvent } from '#kernel/event.ts';
import type { GoodsReceipt, GoodsReceiptLine } from './domain/goods-receipt.ts';
import type { OrderLine, PurchaseOrder } from './domain/purchase-order.ts';
import type { Requisition } from './domain/requisition.ts';
import type {
  GoodsReceiptSnapshot,
  OrderLineSnapshot,
  PurchaseOrderSnapshot,
  PurchaseOrdersEvent,
  RequisitionSnapshot,
} from './events.ts';

export type EventFactory = ReturnType<typeof createEventFactory>;

type Announced<Data> = Extract<PurchaseOrdersEvent, { readonly data: Data }>['type'];
type FactOf<
  Prefix extends string,
  Type extends string,
> = Type extends `concord.${Prefix}.${infer Fact}.v1` ? Fact : never;

export type RequisitionFact = FactOf<'requisition', Announced<RequisitionSnapshot>>;
export type OrderFact = FactOf<'purchase-order', Announced<PurchaseOrderSnapshot>>;
export type ReceiptFact = FactOf<'goods-receipt', Announced<GoodsReceiptSnapshot>>;

/** What caused an event, without the correlation id: that is always the document's own. */
export type Origin = Omit<Cause, 'correlationId'>;

/** Tells what became of documents; each answers one event, to be appended in the transaction that writes the state. */
export interface Announcement {
  requisition(fact: RequisitionFact, requisition: Requisition): DomainEvent;
  order(fact: OrderFact, order: PurchaseOrder, lines: readonly OrderLine[]): DomainEvent;
  receipt(
    fact: ReceiptFact,
    receipt: GoodsReceipt,
    lines: readonly GoodsReceiptLine[],
  ): DomainEvent;
}

export function createAnnouncement(event: EventFactory, origin: Origin): Announcement {
  return {
    requisition: (fact, requisition) =>
      event(
        { ...origin, correlationId: requisition.correlationId },
        {
          type: `concord.requisition.${fact}.v1`,
          document: {
            type: 'Requisition',
            id: requisition.id,
            number: requisition.number,
            status: requisition.status,
          },
          sequence: requisition.version,
          audience: audienceOf(requisition),
          data: requisitionSnapshot(requisition),
        },
      ),
    order: (fact, order, lines) =>
      event(
        { ...origin, correlationId: order.correlationId },
        {
          type: `concord.purchase-order.${fact}.v1`,
          document: {
            type: 'PurchaseOrder',
            id: order.id,
            number: order.number,
            status: order.status,
          },
          sequence: order.version,
          audience: audienceOf(order),
          data: orderSnapshot(order, lines),
        },
      ),
    receipt: (fact, receipt, lines) =>
      event(
        { ...origin, correlationId: receipt.correlationId },
        {
          type: `concord.goods-receipt.${fact}.v1`,
          document: {
            type: 'GoodsReceipt',
            id: receipt.id,
            number: receipt.number,
            status: receipt.status,
          },
          sequence: receipt.version,
          audience: audienceOf(receipt),
          data: receiptSnapshot(receipt, lines),
        },
      ),
  };
}

function audienceOf(document: {
  readonly companyCode: string;
  readonly costCentreId: string;
  readonly requesterId: string;
}) {
  return {
    companyCode: document.companyCode,
    costCentreId: document.costCentreId,
    ownerId: document.requesterId,
  };
}

function requisitionSnapshot(requisition: Requisition): RequisitionSnapshot {
  const { id, number, companyCode, costCentreId, category, requesterId, supplierId, neededBy } =
    requisition;
  const { submittedOn, version, documentHash, purchaseOrderId } = requisition;
  return {
    requisitionId: id,
    number,
    companyCode,
    costCentreId,
    category,
    requesterId,
    supplierId,
    neededBy,
    total: toWire(requisition.total),
    submittedOn,
    version,
    documentHash,
    purchaseOrderId,
  };
}

function orderSnapshot(order: PurchaseOrder, lines: readonly OrderLine[]): PurchaseOrderSnapshot {
  const {
    id,
    number,
    requisitionId,
    companyCode,
    costCentreId,
    category,
    requesterId,
    supplierId,
    version,
    documentHash,
    erpNumber,
  } = order;
  return {
    purchaseOrderId: id,
    number,
    requisitionId,
    companyCode,
    costCentreId,
    category,
    requesterId,
    supplierId,
    total: toWire(order.total),
    lines: lines.map(orderLineSnapshot),
    version,
    documentHash,
    erpNumber,
  };
}

function orderLineSnapshot(line: OrderLine): OrderLineSnapshot {
  return {
    purchaseOrderLineId: line.id,
    lineNumber: line.lineNumber,
    description: line.description,
    quantity: formatDecimal(line.quantity),
    unitCode: line.unitCode,
    unitPrice: formatDecimal(line.unitPrice),
    priceQuantity: formatDecimal(line.priceQuantity),
    netAmount: toWire(line.netAmount),
    receivedQuantity: formatDecimal(line.receivedQuantity),
  };
}

function receiptSnapshot(
  receipt: GoodsReceipt,
  lines: readonly GoodsReceiptLine[],
): GoodsReceiptSnapshot {
  const { id, number, purchaseOrderId, companyCode, postedOn } = receipt;
  return {
    goodsReceiptId: id,
    number,
    purchaseOrderId,
    companyCode,
    postedOn,
    lines: lines.map((line) => ({
      purchaseOrderLineId: line.purchaseOrderLineId,
      quantity: formatDecimal(line.quantity),
      unitCode: line.unitCode,
    })),
  };
}
