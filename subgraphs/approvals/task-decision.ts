import { step } from '#kernel/lifecycle.ts';
import { accepted, invalidInput, notFound, refused } from '#kernel/problem.ts';
import { REQUEST_LIFECYCLE } from './approval-request.ts';
import { TASK_LIFECYCLE, progress, retireOpen } from './approval-task.ts';
import { authorityOf, commentFlaw } from './task-authority.ts';
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
import type { AuthorityFacts, NotYourTask } from './task-authority.ts';

export type Verdict = 'approve' | 'reject' | 'return';
export type DecisionOutcome = 'APPROVED' | 'REJECTED' | 'RETURNED';

const OUTCOMES: Readonly<Record<Verdict, DecisionOutcome>> = {
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

export interface DecisionFacts extends AuthorityFacts {
  readonly decisionId: string;
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

function flawOf(command: DecideTask): InvalidInput | null {
  if (command.verdict === 'return' && (command.comment ?? '').trim() === '') {
    return invalidInput([
      { field: 'comment', code: 'REQUIRED', message: 'Say what the requester is to correct.' },
    ]);
  }
  return commentFlaw(command.comment);
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
