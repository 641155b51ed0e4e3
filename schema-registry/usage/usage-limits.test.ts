import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DAY_MS, shifted } from '#kernel/clock.ts';
import { createIngest } from './ingestion.ts';
import { nonNullUse, usageOf } from './usage-question.ts';
import { sweepUsage } from './usage-sweep.ts';
import { hiveReport, NOW, openUsageWorld } from './usage-world.ts';
import type { CoordinateUsage } from '../check/result.ts';
import type { Ingest } from './ingestion.ts';
import type { UsageWorld } from './usage-world.ts';

describe('a target that is full', () => {
  let world: UsageWorld;
  let ingest: Ingest;
  beforeAll(async () => {
    world = await openUsageWorld();
    ingest = createIngest({ ...world, operationsMax: 3, clientVersionsMax: 3 });
  });
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });
  const report = async (names: readonly string[], clients: readonly string[]): Promise<void> => {
    const operations = new Map(
      names.map((name) => [
        name,
        { name, text: `{${name}}`, coordinates: [`T.${name}`, `T.${name}(x:)!`] },
      ]),
    );
    const uses = names.flatMap((operationKey) =>
      clients.map((client) => ({
        operationKey,
        client,
        clientVersion: '1',
        atMs: Date.parse(NOW),
        requests: 1,
        errors: 0,
        document: null,
      })),
    );
    const source = { targetId: world.production.id, gateway: 'g', report: null };
    await ingest({ detail: 'FULL', operations, uses }, source);
  };
  const window = () => ({
    targetIds: [world.production.id],
    since: new Date(NOW),
    excludedClients: [],
  });
  const usage = async (coordinate: string): Promise<CoordinateUsage | undefined> =>
    (await usageOf(world.database, { ...window(), coordinates: [coordinate] })).get(coordinate);

  it('counts further operations as one that asks for all of theirs, so that no use is lost', async () => {
    await report(['a', 'b', 'c', 'd', 'e'], ['x']);
    await report(['d', 'f'], ['x']);
    const [row] = await world.database.query(
      'select count(*)::integer as count from usage_operation',
    );
    expect(row).toEqual({ count: 4 });
    expect((await usage('T.a'))?.requests).toBe(1);
    expect((await usage('T.f'))?.requests).toBe(4);
    expect((await usage('T.f'))?.operations).toMatchObject([{ name: '(other)' }]);
  });

  it('never takes from them that a value is always given', async () => {
    const coordinates = ['T.f(x:)'];
    const found = await nonNullUse(world.database, { ...window(), coordinates });
    expect(found.get('T.f(x:)')).toEqual({ total: 4, nonNull: 0 });
  });

  it('counts further clients as one', async () => {
    await report(['a'], ['x', 'y', 'z', 'p', 'q']);
    await report(['a'], ['r', 'x']);
    const found = await usage('T.a');
    expect(found?.requests).toBe(8);
    expect(found?.clients.map(({ name, requests }) => [name, requests])).toEqual([
      ['(other)', 3],
      ['x', 3],
      ['y', 1],
      ['z', 1],
    ]);
  });
});

describe('the sweep of usage', () => {
  it('forgets what is older than 400 days, and what nobody used since', async () => {
    await using world = await openUsageWorld();
    const { database, clock } = world;
    const post = (name: string, client: string): ReturnType<UsageWorld['post']> => {
      const map = { k: { operation: `{${name}}`, fields: [`Query.${name}`] } };
      const use = { key: 'k', at: clock.now().getTime(), client: { name: client, version: '1' } };
      return world.post(hiveReport(map, [use]), {
        headers: { 'x-report-id': `${name}-${client}` },
      });
    };
    const counts = async (): Promise<unknown> => {
      const [row] = await database.query(
        `select (select count(*)::integer from usage_daily) as daily, (select count(*)::integer from usage_operation) as operations,
           (select count(*)::integer from usage_coordinate) as coordinates, (select count(*)::integer from client_version) as clients,
           (select count(*)::integer from reporting_coverage) as coverage, (select count(*)::integer from usage_report) as reports`,
      );
      return row;
    };
    await post('old', 'gone');
    await post('both', 'stays');
    clock.set(shifted(new Date(NOW), 300 * DAY_MS).toISOString());
    await post('both', 'stays');
    expect(await sweepUsage(world, new AbortController().signal)).toBe(2);
    expect(await counts()).toEqual({
      daily: 3,
      operations: 2,
      coordinates: 4,
      clients: 2,
      coverage: 2,
      reports: 1,
    });
    clock.set(shifted(new Date(NOW), 401 * DAY_MS).toISOString());
    await sweepUsage(world, new AbortController().signal);
    expect(await counts()).toEqual({
      daily: 1,
      operations: 1,
      coordinates: 2,
      clients: 1,
      coverage: 1,
      reports: 0,
    });
    expect((await post('both', 'stays')).status).toBe(200);
    expect(await counts()).toMatchObject({ daily: 2, operations: 1 });
  });
});
