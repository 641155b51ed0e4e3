import type { ExecutionResult } from 'graphql';
import type { OperationContext } from '../operation-context.ts';
import type { Upstream, UpstreamOperation } from '../upstream.ts';

/** Where the events of a subscription come from. A subgraph is one; a bus that carries references of entities may be another. */
export interface EventSource {
  /**
   * Opens a stream of results for the feed's root field. It ends when `context.gone` fires. Throws a coded GraphQLError
   * when it cannot be opened, or breaks.
   */
  open(
    feed: UpstreamOperation,
    context: OperationContext,
  ): Promise<AsyncIterableIterator<ExecutionResult>>;
}

/** Events of the subgraph that the plan names. */
export function subgraphSource(upstream: Upstream): EventSource {
  return { open: (feed, context) => upstream.open(feed, context) };
}

/** Whether a stream that was opened with one serves as well for the other. */
export function isSameFeed(one: UpstreamOperation, other: UpstreamOperation): boolean {
  return (
    one.query === other.query &&
    one.operationName === other.operationName &&
    one.variables === other.variables &&
    one.subgraph.name === other.subgraph.name &&
    one.subgraph.url === other.subgraph.url
  );
}
