import { openPostgresBus } from './bus-postgres.ts';
import { openRedisBus } from './bus-redis.ts';
import type { Database } from './database.ts';
import type { DomainEvent } from './event.ts';
import type { Log } from './log.ts';

/** An event with its place in the one order that all readers share. Positions count up by one, without gaps. */
export interface BusEntry {
  readonly position: bigint;
  readonly event: DomainEvent;
}

/**
 * The backbone between services. The log in PostgreSQL is the truth; Redis, when there is one, only
 * makes news travel faster. Delivery is at least once and in order; readers drop ids they have seen.
 */
export interface EventBus {
  /** Appends events; ids that are already in the log are dropped. Durable when it resolves. */
  publish(events: readonly DomainEvent[]): Promise<void>;
  /** At most `limit` entries after `position`, in order. */
  read(after: bigint, limit: number): Promise<BusEntry[]>;
  /** The oldest entry still kept and the newest; both 0 when the log is empty. */
  bounds(): Promise<BusBounds>;
  /** Hands every entry after `after` to `onEntries`, in order, without gaps; the next batch waits until it has resolved. */
  follow(
    after: bigint,
    onEntries: (entries: readonly BusEntry[]) => Promise<void> | void,
  ): Follower;
  /** Forgets entries that were published before `instant`; their positions are not used again. Returns how many. */
  trim(before: Date): Promise<number>;
  close(): Promise<void>;
}

export interface BusBounds {
  readonly oldest: bigint;
  readonly newest: bigint;
}

export interface Follower {
  close(): Promise<void>;
}

/** The bus of this installation: on PostgreSQL alone, or with Redis Streams for speed when a URL is given. */
export async function openBus(options: {
  database: Database;
  redisUrl: string | null;
  log: Log;
}): Promise<EventBus> {
  const log = await openPostgresBus(options);
  return options.redisUrl === null
    ? log
    : openRedisBus({ ...options, redisUrl: options.redisUrl, truth: log });
}
