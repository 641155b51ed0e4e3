import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { composeServices } from '@theguild/federation-composition';
import { parse } from 'graphql';
import { systemClock } from '#kernel/clock.ts';
import { silentLog } from '#kernel/log.ts';
import { DEFAULT_LIMITS } from '../../gateway/gateway-limits.ts';
import { startGateway } from '../../gateway/main.ts';
import { startFailingSubgraph } from './failing-subgraph.ts';
import { until } from '../support/until.ts';
import type { Gateway } from '../../gateway/main.ts';
import type { FailingSubgraph, Misbehaviour } from './failing-subgraph.ts';

const LINK =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])\n';
const UPSTREAM_MS = 3_000;

let folder: string;
let orders: FailingSubgraph;
let suppliers: FailingSubgraph;
let gateway: Gateway;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'concord-faults-'));
  orders = await startFailingSubgraph({
    name: 'orders',
    sdl: `${LINK} type Query { orders: [Order!]! count: Int! }
      type Mutation { place: Order }
      type Order { id: ID! supplier: Supplier }
      type Supplier @key(fields: "id", resolvable: false) { id: ID! }`,
    resolvers: {
      Query: {
        orders: () => ['1', '2'].map((id) => ({ id, supplier: { id: `s${id}` } })),
        count: () => 2,
      },
      Mutation: { place: () => ({ id: '3', supplier: { id: 's3' } }) },
    },
  });
  suppliers = await startFailingSubgraph({
    name: 'suppliers',
    sdl: `${LINK} type Query { best: Supplier } type Supplier @key(fields: "id") { id: ID! name: String }`,
    resolvers: {
      Query: { best: () => ({ id: 's1', name: 'name s1' }) },
      Supplier: { __resolveReference: ({ id }: { id: string }) => ({ id, name: `name ${id}` }) },
    },
  });
  const services = [orders, suppliers].map(({ name, url, sdl }) => ({
    name,
    url,
    typeDefs: parse(sdl),
  }));
  const { supergraphSdl = '' } = composeServices(services);
  const file = join(folder, 'supergraph.graphql');
  await writeFile(file, supergraphSdl);
  gateway = await startGateway({
    host: '127.0.0.1',
    port: 0,
    supergraph: { registry: null, file, cacheFile: null },
    accessTokens: null,
    internalKey: null,
    corsOrigins: [],
    usage: null,
    limits: { ...DEFAULT_LIMITS, upstreamMs: UPSTREAM_MS },
    log: silentLog,
    clock: systemClock,
  });
  expect(await gateway.ready()).toEqual([]);
});
afterEach(() => suppliers.misbehave(null));
afterAll(async () => {
  await gateway.close();
  await Promise.all([orders.kill(), suppliers.kill()]);
  await rm(folder, { recursive: true });
});

interface Answer {
  readonly data?: unknown;
  readonly errors?: {
    message: string;
    path?: unknown[];
    extensions: { code: string; service?: string };
  }[];
}

async function ask(query: string): Promise<Answer> {
  const response = await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  return (await response.json()) as Answer;
}

const WHOLE = '{ count orders { id supplier { id name } } }';
const NAMED = ['1', '2'].map((id) => ({ id, supplier: { id: `s${id}`, name: `name s${id}` } }));
const UNNAMED = ['1', '2'].map((id) => ({ id, supplier: { id: `s${id}`, name: null } }));

/** Enough right answers close a circuit that failures have opened. */
async function recovered(): Promise<void> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const { errors } = await ask(WHOLE);
    if (errors === undefined) return;
    if (performance.now() > deadline)
      throw new Error(`It did not recover: ${JSON.stringify(errors)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const json =
  (text: string): Misbehaviour =>
  ({ outgoing }) => {
    outgoing.setHeader('content-type', 'application/json');
    outgoing.end(text);
  };

describe('a subgraph that answers', () => {
  it.each<[string, Misbehaviour]>([
    ['nothing at all', () => undefined],
    ['by cutting the connection', ({ outgoing }) => void outgoing.destroy()],
    [
      'half of what it should',
      ({ outgoing, answer }) =>
        void answer().then((text) => {
          outgoing.writeHead(200, {
            'content-type': 'application/json',
            'content-length': text.length,
          });
          outgoing.write(text.slice(0, 10));
          setTimeout(() => outgoing.destroy(), 20);
        }),
    ],
    [
      'with a header and then silence',
      ({ outgoing }) => {
        outgoing.writeHead(200);
        outgoing.write('{');
      },
    ],
    ['an empty body', json('')],
    [
      'a page',
      ({ outgoing }) => {
        outgoing.writeHead(502, { 'content-type': 'text/html' });
        outgoing.end('<html>Bad gateway</html>');
      },
    ],
    ['JSON that is no answer', json('[1, 2]')],
    ['a number', json('7')],
    ['broken JSON', json('{"data":{"_entities":[')],
    [
      'that it is not allowed',
      ({ outgoing }) => {
        outgoing.writeHead(401, { 'content-type': 'application/problem+json' });
        outgoing.end('{"detail":"who are you"}');
      },
    ],
  ])('%s costs its own fields only, and says so', async (_how, misbehaviour) => {
    suppliers.misbehave(misbehaviour);
    const { data, errors } = await ask(WHOLE);
    expect(data).toEqual({ count: 2, orders: UNNAMED });
    expect(errors).toHaveLength(1);
    expect(errors?.[0]).toMatchObject({
      path: ['orders', 'supplier'],
      extensions: { code: 'UPSTREAM_UNAVAILABLE', service: 'suppliers' },
    });
    suppliers.misbehave(null);
    await recovered();
  });

  it.each<[string, string]>([
    ['data that are no object', '{"data":7}'],
    ['a list that is none', '{"data":{"_entities":"both"}}'],
    ['too few entities', '{"data":{"_entities":[]}}'],
    ['entities that are none', '{"data":{"_entities":[7,"x"]}}'],
    ['objects where texts belong', '{"data":{"_entities":[{"name":{"a":1}},{"name":["b"]}]}}'],
    ['nulls', '{"data":{"_entities":[null,null]}}'],
    ['null', '{"data":null}'],
    [
      'names that belong to JavaScript',
      '{"data":{"_entities":[{"__proto__":{"name":"x"},"constructor":1},{"toString":"x"}]}}',
    ],
  ])('%s shows nothing of them', async (_what, text) => {
    suppliers.misbehave(json(text));
    expect((await ask(WHOLE)).data).toEqual({ count: 2, orders: UNNAMED });
    expect(({} as Record<string, unknown>)['name']).toBeUndefined();
    suppliers.misbehave(null);
    await recovered();
  });

  it('with errors of its own, tells them at the client’s places', async () => {
    suppliers.misbehave(
      json(
        '{"data":{"_entities":[{"name":null},{"name":"x"}]},"errors":[{"message":"no name","path":["_entities",0,"name"],"extensions":{"code":"GONE"}},{"message":"elsewhere"}]}',
      ),
    );
    const { errors } = await ask(WHOLE);
    expect(errors).toMatchObject([
      {
        message: 'no name',
        path: ['orders', 0, 'supplier', 'name'],
        extensions: { code: 'GONE', service: 'suppliers' },
      },
      { message: 'elsewhere', path: ['orders', 'supplier'], extensions: { service: 'suppliers' } },
    ]);
  });

  it('with no errors in another spelling is right', async () => {
    for (const none of ['null', '[]', '{}', '"none"']) {
      suppliers.misbehave(
        json(`{"data":{"_entities":[{"name":"name s1"},{"name":"name s2"}]},"errors":${none}}`),
      );
      expect(await ask(WHOLE)).toMatchObject({ data: { count: 2, orders: NAMED } });
    }
  });

  it.each(['"a.b"', '7', '{}', '[{}]', 'null'])(
    'with an error whose path is %s loses nobody else’s answer',
    async (path) => {
      suppliers.misbehave(
        json(`{"data":{"best":null},"errors":[{"message":"odd","path":${path}}]}`),
      );
      const { data, errors } = await ask('{ count best { name } }');
      expect(data).toEqual({ count: 2, best: null });
      expect(errors).toMatchObject([{ message: 'odd', extensions: { service: 'suppliers' } }]);
    },
  );

  it('late is not waited for, and its late answer is nobody’s', async () => {
    const late: (() => void)[] = [];
    suppliers.misbehave(({ outgoing, answer }) =>
      late.push(() => void answer().then((text) => outgoing.end(text))),
    );
    expect((await ask('{ best { name } }')).data).toEqual({ best: null });
    suppliers.misbehave(null);
    for (const answer of late) answer();
    await recovered();
    expect((await ask('{ best { name } }')).data).toEqual({ best: { name: 'name s1' } });
  });
});

describe('a subgraph that hangs', () => {
  it('does not hold up who asks others', async () => {
    suppliers.misbehave(() => undefined);
    const hanging = Array.from({ length: 20 }, () => ask(WHOLE));
    const startedMs = performance.now();
    const others = await Promise.all(Array.from({ length: 50 }, () => ask('{ count }')));
    expect(performance.now() - startedMs).toBeLessThan(10_000);
    expect(others).toEqual(others.map(() => expect.objectContaining({ data: { count: 2 } })));
    for (const { data } of await Promise.all(hanging))
      expect(data).toEqual({ count: 2, orders: UNNAMED });
    suppliers.misbehave(null);
    await recovered();
  });

  it('is not asked any more for a while', async () => {
    suppliers.misbehave(({ outgoing }) => void outgoing.destroy());
    for (let turn = 0; turn < 8; turn += 1) await ask('{ best { name } }');
    // It is asked once a second: on a slow machine this may be the moment.
    await until(async () => {
      const { calls } = suppliers;
      const { errors } = await ask('{ best { name } }');
      return errors?.[0]?.message.includes('circuit is open') === true && suppliers.calls === calls;
    });
    suppliers.misbehave(null);
    await recovered();
  });
});

describe('a subgraph that is killed', () => {
  it('is told of at once, and used again as soon as it is back', async () => {
    await suppliers.kill();
    const { data, errors } = await ask(WHOLE);
    expect(data).toEqual({ count: 2, orders: UNNAMED });
    expect(errors?.[0]?.extensions).toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      service: 'suppliers',
    });
    await suppliers.restart();
    await recovered();
    expect((await ask(WHOLE)).data).toEqual({ count: 2, orders: NAMED });
  });

  it('between two reads of one connection is asked again; a mutation is not', async () => {
    await recovered();
    let cut = 0;
    // Each connection is cut once, when its first call has come: as one that was idle for too long.
    const cutOnce: Misbehaviour = ({ outgoing, answer }) => {
      cut += 1;
      if (cut === 1) return void outgoing.destroy();
      void answer().then((text) => outgoing.end(text));
    };
    orders.misbehave(cutOnce);
    expect(await ask('{ count }')).toMatchObject({ data: { count: 2 } });
    expect(cut).toBe(2);
    cut = 0;
    const { errors } = await ask('mutation { place { id } }');
    expect(cut).toBe(1);
    expect(errors?.[0]?.message).toContain('same idempotency key');
    orders.misbehave(null);
    await recovered();
  });
});
