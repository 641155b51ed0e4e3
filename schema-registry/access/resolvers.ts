import { GraphQLError } from 'graphql';
import { connectionOf, parsePage } from '#kernel/paging.ts';
import { accepted } from '#kernel/problem.ts';
import { answerOf } from '#kernel/subgraph.ts';
import { requireAction } from './principal.ts';
import { createToken, findScope, revokeToken } from './token-command.ts';
import { tokensOfGraph } from './token-store.ts';
import type { RegistryAction } from '#kernel/identity.ts';
import type {
  AccessToken as AccessTokenAnswer,
  CreatedToken as CreatedTokenAnswer,
  RegistryAction as RegistryActionName,
  Resolvers,
} from '../generated.ts';
import type { AccessToken } from './token.ts';
import type { MadeToken } from './token-command.ts';

export const accessResolvers = {
  Query: {
    tokens: async (_parent, args, { database, principal }) => {
      const scope = await findScope(database, { graph: args.graph, target: null });
      if (scope === null)
        throw new GraphQLError(`There is no graph "${args.graph}".`, {
          extensions: { code: 'NOT_FOUND' },
        });
      requireAction(principal, 'schema:govern', { ...scope, subgraph: null });
      const page = parsePage(args);
      const tokens = await tokensOfGraph(database, scope.graphId, page);
      return connectionOf(page, tokens.map(tokenAnswer), ({ id }) => id);
    },
  },
  Mutation: {
    createToken: async (_parent, { input }, context) => {
      const result = await createToken(context, {
        principal: context.principal,
        title: input.title,
        graph: input.graph,
        target: input.target ?? null,
        subgraph: input.subgraph ?? null,
        actions: input.actions.map(actionOf),
        expiresAt: input.expiresAt,
      });
      return answerOf(
        result.ok ? accepted(createdAnswer(result.value)) : result,
        'CreatedToken',
        context.correlationId,
      );
    },
    revokeToken: async (_parent, { id }, context) => {
      const { authenticator, correlationId, principal } = context;
      const result = await revokeToken(context, { principal, id });
      authenticator.forget();
      return answerOf(
        result.ok ? accepted(tokenAnswer(result.value)) : result,
        'AccessToken',
        correlationId,
      );
    },
  },
} satisfies Resolvers;

/** `SCHEMA_READ` → `schema:read`. */
function actionOf(name: RegistryActionName): RegistryAction {
  return name.toLowerCase().replace('_', ':') as RegistryAction;
}

/** `schema:read` → `SCHEMA_READ`. */
function nameOfAction(action: RegistryAction): RegistryActionName {
  return action.toUpperCase().replace(':', '_') as RegistryActionName;
}

function createdAnswer({ token, accessToken }: MadeToken): CreatedTokenAnswer {
  return { token, accessToken: tokenAnswer(accessToken) };
}

function tokenAnswer({
  graphId: _graphId,
  graphSlug: graph,
  targetId: _targetId,
  targetSlug: target,
  actions,
  ...token
}: AccessToken): AccessTokenAnswer {
  return { ...token, graph, target, actions: actions.map(nameOfAction) };
}
