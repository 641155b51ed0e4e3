import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHiveShop, MADE } from './hive-shop.ts';
import { createShopWorld } from './shop-world.ts';
import { GATEWAY, PIPELINE } from './world.ts';
import type { HiveShop } from './hive-shop.ts';
import type { ClientWorld } from './world.ts';

describe('the Hive CLI, on apps and with tokens', () => {
  let world: ClientWorld;
  beforeAll(async () => {
    world = await createShopWorld();
    await world.file('documents.json', '{"d1":"query Names { products { name } }"}');
    await world.file('wrong.json', '{"d1":"query Prices { products { price } }"}');
    await world.file('names.graphql', 'query Names { products { name } }');
    await world.file('prices.graphql', 'query Prices { products { price } }');
  });
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });
  const aShop = (...published: readonly ('products' | 'reviews')[]): Promise<HiveShop> =>
    createHiveShop(world, published);

  it('creates, publishes and retires an app', async () => {
    const { hive } = await aShop('products');
    const app = '--name portal --version 1';
    for (const [line, text] of [
      [`app:create documents.json ${app}`, '(1 operations) created'],
      [`app:publish ${app}`, 'published successfully'],
      [`app:publish ${app}`, 'already published'],
      [`app:retire ${app}`, 'retired successfully'],
    ] as const) {
      expect({ line, ...(await hive(line)) }).toMatchObject({
        code: 0,
        text: expect.stringContaining(text),
      });
    }
  });

  it('counts the apps that a breaking change hits', async () => {
    const { hive } = await aShop('products');
    await hive('app:create documents.json --name portal --version 1 --publish');
    const failed = await hive('schema:check nameless.graphql --service products');
    expect(failed.code).not.toBe(0);
    expect(failed.text).toContain('[1 app deployment affected]');
  });

  it.each([
    ['app:create wrong.json --name portal --version 1', /price/],
    ['app:create documents.json --name a+b --version 1', /name/],
    ['app:publish --name portal --version 9', /portal@9/],
    ['app:retire --name portal --version 9', /portal@9/],
    ['app:check wrong.json', /Cannot query field price/],
    ['operations:check prices.graphql', /Cannot query field price/],
  ])('refuses to %s', async (line, text) => {
    const { hive } = await aShop('products');
    const refused = await hive(line);
    expect(refused.code).not.toBe(0);
    expect(refused.text).toMatch(text);
  });

  it.each(['app:check documents.json', 'operations:check names.graphql'])(
    'passes %s against what is served',
    async (line) => {
      const { hive } = await aShop('products');
      const text = expect.stringContaining('All operations are valid (1)');
      expect(await hive(line)).toMatchObject({ code: 0, text });
    },
  );

  it('fetches what gateways fetch, with their key alone', async () => {
    const shop = await aShop('products');
    const cdn = `${world.url}/artifacts/v1/${shop.targetId('staging')}`;
    const fetch = `artifact:fetch --cdn.endpoint ${cdn} --artifact supergraph --cdn.accessToken`;
    const fetched = await world.hive('-', `${fetch} ${await shop.token(GATEWAY)}`);
    expect(fetched).toMatchObject({ code: 0, stdout: expect.stringContaining('join__') });
    const refused = await world.hive('-', `${fetch} ${shop.pipeline}`);
    expect(refused.code).not.toBe(0);
    expect(refused.text).toContain('A valid CDN key is required');
  });

  it('says whose token it is, and what it may do where', async () => {
    const graph = await world.graph();
    const token = await graph.token(['schema:read', 'schema:check'], { target: 'staging' });
    const { code, text } = await world.hive(token, 'whoami');
    expect(code).toBe(0);
    expect(text).toContain('=== pipeline ===');
    expect(text).toContain(`Resources: ${graph.hiveTarget('staging')}`);
    expect(text).not.toContain('Publish');
  });

  it('takes the target that a token belongs to, and a target by its id', async () => {
    const shop = await aShop('products');
    const token = await shop.token(['schema:read'], { target: 'staging' });
    expect(await world.hive(token, 'schema:fetch')).toMatchObject({ code: 0 });
    const byId = `schema:fetch --target ${shop.targetId('staging')}`;
    expect(await world.hive(shop.pipeline, byId)).toMatchObject({ code: 0 });
    const missing = await world.hive(shop.pipeline, 'schema:fetch');
    expect(missing.code).not.toBe(0);
    expect(missing.text).toContain('TARGET');
  });

  it.each(['concord/nothing/staging', 'acme/shop-1/staging'])(
    'does not know %s',
    async (target) => {
      const { pipeline } = await aShop();
      const unknown = await world.hive(pipeline, `schema:fetch --target ${target}`);
      expect(unknown.code).not.toBe(0);
      expect(unknown.text).toContain(`There is no target ${target}`);
    },
  );

  it.each(['hvo1/forged', `hvo1/${'x'.repeat(43)}`, 'anything'])(
    'rejects the token %s',
    async (token) => {
      const graph = await world.graph();
      const line = `schema:fetch --target ${graph.hiveTarget('staging')}`;
      const rejected = await world.hive(token, line);
      expect(rejected.code).not.toBe(0);
      expect(rejected.text).toContain('The registry access token was rejected');
    },
  );

  it('names the permission that a token lacks', async () => {
    const shop = await aShop('products');
    const publish = `schema:publish coloured.graphql --service products ${MADE}`;
    for (const token of [
      await shop.token(['schema:read', 'schema:check']),
      await shop.token(PIPELINE, { target: 'development' }),
      await shop.token(PIPELINE, { subgraph: 'reviews' }),
      await (await world.graph()).token(PIPELINE),
    ]) {
      const denied = await world.hive(token, `${publish} --target ${shop.hiveTarget('staging')}`);
      expect(denied.code).not.toBe(0);
      expect(denied.text).toContain('missing the schema:publish permission');
    }
  });
});
