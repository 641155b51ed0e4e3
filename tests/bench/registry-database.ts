import { Client } from 'pg';
import { migrate, openDatabase } from '#kernel/database.ts';
import { silentLog } from '#kernel/log.ts';
import { ensureSchemas, schemaUrl } from '#kernel/provision.ts';
import type { Database } from '#kernel/database.ts';
import type { Bench } from './main.ts';

const MIGRATIONS = new URL('../../schema-registry/migrations/', import.meta.url);

export interface RegistryDatabase extends AsyncDisposable {
  readonly database: Database;
}

/** An empty registry's tables in a database of their own on the hub's server, dropped at the end. */
export async function openRegistryDatabase(
  bench: Bench,
  name: string,
  poolSize: number,
): Promise<RegistryDatabase> {
  const admin = new Client({ connectionString: bench.adminUrl });
  await admin.connect();
  await admin.query(`create database ${name}`);
  const adminUrl = Object.assign(new URL(bench.adminUrl), { pathname: `/${name}` }).href;
  await ensureSchemas(adminUrl);
  const url = schemaUrl(adminUrl, 'schema_registry', bench.password);
  const database = openDatabase({ url, schema: 'schema_registry', poolSize, log: silentLog });
  await migrate(database, MIGRATIONS, silentLog);
  return {
    database,
    [Symbol.asyncDispose]: async () => {
      await database.close();
      await admin.query(`drop database ${name} with (force)`);
      await admin.end();
    },
  };
}
