import { GraphQLError } from 'graphql';
import { ReaderStalled, boundedQueue, generatorOf } from './bounded-queue.ts';
import type { ExecutionResult } from 'graphql';
import type { ClientOperation, Engine } from './engine.ts';
import type { OperationContext } from './operation-context.ts';
import type { Generation, Supergraph } from './supergraph.ts';
import type { Upstream, UpstreamOperation } from './upstream.ts';

/** Events held for one reader: the burst of a large approval run; more wait in the subgraph. */
const QUEUED_EVENTS_MAX = 64;

export interface Subscribing {
  readonly supergraph: Supergraph;
  readonly upstream: Upstream;
  /** A reader that takes nothing for this long, with a full queue, loses its subscription. */
  readonly stallMs: number;
}

/** A client's subscription, admitted: its operation, the text it came as, and who is told when its reader stalls. */
export interface Subscription {
  readonly source: string;
  readonly operation: ClientOperation;
  readonly generation: Generation;
  readonly context: OperationContext;
  readonly onStalled: () => void;
}

/**
 * Runs a client's subscription: one upstream stream, each event completed by a fresh execution. So errors of one event
 * never leak into the next, and a new supergraph can take over between two events. An upstream that breaks is told as a
 * last result with a coded error; the client subscribes again with its cursor.
 */
export async function subscribe(
  subscribing: Subscribing,
  subscription: Subscription,
): Promise<AsyncGenerator<ExecutionResult, void, void>> {
  const abort = new AbortController();
  const { context } = subscription;
  const end = (): void => abort.abort();
  const streaming = { ...context, gone: abort.signal };
  const { engine } = subscription.generation;
  const feed = await engine.feed(subscription.operation, context.viewer);
  if (context.gone.aborted) end();
  context.gone.addEventListener('abort', end, { once: true });
  const events = await subscribing.upstream.open(feed, streaming).catch((error: unknown) => {
    context.gone.removeEventListener('abort', end);
    throw error;
  });
  const route = followSwaps(subscribing.supergraph, subscription, feed);
  const queue = boundedQueue(events, {
    capacity: QUEUED_EVENTS_MAX,
    stallMs: subscribing.stallMs,
    onClose: (stalled) => {
      context.gone.removeEventListener('abort', end);
      route.stop();
      end();
      if (stalled) subscription.onStalled();
    },
  });
  // The queue's signal ends the stream; events that are held already are still completed for their reader.
  return generatorOf(
    () => nextResult(queue, route, context),
    () => void queue.return(),
  );
}

async function nextResult(
  queue: AsyncGenerator<ExecutionResult, void, void>,
  route: Route,
  context: OperationContext,
): Promise<IteratorResult<ExecutionResult, void>> {
  try {
    const event = await queue.next();
    if (event.done === true) return event;
    const { engine, operation } = route.current();
    return { done: false, value: await engine.executeEvent(operation, context, event.value) };
  } catch (error) {
    if (error instanceof ReaderStalled) return { done: true, value: undefined };
    if (error instanceof GraphQLError) return { done: false, value: { errors: [error] } };
    throw error;
  }
}

interface Route {
  readonly current: () => { readonly engine: Engine; readonly operation: ClientOperation };
  stop(): void;
}

/**
 * Moves a subscription to each new supergraph in which it is still valid and fed by the same upstream operation.
 * Otherwise the old engine serves it until it ends: an engine holds nothing that would have to be closed.
 */
function followSwaps(
  supergraph: Supergraph,
  { source, operation, generation, context: { viewer } }: Subscription,
  feed: UpstreamOperation,
): Route {
  let current = { engine: generation.engine, operation };
  const stop = supergraph.onSwap(async ({ engine, admissions }) => {
    const { variables, operationName } = operation;
    const admission = admissions.admit({ query: source, variables, operationName, viewer });
    if (!admission.ok) return;
    const next = { ...operation, document: admission.document };
    const planned = await engine.feed(next, viewer).catch(() => null);
    const isSameFeed =
      planned?.query === feed.query &&
      planned.variables === feed.variables &&
      planned.subgraph.name === feed.subgraph.name &&
      planned.subgraph.url === feed.subgraph.url;
    if (isSameFeed) current = { engine, operation: next };
  });
  return { current: () => current, stop };
}
