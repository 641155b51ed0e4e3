import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createShopWorld } from './shop-world.ts';
import { PRODUCTS, REVIEWS } from './shop.ts';
import { PIPELINE } from './world.ts';
import type { Outcome } from './program.ts';
import type { ClientWorld, TestGraph } from './world.ts';

describe('Rover', () => {
  let world: ClientWorld;
  beforeAll(async () => {
    world = await createShopWorld();
  });
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });

  interface Shop extends TestGraph {
    readonly key: string;
    readonly ref: string;
    rover(line: string): Promise<Outcome>;
  }

  async function aShop(published: readonly ('products' | 'reviews')[] = []): Promise<Shop> {
    const graph = await world.graph();
    const token = await graph.token(PIPELINE);
    const key = `service:${graph.slug}:${token}`;
    const texts = { products: PRODUCTS, reviews: REVIEWS };
    for (const service of published) {
      const url = `http://${service}.example/graphql`;
      const target = graph.hiveTarget('staging');
      await world.publish(token, { target, service, sdl: texts[service], url });
    }
    const ref = `${graph.slug}@staging`;
    return { ...graph, key, ref, rover: (line) => world.rover(key, line) };
  }

  it('says whose key it is', async () => {
    const { rover, slug } = await aShop();
    const { code, text } = await rover('config whoami');
    expect(code).toBe(0);
    expect(text).toContain(slug);
    expect(text).toContain('pipeline');
  });

  it.each([
    ['a forged key', (slug: string) => `service:${slug}:hvo1/forged`],
    ['a key that is none', () => 'nonsense'],
  ])('is told of %s', async (_name, key) => {
    const { slug, ref } = await aShop(['products']);
    for (const line of ['config whoami', `subgraph list ${ref}`]) {
      const { code, text } = await world.rover(key(slug), line);
      expect(code).not.toBe(0);
      expect(text).toContain('The token is not one that this registry accepts');
    }
  });

  it('is told when the key is of another graph', async () => {
    const [one, other] = [await aShop(), await aShop(['products'])];
    const token = one.key.split(':').at(-1) ?? '';
    const { code, text } = await world.rover(
      `service:${other.slug}:${token}`,
      `subgraph list ${other.ref}`,
    );
    expect(code).not.toBe(0);
    expect(text).toContain('another graph');
  });

  describe('subgraph publish', () => {
    const publish = (ref: string, file: string): string =>
      `subgraph publish ${ref} --schema ${file} --name products --allow-invalid-routing-url`;
    const url = '--routing-url http://products.example/graphql';

    it('creates a subgraph, updates it, and says when nothing changed', async () => {
      const { rover, ref } = await aShop();
      const created = await rover(`${publish(ref, 'products.graphql')} ${url}`);
      expect(created.text).toContain(`A new subgraph called 'products' was created in '${ref}'`);
      const updated = await rover(`${publish(ref, 'coloured.graphql')} ${url}`);
      expect(updated.text).toContain(`The 'products' subgraph in '${ref}' was updated`);
      const again = await rover(`${publish(ref, 'coloured.graphql')} ${url}`);
      expect(again.text).toContain('was NOT updated because no changes were detected');
      expect([created.code, updated.code, again.code]).toEqual([0, 0, 0]);
    });

    it.each([
      [
        'what breaks clients',
        'nameless.graphql',
        /Refused; nothing was stored.*'name' was removed/,
      ],
      ['what does not compose', 'broken.graphql', /Refused; nothing was stored/],
    ])('is refused %s', async (_name, file, text) => {
      const { rover, ref } = await aShop(['products']);
      const refused = await rover(`${publish(ref, file)} ${url}`);
      expect(refused.code).not.toBe(0);
      expect(refused.text).toMatch(text);
      expect((await rover(`graph fetch ${ref}`)).stdout).toContain('name: String!');
    });

    it('is refused for an unknown target, and with a key that may only read', async () => {
      const shop = await aShop(['products']);
      const elsewhere = publish(`${shop.slug}@nowhere`, 'products.graphql');
      const nowhere = await shop.rover(`${elsewhere} ${url}`);
      expect(nowhere.code).not.toBe(0);
      expect(nowhere.text).toContain('There is no target nowhere');
      const reader = `service:${shop.slug}:${await shop.token(['schema:read'])}`;
      const denied = await world.rover(reader, `${publish(shop.ref, 'coloured.graphql')} ${url}`);
      expect(denied.code).not.toBe(0);
      expect(denied.text).toContain('schema:publish for the subgraph products is needed');
    });
  });

  describe('subgraph check', () => {
    const check = (ref: string, file: string): string =>
      `subgraph check ${ref} --schema ${file} --name products`;

    it('passes what breaks nobody', async () => {
      const { rover, ref } = await aShop(['products']);
      const { code, text } = await rover(check(ref, 'coloured.graphql'));
      expect(code).toBe(0);
      expect(text).toContain('Operation Check [PASSED]');
      expect(text).toContain('colour');
    });

    it('fails what breaks clients', async () => {
      const { rover, ref } = await aShop(['products']);
      const { code, text } = await rover(check(ref, 'nameless.graphql'));
      expect(code).not.toBe(0);
      expect(text).toContain('Operation Check [FAILED]');
      expect(text).toMatch(/FAIL .*'name' was removed/);
    });

    it('is told when a contract is too long', async () => {
      const { rover, ref } = await aShop(['products']);
      const { code, text } = await rover(check(ref, 'long.graphql'));
      expect(code).not.toBe(0);
      expect(text).toContain('At most 1048576 bytes are accepted');
    });

    it('fails what does not compose', async () => {
      const { rover, ref } = await aShop(['products']);
      const { code, text } = await rover(check(ref, 'broken.graphql'));
      expect(code).not.toBe(0);
      expect(text).toContain('error[E029]');
    });
  });

  it('lists and fetches subgraphs, the supergraph and the API schema', async () => {
    const { rover, ref } = await aShop(['products', 'reviews']);
    const listed = await rover(`subgraph list ${ref}`);
    expect(listed.text).toContain('http://reviews.example/graphql');
    expect((await rover(`subgraph fetch ${ref} --name products`)).stdout).toContain('@key');
    expect((await rover(`supergraph fetch ${ref}`)).stdout).toContain('join__');
    expect((await rover(`graph fetch ${ref}`)).stdout).toContain('type Review');
  });

  it('is told of subgraphs and targets that do not exist', async () => {
    const { rover, ref, slug } = await aShop(['products']);
    const subgraph = await rover(`subgraph fetch ${ref} --name nobody`);
    expect(subgraph.text).toContain("Could not find subgraph 'nobody'");
    const target = await rover(`supergraph fetch ${slug}@nowhere`);
    expect(target.text).toContain("does not contain variant 'nowhere'");
    const graph = await rover('graph fetch nothing@staging');
    expect(graph.text).toContain("Could not find graph with name 'nothing@staging'");
    expect([subgraph.code, target.code, graph.code]).not.toContain(0);
  });

  describe('subgraph delete', () => {
    it('tells what it would break before it asks, and is refused all the same', async () => {
      const { key, ref } = await aShop(['products', 'reviews']);
      const line = `subgraph delete ${ref} --name reviews`;
      const asked = await world.rover(key, line, 'n\n');
      expect(asked.text).toContain("'reviews' was removed from object type 'Query'");
      expect(asked.text).toContain('Delete cancelled by user');
      const refused = await world.rover(key, `${line} --confirm`);
      expect(refused.code).not.toBe(0);
      expect(refused.text).toContain('Refused; nothing was stored');
    });

    it('deletes where breaking changes are told and do not fail', async () => {
      const { key, slug, hiveTarget } = await aShop();
      const token = key.split(':').at(-1) ?? '';
      const target = hiveTarget('development');
      const url = 'http://shop.example/graphql';
      await world.publish(token, { target, service: 'products', sdl: PRODUCTS, url });
      await world.publish(token, { target, service: 'reviews', sdl: REVIEWS, url });
      const ref = `${slug}@development`;
      const deleted = await world.rover(key, `subgraph delete ${ref} --name reviews --confirm`);
      expect(deleted.code).toBe(0);
      const listed = await world.rover(key, `subgraph list ${ref}`);
      expect(listed.text).not.toContain('reviews');
    });
  });
});
