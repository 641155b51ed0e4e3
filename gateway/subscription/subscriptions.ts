import { setImmediate as nextTurn } from 'node:timers/promises';
import { errorText } from '#kernel/log.ts';
import { givenCursor } from './resume-cursor.ts';
import { SharedSource } from './shared-source.ts';
import { Subscriber } from './subscriber.ts';
import { subscriptionKey } from './subscription-key.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Log } from '#kernel/log.ts';
import type { Supergraph } from '../supergraph.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { EventSource } from './event-source.ts';
import type { Admitted } from './source-route.ts';
import type { Outlet } from './subscriber.ts';

/** A place among the subscribers of a source. */
export interface Membership {
  readonly subscriber: Subscriber;
  /**
   * The source's correlation id, which all its subscribers see in their results; null when it could not be opened. The
   * outlet is then told why, and that it is complete.
   */
  readonly opened: Promise<string | null>;
  leave(): void;
}

/** All subscriptions that are open, by what feeds them. */
export interface Subscriptions {
  /** Joins the source that already serves the same, or opens one. */
  join(admitted: Admitted, outlet: Outlet): Membership;
  /** Sources that are open. */
  readonly size: number;
  /** Subscribers of all of them. */
  readonly subscribers: number;
  /** Follows no further supergraph. */
  close(): void;
}

interface SubscriptionsOptions {
  readonly supergraph: Supergraph;
  readonly source: EventSource;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  readonly log: Log;
}

/** Sources that are led to a new supergraph in one turn of the event loop. */
const SUCCESSIONS_PER_TURN = 50;

export function createSubscriptions(options: SubscriptionsOptions): Subscriptions {
  const { supergraph } = options;
  const sources = new Set<SharedSource>();
  const joinable = new Map<string, SharedSource>();
  // Not waited for: a subgraph that hangs holds up the hand-over of its own sources, and no swap.
  const stop = supergraph.onSwap(() => void followAll(sources, options));
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
    // Only who had to wait to join comes with an older supergraph than the current one.
    void follow(source, options);
    return source;
  };
  const enter = async (
    admitted: Admitted,
    subscriber: Subscriber,
  ): Promise<SharedSource | null> => {
    const key = keyOf(admitted);
    const known = key === null ? undefined : joinable.get(key);
    // What the newest supergraph makes of a source must be known before anybody new is let in.
    if (known !== undefined) await follow(known, options);
    if (subscriber.hasLeft) return null;
    const source = (key === null ? undefined : joinable.get(key)) ?? open(admitted, key);
    source.join(subscriber);
    return source;
  };
  return {
    join: (admitted, outlet) => {
      const subscriber = new Subscriber(outlet);
      const entered = enter(admitted, subscriber);
      return {
        subscriber,
        opened: entered.then(async (source) =>
          source !== null && (await source.opened) ? source.context.correlationId : null,
        ),
        leave: () => {
          subscriber.leave();
          void entered.then((source) => source?.leave(subscriber));
        },
      };
    },
    get size() {
      return sources.size;
    },
    get subscribers() {
      return sources.values().reduce((sum, source) => sum + source.subscribers, 0);
    },
    close: stop,
  };
}

/** Null for a reader who goes on behind a cursor: whoever else began there has moved on since. */
function keyOf(admitted: Admitted): string | null {
  return givenCursor(admitted.operation) === null ? subscriptionKey(admitted) : null;
}

async function followAll(
  sources: ReadonlySet<SharedSource>,
  options: SubscriptionsOptions,
): Promise<void> {
  const waiting = [...sources];
  while (waiting.length > 0) {
    const few = waiting.splice(0, SUCCESSIONS_PER_TURN);
    await Promise.all(few.map((source) => follow(source, options)));
    await nextTurn();
  }
}

/** Brings a source up to date with the supergraph that is served now. What fails there is ours, and the source goes on as it was. */
async function follow(
  source: SharedSource,
  { supergraph: { current }, log }: SubscriptionsOptions,
): Promise<void> {
  if (current === null || source.follows(current)) return;
  await source.follow(current).catch((error: unknown) => {
    const { correlationId } = source.context;
    const text = errorText(error);
    log.error({ event: 'graphql.error', room: 'gateway', path: '', error: text, correlationId });
  });
}
