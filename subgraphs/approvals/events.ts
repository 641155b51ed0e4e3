import type { DomainEvent } from '#kernel/event.ts';

export interface ApprovalSnapshot {
  readonly approvalRequestId: string;
  readonly documentType: 'REQUISITION' | 'PURCHASE_ORDER' | 'INVOICE';
  readonly documentId: string;
  readonly documentNumber: string;
  /** The decision holds for this version and hash of the document and for no other. */
  readonly documentVersion: number;
  readonly documentHash: string;
  readonly round: number;
  /** Who holds it now; empty once it is decided. */
  readonly pendingApproverIds: readonly string[];
  readonly decidedBy: string | null;
  readonly comment: string | null;
}

/**
 * Document type `ApprovalRequest`, document number that of the document under approval; company, cost centre and
 * owner are the document's. `unroutable`: no rule matches, which is an exception and never an approval.
 */
export type ApprovalEvent =
  | DomainEvent<'concord.approval.requested.v1', ApprovalSnapshot>
  | DomainEvent<'concord.approval.advanced.v1', ApprovalSnapshot>
  | DomainEvent<'concord.approval.delegated.v1', ApprovalSnapshot>
  | DomainEvent<'concord.approval.approved.v1', ApprovalSnapshot>
  | DomainEvent<'concord.approval.rejected.v1', ApprovalSnapshot>
  | DomainEvent<'concord.approval.returned.v1', ApprovalSnapshot>
  | DomainEvent<'concord.approval.withdrawn.v1', ApprovalSnapshot>
  | DomainEvent<'concord.approval.unroutable.v1', ApprovalSnapshot>;
