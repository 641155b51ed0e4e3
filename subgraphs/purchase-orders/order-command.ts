import { requirePermission } from '#kernel/access.ts';
import { readScope } from '#kernel/identity.ts';
import { accepted, invalidInput, notFound, refused } from '#kernel/problem.ts';
import { placeOf } from './authorship.ts';
import { perform } from './command.ts';
import { changeOrder } from './domain/order-change.ts';
import { cancelOrder, closeOrder } from './domain/purchase-order.ts';
import { checkVersion } from './domain/requisition.ts';
import { closeWhenFulfilled, endRequisition } from './fulfilment.ts';
import { lockVisibleOrder, updateOrder, updateOrderLines } from './store/order-store.ts';
import { insertOrderVersions, orderVersions } from './store/order-version-store.ts';
import type { Transaction } from '#kernel/database.ts';
import type { DomainEvent } from '#kernel/event.ts';
import type {
  IllegalTransition,
  InvalidInput,
  NotFound,
  Result,
  VersionConflict,
} from '#kernel/problem.ts';
import type { Doing } from './command.ts';
import type { Context } from './context.ts';
import type {
  ChangeFacts,
  LineChange,
  OrderWithLines,
  QuantityInUse,
  TakenChange,
} from './domain/order-change.ts';
import type { OrderInUse, PurchaseOrder } from './domain/purchase-order.ts';

/** Names an order, as it was when it was read, and says why it is to change. */
export interface OrderCommand {
  readonly idempotencyKey: string;
  readonly id: string;
  readonly expectedVersion?: number | null | undefined;
  readonly reason: string;
}

export interface OrderChangeCommand extends OrderCommand {
  readonly lines: readonly LineChange[];
}

type OpenProblem = NotFound | VersionConflict | InvalidInput;

/** A sentence that others read in a list. */
const REASON_LENGTH_MAX = 500;

/** Changes lines: at once within tolerance of what was approved, else after approval. */
export function changePurchaseOrder(context: Context, input: OrderChangeCommand) {
  type Refusal = OpenProblem | IllegalTransition | QuantityInUse;
  return perform<PurchaseOrder, Refusal>(
    context,
    { operation: 'changePurchaseOrder', input },
    async (tx, doing) => {
      const current = await openForBuyer(tx, context, input);
      if (!current.ok) return current;
      const taken = changeOrder(
        current.value,
        input.lines,
        await changeFacts(tx, current.value, { context, input, now: doing.now }),
      );
      if (!taken.ok) return taken;
      const { order, version } = taken.value;
      await updateOrder(tx, order);
      await insertOrderVersions(tx, [version]);
      return accepted({ value: order, events: await announceChange(tx, taken.value, doing) });
    },
  );
}

/** Cancels an order of which nothing was received or invoiced, and its requisition with it. */
export function cancelPurchaseOrder(context: Context, input: OrderCommand) {
  return perform<PurchaseOrder, OpenProblem | IllegalTransition | OrderInUse>(
    context,
    { operation: 'cancelPurchaseOrder', input },
    async (tx, doing) => {
      const current = await openForBuyer(tx, context, input);
      if (!current.ok) return current;
      const { order, lines } = current.value;
      const cancelled = cancelOrder(order, lines, { reason: input.reason.trim(), now: doing.now });
      if (!cancelled.ok) return cancelled;
      await updateOrder(tx, cancelled.value);
      return accepted({
        value: cancelled.value,
        events: await endRequisition(tx, { order: cancelled.value, lines }, doing),
      });
    },
  );
}

/** Closes an order: what is open is no longer expected. */
export function closePurchaseOrder(context: Context, input: OrderCommand) {
  return perform<PurchaseOrder, OpenProblem | IllegalTransition>(
    context,
    { operation: 'closePurchaseOrder', input },
    async (tx, doing) => {
      const current = await openForBuyer(tx, context, input);
      if (!current.ok) return current;
      const { order, lines } = current.value;
      const closed = closeOrder(order, { reason: input.reason.trim(), now: doing.now });
      if (!closed.ok) return closed;
      await updateOrder(tx, closed.value);
      return accepted({
        value: closed.value,
        events: await endRequisition(tx, { order: closed.value, lines }, doing),
      });
    },
  );
}

/** The order under its row lock, if the viewer sees it, may change it and has read its newest version. */
async function openForBuyer(
  tx: Transaction,
  context: Context,
  input: OrderCommand,
): Promise<Result<OrderWithLines, OpenProblem>> {
  requirePermission(context.viewer, 'order:write');
  const current = await lockVisibleOrder(tx, input.id, readScope(context.viewer));
  if (current === null) return refused(notFound('purchase order', input.id));
  requirePermission(context.viewer, 'order:write', placeOf(current.order));
  const flaw = reasonFlaw(input.reason);
  if (flaw !== null) return refused(flaw);
  const version = checkVersion(current.order, 'purchase order', input.expectedVersion);
  return version.ok ? accepted(current) : version;
}

/** A reason must be given, and be short enough to be read. */
export function reasonFlaw(reason: string): InvalidInput | null {
  const { length } = reason.trim();
  if (length > 0 && length <= REASON_LENGTH_MAX) return null;
  return invalidInput([
    {
      field: 'reason',
      code: 'BAD_TEXT',
      message: `A reason of 1 to ${REASON_LENGTH_MAX} characters is expected.`,
    },
  ]);
}

async function changeFacts(
  tx: Transaction,
  { order }: OrderWithLines,
  request: { readonly context: Context; readonly input: OrderChangeCommand; readonly now: Date },
): Promise<ChangeFacts> {
  const versions = await orderVersions(tx, [order.id]);
  const approved = versions.find((version) => version.number === order.approvedOrderVersion);
  if (approved === undefined)
    throw new Error(
      `Order ${order.id} has no version ${order.approvedOrderVersion}, which it says was approved.`,
    );
  return {
    approved,
    number: versions.length + 1,
    reason: request.input.reason.trim(),
    actorId: request.context.viewer.id,
    now: request.now,
  };
}

/** Writes the lines of a change that is in force, and tells of it; a pending one is told as it is proposed. */
async function announceChange(
  tx: Transaction,
  taken: TakenChange,
  doing: Doing,
): Promise<DomainEvent[]> {
  const { order, lines, version, proposedLines } = taken;
  if (version.status === 'PENDING') {
    const proposed = { ...order, total: version.total, documentHash: version.documentHash };
    return [doing.announce.order('change-submitted', proposed, proposedLines)];
  }
  await updateOrderLines(tx, lines);
  return [
    doing.announce.order('changed', order, lines),
    ...(await closeWhenFulfilled(tx, { order, lines }, doing)),
  ];
}
