import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { createServer, request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { GRAPH_AUDIENCE, UnknownLogin, startIdentityProvider } from './identity-provider.ts';
import { CLIENTS, PEOPLE } from './people.ts';
import type { AddressInfo } from 'node:net';
import type { JWTPayload } from 'jose';
import type { IdentityProvider } from './identity-provider.ts';

const GATEWAY = 'http://localhost:4000';
const REDIRECT = `${GATEWAY}/signed-in`;

let folder: string;
let provider: IdentityProvider;
let port: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'concord-identity-test-'));
  port = await freePort();
  provider = await start(port);
});

afterAll(async () => {
  await provider.close();
  await rm(folder, { recursive: true, force: true });
});

describe('an access token', () => {
  it.each(PEOPLE)('of $login carries name, roles, companies and cost centres', async (person) => {
    expect(await verified(await provider.issueToken(person.login))).toMatchObject({
      sub: person.login,
      name: person.name,
      roles: person.roles,
      companies: person.companies,
      cost_centres: person.costCentres,
      client_id: 'portal',
      scope: 'graph',
    });
  });

  it('lasts one hour, or as long as asked for', async () => {
    const hour = await verified(await provider.issueToken('auditor'));
    expect(hour.exp! - hour.iat!).toBe(3_600);
    const short = await verified(await provider.issueToken('auditor', 300));
    expect(short.exp! - short.iat!).toBe(300);
  });

  it('is refused for an unknown login', async () => {
    await expect(provider.issueToken('nobody')).rejects.toThrow(UnknownLogin);
    await expect(provider.issueToken('erp-gateway')).rejects.toThrow(/The logins are: requestor/);
  });

  it.each(CLIENTS.filter((client) => client.kind === 'service'))(
    'of the service $clientId comes by client credentials',
    async (client) => {
      const response = await token(
        { grant_type: 'client_credentials', scope: 'graph' },
        `${client.clientId}:${client.developmentSecret}`,
      );
      const answer = await fields(response);
      expect(await verified(answer['access_token'] ?? '')).toMatchObject({
        sub: client.clientId,
        client_id: client.clientId,
        name: client.name,
        roles: client.roles,
        companies: ['*'],
        cost_centres: ['*'],
        scope: 'graph',
      });
      expect(answer['refresh_token']).toBeUndefined();
    },
  );

  it('is refused to a service with a wrong secret, for another resource, or with a scope it does not have', async () => {
    expect((await token({ grant_type: 'client_credentials' }, 'erp-gateway:wrong')).status).toBe(
      401,
    );
    const secret = 'erp-gateway:erp-gateway-development-secret';
    expect(
      (
        await token(
          { grant_type: 'client_credentials', resource: 'https://elsewhere.example' },
          secret,
        )
      ).status,
    ).toBe(400);
    expect(
      (await token({ grant_type: 'client_credentials', scope: 'openid' }, secret)).status,
    ).toBe(400);
    expect(
      (await token({ grant_type: 'password', username: 'auditor', password: 'auditor' }, secret))
        .status,
    ).toBe(400);
  });
});

describe('signing in through a browser', () => {
  it('gives a person tokens for the graph by code and PKCE, and rotates the refresh token', async () => {
    const browser = createBrowser();
    const { code, verifier } = await signIn(browser, 'requestor', 'requestor');
    const first = await fields(await exchange(code, verifier));
    expect(await verified(first['access_token'] ?? '')).toMatchObject({
      sub: 'requestor',
      roles: ['requestor'],
      companies: ['DE01'],
      client_id: 'portal',
    });
    expect(decodeJwt(first['id_token'] ?? '')).toMatchObject({
      sub: 'requestor',
      aud: 'portal',
      nonce: 'n',
      name: 'Rike Vogel',
      roles: ['requestor'],
    });
    const refresh = { grant_type: 'refresh_token', client_id: 'portal' };
    const second = await fields(
      await token({ ...refresh, refresh_token: first['refresh_token'] ?? '' }),
    );
    expect(await verified(second['access_token'] ?? '')).toMatchObject({
      sub: 'requestor',
      cost_centres: ['DE01-4100'],
    });
    expect(second['refresh_token']).not.toBe(first['refresh_token']);
    // A refresh token used twice was stolen by one of the two: both lose their access.
    expect((await token({ ...refresh, refresh_token: first['refresh_token'] ?? '' })).status).toBe(
      400,
    );
    expect((await token({ ...refresh, refresh_token: second['refresh_token'] ?? '' })).status).toBe(
      400,
    );
  });

  it('refuses a wrong password and an unknown login, and lets the person try again', async () => {
    const browser = createBrowser();
    const { login } = await openLogin(browser);
    for (const [name, password] of [
      ['requestor', 'wrong'],
      ['stranger', 'stranger'],
      ['', ''],
    ] as const) {
      const response = await browser.post(login, { login: name, password });
      expect(response.status).toBe(401);
      expect(await response.text()).toContain('Login or password is wrong');
    }
    const done = await browser.post(login, { login: 'buyer', password: 'buyer' });
    expect(done.status).toBe(303);
  });

  it('shows a login form that no other page can frame', async () => {
    const browser = createBrowser();
    const { login } = await openLogin(browser);
    const response = await browser.get(login);
    expect(response.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(await response.text()).toContain('second-supplier-steward');
  });

  it('refuses a client without PKCE, a foreign redirect, and a code with another verifier', async () => {
    const browser = createBrowser();
    const withoutPkce = await browser.get(
      authorization({ code_challenge: null, code_challenge_method: null }),
    );
    expect(new URL(withoutPkce.headers.get('location')!).searchParams.get('error')).toBe(
      'invalid_request',
    );
    const foreign = await browser.get(authorization({ redirect_uri: 'http://evil.example/' }));
    expect(foreign.status).toBe(400);
    const { code } = await signIn(browser, 'buyer', 'buyer');
    expect((await exchange(code, randomBytes(32).toString('hex'))).status).toBe(400);
  });

  it("says what to do when the sign-in is not this browser's", async () => {
    const { login } = await openLogin(createBrowser());
    const response = await createBrowser().get(login);
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('sign in again');
  });

  it('lets pages of the gateway, and no others, ask for tokens', async () => {
    const ask = (origin: string): Promise<Response> =>
      fetch(`${provider.issuer}/token`, {
        method: 'POST',
        headers: { origin },
        body: new URLSearchParams({
          grant_type: 'refresh_token',
          client_id: 'portal',
          refresh_token: 'x',
        }),
      });
    expect((await ask(GATEWAY)).headers.get('access-control-allow-origin')).toBe(GATEWAY);
    expect(
      (await ask('http://evil.example')).headers.get('access-control-allow-origin'),
    ).toBeNull();
  });
});

describe('the development door', () => {
  it('lists the people', async () => {
    const response = await fetch(`${provider.issuer}/dev/people`);
    expect(await response.json()).toEqual({ people: PEOPLE });
  });

  it('answers only to this machine by its own name, and only to JSON', async () => {
    const json = { 'content-type': 'application/json' };
    expect(await rawStatus({ ...json, host: 'rebound.example' })).toBe(403);
    expect(await rawStatus({ 'content-type': 'text/plain' })).toBe(415);
    expect(await rawStatus(json)).toBe(200);
  });
});

describe('the development identity provider', () => {
  it('refuses to start in production', async () => {
    await expect(start(await freePort(), 'production')).rejects.toThrow(/OIDC_ISSUER/);
  });

  it('names a port that is in use', async () => {
    await expect(start(port)).rejects.toThrow(new RegExp(`127.0.0.1:${port}`));
  });

  it('keeps its signing key in a private file, so that tokens outlive a restart', async () => {
    const before = await provider.issueToken('auditor');
    await provider.close();
    provider = await start(port);
    expect(await verified(before)).toMatchObject({ sub: 'auditor' });
    expect((await stat(join(folder, 'keys.json'))).mode & 0o777).toBe(0o600);
  });
});

function start(onPort: number, nodeEnvironment = 'test'): Promise<IdentityProvider> {
  const issuer = `http://localhost:${onPort}`;
  const keyFile = join(folder, 'keys.json');
  return startIdentityProvider({
    issuer,
    host: '127.0.0.1',
    port: onPort,
    people: PEOPLE,
    clients: CLIENTS,
    gatewayOrigin: GATEWAY,
    keyFile,
    nodeEnvironment,
  });
}

/** As a gateway verifies: keys fetched, issuer, audience, type and algorithm fixed. */
async function verified(accessToken: string): Promise<JWTPayload> {
  const keys = createRemoteJWKSet(new URL(provider.jwksUrl));
  const rules = {
    issuer: provider.issuer,
    audience: GRAPH_AUDIENCE,
    typ: 'at+jwt',
    algorithms: ['ES256'],
    requiredClaims: ['sub', 'exp', 'jti'],
  };
  return (await jwtVerify(accessToken, keys, rules)).payload;
}

async function fields(response: Response): Promise<Partial<Record<string, string>>> {
  return (await response.json()) as Partial<Record<string, string>>;
}

function token(fields: Record<string, string>, credentials?: string): Promise<Response> {
  const headers =
    credentials === undefined
      ? {}
      : { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
  return fetch(`${provider.issuer}/token`, {
    method: 'POST',
    headers,
    body: new URLSearchParams(fields),
  });
}

function exchange(code: string, verifier: string): Promise<Response> {
  return token({
    grant_type: 'authorization_code',
    client_id: 'portal',
    code,
    redirect_uri: REDIRECT,
    code_verifier: verifier,
  });
}

function authorization(changes: Record<string, string | null>): URL {
  const url = new URL('/auth', provider.issuer);
  const fields = {
    client_id: 'portal',
    response_type: 'code',
    redirect_uri: REDIRECT,
    scope: 'openid profile graph',
    state: 's',
    nonce: 'n',
    code_challenge: challengeOf('x'.repeat(43)),
    code_challenge_method: 'S256',
    ...changes,
  };
  for (const [name, value] of Object.entries(fields))
    if (value !== null) url.searchParams.set(name, value);
  return url;
}

function challengeOf(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url');
}

async function openLogin(browser: Browser): Promise<{ login: URL; verifier: string }> {
  const verifier = randomBytes(32).toString('base64url');
  const redirected = await browser.get(authorization({ code_challenge: challengeOf(verifier) }));
  expect(redirected.status).toBe(303);
  return { login: new URL(redirected.headers.get('location')!, provider.issuer), verifier };
}

async function signIn(
  browser: Browser,
  login: string,
  password: string,
): Promise<{ code: string; verifier: string }> {
  const opened = await openLogin(browser);
  const submitted = await browser.post(opened.login, { login, password });
  const resumed = await browser.get(new URL(submitted.headers.get('location')!, provider.issuer));
  const landing = new URL(resumed.headers.get('location')!);
  expect(landing.origin + landing.pathname).toBe(REDIRECT);
  expect(landing.searchParams.get('state')).toBe('s');
  return { code: landing.searchParams.get('code')!, verifier: opened.verifier };
}

interface Browser {
  get(url: URL): Promise<Response>;
  post(url: URL, fields: Record<string, string>): Promise<Response>;
}

/** Keeps cookies as a browser does, paths included, and follows no redirect by itself. */
function createBrowser(): Browser {
  const jar = new Map<string, { value: string; path: string }>();
  async function send(url: URL, init: RequestInit): Promise<Response> {
    const cookies = [...jar]
      .filter(([, { path }]) => url.pathname.startsWith(path))
      .map(([name, { value }]) => `${name}=${value}`);
    const response = await fetch(url, {
      ...init,
      redirect: 'manual',
      headers: { cookie: cookies.join('; ') },
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      jar.set(name, { value, path: /path=([^;]+)/i.exec(line)?.[1] ?? '/' });
    }
    return response;
  }
  return {
    get: (url) => send(url, {}),
    post: (url, fields) => send(url, { method: 'POST', body: new URLSearchParams(fields) }),
  };
}

/** fetch does not let a caller choose the Host header. */
async function rawStatus(headers: Record<string, string>): Promise<number | undefined> {
  const request = httpRequest({
    host: '127.0.0.1',
    port,
    path: '/dev/token',
    method: 'POST',
    headers,
  });
  request.end(JSON.stringify({ login: 'buyer' }));
  const [response] = await once(request, 'response');
  response.resume();
  return response.statusCode;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const found = (server.address() as AddressInfo).port;
  await new Promise((resolve) => void server.close(resolve));
  return found;
}
