import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  INTERNAL_TOKEN_HEADER,
  createCallSigner,
  generateInternalKey,
} from '#kernel/internal-token.ts';
import { WARM_UP_VIEWER } from './operation-context.ts';
import { startProxy } from './test-world/proxy.ts';
import { createWorld } from './test-world/world.ts';
import { until } from '../tests/support/until.ts';
import type { World } from './test-world/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const BODY = '{"query":"{ whoAmI { id } }"}';
async function call(token: string | null, body = BODY): Promise<number> {
  const response = await fetch(`${world.subgraphs.urls.orders}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === null ? {} : { [INTERNAL_TOKEN_HEADER]: token }),
    },
    body,
  });
  await response.text();
  return response.status;
}

describe('the wall between gateway and subgraphs', () => {
  const sign = (audience: string, body = BODY) =>
    createCallSigner(world.internalKey)({ audience, body, viewer: WARM_UP_VIEWER });

  it('lets the gateway’s signed call through, once', async () => {
    const token = await sign('purchase-orders');
    expect(await call(token)).toBe(200);
    expect(await call(token)).toBe(401);
  });

  it('refuses a direct call, another audience, another body and another signer', async () => {
    expect(await call(null)).toBe(401);
    expect(await call(await sign('suppliers'))).toBe(401);
    expect(await call(await sign('purchase-orders', '{"query":"{ tree { value } }"}'))).toBe(401);
    const stranger = generateInternalKey('gateway');
    const forged = createCallSigner(stranger)({
      audience: 'purchase-orders',
      body: BODY,
      viewer: WARM_UP_VIEWER,
    });
    expect(await call(await forged)).toBe(401);
  });

  it('does not carry a client’s access token', async () => {
    expect(await call(await world.issuer.token())).toBe(401);
  });
});

describe('an idle connection to a subgraph', () => {
  it('that was closed under us costs a query nothing', async () => {
    const proxy = await startProxy(world.subgraphs.urls.orders);
    const through = world.subgraphs.compose().replaceAll(world.subgraphs.urls.orders, proxy.url);
    const stale = world.registry.publish(through);
    await until(() => world.gateway.supergraphVersion() === stale);
    for (let round = 0; round < 20; round += 1) {
      expect((await world.post('{ order(id: 1) { id } }')).errors).toBeUndefined();
      proxy.cut();
    }
    const direct = world.registry.publish(world.subgraphs.compose());
    await until(() => world.gateway.supergraphVersion() === direct);
    proxy.close();
  });
});

describe('readiness', () => {
  it('needs a supergraph and one subgraph that answers', async () => {
    expect(await world.gateway.ready()).toEqual([]);
    const gateway = await world.startAnother({ internalKey: generateInternalKey('gateway') });
    expect(await gateway.ready()).toEqual(['warm-up: no subgraph has answered yet']);
    expect((await fetch(`${gateway.url}/readyz`)).status).toBe(503);
    expect((await fetch(`${gateway.url}/livez`)).status).toBe(200);
    await gateway.close();
  });
});
