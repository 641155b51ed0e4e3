import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { DEFAULT_CLAIMS, createAccessTokenVerifier } from './access-token.ts';
import * as config from './config.ts';
import { may, within } from './identity.ts';
import {
  createCallSigner,
  createCallVerifier,
  generateInternalKey,
  serviceViewer,
} from './internal-token.ts';
import { connectionOf, pageSql, parsePage } from './paging.ts';
import { httpProblem, jsonReply, startHttp } from './http.ts';
import { silentLog } from './log.ts';
import { newId } from './id.ts';
import { canonicalJson, decodeJson, encodeJson } from './json.ts';
import { createShutdown } from './shutdown.ts';
import type { HttpServer } from './http.ts';
import type { Viewer } from './identity.ts';

const viewer: Viewer = {
  id: 'ann',
  name: 'Ann',
  kind: 'person',
  roles: ['requestor'],
  companies: ['DE01'],
  costCentres: ['DE01-4100'],
};

describe('configuration', () => {
  const spec = {
    PORT: config.port('a port'),
    TOKEN: config.secret('the token'),
    DEBUG: config.flag('whether to explain', false),
    HOSTS: config.list('hosts', ['a']),
    EXTRA: config.optional(config.url('an address')),
  };
  it('reports every problem at once and never repeats a secret', () => {
    const read = (): unknown =>
      config.readConfig({ PORT: '99999', DEBUG: 'maybe', EXTRA: 'nowhere' }, spec);
    expect(read).toThrow(config.ConfigError);
    expect(read).toThrow(
      /4 problem.*PORT="99999".*TOKEN is missing.*DEBUG="maybe".*EXTRA="nowhere"/s,
    );
  });
  it('gives a frozen object whose secrets do not print', () => {
    const settings = config.readConfig({ PORT: '8080', TOKEN: 'hush', HOSTS: 'x, y,' }, spec);
    expect(settings).toMatchObject({ PORT: 8080, DEBUG: false, HOSTS: ['x', 'y'], EXTRA: null });
    expect(
      `${String(settings.TOKEN)} ${JSON.stringify(settings)} ${inspect(settings)}`,
    ).not.toContain('hush');
    expect(settings.TOKEN.reveal()).toBe('hush');
    expect(Object.isFrozen(settings)).toBe(true);
  });
});

describe('permissions', () => {
  it('hold only with the role and inside company and cost centre', () => {
    expect(
      may(viewer, 'requisition:write', { companyCode: 'DE01', costCentreId: 'DE01-4100' }),
    ).toBe(true);
    expect(
      may(viewer, 'requisition:write', { companyCode: 'DE01', costCentreId: 'DE01-9999' }),
    ).toBe(false);
    expect(
      may(viewer, 'requisition:write', { companyCode: 'US01', costCentreId: 'DE01-4100' }),
    ).toBe(false);
    expect(may(viewer, 'approval:decide')).toBe(false);
    expect(may({ ...viewer, roles: ['no-such-role'] }, 'requisition:read')).toBe(false);
  });
  it('let an owner see its own document in another cost centre, never in another company', () => {
    const scope = { viewerId: 'ann', companies: ['DE01'], costCentres: [] };
    expect(within(scope, { companyCode: 'DE01', costCentreId: 'DE01-1', ownerId: 'ann' })).toBe(
      true,
    );
    expect(within(scope, { companyCode: 'DE01', costCentreId: 'DE01-1', ownerId: 'bob' })).toBe(
      false,
    );
    expect(within(scope, { companyCode: 'US01', costCentreId: 'US01-1', ownerId: 'ann' })).toBe(
      false,
    );
  });
});

describe('an access token', () => {
  it('is not called invalid when the identity provider answers without keys', async () => {
    let keys = jsonReply(503, {});
    const provider = await startHttp({
      room: 'identity',
      host: '127.0.0.1',
      port: 0,
      routes: [{ method: 'GET', path: '/jwks', handle: () => keys }],
      ready: () => [],
      log: silentLog,
    });
    const verify = () =>
      createAccessTokenVerifier({
        issuer: provider.url,
        audience: 'graph',
        jwksUrl: `${provider.url}/jwks`,
        tokenType: 'at+jwt',
        algorithms: ['ES256'],
        claims: DEFAULT_CLAIMS,
      })(`Bearer ${token}`);
    const part = (value: object): string =>
      Buffer.from(JSON.stringify(value)).toString('base64url');
    const token = `${part({ alg: 'ES256', typ: 'at+jwt', kid: 'k' })}.${part({ sub: 'ann' })}.c2ln`;
    expect(await verify()).toMatchObject({ ok: false, code: 'IDENTITY_UNAVAILABLE' });
    keys = jsonReply(200, { moved: true });
    expect(await verify()).toMatchObject({ ok: false, code: 'IDENTITY_UNAVAILABLE' });
    keys = jsonReply(200, { keys: [] });
    expect(await verify()).toMatchObject({ ok: false, code: 'TOKEN_INVALID' });
    await provider.close();
  });
});

describe('a call between our services', () => {
  const gateway = generateInternalKey('gateway');
  const orders = generateInternalKey('purchase-orders');
  const stranger = generateInternalKey('gateway');
  const verify = createCallVerifier({
    audience: 'budgets',
    trusted: { gateway: gateway.publicJwk, 'purchase-orders': orders.publicJwk },
  });
  const sign = (key: typeof gateway, body = '{}', audience = 'budgets') =>
    createCallSigner(key)({ audience, body, viewer });

  it('is accepted from the gateway for the person it names', async () => {
    expect(await verify({ token: await sign(gateway), body: '{}' })).toEqual({
      ok: true,
      viewer,
      caller: 'gateway',
    });
  });
  it('speaks for nobody but itself from any other room, whatever it claims', async () => {
    expect(await verify({ token: await sign(orders), body: '{}' })).toEqual({
      ok: true,
      viewer: serviceViewer('purchase-orders'),
      caller: 'purchase-orders',
    });
  });
  it('is refused unsigned, from a stranger, for another service, over another body, and the second time', async () => {
    const token = await sign(gateway);
    const used = await sign(gateway);
    await verify({ token: used, body: '{}' });
    const verdicts = await Promise.all([
      verify({ token: undefined, body: '{}' }),
      verify({ token: await sign(stranger), body: '{}' }),
      verify({ token: await sign(gateway, '{}', 'invoices'), body: '{}' }),
      verify({ token, body: '{"more":1}' }),
      verify({ token: used, body: '{}' }),
      verify({ token: 'nonsense', body: '{}' }),
    ]);
    expect(verdicts.map((verdict) => verdict.ok)).toEqual([
      false,
      false,
      false,
      false,
      false,
      false,
    ]);
  });
});

describe('paging', () => {
  it.each([
    [{}, 'Exactly one'],
    [{ first: 1, last: 1 }, 'Exactly one'],
    [{ first: 0 }, 'from 1 to 100'],
    [{ last: 101 }, 'from 1 to 100'],
    [{ first: 1, before: 'x' }, '"after" goes with "first"'],
    [{ first: 1, after: 'forged' }, 'not one that this graph gave out'],
  ])('refuses %j', (args, message) => {
    expect(() => parsePage(args)).toThrow(message);
  });
  it('walks forward and backward over the same rows', () => {
    const page = parsePage({ first: 2 });
    expect(pageSql(page, 'number', 3)).toEqual({
      where: '($3::text is null or number > $3)',
      orderLimit: 'order by number asc limit 3',
    });
    const forward = connectionOf(page, ['a', 'b', 'c'], (row) => row);
    expect(forward).toMatchObject({
      nodes: ['a', 'b'],
      pageInfo: { hasNextPage: true, hasPreviousPage: false },
    });
    const back = parsePage({ last: 2, before: forward.pageInfo.endCursor });
    expect(back.cursor).toBe('b');
    expect(connectionOf(back, ['a'], (row) => row).pageInfo).toMatchObject({
      hasNextPage: true,
      hasPreviousPage: false,
    });
  });
});

describe('the HTTP border', () => {
  let server: HttpServer;
  beforeAll(async () => {
    server = await startHttp({
      room: 'test',
      host: '127.0.0.1',
      port: 0,
      log: silentLog,
      ready: () => ['database'],
      routes: [
        {
          method: 'POST',
          path: '/echo',
          bodyLimitBytes: 1000,
          handle: (request) => jsonReply(200, { bytes: request.body.length }),
        },
        {
          method: 'GET',
          path: '/fail',
          handle: () => {
            throw new Error('secret detail');
          },
        },
        { method: 'GET', path: '/problem', handle: () => httpProblem(409, 'CONFLICT', 'why') },
      ],
    });
  });
  afterAll(async () => server.close());

  it('counts a chunked body while it arrives and refuses it beyond the limit', async () => {
    const piece = new TextEncoder().encode('x'.repeat(600));
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        controller.enqueue(piece);
        controller.enqueue(piece);
        controller.close();
      },
    });
    const response = await fetch(`${server.url}/echo`, {
      method: 'POST',
      body,
      duplex: 'half',
    } as RequestInit);
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ code: 'BODY_TOO_LARGE' });
    expect(
      await (await fetch(`${server.url}/echo`, { method: 'POST', body: 'abc' })).json(),
    ).toEqual({ bytes: 3 });
  });
  it('masks failures, keeps the correlation id, and names wrong methods and paths', async () => {
    const failed = await fetch(`${server.url}/fail`, { headers: { 'x-correlation-id': 'abc-1' } });
    expect([failed.status, failed.headers.get('x-correlation-id')]).toEqual([500, 'abc-1']);
    expect(await failed.text()).not.toContain('secret detail');
    const wrong = await fetch(`${server.url}/echo`);
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST']);
    expect((await fetch(`${server.url}/none`)).status).toBe(404);
    expect((await fetch(`${server.url}/problem`)).headers.get('content-type')).toBe(
      'application/problem+json',
    );
  });
  it('lives before it is ready', async () => {
    expect((await fetch(`${server.url}/livez`)).status).toBe(200);
    expect(await (await fetch(`${server.url}/readyz`)).json()).toEqual({
      status: 'not ready',
      missing: ['database'],
    });
  });
});

describe('small promises', () => {
  it('ids sort by time and are version 7', () => {
    const early = newId({ now: () => new Date(1000) });
    const late = newId({ now: () => new Date(2000) });
    expect(early < late).toBe(true);
    expect(late).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
  it('canonical JSON does not depend on the order of keys; ours keeps bigints and instants', () => {
    expect(canonicalJson({ b: [{ d: 1, c: 2n }], a: 1 })).toBe('{"a":1,"b":[{"c":"2","d":1}]}');
    const value = { amount: 12n, at: new Date(5), text: 'x', list: [1n] };
    expect(decodeJson(encodeJson(value))).toEqual(value);
  });
  it('shutdown closes in reverse order, once, and survives a step that fails', async () => {
    const closed: string[] = [];
    const shutdown = createShutdown((step) => closed.push(`failed ${step}`));
    shutdown.defer('first', () => void closed.push('first'));
    shutdown.defer('broken', () => {
      throw new Error('no');
    });
    shutdown.defer('last', () => void closed.push('last'));
    await Promise.all([shutdown.run(), shutdown.run()]);
    expect(closed).toEqual(['last', 'failed broken', 'first']);
  });
});
