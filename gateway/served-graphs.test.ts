import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createWorld } from './test-world/world.ts';
import { until } from '../tests/support/until.ts';
import type { Gateway } from './main.ts';
import type { World } from './test-world/world.ts';

let world: World;
let folder: string;
let gateway: Gateway;
const closing: (() => Promise<void>)[] = [];
const options = () => ({
  supergraph: {
    registry: world.registry.following,
    file: null,
    cacheFile: join(folder, 'supergraph.json'),
    contracts: ['portal'],
  },
});
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'concord-contracts-'));
  world = await createWorld();
  world.registry.publish(world.subgraphs.compose('internalNote: String'));
  world.registry.publishContract('portal', world.subgraphs.compose());
  gateway = await world.startAnother(options());
  await until(async () => (await gateway.ready()).length === 0);
});
afterAll(async () => {
  for (const close of [gateway.close, ...closing]) await close();
  await world[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function ask(query: string, claims: object, to = gateway) {
  const token = await world.issuer.token(claims);
  const response = await fetch(`${to.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query }),
  });
  const { data, errors } = (await response.json()) as {
    data?: unknown;
    errors?: { message: string; extensions: { code: string } }[];
  };
  return { status: response.status, data, code: errors?.[0]?.extensions.code };
}

const HIDDEN = '{ order(id: 1) { internalNote } }';
const SHOWN = '{ order(id: 1) { note } }';

describe('a token that names a contract', () => {
  it('opens that part of the graph', async () => {
    expect(await ask(SHOWN, { contract: 'portal' })).toMatchObject({
      status: 200,
      data: { order: { note: 'note 1' } },
    });
    expect(await ask(HIDDEN, { contract: 'portal' })).toMatchObject({
      status: 400,
      code: 'GRAPHQL_VALIDATION_FAILED',
    });
  });

  it('opens nothing when that contract is not served here', async () => {
    for (const contract of ['partner', '', 7, ['portal'], { name: 'portal' }, true]) {
      expect(await ask(SHOWN, { contract })).toMatchObject({
        status: 403,
        code: 'CONTRACT_NOT_SERVED',
      });
    }
  });

  it('leaves the rest of the graph to others', async () => {
    expect(await ask(HIDDEN, {})).toMatchObject({ status: 200 });
    expect(await ask(HIDDEN, { contract: null })).toMatchObject({ status: 200 });
  });

  it('sees the contract change, and nothing of the rest', async () => {
    world.registry.publishContract('portal', world.subgraphs.compose('portalNote: String'));
    await until(
      async () =>
        (await ask('{ order(id: 1) { portalNote } }', { contract: 'portal' })).status === 200,
    );
    expect((await ask('{ order(id: 1) { portalNote } }', {})).status).toBe(400);
    expect((await ask(HIDDEN, { contract: 'portal' })).status).toBe(400);
  });

  it('is served from what was kept while the registry is away', async () => {
    // What is served is written then, under another name first.
    const kept = join(folder, 'supergraph.json.portal');
    await until(async () => (await readFile(kept, 'utf8')).includes('portalNote'));
    await until(async () => (await readdir(folder)).length === 2);
    world.registry.fail();
    const again = await world.startAnother(options());
    closing.push(again.close);
    await until(async () => (await again.ready()).length === 0);
    expect(
      (await ask('{ order(id: 1) { portalNote } }', { contract: 'portal' }, again)).status,
    ).toBe(200);
    expect((await ask(HIDDEN, {}, again)).status).toBe(200);
  });
});
