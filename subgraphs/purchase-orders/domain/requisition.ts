import { accepted, refused, versionConflict } from '#kernel/problem.ts';
import { step } from '#kernel/lifecycle.ts';
import { totalOf } from './document-line.ts';
import { documentHashOf } from './document-hash.ts';
import type { Lifecycle } from '#kernel/lifecycle.ts';
import type { Money } from '#kernel/money.ts';
import type { IllegalTransition, Result, VersionConflict } from '#kernel/problem.ts';
import type { DocumentLine } from './document-line.ts';
import type { RequisitionDraft } from './requisition-draft.ts';

export type RequisitionStatus =
  | 'DRAFT'
  | 'SUBMITTED'
  | 'PENDING_APPROVAL'
  | 'APPROVED'
  | 'ORDERED'
  | 'CLOSED'
  | 'REJECTED'
  | 'RETURNED'
  | 'WITHDRAWN'
  | 'CANCELLED';

export type RequisitionAction =
  | 'revise'
  | 'submit'
  | 'approvalRequested'
  | 'approve'
  | 'reject'
  | 'return'
  | 'withdraw'
  | 'cancel'
  | 'order'
  | 'close'
  | 'orderCancelled';

/**
 * A requisition's life. Withdrawing takes back what others look at (from SUBMITTED on); cancelling gives up what
 * only the requester has. A withdrawn or returned one can be revised and submitted again.
 */
export const REQUISITION_LIFECYCLE = {
  entity: 'requisition',
  initial: 'DRAFT',
  transitions: {
    DRAFT: { revise: 'DRAFT', submit: 'SUBMITTED', cancel: 'CANCELLED' },
    SUBMITTED: { approvalRequested: 'PENDING_APPROVAL', withdraw: 'WITHDRAWN' },
    PENDING_APPROVAL: {
      approve: 'APPROVED',
      reject: 'REJECTED',
      return: 'RETURNED',
      withdraw: 'WITHDRAWN',
    },
    APPROVED: { order: 'ORDERED' },
    ORDERED: { close: 'CLOSED', orderCancelled: 'CANCELLED' },
    CLOSED: {},
    REJECTED: {},
    RETURNED: { revise: 'DRAFT', submit: 'SUBMITTED', withdraw: 'WITHDRAWN', cancel: 'CANCELLED' },
    WITHDRAWN: { revise: 'DRAFT', cancel: 'CANCELLED' },
    CANCELLED: {},
  },
} as const satisfies Lifecycle<RequisitionStatus, RequisitionAction>;

/** What somebody wants to buy, before it is an order. Its lines are kept beside it. */
export interface Requisition {
  readonly id: string;
  readonly number: string;
  /** Counts up by one per change. */
  readonly version: number;
  readonly status: RequisitionStatus;
  readonly companyCode: string;
  readonly costCentreId: string;
  readonly category: string;
  readonly requesterId: string;
  readonly supplierId: string;
  readonly title: string;
  readonly justification: string | null;
  readonly neededBy: string | null;
  readonly total: Money;
  /** Date of the latest submission. */
  readonly submittedOn: string | null;
  /** The version that the latest submission made: decisions are for this one. */
  readonly submittedVersion: number | null;
  readonly documentHash: string;
  /** Minted here; every document that follows from this requisition carries it. */
  readonly correlationId: string;
  readonly purchaseOrderId: string | null;
  /** Who decided last, and what they said. */
  readonly decidedBy: string | null;
  readonly decisionComment: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface RequisitionWithLines {
  readonly requisition: Requisition;
  readonly lines: readonly DocumentLine[];
}

/** A new draft. */
export function draftRequisition(
  draft: RequisitionDraft,
  facts: {
    readonly id: string;
    readonly number: string;
    readonly requesterId: string;
    readonly correlationId: string;
    readonly now: Date;
  },
): RequisitionWithLines {
  const { id, number, requesterId, correlationId, now } = facts;
  const requisition: Requisition = {
    id,
    number,
    version: 1,
    status: REQUISITION_LIFECYCLE.initial,
    ...contentOf(draft, requesterId),
    requesterId,
    submittedOn: null,
    submittedVersion: null,
    correlationId,
    purchaseOrderId: null,
    decidedBy: null,
    decisionComment: null,
    createdAt: now,
    updatedAt: now,
  };
  return { requisition, lines: draft.lines };
}

/** The draft with another content; a returned or withdrawn requisition becomes a draft again. */
export function reviseRequisition(
  requisition: Requisition,
  draft: RequisitionDraft,
  now: Date,
): Result<RequisitionWithLines, IllegalTransition> {
  const moved = move(requisition, 'revise', now);
  if (!moved.ok) return moved;
  return accepted({
    requisition: { ...moved.value, ...contentOf(draft, requisition.requesterId) },
    lines: draft.lines,
  });
}

/** Submitted on `today` (the date that chooses the amount band); decisions will be bound to the version this makes. */
export function submitRequisition(
  requisition: Requisition,
  facts: { readonly today: string; readonly now: Date },
): Result<Requisition, IllegalTransition> {
  const moved = move(requisition, 'submit', facts.now);
  if (!moved.ok) return moved;
  const { value } = moved;
  return accepted({
    ...value,
    submittedOn: facts.today,
    submittedVersion: value.version,
    decidedBy: null,
    decisionComment: null,
  });
}

/** One step of the table, one version on. */
export function move(
  requisition: Requisition,
  action: RequisitionAction,
  now: Date,
): Result<Requisition, IllegalTransition> {
  const next = step<RequisitionStatus, RequisitionAction>(
    REQUISITION_LIFECYCLE,
    requisition.status,
    action,
  );
  if (!next.ok) return next;
  return accepted({
    ...requisition,
    status: next.value,
    version: requisition.version + 1,
    updatedAt: now,
  });
}

/** An approver's word, bound to one version and content. */
export interface ApprovalDecision {
  readonly documentVersion: number;
  readonly documentHash: string;
  readonly decidedBy: string | null;
  readonly comment: string | null;
}

/** Whether the decision is for what was submitted; a decision on anything else decides nothing. */
export function isDecisionFor(requisition: Requisition, decision: ApprovalDecision): boolean {
  return (
    decision.documentVersion === requisition.submittedVersion &&
    decision.documentHash === requisition.documentHash
  );
}

/** Refuses when the caller has read an older version than there is. */
export function checkVersion<Document extends { readonly version: number }>(
  document: Document,
  entity: string,
  expectedVersion: number | null | undefined,
): Result<Document, VersionConflict> {
  if (
    expectedVersion === null ||
    expectedVersion === undefined ||
    expectedVersion === document.version
  )
    return accepted(document);
  return refused(versionConflict(entity, document.version));
}

function contentOf(draft: RequisitionDraft, requesterId: string) {
  const { companyCode, costCentreId, category, supplierId, title, justification, neededBy, lines } =
    draft;
  const total = totalOf(lines, draft.currency);
  const documentHash = documentHashOf({
    companyCode,
    costCentreId,
    category,
    requesterId,
    supplierId,
    total,
    lines,
  });
  return {
    companyCode,
    costCentreId,
    category,
    supplierId,
    title,
    justification,
    neededBy,
    total,
    documentHash,
  };
}
