import { answerOf } from '#kernel/subgraph.ts';
import { targetFor } from '../proposal/asking.ts';
import { decideOnOverride, requestOverride } from './override-command.ts';
import { overridesOf } from './override-store.ts';
import type { Context } from '../context.ts';
import type { DecideOverrideInput, Resolvers } from '../generated.ts';
import type { OverrideEvent } from './override.ts';

const OVERRIDES_MAX = 100;

export const overrideResolvers = {
  Mutation: {
    requestOverride: async (_parent, { input }, context) => {
      const target = await targetFor(context, input.target, 'schema:propose');
      const { check, change, reason, days } = input;
      const asked = target.ok
        ? await requestOverride(context, {
            target: target.value,
            checkId: check,
            changeHash: change,
            reason,
            days,
          })
        : target;
      return answerOf(asked, 'Override', context.correlationId);
    },
    grantOverride: (_parent, { input }, context) => decide(context, input, 'grant'),
    refuseOverride: (_parent, { input }, context) => decide(context, input, 'refuse'),
    withdrawOverride: (_parent, { input }, context) => decide(context, input, 'withdraw'),
  },
  Target: {
    overrides: ({ id }, { state }, { database }) =>
      overridesOf(database, { targetId: id, state: state ?? null, limit: OVERRIDES_MAX }),
  },
} satisfies Pick<Resolvers, 'Mutation' | 'Target'>;

async function decide(context: Context, input: DecideOverrideInput, event: OverrideEvent) {
  const target = await targetFor(context, input.target, 'schema:read');
  const decided = target.ok
    ? await decideOnOverride(context, {
        target: target.value,
        id: input.override,
        event,
        comment: input.comment ?? null,
      })
    : target;
  return answerOf(decided, 'Override', context.correlationId);
}
