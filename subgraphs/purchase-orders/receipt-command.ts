import { requirePermission } from '#kernel/access.ts';
import { dateOf } from '#kernel/clock.ts';
import { newId } from '#kernel/id.ts';
import { nextNumber } from '#kernel/idempotency.ts';
import { readScope } from '#kernel/identity.ts';
import { accepted, invalidInput, notFound, refused } from '#kernel/problem.ts';
import { placeOf } from './authorship.ts';
import { perform } from './command.ts';
import { postReceipt, reverseReceipt } from './domain/goods-receipt.ts';
import { checkVersion } from './domain/requisition.ts';
import { closeWhenFulfilled } from './fulfilment.ts';
import { reasonFlaw } from './order-command.ts';
import { lockVisibleOrder, updateOrder, updateOrderLines } from './store/order-store.ts';
import {
  insertReceipts,
  receiptById,
  receiptLines,
  receiptsByIds,
  updateReceipt,
} from './store/receipt-store.ts';
import type { Transaction } from '#kernel/database.ts';
import type { DomainEvent } from '#kernel/event.ts';
import type {
  FieldError,
  IllegalTransition,
  InvalidInput,
  NotFound,
  Result,
  SegregationOfDuties,
  VersionConflict,
} from '#kernel/problem.ts';
import type { ReceiptFact } from './announcement.ts';
import type { Doing } from './command.ts';
import type { Context } from './context.ts';
import type {
  GoodsReceipt,
  OverDelivery,
  PostedReceipt,
  ReceiptFacts,
  ReceivedQuantity,
} from './domain/goods-receipt.ts';
import type { OrderWithLines, QuantityInUse } from './domain/order-change.ts';
import type { PurchaseOrder } from './domain/purchase-order.ts';

export interface PostReceiptCommand {
  readonly idempotencyKey: string;
  readonly purchaseOrderId: string;
  readonly expectedVersion?: number | null | undefined;
  readonly postedOn?: string | null | undefined;
  readonly deliveryNote?: string | null | undefined;
  readonly lines: readonly ReceivedQuantity[];
}

export interface ReverseReceiptCommand {
  readonly idempotencyKey: string;
  readonly id: string;
  readonly expectedVersion?: number | null | undefined;
  readonly reason: string;
}

type Refusal = NotFound | VersionConflict | InvalidInput | IllegalTransition | SegregationOfDuties;

/** An order has at most this many lines, so a receipt has no more. */
const LINES_MAX = 500;
const DELIVERY_NOTE_LENGTH_MAX = 100;

/** Confirms that goods arrived; receipts of one order take turns under its row lock, so together they keep its limit. */
export function postGoodsReceipt(context: Context, input: PostReceiptCommand) {
  requirePermission(context.viewer, 'receipt:write');
  return perform<GoodsReceipt, Refusal | OverDelivery>(
    context,
    { operation: 'postGoodsReceipt', input },
    async (tx, doing) => {
      const errors = inputErrors(input, dateOf(doing.now));
      if (errors.length > 0) return refused(invalidInput(errors));
      const current = await orderForReceiver(tx, context, input.purchaseOrderId);
      if (!current.ok) return current;
      const version = checkVersion(current.value.order, 'purchase order', input.expectedVersion);
      if (!version.ok) return version;
      const posted = postReceipt(
        current.value,
        input.lines,
        await receiptFacts(tx, context, { input, order: version.value, now: doing.now }),
      );
      if (!posted.ok) return posted;
      await insertReceipts(tx, [posted.value]);
      return accepted({
        value: posted.value.receipt,
        events: await writeReceived(tx, posted.value, { ...doing, fact: 'posted' }),
      });
    },
  );
}

/** Takes a receipt back; its quantities are open again. */
export function reverseGoodsReceipt(context: Context, input: ReverseReceiptCommand) {
  requirePermission(context.viewer, 'receipt:write');
  return perform<GoodsReceipt, Refusal | QuantityInUse>(
    context,
    { operation: 'reverseGoodsReceipt', input },
    async (tx, doing) => {
      const flaw = reasonFlaw(input.reason);
      if (flaw !== null) return refused(flaw);
      const current = await postedReceipt(tx, context, input);
      if (!current.ok) return current;
      const reversed = reverseReceipt(current.value, {
        actorId: context.viewer.id,
        reason: input.reason.trim(),
        now: doing.now,
      });
      if (!reversed.ok) return reversed;
      await updateReceipt(tx, reversed.value.receipt);
      return accepted({
        value: reversed.value.receipt,
        events: await writeReceived(tx, reversed.value, { ...doing, fact: 'reversed' }),
      });
    },
  );
}

async function orderForReceiver(
  tx: Transaction,
  context: Context,
  orderId: string,
): Promise<Result<OrderWithLines, NotFound>> {
  const current = await lockVisibleOrder(tx, orderId, readScope(context.viewer));
  if (current === null) return refused(notFound('purchase order', orderId));
  requirePermission(context.viewer, 'receipt:write', placeOf(current.order));
  return accepted(current);
}

/** The receipt with its order, whose row lock is taken before the receipt is read for the decision. */
async function postedReceipt(
  tx: Transaction,
  context: Context,
  input: ReverseReceiptCommand,
): Promise<Result<PostedReceipt, NotFound | VersionConflict>> {
  const [seen] = await receiptsByIds(tx, [input.id], readScope(context.viewer));
  if (seen === undefined) return refused(notFound('goods receipt', input.id));
  const current = await orderForReceiver(tx, context, seen.purchaseOrderId);
  if (!current.ok) return current;
  const receipt = await receiptById(tx, input.id);
  if (receipt === null) return refused(notFound('goods receipt', input.id));
  const version = checkVersion(receipt, 'goods receipt', input.expectedVersion);
  if (!version.ok) return version;
  return accepted({ ...current.value, receipt, receiptLines: await receiptLines(tx, [input.id]) });
}

async function writeReceived(
  tx: Transaction,
  received: PostedReceipt,
  telling: Doing & { readonly fact: ReceiptFact },
): Promise<DomainEvent[]> {
  const { order, lines, receipt } = received;
  await updateOrder(tx, order);
  await updateOrderLines(tx, lines);
  return [
    telling.announce.receipt(telling.fact, receipt, received.receiptLines),
    telling.announce.order('received', order, lines),
    ...(await closeWhenFulfilled(tx, { order, lines }, telling)),
  ];
}

async function receiptFacts(
  tx: Transaction,
  context: Context,
  request: {
    readonly input: PostReceiptCommand;
    readonly order: PurchaseOrder;
    readonly now: Date;
  },
): Promise<ReceiptFacts> {
  return {
    id: newId(context.clock),
    number: await nextNumber(tx, `GR-${request.order.companyCode}`),
    actorId: context.viewer.id,
    postedOn: request.input.postedOn ?? dateOf(request.now),
    deliveryNote: request.input.deliveryNote?.trim() || null,
    newId: () => newId(context.clock),
    now: request.now,
  };
}

function inputErrors(input: PostReceiptCommand, today: string): FieldError[] {
  const errors: FieldError[] = [];
  if (input.lines.length > LINES_MAX) {
    errors.push({
      field: 'lines',
      code: 'TOO_MANY_LINES',
      message: `At most ${LINES_MAX} lines are accepted, not ${input.lines.length}.`,
    });
  }
  if (input.postedOn && input.postedOn > today) {
    errors.push({
      field: 'postedOn',
      code: 'IN_FUTURE',
      message: `Goods cannot have arrived after ${today}.`,
    });
  }
  if ((input.deliveryNote ?? '').length > DELIVERY_NOTE_LENGTH_MAX) {
    errors.push({
      field: 'deliveryNote',
      code: 'TEXT_TOO_LONG',
      message: `At most ${DELIVERY_NOTE_LENGTH_MAX} characters are kept.`,
    });
  }
  return errors;
}
