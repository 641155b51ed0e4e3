import { requirePermission } from '#kernel/access.ts';
import { readScope } from '#kernel/identity.ts';
import { connectionOf, parsePage } from '#kernel/paging.ts';
import { idOf, orderPage, requisitionPage } from '../store/document-page-store.ts';
import { orderByNumber } from '../store/order-store.ts';
import { requisitionByNumber } from '../store/requisition-store.ts';
import type { PurchaseOrderFilter, QueryResolvers, RequisitionFilter } from '../generated.ts';
import type { DocumentFilter } from '../store/document-page-store.ts';

export const Query: QueryResolvers = {
  requisition: (_parent, { id }, { viewer, loaders }) => {
    requirePermission(viewer, 'requisition:read');
    return loaders.requisition.load(id);
  },
  requisitionByNumber: (_parent, { number }, { viewer, database }) => {
    requirePermission(viewer, 'requisition:read');
    return requisitionByNumber(database, number, readScope(viewer));
  },
  requisitions: async (_parent, { filter, ...paging }, { viewer, database }) => {
    requirePermission(viewer, 'requisition:read');
    const page = parsePage(paging);
    return connectionOf(
      page,
      await requisitionPage(database, { filter: filterOf(filter), page, scope: readScope(viewer) }),
      idOf,
    );
  },
  purchaseOrder: (_parent, { id }, { viewer, loaders }) => {
    requirePermission(viewer, 'order:read');
    return loaders.order.load(id);
  },
  purchaseOrderByNumber: (_parent, { number }, { viewer, database }) => {
    requirePermission(viewer, 'order:read');
    return orderByNumber(database, number, readScope(viewer));
  },
  purchaseOrders: async (_parent, { filter, ...paging }, { viewer, database }) => {
    requirePermission(viewer, 'order:read');
    const page = parsePage(paging);
    return connectionOf(
      page,
      await orderPage(database, { filter: filterOf(filter), page, scope: readScope(viewer) }),
      idOf,
    );
  },
  goodsReceipt: (_parent, { id }, { viewer, loaders }) => {
    requirePermission(viewer, 'receipt:read');
    return loaders.receipt.load(id);
  },
};

function filterOf(
  filter: RequisitionFilter | PurchaseOrderFilter | null | undefined,
): DocumentFilter {
  return {
    statuses: filter?.status ?? null,
    companyCode: filter?.companyCode ?? null,
    costCentreId: filter?.costCentreId ?? null,
    supplierId: filter?.supplierId ?? null,
    requesterId: filter?.requesterId ?? null,
    numberPrefix: filter?.numberPrefix ?? null,
  };
}
