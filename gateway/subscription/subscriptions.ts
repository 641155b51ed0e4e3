import { setImmediate as nextTurn } from 'node:timers/promises';
import { errorText } from '#kernel/log.ts';
import { givenCursor } from './resume-cursor.ts';
import { SharedSource } from './shared-source.ts';
import { subscriptionKey } from './subscription-key.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Log } from '#kernel/log.ts';
import type { Generation, Supergraph } from '../supergraph.ts';
import type { EventSource } from './event-source.ts';
import type { Admitted } from './source-route.ts';
import type { Outlet, Subscriber } from './subscriber.ts';

/** A place among the subscribers of a source. */
export interface Membership {
  readonly subscriber: Subscriber;
  /** The source's, which all its subscribers see in their results. */
  readonly correlationId: string;
  /** Whether the source could be opened. When not, the outlet is told why, and then that it is complete. */
  readonly opened: Promise<boolean>;
  leave(): void;
}

/** All subscriptions that are open, by what feeds them. */
export interface Subscriptions {
  /** Joins the source that already serves the same, or opens one. */
  join(admitted: Admitted, outlet: Outlet): Membership;
  /** Sources that are open. */
  readonly size: number;
  /** Follows no further supergraph. */
  close(): void;
}

interface SubscriptionsOptions {
  readonly supergraph: Supergraph;
  readonly source: EventSource;
  readonly clock: Clock;
  readonly log: Log;
}

/** Sources that are led to a new supergraph in one turn of the event loop. */
const SUCCESSIONS_PER_TURN = 50;

export function createSubscriptions(options: SubscriptionsOptions): Subscriptions {
  const sources = new Set<SharedSource>();
  const joinable = new Map<string, SharedSource>();
  const stop = options.supergraph.onSwap((next) => followAll(sources, next, options.log));
  const open = (admitted: Admitted, key: string | null): SharedSource => {
    const source = new SharedSource(admitted, {
      ...options,
      onClosedToOthers: () => {
        if (key !== null && joinable.get(key) === source) joinable.delete(key);
      },
      onEnd: () => void sources.delete(source),
    });
    sources.add(source);
    if (key !== null) joinable.set(key, source);
    return source;
  };
  return {
    join: (admitted, outlet) => {
      const key = keyOf(admitted);
      const known = key === null ? undefined : joinable.get(key);
      const source = known ?? open(admitted, key);
      const subscriber = source.join(outlet);
      return {
        subscriber,
        correlationId: source.context.correlationId,
        opened: source.opened,
        leave: () => source.leave(subscriber),
      };
    },
    get size() {
      return sources.size;
    },
    close: stop,
  };
}

/** Null for a reader who goes on behind a cursor: whoever else began there has moved on since. */
function keyOf({ text, operation, viewer }: Admitted): string | null {
  return givenCursor(operation) === null ? subscriptionKey(text, operation, viewer) : null;
}

async function followAll(
  sources: ReadonlySet<SharedSource>,
  generation: Generation,
  log: Log,
): Promise<void> {
  let left = SUCCESSIONS_PER_TURN;
  for (const source of sources) {
    await source.follow(generation).catch((error: unknown) => {
      const { correlationId } = source.context;
      const text = errorText(error);
      log.error({ event: 'graphql.error', room: 'gateway', path: '', error: text, correlationId });
    });
    left -= 1;
    if (left > 0) continue;
    await nextTurn();
    left = SUCCESSIONS_PER_TURN;
  }
}
