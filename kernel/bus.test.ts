import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { busCarriers } from '../tests/support/bus-carriers.ts';
import { createTestDatabase, NO_MIGRATIONS } from '../tests/support/test-database.ts';
import { createEventFactory } from './event.ts';
import { appendEvents, startRelay } from './outbox.ts';
import { startConsumer } from './inbox.ts';
import { silentLog } from './log.ts';
import { systemClock } from './clock.ts';
import { until } from '../tests/support/until.ts';
import type { TestDatabase } from '../tests/support/test-database.ts';
import type { BusEntry, EventBus } from './bus.ts';
import type { DomainEvent } from './event.ts';

const event = createEventFactory('/tests', systemClock);

function happened(documentId: string, sequence: number): DomainEvent {
  const cause = { correlationId: 'c', causationId: 'k', traceparent: null, actorId: 'tester' };
  const document = { type: 'Thing', id: documentId, number: documentId, status: 'OPEN' };
  return event(cause, {
    type: 'concord.thing.happened.v1',
    document,
    sequence,
    audience: { companyCode: 'DE01', costCentreId: null, ownerId: null },
    data: { sequence },
  });
}

describe.each(busCarriers())('the event bus on $name', ({ redisUrl }) => {
  let db: TestDatabase;
  let bus: EventBus;
  beforeAll(async () => {
    db = await createTestDatabase();
    bus = await db.openBus(redisUrl);
  });
  afterAll(async () => db[Symbol.asyncDispose]());

  it('numbers events without gaps and drops ids that it has', async () => {
    const events = [happened('a', 1), happened('a', 2), happened('b', 1)];
    await bus.publish([...events, ...events]);
    await bus.publish(events);
    const entries = await bus.read(0n, 100);
    expect(entries.map((entry) => entry.position)).toEqual([1n, 2n, 3n]);
    expect(entries.map((entry) => entry.event)).toEqual(events);
  });

  it('hands a follower what was before and what comes, once and in order, under concurrent publishers', async () => {
    const seen: BusEntry[] = [];
    const follower = bus.follow(0n, (entries) => void seen.push(...entries));
    await Promise.all(
      Array.from({ length: 8 }, (_, writer) => publishSlowly(bus, `writer-${writer}`)),
    );
    const { newest } = await bus.bounds();
    await until(() => seen.at(-1)?.position === newest);
    await follower.close();
    expect(seen.map((entry) => entry.position)).toEqual(
      Array.from({ length: Number(newest) }, (_, index) => BigInt(index + 1)),
    );
    expect(newest).toBe(3n + 8n * 20n);
  });

  it('says what it forgot when it is trimmed', async () => {
    await bus.publish([happened('old', 1)]);
    const { newest } = await bus.bounds();
    await bus.trim(new Date(Date.now() + 1000));
    expect(await bus.bounds()).toEqual({ oldest: newest + 1n, newest });
    expect(await bus.read(0n, 10)).toEqual([]);
    await bus.publish([happened('new', 1)]);
    expect((await bus.read(0n, 10)).map((entry) => entry.position)).toEqual([newest + 1n]);
  });
});

async function publishSlowly(bus: EventBus, documentId: string): Promise<void> {
  for (let sequence = 1; sequence <= 20; sequence += 1)
    await bus.publish([happened(documentId, sequence)]);
}

describe('outbox, relay and inbox', () => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await createTestDatabase();
  });
  afterAll(async () => db[Symbol.asyncDispose]());

  it('carries committed events to a consumer once, rolled-back ones never, and sets a poison event aside', async () => {
    const source = await db.open('suppliers', NO_MIGRATIONS);
    const sink = await db.open('invoices', NO_MIGRATIONS);
    const bus = await db.openBus();
    const taken: string[] = [];
    let poison = true;
    const parked: string[] = [];
    const consumer = await startConsumer({
      name: 'sink',
      database: sink,
      bus,
      log: silentLog,
      onParked: async (_tx, bad) => void parked.push(bad.document.id),
      handlers: {
        'concord.thing.happened.v1': async (_tx, arrived) => {
          if (arrived.document.id === 'bad' && poison) throw new Error('cannot be handled');
          taken.push(`${arrived.document.id}/${arrived.sequence}`);
        },
      },
    });
    const relay = await startRelay({ database: db.openForRelay('suppliers'), bus, log: silentLog });
    await source.transaction((tx) => appendEvents(tx, [happened('good', 1), happened('bad', 1)]));
    await source
      .transaction(async (tx) => {
        await appendEvents(tx, [happened('lost', 1)]);
        throw new Error('rolled back');
      })
      .catch(() => undefined);
    await source.transaction((tx) => appendEvents(tx, [happened('bad', 2), happened('good', 2)]));
    await until(() => taken.includes('good/2'));
    expect(taken).toEqual(['good/1', 'good/2']);
    expect(parked).toEqual(['bad']);
    poison = false;
    expect(await consumer.retryParked('bad')).toBe(true);
    expect(taken).toEqual(['good/1', 'good/2', 'bad/1', 'bad/2']);
    await consumer.close();
    await relay.close();
    const left = await source.query<{ count: bigint }>(
      'select count(*) from outbox where published_at is null',
    );
    expect(left[0]?.count).toBe(0n);
  });
});
