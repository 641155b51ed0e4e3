import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock } from '#kernel/clock.ts';
import { verifyHistory } from '#kernel/history-verification.ts';
import { startHttp } from '#kernel/http.ts';
import { silentLog } from '#kernel/log.ts';
import { parsePage } from '#kernel/paging.ts';
import { createArtifactWorld } from '../artifact/test-world/artifact-world.ts';
import { historyScope, readEntries } from './history-query.ts';
import { historyRoutes } from './history-routes.ts';
import type { HttpServer } from '#kernel/http.ts';
import type { ArtifactWorld } from '../artifact/test-world/artifact-world.ts';
import type { EntryFilter } from './history-query.ts';

describe('reading the history', () => {
  let world: ArtifactWorld;
  let server: HttpServer;
  let reader: string;
  beforeAll(async () => {
    world = await createArtifactWorld();
    const { database, keys, authenticator } = world;
    server = await startHttp({
      room: 'schema-registry',
      host: '127.0.0.1',
      port: 0,
      routes: historyRoutes({ database, keys, authenticator, clock: systemClock }),
      ready: () => [],
      log: silentLog,
    });
    reader = await world.tokenFor(null, ['schema:read']);
    await world.tokenFor('staging');
    await keys.rotate(world.architect, 'yearly');
  });
  afterAll(async () => {
    await server.close();
    await world[Symbol.asyncDispose]();
  });

  const get = (path: string, token: string | null): Promise<Response> =>
    fetch(server.url + path, {
      headers: token === null ? {} : { authorization: `Bearer ${token}` },
    });

  it('exports a graph to those who may read it, and it verifies with the key that was pinned', async () => {
    const response = await get('/history/export?graph=finance&from=2', reader);
    expect([response.status, response.headers.get('content-type')]).toEqual([
      200,
      'application/x-ndjson; charset=utf-8',
    ]);
    const kept = await (await get('/history/checkpoint', reader)).text();
    const [first] = (await world.keys.published()).keys;
    const trust = { pinnedKeys: [first?.kid ?? ''], keptCheckpoints: [kept] };
    expect(await verifyHistory(await response.text(), trust)).toMatchObject({
      ok: true,
      problems: [],
      from: 2,
      to: 4,
      withheld: 0,
    });
  });

  it.each<[string, () => string | Promise<string> | null, number, string]>([
    ['?graph=finance', () => null, 401, 'TOKEN_MISSING'],
    ['?graph=finance', () => `hvo1/${'A'.repeat(43)}`, 401, 'TOKEN_INVALID'],
    ['?graph=finance', () => world.tokenFor(null, ['artifact:read']), 403, 'FORBIDDEN'],
    ['?graph=finance', () => world.tokenFor('staging', ['schema:read']), 403, 'FORBIDDEN'],
    ['', () => reader, 403, 'FORBIDDEN'],
    ['?graph=other', () => reader, 404, 'NOT_FOUND'],
    ['?graph=finance&from=0', () => reader, 400, 'BAD_REQUEST'],
    ['?graph=finance&from=1e9', () => reader, 400, 'BAD_REQUEST'],
  ])('refuses an export %s', async (query, token, status, code) => {
    const response = await get(`/history/export${query}`, await token());
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([
      status,
      code,
    ]);
  });

  const ANY: EntryFilter = {
    graphId: null,
    targetId: null,
    action: null,
    subject: null,
    actor: null,
  };
  const numbers = async (filter: Partial<EntryFilter>, page: object): Promise<number[]> =>
    (await readEntries(world.database, { ...ANY, ...filter }, parsePage(page))).map(({ seq }) =>
      Number(seq),
    );
  const cursor = (seq: string): string => Buffer.from(`k:${seq}`).toString('base64url');

  it('pages through the entries both ways, one more than the page for what comes next', async () => {
    expect(await numbers({}, { first: 2 })).toEqual([1, 2, 3]);
    expect(await numbers({}, { first: 2, after: cursor('2') })).toEqual([3, 4, 5]);
    expect(await numbers({}, { last: 2, before: cursor('4') })).toEqual([3, 2, 1]);
    await expect(numbers({}, { first: 2, after: cursor("1'") })).rejects.toMatchObject({
      extensions: { code: 'BAD_USER_INPUT' },
    });
  });

  it('finds entries by graph, target, action, subject and actor', async () => {
    const { database, architect } = world;
    const graph = await historyScope(database, architect, { graph: 'finance', target: null });
    const staging = await historyScope(database, architect, {
      graph: 'finance',
      target: 'staging',
    });
    expect(await numbers(graph, { first: 3 })).toEqual([2, 3, 5, 6]);
    expect(await numbers(staging, { first: 1 })).toEqual([3, 6]);
    expect(await numbers({ action: 'signing-key.rotated' }, { first: 9 })).toEqual([4]);
    expect(await numbers({ actor: 'schema-registry' }, { first: 9 })).toEqual([1]);
    const { kid } = await world.keys.active();
    expect(await numbers({ subject: `signing-key:${kid}` }, { first: 9 })).toEqual([4]);
    await expect(
      historyScope(database, architect, { graph: null, target: 'staging' }),
    ).rejects.toThrow('name that as well');
  });
});
