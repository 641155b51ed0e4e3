import { gunzipSync } from 'node:zlib';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DAY_MS, instantOf, shifted } from '#kernel/clock.ts';
import { sha256 } from '#kernel/id.ts';
import { readPublishedKeys, trustedKeysFrom, verifyArtifact } from '#kernel/signature.ts';
import { revokeToken } from '../access/token-command.ts';
import { majorVersion } from './artifact-store.ts';
import { createArtifactWorld } from './test-world/artifact-world.ts';
import type { KeyObject } from 'node:crypto';
import type { ArtifactWorld } from './test-world/artifact-world.ts';

/** Larger than a packet, so that it is packed. */
const large = (name: string): string => `# ${name}\n${'type Query { order: Order }\n'.repeat(200)}`;

describe('the artefact door', () => {
  let world: ArtifactWorld;
  let key: string;
  let v1: string;
  let v2: string;
  let now = instantOf('2026-03-01T10:00:00Z');
  const base = (target = world.targets.production): string => `${world.url}/artifacts/v1/${target}`;
  const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(path.startsWith('http') ? path : base() + path, {
      headers: { 'x-hive-cdn-key': key, 'accept-encoding': 'identity', ...headers },
      redirect: 'manual',
    });
  const trusted = async (...pinned: string[]): Promise<Map<string, KeyObject>> => {
    const keys = readPublishedKeys(
      await (await fetch(`${world.url}/.well-known/concord-keys.json`)).json(),
    );
    if (keys === null) throw new Error('expected keys');
    return trustedKeysFrom(keys, pinned);
  };
  const verdictOn = async (
    response: Response,
    expected: { kind: string; targetId?: string; trusted: Map<string, KeyObject> },
  ): Promise<string> => {
    const verdict = verifyArtifact({
      targetId: world.targets.production,
      ...expected,
      body: await response.text(),
      versionId: response.headers.get('x-concord-version') ?? '',
      signature: response.headers.get('x-concord-signature'),
    });
    return verdict.ok ? 'ok' : verdict.problem.code;
  };

  beforeAll(async () => {
    world = await createArtifactWorld({
      clock: { now: () => now },
      readDocument: ({ app, hash }) =>
        Promise.resolve(app !== 'portal' ? null : hash === null ? '["abc"]' : 'query { order }'),
      readAsyncApi: (targetId) =>
        Promise.resolve(
          targetId === world.targets.production
            ? { text: '{"asyncapi":"3.0.0"}', versionId: '7' }
            : null,
        ),
    });
    const { production } = world.targets;
    v1 = await world.publish(production, {
      supergraph: large('one'),
      semver: '1.4.0',
      at: shifted(now, -9 * DAY_MS),
    });
    v2 = await world.publish(production, {
      supergraph: large('two'),
      semver: '2.0.0',
      contracts: { partner: '# partner', null: '# of the name null' },
      at: now,
    });
    key = await world.tokenFor('production');
  });
  afterAll(async () => world[Symbol.asyncDispose]());

  it.each([
    ['/supergraph', 'supergraph', () => large('two')],
    ['/sdl', 'sdl', () => `# api of ${large('two')}`],
    ['/sdl.graphql', 'sdl', () => `# api of ${large('two')}`],
    ['/sdl.graphqls', 'sdl', () => `# api of ${large('two')}`],
    ['/contracts/partner/supergraph', 'contract/partner/supergraph', () => '# partner'],
    ['/contracts/null/supergraph', 'contract/null/supergraph', () => '# of the name null'],
    ['/contracts/partner/sdl', 'contract/partner/sdl', () => '# api of # partner'],
    ['/apps/portal/1.0.0/abc', 'document', () => 'query { order }'],
    ['/apps/portal/1.0.0', 'documents', () => '["abc"]'],
    ['/events/asyncapi.json', 'asyncapi', () => '{"asyncapi":"3.0.0"}'],
  ])('serves %s, signed as what it is', async (path, kind, text) => {
    const response = await get(path);
    expect([response.status, await response.clone().text()]).toEqual([200, text()]);
    const { kid } = await world.keys.active();
    const keys = await trusted(kid);
    expect(await verdictOn(response.clone(), { kind, trusted: keys })).toBe('ok');
    expect(await verdictOn(response.clone(), { kind: `${kind}x`, trusted: keys })).toBe(
      'SIGNATURE_WRONG',
    );
    expect(
      await verdictOn(response, { kind, targetId: world.targets.staging, trusted: keys }),
    ).toBe('SIGNATURE_WRONG');
  });

  it('serves the subgraphs and what is known of the version as JSON', async () => {
    expect(await (await get('/services')).json()).toEqual([
      { name: 'orders', sdl: `# subgraph of ${large('two')}`, url: 'http://127.0.0.1:1/graphql' },
    ]);
    expect(await (await get('/metadata')).json()).toMatchObject({
      versionId: v2,
      version: '2.0.0',
      subgraphs: [{ name: 'orders', number: 1 }],
    });
    const moved = await get('/schema');
    expect([moved.status, moved.headers.get('location')]).toEqual([
      301,
      `/artifacts/v1/${world.targets.production}/services`,
    ]);
  });

  it('answers 304 to whoever has it, packed or not', async () => {
    const first = await get('/supergraph');
    const etag = `"${sha256(large('two'))}"`;
    expect(first.headers.get('etag')).toBe(etag);
    expect(first.headers.get('x-hive-schema-version-id')).toBe(v2);
    expect(first.headers.get('cache-control')).toBe('no-cache');
    for (const tag of [etag, `W/${etag}`, `"x", ${etag.replace(/"$/, '-gzip"')}`, '*']) {
      const again = await get('/supergraph', { 'if-none-match': tag });
      expect([again.status, await again.text(), again.headers.get('x-concord-version')]).toEqual([
        304,
        '',
        v2,
      ]);
    }
    expect((await get('/supergraph', { 'if-none-match': '"x"' })).status).toBe(200);
  });

  it('packs what is large for those who understand it', async () => {
    const packed = await raw('/supergraph', { 'accept-encoding': 'br, gzip' });
    expect(packed.headers).toMatchObject({
      'content-encoding': 'gzip',
      etag: `"${sha256(large('two'))}-gzip"`,
      vary: 'accept-encoding',
      'content-length': String(packed.body.length),
    });
    expect(gunzipSync(packed.body).toString()).toBe(large('two'));
    const plain = await raw('/supergraph', { 'accept-encoding': 'gzip;q=0, br' });
    expect(plain.headers['content-encoding']).toBeUndefined();
    const small = await raw('/contracts/partner/supergraph', { 'accept-encoding': 'gzip' });
    expect(small.headers['content-encoding']).toBeUndefined();
  });

  it('answers HEAD with the headers of GET', async () => {
    const head = await fetch(`${base()}/supergraph`, {
      method: 'HEAD',
      headers: { 'x-hive-cdn-key': key, 'accept-encoding': 'identity' },
    });
    expect([head.status, await head.text(), head.headers.get('content-length')]).toEqual([
      200,
      '',
      String(large('two').length),
    ]);
  });

  it('serves a version by its id for good', async () => {
    const response = await get(`/version/${v1}/supergraph`);
    expect(await response.text()).toBe(large('one'));
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(response.headers.get('x-concord-semver')).toBe('1.4.0');
    expect((await get(`/version/${v1}/contracts/partner/supergraph`)).status).toBe(404);
    expect((await get(`${base(world.targets.staging)}/version/${v1}/supergraph`)).status).toBe(403);
    const wide = await world.tokenFor(null);
    const elsewhere = `${base(world.targets.staging)}/version/${v1}/supergraph`;
    expect((await get(elsewhere, { 'x-hive-cdn-key': wide })).status).toBe(404);
  });

  it('serves the next version a moment after it became current', async () => {
    const { staging } = world.targets;
    const wide = { 'x-hive-cdn-key': await world.tokenFor(null) };
    expect(await (await get(`${base(staging)}/supergraph`, wide)).json()).toMatchObject({
      code: 'NOT_FOUND',
    });
    for (const text of ['first', 'second']) {
      await world.publish(staging, { supergraph: text, semver: '1.0.0' });
      let served = '';
      while (served !== text)
        served = await (await get(`${base(staging)}/supergraph`, wide)).text();
    }
  });

  it('serves a major that a roll back made current again, whatever came before', async () => {
    const { staging } = world.targets;
    for (const [semver, days] of [
      ['1.0.0', 200],
      ['2.0.0', 190],
      ['1.0.0', 1],
    ] as const)
      await world.publish(staging, {
        supergraph: semver,
        semver,
        at: shifted(now, -days * DAY_MS),
      });
    const found = await majorVersion(world.database, staging, 1);
    expect(found?.followedAt).toBeNull();
    expect((await majorVersion(world.database, staging, 2))?.followedAt).toBeNull();
    await world.publish(staging, { supergraph: '3', semver: '3.0.0', at: now });
    expect((await majorVersion(world.database, staging, 1))?.followedAt).toEqual(now);
  });

  it('serves a pinned major until it has ended', async () => {
    const texts = async (...paths: string[]): Promise<string[]> =>
      Promise.all(paths.map(async (path) => (await get(path)).text()));
    expect(await texts('/major/1/supergraph', '/major/2/supergraph')).toEqual([
      large('one'),
      large('two'),
    ]);
    expect((await get('/major/3/supergraph')).status).toBe(404);
    const before = now;
    now = shifted(before, 30 * DAY_MS - 1);
    key = await world.tokenFor('production');
    expect((await get('/major/1/supergraph')).status).toBe(200);
    now = shifted(before, 30 * DAY_MS);
    const ended = await get('/major/1/supergraph');
    expect([ended.status, await ended.json()]).toMatchObject([
      410,
      { code: 'MAJOR_VERSION_ENDED' },
    ]);
    expect((await get('/major/2/supergraph')).status).toBe(200);
    expect((await get(`/version/${v1}/supergraph`)).status).toBe(200);
    now = before;
  });

  it('refuses whoever has no key, a wrong one, or one for something else, without telling what is there', async () => {
    const answer = async (
      headers: Record<string, string>,
      path = '/supergraph',
    ): Promise<unknown[]> => {
      const response = await fetch((path.startsWith('http') ? '' : base()) + path, { headers });
      return [response.status, ((await response.json()) as { code: string }).code];
    };
    expect(await answer({})).toEqual([400, 'MISSING_AUTH_KEY']);
    const wrong = [403, 'INVALID_AUTH_KEY'];
    expect(await answer({ 'x-hive-cdn-key': `hvo1/${'A'.repeat(43)}` })).toEqual(wrong);
    expect(await answer({ 'x-hive-cdn-key': await world.tokenFor('staging') })).toEqual(wrong);
    expect(
      await answer({ 'x-hive-cdn-key': await world.tokenFor('production', ['schema:read']) }),
    ).toEqual(wrong);
    const nowhere = `${base('00000000-0000-4000-8000-000000000000')}/supergraph`;
    expect(await answer({ 'x-hive-cdn-key': key }, nowhere)).toEqual(wrong);
    const soon = await world.tokenFor('production');
    const [{ id } = { id: '' }] = await world.database.query<{ id: string }>(
      'select id from access_token where hint = $1 order by id desc limit 1',
      [soon.slice(-4)],
    );
    await revokeToken(
      { database: world.database, clock: { now: () => now } },
      { principal: world.architect, id },
    );
    world.authenticator.forget();
    expect(await answer({ 'x-hive-cdn-key': soon })).toEqual(wrong);
  });

  it.each([
    '/nothing',
    '/supergraph/',
    '/../supergraph',
    '/%2e%2e/supergraph',
    '/contracts/..%2fpartner/supergraph',
    '/contracts/../supergraph',
    '/contracts/partner/services',
    '/contracts/nobody/supergraph',
    '/contracts/constructor/supergraph',
    '/toString',
    '/version/1/supergraph',
    '/version/00000000-0000-4000-8000-000000000000/supergraph',
    '/major/-1/supergraph',
    '/major/99999999/supergraph',
    '/apps/other/1.0.0/abc',
    '/apps/portal/1.0.0/abc/def',
    "/contracts/'%20or%201=1/sdl",
  ])('serves nothing at %s', async (path) => {
    const { status, body } = await raw(path);
    expect([status, (JSON.parse(body.toString()) as { code: string }).code]).toEqual([
      404,
      'NOT_FOUND',
    ]);
  });

  it('signs with the next key after a rotation, and whoever trusts the first trusts that', async () => {
    const before = await get('/supergraph');
    const { kid: first } = await world.keys.active();
    const rotated = await world.keys.rotate(world.architect, 'yearly');
    if (!rotated.ok) throw new Error(rotated.problem.message);
    const next = rotated.value;
    const after = await get('/supergraph');
    expect(after.headers.get('x-concord-signature')).toContain(`${next.kid}.`);
    const kind = 'supergraph';
    expect(await verdictOn(after.clone(), { kind, trusted: await trusted(first) })).toBe('ok');
    expect(await verdictOn(before, { kind, trusted: await trusted(first) })).toBe('ok');
    const published = (await world.keys.published()).keys;
    expect(published.map(({ kid, state }) => [kid, state])).toEqual([
      [first, 'RETIRED'],
      [next.kid, 'ACTIVE'],
    ]);
    expect(JSON.stringify(published)).not.toContain('"d"');
    const onlyFirst = await trusted(first);
    onlyFirst.delete(next.kid);
    expect(await verdictOn(after, { kind, trusted: onlyFirst })).toBe('SIGNATURE_KEY_UNKNOWN');
  });

  /** As `fetch` would not: the path as it is written, and the bytes as they come. */
  function raw(
    path: string,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; headers: Record<string, unknown>; body: Buffer }> {
    return new Promise((resolve, reject) => {
      const { port } = new URL(world.url);
      const sent = request(
        {
          port,
          path: `/artifacts/v1/${world.targets.production}${path}`,
          headers: { 'x-hive-cdn-key': key, ...headers },
        },
        (reply) => {
          const pieces: Buffer[] = [];
          reply.on('data', (piece: Buffer) => pieces.push(piece));
          reply.on('end', () =>
            resolve({
              status: reply.statusCode ?? 0,
              headers: reply.headers,
              body: Buffer.concat(pieces),
            }),
          );
        },
      );
      sent.on('error', reject).end();
    });
  }
});
