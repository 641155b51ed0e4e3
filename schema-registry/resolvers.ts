import { GraphQLError } from 'graphql';
import { requirePermission } from '#kernel/access.ts';
import { answerOf } from '#kernel/subgraph.ts';
import { accepted } from '#kernel/problem.ts';
import { publish } from './publication.ts';
import * as store from './store.ts';
import type { Context } from './context.ts';
import type { Resolvers } from './generated.ts';
import type { Publication } from './publication.ts';

const VERSIONS_MAX = 100;

export const resolvers: Resolvers = {
  Query: {
    supergraph: (_parent, _args, { viewer, database }) => {
      requirePermission(viewer, 'schema:read');
      return store.currentSupergraph(database);
    },
    supergraphVersions: (_parent, args, { viewer, database }) => {
      requirePermission(viewer, 'schema:read');
      return store.supergraphVersions(database, {
        first: pageSize(args.first),
        before: args.before ?? null,
      });
    },
    subgraphs: (_parent, _args, { viewer, database }) => {
      requirePermission(viewer, 'schema:read');
      return store.currentSubgraphs(database);
    },
    subgraphVersions: (_parent, args, { viewer, database }) => {
      requirePermission(viewer, 'schema:read');
      return store.subgraphVersions(database, {
        subgraph: args.subgraph,
        first: pageSize(args.first),
        before: args.before ?? null,
      });
    },
  },
  Mutation: {
    publishSubgraph: async (_parent, { input }, context) => {
      requirePermission(context.viewer, 'schema:publish');
      const result = await publish({ ...context, publishedBy: context.viewer.id }, [input]);
      logOutcome(context, input.subgraph, result);
      return answerOf(
        result.ok ? accepted(only(result.value)) : result,
        'SubgraphPublication',
        context.correlationId,
      );
    },
  },
};

function logOutcome(
  { log }: Context,
  subgraph: string,
  result: Awaited<ReturnType<typeof publish>>,
): void {
  if (result.ok) {
    const { subgraph: stored, supergraph } = only(result.value);
    log.info({
      event: 'registry.published',
      subgraph,
      version: stored.version,
      supergraph: supergraph.sha256,
    });
  } else {
    const problems =
      'errors' in result.problem ? result.problem.errors.length : result.problem.fields.length;
    log.warn({ event: 'registry.refused', subgraph, code: result.problem.code, problems });
  }
}

function only(publications: readonly Publication[]): Publication {
  const [publication] = publications;
  if (publication === undefined)
    throw new Error('One publication was asked for, so one is expected.');
  return publication;
}

function pageSize(first: number): number {
  if (first >= 1 && first <= VERSIONS_MAX) return first;
  throw new GraphQLError(`"first" must be from 1 to ${VERSIONS_MAX}, not ${first}.`, {
    extensions: { code: 'BAD_USER_INPUT' },
  });
}
