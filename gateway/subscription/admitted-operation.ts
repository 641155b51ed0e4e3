import { monotonicMs } from '#kernel/clock.ts';
import type { ExecutionResult } from 'graphql';
import type { Log } from '#kernel/log.ts';
import type { ClientIdentity } from '../client-identity.ts';
import type { OperationContext } from '../operation-context.ts';
import type { RecordUsage } from '../usage-recorder.ts';
import type { Admitted } from './source-route.ts';

/** An operation that came through the door of a socket or an event stream. */
export interface AdmittedOperation extends Admitted {
  readonly kind: string;
  readonly client: ClientIdentity | null;
}

export interface Bookkeeping {
  readonly recordUsage: RecordUsage;
  readonly log: Log;
}

/** Answers a query or a mutation, once, and writes it down. */
export async function answerOnce(
  admitted: AdmittedOperation,
  context: OperationContext,
  { recordUsage, log }: Bookkeeping,
): Promise<ExecutionResult> {
  const startedMs = monotonicMs();
  const { engine } = admitted.generation;
  const result = await engine.execute(admitted.operation, context);
  const code = result.errors?.[0]?.extensions['code'];
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
  membership: { readonly correlationId: string; readonly opened: Promise<boolean> },
  { recordUsage, log }: Bookkeeping,
): (reason: string) => void {
  const { correlationId } = membership;
  const line = {
    operation: admitted.operation.operationName ?? '',
    viewer: admitted.viewer.id,
    correlationId,
  };
  let closedBy: string | null = null;
  let isOpened = false;
  void membership.opened.then((isOpen) => {
    if (!isOpen) return;
    isOpened = true;
    recordUsage({ ...usageOf(admitted), durationMs: 0, errors: 0 });
    log.info({ event: 'subscription.opened', ...line });
    if (closedBy !== null) log.info({ event: 'subscription.closed', ...line, reason: closedBy });
  });
  return (reason) => {
    if (closedBy !== null) return;
    closedBy = reason;
    if (isOpened) log.info({ event: 'subscription.closed', ...line, reason });
  };
}

function usageOf({ operation, generation, client }: AdmittedOperation) {
  return { ...operation, schema: generation.engine.schema, client };
}
