import { step } from '#kernel/lifecycle.ts';
import type { Lifecycle } from '#kernel/lifecycle.ts';
import type { StageMode } from './policy-rule.ts';

export type TaskStatus =
  | 'WAITING'
  | 'PENDING'
  | 'APPROVED'
  | 'REJECTED'
  | 'RETURNED'
  | 'DELEGATED'
  | 'OBSOLETE'
  | 'SKIPPED';
export type TaskEvent =
  | 'activate'
  | 'skip'
  | 'approve'
  | 'reject'
  | 'return'
  | 'delegate'
  | 'retire';

/** A task is one person's part in a request. DELEGATED ends it: the other person gets a task of their own. */
export const TASK_LIFECYCLE: Lifecycle<TaskStatus, TaskEvent> = {
  entity: 'approval task',
  initial: 'WAITING',
  transitions: {
    WAITING: { activate: 'PENDING', skip: 'SKIPPED', retire: 'OBSOLETE' },
    PENDING: {
      approve: 'APPROVED',
      reject: 'REJECTED',
      return: 'RETURNED',
      delegate: 'DELEGATED',
      retire: 'OBSOLETE',
    },
    APPROVED: {},
    REJECTED: {},
    RETURNED: {},
    DELEGATED: {},
    OBSOLETE: {},
    SKIPPED: {},
  },
};

/** How a person came to a task: by the rule, as the policy's stand-in, or because somebody handed it over. */
export type TaskOrigin = 'RULE' | 'FALLBACK' | 'HANDED_OVER';

export interface ApprovalTask {
  readonly id: string;
  readonly requestId: string;
  /** From 1. */
  readonly stage: number;
  /** Place within the stage, from 1: the order of a sequential stage. */
  readonly position: number;
  readonly approverId: string;
  readonly status: TaskStatus;
  readonly origin: TaskOrigin;
  /** The task that was handed over to make this one. */
  readonly previousTaskId: string | null;
  /** Why it was skipped, replaced or handed over, for people. */
  readonly note: string | null;
  readonly pendingSince: Date | null;
  readonly decidedAt: Date | null;
  readonly decidedById: string | null;
}

export function isOpen(task: ApprovalTask): boolean {
  return task.status === 'WAITING' || task.status === 'PENDING';
}

/** The task after an event that the table is known to allow; anything else is a bug here. */
export function moved(task: ApprovalTask, event: TaskEvent): ApprovalTask {
  const next = step(TASK_LIFECYCLE, task.status, event);
  if (!next.ok) throw new Error(next.problem.message);
  return { ...task, status: next.value };
}

/** All tasks, with those that are still open retired: the request was decided without them. */
export function retireOpen(tasks: readonly ApprovalTask[]): ApprovalTask[] {
  return tasks.map((task) => (isOpen(task) ? moved(task, 'retire') : task));
}

/**
 * Opens the tasks that are due and tells whether every stage is complete. A stage is complete when nothing in it
 * is open and somebody approved it, or, where any approver suffices, when one has.
 */
export function progress(
  tasks: readonly ApprovalTask[],
  modes: readonly StageMode[],
  at: Date,
): { readonly tasks: readonly ApprovalTask[]; readonly complete: boolean } {
  let current = tasks;
  for (const [index, mode] of modes.entries()) {
    const stage = index + 1;
    const own = current.filter((task) => task.stage === stage);
    if (!isComplete(own, mode))
      return { tasks: activateDue(current, { stage, mode, at }), complete: false };
    current = current.map((task) =>
      task.stage === stage && isOpen(task) ? moved(task, 'retire') : task,
    );
  }
  return { tasks: current, complete: true };
}

function isComplete(own: readonly ApprovalTask[], mode: StageMode): boolean {
  const isApproved = own.some((task) => task.status === 'APPROVED');
  const isSettled = mode === 'PARALLEL_ANY' || !own.some(isOpen);
  if (isSettled && !isApproved && !own.some(isOpen)) {
    throw new Error(
      `Stage ${own[0]?.stage ?? '?'} has nobody left who could approve it; a stage needs an approval.`,
    );
  }
  return isSettled && isApproved;
}

function activateDue(
  tasks: readonly ApprovalTask[],
  due: { readonly stage: number; readonly mode: StageMode; readonly at: Date },
): readonly ApprovalTask[] {
  const open = tasks
    .filter((task) => task.stage === due.stage && isOpen(task))
    .sort((left, right) => left.position - right.position);
  const wanted = new Set(
    (due.mode === 'SEQUENTIAL' ? open.slice(0, 1) : open).map((task) => task.id),
  );
  return tasks.map((task) =>
    wanted.has(task.id) && task.status === 'WAITING'
      ? { ...moved(task, 'activate'), pendingSince: due.at }
      : task,
  );
}
