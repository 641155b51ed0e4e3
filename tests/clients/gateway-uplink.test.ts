import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { eventually, startGateway } from './gateway-run.ts';
import { PRODUCTS, PRODUCTS_WITH_COLOUR } from './shop.ts';
import { startTinySubgraph } from './tiny-subgraph.ts';
import { createClientWorld, GATEWAY, PIPELINE } from './world.ts';
import type { TinySubgraph } from './tiny-subgraph.ts';
import type { ClientWorld } from './world.ts';

jest.setTimeout(150_000);

describe('gateways that fetch over Uplink', () => {
  let world: ClientWorld;
  let subgraph: TinySubgraph;
  beforeAll(async () => {
    world = await createClientWorld();
    subgraph = await startTinySubgraph();
  });
  afterAll(async () => {
    await subgraph[Symbol.asyncDispose]();
    await world[Symbol.asyncDispose]();
  });

  it('execute, report in the form of Apollo, and take a new supergraph', async () => {
    const graph = await world.graph();
    const pipeline = await graph.token(PIPELINE);
    const published = {
      target: graph.hiveTarget('staging'),
      service: 'products',
      url: subgraph.url,
    };
    await world.publish(pipeline, { ...published, sdl: PRODUCTS });
    const ref = `${graph.slug}@staging`;
    const token = await graph.token(GATEWAY, { target: 'staging' });
    const key = `service:${graph.slug}:${token}`;
    await using gateway = await startGateway(world, {
      line: `--apollo-uplink ${world.url}/uplink --apollo-graph-ref ${ref} --apollo-key ${key} --polling 10s`,
      config: {
        reporting: {
          type: 'graphos',
          apiKey: key,
          graphRef: ref,
          endpoint: `${world.url}/api/ingress/traces`,
          maxBatchDelay: 500,
          alwaysSend: true,
        },
      },
    });
    const names = await gateway.until(
      { query: 'query Names { products(first: 1) { name } }' },
      hasData,
    );
    expect(names).toEqual({ data: { products: [{ name: 'Seal kit' }] } });
    const coordinates = await eventually(
      () =>
        world.database.query<{ coordinate: string }>(
          'select coordinate from usage_coordinate where target_id = $1',
          [graph.targetId('staging')],
        ),
      (rows) => rows.length > 0,
    );
    expect(coordinates).toContainEqual({ coordinate: 'Product.name' });
    await world.publish(pipeline, { ...published, sdl: PRODUCTS_WITH_COLOUR });
    const colours = await gateway.until({ query: '{ products(first: 1) { colour } }' }, hasData);
    expect(colours).toEqual({ data: { products: [{ colour: 'black' }] } });
  });

  it('are told when their key opens nothing', async () => {
    const graph = await world.graph();
    const ref = `${graph.slug}@staging`;
    const key = `service:${graph.slug}:hvo1/forged`;
    await using gateway = await startGateway(world, {
      line: `--apollo-uplink ${world.url}/uplink --apollo-graph-ref ${ref} --apollo-key ${key}`,
      config: {
        reporting: {
          type: 'graphos',
          apiKey: key,
          graphRef: ref,
          endpoint: `${world.url}/nowhere`,
        },
      },
    });
    await eventually(
      () => Promise.resolve(gateway.text()),
      (text) => text.includes('AUTHENTICATION_FAILED'),
    );
  });
});

function hasData(answer: unknown): boolean {
  return JSON.stringify(answer).startsWith('{"data":{');
}
