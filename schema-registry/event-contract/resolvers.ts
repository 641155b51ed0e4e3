import { accepted } from '#kernel/problem.ts';
import { answerOf } from '#kernel/subgraph.ts';
import { pageSize } from '../argument.ts';
import { readTarget, targetFor } from '../proposal/asking.ts';
import { apiSchemaOf } from '../usage/api-schema.ts';
import { readAsyncApi } from './async-api.ts';
import { retireEventContract, setEventCompatibility, setEventPolicy } from './governance.ts';
import {
  eventPolicyOf,
  eventTypesBySubject,
  listEventTypes,
  listEventVersions,
  subjectsNaming,
  versionsByNumber,
} from './event-store.ts';
import { effectiveRules } from './event-type.ts';
import { checkEventContracts, publishEventContracts } from './publication.ts';
import type { Sql } from '#kernel/database.ts';
import type { RegistryAction } from '#kernel/identity.ts';
import type { NotFound, Problem, Result } from '#kernel/problem.ts';
import type { Principal } from '../access/principal.ts';
import type { Context } from '../context.ts';
import type { Resolvers } from '../generated.ts';
import type { TargetName } from '../proposal/asking.ts';
import type { Target } from '../target.ts';
import type { EventType } from './event-type.ts';
import type { EventContractView } from './event-view.ts';
import type { EventRoom } from './publication.ts';

export const eventContractResolvers = {
  Query: {
    eventContracts: async (_parent, args, context) => {
      const target = await readTarget(context, args.target);
      const types = await listEventTypes(context.database, {
        targetId: target.id,
        direction: args.direction ?? null,
        includeRetired: args.includeRetired,
        after: args.after ?? null,
        first: pageSize(args.first),
      });
      return viewsOf(context.database, types);
    },
    eventContract: async (_parent, args, context) => {
      const target = await readTarget(context, args.target);
      const types = await eventTypesBySubject(context.database, target.id, [args.subject]);
      return (await viewsOf(context.database, types))[0] ?? null;
    },
    eventGraphReferences: async (_parent, args, context) => {
      const target = await readTarget(context, args.target);
      return subjectsNaming(context.database, target.id, args.coordinate);
    },
    eventPolicy: async (_parent, args, context) =>
      eventPolicyOf(context.database, (await readTarget(context, args.target)).id),
    asyncApi: async (_parent, args, context) => {
      const target = await readTarget(context, args.target);
      return (await readAsyncApi(context.database, target.id))?.text ?? null;
    },
  },
  EventContract: {
    compatibility: ({ rules }) => rules.compatibility,
    openness: ({ rules }) => rules.openness,
    hasOwnCompatibility: ({ type }) => type.compatibility !== null,
    subject: ({ type }) => type.subject,
    owner: ({ type }) => type.owner,
    direction: ({ type }) => type.direction,
    retiredAt: ({ type }) => type.retiredAt,
    retiredBy: ({ type }) => type.retiredBy,
    createdAt: ({ type }) => type.createdAt,
    current: async ({ type, loadCurrent }) => {
      const version = (await loadCurrent()).get(type.subject);
      if (version === undefined) throw new Error(`${type.subject} has no current version.`);
      return version;
    },
    versions: ({ type }, args, { database }) =>
      listEventVersions(database, {
        ...type,
        first: pageSize(args.first),
        before: args.before ?? null,
      }),
  },
  Mutation: {
    checkEventContracts: async (_parent, { input }, context) => {
      const result = await onTarget(context, input.target, 'schema:check', (asked) =>
        checkEventContracts(roomOf(context), { ...asked, contracts: input.contracts }),
      );
      return answerOf(result, 'EventCheck', context.correlationId);
    },
    publishEventContracts: async (_parent, { input }, context) => {
      const source = { author: input.author ?? null, commit: input.commit ?? null };
      const result = await onTarget(context, input.target, 'event:publish', (asked) =>
        publishEventContracts(roomOf(context), { ...asked, contracts: input.contracts, source }),
      );
      return answerOf(result, 'EventPublication', context.correlationId);
    },
    retireEventContract: async (_parent, { input }, context) => {
      const { subject, dryRun } = input;
      const action = dryRun ? 'schema:check' : 'event:publish';
      const result = await onTarget(context, input.target, action, async (asked) => {
        const retired = await retireEventContract(roomOf(context), { ...asked, subject, dryRun });
        if (!retired.ok) return retired;
        const contract = await viewOf(context.database, retired.value.type);
        return accepted({ ...retired.value, contract });
      });
      return answerOf(result, 'EventRetirement', context.correlationId);
    },
    setEventCompatibility: async (_parent, { input }, context) => {
      const { subject, compatibility = null, openness = null } = input;
      const result = await onTarget(context, input.target, 'schema:govern', async (asked) => {
        const rules = { subject, compatibility, openness };
        const set = await setEventCompatibility(roomOf(context), { ...asked, ...rules });
        return set.ok ? accepted(await viewOf(context.database, set.value)) : set;
      });
      return answerOf(result, 'EventContract', context.correlationId);
    },
    setEventPolicy: async (_parent, { input }, context) => {
      const { compatibility, openness } = input;
      const result = await onTarget(context, input.target, 'schema:govern', async (asked) => {
        const rules = { compatibility, openness };
        return accepted(await setEventPolicy(roomOf(context), { ...asked, rules }));
      });
      return answerOf(result, 'EventPolicy', context.correlationId);
    },
  },
} satisfies Resolvers;

/** Does something to a target that exists and where the principal may do it. */
async function onTarget<Value, P extends Problem = never>(
  context: Context,
  name: TargetName,
  action: RegistryAction,
  work: (asked: {
    readonly target: Target;
    readonly principal: Principal;
  }) => Promise<Result<Value, P>>,
): Promise<Result<Value, P | NotFound>> {
  const target = await targetFor(context, name, action);
  if (!target.ok) return target;
  return work({ target: target.value, principal: context.principal });
}

function roomOf({ database, clock }: Pick<Context, 'database' | 'clock'>): EventRoom {
  return { database, clock, apiSchemaOf };
}

async function viewOf(sql: Sql, type: EventType): Promise<EventContractView> {
  const [view] = await viewsOf(sql, [type]);
  if (view === undefined) throw new Error('One contract was asked for, so one is expected.');
  return view;
}

/** Contracts of one target; their current versions are read together, and only when somebody asks. */
async function viewsOf(sql: Sql, types: readonly EventType[]): Promise<EventContractView[]> {
  const [first] = types;
  if (first === undefined) return [];
  const policy = await eventPolicyOf(sql, first.targetId);
  let reading: ReturnType<EventContractView['loadCurrent']> | null = null;
  const loadCurrent: EventContractView['loadCurrent'] = () =>
    (reading ??= versionsByNumber(sql, types));
  return types.map((type) => ({ type, rules: effectiveRules(type, policy), loadCurrent }));
}
