import { ZERO, signOf, subtractDecimals } from '#kernel/decimal.ts';
import { may } from '#kernel/identity.ts';
import { legalEvents } from '#kernel/lifecycle.ts';
import {
  PURCHASE_ORDER_LIFECYCLE,
  invoiceStatusOf,
  receiptStatusOf,
  receivableQuantity,
} from '../domain/purchase-order.ts';
import type {
  OrderLine,
  PurchaseOrderAction,
  PurchaseOrderStatus,
} from '../domain/purchase-order.ts';
import type {
  PurchaseOrderLineResolvers,
  PurchaseOrderResolvers,
  PurchaseOrderVersionLineResolvers,
} from '../generated.ts';

export const PurchaseOrder: PurchaseOrderResolvers = {
  __resolveReference: ({ id }, { loaders }) => loaders.order.load(id),
  legalActions: ({ status }) =>
    legalEvents<PurchaseOrderStatus, PurchaseOrderAction>(PURCHASE_ORDER_LIFECYCLE, status),
  supplier: ({ supplierId }) => ({ id: supplierId }),
  costCentre: ({ costCentreId }) => ({ id: costCentreId }),
  requisition: ({ requisitionId }, _args, { loaders }) => loaders.requisition.load(requisitionId),
  lines: ({ id }, _args, { loaders }) => loaders.orderLines.load(id),
  receiptStatus: async ({ id }, _args, { loaders }) =>
    receiptStatusOf(await loaders.orderLines.load(id)),
  invoiceStatus: async ({ id }, _args, { loaders }) =>
    invoiceStatusOf(await loaders.orderLines.load(id)),
  goodsReceipts: ({ id }, _args, { viewer, loaders }) =>
    may(viewer, 'receipt:read') ? loaders.receiptsOfOrder.load(id) : null,
  versions: ({ id }, _args, { loaders }) => loaders.orderVersions.load(id),
  erpReference: ({ erpNumber, erpVersion }) =>
    erpNumber === null || erpVersion === null
      ? null
      : { number: erpNumber, confirmedVersion: erpVersion },
};

export const PurchaseOrderLine: PurchaseOrderLineResolvers = {
  __resolveReference: ({ id }, { loaders }) => loaders.orderLine.load(id),
  quantity: ({ quantity, unitCode }) => ({ value: quantity, unitCode }),
  receivedQuantity: ({ receivedQuantity, unitCode }) => ({ value: receivedQuantity, unitCode }),
  invoicedQuantity: ({ invoicedQuantity, unitCode }) => ({ value: invoicedQuantity, unitCode }),
  receivableQuantity: (line) => ({ value: stillReceivable(line), unitCode: line.unitCode }),
};

export const PurchaseOrderVersionLine: PurchaseOrderVersionLineResolvers = {
  quantity: ({ quantity, unitCode }) => ({ value: quantity, unitCode }),
};

function stillReceivable(line: OrderLine) {
  const open = subtractDecimals(receivableQuantity(line), line.receivedQuantity);
  return signOf(open) < 0 ? ZERO : open;
}
