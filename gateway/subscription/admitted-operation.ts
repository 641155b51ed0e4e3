import { OperationTypeNode } from 'graphql';
import { monotonicMs } from '#kernel/clock.ts';
import { scopeOf } from '../viewer-scope.ts';
import type { ExecutionResult } from 'graphql';
import type { Log } from '#kernel/log.ts';
import type { ClientIdentity } from '../client-identity.ts';
import type { InFlightReads } from '../in-flight.ts';
import type { OperationContext } from '../operation-context.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { RecordUsage } from '../usage-recorder.ts';
import type { Admitted } from './source-route.ts';

/** An operation that came through the door of a socket or an event stream. */
export interface AdmittedOperation extends Admitted {
  readonly kind: OperationTypeNode;
  /** Of a persisted document, by which it was asked; null for a text. */
  readonly documentId: string | null;
  readonly client: ClientIdentity | null;
}

export interface Bookkeeping {
  readonly recordUsage: RecordUsage;
  readonly telemetry: Telemetry;
  /** Told of writes, so that no read from before answers one that comes after. */
  readonly inFlight: InFlightReads | null;
  readonly log: Log;
}

/** Answers a query or a mutation, once, and writes it down. */
export async function answerOnce(
  admitted: AdmittedOperation,
  context: Omit<OperationContext, 'trace'> & { readonly traceparent: string | null },
  { recordUsage, telemetry, inFlight, log }: Bookkeeping,
): Promise<ExecutionResult> {
  const startedMs = monotonicMs();
  const { engine } = admitted.generation;
  const trace = telemetry.operation({
    ...admitted,
    ...admitted.operation,
    schema: engine.schema,
    correlationId: context.correlationId,
    traceparent: context.traceparent,
    startedMs,
  });
  const scope = scopeOf(admitted.viewer);
  if (admitted.kind === OperationTypeNode.MUTATION) inFlight?.forget(scope);
  const result = await engine.execute(admitted.operation, { ...context, trace });
  if (admitted.kind === OperationTypeNode.MUTATION) inFlight?.forget(scope);
  const code = result.errors?.[0]?.extensions['code'];
  const errors = result.errors?.length ?? 0;
  trace.end({ code: errors === 0 ? null : String(code), errors });
  const durationMs = monotonicMs() - startedMs;
  recordUsage({ ...usageOf(admitted), durationMs, errors: result.errors?.length ?? 0 });
  log.info({
    event: 'graphql.operation',
    room: 'gateway',
    operation: admitted.operation.operationName ?? '',
    kind: admitted.kind,
    viewer: admitted.viewer.id,
    outcome: typeof code === 'string' ? code : 'ok',
    durationMs: Math.round(durationMs),
    correlationId: context.correlationId,
  });
  const { correlationId } = context;
  return { ...result, extensions: { ...result.extensions, correlationId, cost: admitted.cost } };
}

/** Writes down that a subscription began, and gives what writes down, once, that it ended. */
export function noteSubscription(
  admitted: AdmittedOperation,
  opened: Promise<string | null>,
  { recordUsage, telemetry, log }: Bookkeeping,
): (reason: string) => void {
  const { operationName } = admitted.operation;
  const line = { operation: operationName ?? '', viewer: admitted.viewer.id };
  const ended = Promise.withResolvers<string>();
  void opened.then(async (correlationId) => {
    if (correlationId === null) return;
    recordUsage({ ...usageOf(admitted), durationMs: 0, errors: 0 });
    log.info({ event: 'subscription.opened', ...line, correlationId });
    const reason = await ended.promise;
    telemetry.closed(reason);
    log.info({ event: 'subscription.closed', ...line, reason, correlationId });
  });
  return ended.resolve;
}

function usageOf({ operation, generation, documentId, client }: AdmittedOperation) {
  return { ...operation, schema: generation.engine.schema, documentId, client };
}
