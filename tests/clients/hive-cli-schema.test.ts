import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createHiveShop, MADE } from './hive-shop.ts';
import { createShopWorld } from './shop-world.ts';
import { PRODUCTS, REVIEWS } from './shop.ts';
import type { HiveShop } from './hive-shop.ts';
import type { ClientWorld } from './world.ts';

const URL_OF_PRODUCTS = 'http://products.example/graphql';

describe('the Hive CLI, on schemas', () => {
  let world: ClientWorld;
  beforeAll(async () => {
    world = await createShopWorld();
  });
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });
  const aShop = (...published: readonly ('products' | 'reviews')[]): Promise<HiveShop> =>
    createHiveShop(world, published);

  describe('schema:publish', () => {
    const publish = `schema:publish --service products ${MADE}`;

    it('publishes, and skips what is published already', async () => {
      const { hive } = await aShop();
      const first = await hive(`${publish} products.graphql --url ${URL_OF_PRODUCTS}`);
      expect(first).toMatchObject({ code: 0, text: expect.stringContaining('Published initial') });
      const again = await hive(`${publish} products.graphql`);
      expect(again).toMatchObject({ code: 0, text: expect.stringContaining('No changes') });
    });

    it('tells the differences of a second publication', async () => {
      const { hive } = await aShop('products');
      const { code, text } = await hive(`${publish} coloured.graphql`);
      expect(code).toBe(0);
      expect(text).toMatch(/Field colour was added to object type Product.*Schema published/);
    });

    it('publishes a revision that was pushed before, whose text never changes', async () => {
      const { hive } = await aShop('products');
      const push = 'schema:push --service products --revision r1';
      const pushed = await hive(`${push} coloured.graphql`);
      expect(pushed.code).toBe(0);
      expect(pushed.text).toMatch(/Revision: r1.*Digest: [0-9a-f]{64}.*Expires: /);
      const other = await hive(`${push} nameless.graphql`);
      expect(other.code).not.toBe(0);
      expect(other.text).toContain('A revision never changes');
      const published = await hive(`${publish} --revision r1`);
      expect(published).toMatchObject({ code: 0, text: expect.stringContaining('colour') });
      const unknown = await hive(`${publish} --revision r2`);
      expect(unknown.code).not.toBe(0);
      expect(unknown.text).toContain('No revision r2');
    });

    it.each([
      ['what breaks clients', 'nameless.graphql --service products', /name was removed/],
      ['what does not compose', 'broken.graphql --service products', /nothing/],
      ['what is not GraphQL', 'mangled.graphql --service products', /Syntax Error|SDL/],
      ['a contract without the name of its service', 'products.graphql', /--service/],
      ['a new service without its address', 'reviews.graphql --service reviews', /--url/],
    ])('refuses %s and stores nothing', async (_name, line, text) => {
      await world.file('mangled.graphql', 'type Query {');
      const { hive } = await aShop('products');
      const refused = await hive(`schema:publish ${line} ${MADE}`);
      expect(refused.code).not.toBe(0);
      expect(refused.text).toMatch(text);
      expect((await hive('schema:fetch')).stdout).toContain('name: String!');
    });

    it('does not call a refused publication published, whatever is forced', async () => {
      const { hive } = await aShop('products');
      const forced = await hive(`${publish} nameless.graphql --force`);
      expect(forced.code).not.toBe(0);
      expect(forced.text).toContain('Refused, and nothing was stored');
    });
  });

  describe('schema:check', () => {
    const check = `schema:check --service products ${MADE}`;

    it('passes what breaks nobody', async () => {
      const { hive } = await aShop('products');
      const passed = await hive(`${check} coloured.graphql --contextId pull/1`);
      expect(passed).toMatchObject({ code: 0, text: expect.stringContaining('colour was added') });
    });

    it('passes the first contract of all', async () => {
      const { hive } = await aShop();
      const first = await hive(`${check} products.graphql --url ${URL_OF_PRODUCTS}`);
      expect(first.text).toContain('nothing to compare your schema with');
      expect(first.code).toBe(0);
    });

    it.each([
      ['what breaks clients', 'nameless.graphql', /name was removed.*Schema check failed/],
      ['what does not compose', 'broken.graphql', /nothing.*Schema check failed/],
      ['what is too long', 'long.graphql', /At most 1048576 bytes are accepted/],
      ['a context that cannot be one', 'coloured.graphql --contextId a+b', /contextId/],
      ['a proposal that does not exist', 'coloured.graphql --schemaProposalId 99', /proposal 99/],
    ])('fails %s', async (_name, line, text) => {
      const { hive } = await aShop('products');
      const failed = await hive(`${check} ${line}`);
      expect(failed.code).not.toBe(0);
      expect(failed.text).toMatch(text);
    });

    it('files requests with --forceSafe, and permits nothing', async () => {
      const shop = await aShop('products');
      const forced = await shop.hive(`${check} nameless.graphql --forceSafe`);
      expect(forced.code).not.toBe(0);
      expect(forced.text).toContain('an override needs two different people');
      const requests = await world.database.query<{ coordinate: string; state: string }>(
        'select coordinate, state from override where target_id = $1',
        [shop.targetId('staging')],
      );
      expect(requests).toEqual([{ coordinate: 'Product.name', state: 'REQUESTED' }]);
    });

    it('compares with a baseline instead of what is published', async () => {
      const { hive } = await aShop('products');
      const line = `${check} nameless.graphql --baseline`;
      expect(await hive(`${line} nameless.graphql`)).toMatchObject({
        code: 0,
        text: expect.stringContaining('No changes'),
      });
      const worse = await hive(`${line} coloured.graphql`);
      expect(worse.code).not.toBe(0);
      expect(worse.text).toMatch(/colour was removed/);
    });
  });

  describe('schema:fetch', () => {
    it('fetches what is served, its subgraphs, and what a commit made', async () => {
      const { hive } = await aShop('products', 'reviews');
      const sdl = await hive('schema:fetch');
      expect(sdl).toMatchObject({ code: 0, stdout: expect.stringContaining('type Review') });
      const supergraph = await hive('schema:fetch --type supergraph');
      expect(supergraph).toMatchObject({ code: 0, stdout: expect.stringContaining('join__') });
      const subgraphs = await hive('schema:fetch --type subgraphs');
      expect(subgraphs.stdout).toContain('http://reviews.example/graphql');
      const commit = await hive('schema:fetch c0ffee');
      expect(commit).toMatchObject({ code: 0, stdout: expect.stringContaining('type Review') });
    });

    it.each([
      ['schema:fetch', 'No schema found.'],
      ['schema:fetch c1', 'No schema found for commit c1'],
    ])('says that there is nothing to %s', async (line, text) => {
      const { hive } = await aShop();
      expect(await hive(line)).toMatchObject({ code: 1, text: expect.stringContaining(text) });
    });
  });

  describe('schema:delete', () => {
    it('says what deleting would break, and deletes nothing', async () => {
      const { hive } = await aShop('products', 'reviews');
      const { text } = await hive('schema:delete reviews --dryRun');
      expect(text).toContain('Field reviews was removed from object type Query');
      expect(text).toContain('Deleting reviews will produce a composable graph');
      expect((await hive('schema:fetch')).stdout).toContain('type Review');
    });

    it('deletes nothing that may be used, or that is not there', async () => {
      const { hive } = await aShop('products', 'reviews');
      const refused = await hive('schema:delete reviews --confirm');
      expect(refused.code).not.toBe(0);
      expect(refused.text).toContain('Field reviews was removed from object type Query');
      const unknown = await hive('schema:delete nobody --confirm');
      expect(unknown.code).not.toBe(0);
      expect(unknown.text).toContain('nobody');
    });

    it('deletes where breaking changes are told and do not fail', async () => {
      const { pipeline, hiveTarget } = await aShop();
      const target = hiveTarget('development');
      const url = URL_OF_PRODUCTS;
      await world.publish(pipeline, { target, service: 'products', sdl: PRODUCTS, url });
      await world.publish(pipeline, { target, service: 'reviews', sdl: REVIEWS, url });
      const line = `schema:delete reviews --confirm --target ${target}`;
      expect(await world.hive(pipeline, line)).toMatchObject({
        code: 0,
        text: expect.stringContaining('Deleted reviews from target'),
      });
      const served = await world.hive(pipeline, `schema:fetch --target ${target}`);
      expect(served.stdout).not.toContain('Review');
    });
  });

  describe('schema:promote', () => {
    it('promotes what a target serves', async () => {
      const { pipeline, hiveTarget } = await aShop('products');
      const to = hiveTarget('production');
      const line = `schema:promote --from ${hiveTarget('staging')} --to ${to}`;
      expect(await world.hive(pipeline, line)).toMatchObject({
        code: 0,
        text: expect.stringContaining('Schema Version successfully promoted'),
      });
      const served = await world.hive(pipeline, `schema:fetch --target ${to}`);
      expect(served.stdout).toContain('type Product');
    });

    it('refuses a version that does not exist, and a target that serves nothing', async () => {
      const { pipeline, hiveTarget } = await aShop();
      const promote = `schema:promote --to ${hiveTarget('production')}`;
      const id = '01a2b3c4-0000-4000-8000-000000000000';
      const unknown = await world.hive(pipeline, `${promote} --version ${id}`);
      expect(unknown.code).not.toBe(0);
      expect(unknown.text).toContain(id);
      const empty = await world.hive(pipeline, `${promote} --from ${hiveTarget('staging')}`);
      expect(empty.code).not.toBe(0);
      expect(empty.text).toContain('published');
    });
  });

  describe('dev --remote', () => {
    const dev = 'dev --remote --service products --url http://localhost:4001';

    it('composes a local contract with the published ones', async () => {
      const { hive } = await aShop('products', 'reviews');
      const line = `${dev} --schema coloured.graphql --write supergraph.graphql`;
      expect(await hive(line)).toMatchObject({ code: 0 });
      const supergraph = await readFile(join(world.folder, 'supergraph.graphql'), 'utf8');
      expect(supergraph).toContain('colour');
      expect(supergraph).toContain('http://reviews.example/graphql');
    });

    it('says why it does not compose', async () => {
      const { hive } = await aShop('products', 'reviews');
      const failed = await hive(`${dev} --schema broken.graphql`);
      expect(failed.code).not.toBe(0);
      expect(failed.text).toContain('Remote composition failed');
    });
  });
});
