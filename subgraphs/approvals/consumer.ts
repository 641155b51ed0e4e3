import { createEventFactory } from '#kernel/event.ts';
import { dateOf } from '#kernel/clock.ts';
import { moneyOf } from '#kernel/money.ts';
import { routeWaitingForManager, submitDocument, withdrawDocument } from './round-commands.ts';
import { saveCostCentres } from './store/facts.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Cause, DomainEvent } from '#kernel/event.ts';
import type { EventHandlers } from '#kernel/inbox.ts';
import type { CostCentreSnapshot } from '../budgets/events.ts';
import type { PurchaseOrderSnapshot, RequisitionSnapshot } from '../purchase-orders/events.ts';
import type { DocumentUnderApproval } from './document.ts';

export const CONSUMER_NAME = 'approvals';
export const EVENT_SOURCE = '/subgraphs/approvals';

/** What this room does when another one tells of something. */
export function createHandlers(clock: Clock): EventHandlers {
  const rounds = { clock, event: createEventFactory(EVENT_SOURCE, clock) };
  return {
    'concord.requisition.submitted.v1': (tx, event) =>
      submitDocument(tx, rounds, requisitionOf(event), causeOf(event)),
    'concord.purchase-order.change-submitted.v1': (tx, event) =>
      submitDocument(tx, rounds, orderOf(event), causeOf(event)),
    'concord.requisition.withdrawn.v1': (tx, event) =>
      withdrawDocument(tx, rounds, event.document.id, {
        cause: causeOf(event),
        comment: 'The requisition was withdrawn.',
      }),
    'concord.purchase-order.cancelled.v1': (tx, event) =>
      withdrawDocument(tx, rounds, event.document.id, {
        cause: causeOf(event),
        comment: 'The purchase order was cancelled.',
      }),
    'concord.cost-centre.created.v1': (tx, event) => keepCostCentre(tx, event),
    'concord.cost-centre.changed.v1': (tx, event) => keepCostCentre(tx, event),
  };

  async function keepCostCentre(
    tx: Parameters<EventHandlers[string]>[0],
    event: DomainEvent,
  ): Promise<void> {
    const { costCentreId, companyCode, managerId } = event.data as CostCentreSnapshot;
    await saveCostCentres(tx, [{ costCentreId, companyCode, managerId, sequence: event.sequence }]);
    await routeWaitingForManager(tx, rounds, costCentreId, causeOf(event));
  }
}

/** What an event that this room makes because of another one has in common with it. */
export function causeOf(event: DomainEvent): Cause {
  return {
    correlationId: event.correlationId,
    causationId: event.id,
    traceparent: event.traceparent,
    actorId: event.actorId,
  };
}

function requisitionOf(event: DomainEvent): DocumentUnderApproval {
  const requisition = event.data as RequisitionSnapshot;
  return {
    ...commonOf(event, requisition),
    documentType: 'REQUISITION',
    documentId: requisition.requisitionId,
    submittedOn: requisition.submittedOn ?? dateOf(event.occurredAt),
  };
}

/** A change of an order is sent in by whoever made it, which may be another person than the requester. */
function orderOf(event: DomainEvent): DocumentUnderApproval {
  const order = event.data as PurchaseOrderSnapshot;
  return {
    ...commonOf(event, order),
    documentType: 'PURCHASE_ORDER',
    documentId: order.purchaseOrderId,
    submittedOn: dateOf(event.occurredAt),
  };
}

function commonOf(
  event: DomainEvent,
  snapshot: RequisitionSnapshot | PurchaseOrderSnapshot,
): Omit<DocumentUnderApproval, 'documentType' | 'documentId' | 'submittedOn'> {
  return {
    documentNumber: snapshot.number,
    documentVersion: snapshot.version,
    documentHash: snapshot.documentHash,
    companyCode: snapshot.companyCode,
    costCentreId: snapshot.costCentreId,
    category: snapshot.category,
    requesterId: snapshot.requesterId,
    submitterId: event.actorId,
    total: moneyOf(snapshot.total.amount, snapshot.total.currency),
  };
}
