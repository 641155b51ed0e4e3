import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock } from '#kernel/clock.ts';
import { createTestDatabase } from '../tests/support/test-database.ts';
import { COMPOSITION_LIMITS, createCompose } from './composition.ts';
import { publish } from './publication.ts';
import * as store from './store.ts';
import type { Database } from '#kernel/database.ts';
import type { TestDatabase } from '../tests/support/test-database.ts';
import type { Contract } from './publication.ts';

const LINK =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@external"])';
const orders = (extra = ''): Contract => ({
  subgraph: 'orders',
  url: 'http://127.0.0.1:1/graphql',
  sdl: `${LINK} type Query { order(id: ID!): Order } type Order @key(fields: "id") { id: ID! number: String! ${extra} }`,
});
const invoices = (field: string): Contract => ({
  subgraph: 'invoices',
  url: 'http://127.0.0.1:2/graphql',
  sdl: `${LINK} type Order @key(fields: "id") { id: ID! ${field} }`,
});

describe('publishing contracts', () => {
  let db: TestDatabase;
  let database: Database;
  const compose = createCompose(COMPOSITION_LIMITS);
  const context = (): Parameters<typeof publish>[0] => ({
    database,
    compose,
    clock: systemClock,
    publishedBy: 'tester',
  });
  beforeAll(async () => {
    db = await createTestDatabase();
    database = await db.open('schema_registry', new URL('./migrations/', import.meta.url));
  });
  afterAll(async () => db[Symbol.asyncDispose]());

  it('stores a version and the supergraph that it composes to', async () => {
    const result = await publish(context(), [orders(), invoices('paid: Boolean')]);
    if (!result.ok) throw new Error(result.problem.message);
    expect(
      result.value.map(({ subgraph, changed }) => [subgraph.subgraph, subgraph.version, changed]),
    ).toEqual([
      ['orders', 1, true],
      ['invoices', 1, true],
    ]);
    const current = await store.currentSupergraph(database);
    expect(current?.version).toBe(1);
    expect(current?.sdl).toContain('paid: Boolean');
  });

  it('stores nothing when everything is current already', async () => {
    const result = await publish(context(), [orders()]);
    expect(result).toMatchObject({
      ok: true,
      value: [{ changed: false, supergraph: { version: 1 } }],
    });
    expect(await store.supergraphVersions(database, { first: 10, before: null })).toHaveLength(1);
  });

  it('refuses what does not compose, with the errors, and keeps the current version', async () => {
    const result = await publish(context(), [invoices('number: String!')]);
    if (result.ok) throw new Error('expected a refusal');
    expect(result.problem).toMatchObject({
      code: 'COMPOSITION_FAILED',
      retryable: false,
      errors: [{ code: 'INVALID_FIELD_SHARING' }],
    });
    expect((await store.currentSupergraph(database))?.version).toBe(1);
    expect(
      await store.subgraphVersions(database, { subgraph: 'invoices', first: 10, before: null }),
    ).toHaveLength(1);
  });

  it('refuses text that is not GraphQL with line and column, and names and addresses that cannot be', async () => {
    const result = await publish(context(), [{ ...orders(), sdl: 'type Query {\n  order(: ID }' }]);
    expect(result).toMatchObject({
      ok: false,
      problem: {
        code: 'COMPOSITION_FAILED',
        errors: [{ code: 'INVALID_GRAPHQL', message: expect.stringContaining('line 2, column 9') }],
      },
    });
    const bad = await publish(context(), [
      { subgraph: 'Bad Name', url: 'ftp://x', sdl: 'x'.repeat(1024 * 1024 + 1) },
    ]);
    expect(bad).toMatchObject({
      ok: false,
      problem: {
        code: 'INVALID_INPUT',
        fields: [{ code: 'INVALID_NAME' }, { code: 'INVALID_URL' }, { code: 'TOO_LARGE' }],
      },
    });
  });

  it('numbers concurrent publications one after another, each on top of the other', async () => {
    const results = await Promise.all(
      ['a', 'b', 'c'].map((name) => publish(context(), [invoices(`paid: Boolean ${name}: Int`)])),
    );
    expect(results.every((result) => result.ok)).toBe(true);
    const versions = await store.supergraphVersions(database, { first: 3, before: null });
    expect(versions.map((version) => version.version)).toEqual([4, 3, 2]);
    expect(
      versions.map(
        (version) => version.members.find((member) => member.subgraph === 'invoices')?.version,
      ),
    ).toEqual([4, 3, 2]);
  });

  it('ends a composition that runs out of time or memory with a named error, and goes on', async () => {
    const hasty = createCompose({ timeoutMs: 1, memoryMegabytes: 512 });
    expect(await publish({ ...context(), compose: hasty }, [orders('late: Int')])).toMatchObject({
      ok: false,
      problem: { retryable: true, errors: [{ code: 'COMPOSITION_TIMEOUT' }] },
    });
    const tight = createCompose({ timeoutMs: 20_000, memoryMegabytes: 8 });
    expect(await publish({ ...context(), compose: tight }, [orders('large: Int')])).toMatchObject({
      ok: false,
      problem: { retryable: true, errors: [{ code: 'COMPOSITION_ABORTED' }] },
    });
    expect(await publish(context(), [orders('fine: Int')])).toMatchObject({ ok: true });
  });
});
