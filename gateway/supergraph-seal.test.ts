import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '#kernel/id.ts';
import { createKey } from './test-world/registry.ts';
import { createWorld } from './test-world/world.ts';
import { until } from '../tests/support/until.ts';
import type { Gateway, GatewayOptions } from './main.ts';
import type { World } from './test-world/world.ts';

let world: World;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'concord-seal-'));
  world = await createWorld();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const served = (gateway: Gateway, version: string) =>
  until(() => gateway.supergraphVersion() === version);
const refusals = (text: string): number =>
  world.logged.filter(
    (entry) => entry.event === 'supergraph.refused' && JSON.stringify(entry).includes(text),
  ).length;
const following = (
  cacheFile: string | null,
  changes: Partial<World['registry']['following']> = {},
): Partial<GatewayOptions> => ({
  supergraph: { registry: { ...world.registry.following, ...changes }, file: null, cacheFile },
});

describe('a supergraph that is not rightly signed', () => {
  it.each<[string, Parameters<World['registry']['publish']>[1], string]>([
    ['without a signature', { signature: null }, 'carries no signature'],
    ['with a signature that is none', { signature: 'signed' }, 'cannot be read'],
    ['signed by a stranger', { key: createKey() }, 'which no trusted key endorses'],
    ['signed for another target', { signedFor: { targetId: newId() } }, 'made for'],
    [
      'signed as a contract of the same target',
      { signedFor: { kind: 'contract/partner/supergraph' } },
      'made for',
    ],
    [
      'older than what is served',
      { versionId: '01890000-0000-7000-8000-000000000000' },
      'older than',
    ],
    ['of a version whose age cannot be told', { versionId: '17' }, 'no id of a version'],
  ])('%s is refused once, and the last good one is served', async (_what, publication, reason) => {
    const good = world.gateway.supergraphVersion();
    const before = refusals(reason);
    const version = world.registry.publish(world.subgraphs.compose('extra0: Int'), publication);
    await until(() => refusals(reason) > before);
    const { full } = world.registry.answers;
    await until(() => world.registry.answers.full > full);
    expect(world.gateway.supergraphVersion()).toBe(good);
    expect((await world.post('{ order(id: 1) { id } }')).data).toEqual({ order: { id: '1' } });
    expect((await world.post('{ order(id: 1) { extra0 } }')).status).toBe(400);
    const ofVersion = (entry: unknown) => (entry as { version?: string }).version === version;
    expect(world.logged.filter(ofVersion)).toHaveLength(1);
    await served(world.gateway, world.registry.publish(world.subgraphs.compose()));
  });

  it('is refused when its text was changed on the way', async () => {
    const sdl = world.subgraphs.compose();
    const before = refusals('made for');
    // The signature of another text of the same version.
    const versionId = newId();
    world.registry.publish(sdl, { versionId });
    await served(world.gateway, versionId);
    world.registry.publish(sdl.replaceAll(world.subgraphs.urls.suppliers, 'http://evil.example'), {
      signature: `${world.registry.key.kid}.${'A'.repeat(86)}`,
    });
    await until(() => refusals('made for') > before);
    expect(world.gateway.supergraphVersion()).toBe(versionId);
    await served(world.gateway, world.registry.publish(sdl));
  });

  it('never becomes the first one', async () => {
    const gateway = await world.startAnother(following(null, { trustedKeys: [createKey().kid] }));
    expect(await gateway.ready()).toEqual(['supergraph']);
    const contract = await world.startAnother(
      following(null, { variant: { kind: 'CONTRACT', name: 'partner' } }),
    );
    expect(await contract.ready()).toEqual(['supergraph']);
    await Promise.all([gateway.close(), contract.close()]);
  });
});

describe('a supergraph of a contract or a major version', () => {
  it('is taken from its path, signed as what it is', async () => {
    const name = 'partner';
    const versionId = world.registry.publishContract(name, world.subgraphs.compose());
    const contract = await world.startAnother(
      following(null, { variant: { kind: 'CONTRACT', name } }),
    );
    expect(contract.supergraphVersion()).toBe(versionId);
    await contract.close();
    const major = world.registry.publish(world.subgraphs.compose());
    const pinned = await world.startAnother(
      following(null, { variant: { kind: 'MAJOR', major: 3 } }),
    );
    expect(pinned.supergraphVersion()).toBe(major);
    await pinned.close();
    await served(world.gateway, major);
  });
});

describe('a key that the registry changes', () => {
  it('is trusted when the trusted one endorses it, also a key later', async () => {
    const second = createKey(world.registry.key);
    const third = createKey(second);
    const sdl = world.subgraphs.compose();
    const version = world.registry.publish(sdl, { key: third });
    await until(() => refusals(version) === 1);
    world.registry.publishKeys([world.registry.key, second, third]);
    await served(world.gateway, version);
  });

  it('is not trusted when it endorses itself', async () => {
    const stranger = createKey(createKey());
    world.registry.publishKeys([world.registry.key, stranger]);
    const version = world.registry.publish(world.subgraphs.compose(), { key: stranger });
    await until(() => refusals(version) === 1);
    expect(world.gateway.supergraphVersion()).not.toBe(version);
    await served(world.gateway, world.registry.publish(world.subgraphs.compose()));
  });
});

describe('a supergraph that was kept', () => {
  const kept = async (name: string): Promise<string> => {
    const cacheFile = join(folder, name);
    const gateway = await world.startAnother(following(cacheFile));
    await until(async () => (await readFile(cacheFile, 'utf8').catch(() => '')) !== '');
    await gateway.close();
    return cacheFile;
  };

  it('is checked again at the start, with the keys that were kept with it', async () => {
    const second = createKey(world.registry.key);
    world.registry.publishKeys([world.registry.key, second]);
    const version = world.registry.publish(world.subgraphs.compose(), { key: second });
    const cacheFile = await kept('kept.json');
    world.registry.fail();
    const gateway = await world.startAnother(following(cacheFile));
    expect(gateway.supergraphVersion()).toBe(version);
    await gateway.close();
    const distrustful = await world.startAnother(
      following(cacheFile, { trustedKeys: [createKey().kid] }),
    );
    expect(distrustful.supergraphVersion()).toBeNull();
    await distrustful.close();
    world.registry.publish(world.subgraphs.compose());
  });

  it('is not served for another variant, or when its signature was taken away', async () => {
    const cacheFile = await kept('other.json');
    world.registry.fail();
    const major = await world.startAnother(
      following(cacheFile, { variant: { kind: 'MAJOR', major: 1 } }),
    );
    expect(major.supergraphVersion()).toBeNull();
    await major.close();
    const { seal: _seal, ...unsigned } = JSON.parse(await readFile(cacheFile, 'utf8'));
    await writeFile(cacheFile, JSON.stringify(unsigned));
    const gateway = await world.startAnother(following(cacheFile));
    expect(gateway.supergraphVersion()).toBeNull();
    await gateway.close();
    world.registry.publish(world.subgraphs.compose());
  });

  it('is older than nothing that is taken after a restart, until it is removed', async () => {
    const old = newId();
    await new Promise((resolve) => setTimeout(resolve, 5));
    const version = world.registry.publish(world.subgraphs.compose());
    const cacheFile = await kept('floor.json');
    world.registry.publish(world.subgraphs.compose('extra0: Int'), { versionId: old });
    const gateway = await world.startAnother(following(cacheFile));
    expect(gateway.supergraphVersion()).toBe(version);
    await gateway.close();
    await rm(cacheFile);
    const forgetful = await world.startAnother(following(cacheFile));
    expect(forgetful.supergraphVersion()).toBe(old);
    await forgetful.close();
    world.registry.publish(world.subgraphs.compose());
  });
});
