import { composeServices } from '@theguild/federation-composition';
import { parse } from 'graphql';
import type { GraphQLSchema } from 'graphql';
import type { Operation } from './shop-operations.ts';

/** A graph that the benchmark serves, and what it holds. */
export interface ServedGraph {
  /** By the subgraph's name. */
  readonly contracts: Readonly<Record<string, string>>;
  readonly schemas: Readonly<Record<string, GraphQLSchema>>;
  /** The data that every server must answer with. */
  answerTo(operation: Operation): unknown;
  /** The subgraph that has a subscription, and its events by their numbers. */
  readonly feed: { readonly service: string; event(sequence: number): object } | null;
}

/** The public benchmark's shop, or the hub's own graph as it was recorded. */
export type GraphName = 'shop' | 'hub';

export async function servedGraph(name: GraphName): Promise<ServedGraph> {
  if (name === 'hub') return (await import('./hub-schemas.ts')).hubGraph();
  return (await import('./shop-schemas.ts')).shopGraph();
}

export function compose({ contracts }: Pick<ServedGraph, 'contracts'>, url: string): string {
  const composed = composeServices(
    Object.entries(contracts).map(([name, sdl]) => ({
      name,
      typeDefs: parse(sdl),
      url: `${url}/${name}/graphql`,
    })),
  );
  if (composed.supergraphSdl === undefined) {
    throw new Error(composed.errors?.map((error) => error.message).join('\n'));
  }
  return composed.supergraphSdl;
}
