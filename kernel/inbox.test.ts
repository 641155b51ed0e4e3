import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createTestDatabase, NO_MIGRATIONS } from '../tests/support/test-database.ts';
import { happened } from '../tests/support/house-events.ts';
import { createLog, silentLog } from './log.ts';
import { pause } from './shutdown.ts';
import { startConsumer } from './inbox.ts';
import { PassThrough } from 'node:stream';
import { until } from '../tests/support/until.ts';
import type { TestDatabase } from '../tests/support/test-database.ts';
import type { EventBus } from './bus.ts';
import type { Database } from './database.ts';
import type { DomainEvent } from './event.ts';
import type { Consumer, EventHandler } from './inbox.ts';

const TYPE = 'concord.thing.happened.v1';

let db: TestDatabase;
let database: Database;
let bus: EventBus;
let consumer: Consumer | null;
beforeEach(async () => {
  db = await createTestDatabase();
  database = await db.open('invoices', NO_MIGRATIONS);
  bus = await db.openBus();
  consumer = null;
});
afterEach(async () => {
  await consumer?.close();
  await db[Symbol.asyncDispose]();
});

function thing(id: string, sequence = 1): DomainEvent {
  return happened(TYPE, { type: 'Thing', id }, {}, { sequence });
}

async function consume(handler: EventHandler): Promise<Consumer> {
  consumer = await startConsumer({
    name: 'invoices',
    database,
    bus,
    handlers: { [TYPE]: handler },
    log: silentLog,
  });
  return consumer;
}

const told = async (): Promise<{ type: string; source: string; data: unknown }[]> =>
  database.query(
    `select cloud_event->>'type' as type, cloud_event->>'source' as source, cloud_event->'data' as data
     from outbox order by position`,
  );
const parked = async (): Promise<{ event_id: string; last_error: string }[]> =>
  database.query('select event_id, last_error from inbox_parked order by bus_position');

function retryOf(name: string, documentId: string): DomainEvent {
  return happened(
    'concord.consumer.retry-requested.v1',
    { type: 'IntegrationException', id: `exception-${Math.random()}` },
    { consumer: name, documentId, exceptionId: 'x' },
  );
}

describe('a poison event', () => {
  it('is told of, told of again when a retry fails, and its end is told when one goes through', async () => {
    let poison = true;
    const taken: string[] = [];
    await consume(async (_tx, event) => {
      if (event.document.id === 'bad' && poison) throw new Error('column is missing');
      taken.push(`${event.document.id}/${event.sequence}`);
    });
    const bad = thing('bad');
    await bus.publish([bad, thing('bad', 2), thing('good')]);
    await until(() => taken.includes('good/1'));
    const parkedFact = {
      type: 'concord.consumer.event-parked.v1',
      source: '/subgraphs/invoices',
      data: {
        consumer: 'invoices',
        eventId: bad.id,
        eventType: TYPE,
        error: 'column is missing',
        documentId: 'bad',
      },
    };
    expect(await told()).toEqual([parkedFact]);

    await bus.publish([retryOf('budgets', 'bad'), retryOf('invoices', 'bad')]);
    await until(async () => (await told()).length === 2);
    expect((await told())[1]).toEqual(parkedFact);

    poison = false;
    await bus.publish([retryOf('invoices', 'bad')]);
    await until(async () => (await told()).length === 3);
    expect((await told())[2]).toEqual({
      type: 'concord.consumer.parked-taken.v1',
      source: '/subgraphs/invoices',
      data: { consumer: 'invoices', documentId: 'bad' },
    });
    expect(taken).toEqual(['good/1', 'bad/1', 'bad/2']);
    expect(await parked()).toEqual([]);
  });

  it('keeps its reason when a crash before the cursor moved brings it again', async () => {
    const bad = thing('bad');
    const handler: EventHandler = async () => Promise.reject(new Error('column is missing'));
    await consume(handler);
    await bus.publish([bad]);
    await until(async () => (await parked()).length === 1);
    await consumer?.close();
    await database.query('update inbox_cursor set bus_position = 0');
    await consume(handler);
    await until(async () => {
      const [cursor] = await database.query<{ bus_position: bigint }>(
        'select bus_position from inbox_cursor',
      );
      return cursor?.bus_position === 1n;
    });
    expect(await parked()).toEqual([{ event_id: bad.id, last_error: 'column is missing' }]);
    expect(await told()).toHaveLength(1);
  });

  it('does not drag an event along that was taken before it', async () => {
    const first = thing('bad');
    const handler: EventHandler = async (_tx, event) => {
      if (event.sequence === 2) throw new Error('column is missing');
    };
    await consume(handler);
    const second = thing('bad', 2);
    await bus.publish([first, second]);
    await until(async () => (await parked()).length === 1);
    await consumer?.close();
    await database.query('update inbox_cursor set bus_position = 0');
    await consume(handler);
    await bus.publish([thing('good')]);
    await until(async () => {
      const rows = await database.query('select 1 from inbox_cursor where bus_position = 3');
      return rows.length === 1;
    });
    expect((await parked()).map((row) => row.event_id)).toEqual([second.id]);
  });
});

describe('an event that arrives while the one before it is being retried', () => {
  it('is taken, and never left parked with nobody to ask for it', async () => {
    let poison = true;
    let isHolding = false;
    const holding = Promise.withResolvers<void>();
    const taken: number[] = [];
    const running = await consume(async (_tx, event) => {
      if (poison) throw new Error('column is missing');
      isHolding ||= event.sequence === 1;
      if (event.sequence === 1) await holding.promise;
      taken.push(event.sequence);
    });
    await bus.publish([thing('bad')]);
    await until(async () => (await parked()).length === 1);
    poison = false;
    const retrying = running.retryParked('bad');
    await until(() => isHolding);
    const second = thing('bad', 2);
    // Parking it would have to wait for this, until the retry has looked for the last time.
    const parkingHeldUp = Promise.withResolvers<void>();
    const holdingUp = database
      .transaction(async (tx) => {
        await tx.query(
          `insert into inbox_parked (consumer, event_id, bus_position, document_id, cloud_event, attempts, last_error)
           values ('invoices', $1, 2, 'other', '{}', 0, '')`,
          [second.id],
        );
        await parkingHeldUp.promise;
        throw new Error('rolled back');
      })
      .catch(() => undefined);
    await bus.publish([second]);
    await pause(300);
    holding.resolve();
    expect(await retrying).toBe(true);
    parkingHeldUp.resolve();
    await holdingUp;
    await until(() => taken.includes(2));
    expect(taken).toEqual([1, 2]);
    expect(await parked()).toEqual([]);
  });
});

describe('a consumer', () => {
  it('waits for a lost database, and does not park for it what failed before', async () => {
    let failures = 0;
    const taken: string[] = [];
    await consume(async (_tx, event) => {
      failures += 1;
      if (failures <= 4) throw new Error('Connection terminated unexpectedly');
      if (failures === 5) throw new Error('a passing trouble');
      taken.push(event.document.id);
    });
    await bus.publish([thing('patient')]);
    await until(() => taken.length === 1);
    expect(await parked()).toEqual([]);
  });

  it('stops at once while it waits for another attempt', async () => {
    let attempts = 0;
    await consume(async () => {
      attempts += 1;
      return Promise.reject(new Error('Connection terminated unexpectedly'));
    });
    await bus.publish([thing('waiting')]);
    await until(() => attempts >= 4);
    const before = attempts;
    // Its next attempt is 1.6 s away, and does not come.
    await consumer?.close();
    await pause(2_000);
    expect(attempts).toBe(before);
  });

  it('says that it has missed events when it was away for longer than the bus keeps them', async () => {
    await bus.publish([thing('a'), thing('b'), thing('c')]);
    await bus.trim(new Date(Date.now() + 1000));
    await bus.publish([thing('d')]);
    await database.query(
      `insert into inbox_cursor (consumer, bus_position) values ('invoices', 1)`,
    );
    const lines = new PassThrough();
    const log = createLog({ level: 'info', destination: lines });
    consumer = await startConsumer({ name: 'invoices', database, bus, handlers: {}, log });
    expect(String(lines.read())).toContain('"event":"consumer.missed","consumer":"invoices"');
  });
});
