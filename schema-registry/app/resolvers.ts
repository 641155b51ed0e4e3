import { isUuid } from '#kernel/id.ts';
import { notFound, refused } from '#kernel/problem.ts';
import { answerOf } from '#kernel/subgraph.ts';
import { readableTarget } from '../access/readable.ts';
import { badInput, pageSize } from '../argument.ts';
import { findTarget } from '../target.ts';
import { apiSchemaOf } from '../usage/api-schema.ts';
import { createAppCommands } from './app-command.ts';
import { countDocuments, findApp, lastUseOfApp, listApps, listDocuments } from './app-store.ts';
import type { NotFound, Problem, Result } from '#kernel/problem.ts';
import type { Context } from '../context.ts';
import type { Resolvers } from '../generated.ts';
import type { AppCommands, AppRequest } from './app-command.ts';

export const appResolvers: Pick<Resolvers, 'Query' | 'Mutation' | 'App'> = {
  Query: {
    apps: async (_parent, args, context) => {
      const target = await readableTarget(context, args.target);
      if (target === null) return null;
      return listApps(context.database, {
        targetId: target.id,
        name: args.name ?? null,
        status: args.status ?? null,
        first: pageSize(args.first),
        before: idOrError(args.before ?? null),
      });
    },
    app: async (_parent, args, context) => {
      const target = await readableTarget(context, args.target);
      if (target === null) return null;
      const { name, version } = args;
      return findApp(context.database, { targetId: target.id, name, version });
    },
  },
  App: {
    lastUsedAt: (app, _args, { database }) => lastUseOfApp(database, app),
    documentCount: (app, _args, { database }) => countDocuments(database, app.id),
    documents: (app, args, { database }) =>
      listDocuments(database, {
        appId: app.id,
        first: pageSize(args.first),
        after: args.after ?? null,
      }),
  },
  Mutation: {
    createApp: async (_parent, { input }, context) =>
      answerOf(
        await onApp(context, input, (apps, request) => apps.create(request)),
        'App',
        context.correlationId,
      ),
    addAppDocuments: async (_parent, { input }, context) =>
      answerOf(
        await onApp(context, input, (apps, request) =>
          apps.addDocuments({ ...request, documents: input.documents }),
        ),
        'App',
        context.correlationId,
      ),
    activateApp: async (_parent, { input }, context) =>
      answerOf(
        await onApp(context, input, (apps, request) => apps.activate(request)),
        'AppActivation',
        context.correlationId,
      ),
    retireApp: async (_parent, { input }, context) =>
      answerOf(
        await onApp(context, input, (apps, request) =>
          apps.retire({ ...request, force: input.force ?? false }),
        ),
        'App',
        context.correlationId,
      ),
  },
};

type NamedTarget = Readonly<{ graph: string; target: string }>;
type NamedApp = Readonly<{ target: NamedTarget; name: string; version: string }>;

async function onApp<Value, P extends Problem>(
  { database, clock, principal }: Context,
  { target: named, name, version }: NamedApp,
  work: (apps: AppCommands, request: AppRequest) => Promise<Result<Value, P>>,
): Promise<Result<Value, P | NotFound>> {
  const target = await findTarget(database, named);
  if (target === null) return refused(notFound('target', `${named.graph}/${named.target}`));
  const apps = createAppCommands({ database, clock, apiSchemaOf });
  return work(apps, { principal, target, name, version });
}

function idOrError(id: string | null): string | null {
  if (id === null || isUuid(id)) return id;
  throw badInput(`"before" must be the id of an app version, not "${id.slice(0, 60)}".`);
}
