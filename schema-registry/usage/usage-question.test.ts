import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DAY_MS, shifted } from '#kernel/clock.ts';
import { createIngest } from './ingestion.ts';
import { clientUsage, nonNullUse, usageOf } from './usage-question.ts';
import { NOW, NOW_MS, openUsageWorld } from './usage-world.ts';
import type { Ingest } from './ingestion.ts';
import type { ReportedUse } from './usage-report.ts';
import type { UsageWorld } from './usage-world.ts';

const at = (daysAgo: number): Date => shifted(new Date(NOW), -daysAgo * DAY_MS);

describe('questions about usage', () => {
  let world: UsageWorld;
  let ingest: Ingest;
  beforeAll(async () => {
    world = await openUsageWorld();
    ingest = createIngest(world);
  });
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });

  /** Counts uses of one operation, as if they were reported on the day itself. */
  const use = async (
    name: string,
    coordinates: readonly string[],
    uses: readonly (Partial<ReportedUse> & { readonly daysAgo?: number })[],
    targetId = world.production.id,
  ): Promise<void> => {
    for (const { daysAgo = 0, ...given } of uses) {
      world.clock.set(at(daysAgo).toISOString());
      const reported = {
        operationKey: name,
        atMs: NOW_MS - daysAgo * DAY_MS,
        requests: 1,
        errors: 0,
        client: 'portal',
        clientVersion: '1',
        document: null,
        ...given,
      };
      const operations = new Map([[name, { name, text: `{${name}}`, coordinates }]]);
      const report = { detail: 'FULL' as const, operations, uses: [reported] };
      await ingest(report, { targetId, gateway: 'gateway-1', report: null });
    }
    world.clock.set(NOW);
  };
  const window = (days = 30, excludedClients: string[] = []) => ({
    targetIds: [world.production.id],
    since: at(days),
    excludedClients,
  });

  it('count within the window only, whole days', async () => {
    await use('a', ['A.x'], [{ daysAgo: 31 }, { daysAgo: 30 }, { daysAgo: 1 }, { daysAgo: 0 }]);
    const counts = await Promise.all(
      [31, 30, 29, 0].map(async (days) => {
        const found = await usageOf(world.database, { ...window(days), coordinates: ['A.x'] });
        return found.get('A.x')?.requests;
      }),
    );
    expect(counts).toEqual([4, 3, 2, 1]);
  });

  it('leave out clients that do not count', async () => {
    await use('b', ['B.x'], [{ client: 'crawler', requests: 1000 }, { client: 'portal' }]);
    const found = await usageOf(world.database, {
      ...window(30, ['crawler']),
      coordinates: ['B.x'],
    });
    expect(found.get('B.x')).toMatchObject({ requests: 1, clients: [{ name: 'portal' }] });
  });

  it('consider several targets together, where they are asked to', async () => {
    await use('c', ['C.x'], [{}]);
    await use('c', ['C.x'], [{ client: 'tester' }], world.staging.id);
    const targetIds = [world.production.id, world.staging.id];
    const found = await usageOf(world.database, { ...window(), targetIds, coordinates: ['C.x'] });
    expect(found.get('C.x')?.requests).toBe(2);
    expect(found.get('C.x')?.operations).toMatchObject([{ name: 'c', requests: 2 }]);
  });

  it('answer hundreds of coordinates at once, the unused ones with zero', async () => {
    const coordinates = Array.from({ length: 600 }, (_, index) => `D.f${index}`);
    await use('d', coordinates.slice(0, 300), [{ requests: 7 }]);
    const found = await usageOf(world.database, { ...window(), coordinates });
    expect(found.size).toBe(600);
    expect([...found.values()].filter(({ requests }) => requests === 7)).toHaveLength(300);
    expect([...found.values()].filter(({ requests }) => requests === 0)).toHaveLength(300);
  });

  it('name ten operations, the most frequent first, and count all', async () => {
    for (let index = 1; index <= 12; index += 1)
      await use(`e${index}`, ['E.x'], [{ requests: index }]);
    const found = await usageOf(world.database, { ...window(), coordinates: ['E.x'] });
    expect(found.get('E.x')?.operations.map(({ name }) => name)).toEqual(
      [12, 11, 10, 9, 8, 7, 6, 5, 4, 3].map((number) => `e${number}`),
    );
    expect(found.get('E.x')?.requests).toBe(78);
  });

  it.each([
    [
      'always given',
      ['Query.f(x:)', 'Query.f(x:)!'],
      ['Query.f(x:)', 'Query.f(x:)!'],
      { total: 2, nonNull: 2 },
    ],
    ['once not given', ['Query.f(x:)', 'Query.f(x:)!'], ['Query.f'], { total: 2, nonNull: 1 }],
    ['once given null', ['Query.f(x:)', 'Query.f(x:)!'], ['Query.f(x:)'], { total: 2, nonNull: 1 }],
    ['never asked for', ['Query.g'], ['Query.g'], { total: 0, nonNull: 0 }],
  ])('know of an argument that it was %s', async (name, first, second, expected) => {
    const [type, other] = [name.replaceAll(' ', '_'), `${name.replaceAll(' ', '_')}_2`];
    const own = (coordinates: readonly string[]): string[] =>
      coordinates.map((coordinate) => coordinate.replace('Query', type));
    await use(type, own(first), [{}]);
    await use(other, own(second), [{}]);
    const [coordinate = ''] = own(['Query.f(x:)']);
    const found = await nonNullUse(world.database, { ...window(), coordinates: [coordinate] });
    expect(found.get(coordinate)).toEqual(expected);
  });

  it('count an input field against all uses of its type', async () => {
    await use('i1', ['Filter.a', 'Filter.b', 'Filter.b!'], [{ requests: 3 }]);
    await use('i2', ['Filter.a'], [{ requests: 2 }]);
    const found = await nonNullUse(world.database, { ...window(), coordinates: ['Filter.b'] });
    expect(found.get('Filter.b')).toEqual({ total: 5, nonNull: 3 });
  });

  it('tell a client what it still uses, and which of its versions', async () => {
    await use(
      'j',
      ['J.old', 'J.old(x:)!'],
      [
        { client: 'desk', clientVersion: '1', daysAgo: 2 },
        { client: 'desk', clientVersion: '2', requests: 4 },
        { client: 'desk', clientVersion: '0', daysAgo: 40 },
        { client: 'other' },
      ],
    );
    const uses = await clientUsage(world.database, { ...window(), client: 'desk' });
    expect(uses).toEqual([
      { coordinate: 'J', requests: 5, lastSeenAt: at(0), versions: ['1', '2'] },
      { coordinate: 'J.old', requests: 5, lastSeenAt: at(0), versions: ['1', '2'] },
    ]);
  });
});
