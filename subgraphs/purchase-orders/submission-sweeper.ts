import { MINUTE_MS, SECOND_MS, dateOf, shifted } from '#kernel/clock.ts';
import { createEventFactory } from '#kernel/event.ts';
import { errorText } from '#kernel/log.ts';
import { appendEvents } from '#kernel/outbox.ts';
import { pause } from '#kernel/shutdown.ts';
import { createAnnouncement } from './announcement.ts';
import { EVENT_SOURCE } from './context.ts';
import { lockRequisition, updateRequisition } from './store/requisition-store.ts';
import { endAttempt, openAttempt, staleAttempts } from './store/submission-attempt-store.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Database, Transaction } from '#kernel/database.ts';
import type { Log } from '#kernel/log.ts';
import type { Requisition, RequisitionStatus } from './domain/requisition.ts';
import type { Funds } from './funds.ts';
import type { SubmissionAttempt } from './store/submission-attempt-store.ts';

export interface Sweeping {
  readonly database: Database;
  readonly clock: Clock;
  readonly funds: Funds;
  readonly log: Log;
}

/** Far beyond the deadline of the calls that a submission makes, so that a living submission is not disturbed. */
const ATTEMPT_AGE_MS = MINUTE_MS;
const SWEEP_INTERVAL_MS = 30 * SECOND_MS;
/** Each attempt costs a call to budgets under a row lock; the next round takes the rest. */
const SWEEP_BATCH = 50;

/** Where the reservation belongs to a submitted document and must stay. */
const SUBMITTED: ReadonlySet<RequisitionStatus> = new Set([
  'SUBMITTED',
  'PENDING_APPROVAL',
  'APPROVED',
  'ORDERED',
  'CLOSED',
]);
/** Where the requisition can be submitted again. */
const SUBMITTABLE: ReadonlySet<RequisitionStatus> = new Set(['DRAFT', 'RETURNED', 'WITHDRAWN']);

export interface Sweeper {
  close(): Promise<void>;
}

/** Sweeps at once and then again and again, until it is closed. */
export function startSweeper(sweeping: Sweeping): Sweeper {
  const stop = new AbortController();
  const running = sweepUntil(stop.signal, sweeping);
  return {
    close: async () => {
      stop.abort();
      await running;
    },
  };
}

async function sweepUntil(stop: AbortSignal, sweeping: Sweeping): Promise<void> {
  while (!stop.aborted) {
    try {
      await sweepSubmissions(sweeping);
    } catch (error) {
      sweeping.log.warn({
        event: 'sweep.failed',
        name: 'submission attempts',
        error: errorText(error),
      });
    }
    await pause(SWEEP_INTERVAL_MS, stop);
  }
}

/** Ends attempts that a crash or an outage left open: their funds go back unless the requisition was submitted. Answers how many. */
export async function sweepSubmissions(sweeping: Sweeping): Promise<number> {
  const stale = await staleAttempts(
    sweeping.database,
    shifted(sweeping.clock.now(), -ATTEMPT_AGE_MS),
    SWEEP_BATCH,
  );
  let count = 0;
  for (const attempt of stale) {
    if (await sweepOne(sweeping, attempt)) count += 1;
  }
  if (count > 0) sweeping.log.info({ event: 'sweep.done', name: 'submission attempts', count });
  return count;
}

/**
 * The row lock keeps a slow submission from committing while its funds are given back. The version that is counted up
 * makes that submission fail afterwards, and gives the next one another key at budgets.
 */
async function sweepOne(sweeping: Sweeping, stale: SubmissionAttempt): Promise<boolean> {
  return sweeping.database.transaction(async (tx) => {
    const requisition = await lockRequisition(tx, stale.requisitionId);
    const attempt = await openAttempt(tx, stale.id);
    if (requisition === null || attempt === null) return false;
    if (!SUBMITTED.has(requisition.status)) {
      const { correlationId } = requisition;
      const idempotencyKey = `requisition:${requisition.id}:attempt:${attempt.id}:release`;
      const isReleased = await sweeping.funds.release({
        idempotencyKey,
        requisitionId: requisition.id,
        on: dateOf(attempt.startedAt),
        correlationId,
      });
      if (!isReleased) return false;
      if (SUBMITTABLE.has(requisition.status))
        await countUp(tx, sweeping, { requisition, attempt });
    }
    await endAttempt(tx, attempt.id);
    return true;
  });
}

async function countUp(
  tx: Transaction,
  sweeping: Sweeping,
  swept: { requisition: Requisition; attempt: SubmissionAttempt },
): Promise<void> {
  const requisition = {
    ...swept.requisition,
    version: swept.requisition.version + 1,
    updatedAt: sweeping.clock.now(),
  };
  await updateRequisition(tx, requisition);
  const origin = { causationId: swept.attempt.id, actorId: 'purchase-orders', traceparent: null };
  const announce = createAnnouncement(createEventFactory(EVENT_SOURCE, sweeping.clock), origin);
  await appendEvents(tx, [announce.requisition('changed', requisition)]);
}
