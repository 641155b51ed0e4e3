import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createGraphClient } from '../../hub/demo/graph-client.ts';
import { createDataFolder, removeDataFolder } from './data-folder.ts';
import type { ChildProcess } from 'node:child_process';
import type { GraphClient } from '../../hub/demo/graph-client.ts';

const MAIN = fileURLToPath(new URL('../../hub/main.ts', import.meta.url));
const START_TIMEOUT_MS = 280_000;
/** The highest offset of a hub's ports, see hub/ports.ts. */
const PORT_SPAN = 40;

/** A hub as a user starts it: its own process tree on its own ports and data. */
export interface HubProcess extends AsyncDisposable {
  readonly url: string;
  readonly socketUrl: string;
  readonly portBase: number;
  readonly dataFolder: string;
  readonly graph: GraphClient;
  tokenOf(login: string): Promise<string>;
  /** Ends the whole tree at once, PostgreSQL and the ERP simulator included, as a power cut would. */
  kill(): Promise<void>;
  /** Starts it again on the same data. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export async function startHubProcess(
  environment: Readonly<Record<string, string>> = {},
): Promise<HubProcess> {
  const dataFolder = await createDataFolder();
  const portBase = await freePorts();
  let child = await spawnHub(portBase, dataFolder, environment);
  const tokens = new Map<string, Promise<string>>();
  const tokenOf = (login: string): Promise<string> => {
    const kept = tokens.get(login) ?? fetchToken(portBase, login);
    tokens.set(login, kept);
    return kept;
  };
  const url = `http://127.0.0.1:${portBase}/graphql`;
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  };
  return {
    url,
    socketUrl: url.replace('http', 'ws'),
    portBase,
    dataFolder,
    graph: createGraphClient({ url, tokenOf }),
    tokenOf,
    stop,
    kill: async () => {
      const ended = once(child, 'exit');
      // The hub first, so that nothing can notice the end of its children and tidy up.
      child.kill('SIGKILL');
      await ended;
      await killPostgres(dataFolder);
    },
    restart: async () => {
      child = await spawnHub(portBase, dataFolder, environment);
    },
    [Symbol.asyncDispose]: async () => {
      await stop();
      await removeDataFolder(dataFolder);
    },
  };
}

async function spawnHub(
  portBase: number,
  dataFolder: string,
  environment: Readonly<Record<string, string>>,
): Promise<ChildProcess> {
  const child = spawn(process.execPath, [MAIN], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      PORT_BASE: String(portBase),
      CONCORD_DATA: dataFolder,
      DEMO: 'false',
      DURABLE: 'true',
      ...environment,
    },
  });
  let output = '';
  const ready = new Promise<void>((resolve, reject) => {
    const read = (piece: Buffer): void => {
      output += piece.toString('utf8');
      if (/^ready /m.test(output)) resolve();
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('exit', () => reject(new Error(`the hub ended before it was ready:\n${output}`)));
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), START_TIMEOUT_MS);
  await ready.finally(() => clearTimeout(timer));
  return child;
}

/** Kills the postmaster; its sessions end with it. It may already be going, because a guard watches its parent. */
async function killPostgres(dataFolder: string): Promise<void> {
  const pidFile = await readFile(join(dataFolder, 'postgres', 'postmaster.pid'), 'utf8').catch(
    () => '',
  );
  const pid = Number(pidFile.split('\n', 1)[0]);
  if (!Number.isInteger(pid) || pid <= 1) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

async function fetchToken(portBase: number, login: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${portBase + 2}/dev/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ login, expiresInSeconds: 6 * 3600 }),
  });
  const { accessToken } = (await response.json()) as { accessToken: string };
  return accessToken;
}

/** Tests run in several processes, which must not look at the same ports: theirs are used only seconds later. */
const WORKER = Number(process.env['JEST_WORKER_ID'] ?? 1) % 2;

/** The first of a run of ports that nobody uses: bases 100 apart, below those (32768 and up) that outgoing connections take. */
async function freePorts(): Promise<number> {
  for (let tries = 0; tries < 50; tries += 1) {
    const base = 20_000 + (2 * Math.floor(Math.random() * 60) + WORKER) * 100;
    const free = await Promise.all(
      [0, 1, 2, 11, 12, 13, 14, 15, 16, 20, 32].map((offset) => isFree(base + offset)),
    );
    if (base + PORT_SPAN < 65_000 && free.every(Boolean)) return base;
  }
  throw new Error('no run of free ports was found');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
