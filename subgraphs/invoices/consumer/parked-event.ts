import { createEventFactory } from '#kernel/event.ts';
import { startConsumer } from '#kernel/inbox.ts';
import { appendEvents } from '#kernel/outbox.ts';
import type { EventBus } from '#kernel/bus.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Database } from '#kernel/database.ts';
import type { Cause, DomainEvent } from '#kernel/event.ts';
import type { Consumer, OnParked } from '#kernel/inbox.ts';
import type { Log } from '#kernel/log.ts';
import type { ParkedEvent, ParkedRetry, ParkedTaken } from '../../../integration/events.ts';

const SOURCE = '/subgraphs/invoices';

/** Tells the exception queue of an event that could not be taken here. */
export function createOnParked(clock: Clock, consumer: string): OnParked {
  const event = createEventFactory(SOURCE, clock);
  return async (tx, parked, error) => {
    const data: ParkedEvent = {
      consumer,
      eventId: parked.id,
      eventType: parked.type,
      error,
      documentId: parked.document.id,
    };
    await appendEvents(tx, [
      event(causeOf(parked), {
        ...aboutOf(parked),
        type: 'concord.consumer.event-parked.v1',
        data,
      }),
    ]);
  };
}

/** Takes parked events again when finance operations asks for it, and says so when all went through. */
export function startParkedRetries(room: {
  readonly name: string;
  readonly consumer: Consumer;
  readonly database: Database;
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly log: Log;
}): Promise<Consumer> {
  const { name, consumer, database, bus, clock, log } = room;
  const event = createEventFactory(SOURCE, clock);
  return startConsumer({
    // A consumer of its own: the retry opens transactions of the other one.
    name: `${name}-retries`,
    database,
    bus,
    log,
    handlers: {
      'concord.consumer.retry-requested.v1': async (tx, asked) => {
        // The contract of the room that asks.
        const retry = asked.data as ParkedRetry;
        if (retry.consumer !== name || !(await consumer.retryParked(retry.documentId))) return;
        const data: ParkedTaken = { consumer: name, documentId: retry.documentId };
        await appendEvents(tx, [
          event(causeOf(asked), {
            ...aboutOf(asked),
            type: 'concord.consumer.parked-taken.v1',
            data,
          }),
        ]);
      },
    },
  });
}

function aboutOf({ document, sequence, audience }: DomainEvent) {
  return { document, sequence, audience };
}

function causeOf({ correlationId, id, traceparent, actorId }: DomainEvent): Cause {
  return { correlationId, causationId: id, traceparent, actorId };
}
