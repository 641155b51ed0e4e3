import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DAY_MS } from '#kernel/clock.ts';
import { sha256 } from '#kernel/id.ts';
import { createProtocolWorld } from './protocol-world.ts';
import { findRevision, keepRevision, pushRevision } from './pushed-revision.ts';
import type { ProtocolWorld } from './protocol-world.ts';
import type { Push } from './pushed-revision.ts';

const SDL = 'type Query { product: String }';

describe('a pushed revision', () => {
  let world: ProtocolWorld;
  beforeAll(async () => {
    world = await createProtocolWorld();
  });
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });

  function aPush(change: Partial<Push>): Push {
    return {
      target: world.production,
      principal: { id: 'token:1', name: 'pipeline', kind: 'token', allows: () => true },
      subgraph: 'products',
      revision: 'r1',
      sdl: SDL,
      ...change,
    };
  }
  const push = (change: Partial<Push>) =>
    pushRevision(world.database, aPush(change), world.deps.clock.now());
  const find = (revision: string) =>
    findRevision(world.database, aPush({ revision }), world.deps.clock.now());

  it('is found again under its name, and pushing it twice is pushing it once', async () => {
    const first = await push({});
    const second = await push({});
    expect(first).toEqual(second);
    expect(await find('r1')).toMatchObject({ sdl: SDL, sha256: sha256(SDL) });
    const entries = await world.database.query(
      `select from history_entry where action = 'revision.pushed'`,
    );
    expect(entries).toHaveLength(1);
  });

  it('never changes', async () => {
    await push({ revision: 'r2' });
    expect(await push({ revision: 'r2', sdl: `${SDL} # other` })).toMatchObject({
      ok: false,
      problem: { code: 'REVISION_TAKEN' },
    });
    expect(await find('r2')).toMatchObject({ sdl: SDL });
  });

  it.each([
    ['a text that is not GraphQL', { sdl: 'type {' }, 'INVALID_GRAPHQL'],
    [
      'a text that is nested too deeply',
      { sdl: `type Query { a: ${'['.repeat(99_999)}` },
      'INVALID_GRAPHQL',
    ],
    ['a text that is too long', { sdl: `# ${'x'.repeat(1024 * 1024)}` }, 'TOO_LARGE'],
    ['a name with spaces', { revision: 'r 3' }, 'INVALID_NAME'],
  ])('is not made of %s', async (_name, change, code) => {
    expect(await push({ revision: 'r3', ...change })).toMatchObject({
      ok: false,
      problem: { code: 'INVALID_INPUT', fields: [{ code }] },
    });
    expect(await find('r3')).toBeNull();
  });

  it('expires after a month, unless it was published', async () => {
    await push({ revision: 'forgotten' });
    await push({ revision: 'released' });
    await keepRevision(world.database, aPush({ revision: 'released' }));
    world.pass(31 * DAY_MS);
    expect(await find('forgotten')).toBeNull();
    expect(await find('released')).toMatchObject({ expiresAt: null });
    await push({ revision: 'later' });
    expect(
      await world.database.query(`select from pushed_revision where revision = 'forgotten'`),
    ).toEqual([]);
  });
});
