import { systemClock } from './clock.ts';
import { isOutage } from './database.ts';
import { toCloudEvent, fromCloudEvent } from './event.ts';
import { errorText } from './log.ts';
import { RETRY_REQUESTED, createParkedNotices, parkedDocumentOf } from './parked-notice.ts';
import { pause } from './shutdown.ts';
import type { BusEntry, EventBus, Follower } from './bus.ts';
import type { Clock } from './clock.ts';
import type { Database, Transaction } from './database.ts';
import type { DomainEvent } from './event.ts';
import type { Log } from './log.ts';
import type { ParkedNotices } from './parked-notice.ts';

/** What a consumer does on an event, in the transaction that marks it as taken: so it happens once. */
export type EventHandler = (tx: Transaction, event: DomainEvent) => Promise<void>;
/** Event type → handler. Types that are not listed are passed over. */
export type EventHandlers = Readonly<Record<string, EventHandler>>;

export interface Consumer {
  /** Tries a parked event again, and whatever is parked behind it of the same document; returns whether all went through. */
  retryParked(documentId: string): Promise<boolean>;
  close(): Promise<void>;
}

/** Told, in the parking transaction, of an event that could not be handled, and again when a retry has failed. */
export type OnParked = (tx: Transaction, event: DomainEvent, error: string) => Promise<void>;

/** Attempts before an event is set aside so that others can go on. */
const HANDLE_ATTEMPTS_MAX = 5;
const HANDLE_RETRY_BASE_MS = 100;

interface ConsumerOptions {
  /** Names the consumer; its cursor and its taken events are kept under this name. */
  readonly name: string;
  readonly database: Database;
  readonly bus: EventBus;
  readonly handlers: EventHandlers;
  readonly log: Log;
  /** Raises the exception itself, instead of the event `event-parked` that tells the exception queue. */
  readonly onParked?: OnParked;
  /** Of the events about parked ones; `/subgraphs/<name>` without it. */
  readonly source?: string;
  readonly clock?: Clock;
}

/** A consumer at work. */
interface Consuming {
  readonly name: string;
  readonly database: Database;
  readonly handlers: EventHandlers;
  readonly log: Log;
  readonly onParked: OnParked;
}

/**
 * Follows the bus from where this consumer left off; each event takes effect once, in order per document. An event
 * that cannot be handled is parked and told of; when people ask for another try, it is made and its outcome is told.
 */
export async function startConsumer(options: ConsumerOptions): Promise<Consumer> {
  const consuming = consumingOf(options);
  const after = await cursorOf(options.database, options.name);
  await tellOfGap(options, after);
  const stop = new AbortController();
  const follower: Follower = options.bus.follow(after, (entries) =>
    takeBatch(consuming, stop.signal, entries),
  );
  return {
    retryParked: async (documentId) => (await retryParked(consuming, documentId)).failed === null,
    close: async () => {
      stop.abort();
      await follower.close();
    },
  };
}

function consumingOf(options: ConsumerOptions): Consuming {
  const { name, source = `/subgraphs/${name}`, clock = systemClock } = options;
  const notices = createParkedNotices({ consumer: name, source, clock });
  const consuming: Consuming = {
    ...options,
    onParked: options.onParked ?? notices.parked,
    handlers: {
      [RETRY_REQUESTED]: (tx, asked) => answerRetry(consuming, notices, tx, asked),
      ...options.handlers,
    },
  };
  return consuming;
}

/** A consumer that was away for longer than the bus keeps events has missed some: that is for people to repair. */
async function tellOfGap({ bus, log, name }: ConsumerOptions, after: bigint): Promise<void> {
  const { oldest } = await bus.bounds();
  if (after === 0n || after + 1n >= oldest) return;
  log.error({ event: 'consumer.missed', consumer: name, after: `${after}`, oldest: `${oldest}` });
}

async function takeBatch(
  options: Consuming,
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

async function takeOrPark(options: Consuming, stop: AbortSignal, entry: BusEntry): Promise<void> {
  const { event } = entry;
  let failures = 0;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await take(options, entry);
      return;
    } catch (error) {
      // A lost database is not the event's fault: the consumer waits instead of parking.
      if (!isOutage(error)) failures += 1;
      options.log.warn({
        event: 'consumer.failed',
        consumer: options.name,
        eventId: event.id,
        eventType: event.type,
        attempt,
        error: errorText(error),
      });
      if (stop.aborted) throw error;
      if (failures >= HANDLE_ATTEMPTS_MAX) return park(options, entry, errorText(error));
      await pause(HANDLE_RETRY_BASE_MS * 2 ** Math.min(attempt, 6), stop);
      if (stop.aborted) throw error;
    }
  }
}

/** Handles one event unless it was taken before, or an earlier event of the same document is parked. */
async function take(options: Consuming, entry: BusEntry): Promise<void> {
  const { event } = entry;
  await options.database.transaction(async (tx) => {
    // The lock makes a retry wait that is about to take the last parked event: it then finds this one behind it.
    const blocked = await tx.query(
      'select 1 from inbox_parked where consumer = $1 and document_id = $2 limit 1 for share',
      [options.name, event.document.id],
    );
    if (blocked.length === 0) return handleOnce(tx, options, event);
    await insertParked(tx, options.name, entry, 'waits for an earlier event of the same document');
  });
}

async function handleOnce(tx: Transaction, options: Consuming, event: DomainEvent): Promise<void> {
  const fresh = await tx.query(
    'insert into inbox (consumer, event_id) values ($1, $2) on conflict do nothing returning event_id',
    [options.name, event.id],
  );
  if (fresh.length > 0) await options.handlers[event.type]?.(tx, event);
}

async function park(options: Consuming, entry: BusEntry, error: string): Promise<void> {
  const { event } = entry;
  const isNew = await options.database.transaction(async (tx) => {
    const inserted = await insertParked(tx, options.name, entry, error);
    if (inserted) await options.onParked(tx, event, error);
    return inserted;
  });
  if (!isNew) return;
  options.log.error({
    event: 'consumer.parked',
    consumer: options.name,
    eventId: event.id,
    eventType: event.type,
    error,
  });
}

/** Returns false when the event is parked already, or another process has taken it meanwhile. */
async function insertParked(
  tx: Transaction,
  consumer: string,
  entry: BusEntry,
  error: string,
): Promise<boolean> {
  const rows = await tx.query(
    `insert into inbox_parked (consumer, event_id, bus_position, document_id, cloud_event, attempts, last_error)
     select $1::text, $2::text, $3::bigint, $4::text, $5::jsonb, $6::integer, $7::text
     where not exists (select from inbox where consumer = $1 and event_id = $2)
     on conflict (consumer, event_id) do nothing returning event_id`,
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
  return rows.length > 0;
}

/** Answers a person's wish: with `parked-taken`, or with the event that still cannot be taken. */
async function answerRetry(
  options: Consuming,
  notices: ParkedNotices,
  tx: Transaction,
  asked: DomainEvent,
): Promise<void> {
  const documentId = parkedDocumentOf(asked, options.name);
  if (documentId === null) return;
  const { first, failed } = await retryParked(options, documentId);
  if (failed !== null) return options.onParked(tx, failed.event, failed.error);
  await notices.taken(tx, asked, first ?? asked, documentId);
}

interface Retried {
  /** The first event that was parked; null when none was. */
  readonly first: DomainEvent | null;
  /** The event that still cannot be taken, and why. */
  readonly failed: { readonly event: DomainEvent; readonly error: string } | null;
}

/** Takes what is parked of the document, in order, each in a transaction of its own, until one fails. */
async function retryParked(options: Consuming, documentId: string): Promise<Retried> {
  let first: DomainEvent | null = null;
  for (;;) {
    const { event, error } = await retryFirst(options, documentId);
    first ??= event;
    if (event === null) return { first, failed: null };
    if (error === null) continue;
    await options.database.query(
      'update inbox_parked set attempts = attempts + 1, last_error = $3 where consumer = $1 and event_id = $2',
      [options.name, event.id, error],
    );
    return { first, failed: { event, error } };
  }
}

async function retryFirst(
  options: Consuming,
  documentId: string,
): Promise<{ event: DomainEvent | null; error: string | null }> {
  const tried: { event: DomainEvent | null } = { event: null };
  try {
    await options.database.transaction(async (tx) => {
      tried.event = null;
      const [row] = await tx.query<{ cloud_event: unknown }>(
        `delete from inbox_parked where (consumer, event_id) = (
           select consumer, event_id from inbox_parked where consumer = $1 and document_id = $2
           order by bus_position limit 1 for update)
         returning cloud_event`,
        [options.name, documentId],
      );
      if (row === undefined) return;
      tried.event = fromCloudEvent(row.cloud_event);
      await handleOnce(tx, options, tried.event);
    });
    return { event: tried.event, error: null };
  } catch (error) {
    if (tried.event === null || isOutage(error)) throw error;
    return { event: tried.event, error: errorText(error) };
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
