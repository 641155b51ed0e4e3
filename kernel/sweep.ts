import { DAY_MS, MINUTE_MS } from './clock.ts';
import { errorText } from './log.ts';
import { pause } from './shutdown.ts';
import type { Database } from './database.ts';
import type { Log } from './log.ts';

export interface Sweep {
  close(): Promise<void>;
}

/** What is kept for a month is looked through once a day. */
const SWEEP_EVERY_MS = DAY_MS;
/** A process that has just started has better things to do. */
const SWEEP_FIRST_MS = MINUTE_MS;

/** Runs `sweep` a while after the start and then once a day; it tells how many rows it forgot. */
export function startSweep(options: {
  readonly name: string;
  readonly sweep: (stop: AbortSignal) => Promise<number>;
  readonly log: Log;
  readonly firstMs?: number;
}): Sweep {
  const stop = new AbortController();
  const running = sweepUntil(stop.signal, options);
  return {
    close: async () => {
      stop.abort();
      await running;
    },
  };
}

async function sweepUntil(
  stop: AbortSignal,
  { name, sweep, log, firstMs = SWEEP_FIRST_MS }: Parameters<typeof startSweep>[0],
): Promise<void> {
  await pause(firstMs, stop);
  while (!stop.aborted) {
    try {
      const count = await sweep(stop);
      if (count > 0) log.info({ event: 'sweep.done', name, count });
    } catch (error) {
      log.warn({ event: 'sweep.failed', name, error: errorText(error) });
    }
    await pause(SWEEP_EVERY_MS, stop);
  }
}

/** As long as the bus keeps them: a consumer that starts anew reads from there. */
export const EVENTS_KEPT_DAYS = 30;
/** Longer than the bus keeps events, so that none that can come again is forgotten as taken. */
const TAKEN_KEPT_DAYS = 35;
/** A quarter and its closing: after that nobody repeats a request. */
const ANSWERS_KEPT_DAYS = 100;
/** Rows forgotten in one statement: it is short, and others get their turn. */
const SWEEP_BATCH = 2_000;

/** What every schema forgets, by kernel table. Unpublished events, and numbers, are never forgotten. */
const FORGOTTEN = [
  {
    table: 'outbox',
    isOld: 'published_at is not null and created_at < now() - $1::interval',
    days: EVENTS_KEPT_DAYS,
  },
  { table: 'inbox', isOld: 'taken_at < now() - $1::interval', days: TAKEN_KEPT_DAYS },
  { table: 'idempotency', isOld: 'created_at < now() - $1::interval', days: ANSWERS_KEPT_DAYS },
] as const;

/** Deletes the kernel's old rows of one schema, a batch at a time; returns how many. */
export async function sweepKernelTables(database: Database, stop: AbortSignal): Promise<number> {
  let forgotten = 0;
  for (const { table, isOld, days } of FORGOTTEN) {
    let count = SWEEP_BATCH;
    while (count === SWEEP_BATCH && !stop.aborted) {
      const rows = await database.query(
        `delete from ${table} where ctid = any(array(
           select ctid from ${table} where ${isOld} limit $2 for update skip locked))
         returning 1`,
        [`${days} days`, SWEEP_BATCH],
      );
      count = rows.length;
      forgotten += count;
    }
  }
  return forgotten;
}
