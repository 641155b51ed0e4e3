import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { flawsOf, walk } from '#kernel/lifecycle.ts';
import { setContract } from '../contract/contract-command.ts';
import { architect, createCoreWorld, errorsIn } from '../core-world.ts';
import { decideOnOverride, requestOverride } from './override-command.ts';
import { decideOverride, OVERRIDE_LIFECYCLE } from './override.ts';
import type { StoredCheck } from '../commands.ts';
import type { CoreWorld } from '../core-world.ts';
import type { Override } from './override.ts';

const orders = (number: string): string =>
  `type Query { order: Order } type Order @key(fields: "id") { id: ID! number: ${number} }`;
const REASON = 'The portal moves to the new type this week.';

describe('the lifecycle of an override', () => {
  it('is sound', () => expect(flawsOf(OVERRIDE_LIFECYCLE)).toEqual([]));
  it.each([...walk(OVERRIDE_LIFECYCLE)])(
    'in $state, "$event" leads to $next',
    ({ state, event, next }) => {
      const override = {
        state,
        requestedBy: 'ada',
        coordinate: 'Order.number',
        version: 1,
      } as Override;
      const decided = decideOverride(override, { event, by: 'bo', comment: null, at: new Date(0) });
      expect(decided.ok ? decided.value.state : undefined).toBe(next);
    },
  );
});

describe('an override', () => {
  let world: CoreWorld;
  beforeEach(async () => {
    world = await createCoreWorld();
    await world.publish({ orders: orders('String') });
    await world.pass(35, [{ client: 'portal', coordinates: ['Query.order', 'Order.number'] }]);
  });
  afterEach(async () => world[Symbol.asyncDispose]());

  const as = (name: string) => ({ ...world.deps, principal: architect(name) });
  const checked = async (sdl: string): Promise<StoredCheck> => {
    const check = await world.commands.check(await world.request({ orders: sdl }));
    if (!check.ok) throw new Error(check.problem.message);
    return check.value;
  };
  const asked = async (sdl: string, by = 'ada'): Promise<Override> => {
    const { id, result } = await checked(sdl);
    const override = await requestOverride(as(by), {
      target: await world.target(),
      checkId: id,
      changeHash: result.changes.find(({ severity }) => severity === 'BREAKING')?.hash ?? '',
      reason: REASON,
      days: 7,
    });
    if (!override.ok) throw new Error(override.problem.message);
    return override.value;
  };
  const decide = async (by: string, id: string, event: 'grant' | 'refuse' | 'withdraw') =>
    decideOnOverride(as(by), { target: await world.target(), id, event, comment: null });

  it('lets exactly its change pass, survives a re-run of the same change and dies with any other', async () => {
    expect(errorsIn((await checked(orders('Int'))).result)).toEqual([
      'USAGE BREAKING_CHANGE Order.number',
    ]);
    const { id } = await asked(orders('Int'));
    expect((await checked(orders('Int'))).result.conclusion).toBe('FAILED');
    expect((await decide('bo', id, 'grant')).ok).toBe(true);
    const again = await checked(`# a re-run, laid out otherwise\n${orders('Int')} `);
    expect(again.result).toMatchObject({
      conclusion: 'PASSED',
      changes: [{ severity: 'BREAKING', acceptedBy: 'OVERRIDE' }],
    });
    expect(errorsIn((await checked(orders('Boolean'))).result)).toEqual([
      'USAGE BREAKING_CHANGE Order.number',
    ]);
    const published = await world.publish({ orders: orders('Int') });
    expect(published.version.version).toBe('2.0.0');
  });

  it('is never granted or refused by whoever asked for it, even at the same time', async () => {
    const { id } = await asked(orders('Int'));
    for (const event of ['grant', 'refuse'] as const)
      expect(await decide('ada', id, event)).toMatchObject({
        ok: false,
        problem: { code: 'SEGREGATION_OF_DUTIES', rule: 'requester-does-not-grant' },
      });
    const both = await Promise.all([decide('bo', id, 'grant'), decide('cy', id, 'refuse')]);
    expect(both.filter(({ ok }) => ok)).toHaveLength(1);
  });

  it('ends with its time, and with being taken back', async () => {
    const { id } = await asked(orders('Int'));
    await decide('bo', id, 'grant');
    await world.pass(7, [{ client: 'portal', coordinates: ['Query.order', 'Order.number'] }]);
    expect((await checked(orders('Int'))).result.conclusion).toBe('FAILED');
    const second = await asked(orders('Int'));
    expect(second.id).not.toBe(id);
    await decide('bo', second.id, 'grant');
    await decide('ada', second.id, 'withdraw');
    expect((await checked(orders('Int'))).result.conclusion).toBe('FAILED');
  });

  it('needs a reason, an end within the policy, and a change that a check told of', async () => {
    const { id, result } = await checked(orders('Int'));
    const target = await world.target();
    const input = {
      target,
      checkId: id,
      changeHash: result.changes[0]?.hash ?? '',
      reason: 'x',
      days: 400,
    };
    expect(await requestOverride(as('ada'), input)).toMatchObject({
      ok: false,
      problem: { fields: [{ code: 'REASON_MISSING' }, { code: 'OUT_OF_RANGE' }] },
    });
    expect(await requestOverride(as('ada'), { ...input, changeHash: 'nothing' })).toMatchObject({
      ok: false,
      problem: { code: 'NOT_FOUND', entity: 'change' },
    });
    expect(
      await requestOverride(as('ada'), { ...input, target: await world.target('staging') }),
    ).toMatchObject({ ok: false, problem: { entity: 'check' } });
  });

  it('asked for again while it is open is the one that there is', async () => {
    const first = await asked(orders('Int'));
    expect((await asked(orders('Int'), 'bo')).id).toBe(first.id);
  });

  it('is in the history with both people, the reason and the change', async () => {
    const { id, changeHash } = await asked(orders('Int'));
    await decide('bo', id, 'grant');
    const rows = await world.database.query<{ body: string }>(
      `select body from history_entry where body like '%override.%' order by seq`,
    );
    expect(rows.map(({ body }) => JSON.parse(body) as unknown)).toMatchObject([
      { action: 'override.requested', actor: 'ada', details: { reason: REASON, changeHash } },
      { action: 'override.granted', actor: 'bo', details: { requestedBy: 'ada' } },
    ]);
  });

  it('of one member that leaves a union permits no other to leave', async () => {
    const search = (members: string): string =>
      `type Query { s: S } union S = ${members} type A { x: Int } type B { y: Int } type C { z: Int }
       extend type Query { a: A b: B c: C }`;
    await world.publish({ orders: orders('String'), search: search('A | B | C') });
    await world.pass(1, [{ client: 'portal', coordinates: ['Query.s', 'A', 'B', 'C'] }]);
    const check = await world.commands.check(await world.request({ search: search('A') }));
    if (!check.ok) throw new Error(check.problem.message);
    const left = check.value.result.changes.filter(({ type }) => type === 'UNION_MEMBER_REMOVED');
    expect(new Set(left.map(({ hash }) => hash)).size).toBe(2);
  });

  it('for the readers of one contract permits nothing to others, nor to everybody', async () => {
    const field = (tag: string): string =>
      `type Query { order: Order } type Order @key(fields: "id") { id: ID! number: String ${tag} }`;
    const target = await world.target();
    for (const [name, tag] of [
      ['partner', 'p'],
      ['portal', 'q'],
    ] as const) {
      const set = await setContract(
        world.deps,
        { principal: architect('ada'), target },
        { name, includeTags: [], excludeTags: [tag], forbiddenTags: [], removeUnreachable: false },
      );
      expect(set.ok).toBe(true);
    }
    const { id } = await asked(field('@tag(name: "p")'));
    await decide('bo', id, 'grant');
    expect((await checked(field('@tag(name: "p")'))).result.conclusion).toBe('PASSED');
    expect(errorsIn((await checked(field('@tag(name: "q")'))).result)).toEqual([
      'CONTRACTS CONTRACT_BREAKING_CHANGE Order.number',
    ]);
    const gone = 'type Query { order: Order } type Order @key(fields: "id") { id: ID! }';
    expect(errorsIn((await checked(gone)).result)).toEqual([
      'DEPRECATION REMOVED_WITHOUT_SUNSET Order.number',
    ]);
  });
});
