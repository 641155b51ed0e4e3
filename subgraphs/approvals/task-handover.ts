import { step } from '#kernel/lifecycle.ts';
import { accepted, invalidInput, notFound, refused } from '#kernel/problem.ts';
import { REQUEST_LIFECYCLE } from './approval-request.ts';
import { TASK_LIFECYCLE, moved } from './approval-task.ts';
import { isInterested } from './document.ts';
import { authorityOf, commentFlaw, separationBar } from './task-authority.ts';
import type {
  IllegalTransition,
  InvalidInput,
  NotFound,
  Result,
  SegregationOfDuties,
} from '#kernel/problem.ts';
import type { Approval } from './approval-request.ts';
import type { ApprovalTask } from './approval-task.ts';
import type { AuthorityFacts, NotYourTask } from './task-authority.ts';

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
  facts: AuthorityFacts & { readonly newTaskId: string },
): Result<
  Approval,
  NotFound | NotYourTask | SegregationOfDuties | IllegalTransition | InvalidInput
> {
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
  return commentFlaw(command.comment) ?? separationBar(approval, task, command.toId);
}

/** The persons who had this task, the present one last. */
function handsOf(tasks: readonly ApprovalTask[], task: ApprovalTask): string[] {
  const previous = tasks.find((candidate) => candidate.id === task.previousTaskId);
  return previous === undefined
    ? [task.approverId]
    : [...handsOf(tasks, previous), task.approverId];
}
