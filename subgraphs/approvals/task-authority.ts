import { accepted, invalidInput, refused, segregationOfDuties } from '#kernel/problem.ts';
import { isOpen } from './approval-task.ts';
import { actsFor } from './delegation.ts';
import { isInterested } from './document.ts';
import type { InvalidInput, Problem, Result, SegregationOfDuties } from '#kernel/problem.ts';
import type { Approval } from './approval-request.ts';
import type { ApprovalTask } from './approval-task.ts';
import type { Delegation } from './delegation.ts';
import type { Rates } from './policy-rule.ts';

/** What is looked up to tell by what right somebody acts on a task. */
export interface AuthorityFacts {
  readonly at: Date;
  /** Calendar date of the decision, by which delegations hold. */
  readonly today: string;
  /** Delegations by which the actor may act for others. */
  readonly delegations: readonly Delegation[];
  readonly rates: Rates;
}

/** The task belongs to somebody else, and no delegation that holds now leads to the actor. */
export interface NotYourTask extends Problem<'NOT_YOUR_TASK'> {
  readonly approverId: string;
}

/** By what right the actor decides this task. Separation is tested on the person who acts, after delegations are followed. */
export function authorityOf(
  approval: Approval,
  task: ApprovalTask,
  facts: AuthorityFacts & { readonly actorId: string },
): Result<{ readonly onBehalfOfId: string | null }, NotYourTask | SegregationOfDuties> {
  const { actorId, delegations, today, rates } = facts;
  const { document } = approval.request;
  if (isInterested(document, actorId)) return refused(interested(approval, task, actorId));
  const isOwn = task.approverId === actorId;
  if (
    !isOwn &&
    !actsFor(delegations, { actorId, approverId: task.approverId }, { document, today, rates })
  ) {
    return refused(notYourTask(task));
  }
  const second = secondPart(approval, task, actorId);
  return second === null
    ? accepted({ onBehalfOfId: isOwn ? null : task.approverId })
    : refused(second);
}

/** Who may not receive this task whatever anybody wants, and why. */
export function separationBar(
  approval: Approval,
  task: ApprovalTask,
  personId: string,
): SegregationOfDuties | null {
  if (isInterested(approval.request.document, personId))
    return interested(approval, task, personId);
  return secondPart(approval, task, personId);
}

function interested(approval: Approval, task: ApprovalTask, personId: string): SegregationOfDuties {
  return segregationOfDuties(
    'requester-is-not-approver',
    `${personId} wants ${approval.request.document.documentNumber} approved and therefore may not decide on it, nor by delegation. The task stays with ${task.approverId}.`,
  );
}

function secondPart(
  approval: Approval,
  task: ApprovalTask,
  personId: string,
): SegregationOfDuties | null {
  const other = approval.tasks.find(
    (candidate) => candidate.id !== task.id && isInvolved(candidate, personId),
  );
  if (other === undefined) return null;
  return segregationOfDuties(
    'one-person-decides-once',
    `${personId} has another part in this approval (stage ${other.stage}); nobody decides twice on one document. The task stays with ${task.approverId}.`,
  );
}

function isInvolved(task: ApprovalTask, personId: string): boolean {
  const hasOrHadToDecide =
    task.approverId === personId && (isOpen(task) || task.status === 'APPROVED');
  return hasOrHadToDecide || (task.status === 'APPROVED' && task.decidedById === personId);
}

function notYourTask(task: ApprovalTask): NotYourTask {
  return {
    code: 'NOT_YOUR_TASK',
    message: `This task is ${task.approverId}'s, and no delegation that holds today and for this amount leads from there to you. Ask ${task.approverId} to decide, to delegate to you or to hand the task over.`,
    retryable: false,
    approverId: task.approverId,
  };
}

/** Comments are read by people in a list; longer reasoning belongs into an attachment. */
export const COMMENT_LENGTH_MAX = 2000;

/** What is wrong with a comment, or null. */
export function commentFlaw(comment: string | null): InvalidInput | null {
  if ((comment ?? '').length <= COMMENT_LENGTH_MAX) return null;
  return invalidInput([
    {
      field: 'comment',
      code: 'TOO_LONG',
      message: `At most ${COMMENT_LENGTH_MAX} characters are possible.`,
    },
  ]);
}
