import type { Viewer } from '#kernel/identity.ts';
import type { OperationTrace } from './telemetry/telemetry.ts';

/** What every upstream call of one client operation knows about its caller. Never taken from a client's header. */
export interface OperationContext {
  readonly viewer: Viewer;
  readonly correlationId: string;
  /** What is told of the operation, and the trace context that subgraphs are sent. */
  readonly trace: OperationTrace;
  /** Headers of the client's that the operator lets through to subgraphs. */
  readonly passedOn?: Readonly<Record<string, string>> | undefined;
  /** Fires when the client has gone away; nobody reads the answer then. */
  readonly gone: AbortSignal;
  /** When the operation as a whole has taken too long, by `monotonicMs`; null for a subscription, which has no end. */
  readonly endsAtMs: number | null;
}

/** The gateway's own identity for warm-up calls: it may ask for nothing but a type's name. */
export const WARM_UP_VIEWER: Viewer = {
  id: 'gateway',
  name: 'gateway',
  kind: 'service',
  roles: [],
  companies: [],
  costCentres: [],
};
