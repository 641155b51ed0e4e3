import { DAY_MS, shifted } from '#kernel/clock.ts';
import { notFound, refused } from '#kernel/problem.ts';
import { answerOf } from '#kernel/subgraph.ts';
import { readableTarget } from '../access/readable.ts';
import { badInput, within } from '../argument.ts';
import { findTarget } from '../target.ts';
import { apiSchemaOf, deprecationsOf } from './api-schema.ts';
import { clientOf, clientsOf, pinClient, retireGateway, unpinClient } from './client.ts';
import { readCoordinate } from './coordinate.ts';
import { coverageOf } from './coverage-question.ts';
import { COVERAGE_DAYS_MAX } from './coverage.ts';
import { clientUsage, usageOf } from './usage-question.ts';
import type { NotFound, Result } from '#kernel/problem.ts';
import type { Context } from '../context.ts';
import type { Resolvers } from '../generated.ts';
import type { UsageCommand } from './client.ts';

/** What one question may name; a contract's check asks through `usageOf`, which has no such limit. */
const COORDINATES_MAX = 500;
const CLIENTS_MAX = 100;
/** Largest number that GraphQL's Int holds. */
const INT_MAX = 2_147_483_647;

export const usageResolvers: Pick<Resolvers, 'Query' | 'Mutation' | 'Client'> = {
  Query: {
    fieldUsage: async (_parent, args, context) => {
      const target = await readableTarget(context, args.target);
      if (target === null) return null;
      const coordinates = args.coordinates.map(coordinateOrError);
      within('coordinates', coordinates.length, COORDINATES_MAX);
      const found = await usageOf(context.database, {
        targetIds: [target.id],
        coordinates,
        since: daysBack(context, args.days),
        excludedClients: [],
      });
      return [...found].map(([coordinate, usage]) => ({
        ...usage,
        coordinate,
        requests: count(usage.requests),
        clients: usage.clients.map((client) => ({ ...client, requests: count(client.requests) })),
        operations: usage.operations.map((operation) => ({
          ...operation,
          requests: count(operation.requests),
        })),
      }));
    },
    reportingCoverage: async (_parent, args, context) => {
      const target = await readableTarget(context, args.target);
      if (target === null) return null;
      const until = context.clock.now();
      const since = daysBack(context, args.days - 1, args.days);
      return coverageOf(context.database, { targetId: target.id, since, until });
    },
    clients: async (_parent, args, context) => {
      const target = await readableTarget(context, args.target);
      if (target === null) return null;
      const first = within('first', args.first, CLIENTS_MAX);
      const page = { targetId: target.id, first, after: args.after ?? null };
      return clientsOf(context.database, page);
    },
    client: async (_parent, args, context) => {
      const target = await readableTarget(context, args.target);
      return target === null ? null : clientOf(context.database, target.id, args.name);
    },
  },
  Client: {
    stillUses: async ({ targetId, name }, args, context) => {
      const schema = await apiSchemaOf(context.database, targetId);
      const deprecations = schema === null ? new Map<string, string>() : deprecationsOf(schema);
      const uses = await clientUsage(context.database, {
        targetIds: [targetId],
        client: name,
        since: daysBack(context, args.days),
        ...(args.deprecatedOnly ? { coordinates: [...deprecations.keys()] } : {}),
      });
      return uses.map((use) => ({
        ...use,
        requests: count(use.requests),
        deprecationReason: deprecations.get(use.coordinate) ?? null,
      }));
    },
  },
  Mutation: {
    pinClient: async (_parent, { input }, context) => {
      const command = await commandOn(context, input.target);
      const result = command === null ? noTarget(input.target) : await pinClient(command, input);
      return answerOf(result, 'ClientPin', context.correlationId);
    },
    unpinClient: async (_parent, { input }, context) => {
      const command = await commandOn(context, input.target);
      const result = command === null ? noTarget(input.target) : await unpinClient(command, input);
      return answerOf(result, 'ClientUnpinned', context.correlationId);
    },
    retireGateway: async (_parent, { input }, context) => {
      const command = await commandOn(context, input.target);
      const result =
        command === null ? noTarget(input.target) : await retireGateway(command, input);
      return answerOf(result, 'GatewayRetired', context.correlationId);
    },
  },
};

type NamedTarget = Readonly<{ graph: string; target: string }>;

async function commandOn(context: Context, named: NamedTarget): Promise<UsageCommand | null> {
  const target = await findTarget(context.database, named);
  const { database, clock, principal } = context;
  return target === null ? null : { database, clock, principal, target };
}

function noTarget({ graph, target }: NamedTarget): Result<never, NotFound> {
  return refused(notFound('target', `${graph}/${target}`));
}

function daysBack({ clock }: Context, days: number, asked = days): Date {
  within('days', asked, COVERAGE_DAYS_MAX);
  return shifted(clock.now(), -days * DAY_MS);
}

function coordinateOrError(text: string): string {
  const coordinate = readCoordinate(text);
  if (coordinate !== null && !coordinate.endsWith('!')) return coordinate;
  throw badInput(
    `"${text.slice(0, 100)}" is no schema coordinate. Write \`Type\`, \`Type.field\`, \`Type.field(argument:)\` or \`Enum.VALUE\`.`,
  );
}

function count(requests: number): number {
  return Math.min(requests, INT_MAX);
}
