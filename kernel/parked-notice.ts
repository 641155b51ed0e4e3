import { createEventFactory } from './event.ts';
import { appendEvents } from './outbox.ts';
import type { Clock } from './clock.ts';
import type { Transaction } from './database.ts';
import type { Cause, DomainEvent } from './event.ts';

/** A room could not take an event and set it aside; later events of the same document wait behind it. */
export interface ParkedEvent {
  /** The consumer's name, such as `invoices`. */
  readonly consumer: string;
  readonly eventId: string;
  readonly eventType: string;
  readonly error: string;
  readonly documentId: string;
}

/** Finance operations asks a room to take a parked event again. */
export interface ParkedRetry {
  readonly consumer: string;
  readonly documentId: string;
  readonly exceptionId: string;
}

/** Nothing of the document is parked at the consumer any more. */
export interface ParkedTaken {
  readonly consumer: string;
  readonly documentId: string;
}

/**
 * What rooms and the exception queue say to each other of parked events. The document of `event-parked` and of
 * `parked-taken` is the one of the parked event; of `retry-requested` it is the exception.
 */
export type ParkedNoticeEvent =
  | DomainEvent<typeof EVENT_PARKED, ParkedEvent>
  | DomainEvent<typeof RETRY_REQUESTED, ParkedRetry>
  | DomainEvent<typeof PARKED_TAKEN, ParkedTaken>;

const EVENT_PARKED = 'concord.consumer.event-parked.v1';
export const RETRY_REQUESTED = 'concord.consumer.retry-requested.v1';
const PARKED_TAKEN = 'concord.consumer.parked-taken.v1';

/** A consumer's words to the exception queue, through the outbox of its room. */
export interface ParkedNotices {
  /** This event is parked, for this reason: an exception is raised, or comes again. */
  parked(tx: Transaction, event: DomainEvent, error: string): Promise<void>;
  /** What was parked of `about`'s document has been taken, because `asked` wanted it: the exception ends. */
  taken(tx: Transaction, asked: DomainEvent, about: DomainEvent, documentId: string): Promise<void>;
}

export function createParkedNotices(options: {
  readonly consumer: string;
  /** The event source of the room, such as `/subgraphs/invoices`. */
  readonly source: string;
  readonly clock: Clock;
}): ParkedNotices {
  const { consumer } = options;
  const event = createEventFactory(options.source, options.clock);
  return {
    parked: (tx, parked, error) => {
      const data: ParkedEvent = {
        consumer,
        eventId: parked.id,
        eventType: parked.type,
        error,
        documentId: parked.document.id,
      };
      return appendEvents(tx, [
        event(causeFrom(parked), { type: EVENT_PARKED, ...subjectOf(parked), data }),
      ]);
    },
    taken: (tx, asked, about, documentId) => {
      const data: ParkedTaken = { consumer, documentId };
      return appendEvents(tx, [
        event(causeFrom(asked), { type: PARKED_TAKEN, ...subjectOf(about), data }),
      ]);
    },
  };
}

/** The document that the request names, if it is for this consumer. */
export function parkedDocumentOf(asked: DomainEvent, consumer: string): string | null {
  // The event type is the contract of the data; integration writes it.
  const data = asked.data as ParkedRetry;
  return data.consumer === consumer ? data.documentId : null;
}

function subjectOf(event: DomainEvent): Pick<DomainEvent, 'document' | 'sequence' | 'audience'> {
  return { document: event.document, sequence: event.sequence, audience: event.audience };
}

function causeFrom(event: DomainEvent): Cause {
  return {
    correlationId: event.correlationId,
    causationId: event.id,
    traceparent: event.traceparent,
    actorId: event.actorId,
  };
}
