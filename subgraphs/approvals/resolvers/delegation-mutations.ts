import { requirePermission } from '#kernel/access.ts';
import { dateOf } from '#kernel/clock.ts';
import { newId } from '#kernel/id.ts';
import { once } from '#kernel/idempotency.ts';
import { accepted, invalidInput, notFound, refused } from '#kernel/problem.ts';
import { answerOf } from '#kernel/subgraph.ts';
import { createDelegation, endDelegation } from '../delegation.ts';
import { commandOf, readMoney } from '../input.ts';
import {
  countOpenDelegations,
  delegationForUpdate,
  delegationsAround,
  insertDelegations,
  lockDelegations,
  updateDelegation,
} from '../store/delegations.ts';
import type { IllegalTransition, NotFound, Result } from '#kernel/problem.ts';
import type { Delegation } from '../delegation.ts';
import type { MutationResolvers } from '../generated.ts';

/** Delegations that one person may have open or planned: enough for every company and absence of a year. */
const OPEN_DELEGATIONS_MAX = 50;

export const delegationMutations: Pick<MutationResolvers, 'createDelegation' | 'endDelegation'> = {
  createDelegation: async (_parent, { input }, context) => {
    const { viewer, database, clock } = context;
    requirePermission(viewer, 'approval:delegate');
    const result = await once(
      database,
      commandOf(viewer.id, 'createDelegation', input),
      async (tx) => {
        const maxAmount = input.maxAmount
          ? readMoney(input.maxAmount, 'maxAmount')
          : accepted(null);
        if (!maxAmount.ok) return maxAmount;
        const { toId, startsOn, endsOn, reason, companyCode = null } = input;
        const at = clock.now();
        const today = dateOf(at);
        await lockDelegations(tx);
        const open = await countOpenDelegations(tx, viewer.id, today);
        if (open >= OPEN_DELEGATIONS_MAX) return refused(tooManyDelegations(open));
        const pair = { fromId: viewer.id, toId };
        const overlapping = await delegationsAround(tx, pair, { startsOn, endsOn });
        const wanted = {
          ...pair,
          companyCode,
          maxAmount: maxAmount.value,
          startsOn,
          endsOn,
          reason,
        };
        const created = createDelegation(wanted, { id: newId(clock), at, today, overlapping });
        if (created.ok) await insertDelegations(tx, [created.value]);
        return created;
      },
    );
    return answerOf(result, 'Delegation', context.correlationId);
  },

  endDelegation: async (_parent, { input }, context) => {
    const { viewer, database, clock } = context;
    requirePermission(viewer, 'approval:delegate');
    const result = await once(
      database,
      commandOf(viewer.id, 'endDelegation', input),
      async (tx): Promise<Result<Delegation, NotFound | IllegalTransition>> => {
        const delegation = await delegationForUpdate(tx, input.delegationId, viewer.id);
        if (delegation === null) return refused(notFound('delegation', input.delegationId));
        const ended = endDelegation(delegation, clock.now());
        if (ended.ok) await updateDelegation(tx, ended.value);
        return ended;
      },
    );
    return answerOf(result, 'Delegation', context.correlationId);
  },
};

function tooManyDelegations(open: number) {
  return invalidInput([
    {
      field: 'toId',
      code: 'TOO_MANY',
      message: `You have ${open} open delegations; at most ${OPEN_DELEGATIONS_MAX} are possible. End one first.`,
    },
  ]);
}
