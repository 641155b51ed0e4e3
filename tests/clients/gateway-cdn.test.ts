import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { DAY_MS, shifted, systemClock } from '#kernel/clock.ts';
import { eventually, startGateway } from './gateway-run.ts';
import { SUPERGRAPH_MANAGER, start } from './program.ts';
import {
  PRODUCTS,
  PRODUCTS_WITH_COLOUR,
  PRODUCTS_WITHOUT_NAME,
  PRODUCTS_WITHOUT_WEIGHT,
} from './shop.ts';
import { startTinySubgraph } from './tiny-subgraph.ts';
import { createClientWorld, GATEWAY, PIPELINE } from './world.ts';
import type { TinySubgraph } from './tiny-subgraph.ts';
import type { ClientWorld } from './world.ts';

jest.setTimeout(150_000);

/** Usage as far as these tests look at it. */
interface Seen {
  readonly client: string;
  readonly version: string;
  readonly coordinate: string;
}

describe('gateways that fetch from the CDN paths', () => {
  let world: ClientWorld;
  let subgraph: TinySubgraph;
  beforeAll(async () => {
    world = await createClientWorld();
    subgraph = await startTinySubgraph();
    await world.file('nameless.graphql', PRODUCTS_WITHOUT_NAME);
    await world.file('weightless.graphql', PRODUCTS_WITHOUT_WEIGHT);
  });
  afterAll(async () => {
    await subgraph[Symbol.asyncDispose]();
    await world[Symbol.asyncDispose]();
  });

  function usageOf(targetId: string): Promise<Seen[]> {
    return world.database.query(
      `select distinct client_version.client, client_version.version, usage_coordinate.coordinate
       from usage_daily
       join client_version on client_version.id = client_version_id
       join usage_coordinate using (operation_id)
       where client_version.target_id = $1`,
      [targetId],
    );
  }

  /** As if those who report now had told of the days before, too: that nothing was asked. */
  async function coverWindow(targetId: string): Promise<void> {
    const since = shifted(systemClock.now(), -40 * DAY_MS);
    await world.database.query('update usage_gateway set first_seen_at = $2 where target_id = $1', [
      targetId,
      since,
    ]);
    await world.database.query(
      `insert into reporting_coverage (target_id, day, gateway, reports, requests, detail, first_at, last_at)
       select $1, day::date, gateway, 1, 0, 'FULL', day, day from usage_gateway,
         generate_series($2::timestamptz, now(), '1 day') as day
       where target_id = $1 on conflict do nothing`,
      [targetId, since],
    );
  }

  it('executes, reports what is used, takes a new supergraph, and so decides what may be removed', async () => {
    const graph = await world.graph();
    const pipeline = await graph.token(PIPELINE);
    const target = graph.hiveTarget('staging');
    const targetId = graph.targetId('staging');
    const published = { target, service: 'products', url: subgraph.url };
    await world.publish(pipeline, { ...published, sdl: PRODUCTS });
    const key = await graph.token(GATEWAY, { target: 'staging' });
    await using gateway = await startGateway(world, {
      line: `${world.url}/artifacts/v1/${targetId} --hive-cdn-key ${key} --polling 10s --hive-target ${target} --hive-usage-access-token ${key}`,
      config: { reporting: reportsTo(world.url) },
    });
    const names = await gateway.until(
      { query: 'query Names { products(first: 1) { name } }' },
      hasData,
    );
    expect(names).toEqual({ data: { products: [{ name: 'Seal kit' }] } });

    const seen = await eventually(
      () => usageOf(targetId),
      (rows) => rows.some(({ coordinate }) => coordinate === 'Product.name'),
    );
    expect(seen).toContainEqual({ client: 'portal', version: '7', coordinate: 'Product.name' });
    expect(seen).toContainEqual(expect.objectContaining({ coordinate: 'Query.products(first:)' }));

    const check = `schema:check --service products --target ${target}`;
    const unproven = await world.hive(pipeline, `${check} weightless.graphql`);
    expect(unproven.code).not.toBe(0);
    await coverWindow(targetId);
    const safe = await world.hive(pipeline, `${check} weightless.graphql`);
    expect(safe).toMatchObject({
      code: 0,
      text: expect.stringContaining('(Safe based on usage ✓)'),
    });
    const used = await world.hive(pipeline, `${check} nameless.graphql`);
    expect(used.code).not.toBe(0);
    expect(used.text).toContain('portal');

    await world.publish(pipeline, { ...published, sdl: PRODUCTS_WITH_COLOUR });
    const colours = await gateway.until({ query: '{ products(first: 1) { colour } }' }, hasData);
    expect(colours).toEqual({ data: { products: [{ colour: 'black' }] } });
  });

  it('execute the persisted documents of an app, whose use is then known by the app', async () => {
    const graph = await world.graph();
    const pipeline = await graph.token(PIPELINE);
    const target = graph.hiveTarget('staging');
    const targetId = graph.targetId('staging');
    const service = { target, service: 'products', url: subgraph.url };
    await world.publish(pipeline, { ...service, sdl: PRODUCTS });
    await world.file('app.json', '{"d1":"query Names { products { name } }"}');
    const created = await world.hive(
      pipeline,
      `app:create app.json --name ledger --version 3 --publish --target ${target}`,
    );
    expect(created.code).toBe(0);
    const token = await graph.token(GATEWAY, { target: 'staging' });
    const endpoint = `${world.url}/artifacts/v1/${targetId}`;
    await using gateway = await startGateway(world, {
      line: `${endpoint} --hive-cdn-key ${token} --hive-target ${target} --hive-usage-access-token ${token}`,
      config: {
        reporting: reportsTo(world.url),
        persistedDocuments: { type: 'hive', endpoint, token },
      },
    });
    const named = await gateway.until({ documentId: 'ledger~3~d1' }, hasData);
    expect(named).toEqual({ data: { products: [{ name: 'Seal kit' }, { name: 'Gasket' }] } });
    await eventually(
      () => usageOf(targetId),
      (rows) => rows.some(({ client, version }) => client === 'ledger' && version === '3'),
    );
    const unknown = await gateway.until({ documentId: 'ledger~3~d2' }, () => true);
    expect(JSON.stringify(unknown)).toContain('errors');
    const arbitrary = await gateway.until({ query: '{ products { id } }' }, () => true);
    expect(JSON.stringify(arbitrary)).toContain('errors');
  });

  it('are given the supergraph by createSupergraphManager, told that it is unchanged, and given a new one', async () => {
    const graph = await world.graph();
    const pipeline = await graph.token(PIPELINE);
    const published = {
      target: graph.hiveTarget('staging'),
      service: 'products',
      url: subgraph.url,
    };
    await world.publish(pipeline, { ...published, sdl: PRODUCTS });
    const cdn = `${world.url}/artifacts/v1/${graph.targetId('staging')}`;
    const key = await graph.token(GATEWAY, { target: 'staging' });
    await using manager = start(SUPERGRAPH_MANAGER, [cdn, key], { cwd: world.folder });
    const says = (pattern: RegExp) =>
      eventually(
        () => Promise.resolve(manager.text()),
        (text) => pattern.test(text),
      );
    await says(/initial without colour/);
    await says(/status 304/);
    expect(manager.text()).not.toContain('updated with colour');
    await world.publish(pipeline, { ...published, sdl: PRODUCTS_WITH_COLOUR });
    await says(/updated with colour/);
    await using stranger = start(SUPERGRAPH_MANAGER, [cdn, 'hvo1/forged'], { cwd: world.folder });
    await eventually(
      () => Promise.resolve(stranger.text()),
      (text) => /failed/.test(text),
    );
    expect(stranger.text()).toMatch(/status 40[013]/);
  });
});

/** Usage goes here at once, and not to where the gateway's makers keep theirs. */
function reportsTo(url: string): object {
  return {
    type: 'hive',
    selfHosting: {
      graphqlEndpoint: `${url}/hive`,
      applicationUrl: url,
      usageEndpoint: `${url}/usage`,
    },
    agent: { sendInterval: 500 },
  };
}

function hasData(answer: unknown): boolean {
  return JSON.stringify(answer).startsWith('{"data":{');
}
