import * as config from '#kernel/config.ts';
import { migrate, openDatabase } from '#kernel/database.ts';
import { createLog } from '#kernel/log.ts';
import { provision, schemaUrl, SCHEMAS } from '#kernel/provision.ts';
import type { Schema } from '#kernel/provision.ts';

/** Where each schema's numbered SQL files are. */
const MIGRATIONS: Readonly<Record<Schema, string>> = {
  suppliers: '../subgraphs/suppliers/migrations/',
  budgets: '../subgraphs/budgets/migrations/',
  approvals: '../subgraphs/approvals/migrations/',
  purchase_orders: '../subgraphs/purchase-orders/migrations/',
  invoices: '../subgraphs/invoices/migrations/',
  schema_registry: '../schema-registry/migrations/',
  integration: '../integration/migrations/',
  bus: '../kernel/bus-migrations/',
};

const settings = config.readConfig(config.processEnvironment(), {
  DATABASE_URL: config.url('the superuser URL of the PostgreSQL to prepare'),
  CONCORD_DATABASE_PASSWORD: config.secret("the password of the rooms' roles"),
});

const log = createLog({ level: 'info' });
await provision(settings.DATABASE_URL, settings.CONCORD_DATABASE_PASSWORD);
for (const schema of SCHEMAS) {
  const url = schemaUrl(settings.DATABASE_URL, schema, settings.CONCORD_DATABASE_PASSWORD);
  const database = openDatabase({ url, schema, poolSize: 1, log });
  await migrate(database, new URL(MIGRATIONS[schema], import.meta.url), log);
  await database.close();
}
process.stdout.write(`${SCHEMAS.length} schemas are up to date.\n`);
