import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createClient } from 'redis';
import { createTestDatabase } from '../tests/support/test-database.ts';
import { happened } from '../tests/support/house-events.ts';
import { pause } from './shutdown.ts';
import { until } from '../tests/support/until.ts';
import type { ChildProcess } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import type { EventBus } from './bus.ts';
import type { DomainEvent } from './event.ts';

/** Set where redis-server is installed; these tests start their own, to ill-treat it. */
const suite = process.env['TEST_REDIS_URL'] === undefined ? describe.skip : describe;

suite('a bus with Redis', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await createRedisServer();
  });
  afterAll(async () => redis.end());

  it('loses and repeats nothing while Redis is killed, started again, flushed and stopped for a while', async () => {
    await redis.begin();
    await using db = await createTestDatabase();
    const bus = await db.openBus(redis.url);
    const feed = follow(bus);
    const publishing = publishUntil(bus, feed.stop);
    await pause(400);
    await redis.end();
    await pause(600);
    await redis.begin();
    await pause(1200);
    await redis.flush();
    await pause(400);
    redis.signal('SIGSTOP');
    await pause(1500);
    const { newest } = await bus.bounds();
    await feed.reaches(Number(newest));
    // A Redis that is silent, not gone, holds up nobody for longer than one command.
    await until(async () => (await bus.bounds()).newest > newest + 5n);
    redis.signal('SIGCONT');
    await pause(800);
    feed.stop.abort();
    const count = await publishing;
    await feed.reaches(count);
    expect(feed.positions()).toEqual(Array.from({ length: count }, (_, index) => index + 1));
    expect(count).toBeGreaterThan(30);
    await feed.close();
  });

  it('opens, publishes and follows while Redis is away', async () => {
    await redis.end();
    await using db = await createTestDatabase();
    const bus = await db.openBus(redis.url);
    const feed = follow(bus);
    await bus.publish([thing(1)]);
    await feed.reaches(1);
    await redis.begin();
    await pause(2500);
    await bus.publish([thing(2)]);
    await feed.reaches(2);
    await feed.close();
  });

  it('carries on while Redis answers with errors', async () => {
    await redis.begin();
    await using db = await createTestDatabase();
    const bus = await db.openBus(redis.url);
    const feed = follow(bus);
    await bus.publish([thing(1)]);
    await feed.reaches(1);
    await redis.command(async (client) => {
      const [key = ''] = await client.keys('concord:*');
      await client.del(key);
      await client.set(key, 'not a stream');
    });
    await pause(1500);
    await bus.publish([thing(2)]);
    await feed.reaches(2);
    await feed.close();
  });

  it('tells a reader soon, however long it has been quiet', async () => {
    await redis.begin();
    await using db = await createTestDatabase();
    const bus = await db.openBus(redis.url);
    const feed = follow(bus);
    const delays: number[] = [];
    for (let sequence = 1; sequence <= 5; sequence += 1) {
      await pause(300 * sequence);
      await bus.publish([thing(sequence)]);
      const publishedMs = performance.now();
      await feed.reaches(sequence);
      delays.push(performance.now() - publishedMs);
    }
    // It slept for up to a second; a slow machine needs some of this, and once all of it.
    expect(delays.filter((ms) => ms < 400).length).toBeGreaterThanOrEqual(4);
    await feed.close();
  });

  it('fills a hole that two publishers left in the stream from the log', async () => {
    await redis.begin();
    await using db = await createTestDatabase();
    const bus = await db.openBus(redis.url);
    const held = Promise.withResolvers<void>();
    const positions: number[] = [];
    const follower = bus.follow(0n, async (entries) => {
      positions.push(...entries.map((entry) => Number(entry.position)));
      await held.promise;
    });
    await pause(300);
    await bus.publish([thing(1)]);
    await pause(300);
    await bus.publish([2, 3, 4].map(thing));
    // Entry 3 came to Redis after entry 4, and was refused.
    await redis.command(async (client) => {
      const [key = ''] = await client.keys('concord:*');
      expect(await client.xDel(key, '3-1')).toBe(1);
    });
    held.resolve();
    await until(() => positions.length >= 4);
    expect(positions).toEqual([1, 2, 3, 4]);
    await follower.close();
  });

  it('keeps two installations on one Redis apart', async () => {
    await redis.begin();
    await using one = await createTestDatabase();
    await using two = await createTestDatabase();
    const [busOne, busTwo] = [await one.openBus(redis.url), await two.openBus(redis.url)];
    const events = [1, 2, 3].map(thing);
    await busOne.publish(events);
    const feed = follow(busTwo);
    await pause(300);
    expect(feed.events()).toEqual([]);
    const own = thing(9);
    await busTwo.publish([own]);
    await feed.reaches(1);
    expect(feed.events()).toEqual([own]);
    await feed.close();
  });

  it('drops a stream that is ahead of a log that was put back', async () => {
    await redis.begin();
    await using db = await createTestDatabase();
    const bus = await db.openBus(redis.url);
    await bus.publish([1, 2, 3].map(thing));
    const database = await db.open('bus', new URL('./bus-migrations/', import.meta.url));
    await database.query('delete from event where position > 1');
    await database.query('update head set position = 1');
    const after = await db.openBus(redis.url);
    const feed = follow(after);
    await pause(500);
    const other = thing(7);
    await after.publish([other]);
    await feed.reaches(2);
    expect(feed.events()[1]).toEqual(other);
    await feed.close();
  });
});

function thing(sequence: number): DomainEvent {
  return happened('concord.thing.happened.v1', { type: 'Thing', id: 'a' }, {}, { sequence });
}

/** Publishes one by one until it is stopped; returns how many. */
async function publishUntil(bus: EventBus, stop: AbortController): Promise<number> {
  let count = 0;
  while (!stop.signal.aborted) {
    count += 1;
    await bus.publish([thing(count)]);
    await pause(20);
  }
  return count;
}

function follow(bus: EventBus) {
  const seen: { position: bigint; event: DomainEvent }[] = [];
  const follower = bus.follow(0n, (entries) => void seen.push(...entries));
  return {
    stop: new AbortController(),
    positions: () => seen.map((entry) => Number(entry.position)),
    events: () => seen.map((entry) => entry.event),
    close: () => follower.close(),
    reaches: async (count: number): Promise<void> => {
      for (let tries = 0; tries < 1000; tries += 1) {
        if (seen.length >= count) return;
        await pause(10);
      }
      throw new Error(`${seen.length} of ${count} events came within 10 s`);
    },
  };
}

type RedisServer = Awaited<ReturnType<typeof createRedisServer>>;

/** A Redis of this file on a port of its own. */
async function createRedisServer() {
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  let child: ChildProcess | null = null;
  const open = () => createClient({ url });
  const command = async (work: (client: ReturnType<typeof open>) => Promise<void>) => {
    const client = open();
    client.on('error', () => undefined);
    await client.connect();
    await work(client);
    client.destroy();
  };
  return {
    url,
    command,
    flush: () => command(async (client) => void (await client.flushAll())),
    signal: (signal: NodeJS.Signals) => void child?.kill(signal),
    begin: async () => {
      if (child === null)
        child = spawn(
          'redis-server',
          ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
          { stdio: 'ignore' },
        );
      await command(async (client) => void (await client.flushAll()));
    },
    end: async () => {
      const ending = child;
      child = null;
      if (ending === null) return;
      const ended = once(ending, 'exit');
      ending.kill('SIGKILL');
      await ended;
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
