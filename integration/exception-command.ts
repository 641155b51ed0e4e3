import { sha256 } from '#kernel/id.ts';
import { once } from '#kernel/idempotency.ts';
import {
  accepted,
  invalidInput,
  notFound,
  refused,
  unavailable,
  versionConflict,
} from '#kernel/problem.ts';
import { appendEvents } from '#kernel/outbox.ts';
import { deliveryAfter } from './delivery.ts';
import { isDead } from './confirmation.ts';
import { assigned, recurred, resolved, retried, subjectKind } from './integration-exception.ts';
import { lockDelivery, updateDelivery } from './store/delivery.ts';
import { lockException, retryCandidates } from './store/exception.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Database, Transaction } from '#kernel/database.ts';
import type { Cause } from '#kernel/event.ts';
import type { Viewer } from '#kernel/identity.ts';
import type {
  IdempotencyKeyReused,
  IllegalTransition,
  InvalidInput,
  NotFound,
  Result,
  Unavailable,
  VersionConflict,
} from '#kernel/problem.ts';
import type { ConfirmationDesk } from './confirmation.ts';
import type { ExceptionDesk } from './exception-desk.ts';
import type { IntegrationEventFactory } from './fact.ts';
import type { Inbound } from './inbound.ts';
import type {
  IntegrationException,
  NotRetryable,
  ResolutionCode,
} from './integration-exception.ts';
import type { Jobs } from './jobs.ts';
import type { ExceptionFilter } from './store/exception.ts';

export interface ExceptionCommandOptions {
  readonly database: Database;
  readonly jobs: Jobs;
  readonly exceptions: ExceptionDesk;
  readonly confirmations: ConfirmationDesk;
  readonly inbound: Inbound;
  readonly event: IntegrationEventFactory;
  readonly clock: Clock;
}

/** Who asks, and what every command on an exception carries. */
export interface Asking {
  readonly viewer: Viewer;
  readonly correlationId: string;
  readonly traceparent: string | null;
}

export interface OnException {
  readonly idempotencyKey: string;
  readonly exceptionId: string;
  readonly expectedVersion?: number | null | undefined;
}

type CommonProblem = NotFound | VersionConflict | IllegalTransition | IdempotencyKeyReused;

/** What finance operations may do with exceptions; every one leaves a line in the history with its actor. */
export interface ExceptionCommands {
  assign(
    asking: Asking,
    input: OnException & { assigneeId: string },
  ): Promise<Result<IntegrationException, CommonProblem | InvalidInput>>;
  resolve(
    asking: Asking,
    input: OnException & { reason: ResolutionCode; comment: string },
  ): Promise<Result<IntegrationException, CommonProblem | InvalidInput>>;
  retry(
    asking: Asking,
    input: OnException,
  ): Promise<Result<IntegrationException, CommonProblem | NotRetryable | Unavailable>>;
  retryMany(
    asking: Asking,
    input: { idempotencyKey: string; filter: ExceptionFilter; limit: number },
  ): Promise<Result<{ retried: number; left: number }, InvalidInput | IdempotencyKeyReused>>;
}

/** One bulk retry; each exception is a transaction of its own. */
const BULK_MAX = 200;

export function createExceptionCommands(options: ExceptionCommandOptions): ExceptionCommands {
  return {
    assign: (asking, input) =>
      run(options, 'assignException', asking, input, (work) => assign(options, work, input)),
    resolve: (asking, input) =>
      run(options, 'resolveException', asking, input, (work) => resolve(options, work, input)),
    retry: (asking, input) =>
      run(options, 'retryException', asking, input, (work) => retry(options, work)),
    retryMany: async (asking, input) => {
      if (input.limit < 1 || input.limit > BULK_MAX) {
        const message = `From 1 to ${BULK_MAX} exceptions are retried at once, not ${input.limit}.`;
        return refused(invalidInput([{ field: 'limit', code: 'OUT_OF_RANGE', message }]));
      }
      return retryMany(options, asking, input);
    },
  };
}

/** A command on an exception that is there, visible and locked. */
interface Work {
  readonly tx: Transaction;
  readonly exception: IntegrationException;
  readonly cause: Cause;
}

async function run<P extends { code: string; message: string; retryable: boolean }>(
  options: ExceptionCommandOptions,
  operation: string,
  asking: Asking,
  input: OnException,
  decide: (work: Work) => Promise<Result<IntegrationException, P>>,
): Promise<Result<IntegrationException, P | NotFound | VersionConflict | IdempotencyKeyReused>> {
  const { idempotencyKey, ...fingerprint } = input;
  const command = { caller: asking.viewer.id, idempotencyKey, operation, input: fingerprint };
  return once<IntegrationException, P | NotFound | VersionConflict>(
    options.database,
    command,
    async (tx) => {
      const exception = await lockException(tx, input.exceptionId, asking.viewer);
      if (exception === null) return refused(notFound('integration exception', input.exceptionId));
      if ((input.expectedVersion ?? exception.version) !== exception.version)
        return refused(versionConflict('integration exception', exception.version));
      return decide({ tx, exception, cause: causeOf(asking, exception, idempotencyKey) });
    },
  );
}

function causeOf(asking: Asking, exception: IntegrationException, causationId: string): Cause {
  const { correlationId } = exception;
  return { correlationId, causationId, traceparent: asking.traceparent, actorId: asking.viewer.id };
}

async function assign(
  options: ExceptionCommandOptions,
  { tx, exception, cause }: Work,
  input: { assigneeId: string },
): Promise<Result<IntegrationException, IllegalTransition | InvalidInput>> {
  const assigneeId = input.assigneeId.trim();
  if (assigneeId === '') {
    const message = 'The id of a person is expected.';
    return refused(invalidInput([{ field: 'assigneeId', code: 'MISSING', message }]));
  }
  const next = assigned(exception, { assigneeId, now: options.clock.now() });
  if (next.ok)
    await options.exceptions.record(
      tx,
      next.value,
      { event: 'assign', detail: `Given to ${assigneeId}.` },
      cause,
    );
  return next;
}

async function resolve(
  options: ExceptionCommandOptions,
  { tx, exception, cause }: Work,
  input: { reason: ResolutionCode; comment: string },
): Promise<Result<IntegrationException, IllegalTransition | InvalidInput>> {
  if (input.reason === 'CONFIRMED') {
    const message =
      'CONFIRMED is what the system says when the cause is gone. Choose what a person did.';
    return refused(invalidInput([{ field: 'reason', code: 'RESERVED', message }]));
  }
  const decision = {
    code: input.reason,
    comment: input.comment,
    actorId: cause.actorId,
    now: options.clock.now(),
  };
  const next = resolved(exception, decision);
  if (!next.ok) return next;
  const detail = `${input.reason}: ${input.comment}`;
  await options.exceptions.record(tx, next.value, { event: 'resolve', detail }, cause);
  const delivery =
    exception.deliveryId === null ? null : await lockDelivery(tx, exception.deliveryId);
  if (delivery !== null && isDead(delivery))
    await options.confirmations.supersede(tx, delivery, detail, cause.causationId);
  return next;
}

async function retry(
  options: ExceptionCommandOptions,
  work: Work,
): Promise<Result<IntegrationException, IllegalTransition | NotRetryable | Unavailable>> {
  const { tx, exception, cause } = work;
  const next = retried(exception, options.clock.now());
  if (!next.ok) return next;
  await options.exceptions.record(
    tx,
    next.value,
    { event: 'retry', detail: 'Sent again by hand.' },
    cause,
  );
  switch (subjectKind(exception)) {
    case 'delivery':
      return retryDelivery(options, { ...work, exception: next.value });
    case 'quarantine':
      return replay(options, { ...work, exception: next.value });
    case 'parked':
      await requestParkedRetry(options, { ...work, exception: next.value });
      return next;
    case 'approval':
    case 'supplier':
    case 'erp-cancelled':
      return next;
  }
}

async function retryDelivery(
  options: ExceptionCommandOptions,
  { tx, exception }: Work,
): Promise<Result<IntegrationException, Unavailable>> {
  const delivery =
    exception.deliveryId === null ? null : await lockDelivery(tx, exception.deliveryId);
  if (delivery === null || !isDead(delivery)) return accepted(exception);
  const change = {
    status: deliveryAfter(delivery.status, 'requeue'),
    attempts: 0,
    nextAttemptAt: null,
  };
  await updateDelivery(tx, delivery, change, options.clock.now());
  const revived = await options.jobs.revive(tx, delivery.erp, delivery.id);
  return revived
    ? accepted(exception)
    : refused(unavailable('integration', 'the job is still being put aside'));
}

/** Applies kept messages with the reading we have now; what is still unreadable opens the exception again. */
async function replay(
  options: ExceptionCommandOptions,
  { tx, exception, cause }: Work,
): Promise<Result<IntegrationException, never>> {
  const [erp = '', eventType = ''] = exception.subject.slice('quarantine:'.length).split('/', 2);
  const unreadable = await options.inbound.replayQuarantined(tx, erp, eventType);
  const now = options.clock.now();
  if (unreadable === 0) {
    const { actorId } = cause;
    const closed = resolved(exception, {
      code: 'CONFIRMED',
      comment: 'all kept messages were applied',
      actorId,
      now,
    });
    if (!closed.ok) throw new Error(closed.problem.message);
    await options.exceptions.record(
      tx,
      closed.value,
      { event: 'resolve', detail: 'All kept messages were applied.' },
      cause,
    );
    return accepted(closed.value);
  }
  const detail = `${unreadable} messages of type ${eventType} still do not have the agreed fields.`;
  const again = recurred(exception, { ...exception, detail }, now);
  await options.exceptions.record(tx, again, { event: 'recur', detail }, cause);
  return accepted(again);
}

function parkedAt(exception: IntegrationException): { consumer: string; documentId: string } {
  const [consumer = '', documentId = ''] = exception.subject.slice('parked:'.length).split('/', 2);
  return { consumer, documentId };
}

/** The consumer is asked by an event, whether it is another room's or our own: the wish survives a crash. */
async function requestParkedRetry(
  options: ExceptionCommandOptions,
  { tx, exception, cause }: Work,
): Promise<void> {
  await appendEvents(tx, [options.event.retryRequested(cause, exception, parkedAt(exception))]);
}

async function retryMany(
  options: ExceptionCommandOptions,
  asking: Asking,
  input: { idempotencyKey: string; filter: ExceptionFilter; limit: number },
): Promise<Result<{ retried: number; left: number }, IdempotencyKeyReused>> {
  const { filter, limit, idempotencyKey } = input;
  const command = {
    caller: asking.viewer.id,
    idempotencyKey,
    operation: 'retryExceptions',
    input: { filter, limit },
  };
  // The choice is made once per key; each exception then has a key of its own, so a repeated call goes on where the first ended.
  const chosen = await once<{ ids: readonly string[] }, never>(
    options.database,
    command,
    async (tx) => accepted({ ids: await retryCandidates(tx, asking.viewer, filter, limit) }),
  );
  if (!chosen.ok) return chosen;
  const commands = createExceptionCommands(options);
  let retriedCount = 0;
  for (const exceptionId of chosen.value.ids) {
    const result = await commands.retry(asking, {
      idempotencyKey: `${sha256(idempotencyKey)}/${exceptionId}`,
      exceptionId,
    });
    if (result.ok) retriedCount += 1;
  }
  return accepted({ retried: retriedCount, left: chosen.value.ids.length - retriedCount });
}
