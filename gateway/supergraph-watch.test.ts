import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createWorld } from './test-world/world.ts';
import { until } from '../tests/support/until.ts';
import type { Gateway } from './main.ts';
import type { World } from './test-world/world.ts';

let world: World;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'concord-gateway-'));
  world = await createWorld();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const served = (gateway: Gateway, version: string) =>
  until(() => gateway.supergraphVersion() === version);
const events = (name: string): unknown[] => world.logged.filter((entry) => entry.event === name);

describe('a gateway that follows the registry', () => {
  it('asks with the ETag it has, and is told that nothing changed', async () => {
    const { full } = world.registry.answers;
    const before = world.registry.answers.unchanged;
    await until(() => world.registry.answers.unchanged > before + 2);
    expect(world.registry.answers.full).toBe(full);
  });

  it('swaps under load without failing a request or ending a subscription', async () => {
    const client = await world.client();
    const received: number[] = [];
    const query =
      'subscription { orderEvents(id: 1, count: 60, everyMs: 20) { sequence order { supplier { name } } } }';
    const subscription = (async () => {
      for await (const event of client.iterate({ query })) {
        expect(event.errors).toBeUndefined();
        received.push((event.data as { orderEvents: { sequence: number } }).orderEvents.sequence);
      }
    })();
    await until(() => received.length > 2);
    const loading = new AbortController();
    let answered = 0;
    const load = Promise.all(
      Array.from({ length: 4 }, async () => {
        while (!loading.signal.aborted) {
          const answer = await world.post(
            '{ orders(first: 2) { nodes { id supplier { name } } } slowSupplier(ms: 15) }',
          );
          expect(answer).toMatchObject({ status: 200, data: { slowSupplier: 'done' } });
          expect(answer.errors).toBeUndefined();
          answered += 1;
        }
      }),
    );
    for (let index = 0; index < 6; index += 1) {
      await served(
        world.gateway,
        world.registry.publish(world.subgraphs.compose(`extra${index % 3}: Int`)),
      );
      const answer = await world.post(`{ order(id: 1) { id extra${index % 3} } }`);
      expect(answer.errors).toBeUndefined();
    }
    loading.abort();
    await load;
    await subscription;
    await client.dispose();
    expect(answered).toBeGreaterThan(20);
    expect(received).toEqual(Array.from({ length: 60 }, (_, index) => index + 1));
  });

  it('refuses a supergraph that does not load, says so, and serves the old one', async () => {
    const good = world.gateway.supergraphVersion();
    const broken = {
      'no SDL': 'type Query {',
      'no supergraph': 'type Query { a: Int }',
      'no address': world.subgraphs.compose().replaceAll(world.subgraphs.urls.suppliers, ''),
      'no query': 'enum join__Graph { A @join__graph(name: "a", url: "http://localhost:1") }',
    };
    for (const sdl of Object.values(broken)) {
      const version = world.registry.publish(sdl);
      await until(() => JSON.stringify(events('supergraph.refused')).includes(version));
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(world.gateway.supergraphVersion()).toBe(good);
      expect((await world.post('{ order(id: 1) { id } }')).status).toBe(200);
    }
    // One that does not load is tried again now and then.
    const versions = world.logged.flatMap((line) =>
      line.event === 'supergraph.refused' ? [line.version] : [],
    );
    expect(new Set(versions).size).toBe(Object.keys(broken).length);
    await served(world.gateway, world.registry.publish(world.subgraphs.compose()));
  });

  it('goes on serving while the registry is down, and says so once', async () => {
    const before = events('supergraph.unreachable').length;
    world.registry.fail();
    await until(() => events('supergraph.unreachable').length > before);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect((await world.post('{ order(id: 1) { id } }')).status).toBe(200);
    expect(events('supergraph.unreachable')).toHaveLength(before + 1);
    await served(world.gateway, world.registry.publish(world.subgraphs.compose('extra1: Int')));
  });
});

describe('a gateway that starts while the registry is down', () => {
  const ask = async (gateway: Gateway) => {
    const response = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${await world.issuer.token()}`,
      },
      body: '{"query":"{ order(id: 1) { id } }"}',
    });
    return { status: response.status, text: await response.text() };
  };
  const options = (cacheFile: string | null) => ({
    supergraph: { registry: world.registry.following, file: null, cacheFile },
  });

  it('serves the supergraph that it kept', async () => {
    const cacheFile = join(folder, 'deeper', 'supergraph.json');
    const first = await world.startAnother(options(cacheFile));
    const version = first.supergraphVersion();
    await until(async () => (await readFile(cacheFile, 'utf8').catch(() => '')) !== '');
    await first.close();
    world.registry.fail();
    const second = await world.startAnother(options(cacheFile));
    expect(second.supergraphVersion()).toBe(version);
    expect((await ask(second)).status).toBe(200);
    await served(second, world.registry.publish(world.subgraphs.compose('extra2: Int')));
    await second.close();
  });

  it('without a kept one is not ready, says so, and becomes ready when the registry is back', async () => {
    world.registry.fail();
    const gateway = await world.startAnother(options(null));
    const ready = await fetch(`${gateway.url}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([
      503,
      { status: 'not ready', missing: ['supergraph'] },
    ]);
    expect(await ask(gateway)).toMatchObject({
      status: 503,
      text: expect.stringContaining('NOT_READY'),
    });
    world.registry.publish(world.subgraphs.compose());
    await until(async () => (await fetch(`${gateway.url}/readyz`)).status === 200);
    expect((await ask(gateway)).status).toBe(200);
    await gateway.close();
  });

  it('does not trust a kept file that was damaged', async () => {
    const cacheFile = join(folder, 'damaged.json');
    const sdl = world.subgraphs.compose();
    await writeFile(cacheFile, JSON.stringify({ sdl, version: '1', etag: '"1"', sha256: 'no' }));
    world.registry.fail();
    const gateway = await world.startAnother(options(cacheFile));
    expect(await gateway.ready()).toEqual(['supergraph']);
    expect(JSON.stringify(events('supergraph.refused'))).toContain('does not fit its hash');
    await gateway.close();
    world.registry.publish(sdl);
  });
});

describe('a gateway without a registry', () => {
  it('follows a file', async () => {
    const file = join(folder, 'supergraph.graphql');
    await writeFile(file, world.subgraphs.compose());
    const gateway = await world.startAnother({
      supergraph: { registry: null, file, cacheFile: null },
    });
    const first = gateway.supergraphVersion();
    expect(await gateway.ready()).toEqual([]);
    await writeFile(file, world.subgraphs.compose('extra0: Int'));
    await until(() => gateway.supergraphVersion() !== first);
    await gateway.close();
  });

  it('is not started with both, or with neither', async () => {
    await expect(
      world.startAnother({ supergraph: { registry: null, file: null, cacheFile: null } }),
    ).rejects.toThrow('Exactly one');
  });
});
