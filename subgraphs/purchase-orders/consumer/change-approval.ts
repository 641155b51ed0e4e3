import { appendEvents } from '#kernel/outbox.ts';
import { approveChange, rejectChange } from '../domain/order-change.ts';
import { closeWhenFulfilled } from '../fulfilment.ts';
import { lockOrder, updateOrder, updateOrderLines } from '../store/order-store.ts';
import { decideOrderVersion, orderVersions } from '../store/order-version-store.ts';
import { doingFor, ignore } from './handling.ts';
import type { Transaction } from '#kernel/database.ts';
import type { DomainEvent } from '#kernel/event.ts';
import type { ApprovalSnapshot } from '../../approvals/events.ts';
import type { TakenChange } from '../domain/order-change.ts';
import type { Handling } from './handling.ts';

/** What each final word of approvals does to a pending change; any word but approval leaves the order as it was. */
const DECISIONS: Readonly<Record<string, typeof approveChange>> = {
  'concord.approval.approved.v1': approveChange,
  'concord.approval.rejected.v1': rejectChange,
  'concord.approval.returned.v1': rejectChange,
  'concord.approval.withdrawn.v1': rejectChange,
};

/** Applies a word of approvals to the pending version it was given for, and to no other. */
export async function applyToChange(
  handling: Handling,
  tx: Transaction,
  event: DomainEvent,
  decision: ApprovalSnapshot,
): Promise<void> {
  const decide = DECISIONS[event.type];
  if (decide === undefined) return;
  const current = await lockOrder(tx, decision.documentId);
  if (current === null) return ignore(handling, event, 'the order is not known here');
  const pending = (await orderVersions(tx, [current.order.id])).find(
    (version) => version.status === 'PENDING',
  );
  const isForPending =
    pending?.documentVersion === decision.documentVersion &&
    pending.documentHash === decision.documentHash;
  if (pending === undefined || !isForPending)
    return ignore(handling, event, 'it is for another version of the order');
  const doing = doingFor(handling, event);
  const decidedBy = decision.decidedBy ?? event.actorId;
  const taken = decide(current, pending, { decidedBy, comment: decision.comment, now: doing.now });
  if (!taken.ok) return ignore(handling, event, taken.problem.message);
  await write(tx, taken.value);
  const { order, lines, version } = taken.value;
  const told = doing.announce.order(
    version.status === 'APPROVED' ? 'changed' : 'change-rejected',
    order,
    lines,
  );
  await appendEvents(tx, [told, ...(await closeWhenFulfilled(tx, { order, lines }, doing))]);
}

async function write(tx: Transaction, taken: TakenChange): Promise<void> {
  await updateOrder(tx, taken.order);
  await updateOrderLines(tx, taken.lines);
  await decideOrderVersion(tx, taken.version);
}
