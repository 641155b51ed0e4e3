import { formatAmount } from '#kernel/money.ts';
import { GoodsReceipt, GoodsReceiptLine } from './resolvers/GoodsReceipt.ts';
import { Mutation } from './resolvers/Mutation.ts';
import {
  PurchaseOrder,
  PurchaseOrderLine,
  PurchaseOrderVersionLine,
} from './resolvers/PurchaseOrder.ts';
import { Query } from './resolvers/Query.ts';
import { Requisition, RequisitionLine } from './resolvers/Requisition.ts';
import { Subscription } from './resolvers/Subscription.ts';
import { CostCentre, Supplier } from './resolvers/foreign-entity.ts';
import type { Resolvers } from './generated.ts';

export const resolvers: Resolvers = {
  Query,
  Mutation,
  Subscription,
  Requisition,
  RequisitionLine,
  PurchaseOrder,
  PurchaseOrderLine,
  PurchaseOrderVersionLine,
  GoodsReceipt,
  GoodsReceiptLine,
  Supplier,
  CostCentre,
  Money: { amount: formatAmount },
};
