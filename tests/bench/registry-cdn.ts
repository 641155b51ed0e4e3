import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Secret } from '#kernel/config.ts';
import { newId, sha256 } from '#kernel/id.ts';
import { ensureRoles } from '#kernel/provision.ts';
import { startPostgres } from '../../hub/postgres.ts';
import { createArtifactWorld } from '../../schema-registry/artifact/test-world/artifact-world.ts';
import { createDataFolder, removeDataFolder } from '../support/data-folder.ts';
import { round } from './measure.ts';
import type { AddressInfo, Socket } from 'node:net';
import type { Line } from './main.ts';

const CONNECTIONS = 16;
const ROUNDS = 5;
const ROUND_MS = 1_500;
const WARM_UP_MS = 500;
/** The size of a supergraph of some hundred types. */
const BODY = 'type Order @join__type(graph: ORDERS, key: "id") { id: ID! }\n'.repeat(1_700);
const ETAG = `"${sha256(BODY)}"`;

/** A server under load: where it listens, and the request that is sent to it. */
interface Served {
  readonly port: number;
  readonly path: string;
  readonly key: string;
}

/**
 * Requests per second that the registry's artefact door answers from one thread, with a token checked and a signature sent,
 * against a bare Node server that answers the same bytes to anybody. Rounds alternate, and each server has its own thread.
 */
export async function benchCdn(): Promise<Line[]> {
  const dataFolder = await createDataFolder();
  const postgres = await startPostgres({
    dataFolder,
    port: await freePort(),
    password: 'test',
    durable: true,
    log: () => undefined,
  });
  try {
    await ensureRoles(postgres.url, new Secret('test'));
    return await compareServers(postgres.url);
  } finally {
    await postgres.stop();
    await removeDataFolder(dataFolder);
  }
}

async function compareServers(adminUrl: string): Promise<Line[]> {
  const door = await startServer({ role: 'door', adminUrl });
  const bare = await startServer({ role: 'bare', adminUrl });
  const size = `${Math.round(BODY.length / 1024)} KiB`;
  try {
    return [
      await compare({ what: '304', door, bare, headers: { 'if-none-match': ETAG } }),
      await compare({ what: `200 of ${size}`, door, bare, headers: {} }),
    ];
  } finally {
    await Promise.all([door.stop(), bare.stop()]);
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  return port;
}

interface Compared {
  readonly what: string;
  readonly door: Served;
  readonly bare: Served;
  readonly headers: Readonly<Record<string, string>>;
}

async function compare({ what, door, bare, headers }: Compared): Promise<Line> {
  const rates: { door: number; bare: number }[] = [];
  await requestsPerSecond(door, headers, WARM_UP_MS);
  await requestsPerSecond(bare, headers, WARM_UP_MS);
  for (let at = 0; at < ROUNDS; at += 1)
    rates.push({
      door: await requestsPerSecond(door, headers, ROUND_MS),
      bare: await requestsPerSecond(bare, headers, ROUND_MS),
    });
  const median = (of: (rate: (typeof rates)[number]) => number): number =>
    rates.map(of).toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0;
  return {
    what: `registry artefact door, ${what}, ${CONNECTIONS} connections`,
    hub: `${round(
      median((rate) => rate.door),
      0,
    )} requests/s`,
    floor: `${round(
      median((rate) => rate.bare),
      0,
    )} requests/s`,
    ratio: `${round(
      median((rate) => rate.door / rate.bare),
      2,
    )} × the floor's rate`,
  };
}

/** Keeps one request in flight per connection. Answers are counted by their length, which costs the client next to nothing. */
async function requestsPerSecond(
  { port, path, key }: Served,
  headers: Readonly<Record<string, string>>,
  durationMs: number,
): Promise<number> {
  const lines = [`GET ${path} HTTP/1.1`, `host: 127.0.0.1:${port}`, `x-hive-cdn-key: ${key}`];
  const extra = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const request = Buffer.from([...lines, ...extra, '', ''].join('\r\n'));
  const sockets = await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      return socket;
    }),
  );
  const length = await firstAnswer(sockets[0], request);
  let answers = 0;
  const startedMs = performance.now();
  await Promise.all(
    sockets.map(
      (socket) =>
        new Promise<void>((resolve) => {
          let bytes = 0;
          socket.on('data', (piece) => {
            bytes += piece.length;
            if (bytes < length) return;
            bytes -= length;
            answers += 1;
            if (performance.now() - startedMs < durationMs) socket.write(request);
            else socket.end(resolve);
          });
          socket.write(request);
        }),
    ),
  );
  return (answers * 1000) / (performance.now() - startedMs);
}

/** The length of one whole answer: all of them are equally long. */
async function firstAnswer(socket: Socket | undefined, request: Buffer): Promise<number> {
  if (socket === undefined) throw new Error('A connection is needed.');
  let answer = '';
  const complete = new Promise<number>((resolve) => {
    const read = (piece: Buffer): void => {
      answer += piece.toString('latin1');
      const head = answer.indexOf('\r\n\r\n');
      if (head === -1) return;
      const length = head + 4 + Number(/content-length: (\d+)/i.exec(answer)?.[1] ?? 0);
      if (answer.length < length) return;
      socket.off('data', read);
      resolve(length);
    };
    socket.on('data', read);
  });
  socket.write(request);
  return complete;
}

interface Role {
  readonly role: 'door' | 'bare';
  readonly adminUrl: string;
}

async function startServer(role: Role): Promise<Served & { stop(): Promise<void> }> {
  const worker = new Worker(new URL(import.meta.url), {
    workerData: role,
    env: { ...process.env, TEST_DATABASE_URL: role.adminUrl },
  });
  const [served] = (await once(worker, 'message')) as [Served];
  return {
    ...served,
    stop: async () => {
      worker.postMessage('stop');
      await once(worker, 'exit');
    },
  };
}

async function serveDoor(): Promise<void> {
  const world = await createArtifactWorld();
  const { production } = world.targets;
  await world.publish(production, { supergraph: BODY, semver: '1.0.0' });
  const key = await world.tokenFor('production');
  const path = `/artifacts/v1/${production}/supergraph`;
  parentPort?.postMessage({ port: Number(new URL(world.url).port), path, key } satisfies Served);
  parentPort?.once('message', () => void world[Symbol.asyncDispose]());
}

async function serveBare(): Promise<void> {
  const headers = {
    'x-correlation-id': newId(),
    'content-type': 'text/plain; charset=utf-8',
    vary: 'accept-encoding',
    'x-concord-target': newId(),
    'x-concord-version': newId(),
    'x-hive-schema-version-id': newId(),
    'x-concord-semver': '1.0.0',
    etag: ETAG,
    'cache-control': 'no-cache',
    'x-concord-signature': `${'k'.repeat(43)}.${'s'.repeat(86)}`,
  };
  const body = Buffer.from(BODY);
  const server = createServer((request, reply) => {
    if (request.headers['if-none-match'] === ETAG) reply.writeHead(304, headers).end();
    else reply.writeHead(200, { ...headers, 'content-length': String(body.length) }).end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  parentPort?.postMessage({ port, path: '/supergraph', key: 'x'.repeat(48) } satisfies Served);
  parentPort?.once('message', () => server.close());
}

if (!isMainThread && (workerData as Role | null)?.role === 'door') await serveDoor();
if (!isMainThread && (workerData as Role | null)?.role === 'bare') await serveBare();
