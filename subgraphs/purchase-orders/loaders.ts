import { readScope, may } from '#kernel/identity.ts';
import { createArgumentLoader, createListLoader, createLoader } from '#kernel/loader.ts';
import { connectionOf } from '#kernel/paging.ts';
import { idOf, ordersByParent, requisitionsByParent } from './store/document-page-store.ts';
import { orderLines, orderLinesByIds, ordersByIds } from './store/order-store.ts';
import { orderVersions } from './store/order-version-store.ts';
import { receiptLines, receiptsByIds, receiptsOfOrders } from './store/receipt-store.ts';
import { requisitionLines, requisitionsByIds } from './store/requisition-store.ts';
import type { Sql } from '#kernel/database.ts';
import type { Permission, Viewer } from '#kernel/identity.ts';
import type { ArgumentLoader, ListLoader, Loader } from '#kernel/loader.ts';
import type { Connection, Page } from '#kernel/paging.ts';
import type { GoodsReceipt, GoodsReceiptLine } from './domain/goods-receipt.ts';
import type { OrderVersion } from './domain/order-version.ts';
import type { OrderLine, PurchaseOrder } from './domain/purchase-order.ts';
import type { Requisition } from './domain/requisition.ts';
import type { ParentColumn } from './store/document-page-store.ts';
import type { RequisitionLine } from './store/requisition-store.ts';

export interface ChildrenOf {
  readonly parent: ParentColumn;
  readonly page: Page;
}

/** One request's reads, each kind of thing in one statement. What the viewer may not see is null. */
export interface Loaders {
  readonly requisition: Loader<string, Requisition>;
  readonly requisitionLines: ListLoader<RequisitionLine>;
  readonly order: Loader<string, PurchaseOrder>;
  readonly orderLine: Loader<string, OrderLine>;
  readonly orderLines: ListLoader<OrderLine>;
  readonly orderVersions: ListLoader<OrderVersion>;
  readonly receipt: Loader<string, GoodsReceipt>;
  readonly receiptsOfOrder: ListLoader<GoodsReceipt>;
  readonly receiptLines: ListLoader<GoodsReceiptLine>;
  readonly requisitionsByParent: ArgumentLoader<ChildrenOf, Connection<Requisition>>;
  readonly ordersByParent: ArgumentLoader<ChildrenOf, Connection<PurchaseOrder>>;
}

export function createLoaders(sql: Sql, viewer: Viewer): Loaders {
  const scope = readScope(viewer);
  const guarded = <Row>(
    permission: Permission,
    read: (ids: readonly string[]) => Promise<readonly Row[]>,
  ) => (may(viewer, permission) ? read : (): Promise<readonly Row[]> => Promise.resolve([]));
  return {
    requisition: createLoader(
      guarded('requisition:read', (ids) => requisitionsByIds(sql, ids, scope)),
      idOf,
    ),
    requisitionLines: createListLoader(
      (ids) => requisitionLines(sql, ids),
      (line) => line.requisitionId,
    ),
    order: createLoader(
      guarded('order:read', (ids) => ordersByIds(sql, ids, scope)),
      idOf,
    ),
    orderLine: createLoader(
      guarded('order:read', (ids) => orderLinesByIds(sql, ids, scope)),
      idOf,
    ),
    orderLines: createListLoader(
      (ids) => orderLines(sql, ids),
      (line) => line.purchaseOrderId,
    ),
    orderVersions: createListLoader(
      (ids) => orderVersions(sql, ids),
      (version) => version.purchaseOrderId,
    ),
    receipt: createLoader(
      guarded('receipt:read', (ids) => receiptsByIds(sql, ids, scope)),
      idOf,
    ),
    receiptsOfOrder: createListLoader(
      (ids) => receiptsOfOrders(sql, ids),
      (receipt) => receipt.purchaseOrderId,
    ),
    receiptLines: createListLoader(
      (ids) => receiptLines(sql, ids),
      (line) => line.goodsReceiptId,
    ),
    requisitionsByParent: createArgumentLoader<ChildrenOf, Connection<Requisition>>(
      (ids, query) => requisitionsByParent(sql, ids, { ...query, scope }),
      emptyPage,
    ),
    ordersByParent: createArgumentLoader<ChildrenOf, Connection<PurchaseOrder>>(
      (ids, query) => ordersByParent(sql, ids, { ...query, scope }),
      emptyPage,
    ),
  };
}

function emptyPage<Node extends { readonly id: string }>({ page }: ChildrenOf): Connection<Node> {
  return connectionOf<Node>(page, [], idOf);
}
