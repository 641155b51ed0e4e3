import { fromCloudEvent, toCloudEvent } from './event.ts';
import { errorText } from './log.ts';
import { createWakeUp } from './wake-up.ts';
import type { BusBounds, BusEntry, EventBus, Follower } from './bus.ts';
import type { Database } from './database.ts';
import type { DomainEvent } from './event.ts';
import type { Log } from './log.ts';

const BUS_CHANNEL = 'concord_bus';
/** Entries handed over at once: a bound on memory, large enough to catch up quickly. */
const FOLLOW_BATCH = 500;
/** How often a follower looks by itself when no signal comes. */
const FOLLOW_IDLE_MS = 1000;
const FOLLOW_RETRY_MS = 500;

/** Entries forgotten at once; publishers wait for no longer than that takes. */
const TRIM_BATCH = 5_000;

/** The bus's log, with what a faster carrier needs to know of it. */
export interface PostgresBus extends EventBus {
  /** Names the log: no other log, nor a copy of this one in the same cluster, has the same name. */
  readonly installation: string;
  /** Called when there may be news. */
  readonly wakers: Set<() => void>;
  /** Appends and returns the entries that were new. */
  append(events: readonly DomainEvent[]): Promise<BusEntry[]>;
}

export async function openPostgresBus(options: {
  database: Database;
  log: Log;
}): Promise<PostgresBus> {
  const { database, log } = options;
  const wakers = new Set<() => void>();
  const listener = await database.listen(BUS_CHANNEL, () => wakers.forEach((wake) => wake()));
  const bus: PostgresBus = {
    installation: await installationOf(database),
    wakers,
    append: (events) => append(database, events),
    publish: async (events) => void (await append(database, events)),
    read: (after, limit) => readAfter(database, after, limit),
    bounds: () => boundsOf(database),
    trim: (before) => trimBefore(database, before),
    follow: (after, onEntries) =>
      startFollower({
        after,
        onEntries,
        log,
        wakers,
        next: (position) => readAfter(database, position, FOLLOW_BATCH),
      }),
    close: () => listener.close(),
  };
  return bus;
}

/** A loop that asks `next` for entries and hands them over; it sleeps when there are none. */
export function startFollower(options: {
  after: bigint;
  onEntries: (entries: readonly BusEntry[]) => Promise<void> | void;
  next: (after: bigint, stop: AbortSignal) => Promise<readonly BusEntry[]>;
  wakers: Set<() => void>;
  log: Log;
}): Follower {
  const stop = new AbortController();
  const wakeUp = createWakeUp(stop.signal);
  options.wakers.add(wakeUp.wake);
  const running = followUntil(stop.signal, wakeUp.sleep, options);
  return {
    close: async () => {
      options.wakers.delete(wakeUp.wake);
      stop.abort();
      await running;
    },
  };
}

async function followUntil(
  stop: AbortSignal,
  sleep: (ms: number) => Promise<void>,
  options: Pick<Parameters<typeof startFollower>[0], 'after' | 'onEntries' | 'next' | 'log'>,
): Promise<void> {
  let position = options.after;
  while (!stop.aborted) {
    try {
      const entries = await options.next(position, stop);
      const last = entries.at(-1);
      if (last === undefined) {
        await sleep(FOLLOW_IDLE_MS);
        continue;
      }
      await options.onEntries(entries);
      position = last.position;
    } catch (error) {
      if (stop.aborted) return;
      options.log.warn({ event: 'bus.degraded', bus: 'log', error: errorText(error) });
      await sleep(FOLLOW_RETRY_MS);
    }
  }
}

interface EventRow {
  readonly position: bigint;
  readonly cloud_event: unknown;
}

async function append(database: Database, events: readonly DomainEvent[]): Promise<BusEntry[]> {
  if (events.length === 0) return [];
  const rows = await database.transaction(async (tx) => {
    tx.signalOnCommit(BUS_CHANNEL);
    return tx.query<EventRow>(
      'select entry_position as position, entry as cloud_event from append_events($1::jsonb)',
      [JSON.stringify(events.map(toCloudEvent))],
    );
  });
  return rows.map(toEntry);
}

async function readAfter(database: Database, after: bigint, limit: number): Promise<BusEntry[]> {
  const rows = await database.query<EventRow>(
    'select position, cloud_event from event where position > $1 order by position limit $2',
    [after, limit],
  );
  return rows.map(toEntry);
}

async function boundsOf(database: Database): Promise<BusBounds> {
  const [head] = await database.query<{ position: bigint; trimmed_to: bigint }>(
    'select position, trimmed_to from head',
  );
  if (head === undefined || head.position === 0n) return { oldest: 0n, newest: 0n };
  return { oldest: head.trimmed_to + 1n, newest: head.position };
}

async function trimBefore(database: Database, before: Date): Promise<number> {
  let trimmed = 0;
  for (;;) {
    const count = await trimBatch(database, before);
    trimmed += count;
    if (count < TRIM_BATCH) return trimmed;
  }
}

/** The head, which every publisher locks, is touched last. */
async function trimBatch(database: Database, before: Date): Promise<number> {
  return database.transaction(async (tx) => {
    const [gone] = await tx.query<{ count: bigint; newest: bigint | null }>(
      `with kept as (
         select min(position) as first from event where appended_at >= $1
       ), gone as (
         delete from event where position in (
           select position from event
           where position < coalesce((select first from kept), position + 1)
           order by position limit $2)
         returning position
       ) select count(*) as count, max(position) as newest from gone`,
      [before, TRIM_BATCH],
    );
    if (gone === undefined || gone.newest === null) return 0;
    await tx.query('update head set trimmed_to = greatest(trimmed_to, $1)', [gone.newest]);
    return Number(gone.count);
  });
}

async function installationOf(database: Database): Promise<string> {
  const [head] = await database.query<{ name: string }>(
    `select installation || ':' || (select oid from pg_database where datname = current_database()) as name
     from head`,
  );
  if (head === undefined) throw new Error('The event log has no head: run its migrations.');
  return head.name;
}

function toEntry(row: EventRow): BusEntry {
  return { position: row.position, event: fromCloudEvent(row.cloud_event) };
}
