import { closeOrder, isFulfilled } from './domain/purchase-order.ts';
import { move } from './domain/requisition.ts';
import { updateOrder } from './store/order-store.ts';
import { lockRequisition, updateRequisition } from './store/requisition-store.ts';
import type { Transaction } from '#kernel/database.ts';
import type { DomainEvent } from '#kernel/event.ts';
import type { Announcement } from './announcement.ts';
import type { OrderWithLines } from './domain/order-change.ts';

const FULFILLED = 'Everything was received and invoiced.';

interface Following {
  readonly announce: Announcement;
  readonly now: Date;
}

/** Closes the order, and its requisition with it, when nothing more is expected; answers the events of it, often none. */
export async function closeWhenFulfilled(
  tx: Transaction,
  current: OrderWithLines,
  following: Following,
): Promise<DomainEvent[]> {
  if (!isFulfilled(current.lines)) return [];
  const closed = closeOrder(current.order, { reason: FULFILLED, now: following.now });
  if (!closed.ok) return [];
  await updateOrder(tx, closed.value);
  return endRequisition(tx, { order: closed.value, lines: current.lines }, following);
}

/** The end of an order, already written, is the end of its requisition; answers the events of both. */
export async function endRequisition(
  tx: Transaction,
  ended: OrderWithLines,
  following: Following,
): Promise<DomainEvent[]> {
  const { order, lines } = ended;
  const isCancelled = order.status === 'CANCELLED';
  const events = [following.announce.order(isCancelled ? 'cancelled' : 'closed', order, lines)];
  const requisition = await lockRequisition(tx, order.requisitionId);
  if (requisition === null) return events;
  const moved = move(requisition, isCancelled ? 'orderCancelled' : 'close', following.now);
  if (!moved.ok) return events;
  await updateRequisition(tx, moved.value);
  return [
    ...events,
    following.announce.requisition(isCancelled ? 'cancelled' : 'closed', moved.value),
  ];
}
