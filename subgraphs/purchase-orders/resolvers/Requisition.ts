import { legalEvents } from '#kernel/lifecycle.ts';
import { REQUISITION_LIFECYCLE } from '../domain/requisition.ts';
import type { RequisitionLineResolvers, RequisitionResolvers } from '../generated.ts';
import type { RequisitionAction, RequisitionStatus } from '../domain/requisition.ts';

export const Requisition: RequisitionResolvers = {
  __resolveReference: ({ id }, { loaders }) => loaders.requisition.load(id),
  legalActions: ({ status }) =>
    legalEvents<RequisitionStatus, RequisitionAction>(REQUISITION_LIFECYCLE, status),
  supplier: ({ supplierId }) => ({ id: supplierId }),
  costCentre: ({ costCentreId }) => ({ id: costCentreId }),
  lines: ({ id }, _args, { loaders }) => loaders.requisitionLines.load(id),
  purchaseOrder: ({ purchaseOrderId }, _args, { loaders }) =>
    purchaseOrderId === null ? null : loaders.order.load(purchaseOrderId),
  purchaseOrders: async ({ purchaseOrderId }, _args, { loaders }) => {
    const order = purchaseOrderId === null ? null : await loaders.order.load(purchaseOrderId);
    return order === null ? [] : [order];
  },
};

export const RequisitionLine: RequisitionLineResolvers = {
  quantity: ({ quantity, unitCode }) => ({ value: quantity, unitCode }),
};
