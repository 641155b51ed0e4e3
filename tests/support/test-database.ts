import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { Secret } from '#kernel/config.ts';
import { migrate, openDatabase } from '#kernel/database.ts';
import { openBus } from '#kernel/bus.ts';
import { silentLog } from '#kernel/log.ts';
import { ensureSchemas, relayUrl, schemaUrl } from '#kernel/provision.ts';
import type { EventBus } from '#kernel/bus.ts';
import type { Database } from '#kernel/database.ts';
import type { Schema } from '#kernel/provision.ts';

/** A PostgreSQL database of one test file, on the server that the test run started; dropped at the end. */
export interface TestDatabase extends AsyncDisposable {
  readonly adminUrl: string;
  readonly password: Secret;
  /** Opens the schema as its own role, migrated from the folder; closed with the test database. */
  open(schema: Schema, migrations: URL, poolSize?: number): Promise<Database>;
  /** Opens the schema's outbox as the relay role. */
  openForRelay(schema: Schema): Database;
  /** Null, or nothing, for PostgreSQL alone. */
  openBus(redisUrl?: string | null): Promise<EventBus>;
}

/** For tests of the kernel's own tables. */
export const NO_MIGRATIONS = new URL('./no-migrations/', import.meta.url);
export const BUS_MIGRATIONS = new URL('../../kernel/bus-migrations/', import.meta.url);

export async function createTestDatabase(): Promise<TestDatabase> {
  const server = process.env['TEST_DATABASE_URL'];
  if (server === undefined)
    throw new Error(
      'TEST_DATABASE_URL is missing: run tests with "npm test", which starts PostgreSQL.',
    );
  const name = `test_${randomBytes(6).toString('hex')}`;
  await asAdmin(server, `create database ${name}`);
  const adminUrl = Object.assign(new URL(server), { pathname: `/${name}` }).href;
  await ensureSchemas(adminUrl);
  const password = new Secret('test');
  const closing: (() => Promise<void>)[] = [];
  const openAs = (url: string, schema: Schema, poolSize: number): Database => {
    const database = openDatabase({ url, schema, poolSize, log: silentLog });
    closing.push(database.close);
    return database;
  };
  const open: TestDatabase['open'] = async (schema, migrations, poolSize = 8) => {
    const database = openAs(schemaUrl(adminUrl, schema, password), schema, poolSize);
    await migrate(database, migrations, silentLog);
    return database;
  };
  return {
    adminUrl,
    password,
    open,
    openForRelay: (schema) => openAs(relayUrl(adminUrl, schema, password), schema, 2),
    openBus: async (redisUrl) => {
      const bus = await openBus({
        database: await open('bus', BUS_MIGRATIONS),
        redisUrl: redisUrl ?? null,
        log: silentLog,
      });
      closing.push(bus.close);
      return bus;
    },
    [Symbol.asyncDispose]: async () => {
      for (const close of closing.toReversed()) await close();
      await asAdmin(server, `drop database ${name} with (force)`);
    },
  };
}

async function asAdmin(server: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
