import { createClient } from 'redis';
import { fromCloudEvent, toCloudEvent } from './event.ts';
import { errorText } from './log.ts';
import { startFollower } from './bus-postgres.ts';
import type { PostgresBus } from './bus-postgres.ts';
import type { BusEntry, EventBus } from './bus.ts';
import type { Log } from './log.ts';

/** Entries kept in the stream: a few minutes of a busy day; older ones are read from the log. */
const STREAM_LENGTH_MAX = 20_000;
const STREAM_KEY = 'concord:events';
/** How long one read waits for news before the log is asked whether Redis missed any. */
const STREAM_BLOCK_MS = 1000;
const STREAM_BATCH = 500;
/** A Redis that does not answer within this time is treated as gone; the log answers instead. */
const COMMAND_TIMEOUT_MS = 1000;

type Redis = ReturnType<typeof connectRedis>;

/**
 * Redis Streams in front of the log. Stream ids are log positions, so a reader sees at once whether
 * it has missed one and fetches it from the log: losing Redis loses speed, never an event.
 */
export async function openRedisBus(options: {
  redisUrl: string;
  truth: PostgresBus;
  log: Log;
}): Promise<EventBus> {
  const { truth, log } = options;
  const writer = connectRedis(options.redisUrl, log);
  const readers = new Set<Redis>();
  await writer.connect().catch(() => undefined);
  return {
    ...truth,
    publish: async (events) => {
      const entries = await truth.append(events);
      await announce(writer, entries).catch((error: unknown) => {
        log.warn({ event: 'bus.degraded', bus: 'redis', error: errorText(error) });
      });
    },
    follow: (after, onEntries) => {
      const reader = connectRedis(options.redisUrl, log);
      readers.add(reader);
      void reader.connect().catch(() => undefined);
      const follower = startFollower({
        after,
        onEntries,
        log,
        wakers: new Set(),
        next: (position) => nextEntries(reader, truth, position),
      });
      return {
        close: async () => {
          const closing = follower.close();
          reader.destroy();
          readers.delete(reader);
          await closing;
        },
      };
    },
    close: async () => {
      for (const reader of readers) reader.destroy();
      writer.destroy();
      await truth.close();
    },
  };
}

function connectRedis(redisUrl: string, log: Log) {
  const client = createClient({
    url: redisUrl,
    // Without the queue a command to a lost server fails at once instead of hanging for seconds.
    disableOfflineQueue: true,
    socket: {
      reconnectStrategy: (retries) => Math.min(100 * 2 ** Math.min(retries, 5), 2000),
      connectTimeout: COMMAND_TIMEOUT_MS,
    },
  });
  client.on('error', (error: unknown) =>
    log.warn({ event: 'bus.degraded', bus: 'redis', error: errorText(error) }),
  );
  return client;
}

async function announce(writer: Redis, entries: readonly BusEntry[]): Promise<void> {
  if (entries.length === 0) return;
  const batch = writer.multi();
  for (const entry of entries) {
    batch.xAdd(
      STREAM_KEY,
      `${entry.position}-1`,
      { event: JSON.stringify(toCloudEvent(entry.event)) },
      {
        TRIM: { strategy: 'MAXLEN', strategyModifier: '~', threshold: STREAM_LENGTH_MAX },
      },
    );
  }
  await batch.exec();
}

async function nextEntries(
  reader: Redis,
  truth: PostgresBus,
  after: bigint,
): Promise<readonly BusEntry[]> {
  const ready = await readStream(reader, after, {});
  if (continues(ready, after)) return ready;
  const behind = await truth.read(after, STREAM_BATCH);
  if (behind.length > 0) return behind;
  const news = await readStream(reader, after, { BLOCK: STREAM_BLOCK_MS });
  return continues(news, after) ? news : truth.read(after, STREAM_BATCH);
}

function continues(entries: readonly BusEntry[], after: bigint): boolean {
  return entries[0]?.position === after + 1n;
}

type StreamAnswer = { messages: { id: string; message: Record<string, string> }[] }[] | null;

async function readStream(
  reader: Redis,
  after: bigint,
  waiting: { BLOCK?: number },
): Promise<BusEntry[]> {
  if (!reader.isReady) return [];
  const answer: StreamAnswer = await reader.xRead(
    { key: STREAM_KEY, id: `${after}-1` },
    { ...waiting, COUNT: STREAM_BATCH },
  );
  const messages = answer?.[0]?.messages ?? [];
  return messages.map((message) => ({
    position: BigInt(message.id.slice(0, message.id.indexOf('-'))),
    event: fromCloudEvent(JSON.parse(message.message['event'] ?? 'null')),
  }));
}
