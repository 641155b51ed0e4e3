import type { ExecutionResult } from 'graphql';
import type { BusFeed, Feed } from '../bus-field.ts';
import type { OperationContext } from '../operation-context.ts';
import type { Upstream } from '../upstream.ts';

/** Where the events of a subscription come from: a subgraph, or the bus. */
export interface EventSource<Of extends Feed = Feed> {
  /**
   * Opens a stream of results for the feed's root field. It ends when `context.gone` fires. Throws a coded GraphQLError
   * when it cannot be opened, or breaks.
   */
  open(feed: Of, context: OperationContext): Promise<AsyncIterableIterator<ExecutionResult>>;
}

/** Events of what the plan names. */
export function eventSource(upstream: Upstream, bus: EventSource<BusFeed>): EventSource {
  return {
    open: (feed, context) =>
      feed.kind === 'bus events' ? bus.open(feed, context) : upstream.open(feed, context),
  };
}

/**
 * Where an event of the bus stands, whatever the client selects of its entity; null for an event of a subgraph, which says
 * that in its fields, if at all.
 */
export function positionIn(feed: Feed, { extensions }: ExecutionResult): string | null {
  const cursor = feed.kind === 'bus events' ? extensions?.['cursor'] : null;
  return typeof cursor === 'string' ? cursor : null;
}

/** Whether there is anything to tell of it: an entity that the viewer may not see is no news. */
export function isNews({ data, errors }: ExecutionResult): boolean {
  return errors !== undefined || Object.values(data ?? {}).some((value) => value !== null);
}

/** Whether a stream that was opened with one serves as well for the other. */
export function isSameFeed(one: Feed, other: Feed): boolean {
  if (one.kind === 'bus events' || other.kind === 'bus events')
    return JSON.stringify(one) === JSON.stringify(other);
  return (
    one.query === other.query &&
    one.operationName === other.operationName &&
    one.variables === other.variables &&
    one.subgraph.name === other.subgraph.name &&
    one.subgraph.url === other.subgraph.url
  );
}
