import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createCoreWorld, errorsIn, findingsOf, LINK } from '../core-world.ts';
import { currentVersion, versionsBefore } from '../publication/version-store.ts';
import { CHECK_STEPS } from './result.ts';
import type { CoreWorld } from '../core-world.ts';

const ORDERS = `type Query { order(id: ID!): Order }
type Order @key(fields: "id") { id: ID! number: String! note: String }`;

describe('a check', () => {
  let world: CoreWorld;
  beforeAll(async () => {
    world = await createCoreWorld();
    await world.publish({ orders: ORDERS });
  });
  afterAll(async () => world[Symbol.asyncDispose]());

  it('answers every step in its order and changes nothing', async () => {
    const before = await currentVersion(world.database, (await world.target()).id);
    const result = await world.check({
      orders: `${ORDERS} extend type Query { orders: [Order!]! }`,
    });
    expect(result.steps.map(({ name, status }) => [name, status])).toEqual(
      CHECK_STEPS.map((name) => [name, 'COMPLETED']),
    );
    expect(result.version).toEqual({
      supergraph: '1.1.0',
      subgraphs: [{ subgraph: 'orders', version: '1.1.0' }],
    });
    expect(await currentVersion(world.database, (await world.target()).id)).toEqual(before);
  });

  it('says where the SDL that was sent is not GraphQL, and skips what cannot be done', async () => {
    const result = await world.check({ orders: 'raw:type Query {\n  order(: ID }' });
    expect(findingsOf(result, 'COMPOSITION')).toMatchObject([
      { code: 'INVALID_GRAPHQL', subgraph: 'orders', line: 2, column: 9 },
    ]);
    expect(result.steps.slice(1).map(({ status }) => status)).toEqual(
      CHECK_STEPS.slice(1).map(() => 'SKIPPED'),
    );
  });

  it('says code, coordinate and place of what does not compose, in the subgraph that was sent', async () => {
    const sdl = 'type Order @key(fields: "id") {\n  id: ID!\n  number: Int!\n}';
    const [error] = findingsOf(await world.check({ invoices: sdl }), 'COMPOSITION');
    const lines = LINK.split('\n').length - 1;
    expect(error).toMatchObject({
      coordinate: 'Order.number',
      subgraph: 'invoices',
      line: lines + 3,
      column: 3,
    });
    expect(error?.code).toMatch(/^(FIELD_TYPE_MISMATCH|INVALID_FIELD_SHARING)$/);
  });

  it('names every client, operation and document that a breaking change hits', async () => {
    await world.pass(40, [
      { client: 'portal', coordinates: ['Query.order', 'Order.number'], requests: 7 },
    ]);
    const result = await world.check({
      orders: ORDERS.replace('number: String!', 'number: Int!'),
    });
    expect(errorsIn(result)).toEqual(['USAGE BREAKING_CHANGE Order.number']);
    expect(result.changes[0]).toMatchObject({
      severity: 'BREAKING',
      acceptedBy: null,
      usage: { clients: [{ name: 'portal', version: '1.0' }], operations: [{ name: 'Use0' }] },
    });
    expect(result.version?.supergraph).toBe('2.0.0');
  });

  it('lets a breaking change pass that nobody used on days that were all reported', async () => {
    const result = await world.check({ orders: ORDERS.replace('note: String', 'note: Int') });
    expect(errorsIn(result)).toEqual([]);
    expect(result.changes[0]).toMatchObject({ severity: 'BREAKING', acceptedBy: 'NO_USAGE' });
  });

  it('lets nothing pass as unused when a day was not reported', async () => {
    world.silence(2);
    await world.pass(1);
    const result = await world.check({ orders: ORDERS.replace('note: String', 'note: Int') });
    expect(errorsIn(result)).toEqual(['USAGE BREAKING_CHANGE Order.note']);
  });

  it('takes an argument that becomes required as safe when each use gave it', async () => {
    const search = (type: string): string =>
      `${ORDERS} extend type Query { search(text: ${type}): [Order!]! }`;
    await world.publish({ orders: search('String') });
    const given = ['Query.search', 'Query.search(text:)', 'Query.search(text:)!'];
    await world.pass(40, [{ client: 'portal', coordinates: given }]);
    const safe = await world.check({ orders: search('String!') });
    expect(safe.changes[0]).toMatchObject({ severity: 'BREAKING', acceptedBy: 'NO_USAGE' });
    await world.pass(1, [{ client: 'app', coordinates: ['Query.search'] }]);
    const hit = await world.check({ orders: search('String!') });
    expect(errorsIn(hit)).toEqual(['USAGE BREAKING_CHANGE Query.search(text:)']);
  });

  it("refuses a context that is nobody's any more, and stores nothing", async () => {
    const put = { orders: ORDERS };
    await world.check(put, { contextId: 'pull/1' });
    world.silence(91);
    const stale = await world.commands.check(await world.request(put, { contextId: 'pull/1' }));
    expect(stale).toMatchObject({ ok: false, problem: { code: 'STALE_CONTEXT' } });
    const odd = await world.commands.check(await world.request(put, { contextId: 'a b' }));
    expect(odd).toMatchObject({ ok: false, problem: { code: 'INVALID_INPUT' } });
  });
});

describe('a publication', () => {
  let world: CoreWorld;
  beforeAll(async () => {
    world = await createCoreWorld();
  });
  afterAll(async () => world[Symbol.asyncDispose]());

  it('of several subgraphs is one version; what is current already is none', async () => {
    const put = {
      orders: ORDERS,
      invoices: 'type Order @key(fields: "id") { id: ID! paid: Boolean }',
    };
    const first = await world.publish(put);
    expect(first).toMatchObject({
      initial: true,
      changed: true,
      version: { version: '1.0.0', number: 1 },
    });
    expect(first.version.members.map(({ subgraph, version }) => [subgraph, version])).toEqual([
      ['invoices', '1.0.0'],
      ['orders', '1.0.0'],
    ]);
    expect(await world.publish(put)).toMatchObject({ changed: false, version: { number: 1 } });
  });

  it('of several subgraphs is refused as a whole when one does not compose', async () => {
    const refused = await world.commands.publish(
      await world.request({
        orders: `${ORDERS} extend type Query { good: Int }`,
        invoices: 'type Order @key(fields: "id") { id: ID! number: Int! }',
      }),
    );
    expect(refused).toMatchObject({
      ok: false,
      problem: { code: 'CHECK_FAILED', retryable: false },
    });
    const current = await currentVersion(world.database, (await world.target()).id);
    expect(current?.number).toBe(1);
  });

  it('by many at once loses none: each is checked on top of the others', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const published = await Promise.all(
      names.map((name) => world.publish({ [`sub-${name}`]: `type Query { ${name}: Int }` })),
    );
    expect(new Set(published.map(({ version }) => version.number)).size).toBe(names.length);
    const current = await currentVersion(world.database, (await world.target()).id);
    expect(current?.members.map(({ subgraph }) => subgraph)).toEqual(
      expect.arrayContaining(names.map((name) => `sub-${name}`)),
    );
  });

  it('that states a version too low is refused with the change that proves it', async () => {
    const request = await world.request({
      orders: ORDERS.replace(' note: String', ' memo: String note: String'),
    });
    const stated = (version: string) => ({
      ...request,
      put: request.put.map((input) => ({ ...input, version })),
    });
    const low = await world.commands.publish(stated('1.0.1'));
    expect(low).toMatchObject({ ok: false, problem: { code: 'CHECK_FAILED' } });
    if (low.ok || !('result' in low.problem)) throw new Error('a failed check was expected');
    expect(findingsOf(low.problem.result, 'VERSION')).toMatchObject([
      { code: 'VERSION_UNDERSTATED', message: expect.stringContaining("'memo' was added") },
    ]);
    const high = await world.commands.publish(stated('3.0.0'));
    if (!high.ok) throw new Error(high.problem.message);
    const { members } = high.value.version;
    expect(members.find(({ subgraph }) => subgraph === 'orders')?.version).toBe('3.0.0');
  });

  it('takes subgraphs out, and a dry run tells what that breaks', async () => {
    const dry = await world.check({}, { retire: ['invoices'] });
    expect(errorsIn(dry)).toEqual(['DEPRECATION REMOVED_WITHOUT_SUNSET Order.paid']);
    expect(
      await world
        .check({}, { retire: ['sub-a'], target: await world.target('staging') })
        .catch(String),
    ).toContain('There is no subgraph "sub-a" here');
  });

  it('is promoted to another target, whose own rules check it', async () => {
    const staging = await world.target('staging');
    const promoted = await world.commands.promote({
      principal: (await world.request({})).principal,
      from: { target: await world.target() },
      to: staging,
      source: { author: 'ada', commit: null },
    });
    expect(promoted).toMatchObject({
      ok: true,
      value: { version: { cause: 'PROMOTE', version: '1.0.0' } },
    });
    const [here, there] = await Promise.all([
      currentVersion(world.database, (await world.target()).id),
      currentVersion(world.database, staging.id),
    ]);
    expect(there?.supergraphSha256).toBe(here?.supergraphSha256);
  });

  it('can be rolled back to any version, and the numbers above are not given again', async () => {
    const target = await world.target();
    const { principal } = await world.request({});
    const versions = await versionsBefore(world.database, {
      targetId: target.id,
      before: null,
      limit: 100,
    });
    const first = versions.at(-1);
    if (first === undefined) throw new Error('no version');
    const rolledBack = await world.commands.rollback({
      principal,
      target,
      versionId: first.id,
      reason: 'The portal shows no orders.',
    });
    if (!rolledBack.ok) throw new Error(rolledBack.problem.message);
    expect(rolledBack.value.version).toMatchObject({
      cause: 'ROLLBACK',
      version: '1.0.0',
      number: versions.length + 1,
      supergraphSha256: first.supergraphSha256,
    });
    const next = await world.publish({ 'sub-z': 'type Query { z: Int }' });
    const given = versions.map(({ version }) => version);
    expect(given).not.toContain(next.version.version);
  });

  it('refuses input that cannot be before anything is composed', async () => {
    const bad = await world.commands.publish({
      ...(await world.request({ 'bad name!': 'x' })),
      retire: ['nobody'],
    });
    expect(bad).toMatchObject({
      ok: false,
      problem: {
        code: 'INVALID_INPUT',
        fields: [{ code: 'UNKNOWN_SUBGRAPH' }, { code: 'INVALID_NAME' }, { code: 'INVALID_URL' }],
      },
    });
    const large = await world.commands.publish(
      await world.request({ orders: `raw:${'x'.repeat(1024 * 1024 + 1)}` }),
    );
    expect(large).toMatchObject({ ok: false, problem: { fields: [{ code: 'TOO_LARGE' }] } });
  });
});

describe('a composition that is too much', () => {
  it('is a named failure of its step, and the next one goes on', async () => {
    await using hasty = await createCoreWorld({ timeoutMs: 40, memoryMegabytes: 256 });
    const result = await hasty.check({ orders: ORDERS });
    expect(findingsOf(result, 'COMPOSITION')).toMatchObject([{ code: 'COMPOSITION_TIMEOUT' }]);
    await using small = await createCoreWorld({ timeoutMs: 60_000, memoryMegabytes: 40 });
    const fields = Array.from(
      { length: 14_000 },
      (_, index) => `f${index}(a: Int, b: [Int!]): Query`,
    );
    const heavy = await small.check({ orders: `type Query { ${fields.join(' ')} }` });
    expect(findingsOf(heavy, 'COMPOSITION')).toMatchObject([{ code: 'COMPOSITION_ABORTED' }]);
    expect((await small.check({ orders: 'type Query { a: Int }' })).conclusion).toBe('PASSED');
  });
});
