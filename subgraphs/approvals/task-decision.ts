import { step } from '#kernel/lifecycle.ts';
import { accepted, invalidInput, notFound, refused, segregationOfDuties } from '#kernel/problem.ts';
import { REQUEST_LIFECYCLE } from './approval-request.ts';
import { TASK_LIFECYCLE, isOpen, moved, progress, retireOpen } from './approval-task.ts';
import { actsFor } from './delegation.ts';
import { isInterested } from './document.ts';
import type {
  IllegalTransition,
  InvalidInput,
  NotFound,
  Problem,
  Result,
  SegregationOfDuties,
} from '#kernel/problem.ts';
import type { Approval, RequestEvent } from './approval-request.ts';
import type { ApprovalTask } from './approval-task.ts';
import type { Delegation } from './delegation.ts';
import type { Rates } from './policy-rule.ts';

export type Verdict = 'approve' | 'reject' | 'return';
export type DecisionOutcome = 'APPROVED' | 'REJECTED' | 'RETURNED';

export const OUTCOMES: Readonly<Record<Verdict, DecisionOutcome>> = {
  approve: 'APPROVED',
  reject: 'REJECTED',
  return: 'RETURNED',
};

/** One person's word on one version of a document; written once and never changed. */
export interface Decision {
  readonly id: string;
  readonly requestId: string;
  readonly taskId: string;
  readonly actorId: string;
  /** Whose authority was used, when it was not the actor's own. */
  readonly onBehalfOfId: string | null;
  readonly outcome: DecisionOutcome;
  readonly comment: string | null;
  readonly policyVersion: number | null;
  readonly documentVersion: number;
  readonly documentHash: string;
  readonly decidedAt: Date;
}

export interface DecideTask {
  readonly verdict: Verdict;
  readonly taskId: string;
  readonly actorId: string;
  /** The version and hash of the document that the actor has seen. */
  readonly documentVersion: number;
  readonly documentHash: string;
  readonly comment: string | null;
}

export interface DecisionFacts {
  readonly decisionId: string;
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

/** The actor has seen another version of the document than the one under approval. */
export interface StaleDocument extends Problem<'STALE_DOCUMENT'> {
  readonly currentVersion: number;
  readonly currentHash: string;
}

type Refusal =
  | NotFound
  | NotYourTask
  | SegregationOfDuties
  | StaleDocument
  | IllegalTransition
  | InvalidInput;

export interface Decided {
  readonly approval: Approval;
  readonly decision: Decision;
  /** What became of the request. */
  readonly event: Extract<RequestEvent, 'advance' | 'approve' | 'reject' | 'return'>;
}

export const COMMENT_LENGTH_MAX = 2000;

/** One decision on one task (invariants A1, A3, A9). */
export function decideTask(
  approval: Approval,
  command: DecideTask,
  facts: DecisionFacts,
): Result<Decided, Refusal> {
  const task = approval.tasks.find((candidate) => candidate.id === command.taskId);
  if (task === undefined) return refused(notFound('approval task', command.taskId));
  const authority = authorityOf(approval, task, { ...facts, actorId: command.actorId });
  if (!authority.ok) return authority;
  const status = step(TASK_LIFECYCLE, task.status, command.verdict);
  if (!status.ok) return status;
  const flaw = flawOf(command);
  if (flaw !== null) return refused(flaw);
  const { document, policyVersion } = approval.request;
  if (
    document.documentVersion !== command.documentVersion ||
    document.documentHash !== command.documentHash
  ) {
    return refused(staleDocument(approval, command));
  }
  const decided: ApprovalTask = {
    ...task,
    status: status.value,
    decidedAt: facts.at,
    decidedById: command.actorId,
  };
  const after = concluded(approval, decided, command, facts.at);
  if (!after.ok) return after;
  const { documentVersion, documentHash } = document;
  return accepted({
    ...after.value,
    decision: {
      id: facts.decisionId,
      requestId: approval.request.id,
      taskId: task.id,
      actorId: command.actorId,
      onBehalfOfId: authority.value.onBehalfOfId,
      outcome: OUTCOMES[command.verdict],
      comment: command.comment,
      policyVersion,
      documentVersion,
      documentHash,
      decidedAt: facts.at,
    },
  });
}

/** What one decided task means for the whole request. */
function concluded(
  approval: Approval,
  decided: ApprovalTask,
  command: DecideTask,
  at: Date,
): Result<Omit<Decided, 'decision'>, IllegalTransition> {
  const { request } = approval;
  const tasks = approval.tasks.map((task) => (task.id === decided.id ? decided : task));
  const progressed =
    command.verdict === 'approve'
      ? progress(tasks, request.stageModes, at)
      : { tasks: retireOpen(tasks), complete: true };
  const event = progressed.complete ? command.verdict : 'advance';
  const next = step(REQUEST_LIFECYCLE, request.status, event);
  if (!next.ok) return next;
  const closing = progressed.complete ? { closedAt: at, closedById: command.actorId } : {};
  return accepted({
    event,
    approval: {
      request: {
        ...request,
        ...closing,
        status: next.value,
        version: request.version + 1,
        comment: command.comment,
      },
      tasks: progressed.tasks,
    },
  });
}

export interface HandOver {
  readonly taskId: string;
  readonly actorId: string;
  readonly toId: string;
  readonly comment: string | null;
  /** Who keeps the policy may hand over anybody's task but their own interest, so that none waits for somebody who left. */
  readonly isAdministrator: boolean;
}

/** A task may pass through this many hands: further ones are a lost document. */
const HANDS_MAX = 5;

/** Hands a task to another person, who must be as free to decide it (invariants A1, A2). */
export function handOverTask(
  approval: Approval,
  command: HandOver,
  facts: Omit<DecisionFacts, 'decisionId'> & { readonly newTaskId: string },
): Result<Approval, Exclude<Refusal, StaleDocument>> {
  const task = approval.tasks.find((candidate) => candidate.id === command.taskId);
  if (task === undefined) return refused(notFound('approval task', command.taskId));
  const { document } = approval.request;
  const isReassigned =
    command.isAdministrator &&
    !isInterested(document, command.actorId) &&
    command.toId !== command.actorId;
  const authority = isReassigned
    ? null
    : authorityOf(approval, task, { ...facts, actorId: command.actorId });
  if (authority?.ok === false) return authority;
  const status = step(TASK_LIFECYCLE, task.status, 'delegate');
  if (!status.ok) return status;
  const next = step(REQUEST_LIFECYCLE, approval.request.status, 'delegate');
  if (!next.ok) return next;
  const bar = barOfReceiver(approval, task, command);
  if (bar !== null) return refused(bar);
  const given: ApprovalTask = {
    ...task,
    status: status.value,
    decidedAt: facts.at,
    decidedById: command.actorId,
  };
  const received: ApprovalTask = {
    ...moved({ ...task, status: TASK_LIFECYCLE.initial }, 'activate'),
    id: facts.newTaskId,
    approverId: command.toId,
    origin: 'HANDED_OVER',
    previousTaskId: task.id,
    note: command.comment,
    pendingSince: facts.at,
  };
  return accepted({
    request: {
      ...approval.request,
      status: next.value,
      version: approval.request.version + 1,
      comment: command.comment,
    },
    tasks: [...approval.tasks.map((other) => (other.id === task.id ? given : other)), received],
  });
}

function barOfReceiver(
  approval: Approval,
  task: ApprovalTask,
  command: HandOver,
): SegregationOfDuties | InvalidInput | null {
  const flaw = (code: string, message: string): InvalidInput =>
    invalidInput([{ field: 'toId', code, message }]);
  const hands = handsOf(approval.tasks, task);
  if (command.toId.trim() === '') return flaw('REQUIRED', 'A person is expected.');
  if (hands.includes(command.toId))
    return flaw('HAD_IT_BEFORE', `${command.toId} had this task before; hand it to somebody else.`);
  if (hands.length >= HANDS_MAX)
    return flaw(
      'TOO_MANY_HANDS',
      `This task passed through ${hands.length} hands; decide it, or reject it with a reason.`,
    );
  if ((command.comment ?? '').length > COMMENT_LENGTH_MAX) return commentTooLong();
  return separationBar(approval, task, command.toId);
}

/** The persons who had this task, the present one last. */
function handsOf(tasks: readonly ApprovalTask[], task: ApprovalTask): string[] {
  const previous = tasks.find((candidate) => candidate.id === task.previousTaskId);
  return previous === undefined
    ? [task.approverId]
    : [...handsOf(tasks, previous), task.approverId];
}

/** By what right the actor decides this task. Separation is tested on the person who acts, after delegations are followed. */
function authorityOf(
  approval: Approval,
  task: ApprovalTask,
  facts: Omit<DecisionFacts, 'decisionId'> & { readonly actorId: string },
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
function separationBar(
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

function flawOf(command: DecideTask): InvalidInput | null {
  const comment = command.comment ?? '';
  if (comment.length > COMMENT_LENGTH_MAX) return commentTooLong();
  if (command.verdict === 'return' && comment.trim() === '') {
    return invalidInput([
      { field: 'comment', code: 'REQUIRED', message: 'Say what the requester is to correct.' },
    ]);
  }
  return null;
}

function commentTooLong(): InvalidInput {
  return invalidInput([
    {
      field: 'comment',
      code: 'TOO_LONG',
      message: `At most ${COMMENT_LENGTH_MAX} characters are possible.`,
    },
  ]);
}

function notYourTask(task: ApprovalTask): NotYourTask {
  return {
    code: 'NOT_YOUR_TASK',
    message: `This task is ${task.approverId}'s, and no delegation that holds today and for this amount leads from there to you. Ask ${task.approverId} to decide, to delegate to you or to hand the task over.`,
    retryable: false,
    approverId: task.approverId,
  };
}

function staleDocument(approval: Approval, command: DecideTask): StaleDocument {
  const { documentNumber, documentVersion, documentHash } = approval.request.document;
  return {
    code: 'STALE_DOCUMENT',
    message: `You decided on version ${command.documentVersion} of ${documentNumber}; version ${documentVersion} is under approval. Read the document again, then decide with its version and hash.`,
    retryable: false,
    currentVersion: documentVersion,
    currentHash: documentHash,
  };
}
