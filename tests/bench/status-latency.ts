import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { WebSocket } from 'ws';
import { subscribe } from '../support/subscription.ts';
import { createRequisition } from '../../hub/demo/procurement.ts';
import { durationsOf, round, timed } from './measure.ts';
import type { Bench, Line } from './main.ts';

const EVENTS = 300;
const QUERY =
  'subscription { statusEvents(filter: { eventTypes: ["concord.requisition.created.v1"] }) { ... on StatusEvent { document { id } } } }';

/** From the moment a write is acknowledged to the moment its event reaches a subscriber, against a raw WebSocket. */
export async function benchStatusLatency({ hub, world }: Bench): Promise<Line[]> {
  const arrivedAtMs = new Map<string, number>();
  const feed = subscribe<string>({
    socketUrl: hub.socketUrl,
    token: await hub.tokenOf('requestor'),
    query: QUERY,
    pick: (data) => {
      const { id } = (data['statusEvents'] as { document: { id: string } }).document;
      arrivedAtMs.set(id, performance.now());
      return id;
    },
  });
  const samples: number[] = [];
  for (let index = -20; index < EVENTS; index += 1) {
    const id = await createRequisition(world.graph, world.wanted(`latency-${index}`));
    const acknowledgedAtMs = performance.now();
    while (!arrivedAtMs.has(id)) await new Promise((resolve) => setImmediate(resolve));
    if (index >= 0) samples.push(Math.max(0, (arrivedAtMs.get(id) ?? 0) - acknowledgedAtMs));
  }
  await feed.close();
  const status = durationsOf(samples);
  const raw = await rawWebSocket();
  return [
    {
      what: 'status event, from the acknowledged write to the subscriber',
      hub: `p50 ${round(status.p50Ms)} ms, p99 ${round(status.p99Ms)} ms`,
      floor: `p50 ${round(raw.p50Ms, 2)} ms, p99 ${round(raw.p99Ms, 2)} ms`,
      ratio: `${round(status.p50Ms / raw.p50Ms)} × the floor's p50`,
    },
  ];
}

/** One way over a WebSocket between two processes of this machine: half of an echo. */
async function rawWebSocket() {
  const server = spawn(process.execPath, ['--input-type=module', '--eval', ECHO_SERVER], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [port] = (await once(server.stdout, 'data')) as [Buffer];
  const client = new WebSocket(`ws://127.0.0.1:${port.toString().trim()}`);
  await once(client, 'open');
  const samples: number[] = [];
  for (let index = 0; index < EVENTS; index += 1) {
    const echoMs = await timed(async () => {
      client.send('x'.repeat(300));
      await once(client, 'message');
    });
    samples.push(echoMs / 2);
  }
  client.close();
  server.kill();
  return durationsOf(samples);
}

const ECHO_SERVER = `
  import { WebSocketServer } from 'ws';
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' }, () => console.log(server.address().port));
  server.on('connection', (socket) => socket.on('message', (data) => socket.send(data)));
`;
