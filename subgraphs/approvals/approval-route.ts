import { accepted } from '#kernel/problem.ts';
import { isInterested } from './document.ts';
import { unroutable } from './unroutable.ts';
import type { Result } from '#kernel/problem.ts';
import type { TaskOrigin } from './approval-task.ts';
import type { DocumentUnderApproval } from './document.ts';
import type { ApproverSource, PolicyRule, StageMode } from './policy-rule.ts';
import type { Unroutable } from './unroutable.ts';

/** What naming the approvers needs beside the rule. */
export interface RouteFacts {
  /** Manager of the document's cost centre, or null when no event told of one. */
  readonly managerId: string | null;
  /** The policy's stand-ins, in order of preference. */
  readonly fallbackApproverIds: readonly string[];
}

/** A task as it will be made; `skipReason` says why the person is named but not asked. */
export interface PlannedTask {
  readonly stage: number;
  readonly position: number;
  readonly approverId: string;
  readonly origin: Extract<TaskOrigin, 'RULE' | 'FALLBACK'>;
  readonly note: string | null;
  readonly isSkipped: boolean;
}

/**
 * Names the approvers of every stage, each person once (invariant A1). Somebody who wants the document approved is
 * replaced by a stand-in of the policy. Somebody who already has another stage is skipped only while another
 * person remains to approve this one; otherwise a stand-in takes the stage. Without a stand-in the document is unroutable:
 * no check is ever dropped. Stages where everybody must approve are filled first, so that whoever is skipped there
 * surely approves elsewhere, and is not merely one of several who might.
 */
export function planTasks(
  rule: PolicyRule,
  document: DocumentUnderApproval,
  facts: RouteFacts,
): Result<readonly PlannedTask[], Unroutable> {
  const stages = rule.stages.map((stage) => principalsOf(stage.approvers, facts.managerId));
  if (stages.some((principals) => principals === null)) return managerUnknown(document);
  const named = stages.map((principals) => principals ?? []);
  const plan: Plan = {
    document,
    facts,
    principals: new Set(named.flat()),
    busy: new Set(),
    tasks: [],
  };
  const order = rule.stages
    .map((template, index) => ({
      stage: index + 1,
      mode: template.mode,
      principals: named[index] ?? [],
    }))
    .sort(
      (left, right) => Number(left.mode === 'PARALLEL_ANY') - Number(right.mode === 'PARALLEL_ANY'),
    );
  for (const stage of order) {
    const refusal = planStage(plan, stage);
    if (refusal !== null) return refusal;
  }
  return accepted(
    plan.tasks.sort((left, right) => left.stage - right.stage || left.position - right.position),
  );
}

interface Plan {
  readonly document: DocumentUnderApproval;
  readonly facts: RouteFacts;
  /** Everybody whom the rule names anywhere: they are no stand-ins for each other. */
  readonly principals: ReadonlySet<string>;
  /** Everybody who has a task so far. */
  readonly busy: Set<string>;
  readonly tasks: PlannedTask[];
}

interface StagePlan {
  readonly stage: number;
  readonly mode: StageMode;
  readonly principals: readonly string[];
}

function planStage(plan: Plan, own: StagePlan): Result<never, Unroutable> | null {
  const free = new Set(
    own.principals.filter((id) => !plan.busy.has(id) && !isInterested(plan.document, id)),
  );
  let asked = 0;
  for (const [index, approverId] of own.principals.entries()) {
    const slot = { stage: own.stage, position: index + 1 };
    if (free.has(approverId)) {
      plan.tasks.push({ ...slot, approverId, origin: 'RULE', note: null, isSkipped: false });
      plan.busy.add(approverId);
      asked += 1;
      continue;
    }
    const why = barOf(plan, approverId);
    if (maySkip(own.mode, why) && free.size + asked > 0) {
      plan.tasks.push({ ...slot, approverId, origin: 'RULE', note: why.note, isSkipped: true });
      continue;
    }
    const standInId = standInOf(plan);
    if (standInId === null) return nobodyEligible(own.stage, `${approverId} ${why.note}`);
    plan.tasks.push({
      ...slot,
      approverId: standInId,
      origin: 'FALLBACK',
      note: `stands in for ${approverId}, who ${why.note}`,
      isSkipped: false,
    });
    plan.busy.add(standInId);
    asked += 1;
  }
  return null;
}

interface Bar {
  readonly kind: 'INTERESTED' | 'HAS_ANOTHER_STAGE';
  readonly note: string;
}

function barOf(plan: Plan, approverId: string): Bar {
  return isInterested(plan.document, approverId)
    ? { kind: 'INTERESTED', note: 'wants the document approved' }
    : { kind: 'HAS_ANOTHER_STAGE', note: 'decides another stage' };
}

/** Where any approver suffices, one fewer changes nothing; elsewhere only a person who decides anyway may be left out. */
function maySkip(mode: StageMode, bar: Bar): boolean {
  return mode === 'PARALLEL_ANY' || bar.kind === 'HAS_ANOTHER_STAGE';
}

function standInOf(plan: Plan): string | null {
  const standIn = plan.facts.fallbackApproverIds.find(
    (id) => !plan.busy.has(id) && !plan.principals.has(id) && !isInterested(plan.document, id),
  );
  return standIn ?? null;
}

/** The persons of a stage, each once, in order; null when the cost centre's manager is not known. */
function principalsOf(
  sources: readonly ApproverSource[],
  managerId: string | null,
): readonly string[] | null {
  const ids = sources.flatMap((source): readonly (string | null)[] => {
    switch (source.kind) {
      case 'USERS':
        return source.userIds;
      case 'COST_CENTRE_MANAGER':
        return [managerId];
    }
  });
  const known = ids.filter((id) => id !== null);
  return known.length === ids.length ? [...new Set(known)] : null;
}

function managerUnknown(document: DocumentUnderApproval): Result<never, Unroutable> {
  return unroutable(
    'MANAGER_UNKNOWN',
    `The manager of cost centre ${document.costCentreId} is not known. Name one in budgets; the document is then routed by itself.`,
  );
}

function nobodyEligible(stage: number, why: string): Result<never, Unroutable> {
  return unroutable(
    'NO_ELIGIBLE_APPROVER',
    `Stage ${stage} has nobody who may approve: ${why}, and the policy has no free stand-in. Activate a policy with further stand-ins, then route again.`,
  );
}
