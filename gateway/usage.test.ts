import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { HOUR_MS, shifted, systemClock } from '#kernel/clock.ts';
import { silentLog } from '#kernel/log.ts';
import { createWorld } from './test-world/world.ts';
import { until } from '../tests/support/until.ts';
import { createUsageSpool } from './usage-spool.ts';
import { startUsageReporting } from './usage.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Gateway } from './main.ts';
import type { World } from './test-world/world.ts';
import type { UsageOptions } from './usage.ts';

let world: World;
let folder: string;
const closing: (() => Promise<void>)[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'concord-usage-'));
  world = await createWorld();
});
afterEach(async () => {
  world.registry.usage.answer = 'take';
  for (const close of closing.splice(0)) await close();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const FLUSH_MS = 40;
const options = (gatewayId: string, spool = false): UsageOptions => ({
  ...world.registry.following,
  gatewayId,
  flushMs: FLUSH_MS,
  spoolFile: spool ? join(folder, gatewayId, 'usage-reports.jsonl') : null,
});
const spooled = (gatewayId: string): Promise<string> =>
  readFile(join(folder, gatewayId, 'usage-reports.jsonl'), 'utf8').catch(() => '');

async function spooledOperations(gatewayId: string): Promise<number> {
  const reports = await createUsageSpool(join(folder, gatewayId, 'usage-reports.jsonl')).load();
  return reports.reduce((sum, { operations }) => sum + operations, 0);
}

const reportsOf = (gatewayId: string) =>
  world.registry.usage.reports.filter(({ gateway }) => gateway === gatewayId);
/** Every entry that came, with the operation that it names. */
const entriesOf = (gatewayId: string) =>
  reportsOf(gatewayId).flatMap(({ report }) =>
    report.operations.map((entry) => ({ ...entry, ...report.map[entry.operationMapKey] })),
  );
const subscriptionsOf = (gatewayId: string) =>
  reportsOf(gatewayId).flatMap(({ report }) =>
    report.subscriptionOperations.map((entry) => ({
      ...entry,
      ...report.map[entry.operationMapKey],
    })),
  );

async function start(gatewayId: string, spool = false): Promise<Gateway> {
  const gateway = await world.startAnother({ usage: options(gatewayId, spool) });
  closing.push(gateway.close);
  return gateway;
}

async function ask(
  gateway: { readonly url: string },
  query: string,
  more: { variables?: object; headers?: Record<string, string>; operationName?: string } = {},
): Promise<number> {
  const { headers, ...body } = more;
  const token = await world.issuer.token({ roles: ['architect'] });
  const response = await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${token}`,
      ...headers,
    },
    body: JSON.stringify({ query, ...body }),
  });
  await response.text();
  return response.status;
}

/** Reporting alone, without a gateway around it: it says that it is there. */
async function startReporting(gatewayId: string, clock: Clock = systemClock): Promise<void> {
  const reporting = await startUsageReporting({ ...options(gatewayId), clock, log: silentLog });
  closing.push(reporting.close);
}

describe('a gateway that reports usage', () => {
  it('says at once that it is there', async () => {
    await start('there');
    await until(() => reportsOf('there').length > 0);
    expect(reportsOf('there')[0]).toMatchObject({
      version: '2',
      report: { size: 0, map: {}, operations: [], subscriptionOperations: [] },
    });
  });

  it('tells what each operation used, how it went and which client sent it', async () => {
    const gateway = await start('telling');
    const query =
      'query Orders($id: ID!, $n: Int = 3) { mine: order(id: $id) { status supplier { name } } echo(number: $n) }';
    const headers = { 'graphql-client-name': 'portal', 'graphql-client-version': '1.4.0' };
    await ask(gateway, query, { variables: { id: 'secret-815' }, headers });
    await ask(gateway, query, { variables: { id: 'secret-816', n: null } });
    await until(() => entriesOf('telling').length === 2);
    const [one, other] = entriesOf('telling');
    expect(one).toMatchObject({
      operation:
        'query Orders($id:ID!$n:Int=0){echo(number:$n)order(id:$id){status supplier{name}}}',
      operationName: 'Orders',
      fields: [
        'Order',
        'Order.status',
        'Order.supplier',
        'Query',
        'Query.echo',
        'Query.echo.number',
        'Query.echo.number!',
        'Query.order',
        'Query.order.id',
        'Query.order.id!',
        'Status',
        'Status.CLOSED',
        'Status.OPEN',
        'Supplier',
        'Supplier.name',
      ],
      execution: { ok: true, errorsTotal: 0 },
      metadata: { client: { name: 'portal', version: '1.4.0' } },
    });
    expect(one?.execution.duration).toBeGreaterThan(10_000);
    expect(Math.abs((one?.timestamp ?? 0) - Date.now())).toBeLessThan(60_000);
    expect(other?.fields).not.toContain('Query.echo.number!');
    expect(other?.metadata).toEqual({});
    expect(JSON.stringify(reportsOf('telling'))).not.toMatch(/secret-|mine/);
  });

  it.each([
    ['apollographql-client-name', 'apollographql-client-version'],
    ['x-graphql-client-name', 'x-graphql-client-version'],
  ])('knows a client by %s', async (name, version) => {
    const gateway = await start(name);
    await ask(gateway, '{ echo }', { headers: { [name]: 'mobile', [version]: '7' } });
    await ask(gateway, '{ echo }', { headers: { [name]: 'n'.repeat(500) } });
    await until(() => entriesOf(name).length === 2);
    expect(entriesOf(name).map(({ metadata }) => metadata.client)).toEqual([
      { name: 'mobile', version: '7' },
      { name: 'n'.repeat(100), version: 'unknown' },
    ]);
  });

  it('counts failed answers as failed, and what was never executed not at all', async () => {
    const gateway = await start('failing');
    world.subgraphs.switches.supplierNameFails = true;
    await ask(gateway, '{ order(id: 1) { supplier { name } } }');
    world.subgraphs.switches.supplierNameFails = false;
    expect(await ask(gateway, '{ order(id: 1) { nothing } }')).toBe(400);
    expect(await ask(gateway, '{ __schema { queryType { name } } }')).toBe(200);
    expect(await ask(gateway, '{ __typename }')).toBe(200);
    await ask(gateway, 'mutation { renameOrder(id: 1, note: "IBAN DE89") { note } }');
    await until(() => entriesOf('failing').length >= 2);
    expect(
      entriesOf('failing').map(({ operation, execution }) => [
        operation,
        execution.ok,
        execution.errorsTotal,
      ]),
    ).toEqual([
      ['{order(id:0){supplier{name}}}', false, 1],
      ['mutation{renameOrder(id:0 note:""){note}}', true, 0],
    ]);
  });

  it('counts a subscription once, and operations over a WebSocket too', async () => {
    const gateway = await start('streaming');
    const { createClient } = await import('graphql-ws');
    const { WebSocket } = await import('ws');
    const client = createClient({
      url: `${gateway.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: {
        authorization: `Bearer ${await world.issuer.token()}`,
        client: { name: 'console', version: '2' },
      },
    });
    const query = 'subscription Watch { orderEvents(id: 1, count: 3) { sequence order { note } } }';
    for await (const event of client.iterate({ query })) expect(event.errors).toBeUndefined();
    for await (const event of client.iterate({ query: '{ echo }' })) {
      expect(event.errors).toBeUndefined();
    }
    await client.dispose();
    await until(() => subscriptionsOf('streaming').length + entriesOf('streaming').length >= 2);
    expect(subscriptionsOf('streaming')).toMatchObject([
      {
        operationName: 'Watch',
        fields: expect.arrayContaining([
          'Subscription.orderEvents',
          'OrderEvent.order',
          'Order.note',
        ]),
        metadata: { client: { name: 'console', version: '2' } },
      },
    ]);
    expect(entriesOf('streaming')).toMatchObject([
      { operation: '{echo}', metadata: { client: { name: 'console' } } },
    ]);
  });

  it('tells of the schema that an operation was answered with, across a swap', async () => {
    const gateway = await start('swapping');
    await ask(gateway, '{ order(id: 1) { id } }');
    const version = world.registry.publish(world.subgraphs.compose('extra0: Int'));
    await until(() => gateway.supergraphVersion() === version);
    await ask(gateway, '{ order(id: 1) { id extra0 } }');
    await until(() => entriesOf('swapping').length === 2);
    expect(entriesOf('swapping')[1]?.fields).toContain('Order.extra0');
  });
});

describe('a registry that does not take reports', () => {
  it.each([503, 401, 403, 404, 429])(
    'is asked again after %s, and counts each once',
    async (status) => {
      const id = `again-${status}`;
      world.registry.usage.answer = status;
      const { attempts } = world.registry.usage;
      await startReporting(id);
      await until(() => world.registry.usage.attempts > attempts);
      world.registry.usage.answer = 'take';
      await until(() => reportsOf(id).length === 1);
    },
  );

  it('but took one and did not say so, gets it again under the same id', async () => {
    world.registry.usage.answer = 'take and fail';
    const gateway = await start('twice');
    await ask(gateway, '{ echo }');
    const { repeated } = world.registry.usage;
    await until(() => world.registry.usage.repeated > repeated);
    world.registry.usage.answer = 'take';
    await until(() => entriesOf('twice').length === 1);
    await gateway.close();
    expect(entriesOf('twice')).toHaveLength(1);
  });

  it('because one is malformed to it, gets the later ones', async () => {
    world.registry.usage.answer = 400;
    const gateway = await start('refused');
    await ask(gateway, '{ echo(number: 1) }');
    const told = (): boolean => JSON.stringify(world.logged).includes('1 operations were refused');
    await until(told);
    world.registry.usage.answer = 'take';
    await ask(gateway, '{ order(id: 1) { id } }');
    await until(() => entriesOf('refused').length > 0);
    expect(entriesOf('refused').map(({ operation }) => operation)).toEqual(['{order(id:0){id}}']);
  });

  it('holds up no request while it says nothing, nor for long a gateway that closes', async () => {
    world.registry.usage.answer = 'hang';
    const gateway = await start('silent', true);
    const typicalMs = await medianOf(30, () => ask(gateway, '{ echo }'));
    expect(typicalMs).toBeLessThan(1_000);
    await gateway.close();
    expect(await spooled('silent')).not.toBe('');
    world.registry.usage.answer = 'take';
    await start('silent', true);
    await until(() => entriesOf('silent').length === 30);
    await until(async () => (await spooled('silent')) === '');
  });
});

async function medianOf(count: number, work: () => Promise<unknown>): Promise<number> {
  const samples: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const startedMs = performance.now();
    await work();
    samples.push(performance.now() - startedMs);
  }
  return samples.toSorted((one, other) => one - other)[Math.floor(count / 2)]!;
}

describe('a gateway that ends', () => {
  it('sends what it has before', async () => {
    const gateway = await world.startAnother({
      usage: { ...options('ending'), flushMs: HOUR_MS },
    });
    await ask(gateway, '{ echo }');
    await gateway.close();
    expect(entriesOf('ending')).toHaveLength(1);
  });

  it('without a word has lost nothing that could not be sent', async () => {
    world.registry.usage.answer = 503;
    const first = await startProcess('killed');
    await ask(first, '{ echo }');
    await ask(first, '{ order(id: 1) { id } }');
    // Two questions may fall into two reports.
    await until(async () => (await spooledOperations('killed')) === 2);
    await first.kill();
    world.registry.usage.answer = 'take';
    const second = await startProcess('killed');
    await until(() => entriesOf('killed').length === 2);
    await second.kill();
    expect(new Set(entriesOf('killed').map(({ operation }) => operation)).size).toBe(2);
  });
});

/** The gateway's own program, with its settings. */
async function startProcess(gatewayId: string) {
  const { following } = world.registry;
  const { rules } = world.issuer;
  const child = spawn(process.execPath, [fileURLToPath(new URL('./main.ts', import.meta.url))], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PORT: '0',
      HOST: '127.0.0.1',
      REGISTRY_URL: following.url,
      REGISTRY_TARGET_ID: following.targetId,
      REGISTRY_TOKEN: following.token.reveal(),
      REGISTRY_TRUSTED_KEYS: following.trustedKeys.join(','),
      GATEWAY_ID: gatewayId,
      USAGE_FLUSH_SECONDS: '1',
      USAGE_SPOOL_FILE: join(folder, gatewayId, 'usage-reports.jsonl'),
      INTERNAL_KEY: JSON.stringify(world.internalKey),
      OIDC_ISSUER: rules.issuer,
      OIDC_JWKS_URL: rules.jwksUrl,
    },
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  closing.push(kill);
  let output = '';
  child.stdout.on('data', (piece: Buffer) => (output += piece.toString('utf8')));
  const started = (): string | undefined =>
    /"event":"process.started".*?"url":"([^"]+)"/.exec(output)?.[1];
  await until(() => started() !== undefined);
  await until(async () => (await fetch(`${started()}/readyz`)).status === 200);
  return { url: started() ?? '', kill };
}

describe('a gateway that nobody asks anything', () => {
  it('says every hour that it is there', async () => {
    let now = systemClock.now();
    await startReporting('quiet', { now: () => now });
    await until(() => reportsOf('quiet').length === 1);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(reportsOf('quiet')).toHaveLength(1);
    for (let hour = 2; hour < 5; hour += 1) {
      now = shifted(now, HOUR_MS);
      await until(() => reportsOf('quiet').length === hour);
    }
    expect(new Set(reportsOf('quiet').map(({ id }) => id)).size).toBe(4);
  });
});
