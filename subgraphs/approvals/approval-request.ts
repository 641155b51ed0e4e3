import { step } from '#kernel/lifecycle.ts';
import { accepted } from '#kernel/problem.ts';
import { planTasks } from './approval-route.ts';
import { progress, retireOpen } from './approval-task.ts';
import { findRule } from './policy-rule.ts';
import { unroutable } from './unroutable.ts';
import type { Lifecycle } from '#kernel/lifecycle.ts';
import type { IllegalTransition, Result } from '#kernel/problem.ts';
import type { ApprovalPolicy } from './approval-policy.ts';
import type { PlannedTask } from './approval-route.ts';
import type { ApprovalTask } from './approval-task.ts';
import type { DocumentUnderApproval } from './document.ts';
import type { PolicyRule, Rates, StageMode } from './policy-rule.ts';
import type { Unroutable, UnroutableReason } from './unroutable.ts';

export type RequestStatus =
  | 'UNROUTABLE'
  | 'PENDING_APPROVAL'
  | 'APPROVED'
  | 'REJECTED'
  | 'RETURNED'
  | 'WITHDRAWN';
export type RequestEvent =
  | 'route'
  | 'advance'
  | 'delegate'
  | 'approve'
  | 'reject'
  | 'return'
  | 'withdraw';

/**
 * One round of approval of one version of a document. A round begins without a route, and finding one is its first
 * step; a document that comes again after REJECTED, RETURNED or WITHDRAWN gets a new round.
 */
export const REQUEST_LIFECYCLE: Lifecycle<RequestStatus, RequestEvent> = {
  entity: 'approval request',
  initial: 'UNROUTABLE',
  transitions: {
    UNROUTABLE: { route: 'PENDING_APPROVAL', withdraw: 'WITHDRAWN' },
    PENDING_APPROVAL: {
      advance: 'PENDING_APPROVAL',
      delegate: 'PENDING_APPROVAL',
      approve: 'APPROVED',
      reject: 'REJECTED',
      return: 'RETURNED',
      withdraw: 'WITHDRAWN',
    },
    APPROVED: {},
    REJECTED: {},
    RETURNED: {},
    WITHDRAWN: {},
  },
};

export interface ApprovalRequest {
  readonly id: string;
  readonly document: DocumentUnderApproval;
  /** From 1, per document. */
  readonly round: number;
  readonly status: RequestStatus;
  /** The policy that routed it; it stays, whatever is activated later (invariant A8). */
  readonly policyId: string | null;
  readonly policyVersion: number | null;
  readonly ruleName: string | null;
  /** Mode of each stage, the first one first. */
  readonly stageModes: readonly StageMode[];
  readonly unroutableReason: UnroutableReason | null;
  readonly version: number;
  readonly correlationId: string;
  readonly openedAt: Date;
  readonly closedAt: Date | null;
  readonly closedById: string | null;
  /** Of the last decision or withdrawal. */
  readonly comment: string | null;
}

/** A request with its tasks: what is decided and written together. */
export interface Approval {
  readonly request: ApprovalRequest;
  readonly tasks: readonly ApprovalTask[];
}

/** Everything that routing looks up. */
export interface RoutingFacts {
  /** The policy in force, or null when there is none. */
  readonly policy: ApprovalPolicy | null;
  readonly rates: Rates;
  readonly managerId: string | null;
}

export interface Route {
  readonly policy: ApprovalPolicy;
  readonly rule: PolicyRule;
  readonly tasks: readonly PlannedTask[];
}

/** Which rule a document falls under and who will be asked; the whole of the routing decision. */
export function findRoute(
  document: DocumentUnderApproval,
  facts: RoutingFacts,
): Result<Route, Unroutable> {
  const { policy } = facts;
  if (policy === null) {
    return unroutable(
      'NO_POLICY',
      'No approval policy is in force. Activate one, then route again.',
    );
  }
  const rule = findRule(policy.rules, document, facts.rates);
  if (!rule.ok) return rule;
  const planned = planTasks(rule.value, document, {
    managerId: facts.managerId,
    fallbackApproverIds: policy.fallbackApproverIds,
  });
  return planned.ok ? accepted({ policy, rule: rule.value, tasks: planned.value }) : planned;
}

export interface Opening {
  readonly id: string;
  readonly round: number;
  readonly correlationId: string;
  readonly at: Date;
  readonly newTaskId: () => string;
}

/** Opens a round: with its tasks when a route is found, as UNROUTABLE when not; never approved by itself (invariant A6). */
export function openRequest(
  document: DocumentUnderApproval,
  facts: RoutingFacts,
  opening: Opening,
): Approval {
  const request: ApprovalRequest = {
    id: opening.id,
    document,
    round: opening.round,
    status: REQUEST_LIFECYCLE.initial,
    policyId: null,
    policyVersion: null,
    ruleName: null,
    stageModes: [],
    unroutableReason: null,
    version: 0,
    correlationId: opening.correlationId,
    openedAt: opening.at,
    closedAt: null,
    closedById: null,
    comment: null,
  };
  const routed = routeRequest(request, facts, opening);
  if (routed.ok) return routed.value;
  const reason = routed.problem.code === 'UNROUTABLE' ? routed.problem.reason : null;
  return {
    request: { ...request, version: 1, unroutableReason: reason, comment: routed.problem.message },
    tasks: [],
  };
}

/** Routes a request that found no approver before; refused as long as it still finds none. */
export function routeRequest(
  request: ApprovalRequest,
  facts: RoutingFacts,
  opening: Pick<Opening, 'at' | 'newTaskId'>,
): Result<Approval, Unroutable | IllegalTransition> {
  const next = step(REQUEST_LIFECYCLE, request.status, 'route');
  if (!next.ok) return next;
  const route = findRoute(request.document, facts);
  if (!route.ok) return route;
  const { policy, rule, tasks } = route.value;
  const stageModes = rule.stages.map((stage) => stage.mode);
  return accepted({
    request: {
      ...request,
      status: next.value,
      policyId: policy.id,
      policyVersion: policy.version,
      ruleName: rule.name,
      stageModes,
      unroutableReason: null,
      comment: null,
      version: request.version + 1,
    },
    tasks: progress(
      tasks.map((planned) => taskOf(planned, request.id, opening.newTaskId())),
      stageModes,
      opening.at,
    ).tasks,
  });
}

function taskOf(planned: PlannedTask, requestId: string, id: string): ApprovalTask {
  const { isSkipped, ...plan } = planned;
  return {
    ...plan,
    id,
    requestId,
    status: isSkipped ? 'SKIPPED' : 'WAITING',
    previousTaskId: null,
    pendingSince: null,
    decidedAt: null,
    decidedById: null,
  };
}

/** Takes the document out of approval; possible until the final approval (invariant A10). */
export function withdrawRequest(
  approval: Approval,
  withdrawal: { readonly byId: string; readonly at: Date; readonly comment: string | null },
): Result<Approval, IllegalTransition> {
  const { request, tasks } = approval;
  const next = step(REQUEST_LIFECYCLE, request.status, 'withdraw');
  if (!next.ok) return next;
  return accepted({
    request: {
      ...request,
      status: next.value,
      version: request.version + 1,
      closedAt: withdrawal.at,
      closedById: withdrawal.byId,
      comment: withdrawal.comment,
    },
    tasks: retireOpen(tasks),
  });
}

/** Whether the round still waits for somebody. */
export function isUndecided(request: ApprovalRequest): boolean {
  return request.status === 'PENDING_APPROVAL' || request.status === 'UNROUTABLE';
}
