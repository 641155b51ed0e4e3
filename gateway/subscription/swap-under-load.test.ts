import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { DEFAULT_LIMITS } from '../gateway-limits.ts';
import { until } from '../../tests/support/until.ts';
import { counted, createFeedWorld } from './feed-world.ts';
import type { FeedWorld, Reader } from './feed-world.ts';

const CONNECTIONS = 20;
const SUBSCRIPTIONS_EACH = 10;
const QUERIES = 500;
const QUERIES_AT_ONCE = 25;
/** Five hundred events a second, ten thousand deliveries. */
const EVERY_MS = 20;

let feeds: FeedWorld;
beforeAll(async () => {
  feeds = await createFeedWorld({
    limits: { ...DEFAULT_LIMITS, pollMs: 30, connectionsPerViewer: CONNECTIONS + 1 },
  });
});
afterAll(async () => {
  await feeds[Symbol.asyncDispose]();
});

async function openReaders(): Promise<Reader[]> {
  const readers = await Promise.all(Array.from({ length: CONNECTIONS }, () => feeds.reader()));
  for (const reader of readers) {
    for (let id = 0; id < SUBSCRIPTIONS_EACH; id += 1) {
      // Ten sources that twenty connections share.
      const text = `subscription { ticks(topic: "load-${id}") { sequence number product { name } } }`;
      reader.subscribe(String(id), text);
    }
  }
  return readers;
}

/** An event for every subscription now and then, until it is stopped; returns how many there were of each. */
function emitToAll(): () => number[] {
  let rounds = 0;
  const timer = setInterval(() => {
    rounds += 1;
    for (let id = 0; id < SUBSCRIPTIONS_EACH; id += 1) feeds.emit(`load-${id}`);
  }, EVERY_MS);
  return () => {
    clearInterval(timer);
    return Array.from({ length: SUBSCRIPTIONS_EACH }, () => rounds);
  };
}

async function askUntil(isDone: () => boolean): Promise<{ asked: number; failed: unknown[] }> {
  let asked = 0;
  const failed: unknown[] = [];
  const worker = async (): Promise<void> => {
    while (asked < QUERIES || !isDone()) {
      asked += 1;
      const { status, errors } = await feeds.world.post('{ feed catalogue }');
      if (status !== 200 || errors !== undefined) failed.push(errors ?? status);
    }
  };
  await Promise.all(Array.from({ length: QUERIES_AT_ONCE }, worker));
  return { asked, failed };
}

it(`swaps under ${QUERIES} queries and ${CONNECTIONS * SUBSCRIPTIONS_EACH} subscriptions: none fails, none is lost, none comes twice`, async () => {
  const readers = await openReaders();
  await Promise.all(readers.map((reader) => reader.taken()));
  await until(() => feeds.openNow() === SUBSCRIPTIONS_EACH);
  let swapped = 0;
  const asking = askUntil(() => swapped === 6);
  const emitting = emitToAll();
  for (; swapped < 6; swapped += 1) {
    const extra = swapped % 2 === 0 ? 'extra: Int' : '';
    await feeds.publish({ tick: `number: Int! note: String ${extra}` });
  }
  const totals = emitting();
  const { asked, failed } = await asking;
  expect(failed).toEqual([]);
  expect(asked).toBeGreaterThanOrEqual(QUERIES);
  const hasAll = (reader: Reader): boolean =>
    totals.every((total, id) => reader.numbers(String(id)).at(-1) === total);
  await until(() => readers.every(hasAll));
  for (const reader of readers) {
    for (const [id, total] of totals.entries())
      expect(reader.numbers(String(id))).toEqual(counted(total));
    reader.socket.terminate();
  }
  // Twenty connections, and one upstream operation for each of ten subscriptions, over six swaps.
  expect(feeds.opened.filter(({ topic }) => topic.startsWith('load-'))).toHaveLength(
    SUBSCRIPTIONS_EACH,
  );
});
