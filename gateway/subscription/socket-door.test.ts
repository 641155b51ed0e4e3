import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { textOf } from './socket-connection.ts';
import { TEST_LIMITS, closing, createWorld } from '../test-world/world.ts';
import { until } from '../../tests/support/until.ts';
import type { WebSocket } from 'ws';
import type { World } from '../test-world/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const opened = (socket: WebSocket): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.once('error', reject);
  });
const message = (socket: WebSocket): Promise<string> =>
  new Promise((resolve) => {
    socket.once('message', (data) => resolve(textOf(data)));
  });
/** A raw connection that has been acknowledged. */
async function connected(
  claims: Parameters<World['issuer']['token']>[0] = {},
  on: { readonly url?: string } = {},
): Promise<WebSocket> {
  const socket = world.socket(on);
  await opened(socket);
  const authorization = `Bearer ${await world.issuer.token(claims)}`;
  socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization } }));
  expect(JSON.parse(await message(socket))).toMatchObject({ type: 'connection_ack' });
  return socket;
}
const subscribeTo = (socket: WebSocket, id: string, query: string): void =>
  socket.send(JSON.stringify({ id, type: 'subscribe', payload: { query } }));
const refused = (socket: WebSocket): Promise<string> =>
  new Promise((resolve) => {
    socket.once('error', (error) => resolve(error.message));
    socket.once('open', () => resolve('opened'));
  });

describe('a subscription', () => {
  it('delivers each event with the fields of other subgraphs and its correlation id', async () => {
    const client = await world.client();
    const events: unknown[] = [];
    const query =
      'subscription { orderEvents(id: 1, count: 3) { sequence order { note supplier { name } } } }';
    for await (const event of client.iterate({ query })) events.push(event);
    await client.dispose();
    expect(events).toHaveLength(3);
    expect(events[2]).toMatchObject({
      data: {
        orderEvents: { sequence: 3, order: { note: 'event 3', supplier: { name: 'Supplier s1' } } },
      },
      extensions: { correlationId: expect.any(String) },
    });
  });

  it('keeps the errors of one event to that event', async () => {
    const client = await world.client();
    const events: { errors?: unknown }[] = [];
    const query =
      'subscription { orderEvents(id: 1, count: 3, everyMs: 60) { sequence order { supplier { name } } } }';
    for await (const event of client.iterate({ query })) {
      events.push(event);
      world.subgraphs.switches.supplierNameFails = events.length === 1;
    }
    await client.dispose();
    expect(events.map((event) => event.errors !== undefined)).toEqual([false, true, false]);
  });

  it('is one in the subgraph for two of one viewer, and ends there when the last is completed or goes away', async () => {
    const client = await world.client();
    const query = 'subscription { orderEvents(id: 1, count: 100000) { sequence } }';
    const [first, second] = [client.iterate({ query }), client.iterate({ query })];
    await Promise.all([first.next(), second.next()]);
    expect(world.subgraphs.switches.streamsOpen).toBe(1);
    await first.return?.();
    await second.next();
    expect(world.subgraphs.switches.streamsOpen).toBe(1);
    client.terminate();
    await until(() => world.subgraphs.switches.streamsOpen === 0);
    await client.dispose();
  });

  it('is refused by the same limits and rules as a query over HTTP', async () => {
    const client = await world.client();
    const deep = `{ tree ${'{ a '.repeat(30)} { value } ${'}'.repeat(30)} }`;
    const cases: Record<string, string> = {
      [deep]: 'QUERY_TOO_DEEP',
      'subscription { nothing }': 'GRAPHQL_VALIDATION_FAILED',
      '{ __schema { queryType { name } } }': 'INTROSPECTION_DISABLED',
      'subscription { flood { sequence } orderEvents(id: 1, count: 1) { sequence } }':
        'GRAPHQL_VALIDATION_FAILED',
    };
    for (const [query, code] of Object.entries(cases)) {
      await expect(client.iterate({ query }).next()).rejects.toMatchObject([
        { extensions: { code } },
      ]);
    }
    await client.dispose();
  });
});

describe('a query over WebSocket', () => {
  it('and a mutation are answered as over HTTP', async () => {
    const client = await world.client({ accessToken: await world.issuer.token() });
    const query = await client.iterate({ query: '{ order(id: 1) { supplier { name } } }' }).next();
    expect(query.value).toMatchObject({ data: { order: { supplier: { name: 'Supplier s1' } } } });
    const mutation = 'mutation { renameOrder(id: 1, note: "x") { note } }';
    const changed = await client.iterate({ query: mutation }).next();
    expect(changed.value).toMatchObject({ data: { renameOrder: { note: 'x' } } });
    await client.dispose();
  });
});

describe('who may connect', () => {
  it('no page of an origin that is not on the list; the gateway’s own, those listed, and clients without one', async () => {
    expect(await refused(world.socket({ origin: 'https://evil.example' }))).toContain('403');
    expect(await refused(world.socket({ origin: 'null' }))).toContain('403');
    const own = `http://localhost:${world.gateway.port}`;
    for (const socket of [
      world.socket(),
      world.socket({ origin: 'https://portal.example' }),
      world.socket({ origin: own }),
    ]) {
      expect(await refused(socket)).toBe('opened');
      socket.terminate();
    }
  });

  it('nobody without a token that is accepted', async () => {
    const cases = [
      [undefined, 'TOKEN_MISSING'],
      [{ authorization: 'Bearer nonsense' }, 'TOKEN_INVALID'],
      [
        { authorization: `Bearer ${await world.issuer.token({ expiresInSeconds: -60 })}` },
        'TOKEN_EXPIRED',
      ],
    ] as const;
    for (const [payload, reason] of cases) {
      const socket = world.socket();
      await opened(socket);
      socket.send(JSON.stringify({ type: 'connection_init', payload }));
      expect(await closing(socket)).toMatchObject({ code: 4403, reason, messages: [] });
    }
  });

  it('nobody who says nothing, subscribes first, or speaks another protocol', async () => {
    const limits = { ...TEST_LIMITS, connectionInitMs: 300 };
    const hurried = await world.startAnother({ limits });
    expect((await closing(world.socket({ url: hurried.url }))).code).toBe(4408);
    await hurried.close();
    const hasty = world.socket();
    await opened(hasty);
    subscribeTo(hasty, '1', '{ __typename }');
    expect((await closing(hasty)).code).toBe(4401);
    const garbled = world.socket();
    await opened(garbled);
    garbled.send('no json');
    expect((await closing(garbled)).code).toBe(4400);
  });

  it('only so many times at once', async () => {
    const sockets = [];
    for (let index = 0; index < 3; index += 1) sockets.push(await connected({ sub: 'many' }));
    const fourth = world.socket();
    await opened(fourth);
    const authorization = `Bearer ${await world.issuer.token({ sub: 'many' })}`;
    fourth.send(JSON.stringify({ type: 'connection_init', payload: { authorization } }));
    expect((await closing(fourth)).code).toBe(4429);
    const freed = closing(sockets[0] ?? fourth);
    sockets[0]?.close();
    await freed;
    sockets.push(await connected({ sub: 'many' }), await connected({ sub: 'other' }));
    for (const socket of sockets) socket.terminate();
  });

  it('until the token expires', async () => {
    const socket = await connected({ expiresInSeconds: 6 });
    subscribeTo(socket, '1', 'subscription { orderEvents(id: 1, count: 100000) { sequence } }');
    const end = await closing(socket);
    expect(end).toMatchObject({ code: 4403, reason: 'TOKEN_EXPIRED' });
    expect(end.messages.length).toBeGreaterThan(0);
    await until(() => world.subgraphs.switches.streamsOpen === 0);
  });
});

describe('the bounds of a connection', () => {
  it('are so many operations at once', async () => {
    const socket = await connected();
    for (let id = 1; id <= 6; id += 1) {
      subscribeTo(
        socket,
        String(id),
        'subscription { orderEvents(id: 1, count: 9, everyMs: 500) { sequence } }',
      );
    }
    expect(JSON.parse(await message(socket))).toMatchObject({
      id: '6',
      type: 'error',
      payload: [{ extensions: { code: 'TOO_MANY_OPERATIONS', limit: 5 } }],
    });
    socket.terminate();
  });

  it('are messages of 64 KB', async () => {
    const socket = await connected();
    subscribeTo(socket, '1', `{ __typename } # ${'x'.repeat(70_000)}`);
    expect((await closing(socket)).code).toBe(1009);
  });

  it('cut off a reader that stands still, without harm to others', async () => {
    const socket = await connected({ sub: 'slow' });
    const other = await connected({ sub: 'fast' });
    socket.pause();
    subscribeTo(socket, '1', 'subscription { flood { sequence order { note } } }');
    subscribeTo(other, '1', 'subscription { orderEvents(id: 1, count: 100000) { sequence } }');
    await until(() => world.subgraphs.switches.floodClosed === 1);
    expect(world.subgraphs.switches.floodProduced).toBeLessThan(5_000);
    expect(JSON.parse(await message(other))).toMatchObject({ type: 'next' });
    const end = closing(socket);
    socket.resume();
    expect([4413, 1006]).toContain((await end).code);
    other.terminate();
  });

  it('cut off a client that sends and never reads', async () => {
    const gateway = await world.startAnother({ limits: { ...TEST_LIMITS, stallMs: 700 } });
    const socket = await connected({ sub: 'flooding' }, gateway);
    socket.pause();
    const ping = JSON.stringify({ type: 'ping', payload: { filling: 'x'.repeat(60_000) } });
    const end = closing(socket);
    for (let index = 0; index < 400 && socket.readyState === socket.OPEN; index += 1) {
      socket.send(ping, () => undefined);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    socket.resume();
    expect([4413, 1006]).toContain((await end).code);
    expect((await world.post('{ __typename }', { url: gateway.url })).status).toBe(200);
    await gateway.close();
  });
});

describe('a subgraph that breaks a subscription', () => {
  it('is told as a last result with its service; the client subscribes again', async () => {
    const { purchaseOrders } = await breakable();
    const client = await world.client();
    const results: unknown[] = [];
    const query = 'subscription { orderEvents(id: 1, count: 100000) { sequence } }';
    for await (const result of client.iterate({ query })) {
      results.push(result);
      if (results.length === 3) purchaseOrders.cut();
    }
    expect(results.at(-1)).toMatchObject({
      errors: [
        {
          extensions: { code: 'UPSTREAM_UNAVAILABLE', service: 'purchase-orders', retryable: true },
        },
      ],
    });
    await client.dispose();
    purchaseOrders.restore();
  });
});

/** The orders subgraph behind a proxy that can cut every connection. */
async function breakable() {
  const { startProxy } = await import('../test-world/proxy.ts');
  const proxy = await startProxy(world.subgraphs.urls.orders);
  const through = world.subgraphs.compose().replaceAll(world.subgraphs.urls.orders, proxy.url);
  const version = world.registry.publish(through);
  await until(() => world.gateway.supergraphVersion() === version);
  return {
    purchaseOrders: {
      cut: proxy.cut,
      restore: () => {
        world.registry.publish(world.subgraphs.compose());
        proxy.close();
      },
    },
  };
}

describe('a gateway that is shut down', () => {
  it('tells its clients to reconnect, answers what is under way, and takes nobody new', async () => {
    const gateway = await world.startAnother();
    const { url } = gateway;
    const socket = await connected({ sub: 'leaving' }, { url });
    subscribeTo(socket, '1', 'subscription { orderEvents(id: 1, count: 100000) { sequence } }');
    subscribeTo(socket, '2', '{ slowSupplier(ms: 2000) }');
    const end = closing(socket);
    const slow = fetch(`${url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${await world.issuer.token()}`,
      },
      body: '{"query":"{ slowSupplier(ms: 2000) }"}',
    });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const closed = gateway.close();
    await until(async () =>
      /503|ECONNREFUSED|ECONNRESET/.test(await refused(world.socket({ url }))),
    );
    expect(await (await slow).json()).toMatchObject({ data: { slowSupplier: 'done' } });
    const { code, messages } = await end;
    expect(code).toBe(1012);
    expect(messages.some((text) => text.includes('slowSupplier'))).toBe(true);
    await closed;
  });
});
