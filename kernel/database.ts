import { readdir, readFile } from 'node:fs/promises';
import { DatabaseError, Pool, types as pgTypes } from 'pg';
import type { CustomTypesConfig, PoolClient } from 'pg';
import { isRecord } from './json.ts';
import { startListener } from './listener.ts';
import { errorText } from './log.ts';
import type { Listener } from './listener.ts';
import type { Log } from './log.ts';

/** Runs statements: a pool, or the connection of one transaction. */
export interface Sql {
  /** The rows of one statement. Parameters are `$1`, `$2`, …; bigint columns come back as bigint, numeric as text. */
  query<Row>(statement: string, parameters?: readonly unknown[]): Promise<Row[]>;
}

/** One transaction's connection. */
export interface Transaction extends Sql {
  /** Signals a channel once the transaction has committed; never when it has not. */
  signalOnCommit(channel: string): void;
}

export interface Database extends Sql {
  /** The schema this database's role owns; it can see no other. */
  readonly schema: string;
  /**
   * Runs `work` in one transaction: all of it is durable when the promise resolves, none of it when it
   * rejects. A serialization failure or deadlock is tried again, so `work` must have no effect outside.
   */
  transaction<Value>(work: (tx: Transaction) => Promise<Value>): Promise<Value>;
  /**
   * Calls `onSignal` at every signal on the channel, and after each reconnection, because signals sent
   * meanwhile are lost: a signal says "look", it never carries the fact.
   */
  listen(channel: string, onSignal: () => void): Promise<Listener>;
  close(): Promise<void>;
}

/** Deadlocks and serialization failures are the database's way to ask for a second try. */
const RETRYABLE_SQLSTATES = new Set(['40001', '40P01']);
const TRANSACTION_ATTEMPTS_MAX = 4;
/** A statement that runs longer holds locks that others wait for; none of ours needs a tenth of it. */
const STATEMENT_TIMEOUT_MS = 15_000;
const CONNECT_TIMEOUT_MS = 5_000;

export function openDatabase(options: {
  url: string;
  schema: string;
  poolSize: number;
  log: Log;
}): Database {
  const pool = new Pool({
    connectionString: options.url,
    max: options.poolSize,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: `concord-${options.schema}`,
    types,
  });
  pool.on('error', (error) => {
    options.log.warn({
      event: 'database.connection-lost',
      schema: options.schema,
      error: errorText(error),
    });
  });
  const signal = createSignaller(pool);
  return {
    schema: options.schema,
    query: (statement, parameters) => run(pool, statement, parameters),
    transaction: (work) => inTransaction(pool, work, signal),
    listen: (channel, onSignal) =>
      startListener({
        url: options.url,
        schema: options.schema,
        channel,
        onSignal,
        log: options.log,
      }),
    close: () => pool.end(),
  };
}

/**
 * Signals outside the transaction, because NOTIFY inside one makes all commits of the server queue up
 * behind its fsync. While one signal of a channel is on its way, later ones are folded into the next.
 */
function createSignaller(pool: Pool): (channel: string) => void {
  const pending = new Map<string, boolean>();
  function signal(channel: string): void {
    if (pending.has(channel)) {
      pending.set(channel, true);
      return;
    }
    pending.set(channel, false);
    void send(channel);
  }
  async function send(channel: string): Promise<void> {
    // A lost signal costs only latency: whoever waits for it also looks by itself.
    await pool.query('select pg_notify($1, $2)', [channel, '']).catch(() => undefined);
    const again = pending.get(channel) === true;
    pending.delete(channel);
    if (again) signal(channel);
  }
  return signal;
}

async function inTransaction<Value>(
  pool: Pool,
  work: (tx: Transaction) => Promise<Value>,
  signal: (channel: string) => void,
): Promise<Value> {
  for (let attempt = 1; ; attempt += 1) {
    const client = await pool.connect();
    // A lent connection is not watched by its pool: unheard, its loss between two statements would end the process.
    client.on('error', heardByNextStatement);
    const channels = new Set<string>();
    let failure: Error | undefined;
    try {
      await client.query('begin');
      const value = await work({
        query: (statement, parameters) => run(client, statement, parameters),
        signalOnCommit: (channel) => void channels.add(channel),
      });
      const { command } = await client.query('commit');
      // PostgreSQL answers the commit of a failed transaction with a rollback, and calls that a success.
      if (command !== 'COMMIT') {
        throw new Error(
          'Nothing was committed: a statement of the transaction failed, and its error was not passed on.',
        );
      }
      channels.forEach(signal);
      return value;
    } catch (error) {
      failure = await rolledBack(client);
      if (attempt >= TRANSACTION_ATTEMPTS_MAX || !RETRYABLE_SQLSTATES.has(sqlState(error)))
        throw error;
    } finally {
      client.off('error', heardByNextStatement);
      client.release(failure);
    }
  }
}

function heardByNextStatement(): void {
  // The connection is gone: every further statement on it rejects, which is where the caller hears of it.
}

/** Rolls back; a connection that cannot even do that is thrown away by its pool. */
async function rolledBack(client: PoolClient): Promise<Error | undefined> {
  try {
    await client.query('rollback');
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

async function run<Row>(
  runner: Pool | PoolClient,
  statement: string,
  parameters: readonly unknown[] = [],
): Promise<Row[]> {
  const result = await runner.query(statement, [...parameters]);
  return result.rows as Row[];
}

/** The five characters PostgreSQL gives an error, or an empty text when the error is not PostgreSQL's. */
export function sqlState(error: unknown): string {
  return error instanceof DatabaseError ? (error.code ?? '') : '';
}

/** PostgreSQL's classes for a lost connection, a server that ends or starts, and one that is out of resources. */
const OUTAGE_SQLSTATE = /^(08|57P|53)/;
/** How the driver and the network say so; these errors carry no SQLSTATE. */
const OUTAGE_CODE = /^E(CONN|TIMEDOUT|PIPE|NOTFOUND|AI_AGAIN|HOSTUNREACH|NETUNREACH)/;
const OUTAGE_TEXT = /^(Connection terminated|timeout e|Client (has|was)|Cannot use a pool)/;

/** Could the database not be reached or not serve, so that the same work may succeed later? */
export function isOutage(error: unknown): boolean {
  if (error instanceof DatabaseError) return OUTAGE_SQLSTATE.test(error.code ?? '');
  if (!isRecord(error)) return false;
  return OUTAGE_CODE.test(String(error['code'])) || OUTAGE_TEXT.test(String(error['message']));
}

/** The name of the unique or check constraint that refused a row, or null. */
export function violatedConstraint(error: unknown): string | null {
  return error instanceof DatabaseError && error.code?.startsWith('23') === true
    ? (error.constraint ?? null)
    : null;
}

/** Keeps exact what JavaScript would blur, by type OID: int8 as bigint, numeric and date as text. */
const READ_AS: Readonly<Record<number, (value: string) => unknown>> = {
  20: BigInt,
  1700: String,
  1082: String,
};
const types: CustomTypesConfig = {
  getTypeParser: (oid, format) => READ_AS[oid] ?? pgTypes.getTypeParser(oid, format),
};

/** Every schema has the kernel's tables (outbox, inbox, idempotency) before its own. */
const KERNEL_MIGRATIONS = new URL('./migrations/', import.meta.url);
/** One migration run at a time per schema, whatever number of processes start together. */
const MIGRATION_LOCK = 4_711_001;

/** Applies the numbered SQL files that this schema has not seen yet, all in one transaction. */
export async function migrate(database: Database, folder: URL, log: Log): Promise<void> {
  const files = [
    ...(await migrationsIn(KERNEL_MIGRATIONS, 'kernel')),
    ...(await migrationsIn(folder, 'own')),
  ];
  const applied = await database.transaction(async (tx) => {
    await tx.query('select pg_advisory_xact_lock($1, hashtext(current_schema()))', [
      MIGRATION_LOCK,
    ]);
    await tx.query(
      'create table if not exists migration (name text primary key, applied_at timestamptz not null default now())',
    );
    const rows = await tx.query<{ name: string }>('select name from migration');
    const known = new Set(rows.map((row) => row.name));
    const pending = files.filter((file) => !known.has(file.name));
    for (const file of pending) {
      await tx.query(file.sql);
      await tx.query('insert into migration (name) values ($1)', [file.name]);
    }
    return pending.map((file) => file.name);
  });
  if (applied.length > 0)
    log.info({ event: 'database.migrated', schema: database.schema, migrations: applied });
}

async function migrationsIn(folder: URL, prefix: string): Promise<{ name: string; sql: string }[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  return Promise.all(
    names.map(async (name) => ({
      name: `${prefix}/${name}`,
      sql: await readFile(new URL(name, folder), 'utf8'),
    })),
  );
}
