import { GraphQLError } from 'graphql';
import { accepted, notFound, refused } from '#kernel/problem.ts';
import { answerOf } from '#kernel/subgraph.ts';
import { requireRead, requireReadOf } from '../access/readable.ts';
import { pageSize } from '../argument.ts';
import { checkById, checksBefore } from '../check/check-store.ts';
import { WorkshopExhausted } from '../composition/workshop.ts';
import { textOf, textsByHash } from '../document.ts';
import {
  changesOf,
  contractVersions,
  currentVersion,
  subgraphVersionsBefore,
  versionById,
  versionsBefore,
} from '../publication/version-store.ts';
import { findTarget, listTargets } from '../target.ts';
import { createGraph, createTarget, graphsOf } from './graph.ts';
import type { Result } from '#kernel/problem.ts';
import type { SchemaChange } from '../check/result.ts';
import type { ChangeRequest, Published, SupergraphVersion } from '../commands.ts';
import type { Context } from '../context.ts';
import type { ChangeSubgraphsInput, Resolvers } from '../generated.ts';
import type { Target } from '../target.ts';

/** A member that knows where it belongs. */
export type Member = SupergraphVersion['members'][number] & { readonly targetId: string };

/** Largest number that GraphQL's Int holds. */
const INT_MAX = 2_147_483_647;

export const graphResolvers: Pick<
  Resolvers,
  | 'Query'
  | 'Mutation'
  | 'Graph'
  | 'Target'
  | 'SupergraphVersion'
  | 'SupergraphMember'
  | 'SubgraphVersion'
  | 'ContractVersion'
  | 'CheckOutcome'
  | 'ChangeUsage'
> = {
  Query: {
    graphs: async (_parent, _args, { database, principal }) => {
      const graphs = await graphsOf(database);
      return graphs.filter(({ id }) =>
        principal.allows('schema:read', { graphId: id, targetId: null, subgraph: null }),
      );
    },
    target: async (_parent, args, context) => {
      const target = await findTarget(context.database, args.target);
      if (target !== null) requireRead(context, target);
      return target;
    },
    version: (_parent, { id }, context) => readableVersion(context, id),
    check: async (_parent, { id }, context) => {
      const check = await checkById(context.database, id);
      if (check !== null) await requireReadOf(context, check.targetId);
      return check;
    },
    searchSchema: async (_parent, args, context) => {
      const target = await findTarget(context.database, args.target);
      if (target === null) return [];
      requireRead(context, target);
      const current = await currentVersion(context.database, target.id);
      if (current === null) return [];
      const job = { apiSha256: current.apiSha256, text: args.text, limit: pageSize(args.first) };
      return worked(
        context.workshop.run<'search'>({ kind: 'search', ...job }, (hashes) =>
          textsByHash(context.database, hashes),
        ),
      );
    },
    compareVersions: async (_parent, args, context) => {
      const [from, to] = await Promise.all([
        readableVersion(context, args.from),
        readableVersion(context, args.to),
      ]);
      if (from === null || to === null) return [];
      const job = { beforeSha256: from.apiSha256, afterSha256: to.apiSha256 };
      const changes = await worked(
        context.workshop.run<'diff'>({ kind: 'diff', ...job }, (hashes) =>
          textsByHash(context.database, hashes),
        ),
      );
      return changes.map((change): SchemaChange => ({
        ...change,
        contract: null,
        acceptedBy: null,
        usage: null,
      }));
    },
  },
  Mutation: {
    createGraph: async (_parent, { input }, context) =>
      answerOf(await createGraph(context, input), 'Graph', context.correlationId),
    createTarget: async (_parent, { input }, context) =>
      answerOf(await createTarget(context, input), 'Target', context.correlationId),
    checkSubgraphs: async (_parent, { input }, context) => {
      const target = await knownTargetBy(context, input.target);
      const checked = target.ok
        ? await context.commands.check(changeRequest(context, target.value, input))
        : target;
      return answerOf(known(checked), 'SchemaCheck', context.correlationId);
    },
    publishSubgraphs: async (_parent, { input }, context) => {
      const target = await knownTargetBy(context, input.target);
      const published = target.ok
        ? await context.commands.publish(changeRequest(context, target.value, input))
        : target;
      return publication(context, published);
    },
    promoteVersion: async (_parent, { input }, context) => {
      const [to, from] = await Promise.all([
        knownTargetBy(context, input.to),
        input.from === null || input.from === undefined ? null : knownTargetBy(context, input.from),
      ]);
      if (!to.ok) return publication(context, to);
      if (from !== null && !from.ok) return publication(context, from);
      const promoted = await context.commands.promote({
        principal: context.principal,
        from: from === null ? { versionId: input.fromVersion ?? '' } : { target: from.value },
        to: to.value,
        source: { author: null, commit: null },
      });
      return publication(context, promoted);
    },
    rollbackVersion: async (_parent, { input }, context) => {
      const target = await knownTargetBy(context, input.target);
      if (!target.ok) return publication(context, target);
      const { principal } = context;
      const rolledBack = await context.commands.rollback({
        principal,
        target: target.value,
        versionId: input.version,
        reason: input.reason,
      });
      return publication(context, rolledBack);
    },
  },
  Graph: {
    targets: (graph, _args, { database }) => listTargets(database, graph.slug),
  },
  Target: {
    current: (target, _args, { database }) => currentVersion(database, target.id),
    versions: ({ id }, { first, before }, { database }) =>
      versionsBefore(database, { targetId: id, before: before ?? null, limit: pageSize(first) }),
    subgraphVersions: ({ id }, { subgraph, first, before }, { database }) =>
      subgraphVersionsBefore(database, {
        targetId: id,
        subgraph,
        before: before ?? null,
        limit: pageSize(first),
      }),
    checks: ({ id }, { first, before }, { database }) =>
      checksBefore(database, { targetId: id, before: before ?? null, limit: pageSize(first) }),
  },
  SupergraphVersion: {
    members: ({ members, targetId }): Member[] =>
      members.map((member) => ({ ...member, targetId })),
    supergraphSdl: async (version, _args, context) => {
      await requireReadOf(context, version.targetId);
      return textOf(context.database, version.supergraphSha256);
    },
    apiSdl: async (version, _args, context) => {
      await requireReadOf(context, version.targetId);
      return textOf(context.database, version.apiSha256);
    },
    changes: async (version, _args, context) => {
      await requireReadOf(context, version.targetId);
      return changesOf(context.database, version.id);
    },
    contracts: async (version, _args, context) => {
      await requireReadOf(context, version.targetId);
      return contractVersions(context.database, version.id);
    },
  },
  SupergraphMember: {
    sdl: async (member, _args, context) => {
      await requireReadOf(context, member.targetId);
      return textOf(context.database, member.sha256);
    },
  },
  SubgraphVersion: {
    sdl: (version, _args, { database }) => textOf(database, version.sha256),
  },
  ContractVersion: {
    supergraphSdl: (version, _args, { database }) => textOf(database, version.supergraphSha256),
    apiSdl: (version, _args, { database }) => textOf(database, version.apiSha256),
  },
  CheckOutcome: {
    supergraphVersion: ({ version }) => version?.supergraph ?? null,
    subgraphVersions: ({ version }) => version?.subgraphs ?? [],
  },
  ChangeUsage: {
    requests: ({ requests }) => Math.min(requests, INT_MAX),
    clients: ({ clients }) =>
      clients.map((client) => ({ ...client, requests: Math.min(client.requests, INT_MAX) })),
    operations: ({ operations }) =>
      operations.map((one) => ({ ...one, requests: Math.min(one.requests, INT_MAX) })),
  },
};

/** Work that took too much time or memory is an error with its own code, which may be asked again. */
async function worked<Value>(work: Promise<Value>): Promise<Value> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof WorkshopExhausted)) throw error;
    throw new GraphQLError(error.message, { extensions: { code: error.code } });
  }
}

function changeRequest(
  { principal }: Context,
  target: Target,
  input: ChangeSubgraphsInput,
): ChangeRequest {
  return {
    target,
    principal,
    put: input.subgraphs.map(({ subgraph, sdl, url, version }) => ({
      subgraph,
      sdl,
      url: url ?? null,
      version: version ?? null,
    })),
    retire: input.retire,
    source: { author: input.author ?? null, commit: input.commit ?? null },
    contextId: input.contextId ?? null,
  };
}

function publication({ correlationId, log }: Context, result: Result<Published>) {
  if (result.ok) {
    const { version } = result.value;
    log.info({
      event: 'registry.published',
      target: version.targetId,
      version: version.version,
      supergraph: version.supergraphSha256,
    });
  } else {
    log.warn({ event: 'registry.refused', code: result.problem.code });
  }
  return answerOf(known(result), 'Publication', correlationId);
}

/** Commands promise refusals of any kind; the schema's unions name those that there are. */
function known<Value>(result: Result<Value>): Result<Value, never> {
  return result as Result<Value, never>;
}

async function knownTargetBy(
  { database }: Context,
  name: { readonly graph: string; readonly target: string },
): Promise<Result<Target>> {
  const target = await findTarget(database, name);
  return target === null
    ? refused(notFound('target', `${name.graph}/${name.target}`))
    : accepted(target);
}

async function readableVersion(context: Context, id: string): Promise<SupergraphVersion | null> {
  const version = await versionById(context.database, id);
  if (version !== null) await requireReadOf(context, version.targetId);
  return version;
}
