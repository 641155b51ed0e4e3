import type { GoodsReceiptLineResolvers, GoodsReceiptResolvers } from '../generated.ts';

export const GoodsReceipt: GoodsReceiptResolvers = {
  __resolveReference: ({ id }, { loaders }) => loaders.receipt.load(id),
  purchaseOrder: ({ purchaseOrderId }, _args, { loaders }) => loaders.order.load(purchaseOrderId),
  lines: ({ id }, _args, { loaders }) => loaders.receiptLines.load(id),
};

export const GoodsReceiptLine: GoodsReceiptLineResolvers = {
  quantity: ({ quantity, unitCode }) => ({ value: quantity, unitCode }),
  purchaseOrderLine: ({ purchaseOrderLineId }, _args, { loaders }) =>
    loaders.orderLine.load(purchaseOrderLineId),
};
