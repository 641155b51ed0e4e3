import { GraphQLError } from 'graphql';
import { refusal } from '../graphql-refusal.ts';
import { isSameFeed } from './event-source.ts';
import { changedMeaning } from './operation-meaning.ts';
import { resumedAfter } from './resume-cursor.ts';
import type { Viewer } from '#kernel/identity.ts';
import type { Feed } from '../bus-field.ts';
import type { ClientOperation } from '../engine.ts';
import type { Generation } from '../supergraph.ts';
import type { Cursor } from './resume-cursor.ts';

/** A subscription as its client sent it, admitted by one generation of the supergraph. */
export interface Admitted {
  readonly text: string;
  readonly viewer: Viewer;
  /** Headers of its client's that go on to subgraphs. */
  readonly passedOn: Readonly<Record<string, string>> | undefined;
  readonly operation: ClientOperation;
  readonly generation: Generation;
  readonly cost: number;
}

/** What a source is fed by, and what completes its events. */
export interface Route {
  /** By this generation. */
  readonly admitted: Admitted;
  /** The client's operation, or the same behind `resumedAfter`. */
  readonly operation: ClientOperation;
  readonly resumedAfter: Cursor | null;
  readonly feed: Feed;
}

/** What a new generation means for a subscription that is open. */
export type Succession =
  /** The stream that is open serves it: the next event is completed by the new engine. */
  | { readonly kind: 'same feed'; readonly route: Route }
  /** It is valid and means the same, but its events come from elsewhere now, or are asked for otherwise. */
  | { readonly kind: 'other feed'; readonly admitted: Admitted }
  | { readonly kind: 'invalid'; readonly error: GraphQLError };

/** The route of a subscription that begins now. Throws a GraphQLError when nothing feeds it. */
export async function firstRoute(admitted: Admitted): Promise<Route> {
  const { operation, generation } = admitted;
  const feed = await generation.engine.feed(operation, admitted.viewer);
  return { admitted, operation, resumedAfter: null, feed };
}

/** The same subscription behind a cursor; null when its field does not take one. */
export async function routeAfter(admitted: Admitted, cursor: Cursor): Promise<Route | null> {
  const { engine } = admitted.generation;
  const operation = resumedAfter(admitted.operation, cursor, engine.schema);
  if (operation === null) return null;
  return {
    admitted,
    operation,
    resumedAfter: cursor,
    feed: await engine.feed(operation, admitted.viewer),
  };
}

/** Admits an open subscription to a new generation, as if its client had sent it again. */
export async function succession(route: Route, generation: Generation): Promise<Succession> {
  const { operation } = route.admitted;
  const { variables, operationName } = operation;
  const { text: query, viewer } = route.admitted;
  const admission = generation.admissions.admit({ query, variables, operationName, viewer });
  if (!admission.ok) return invalidated(generation, admission.errors[0]);
  const before = route.admitted.generation.engine.schema;
  const changed = changedMeaning(operation.document, before, generation.engine.schema);
  if (changed !== null) return invalidated(generation, refusal('MEANING_CHANGED', changed));
  const admitted: Admitted = {
    ...route.admitted,
    operation: { ...operation, document: admission.document },
    generation,
    cost: admission.cost,
  };
  try {
    const next = await (route.resumedAfter === null
      ? firstRoute(admitted)
      : routeAfter(admitted, route.resumedAfter));
    if (next === null || !isSameFeed(next.feed, route.feed))
      return { kind: 'other feed', admitted };
    return { kind: 'same feed', route: next };
  } catch (error) {
    if (error instanceof GraphQLError) return invalidated(generation, error);
    throw error;
  }
}

/** Names what the new supergraph says against the operation, so that whoever reads it knows what to change. */
function invalidated({ version }: Generation, cause: GraphQLError | undefined): Succession {
  const because = cause?.message ?? 'the operation is no longer valid.';
  const message = `Supergraph ${version} ended this subscription: ${because}`;
  const reason = cause?.extensions['code'] ?? 'GRAPHQL_VALIDATION_FAILED';
  const extensions = { reason, supergraph: version, retryable: false };
  return { kind: 'invalid', error: refusal('SUBSCRIPTION_INVALIDATED', message, extensions) };
}
