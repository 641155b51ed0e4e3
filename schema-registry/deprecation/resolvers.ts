import { isEnumType, isInputObjectType } from 'graphql';
import { DAY_MS, dateOf, shifted } from '#kernel/clock.ts';
import { answerOf } from '#kernel/subgraph.ts';
import { NO_USAGE } from '../check/judge.ts';
import { readPolicy } from '../policy/policy-store.ts';
import { targetFor } from '../proposal/asking.ts';
import { coverageOf } from '../usage/coverage-question.ts';
import { apiSchemaOf } from '../usage/api-schema.ts';
import { usageOf } from '../usage/usage-question.ts';
import { createWebhook, removeWebhook } from '../webhook/webhook.ts';
import { deprecationsOf } from './deprecation-store.ts';
import { judgeRemoval } from './removal-rule.ts';
import type { GraphQLSchema } from 'graphql';
import type { InvalidInput, NotFound } from '#kernel/problem.ts';
import type { CoordinateUsage } from '../check/result.ts';
import type { Context } from '../context.ts';
import type { Resolvers } from '../generated.ts';
import type { Target } from '../target.ts';
import type { Annotation } from '../composition/annotations.ts';
import type { Deprecation } from './deprecation-store.ts';
import type { CreatedWebhook } from '../webhook/webhook.ts';
import type { RemovalVerdict } from './removal-rule.ts';

/** An announced end with what stands against its removal. */
export interface TargetDeprecation extends Deprecation {
  readonly verdict: (RemovalVerdict & { readonly usage: CoordinateUsage }) | null;
}

export const deprecationResolvers = {
  Mutation: {
    createWebhook: async (_parent, { input }, context) => {
      const target = await targetFor(context, input.target, 'schema:govern');
      const created = target.ok
        ? await createWebhook({ ...context, target: target.value }, input)
        : target;
      return answerOf<CreatedWebhook, 'CreatedWebhook', InvalidInput | NotFound>(
        created,
        'CreatedWebhook',
        context.correlationId,
      );
    },
    removeWebhook: async (_parent, { input }, context) => {
      const target = await targetFor(context, input.target, 'schema:govern');
      const removed = target.ok
        ? await removeWebhook({ ...context, target: target.value }, input.webhook)
        : target;
      return answerOf(removed, 'Webhook', context.correlationId);
    },
  },
  Target: {
    deprecations: (target, { ended }, context) => calendarOf(context, target, ended),
  },
  Deprecation: {
    removal: ({ verdict }) =>
      verdict === null ? null : { ...verdict, allowed: verdict.bars.length === 0 },
  },
} satisfies Pick<Resolvers, 'Mutation' | 'Target' | 'Deprecation'>;

async function calendarOf(
  { database, clock }: Context,
  target: Target,
  ended: boolean,
): Promise<TargetDeprecation[]> {
  const now = clock.now();
  const policy = await readPolicy(database, target);
  const deprecations = await deprecationsOf(database, target.id, { ended });
  const since = shifted(now, -policy.usage.windowDays * DAY_MS);
  const coordinates = deprecations.map(({ coordinate }) => coordinate);
  const { excludedClients } = policy.usage;
  const [api, usage, coverage] = await Promise.all([
    apiSchemaOf(database, target.id),
    usageOf(database, { targetIds: [target.id], since, excludedClients, coordinates }),
    coverageOf(database, { targetId: target.id, since, until: shifted(now, -DAY_MS) }),
  ]);
  return deprecations.map((deprecation) => {
    if (deprecation.endedOn !== null) return { ...deprecation, verdict: null };
    const used = usage.get(deprecation.coordinate) ?? NO_USAGE;
    const { coordinate } = deprecation;
    const kind = kindOf(coordinate, api);
    const verdict = judgeRemoval({
      removed: { coordinate, kind, isByItself: true, members: [] },
      announced: new Map([[coordinate, annotationOf(deprecation)]]),
      usage: used,
      coverage: coverage.days,
      usageIsPartial: coverage.outputFieldsOnly,
      today: dateOf(now),
      policy,
    });
    return { ...deprecation, verdict: { ...verdict, usage: used } };
  });
}

/** What the coordinate names in the schema that is served: reports of output fields prove nothing about the rest. */
function kindOf(
  coordinate: string,
  api: GraphQLSchema | null,
): Parameters<typeof judgeRemoval>[0]['removed']['kind'] {
  if (coordinate.endsWith(':)')) return 'ARGUMENT';
  const type = api?.getType(coordinate.split('.', 1)[0] ?? '');
  if (isEnumType(type)) return 'ENUM_VALUE';
  return isInputObjectType(type) ? 'INPUT_FIELD' : 'FIELD';
}

function annotationOf(deprecation: Deprecation): Annotation {
  const { coordinate, reason, sunsetOn, replacement, owner } = deprecation;
  const sunset = sunsetOn === null ? null : { on: sunsetOn, replacement, owner: owner ?? '' };
  return { coordinate, deprecated: reason, sunset };
}
