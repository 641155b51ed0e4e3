import { readFile } from 'node:fs/promises';
import { graphql } from 'graphql';
import { silentLog } from '#kernel/log.ts';
import { buildSchema } from '#kernel/subgraph.ts';
import { appResolvers } from '../app/resolvers.ts';
import { usageResolvers } from './resolvers.ts';
import type { Principal } from '../access/principal.ts';
import type { UsageWorld } from './usage-world.ts';

/** Asks the slices of usage and apps alone, as somebody. */
export type Ask = (
  principal: Principal,
  query: string,
  variables?: Readonly<Record<string, unknown>>,
) => Promise<{ data: Record<string, unknown> | null; codes: readonly unknown[] }>;

const ROOTS = `type Query { nothing: Int } type Mutation { nothing: Int }
  input TargetInput { graph: String! target: String! }`;

export async function openApi({ database, clock }: UsageWorld): Promise<Ask> {
  const slices = await Promise.all(
    ['../../kernel/vocabulary.graphql', './schema.graphql', '../app/schema.graphql'].map((path) =>
      readFile(new URL(path, import.meta.url), 'utf8'),
    ),
  );
  const schema = buildSchema([ROOTS, ...slices].join('\n'), {
    Query: { ...usageResolvers.Query, ...appResolvers.Query },
    Mutation: { ...usageResolvers.Mutation, ...appResolvers.Mutation },
    Client: usageResolvers.Client,
    App: appResolvers.App,
  });
  return async (principal, source, variableValues = {}) => {
    const contextValue = { database, clock, log: silentLog, principal, correlationId: 'test' };
    const { data, errors } = await graphql({ schema, source, variableValues, contextValue });
    return {
      data: data ?? null,
      codes: (errors ?? []).map(({ extensions, message }) => extensions['code'] ?? message),
    };
  };
}
