import { insertOrders } from './store/order-store.ts';
import { insertOrderVersions } from './store/order-version-store.ts';
import { insertReceipts } from './store/receipt-store.ts';
import { insertRequisitions } from './store/requisition-store.ts';
import { raiseNumberSeries } from './store/number-series-store.ts';
import type { Database } from '#kernel/database.ts';
import type { GoodsReceipt, GoodsReceiptLine } from './domain/goods-receipt.ts';
import type { OrderWithLines } from './domain/order-change.ts';
import type { OrderVersion } from './domain/order-version.ts';
import type { RequisitionWithLines } from './domain/requisition.ts';

/** Documents as decisions make them, in whatever states: the functions of `domain/` are the way to get them. */
export interface DocumentSeed {
  readonly requisitions: readonly RequisitionWithLines[];
  readonly orders: readonly OrderWithLines[];
  readonly versions: readonly OrderVersion[];
  readonly receipts: readonly {
    readonly receipt: GoodsReceipt;
    readonly receiptLines: readonly GoodsReceiptLine[];
  }[];
}

/**
 * Writes many documents in one transaction, one statement per kind of thing. No events are told, so other rooms do
 * not know of these documents: for measuring this room; a demo that spans rooms goes through the graph.
 */
export async function seedDocuments(database: Database, seed: DocumentSeed): Promise<void> {
  await database.transaction(async (tx) => {
    await insertRequisitions(tx, seed.requisitions);
    await insertOrders(tx, seed.orders);
    await insertOrderVersions(tx, seed.versions);
    await insertReceipts(tx, seed.receipts);
    await raiseNumberSeries(tx, [
      ...seed.requisitions.map(({ requisition }) => requisition.number),
      ...seed.orders.map(({ order }) => order.number),
      ...seed.receipts.map(({ receipt }) => receipt.number),
    ]);
  });
}
