import { may } from '#kernel/identity.ts';
import { parsePage } from '#kernel/paging.ts';
import type { CostCentreResolvers, SupplierResolvers } from '../generated.ts';

/** Entities of other rooms: here they are an id, and what this room knows under it. */
export const Supplier: SupplierResolvers = {
  __resolveReference: ({ id }) => ({ id }),
  requisitions: ({ id }, paging, { viewer, loaders }) =>
    may(viewer, 'requisition:read')
      ? loaders.requisitionsByParent.load(id, { parent: 'supplier_id', page: parsePage(paging) })
      : null,
  purchaseOrders: ({ id }, paging, { viewer, loaders }) =>
    may(viewer, 'order:read')
      ? loaders.ordersByParent.load(id, { parent: 'supplier_id', page: parsePage(paging) })
      : null,
};

export const CostCentre: CostCentreResolvers = {
  __resolveReference: ({ id }) => ({ id }),
  requisitions: ({ id }, paging, { viewer, loaders }) =>
    may(viewer, 'requisition:read')
      ? loaders.requisitionsByParent.load(id, { parent: 'cost_centre_id', page: parsePage(paging) })
      : null,
  purchaseOrders: ({ id }, paging, { viewer, loaders }) =>
    may(viewer, 'order:read')
      ? loaders.ordersByParent.load(id, { parent: 'cost_centre_id', page: parsePage(paging) })
      : null,
};
