import { createEventFactory } from '#kernel/event.ts';
import { createAnnouncement } from '../announcement.ts';
import { EVENT_SOURCE } from '../context.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Database } from '#kernel/database.ts';
import type { DomainEvent } from '#kernel/event.ts';
import type { Log } from '#kernel/log.ts';
import type { Doing } from '../command.ts';

/** The name under which this room's consumer keeps what it has taken. */
export const CONSUMER = 'purchase-orders';

export interface Handling {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
}

/** What a handler works with: its events are caused by the one it handles, and done by whoever did that. */
export function doingFor({ clock }: Handling, event: DomainEvent): Doing {
  const origin = { causationId: event.id, actorId: event.actorId, traceparent: event.traceparent };
  return {
    announce: createAnnouncement(createEventFactory(EVENT_SOURCE, clock), origin),
    now: clock.now(),
  };
}

/** An event that changes nothing here, and why: a repetition, or a word on something that has moved on. */
export function ignore({ log }: Handling, event: DomainEvent, reason: string): void {
  log.warn({
    event: 'event.ignored',
    consumer: CONSUMER,
    eventId: event.id,
    eventType: event.type,
    reason,
  });
}
