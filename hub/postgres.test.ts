import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  mkdir,
  mkdtemp,
  readFile,
  readlink,
  realpath,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Client } from 'pg';
import { startPostgres } from './postgres.ts';
import type { AddressInfo } from 'node:net';
import type { Postgres, PostgresEvent } from './postgres.ts';

jest.setTimeout(60_000);

const PASSWORD = 'a password with @ / : in it';
const module = new URL('postgres.ts', import.meta.url).href;
const cleanups: (() => Promise<unknown> | void)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

describe('the embedded PostgreSQL', () => {
  it('starts, takes work, stops, and has its data after the next start', async () => {
    const dataFolder = await temporaryFolder();
    const port = await freePort();
    const first = await start(dataFolder, port);
    await query(first.url, 'create table kept as select 42 as answer');
    await first.stop();
    await expect(query(first.url, 'select 1')).rejects.toThrow(/ECONNREFUSED/);
    const second = await start(dataFolder, port);
    expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
    expect(first.events).toEqual(['postgres.initialised', 'postgres.started', 'postgres.stopped']);
    expect(second.events).toEqual(['postgres.started']);
  });

  it('is PostgreSQL 18 in UTF-8 with the builtin C.UTF-8 locale, on the loopback interface, durable when asked', async () => {
    const { url } = await start(await temporaryFolder(), await freePort(), { durable: true });
    const [row] = await query(
      url,
      `select current_setting('server_version_num')::int / 10000 as major, pg_encoding_to_char(encoding) as encoding, datlocprovider, datlocale,
              current_setting('listen_addresses') as listen, current_setting('fsync') as fsync, current_setting('shared_buffers') as buffers,
              current_setting('max_connections') as connections, lower('ÄÖŻ') as lowered
         from pg_database where datname = current_database()`,
    );
    expect(row).toEqual({
      major: 18,
      encoding: 'UTF8',
      datlocprovider: 'b',
      datlocale: 'C.UTF-8',
      listen: '127.0.0.1',
      fsync: 'on',
      buffers: '128MB',
      connections: '200',
      lowered: 'äöż',
    });
  });

  it('asks every connection for the password', async () => {
    const { url } = await start(await temporaryFolder(), await freePort());
    const wrong = new URL(url);
    wrong.password = 'wrong';
    await expect(query(wrong.href, 'select 1')).rejects.toMatchObject({ code: '28P01' });
    const rules = await query(url, 'select distinct auth_method from pg_hba_file_rules');
    expect(rules).toEqual([{ auth_method: 'scram-sha-256' }]);
  });

  it('names a password that differs from the one the cluster was made with', async () => {
    const dataFolder = await temporaryFolder();
    const first = await start(dataFolder, await freePort());
    await first.stop();
    await expect(
      start(dataFolder, await freePort(), { password: 'another' }),
    ).rejects.toMatchObject({ code: 'POSTGRES_PASSWORD_WRONG' });
    await (await start(dataFolder, await freePort())).stop();
  });

  it('runs two clusters side by side', async () => {
    const [one, two] = await Promise.all([
      start(await temporaryFolder(), await freePort()),
      start(await temporaryFolder(), await freePort()),
    ]);
    await query(one.url, 'create table only_here ()');
    expect(await query(two.url, `select to_regclass('only_here') as found`)).toEqual([
      { found: null },
    ]);
  });

  it('refuses a port that is no port, or is in use, and leaves the folder free', async () => {
    const dataFolder = await temporaryFolder();
    await expect(start(dataFolder, 70_000)).rejects.toMatchObject({
      code: 'POSTGRES_PORT_INVALID',
    });
    const occupant = createServer().listen(0, '127.0.0.1');
    await once(occupant, 'listening');
    cleanups.push(() => void occupant.close());
    const { port } = occupant.address() as AddressInfo;
    await expect(start(dataFolder, port)).rejects.toMatchObject({
      code: 'POSTGRES_PORT_IN_USE',
      message: expect.stringContaining(String(port)),
    });
    await start(dataFolder, await freePort());
  });

  it('refuses a second start on a folder that a living process uses', async () => {
    const dataFolder = await temporaryFolder();
    const first = await start(dataFolder, await freePort());
    await expect(start(dataFolder, await freePort())).rejects.toMatchObject({
      code: 'POSTGRES_DATA_IN_USE',
    });
    expect(await query(first.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('shows the end of the server log when the server does not start', async () => {
    const dataFolder = await temporaryFolder();
    await (await start(dataFolder, await freePort())).stop();
    const conf = join(await realpath(join(dataFolder, 'postgres')), 'postgresql.conf');
    await writeFile(conf, 'no_such_setting = 1\n');
    await expect(start(dataFolder, await freePort())).rejects.toMatchObject({
      code: 'POSTGRES_START_FAILED',
      message: expect.stringContaining('no_such_setting'),
    });
  });

  it('refuses a cluster of another PostgreSQL', async () => {
    const dataFolder = await temporaryFolder();
    await mkdir(join(dataFolder, 'postgres'));
    await writeFile(join(dataFolder, 'postgres', 'PG_VERSION'), '15\n');
    await expect(start(dataFolder, await freePort())).rejects.toMatchObject({
      code: 'POSTGRES_DATA_UNUSABLE',
      message: expect.stringContaining('15'),
    });
  });
});

describe('after a kill', () => {
  it('recovers acknowledged writes when the server itself was killed', async () => {
    const dataFolder = await temporaryFolder();
    const first = await start(dataFolder, await freePort(), { durable: true });
    await query(first.url, 'create table kept as select 1 as answer');
    process.kill(await serverPid(dataFolder), 'SIGKILL');
    await waitFor(() => first.events.includes('postgres.died'));
    await first.stop();
    const second = await start(dataFolder, await freePort(), { durable: true });
    expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 1 }]);
  });

  it('is started again when the server was killed under a hub that lives', async () => {
    const dataFolder = await temporaryFolder();
    const { url, events } = await start(dataFolder, await freePort(), { durable: true });
    await query(url, 'create table kept as select 1 as answer');
    process.kill(await serverPid(dataFolder), 'SIGKILL');
    await waitFor(() => events.filter((event) => event === 'postgres.started').length === 2);
    expect(await query(url, 'select answer from kept')).toEqual([{ answer: 1 }]);
  });

  it('takes no foreign process for a server because of its id', async () => {
    const dataFolder = await temporaryFolder();
    const first = await start(dataFolder, await freePort());
    process.kill(await serverPid(dataFolder), 'SIGKILL');
    await waitFor(() => first.events.includes('postgres.died'));
    await first.stop();
    const stranger = spawn('sleep', ['60'], { stdio: 'ignore' });
    cleanups.push(() => void stranger.kill());
    const pidFile = join(await realpath(join(dataFolder, 'postgres')), 'postmaster.pid');
    const [, ...lines] = (await readFile(pidFile, 'utf8')).split('\n');
    await writeFile(pidFile, [stranger.pid, ...lines].join('\n'));
    await start(dataFolder, await freePort());
    expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
  });

  it('ends with the process that started it', async () => {
    const dataFolder = await temporaryFolder();
    const hub = await startInOtherProcess(dataFolder);
    const pid = await serverPid(dataFolder);
    hub.kill('SIGKILL');
    await waitFor(() => !isAlive(pid));
    const log = await readFile(`${await realpath(join(dataFolder, 'postgres'))}.log`, 'utf8');
    expect(log).toContain('received fast shutdown request');
  });

  it('stops the orphan of a killed process, keeps its data and starts', async () => {
    const dataFolder = await temporaryFolder();
    const hub = await startInOtherProcess(dataFolder);
    const pid = await serverPid(dataFolder);
    // The whole tree dies but the server: its guard, the shell that waits on the hub, goes first.
    for (const guard of await guardsOf(pid)) process.kill(guard, 'SIGKILL');
    hub.kill('SIGKILL');
    await once(hub, 'exit');
    await pause(300);
    expect(isAlive(pid)).toBe(true);
    const next = await start(dataFolder, await freePort());
    expect(next.events).toEqual(['postgres.orphan-stopped', 'postgres.started']);
    await waitFor(() => !isAlive(pid));
    expect(await query(next.url, 'select answer from kept')).toEqual([{ answer: 7 }]);
  });
});

const asRoot = process.getuid?.() === 0;

(asRoot ? describe : describe.skip)('as root', () => {
  it('runs as another user, with its data where that user can write', async () => {
    const dataFolder = await temporaryFolder();
    const { url } = await start(dataFolder, await freePort());
    expect((await stat(join(dataFolder, 'postgres', 'PG_VERSION'))).uid).not.toBe(0);
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('keeps the data of a private folder in a place that the other user can reach, and links it', async () => {
    const home = await temporaryFolder();
    await chmod(home, 0o700);
    const dataFolder = join(home, 'checkout', '.data');
    const first = await start(dataFolder, await freePort());
    await query(first.url, 'create table kept as select 5 as answer');
    await first.stop();
    const cluster = await readlink(join(dataFolder, 'postgres'));
    cleanups.push(() => removeAll([cluster, `${cluster}.log`, `${cluster}.log.previous`]));
    expect(cluster.startsWith(home)).toBe(false);
    expect((await stat(cluster)).mode & 0o777).toBe(0o700);
    const second = await start(dataFolder, await freePort());
    expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 5 }]);
    await chmod(home, 0o755);
  });
});

async function start(
  dataFolder: string,
  port: number,
  changes: { durable?: boolean; password?: string } = {},
): Promise<Postgres & { events: PostgresEvent['event'][] }> {
  const events: PostgresEvent['event'][] = [];
  const options = { dataFolder, port, password: PASSWORD, durable: false, ...changes };
  const postgres = await startPostgres({ ...options, log: ({ event }) => void events.push(event) });
  cleanups.push(() => postgres.stop());
  return { ...postgres, events };
}

/** A process that starts a server with a table `kept`, says so and waits to be killed. */
async function startInOtherProcess(dataFolder: string): Promise<ReturnType<typeof spawn>> {
  const options = JSON.stringify({
    dataFolder,
    port: await freePort(),
    password: PASSWORD,
    durable: false,
  });
  const script = `
    const { startPostgres } = await import(${JSON.stringify(module)});
    const { Client } = await import('pg');
    const { url } = await startPostgres({ ...${options}, log: () => undefined });
    const client = new Client(url);
    await client.connect();
    await client.query('create table kept as select 7 as answer');
    console.log('ready');
    setInterval(() => undefined, 1000);`;
  const cwd = new URL('..', import.meta.url).pathname;
  const hub = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  cleanups.push(() => void hub.kill('SIGKILL'));
  await once(hub.stdout, 'data');
  return hub;
}

async function query(url: string, sql: string): Promise<readonly unknown[]> {
  const client = new Client(url);
  await client.connect();
  // A killed server ends sessions with an error event beside the refused statement.
  client.on('error', () => undefined);
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function serverPid(dataFolder: string): Promise<number> {
  return Number(
    (await readFile(join(dataFolder, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0],
  );
}

async function guardsOf(pid: number): Promise<number[]> {
  const search = spawn('ps', ['-eo', 'pid=,args='], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  for await (const chunk of search.stdout) text += String(chunk);
  return text
    .split('\n')
    .filter((line) => line.includes('read -r line') && line.endsWith(` ${pid}`))
    .map((line) => Number.parseInt(line, 10));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function waitFor(condition: () => boolean): Promise<void> {
  const until = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > until) throw new Error('The condition did not come true within 20 s.');
    await pause(20);
  }
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'concord-postgres-test-'));
  // The server's own user must reach it, as in an ordinary checkout.
  await chmod(folder, 0o755);
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => void server.close(resolve));
  return port;
}

async function removeAll(paths: readonly string[]): Promise<void> {
  for (const path of paths) await rm(path, { recursive: true, force: true });
}
