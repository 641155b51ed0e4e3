import { toCloudEvent, fromCloudEvent } from './event.ts';
import { errorText } from './log.ts';
import { pause } from './shutdown.ts';
import type { BusEntry, EventBus, Follower } from './bus.ts';
import type { Database, Sql, Transaction } from './database.ts';
import type { DomainEvent } from './event.ts';
import type { Log } from './log.ts';

/** What a consumer does on an event, in the transaction that marks it as taken: so it happens once. */
export type EventHandler = (tx: Transaction, event: DomainEvent) => Promise<void>;
/** Event type → handler. Types that are not listed are passed over. */
export type EventHandlers = Readonly<Record<string, EventHandler>>;

export interface Consumer {
  /** Tries a parked event again, and whatever is parked behind it of the same document; returns whether all went through. */
  retryParked(documentId: string): Promise<boolean>;
  close(): Promise<void>;
}

/** Told, in the parking transaction, of an event that could not be handled: to raise an exception for it. */
export type OnParked = (tx: Transaction, event: DomainEvent, error: string) => Promise<void>;

/** Attempts before an event is set aside so that others can go on. */
const HANDLE_ATTEMPTS_MAX = 5;
const HANDLE_RETRY_BASE_MS = 100;
/** A lost database is not the event's fault; the consumer waits instead of parking. */
const OUTAGE_SQLSTATE = /^(08|57P|53)/;

interface ConsumerOptions {
  /** Names the consumer; its cursor and its taken events are kept under this name. */
  readonly name: string;
  readonly database: Database;
  readonly bus: EventBus;
  readonly handlers: EventHandlers;
  readonly log: Log;
  readonly onParked?: OnParked;
}

/** Follows the bus from where this consumer left off; each event takes effect once, in order per document. */
export async function startConsumer(options: ConsumerOptions): Promise<Consumer> {
  const after = await cursorOf(options.database, options.name);
  const stop = new AbortController();
  const follower: Follower = options.bus.follow(after, (entries) =>
    takeBatch(options, stop.signal, entries),
  );
  return {
    retryParked: (documentId) => retryParked(options, documentId),
    close: async () => {
      stop.abort();
      await follower.close();
    },
  };
}

async function takeBatch(
  options: ConsumerOptions,
  stop: AbortSignal,
  entries: readonly BusEntry[],
): Promise<void> {
  for (const entry of entries) {
    if (stop.aborted) throw new Error('the consumer was stopped');
    if (options.handlers[entry.event.type] !== undefined) await takeOrPark(options, stop, entry);
  }
  const last = entries.at(-1);
  if (last !== undefined) await moveCursor(options.database, options.name, last.position);
}

async function takeOrPark(
  options: ConsumerOptions,
  stop: AbortSignal,
  entry: BusEntry,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await take(options, entry);
      return;
    } catch (error) {
      const outage = isOutage(error);
      const { event } = entry;
      options.log.warn({
        event: 'consumer.failed',
        consumer: options.name,
        eventId: event.id,
        eventType: event.type,
        attempt,
        error: errorText(error),
      });
      if (stop.aborted) throw error;
      if (!outage && attempt >= HANDLE_ATTEMPTS_MAX) return park(options, entry, errorText(error));
      await pause(HANDLE_RETRY_BASE_MS * 2 ** Math.min(attempt, 6), stop);
      if (stop.aborted) throw error;
    }
  }
}

function isOutage(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return OUTAGE_SQLSTATE.test(code) || code === 'ECONNREFUSED' || code === 'ECONNRESET';
}

/** Handles one event unless it was taken before, or an earlier event of the same document is parked. */
async function take(options: ConsumerOptions, entry: BusEntry): Promise<void> {
  const { event } = entry;
  await options.database.transaction(async (tx) => {
    const blocked = await tx.query(
      'select 1 from inbox_parked where consumer = $1 and document_id = $2 limit 1',
      [options.name, event.document.id],
    );
    if (blocked.length > 0)
      return insertParked(
        tx,
        options.name,
        entry,
        'waits for an earlier event of the same document',
      );
    await handleOnce(tx, options, event);
  });
}

async function handleOnce(
  tx: Transaction,
  options: ConsumerOptions,
  event: DomainEvent,
): Promise<void> {
  const fresh = await tx.query(
    'insert into inbox (consumer, event_id) values ($1, $2) on conflict do nothing returning event_id',
    [options.name, event.id],
  );
  if (fresh.length > 0) await options.handlers[event.type]?.(tx, event);
}

async function park(options: ConsumerOptions, entry: BusEntry, error: string): Promise<void> {
  await options.database.transaction(async (tx) => {
    await insertParked(tx, options.name, entry, error);
    await options.onParked?.(tx, entry.event, error);
  });
  options.log.error({
    event: 'consumer.parked',
    consumer: options.name,
    eventId: entry.event.id,
    eventType: entry.event.type,
    error,
  });
}

async function insertParked(
  tx: Sql,
  consumer: string,
  entry: BusEntry,
  error: string,
): Promise<void> {
  await tx.query(
    `insert into inbox_parked (consumer, event_id, bus_position, document_id, cloud_event, attempts, last_error)
     values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (consumer, event_id) do update set attempts = inbox_parked.attempts + 1, last_error = excluded.last_error`,
    [
      consumer,
      entry.event.id,
      entry.position,
      entry.event.document.id,
      JSON.stringify(toCloudEvent(entry.event)),
      HANDLE_ATTEMPTS_MAX,
      error,
    ],
  );
}

async function retryParked(options: ConsumerOptions, documentId: string): Promise<boolean> {
  for (;;) {
    const done = await options.database
      .transaction(async (tx) => {
        const [row] = await tx.query<{ event_id: string; cloud_event: unknown }>(
          `delete from inbox_parked where (consumer, event_id) = (
           select consumer, event_id from inbox_parked where consumer = $1 and document_id = $2
           order by bus_position limit 1 for update)
         returning event_id, cloud_event`,
          [options.name, documentId],
        );
        if (row === undefined) return true;
        await handleOnce(tx, options, fromCloudEvent(row.cloud_event));
        return false;
      })
      .catch((error: unknown) => errorText(error));
    if (done === true) return true;
    if (typeof done === 'string') {
      await options.database.query(
        'update inbox_parked set attempts = attempts + 1, last_error = $3 where consumer = $1 and document_id = $2',
        [options.name, documentId, done],
      );
      return false;
    }
  }
}

async function cursorOf(database: Database, consumer: string): Promise<bigint> {
  const [row] = await database.query<{ bus_position: bigint }>(
    `insert into inbox_cursor (consumer, bus_position) values ($1, 0)
     on conflict (consumer) do update set consumer = excluded.consumer returning bus_position`,
    [consumer],
  );
  return row?.bus_position ?? 0n;
}

async function moveCursor(database: Database, consumer: string, position: bigint): Promise<void> {
  await database.query(
    'update inbox_cursor set bus_position = greatest(bus_position, $2) where consumer = $1',
    [consumer, position],
  );
}
