import { Client, escapeIdentifier, escapeLiteral } from 'pg';
import type { Secret } from './config.ts';

/** Every schema of the installation; each has a role of its own that sees no other. */
export const SCHEMAS = [
  'suppliers',
  'budgets',
  'approvals',
  'purchase_orders',
  'invoices',
  'schema_registry',
  'integration',
  'bus',
] as const;
export type Schema = (typeof SCHEMAS)[number];

/** The schemas whose outbox is relayed to the bus. */
export const OUTBOX_SCHEMAS = [
  'suppliers',
  'budgets',
  'approvals',
  'purchase_orders',
  'invoices',
  'schema_registry',
  'integration',
] as const satisfies readonly Schema[];

/** pg-boss keeps its tables in a schema of its own, owned by the integration role. */
export const JOBS_SCHEMA = 'integration_jobs';
const RELAY_ROLE = 'concord_relay';

/** Creates what is missing: roles with the password, schemas they own, and no way from one to another. Can be repeated. */
export async function provision(adminUrl: string, password: Secret): Promise<void> {
  await ensureRoles(adminUrl, password);
  await ensureSchemas(adminUrl);
}

/** Creates the roles of the cluster. */
export async function ensureRoles(adminUrl: string, password: Secret): Promise<void> {
  await withClient(adminUrl, async (client) => {
    for (const role of [RELAY_ROLE, ...SCHEMAS.map(roleOf)]) {
      const { rowCount } = await client.query('select from pg_roles where rolname = $1', [role]);
      const verb = rowCount === 0 ? 'create' : 'alter';
      const login = `login nosuperuser nocreatedb nocreaterole nobypassrls password ${escapeLiteral(password.reveal())}`;
      await client.query(`${verb} role ${escapeIdentifier(role)} ${login}`);
    }
  });
}

/** Creates the schemas in the database that the URL names. */
export async function ensureSchemas(adminUrl: string): Promise<void> {
  await withClient(adminUrl, async (client) => {
    const { rows } = await client.query<{ name: string }>('select current_database() as name');
    const database = escapeIdentifier(rows[0]?.name ?? 'postgres');
    await client.query('revoke all on schema public from public');
    for (const schema of SCHEMAS) {
      const role = escapeIdentifier(roleOf(schema));
      await client.query(`create schema if not exists ${schema} authorization ${role}`);
      await client.query(`alter role ${role} in database ${database} set search_path = ${schema}`);
    }
    await client.query(
      `create schema if not exists ${JOBS_SCHEMA} authorization ${escapeIdentifier(roleOf('integration'))}`,
    );
  });
}

/** The URL with which a schema's own role connects. */
export function schemaUrl(adminUrl: string, schema: Schema, password: Secret): string {
  return urlAs(adminUrl, roleOf(schema), password);
}

/** The URL with which the relay reads one schema's outbox. */
export function relayUrl(adminUrl: string, schema: Schema, password: Secret): string {
  const url = new URL(urlAs(adminUrl, RELAY_ROLE, password));
  url.searchParams.set('options', `-c search_path=${schema}`);
  return url.href;
}

function roleOf(schema: Schema): string {
  return `concord_${schema}`;
}

function urlAs(adminUrl: string, role: string, password: Secret): string {
  const url = new URL(adminUrl);
  url.username = role;
  url.password = password.reveal();
  return url.href;
}

async function withClient(
  adminUrl: string,
  work: (client: Client) => Promise<void>,
): Promise<void> {
  const client = new Client({
    connectionString: adminUrl,
    application_name: 'concord-provision',
  });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
