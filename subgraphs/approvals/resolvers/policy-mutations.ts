import { requirePermission } from '#kernel/access.ts';
import { dateOf } from '#kernel/clock.ts';
import { newId } from '#kernel/id.ts';
import { once } from '#kernel/idempotency.ts';
import { notFound, refused } from '#kernel/problem.ts';
import { answerOf } from '#kernel/subgraph.ts';
import { activatePolicy, draftPolicy } from '../approval-policy.ts';
import { commandOf, readPolicy } from '../input.ts';
import {
  insertPolicies,
  lockPolicies,
  nextPolicyVersion,
  policiesByIds,
  retirePoliciesFrom,
  updatePolicyStatus,
} from '../store/policies.ts';
import type { IllegalTransition, NotFound, Result, SegregationOfDuties } from '#kernel/problem.ts';
import type { ApprovalPolicy } from '../approval-policy.ts';
import type { MutationResolvers } from '../generated.ts';

export const policyMutations: Pick<
  MutationResolvers,
  'createApprovalPolicy' | 'activateApprovalPolicy'
> = {
  createApprovalPolicy: async (_parent, { input }, context) => {
    const { viewer, database, clock } = context;
    requirePermission(viewer, 'approval-policy:write');
    const result = await once(
      database,
      commandOf(viewer.id, 'createApprovalPolicy', input),
      async (tx) => {
        const content = readPolicy(input);
        if (!content.ok) return content;
        await lockPolicies(tx);
        const version = await nextPolicyVersion(tx);
        const facts = { id: newId(clock), version, authorId: viewer.id, at: clock.now() };
        const draft = draftPolicy(content.value, facts);
        if (draft.ok) await insertPolicies(tx, [draft.value]);
        return draft;
      },
    );
    return answerOf(result, 'ApprovalPolicy', context.correlationId);
  },

  activateApprovalPolicy: async (_parent, { input }, context) => {
    const { viewer, database, clock } = context;
    requirePermission(viewer, 'approval-policy:write');
    const result = await once(
      database,
      commandOf(viewer.id, 'activateApprovalPolicy', input),
      async (
        tx,
      ): Promise<Result<ApprovalPolicy, NotFound | SegregationOfDuties | IllegalTransition>> => {
        await lockPolicies(tx);
        const [policy] = await policiesByIds(tx, [input.policyId]);
        if (policy === undefined) return refused(notFound('approval policy', input.policyId));
        const at = clock.now();
        const activated = activatePolicy(policy, { activatorId: viewer.id, at, today: dateOf(at) });
        if (!activated.ok) return activated;
        await retirePoliciesFrom(tx, activated.value.effectiveFrom);
        await updatePolicyStatus(tx, activated.value);
        return activated;
      },
    );
    return answerOf(result, 'ApprovalPolicy', context.correlationId);
  },
};
