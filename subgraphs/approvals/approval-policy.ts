import { step } from '#kernel/lifecycle.ts';
import { accepted, invalidInput, refused, segregationOfDuties } from '#kernel/problem.ts';
import { policyFlaws } from './policy-flaw.ts';
import type { Lifecycle } from '#kernel/lifecycle.ts';
import type {
  IllegalTransition,
  InvalidInput,
  Result,
  SegregationOfDuties,
} from '#kernel/problem.ts';
import type { PolicyContent } from './policy-rule.ts';

export type PolicyStatus = 'DRAFT' | 'ACTIVE' | 'RETIRED';
export type PolicyEvent = 'activate' | 'retire';

/** A draft decides nothing; a retired one still decides documents submitted before its last day. */
export const POLICY_LIFECYCLE: Lifecycle<PolicyStatus, PolicyEvent> = {
  entity: 'approval policy',
  initial: 'DRAFT',
  transitions: { DRAFT: { activate: 'ACTIVE' }, ACTIVE: { retire: 'RETIRED' }, RETIRED: {} },
};

/** Who approves what: one numbered version, never changed once it is written. */
export interface ApprovalPolicy extends PolicyContent {
  readonly id: string;
  /** From 1, counted over all policies. */
  readonly version: number;
  readonly status: PolicyStatus;
  /** First day on which it decides no more, or null while it has no successor. */
  readonly effectiveTo: string | null;
  readonly authorId: string;
  readonly activatorId: string | null;
  readonly createdAt: Date;
  readonly activatedAt: Date | null;
}

/** Accepts a draft whose rules are sound; `version` is its number. */
export function draftPolicy(
  wanted: PolicyContent,
  facts: {
    readonly id: string;
    readonly version: number;
    readonly authorId: string;
    readonly at: Date;
  },
): Result<ApprovalPolicy, InvalidInput> {
  const flaws = policyFlaws(wanted);
  if (flaws.length > 0) return refused(invalidInput(flaws));
  const { at, ...own } = facts;
  return accepted({
    ...wanted,
    ...own,
    status: POLICY_LIFECYCLE.initial,
    effectiveTo: null,
    activatorId: null,
    createdAt: at,
    activatedAt: null,
  });
}

/** Puts a draft in force: by another person than its author, and never before today, since what was decided stays decided. */
export function activatePolicy(
  policy: ApprovalPolicy,
  facts: { readonly activatorId: string; readonly at: Date; readonly today: string },
): Result<ApprovalPolicy, IllegalTransition | SegregationOfDuties> {
  const next = step(POLICY_LIFECYCLE, policy.status, 'activate');
  if (!next.ok) return next;
  if (policy.authorId === facts.activatorId) {
    return refused(
      segregationOfDuties(
        'policy-author-is-not-activator',
        `Version ${policy.version} was written by ${policy.authorId}, who may not activate it. Ask another person who keeps the policy.`,
      ),
    );
  }
  return accepted({
    ...policy,
    status: next.value,
    effectiveFrom: policy.effectiveFrom < facts.today ? facts.today : policy.effectiveFrom,
    activatorId: facts.activatorId,
    activatedAt: facts.at,
  });
}
