import type { Cause, createEventFactory } from '#kernel/event.ts';
import type { Approval } from './approval-request.ts';
import type { ApprovalEvent } from './events.ts';

/** The facts of an approval, in the words of the event contract. */
export type ApprovalFact =
  | 'requested'
  | 'advanced'
  | 'delegated'
  | 'approved'
  | 'rejected'
  | 'returned'
  | 'withdrawn'
  | 'unroutable';

/** One event about a request; company, cost centre and owner are the document's, so whoever may read it hears of it. */
export function approvalEvent(
  event: ReturnType<typeof createEventFactory>,
  fact: ApprovalFact,
  approval: Approval,
  cause: Cause,
): ApprovalEvent {
  const { request } = approval;
  const { document } = request;
  return event(cause, {
    type: `concord.approval.${fact}.v1`,
    document: {
      type: 'ApprovalRequest',
      id: request.id,
      number: document.documentNumber,
      status: request.status,
    },
    sequence: request.version,
    audience: {
      companyCode: document.companyCode,
      costCentreId: document.costCentreId,
      ownerId: document.requesterId,
    },
    data: {
      approvalRequestId: request.id,
      documentType: document.documentType,
      documentId: document.documentId,
      documentNumber: document.documentNumber,
      documentVersion: document.documentVersion,
      documentHash: document.documentHash,
      round: request.round,
      pendingApproverIds: pendingApproverIds(approval),
      decidedBy: request.closedById,
      comment: request.comment,
    },
  });
}

function pendingApproverIds(approval: Approval): string[] {
  return approval.tasks.filter((task) => task.status === 'PENDING').map((task) => task.approverId);
}
