import { newId } from '#kernel/id.ts';
import { nextNumber } from '#kernel/idempotency.ts';
import { appendEvents } from '#kernel/outbox.ts';
import { firstVersion } from '../domain/order-version.ts';
import { orderLineOf, orderOf } from '../domain/purchase-order.ts';
import { isDecisionFor, move } from '../domain/requisition.ts';
import { insertOrders } from '../store/order-store.ts';
import { insertOrderVersions } from '../store/order-version-store.ts';
import {
  lockRequisition,
  requisitionLines,
  updateRequisition,
} from '../store/requisition-store.ts';
import { doingFor, ignore } from './handling.ts';
import type { Transaction } from '#kernel/database.ts';
import type { DomainEvent } from '#kernel/event.ts';
import type { ApprovalSnapshot } from '../../approvals/events.ts';
import type { RequisitionFact } from '../announcement.ts';
import type { Doing } from '../command.ts';
import type { OrderWithLines } from '../domain/order-change.ts';
import type { Requisition, RequisitionAction } from '../domain/requisition.ts';
import type { Handling } from './handling.ts';

/** What each word of approvals does to a requisition, and how that is told. */
const STEPS: Readonly<
  Record<string, { readonly action: RequisitionAction; readonly fact: RequisitionFact }>
> = {
  'concord.approval.requested.v1': { action: 'approvalRequested', fact: 'approval-requested' },
  'concord.approval.approved.v1': { action: 'approve', fact: 'approved' },
  'concord.approval.rejected.v1': { action: 'reject', fact: 'rejected' },
  'concord.approval.returned.v1': { action: 'return', fact: 'returned' },
  'concord.approval.withdrawn.v1': { action: 'withdraw', fact: 'withdrawn' },
};

/** Applies a word of approvals to the version and content it was given for, and to no other. */
export async function applyToRequisition(
  handling: Handling,
  tx: Transaction,
  event: DomainEvent,
  decision: ApprovalSnapshot,
): Promise<void> {
  const step = STEPS[event.type];
  const requisition = await lockRequisition(tx, decision.documentId);
  if (step === undefined || requisition === null)
    return ignore(handling, event, 'the requisition is not known here');
  if (!isDecisionFor(requisition, decision))
    return ignore(handling, event, 'it is for another version of the requisition');
  const doing = doingFor(handling, event);
  const moved = move(requisition, step.action, doing.now);
  if (!moved.ok) return ignore(handling, event, moved.problem.message);
  const decided = {
    ...moved.value,
    decidedBy: decision.decidedBy,
    decisionComment: decision.comment,
  };
  await updateRequisition(tx, decided);
  const told = doing.announce.requisition(step.fact, decided);
  const events =
    step.action === 'approve'
      ? [told, ...(await order(handling, tx, { requisition: decided, doing }))]
      : [told];
  await appendEvents(tx, events);
}

/** An approved requisition becomes an order in the same moment. */
async function order(
  handling: Handling,
  tx: Transaction,
  approved: { requisition: Requisition; doing: Doing },
): Promise<DomainEvent[]> {
  const { requisition, doing } = approved;
  const created = await createOrder(handling, tx, approved);
  const ordered = move(requisition, 'order', doing.now);
  if (!ordered.ok) throw new Error(ordered.problem.message);
  const requisitionWithOrder = { ...ordered.value, purchaseOrderId: created.order.id };
  await updateRequisition(tx, requisitionWithOrder);
  return [
    doing.announce.order('created', created.order, created.lines),
    doing.announce.requisition('ordered', requisitionWithOrder),
  ];
}

async function createOrder(
  { clock }: Handling,
  tx: Transaction,
  approved: { requisition: Requisition; doing: Doing },
): Promise<OrderWithLines> {
  const { requisition, doing } = approved;
  const id = newId(clock);
  const number = await nextNumber(tx, `PO-${requisition.companyCode}`);
  const wanted = await requisitionLines(tx, [requisition.id]);
  const made = orderOf(requisition, { id, number, now: doing.now });
  const lines = wanted.map((line) => orderLineOf(line, { id: newId(clock), purchaseOrderId: id }));
  await insertOrders(tx, [{ order: made, lines }]);
  await insertOrderVersions(tx, [
    firstVersion(made, lines, requisition.decidedBy ?? requisition.requesterId),
  ]);
  return { order: made, lines };
}
