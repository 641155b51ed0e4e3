import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setContract } from '../contract/contract-command.ts';
import { contractsOf } from '../contract/contract.ts';
import { architect, createCoreWorld, withoutRules } from '../core-world.ts';
import { textOf } from '../document.ts';
import { contractVersions, currentVersion } from './version-store.ts';
import type { ContractInput } from '../contract/contract-command.ts';
import type { CoreWorld } from '../core-world.ts';

const ungated = { deprecation: { removalGated: false }, breaking: { fails: false } };

function without(name: string, ...excludeTags: string[]): ContractInput {
  return { name, includeTags: [], excludeTags, forbiddenTags: [], removeUnreachable: false };
}

describe('a subgraph that was taken out', () => {
  it('comes again under a number that was never given', async () => {
    await using world = await createCoreWorld();
    await withoutRules(world.database, await world.target(), ungated);
    await world.publish({ a: 'type Query { n: Int }', b: 'type Query { m: Int }' });
    await world.publish({}, { retire: ['b'] });
    const again = await world.publish({ b: 'type Query { other: Int }' });
    expect(again.version.members.map(({ subgraph, version }) => [subgraph, version])).toEqual([
      ['a', '1.0.0'],
      ['b', '2.0.0'],
    ]);
  });
});

describe('contracts', () => {
  let world: CoreWorld;
  const principal = architect('ada');
  const names = async (versionId: string): Promise<string[]> =>
    (await contractVersions(world.database, versionId)).map(({ contract }) => contract);
  const set = async (input: ContractInput) =>
    setContract(world.deps, { principal, target: await world.target() }, input);
  const served = async (contract: string): Promise<string> => {
    const current = await currentVersion(world.database, (await world.target()).id);
    const all = current === null ? [] : await contractVersions(world.database, current.id);
    const found = all.find((one) => one.contract === contract);
    return found === undefined ? 'nothing' : textOf(world.database, found.apiSha256);
  };

  beforeAll(async () => {
    world = await createCoreWorld();
    await withoutRules(world.database, await world.target(), ungated);
    await world.publish({ a: 'type Query { n: Int secret: Int @tag(name: "x") }' });
  });
  afterAll(async () => world[Symbol.asyncDispose]());

  it('that are set at once are all in the version that follows', async () => {
    const done = await Promise.all(['one', 'two', 'three'].map((name) => set(without(name, 'x'))));
    expect(done.map(({ ok }) => ok)).toEqual([true, true, true]);
    const current = await currentVersion(world.database, (await world.target()).id);
    expect(await names(current?.id ?? '')).toEqual(['one', 'three', 'two']);
  });

  it('are not defined when their schema cannot be', async () => {
    await world.publish({
      a: 'type Query { n: T secret: Int @tag(name: "x") } type T @tag(name: "t") { i: Int }',
    });
    const done = await set(without('broken', 't'));
    expect(done).toMatchObject({ ok: false, problem: { code: 'CHECK_FAILED' } });
    const stored = await contractsOf(world.database, (await world.target()).id);
    expect(stored.map(({ name }) => name)).toEqual(['one', 'three', 'two']);
  });

  it('are set although every publication needs a proposal, which is of subgraphs', async () => {
    const target = await world.target();
    await withoutRules(world.database, target, { ...ungated, review: { required: 'ALWAYS' } });
    expect(await set(without('reviewed', 'x'))).toMatchObject({ ok: true });
    await withoutRules(world.database, target, ungated);
  });

  it('of a version that is served again are cut as they are defined now', async () => {
    const first = await world.publish({
      a: 'type Query { n: Int secret: Int @tag(name: "x") more: Int @tag(name: "y") }',
    });
    await world.publish({
      a: 'type Query { n: Int secret: Int @tag(name: "x") more: Int @tag(name: "y") new: Int }',
    });
    await set(without('late', 'x'));
    await set(without('one', 'x', 'y'));
    const rolledBack = await world.commands.rollback({
      principal,
      target: await world.target(),
      versionId: first.version.id,
      reason: 'The portal is blank.',
    });
    expect(rolledBack).toMatchObject({ ok: true, value: { changed: true } });
    expect(await served('late')).toContain('more');
    expect(await served('late')).not.toContain('secret');
    expect(await served('late')).not.toContain('new');
    expect(await served('one')).not.toContain('more');
  });
});
