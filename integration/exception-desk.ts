import { appendEvents } from '#kernel/outbox.ts';
import { newId } from '#kernel/id.ts';
import { recurred, raised, resolved } from './integration-exception.ts';
import {
  appendHistory,
  lockExceptionOf,
  nextExceptionNumber,
  saveException,
} from './store/exception.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Transaction } from '#kernel/database.ts';
import type { Cause } from '#kernel/event.ts';
import type { Log } from '#kernel/log.ts';
import type { IntegrationException, Trouble } from './integration-exception.ts';
import type { IntegrationEventFactory } from './fact.ts';

/** Where exceptions are raised and closed, always in the transaction of what caused it. */
export interface ExceptionDesk {
  /** Opens an exception for the trouble, or the one that is there again. */
  raise(tx: Transaction, trouble: Trouble, cause: Cause): Promise<IntegrationException>;
  /** Closes the exception on the subject because its cause is gone; nothing happens when there is none open. */
  settle(tx: Transaction, subject: string, reason: string, cause: Cause): Promise<void>;
  /** Writes what a person decided, with its history and its event. */
  record(
    tx: Transaction,
    exception: IntegrationException,
    step: {
      readonly event: 'raise' | 'recur' | 'assign' | 'retry' | 'resolve';
      readonly detail: string;
    },
    cause: Cause,
  ): Promise<void>;
}

export function createExceptionDesk(options: {
  readonly event: IntegrationEventFactory;
  readonly clock: Clock;
  readonly log: Log;
}): ExceptionDesk {
  const { event, clock, log } = options;
  const record: ExceptionDesk['record'] = async (tx, exception, { event: name, detail }, cause) => {
    await saveException(tx, exception);
    await appendHistory(tx, {
      exceptionId: exception.id,
      event: name,
      status: exception.status,
      actorId: cause.actorId,
      detail,
      occurredAt: clock.now(),
    });
    const type = EVENT_TYPES[name];
    if (type !== null) await appendEvents(tx, [event.exception(cause, type, exception)]);
  };
  return {
    record,
    raise: async (tx, trouble, cause) => {
      const known = await lockExceptionOf(tx, trouble.subject);
      const now = clock.now();
      const exception =
        known === null
          ? raised(trouble, { id: newId(clock), number: await nextExceptionNumber(tx), now })
          : recurred(known, trouble, now);
      const name = known === null || known.status === 'RESOLVED' ? 'raise' : 'recur';
      await record(tx, exception, { event: name, detail: trouble.detail }, cause);
      const { id: exceptionId, kind, code, correlationId } = exception;
      log.warn({ event: 'exception.raised', exceptionId, kind, code, correlationId });
      return exception;
    },
    settle: async (tx, subject, reason, cause) => {
      const known = await lockExceptionOf(tx, subject);
      if (known === null || known.status === 'RESOLVED') return;
      const { actorId } = cause;
      const closed = resolved(known, {
        code: 'CONFIRMED',
        comment: reason,
        actorId,
        now: clock.now(),
      });
      if (!closed.ok) throw new Error(closed.problem.message);
      await record(tx, closed.value, { event: 'resolve', detail: reason }, cause);
      log.info({ event: 'exception.resolved', exceptionId: known.id, by: actorId });
    },
  };
}

/** History event → event for the other rooms; a retry is nobody else's business until it has come to something. */
const EVENT_TYPES = {
  raise: 'concord.exception.raised.v1',
  recur: null,
  assign: 'concord.exception.assigned.v1',
  retry: null,
  resolve: 'concord.exception.resolved.v1',
} as const;
