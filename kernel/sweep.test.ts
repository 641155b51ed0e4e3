import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, NO_MIGRATIONS } from '../tests/support/test-database.ts';
import { happened } from '../tests/support/house-events.ts';
import { silentLog } from './log.ts';
import { pause } from './shutdown.ts';
import { startSweep, sweepKernelTables } from './sweep.ts';
import type { TestDatabase } from '../tests/support/test-database.ts';
import type { Database } from './database.ts';

let db: TestDatabase;
let database: Database;
beforeAll(async () => {
  db = await createTestDatabase();
  database = await db.open('invoices', NO_MIGRATIONS);
});
afterAll(async () => db[Symbol.asyncDispose]());

describe('the sweep of a schema', () => {
  it('forgets in batches what is old and done with, and nothing else', async () => {
    await database.query(
      `insert into outbox (event_id, cloud_event, created_at, published_at)
       select 'old-' || n, '{}', now() - interval '31 days', now() - interval '31 days' from generate_series(1, 4500) n`,
    );
    await database.query(
      `insert into outbox (event_id, cloud_event, created_at, published_at) values
       ('waiting', '{}', now() - interval '31 days', null),
       ('young', '{}', now() - interval '29 days', now() - interval '29 days')`,
    );
    await database.query(
      `insert into inbox (consumer, event_id, taken_at) values
       ('c', 'old', now() - interval '36 days'), ('c', 'young', now() - interval '34 days')`,
    );
    await database.query(
      `insert into idempotency (caller, key, operation, fingerprint, created_at) values
       ('ann', 'old', 'o', 'f', now() - interval '101 days'), ('ann', 'young', 'o', 'f', now() - interval '99 days')`,
    );
    expect(await sweepKernelTables(database, new AbortController().signal)).toBe(4502);
    expect(
      await database.query(
        `select event_id as id from outbox union all select event_id from inbox union all select key from idempotency
         order by id`,
      ),
    ).toEqual([{ id: 'waiting' }, { id: 'young' }, { id: 'young' }, { id: 'young' }]);
  });

  it('ends when it is told to, and outlives a failure', async () => {
    let runs = 0;
    const sweep = startSweep({
      name: 'test',
      sweep: async () => {
        runs += 1;
        return Promise.reject(new Error('the database is away'));
      },
      log: silentLog,
      firstMs: 0,
    });
    await pause(50);
    await sweep.close();
    expect(runs).toBe(1);
  });
});

describe('the trim of the bus', () => {
  it('goes by when events came: an old one that is late takes no younger one with it', async () => {
    const bus = await db.openBus();
    const events = [1, 2, 3].map((sequence) =>
      happened('concord.thing.happened.v1', { type: 'Thing', id: 'a' }, {}, { sequence }),
    );
    const late = happened('concord.thing.happened.v1', { type: 'Thing', id: 'late' }, {});
    await bus.publish([...events, { ...late, occurredAt: new Date('2020-01-01T00:00:00Z') }]);
    expect(await bus.trim(new Date(Date.now() - 60_000))).toBe(0);
    expect(await bus.bounds()).toEqual({ oldest: 1n, newest: 4n });
  });

  it('works in batches, and counts what it forgot', async () => {
    const bus = await db.openBus();
    const { newest } = await bus.bounds();
    for (let batch = 0; batch < 11; batch += 1)
      await bus.publish(
        Array.from({ length: 500 }, () =>
          happened('concord.thing.happened.v1', { type: 'Thing', id: 'b' }, {}),
        ),
      );
    expect(await bus.trim(new Date(Date.now() + 1000))).toBe(Number(newest) + 5500);
    expect(await bus.bounds()).toEqual({ oldest: newest + 5501n, newest: newest + 5500n });
  });
});
