import type { DomainEvent } from '#kernel/event.ts';
import type { WireMoney } from '#kernel/money.ts';

export interface RequisitionSnapshot {
  readonly requisitionId: string;
  readonly number: string;
  readonly companyCode: string;
  readonly costCentreId: string;
  readonly category: string;
  readonly requesterId: string;
  readonly supplierId: string;
  readonly neededBy: string | null;
  readonly total: WireMoney;
  /** Date of submission, by which the amount band is chosen. */
  readonly submittedOn: string | null;
  readonly version: number;
  /** SHA-256 of what an approver decides on. */
  readonly documentHash: string;
  readonly purchaseOrderId: string | null;
}

export interface OrderLineSnapshot {
  readonly purchaseOrderLineId: string;
  readonly lineNumber: number;
  readonly description: string;
  readonly quantity: string;
  readonly unitCode: string;
  readonly unitPrice: string;
  readonly priceQuantity: string;
  readonly netAmount: WireMoney;
  /** Accepted by goods receipts so far, reversed ones taken off. */
  readonly receivedQuantity: string;
}

export interface PurchaseOrderSnapshot {
  readonly purchaseOrderId: string;
  readonly number: string;
  readonly requisitionId: string;
  readonly companyCode: string;
  readonly costCentreId: string;
  readonly category: string;
  readonly requesterId: string;
  readonly supplierId: string;
  readonly total: WireMoney;
  readonly lines: readonly OrderLineSnapshot[];
  readonly version: number;
  readonly documentHash: string;
  /** The ERP's number once it has confirmed. */
  readonly erpNumber: string | null;
}

export interface GoodsReceiptSnapshot {
  readonly goodsReceiptId: string;
  readonly number: string;
  readonly purchaseOrderId: string;
  readonly companyCode: string;
  readonly postedOn: string;
  readonly lines: readonly {
    readonly purchaseOrderLineId: string;
    readonly quantity: string;
    readonly unitCode: string;
  }[];
}

/**
 * Document types `Requisition`, `PurchaseOrder`, `GoodsReceipt`. A `change-submitted` order carries the lines, total and
 * hash that are proposed, for whoever decides on them; what is in force stays as the event before said, and after a
 * `change-rejected` it is said again. All others carry what is in force.
 */
export type PurchaseOrdersEvent =
  | DomainEvent<'concord.requisition.created.v1', RequisitionSnapshot>
  | DomainEvent<'concord.requisition.changed.v1', RequisitionSnapshot>
  | DomainEvent<'concord.requisition.submitted.v1', RequisitionSnapshot>
  | DomainEvent<'concord.requisition.approval-requested.v1', RequisitionSnapshot>
  | DomainEvent<'concord.requisition.approved.v1', RequisitionSnapshot>
  | DomainEvent<'concord.requisition.rejected.v1', RequisitionSnapshot>
  | DomainEvent<'concord.requisition.returned.v1', RequisitionSnapshot>
  | DomainEvent<'concord.requisition.withdrawn.v1', RequisitionSnapshot>
  | DomainEvent<'concord.requisition.ordered.v1', RequisitionSnapshot>
  | DomainEvent<'concord.requisition.closed.v1', RequisitionSnapshot>
  | DomainEvent<'concord.requisition.cancelled.v1', RequisitionSnapshot>
  | DomainEvent<'concord.purchase-order.created.v1', PurchaseOrderSnapshot>
  | DomainEvent<'concord.purchase-order.dispatched.v1', PurchaseOrderSnapshot>
  | DomainEvent<'concord.purchase-order.change-submitted.v1', PurchaseOrderSnapshot>
  | DomainEvent<'concord.purchase-order.changed.v1', PurchaseOrderSnapshot>
  | DomainEvent<'concord.purchase-order.change-rejected.v1', PurchaseOrderSnapshot>
  | DomainEvent<'concord.purchase-order.received.v1', PurchaseOrderSnapshot>
  | DomainEvent<'concord.purchase-order.cancelled.v1', PurchaseOrderSnapshot>
  | DomainEvent<'concord.purchase-order.closed.v1', PurchaseOrderSnapshot>
  | DomainEvent<'concord.goods-receipt.posted.v1', GoodsReceiptSnapshot>
  | DomainEvent<'concord.goods-receipt.reversed.v1', GoodsReceiptSnapshot>;
