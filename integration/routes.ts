import { sha256 } from '#kernel/id.ts';
import { isRecord } from '#kernel/json.ts';
import type { DomainEvent } from '#kernel/event.ts';
import type { DeliveryAction } from './delivery.ts';
import type { ErpDocumentType } from './events.ts';
import type { InvoiceEvent } from '../subgraphs/invoices/events.ts';
import type { PurchaseOrdersEvent } from '../subgraphs/purchase-orders/events.ts';

/** What an event asks of the ERP. */
export interface Route {
  readonly documentType: ErpDocumentType;
  readonly action: DeliveryAction;
}

type DeliveredType = (PurchaseOrdersEvent | InvoiceEvent)['type'];

/** Event type → delivery. A cancellation of something that never reached the ERP ends without a call. */
export const ROUTES: Readonly<Partial<Record<DeliveredType, Route>>> = {
  'concord.purchase-order.created.v1': { documentType: 'PURCHASE_ORDER', action: 'CREATE' },
  'concord.purchase-order.changed.v1': { documentType: 'PURCHASE_ORDER', action: 'CHANGE' },
  'concord.purchase-order.cancelled.v1': { documentType: 'PURCHASE_ORDER', action: 'CANCEL' },
  'concord.goods-receipt.posted.v1': { documentType: 'GOODS_RECEIPT', action: 'CREATE' },
  'concord.goods-receipt.reversed.v1': { documentType: 'GOODS_RECEIPT', action: 'CANCEL' },
  'concord.invoice.posting-requested.v1': { documentType: 'INVOICE', action: 'CREATE' },
  'concord.invoice.cancelled.v1': { documentType: 'INVOICE', action: 'CANCEL' },
};

const PREFIX: Readonly<Record<ErpDocumentType, string>> = {
  PURCHASE_ORDER: 'PO',
  GOODS_RECEIPT: 'GR',
  INVOICE: 'IN',
};
/** The ERP's field is this long. */
const REFERENCE_LENGTH_MAX = 40;

/** The name by which the document is found at the ERP: the same for every attempt and action. */
export function externalReference(documentType: ErpDocumentType, documentId: string): string {
  const plain = `${PREFIX[documentType]}-${documentId}`;
  if (plain.length <= REFERENCE_LENGTH_MAX) return plain;
  return `${PREFIX[documentType]}-${sha256(documentId).slice(0, REFERENCE_LENGTH_MAX - 3)}`;
}

/** The order that the ERP must have released before it takes a receipt or invoice of it. */
export function orderOf(documentType: ErpDocumentType, event: DomainEvent): string | null {
  if (documentType === 'PURCHASE_ORDER' || !isRecord(event.data)) return null;
  const orderId = event.data['purchaseOrderId'];
  return typeof orderId === 'string' ? orderId : null;
}
