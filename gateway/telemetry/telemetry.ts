import { newTraceparent } from './trace-context.ts';
import type { DocumentNode, GraphQLSchema, OperationTypeNode } from 'graphql';
import type { Route } from '#kernel/http.ts';
import type { ClientIdentity } from '../client-identity.ts';
import type { SubgraphAddress } from '../subgraph-directory.ts';
import type { FetchOutcome } from './outcome.ts';

/** What can be seen of the gateway from outside: spans and figures. All that the gateway's other files know of it. */
export interface Telemetry {
  /** Begins what is told of an operation that was admitted. */
  operation(start: OperationStart): OperationTrace;
  /** Counts an operation that was refused before it was known what it asks. */
  refused(code: string, durationMs: number): void;
  /** Counts subscribers that an event was handed to. */
  delivered(subscribers: number): void;
  /** Counts a subscription or a connection that ended; `code` is a close code, `complete`, or an error's code. */
  closed(code: string | number): void;
  swapped(outcome: 'loaded' | 'refused'): void;
  /** How each subgraph answered its last call. */
  subgraphs(): readonly SubgraphState[];
  /** `/metrics`; none when nothing is counted. */
  readonly routes: readonly Route[];
  /** Sends what waits, for a moment. */
  close(): Promise<void>;
}

export interface OperationStart {
  readonly kind: OperationTypeNode;
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operationName: string | null;
  readonly client: ClientIdentity | null;
  readonly correlationId: string;
  /** W3C trace context as the client sent it. */
  readonly traceparent: string | null;
  /** When its request came, by `monotonicMs`. */
  readonly startedMs: number;
}

/** One operation of a client, or the opening of a subscription. Fetches may begin after it has ended: those of events do. */
export interface OperationTrace {
  /** W3C trace context of the operation itself. */
  readonly traceparent: string;
  /** The plan was waited for since then; null when it was at hand. */
  planned(startedMs: number | null): void;
  fetch(subgraph: SubgraphAddress, kind: 'query' | 'mutation' | 'subscription'): FetchTrace;
  /** `code` of the first error; null when there is none. */
  end(outcome: { readonly code: string | null; readonly errors: number }): void;
}

/** One call of a subgraph. */
export interface FetchTrace {
  /** What the subgraph is sent, so that its spans stand below this one. */
  readonly traceparent: string;
  end(end: FetchEnd): void;
}

export interface FetchEnd {
  readonly outcome: FetchOutcome;
  /** Of HTTP; null when nothing was answered. */
  readonly status: number | null;
  /** Of the answer's first error. */
  readonly code?: string | null;
}

/** How a subgraph answered its last call. */
export interface SubgraphState {
  readonly name: string;
  readonly outcome: FetchOutcome;
  /** Since when it has been failing, by the clock; null when it is not. */
  readonly failingSince: Date | null;
}

/** Tells nobody anything; a client's trace goes on to the subgraphs as it came. */
export const silentTelemetry: Telemetry = {
  operation: ({ traceparent }) => silentTrace(traceparent ?? newTraceparent()),
  refused: ignore,
  delivered: ignore,
  closed: ignore,
  swapped: ignore,
  subgraphs: () => [],
  routes: [],
  close: () => Promise.resolve(),
};

/** The trace of an operation that is not followed here, such as a warm-up call. */
export function silentTrace(traceparent: string): OperationTrace {
  const fetch: FetchTrace = { traceparent, end: ignore };
  return { traceparent, planned: ignore, fetch: () => fetch, end: ignore };
}

function ignore(): void {
  // Nobody looks.
}
