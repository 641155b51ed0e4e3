import { createEventFactory, fromCloudEvent } from '#kernel/event.ts';
import { startConsumer } from '#kernel/inbox.ts';
import { appendEvents } from '#kernel/outbox.ts';
import { CONSUMER_NAME, EVENT_SOURCE, causeOf, createHandlers } from './consumer.ts';
import type { EventBus } from '#kernel/bus.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Database, Sql } from '#kernel/database.ts';
import type { DomainEvent } from '#kernel/event.ts';
import type { Consumer, EventHandler } from '#kernel/inbox.ts';
import type { Log } from '#kernel/log.ts';
import type { ParkedRetry } from '../../integration/events.ts';

/**
 * Follows the bus for this room. An event that cannot be taken is told of, so that it becomes an exception that people
 * work; when they ask for another try, its outcome is told as well.
 */
export async function startApprovalsConsumer(room: {
  readonly database: Database;
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly log: Log;
}): Promise<Consumer> {
  const { database, bus, clock, log } = room;
  const event = createEventFactory(EVENT_SOURCE, clock);
  // An event may arrive before the consumer is handed out; its handler then waits for it.
  const started = Promise.withResolvers<Consumer>();

  const parkedFact = (parked: DomainEvent, error: string): DomainEvent =>
    event(causeOf(parked), {
      type: 'concord.consumer.event-parked.v1',
      ...aboutOf(parked),
      data: {
        consumer: CONSUMER_NAME,
        eventId: parked.id,
        eventType: parked.type,
        error,
        documentId: parked.document.id,
      },
    });

  const retry: EventHandler = async (tx, asked) => {
    const { consumer, documentId } = asked.data as ParkedRetry;
    if (consumer !== CONSUMER_NAME) return;
    const before = await firstParked(database, documentId);
    const isTaken = await (await started.promise).retryParked(documentId);
    const left = isTaken ? null : await firstParked(database, documentId);
    const about = aboutOf(before?.event ?? asked);
    const taken = event(causeOf(asked), {
      type: 'concord.consumer.parked-taken.v1',
      ...about,
      data: { consumer: CONSUMER_NAME, documentId },
    });
    await appendEvents(tx, [left === null ? taken : parkedFact(left.event, left.error)]);
  };

  const consumer = await startConsumer({
    name: CONSUMER_NAME,
    database,
    bus,
    handlers: { ...createHandlers(clock), 'concord.consumer.retry-requested.v1': retry },
    onParked: (tx, parked, error) => appendEvents(tx, [parkedFact(parked, error)]),
    log,
  });
  started.resolve(consumer);
  return consumer;
}

function aboutOf(event: DomainEvent): Pick<DomainEvent, 'document' | 'sequence' | 'audience'> {
  return { document: event.document, sequence: event.sequence, audience: event.audience };
}

/** The event of a document that waits for another try, with what went wrong; null when none does. */
async function firstParked(
  sql: Sql,
  documentId: string,
): Promise<{ readonly event: DomainEvent; readonly error: string } | null> {
  const [row] = await sql.query<{ cloud_event: unknown; last_error: string }>(
    `select cloud_event, last_error from inbox_parked
     where consumer = $1 and document_id = $2 order by bus_position limit 1`,
    [CONSUMER_NAME, documentId],
  );
  return row === undefined
    ? null
    : { event: fromCloudEvent(row.cloud_event), error: row.last_error };
}
