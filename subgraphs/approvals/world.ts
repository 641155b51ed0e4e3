import { instantOf } from '#kernel/clock.ts';
import { decimalOf } from '#kernel/decimal.ts';
import { moneyOf } from '#kernel/money.ts';
import { openRequest } from './approval-request.ts';
import type { ApprovalPolicy } from './approval-policy.ts';
import type { Approval, RoutingFacts } from './approval-request.ts';
import type { ApprovalTask } from './approval-task.ts';
import type { Delegation } from './delegation.ts';
import type { DocumentUnderApproval } from './document.ts';
import type { PolicyRule, Rates, StageMode, StageTemplate } from './policy-rule.ts';
import type { DecideTask, DecisionFacts, Verdict } from './task-decision.ts';

/** Builders for tests: everything sensible by default, so that a test names only what matters to it. */
export const AT = instantOf('2026-11-23T10:00:00Z');
export const TODAY = '2026-11-23';

export function document(over: Partial<DocumentUnderApproval> = {}): DocumentUnderApproval {
  return {
    documentType: 'REQUISITION',
    documentId: 'req-1',
    documentNumber: 'REQ-DE01-000001',
    documentVersion: 3,
    documentHash: 'hash-3',
    companyCode: 'DE01',
    costCentreId: 'DE01-4100',
    category: 'IT_HARDWARE',
    requesterId: 'rike',
    submitterId: 'rike',
    total: moneyOf('1200.00', 'EUR'),
    submittedOn: TODAY,
    ...over,
  };
}

export function stage(mode: StageMode, ...userIds: string[]): StageTemplate {
  return { mode, approvers: [{ kind: 'USERS', userIds }] };
}

export const MANAGER_STAGE: StageTemplate = {
  mode: 'PARALLEL_ALL',
  approvers: [{ kind: 'COST_CENTRE_MANAGER' }],
};

export function rule(over: Partial<PolicyRule> = {}): PolicyRule {
  return {
    position: 1,
    name: 'any',
    documentType: 'REQUISITION',
    companyCode: null,
    costCentre: null,
    category: null,
    currency: 'EUR',
    amountFromMinor: 0n,
    amountToMinor: null,
    stages: [stage('PARALLEL_ALL', 'anton')],
    ...over,
  };
}

export function policy(over: Partial<ApprovalPolicy> = {}): ApprovalPolicy {
  return {
    id: 'policy-1',
    version: 1,
    name: 'Test policy',
    status: 'ACTIVE',
    effectiveFrom: '2020-01-01',
    effectiveTo: null,
    fallbackApproverIds: [],
    rules: [rule()],
    authorId: 'author',
    activatorId: 'activator',
    createdAt: AT,
    activatedAt: AT,
    ...over,
  };
}

export function rates(table: Readonly<Record<string, string>> = {}): Rates {
  return new Map(Object.entries(table).map(([currency, rate]) => [currency, decimalOf(rate)]));
}

export function routingFacts(over: Partial<RoutingFacts> = {}): RoutingFacts {
  return { policy: policy(), rates: rates(), managerId: 'maria', ...over };
}

/** A request on a document whose rule has these stages, with task ids `t1`, `t2`, … in their order. */
export function approval(
  stages: readonly StageTemplate[],
  over: Partial<DocumentUnderApproval> = {},
): Approval {
  let count = 0;
  const facts = routingFacts({ policy: policy({ rules: [rule({ stages })] }) });
  return openRequest(document(over), facts, {
    id: 'request-1',
    round: 1,
    correlationId: 'correlation-1',
    at: AT,
    newTaskId: () => `t${(count += 1)}`,
  });
}

export function delegation(
  fromId: string,
  toId: string,
  over: Partial<Delegation> = {},
): Delegation {
  return {
    id: `${fromId}-${toId}`,
    fromId,
    toId,
    companyCode: null,
    maxAmount: null,
    startsOn: '2026-11-01',
    endsOn: '2026-11-30',
    reason: 'vacation',
    status: 'ACTIVE',
    createdAt: AT,
    endedAt: null,
    version: 1,
    ...over,
  };
}

export function decision(
  verdict: Verdict,
  taskId: string,
  actorId: string,
  over: Partial<DecideTask> = {},
): DecideTask {
  return {
    verdict,
    taskId,
    actorId,
    documentVersion: 3,
    documentHash: 'hash-3',
    comment: 'because',
    ...over,
  };
}

export function decisionFacts(over: Partial<DecisionFacts> = {}): DecisionFacts {
  return {
    decisionId: 'decision-1',
    at: AT,
    today: TODAY,
    delegations: [],
    rates: rates(),
    ...over,
  };
}

/** Tasks as `anton:PENDING`, in their order. */
export function summary(tasks: readonly ApprovalTask[]): string[] {
  return tasks.map((task) => `${task.approverId}:${task.status}`);
}
