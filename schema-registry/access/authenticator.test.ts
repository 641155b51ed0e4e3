import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import { createAccessTokenVerifier, DEFAULT_CLAIMS } from '#kernel/access-token.ts';
import { DAY_MS, HOUR_MS, instantOf, MINUTE_MS, shifted } from '#kernel/clock.ts';
import { newId } from '#kernel/id.ts';
import { parsePage } from '#kernel/paging.ts';
import { createTestDatabase } from '../../tests/support/test-database.ts';
import { createAuthenticator } from './authenticator.ts';
import { createToken, revokeToken } from './token-command.ts';
import { tokenById, tokensOfGraph } from './token-store.ts';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import type { Database } from '#kernel/database.ts';
import type { RegistryAction } from '#kernel/identity.ts';
import type { TestDatabase } from '../../tests/support/test-database.ts';
import type { Authenticator } from './authenticator.ts';
import type { Principal, Scope } from './principal.ts';
import type { MadeToken, TokenRequest } from './token-command.ts';

const ISSUER = 'https://identity.test';
const AUDIENCE = 'https://concord.test';

describe('access to the registry', () => {
  let db: TestDatabase;
  let database: Database;
  let provider: Server;
  let authenticator: Authenticator;
  let signFor: (subject: string, roles: readonly string[]) => Promise<string>;
  let now = instantOf('2026-03-01T10:00:00Z');
  const clock = { now: () => now };
  const ids = { graph: newId(), other: newId(), production: newId(), staging: newId() };

  beforeAll(async () => {
    db = await createTestDatabase();
    database = await db.open('schema_registry', new URL('../migrations/', import.meta.url));
    await database.query(
      `insert into graph (id, slug, title, created_at) values ($1, 'finance', 'Finance', now()), ($2, 'other', 'Other', now())`,
      [ids.graph, ids.other],
    );
    await database.query(
      `insert into target (id, graph_id, slug, created_at) values ($1, $3, 'production', now()), ($2, $3, 'staging', now())`,
      [ids.production, ids.staging, ids.graph],
    );
    const pair = await generateKeyPair('ES256');
    const keys = JSON.stringify({ keys: [await exportJWK(pair.publicKey)] });
    provider = createServer((_, reply) => reply.end(keys)).listen(0, '127.0.0.1');
    await new Promise((resolve) => provider.once('listening', resolve));
    signFor = (subject, roles) =>
      new SignJWT({ roles, name: subject })
        .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt' })
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setSubject(subject)
        .setExpirationTime('5m')
        .sign(pair.privateKey);
    authenticator = createAuthenticator({
      database,
      clock,
      verifyAccessToken: createAccessTokenVerifier({
        issuer: ISSUER,
        audience: AUDIENCE,
        jwksUrl: `http://127.0.0.1:${(provider.address() as AddressInfo).port}/`,
        tokenType: 'at+jwt',
        algorithms: ['ES256'],
        claims: DEFAULT_CLAIMS,
      }),
    });
  });
  afterAll(async () => {
    await new Promise((resolve) => provider.close(resolve));
    await db[Symbol.asyncDispose]();
  });

  const personWith = (...actions: RegistryAction[]): Principal => ({
    id: 'ana',
    name: 'Ana',
    kind: 'person',
    allows: (action) => actions.includes(action),
  });
  const architect = personWith('schema:govern', 'schema:read', 'schema:publish', 'artifact:read');
  const request = (change: Partial<TokenRequest> = {}): TokenRequest => ({
    principal: architect,
    title: 'pipeline',
    graph: 'finance',
    target: 'production',
    subgraph: null,
    actions: ['schema:publish', 'schema:read'],
    expiresAt: shifted(now, 30 * DAY_MS),
    ...change,
  });
  const make = async (change: Partial<TokenRequest> = {}): Promise<MadeToken> => {
    const result = await createToken({ database, clock }, request(change));
    if (!result.ok) throw new Error(result.problem.message);
    return result.value;
  };
  const revoke = async (id: string): Promise<void> => {
    const result = await revokeToken({ database, clock }, { principal: architect, id });
    if (!result.ok) throw new Error(result.problem.message);
    authenticator.forget();
  };
  const codeOf = async (headers: Record<string, string>): Promise<string> => {
    const result = await authenticator.authenticate(headers);
    return result.ok ? 'ok' : result.problem.code;
  };
  const actionsInHistory = (): Promise<{ action: string; body: string }[]> =>
    database.query('select action, body from history_entry order by seq');

  it('keeps a token as its hash only, shows it once, and tells of it in the history', async () => {
    const { token, accessToken } = await make();
    expect(token).toMatch(/^hvo1\/[A-Za-z0-9_-]{43}$/);
    expect(accessToken).toMatchObject({
      graphSlug: 'finance',
      targetSlug: 'production',
      hint: token.slice(-4),
      createdBy: 'ana',
      revokedAt: null,
    });
    const rows = await database.query('select * from access_token');
    const kept = JSON.stringify([rows, await actionsInHistory()]);
    expect(kept).not.toContain(token);
    expect(kept).not.toContain(token.slice('hvo1/'.length));
    expect((await actionsInHistory()).at(-1)).toMatchObject({ action: 'token.created' });
    await revoke(accessToken.id);
  });

  it.each<[string, (token: string) => Record<string, string>]>([
    ['Authorization', (token) => ({ authorization: `Bearer ${token}` })],
    ['X-API-Token', (token) => ({ 'x-api-token': token })],
    ['X-Hive-CDN-Key', (token) => ({ 'x-hive-cdn-key': token })],
    ["Rover's x-api-key", (token) => ({ 'x-api-key': `service:finance:${token}` })],
    ['x-api-key', (token) => ({ 'x-api-key': token })],
  ])('believes a token in %s', async (_header, headersOf) => {
    const { token, accessToken } = await make();
    const result = await authenticator.authenticate(headersOf(token));
    if (!result.ok) throw new Error(result.problem.message);
    expect(result.value.principal).toMatchObject({ id: `token:${accessToken.id}`, kind: 'token' });
    expect(result.value.viewer.roles).toEqual([]);
    expect(await codeOf(headersOf(`${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`))).toBe(
      'TOKEN_INVALID',
    );
  });

  it('refuses by name whom it does not believe', async () => {
    const { token, accessToken } = await make();
    expect(await codeOf({})).toBe('TOKEN_MISSING');
    expect(await codeOf({ authorization: 'Bearer hvo1/short' })).toBe('TOKEN_INVALID');
    expect(await codeOf({ authorization: `Bearer hvo1/${'A'.repeat(43)}` })).toBe('TOKEN_INVALID');
    expect(await codeOf({ authorization: 'Bearer a.b.c' })).toBe('TOKEN_INVALID');
    expect(await codeOf({ 'x-api-token': "' or true --" })).toBe('TOKEN_INVALID');
    expect(await codeOf({ 'x-api-key': `service:other:${token}` })).toBe('TOKEN_OF_ANOTHER_GRAPH');
    expect(await codeOf({ 'x-api-token': token })).toBe('ok');
    now = accessToken.expiresAt;
    expect(await codeOf({ 'x-api-token': token })).toBe('TOKEN_EXPIRED');
    now = instantOf('2026-03-01T10:00:00Z');
  });

  it('revokes at once, also what was just used, and a second time changes nothing', async () => {
    const { token, accessToken } = await make();
    expect(await codeOf({ 'x-api-token': token })).toBe('ok');
    await revoke(accessToken.id);
    expect(await codeOf({ 'x-api-token': token })).toBe('TOKEN_REVOKED');
    const before = (await actionsInHistory()).length;
    await revoke(accessToken.id.toUpperCase());
    expect(await actionsInHistory()).toHaveLength(before);
    expect(
      await revokeToken({ database, clock }, { principal: architect, id: "x' or 1" }),
    ).toMatchObject({
      ok: false,
      problem: { code: 'NOT_FOUND' },
    });
  });

  it('does not remember a look-up that a revocation overtook', async () => {
    const { token, accessToken } = await make();
    const underWay = authenticator.authenticate({ 'x-api-token': token });
    await revoke(accessToken.id);
    await underWay;
    expect(await codeOf({ 'x-api-token': token })).toBe('TOKEN_REVOKED');
  });

  it('believes people of the identity provider with what their roles grant', async () => {
    const authorization = `Bearer ${await signFor('bo', ['app-developer', 'integration-service'])}`;
    const result = await authenticator.authenticate({ authorization });
    if (!result.ok) throw new Error(result.problem.message);
    const scope = { graphId: ids.graph, targetId: ids.production, subgraph: null };
    expect(result.value.principal).toMatchObject({ id: 'bo', kind: 'person' });
    expect(result.value.principal.allows('schema:check', scope)).toBe(true);
    expect(result.value.principal.allows('schema:publish', scope)).toBe(false);
    expect(await codeOf({ authorization: `${authorization}x` })).toBe('TOKEN_INVALID');
  });

  it.each<[string, Partial<TokenRequest>, RegistryAction, Partial<Scope>, boolean]>([
    ['an action that it has', {}, 'schema:publish', {}, true],
    ['an action that it has not', {}, 'schema:delete', {}, false],
    ['another target', {}, 'schema:publish', { targetId: ids.staging }, false],
    ['the whole graph with a token of one target', {}, 'schema:publish', { targetId: null }, false],
    ['another graph', {}, 'schema:publish', { graphId: ids.other }, false],
    [
      'any target with a token of the graph',
      { target: null },
      'schema:publish',
      { targetId: ids.staging },
      true,
    ],
    ['its subgraph', { subgraph: 'invoices' }, 'schema:publish', {}, true],
    [
      'another subgraph',
      { subgraph: 'invoices' },
      'schema:publish',
      { subgraph: 'budgets' },
      false,
    ],
    [
      'all subgraphs with a token of one',
      { subgraph: 'invoices' },
      'schema:publish',
      { subgraph: null },
      false,
    ],
    [
      'reading the target with a token of one subgraph',
      { subgraph: 'invoices' },
      'schema:read',
      { subgraph: null },
      true,
    ],
  ])('scopes a token: %s', async (_what, change, action, where, isAllowed) => {
    const { token } = await make(change);
    const result = await authenticator.authenticate({ 'x-api-token': token });
    if (!result.ok) throw new Error(result.problem.message);
    const scope = { graphId: ids.graph, targetId: ids.production, subgraph: 'invoices', ...where };
    expect(result.value.principal.allows(action, scope)).toBe(isAllowed);
  });

  it('never grants more than whoever makes the token may do', async () => {
    const attempt = (principal: Principal): Promise<unknown> =>
      createToken({ database, clock }, request({ principal }));
    const forbidden = { extensions: { code: 'FORBIDDEN' } };
    await expect(attempt(personWith('schema:publish', 'schema:read'))).rejects.toMatchObject(
      forbidden,
    );
    await expect(attempt(personWith('schema:govern', 'schema:read'))).rejects.toMatchObject(
      forbidden,
    );
    const { token } = await make({
      actions: ['schema:govern', 'schema:publish', 'schema:read'],
      principal: personWith('schema:govern', 'schema:publish', 'schema:read'),
    });
    const result = await authenticator.authenticate({ 'x-api-token': token });
    if (!result.ok) throw new Error(result.problem.message);
    await expect(attempt(result.value.principal)).rejects.toMatchObject(forbidden);
  });

  it.each<[string, Partial<TokenRequest>, object]>([
    ['no title', { title: '  ' }, { code: 'INVALID_INPUT', fields: [{ field: 'title' }] }],
    ['no action', { actions: [] }, { code: 'INVALID_INPUT', fields: [{ field: 'actions' }] }],
    ['an expiry that has passed', { expiresAt: shifted(now, -1) }, { fields: [{ code: 'PAST' }] }],
    [
      'an expiry too far ahead',
      { expiresAt: shifted(now, 400 * DAY_MS + 1) },
      { fields: [{ code: 'TOO_LATE' }] },
    ],
    ['a subgraph that cannot be', { subgraph: '../x' }, { fields: [{ field: 'subgraph' }] }],
    ['a graph that is not', { graph: 'nothing' }, { code: 'NOT_FOUND' }],
    ['a target that is not', { target: 'nothing' }, { code: 'NOT_FOUND' }],
    ['a target of another graph', { graph: 'other' }, { code: 'NOT_FOUND' }],
  ])('refuses a token with %s', async (_what, change, problem) => {
    const before = (await actionsInHistory()).length;
    expect(await createToken({ database, clock }, request(change))).toMatchObject({
      ok: false,
      problem,
    });
    expect(await actionsInHistory()).toHaveLength(before);
  });

  it('makes tokens for every name that a subgraph may have', async () => {
    const subgraph = 'Purchase_orders-of-the-european-companies-2';
    expect((await make({ subgraph })).accessToken.subgraph).toBe(subgraph);
  });

  it('notes when a token was last used, to the hour', async () => {
    const { token, accessToken } = await make();
    const used = async (): Promise<Date | null | undefined> => {
      authenticator.forget();
      await authenticator.authenticate({ 'x-api-token': token });
      return (await tokenById(database, accessToken.id))?.lastUsedAt;
    };
    const first = now;
    expect(await used()).toEqual(first);
    now = shifted(first, 59 * MINUTE_MS);
    expect(await used()).toEqual(first);
    now = shifted(first, HOUR_MS);
    expect(await used()).toEqual(now);
    now = first;
  });

  it('lists the tokens of a graph page by page', async () => {
    const page = await tokensOfGraph(database, ids.graph, parsePage({ first: 2 }));
    expect(page).toHaveLength(3);
    expect(await tokensOfGraph(database, ids.other, parsePage({ first: 2 }))).toEqual([]);
  });
});
