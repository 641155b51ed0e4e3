import { answered } from '../command.ts';
import { cancelPurchaseOrder, changePurchaseOrder, closePurchaseOrder } from '../order-command.ts';
import { postGoodsReceipt, reverseGoodsReceipt } from '../receipt-command.ts';
import {
  cancelRequisition,
  changeRequisition,
  createRequisition,
  withdrawRequisition,
} from '../requisition-command.ts';
import { submit } from '../submission.ts';
import type { MutationResolvers } from '../generated.ts';

export const Mutation: MutationResolvers = {
  createRequisition: async (_parent, { input }, context) =>
    answered(context, await createRequisition(context, input), 'Requisition'),
  updateRequisition: async (_parent, { input }, context) =>
    answered(context, await changeRequisition(context, input), 'Requisition'),
  submitRequisition: async (_parent, { input }, context) =>
    answered(context, await submit(context, input), 'Requisition'),
  withdrawRequisition: async (_parent, { input }, context) =>
    answered(context, await withdrawRequisition(context, input), 'Requisition'),
  cancelRequisition: async (_parent, { input }, context) =>
    answered(context, await cancelRequisition(context, input), 'Requisition'),
  changePurchaseOrder: async (_parent, { input }, context) =>
    answered(context, await changePurchaseOrder(context, input), 'PurchaseOrder'),
  cancelPurchaseOrder: async (_parent, { input }, context) =>
    answered(context, await cancelPurchaseOrder(context, input), 'PurchaseOrder'),
  closePurchaseOrder: async (_parent, { input }, context) =>
    answered(context, await closePurchaseOrder(context, input), 'PurchaseOrder'),
  postGoodsReceipt: async (_parent, { input }, context) =>
    answered(context, await postGoodsReceipt(context, input), 'GoodsReceipt'),
  reverseGoodsReceipt: async (_parent, { input }, context) =>
    answered(context, await reverseGoodsReceipt(context, input), 'GoodsReceipt'),
};
