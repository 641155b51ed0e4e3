import type { BusEntry, EventBus } from './bus.ts';

/** What a reader of the feed gets: an event, or the plain word that there is a hole. */
export type FeedItem = FeedEvent | FeedGap;

export interface FeedEvent {
  readonly kind: 'event';
  readonly entry: BusEntry;
}

export interface FeedGap {
  readonly kind: 'gap';
  /** NO_LONGER_KEPT: the stream goes on at `resumesAt`. READER_TOO_SLOW: it ends; subscribe again after `resumeAfter`. */
  readonly reason: 'NO_LONGER_KEPT' | 'READER_TOO_SLOW';
  /** First position that is missing. */
  readonly missedFrom: bigint;
  /** First position that follows; null when the stream ends here. */
  readonly resumesAt: bigint | null;
  /** What to give as `after` to go on without loss. */
  readonly resumeAfter: bigint;
}

/** The live feed of one process: one reader of the bus, any number of readers of this. */
export interface Feed {
  /** Events that `wanted` lets through, from `after` (or from now on) without loss or repeat, until `signal` aborts. */
  subscribe(options: Subscription): AsyncGenerator<FeedItem, void>;
  /** The newest position that live readers were given: where a reader begins who begins now. */
  head(): bigint;
  /** How many readers are live. */
  readers(): number;
  close(): Promise<void>;
}

export interface Subscription {
  /** The last position the reader has; null to start now. */
  readonly after: bigint | null;
  /** Asked for every event anew, so that a permission taken away counts at once. */
  readonly wanted: (entry: BusEntry) => boolean;
  readonly signal: AbortSignal;
}

/** Events kept for a reader that is busy: a burst of a busy minute. A reader that is further behind is told so. */
const QUEUE_MAX = 1000;
/** Entries read from the log at once while a reader catches up. */
const CATCH_UP_BATCH = 200;

interface LiveReader {
  readonly push: (entries: readonly BusEntry[]) => void;
  readonly end: () => void;
}

export async function startFeed(options: { bus: EventBus; queueMax?: number }): Promise<Feed> {
  const { bus } = options;
  const live = new Set<LiveReader>();
  let head = (await bus.bounds()).newest;
  const follower = bus.follow(head, (entries) => {
    for (const reader of live) reader.push(entries);
    head = entries.at(-1)?.position ?? head;
  });
  const feed: FeedSource = {
    bus,
    queueMax: options.queueMax ?? QUEUE_MAX,
    head: () => head,
    join: (reader) => void live.add(reader),
    leave: (reader) => void live.delete(reader),
  };
  return {
    subscribe: (subscription) => read(feed, subscription),
    head: feed.head,
    readers: () => live.size,
    close: async () => {
      for (const reader of live) reader.end();
      await follower.close();
    },
  };
}

interface FeedSource {
  readonly bus: EventBus;
  readonly queueMax: number;
  /** The last position that the live readers were given. */
  readonly head: () => bigint;
  readonly join: (reader: LiveReader) => void;
  readonly leave: (reader: LiveReader) => void;
}

async function* read(feed: FeedSource, subscription: Subscription): AsyncGenerator<FeedItem, void> {
  const caughtUp = yield* catchUp(feed, subscription);
  if (caughtUp !== null && !subscription.signal.aborted)
    yield* follow(feed, subscription, caughtUp);
}

/**
 * Reads the log until it has reached the live head. Between the last look and joining there is no await, so nothing
 * can slip through; what the log gave beyond the head is dropped again by position when it comes live.
 */
async function* catchUp(
  feed: FeedSource,
  subscription: Subscription,
): AsyncGenerator<FeedItem, bigint | null> {
  let cursor = subscription.after ?? feed.head();
  if (subscription.after !== null) {
    const { oldest } = await feed.bus.bounds();
    if (cursor + 1n < oldest) {
      yield noLongerKept(cursor + 1n, oldest);
      cursor = oldest - 1n;
    }
  }
  while (cursor < feed.head()) {
    const entries = await feed.bus.read(cursor, CATCH_UP_BATCH);
    if (subscription.signal.aborted) return null;
    if (entries.length === 0) {
      // Everything up to the head was trimmed while we read.
      const { oldest } = await feed.bus.bounds();
      if (oldest <= cursor + 1n) continue;
      yield noLongerKept(cursor + 1n, oldest);
      cursor = oldest - 1n;
    }
    for (const entry of entries) {
      if (entry.position > cursor + 1n) yield noLongerKept(cursor + 1n, entry.position);
      cursor = entry.position;
      if (subscription.wanted(entry)) yield { kind: 'event', entry };
      if (subscription.signal.aborted) return null;
    }
  }
  return cursor;
}

/** Gives out what the follower pushes. The queue holds only what this reader wants, and no more than its bound. */
async function* follow(
  feed: FeedSource,
  subscription: Subscription,
  joinedAt: bigint,
): AsyncGenerator<FeedItem, void> {
  const { signal } = subscription;
  let queue: BusEntry[] = [];
  let seen = joinedAt;
  let given = joinedAt;
  const state: { now: 'live' | 'too-slow' | 'ended' } = { now: signal.aborted ? 'ended' : 'live' };
  let wake: () => void = () => undefined;
  const end = (): void => {
    state.now = 'ended';
    wake();
  };
  const reader: LiveReader = {
    end,
    push: (entries) => {
      if (state.now !== 'live') return;
      for (const entry of entries) {
        if (entry.position <= seen) continue;
        seen = entry.position;
        if (subscription.wanted(entry)) queue.push(entry);
      }
      if (queue.length > feed.queueMax) {
        state.now = 'too-slow';
        queue = [];
        feed.leave(reader);
      }
      wake();
    },
  };
  feed.join(reader);
  signal.addEventListener('abort', end, { once: true });
  try {
    while (state.now !== 'ended') {
      const entry = queue.shift();
      if (entry !== undefined) {
        given = entry.position;
        yield { kind: 'event', entry };
      } else if (state.now === 'too-slow') {
        yield {
          kind: 'gap',
          reason: 'READER_TOO_SLOW',
          missedFrom: given + 1n,
          resumesAt: null,
          resumeAfter: given,
        };
        return;
      } else {
        await new Promise<void>((resolve) => (wake = resolve));
      }
    }
  } finally {
    feed.leave(reader);
    signal.removeEventListener('abort', end);
  }
}

function noLongerKept(missedFrom: bigint, resumesAt: bigint): FeedGap {
  return {
    kind: 'gap',
    reason: 'NO_LONGER_KEPT',
    missedFrom,
    resumesAt,
    resumeAfter: resumesAt - 1n,
  };
}
