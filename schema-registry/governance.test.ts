import { expect, it } from '@jest/globals';
import { architect, createCoreWorld } from './core-world.ts';
import { contractsOf } from './contract/contract.ts';
import { setContract } from './contract/contract-command.ts';
import { govern } from './governance.ts';
import { ownersOf } from './ownership/owner-store.ts';
import { currentVersion } from './publication/version-store.ts';
import type { Governance } from './governance.ts';

const SDL = `type Query { order: Order total: Total }
type Order { id: ID secret: String @tag(name: "restricted") }
type Total @tag(name: "sums") { amount: Int }`;

const portal = {
  name: 'portal',
  includeTags: [],
  excludeTags: ['restricted'],
  forbiddenTags: ['restricted'],
  removeUnreachable: true,
};
const WANTED: Governance = {
  owners: [{ subject: 'subgraph:orders', team: 'sales', members: ['ada'] }],
  contracts: [portal],
};
const hub = architect('hub');

it('sets owners and contracts, and a second time changes nothing', async () => {
  await using world = await createCoreWorld();
  await world.publish({ orders: SDL });
  const asking = { principal: hub, target: await world.target() };
  const { database } = world;

  expect(await govern(world.deps, asking, WANTED)).toEqual([]);
  const [owners, contracts, version] = await Promise.all([
    ownersOf(database, asking.target.id),
    contractsOf(database, asking.target.id),
    currentVersion(database, asking.target.id),
  ]);
  expect(owners).toMatchObject([{ subject: 'subgraph:orders', team: 'sales', setBy: 'hub' }]);
  expect(contracts).toMatchObject([{ name: 'portal', createdBy: 'hub' }]);
  expect(version).toMatchObject({ number: 2, cause: 'CONTRACTS' });

  world.silence(1);
  expect(await govern(world.deps, asking, WANTED)).toEqual([]);
  expect(await ownersOf(database, asking.target.id)).toEqual(owners);
  expect(await contractsOf(database, asking.target.id)).toEqual(contracts);
  expect(await currentVersion(database, asking.target.id)).toEqual(version);
});

it('changes what it set itself, and leaves what somebody else has changed', async () => {
  await using world = await createCoreWorld();
  await world.publish({ orders: SDL });
  const target = await world.target();
  await govern(world.deps, { principal: hub, target }, WANTED);

  const moved = [{ subject: 'subgraph:orders', team: 'logistics', members: ['ada', 'bea'] }];
  const wider = { ...portal, forbiddenTags: ['restricted', 'bank'] };
  await govern(world.deps, { principal: hub, target }, { owners: moved, contracts: [wider] });
  expect(await ownersOf(world.database, target.id)).toMatchObject(moved);
  expect(await contractsOf(world.database, target.id)).toMatchObject([wider]);

  const hers = { ...portal, excludeTags: ['restricted', 'pii'] };
  await setContract(world.deps, { principal: architect('ada'), target }, hers);
  expect(await govern(world.deps, { principal: hub, target }, WANTED)).toEqual([]);
  expect(await contractsOf(world.database, target.id)).toMatchObject([hers]);
});

it('tells what is refused, and sets the others', async () => {
  await using world = await createCoreWorld();
  await world.publish({ orders: SDL });
  const target = await world.target();
  // `Query.total` would refer to a type that is hidden.
  const broken = { ...portal, name: 'broken', excludeTags: ['sums'] };
  const problems = await govern(
    world.deps,
    { principal: hub, target },
    { owners: [], contracts: [broken, portal] },
  );
  expect(problems).toMatchObject([{ code: 'CHECK_FAILED' }]);
  expect(await contractsOf(world.database, target.id)).toMatchObject([portal]);
});
