import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect, createServer } from 'node:net';
import { createTestDatabase, NO_MIGRATIONS } from '../tests/support/test-database.ts';
import { isOutage, openDatabase } from './database.ts';
import { silentLog } from './log.ts';
import { pause } from './shutdown.ts';
import { until } from '../tests/support/until.ts';
import type { AddressInfo, Socket } from 'node:net';
import type { TestDatabase } from '../tests/support/test-database.ts';
import type { Database } from './database.ts';

let db: TestDatabase;
let database: Database;
beforeAll(async () => {
  db = await createTestDatabase();
  database = await db.open('invoices', NO_MIGRATIONS);
});
afterAll(async () => db[Symbol.asyncDispose]());

describe('a transaction', () => {
  it('is refused when it commits after a statement failed whose error was swallowed', async () => {
    const work = database.transaction(async (tx) => {
      await tx.query(`insert into inbox (consumer, event_id) values ('c', 'swallowed')`);
      await tx.query('select 1 / 0').catch(() => undefined);
      return 'acknowledged';
    });
    await expect(work).rejects.toThrow('Nothing was committed');
    expect(await database.query(`select 1 from inbox where event_id = 'swallowed'`)).toEqual([]);
  });

  it('rejects as an outage when its connection is lost between two statements; the process goes on', async () => {
    const work = database.transaction(async (tx) => {
      const [session] = await tx.query<{ pid: number }>('select pg_backend_pid() as pid');
      await database.query('select pg_terminate_backend($1)', [session?.pid]);
      await pause(200);
      await tx.query('select 1');
    });
    const error: unknown = await work.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Error);
    expect(isOutage(error)).toBe(true);
    expect(await database.query('select 1 as one')).toEqual([{ one: 1 }]);
  });
});

describe('an outage', () => {
  it('is told from an error of the work', async () => {
    const nowhere = openDatabase({
      url: 'postgres://nobody@127.0.0.1:1/none',
      schema: 'none',
      poolSize: 1,
      log: silentLog,
    });
    expect(isOutage(await nowhere.query('select 1').catch((error: unknown) => error))).toBe(true);
    await nowhere.close();
    expect(isOutage(await database.query('select 1 / 0').catch((error: unknown) => error))).toBe(
      false,
    );
    expect(isOutage(new Error('a bug'))).toBe(false);
  });
});

describe('a listener', () => {
  it('comes back after an outage with one connection and one look, and leaves none behind', async () => {
    const gate = await openGate(new URL(db.adminUrl));
    let signals = 0;
    const listening = openDatabase({
      url: gate.url,
      schema: 'invoices',
      poolSize: 1,
      log: silentLog,
    });
    const listener = await listening.listen('a_channel', () => (signals += 1));
    gate.shut();
    await pause(3200);
    // Half a second apart and one at a time; it was 64 and doubling.
    expect(gate.attempts()).toBeLessThan(10);
    gate.open();
    await until(() => signals === 1);
    await database.query(`select pg_notify('a_channel', '')`);
    await until(() => signals === 2);
    expect(gate.connections()).toBe(1);
    await listener.close();
    await until(() => gate.connections() === 0);
    await listening.close();
    await gate.close();
  });
});

/** A way to the server that can be shut. */
async function openGate(target: URL) {
  const sockets = new Set<Socket>();
  let isOpen = true;
  let attempts = 0;
  const server = createServer((inner) => {
    attempts += 1;
    inner.on('error', () => undefined);
    if (!isOpen) return inner.destroy();
    const outer = connect(Number(target.port), target.hostname);
    outer.on('error', () => undefined);
    outer.on('close', () => inner.destroy());
    sockets.add(inner);
    inner.on('close', () => {
      sockets.delete(inner);
      outer.destroy();
    });
    return inner.pipe(outer).pipe(inner);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: Object.assign(new URL(target.href), { host: `127.0.0.1:${port}` }).href,
    attempts: () => attempts,
    connections: () => sockets.size,
    shut: () => {
      isOpen = false;
      attempts = 0;
      for (const socket of sockets) socket.destroy();
    },
    open: () => void (isOpen = true),
    close: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  };
}
