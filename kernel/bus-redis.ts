import { MultiErrorReply, createClient } from 'redis';
import { fromCloudEvent, toCloudEvent } from './event.ts';
import { errorText } from './log.ts';
import { startFollower } from './bus-postgres.ts';
import { TimeoutError, withTimeout } from './shutdown.ts';
import type { PostgresBus } from './bus-postgres.ts';
import type { BusEntry, EventBus } from './bus.ts';
import type { Log } from './log.ts';

/** Entries kept in the stream: a few minutes of a busy day; older ones are read from the log. */
const STREAM_LENGTH_MAX = 20_000;
/** The stream of an installation that is no more goes by itself. */
const STREAM_LIFE_SECONDS = 24 * 3600;
/** How long one read waits for news before the log is asked whether Redis missed any. */
const STREAM_BLOCK_MS = 1000;
const STREAM_BATCH = 500;
/** A Redis that does not answer within this time is treated as gone; the log answers instead. */
const COMMAND_TIMEOUT_MS = 1000;
/** An idle connection is asked for a sign of life this often, and given up without one. */
const PING_MS = 2000;
const SILENCE_MS = 5000;

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
  const key = `concord:${truth.installation}:events`;
  const writer = openConnection(options.redisUrl, log);
  const readers = new Set<Connection>();
  await writer.connected;
  await dropForeignStream(writer, key, truth).catch((error: unknown) => degraded(log, error));
  return {
    ...truth,
    publish: async (events) => {
      const entries = await truth.append(events);
      await announce(writer, key, entries)
        .catch(async (error: unknown) => {
          if (!isOutOfTurn(error)) throw error;
          await dropForeignStream(writer, key, truth);
        })
        .catch((error: unknown) => degraded(log, error));
    },
    follow: (after, onEntries) => {
      const reader = openConnection(options.redisUrl, log);
      readers.add(reader);
      const stream: Stream = { reader, key, truth, log };
      const follower = startFollower({
        after,
        onEntries,
        log,
        wakers: truth.wakers,
        next: (position, stop) => nextEntries(stream, position, stop),
      });
      return {
        close: async () => {
          const closing = follower.close();
          reader.close();
          readers.delete(reader);
          await closing;
        },
      };
    },
    close: async () => {
      for (const reader of readers) reader.close();
      writer.close();
      await truth.close();
    },
  };
}

function degraded(log: Log, error: unknown): void {
  log.warn({ event: 'bus.degraded', bus: 'redis', error: errorText(error) });
}

type Redis = ReturnType<typeof connectRedis>;

/** A connection that is replaced when Redis does not answer on it. */
interface Connection {
  /** Resolves when connected, or when that takes too long: it is then tried further in the background. */
  readonly connected: Promise<void>;
  readonly isReady: () => boolean;
  run<Value>(command: (client: Redis) => Promise<Value>, timeoutMs?: number): Promise<Value>;
  close(): void;
}

function openConnection(redisUrl: string, log: Log): Connection {
  let client = connectRedis(redisUrl, log);
  let closed = false;
  const connecting = client.connect().then(
    () => undefined,
    () => undefined,
  );
  return {
    connected: withTimeout(connecting, COMMAND_TIMEOUT_MS, 'connecting to Redis').catch(
      (error: unknown) => degraded(log, error),
    ),
    isReady: () => client.isReady,
    run: async (command, timeoutMs = COMMAND_TIMEOUT_MS) => {
      const used = client;
      if (!used.isReady) throw new Error('Redis is not connected');
      try {
        return await withTimeout(command(used), timeoutMs, 'a command to Redis');
      } catch (error) {
        if (error instanceof TimeoutError && used === client && !closed) {
          // Commands would pile up behind the one that is not answered.
          if (used.isOpen) used.destroy();
          client = connectRedis(redisUrl, log);
          client.connect().catch(() => undefined);
        }
        throw error;
      }
    },
    close: () => {
      closed = true;
      if (client.isOpen) client.destroy();
    },
  };
}

function connectRedis(redisUrl: string, log: Log) {
  const client = createClient({
    url: redisUrl,
    // Without the queue a command to a lost server fails at once instead of hanging for seconds.
    disableOfflineQueue: true,
    pingInterval: PING_MS,
    socket: {
      reconnectStrategy: (retries) => Math.min(100 * 2 ** Math.min(retries, 5), 2000),
      connectTimeout: COMMAND_TIMEOUT_MS,
      socketTimeout: SILENCE_MS,
    },
  });
  client.on('error', (error: unknown) => degraded(log, error));
  return client;
}

async function announce(
  writer: Connection,
  key: string,
  entries: readonly BusEntry[],
): Promise<void> {
  // That Redis is away was logged when it went.
  if (entries.length === 0 || !writer.isReady()) return;
  await writer.run(async (client) => {
    const batch = client.multi();
    for (const entry of entries) {
      batch.xAdd(
        key,
        `${entry.position}-1`,
        { event: JSON.stringify(toCloudEvent(entry.event)) },
        {
          TRIM: { strategy: 'MAXLEN', strategyModifier: '~', threshold: STREAM_LENGTH_MAX },
        },
      );
    }
    batch.expire(key, STREAM_LIFE_SECONDS);
    await batch.exec();
  });
}

/** Somebody announced later entries first; readers find the gap and fill it from the log. */
function isOutOfTurn(error: unknown): boolean {
  return (
    error instanceof MultiErrorReply &&
    [...error.errors()].every((reply) => errorText(reply).includes('equal or smaller'))
  );
}

/**
 * A stream that is ahead of the log is of another time: the log was put back to an earlier state, by a restore. Its
 * entries would be taken for ours, and ours would be refused.
 */
async function dropForeignStream(
  writer: Connection,
  key: string,
  truth: PostgresBus,
): Promise<void> {
  if (!writer.isReady()) return;
  // Asked first: an entry is in the log before it is in the stream.
  const last = await writer.run((client) => client.xRevRange(key, '+', '-', { COUNT: 1 }));
  const top = last?.[0];
  if (top === undefined) return;
  const { newest } = await truth.bounds();
  if (positionOf(top.id) > newest) await writer.run((client) => client.del(key));
}

interface Stream {
  readonly reader: Connection;
  readonly key: string;
  readonly truth: PostgresBus;
  readonly log: Log;
}

/** Entries from the stream as long as they go on where the reader is; whatever it lacks comes from the log. */
async function nextEntries(
  stream: Stream,
  after: bigint,
  stop: AbortSignal,
): Promise<readonly BusEntry[]> {
  const ready = continuing(await readStream(stream, after, {}), after);
  if (ready.length > 0) return ready;
  for (;;) {
    const behind = await stream.truth.read(after, STREAM_BATCH);
    if (behind.length > 0 || stop.aborted) return behind;
    const news = await readStream(stream, after, { BLOCK: STREAM_BLOCK_MS });
    const next = continuing(news, after);
    if (next.length > 0) return next;
    // Redis is away, or has something else than the log: the log is asked again, after a pause.
    if (news === null || news.length > 0) return stream.truth.read(after, STREAM_BATCH);
  }
}

/** The entries up to the first gap. */
function continuing(entries: readonly BusEntry[] | null, after: bigint): readonly BusEntry[] {
  if (entries === null) return [];
  const gap = entries.findIndex((entry, index) => entry.position !== after + 1n + BigInt(index));
  return gap === -1 ? entries : entries.slice(0, gap);
}

type StreamAnswer = { messages: { id: string; message: Record<string, string> }[] }[] | null;

/** Null when Redis does not answer. */
async function readStream(
  { reader, key, log }: Stream,
  after: bigint,
  waiting: { BLOCK?: number },
): Promise<BusEntry[] | null> {
  if (!reader.isReady()) return null;
  const timeoutMs = COMMAND_TIMEOUT_MS + (waiting.BLOCK ?? 0);
  try {
    const answer: StreamAnswer = await reader.run(
      (client) => client.xRead({ key, id: `${after}-1` }, { ...waiting, COUNT: STREAM_BATCH }),
      timeoutMs,
    );
    return (answer?.[0]?.messages ?? []).map((message) => ({
      position: positionOf(message.id),
      event: fromCloudEvent(JSON.parse(message.message['event'] ?? 'null')),
    }));
  } catch (error) {
    // A lost connection tells of itself.
    if (reader.isReady()) degraded(log, error);
    return null;
  }
}

function positionOf(streamId: string): bigint {
  return BigInt(streamId.slice(0, streamId.indexOf('-')));
}
