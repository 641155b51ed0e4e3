import { timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';
import { keptKeys, makeKeys } from './identity-keys.ts';
import {
  ACCESS_TOKEN_SECONDS,
  GRAPH_SCOPE,
  openIdConfiguration,
  resourceServer,
} from './open-id-configuration.ts';
import { loginPage, messagePage } from './sign-in.ts';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Client, Person } from './people.ts';

/** What a token for the graph is for, and what gateways expect in `aud`, unless told otherwise. */
export const GRAPH_AUDIENCE = 'https://concord.example/graph';

/** A demonstration may want a token that outlives the day, none needs more. */
const EXPIRY_MAX_SECONDS = 7 * 24 * 3_600;
/** A login form and a token request are a few words. */
const BODY_MAX_BYTES = 8_192;

export interface IdentityProviderOptions {
  /** The URL by which browsers and gateways know the provider, as `http://localhost:4002`. */
  readonly issuer: string;
  readonly host: string;
  readonly port: number;
  readonly audience?: string;
  readonly people: readonly Person[];
  readonly clients: readonly Client[];
  /** Where the portal and the console are served: the only origin that may sign people in. */
  readonly gatewayOrigin: string;
  /** Keeps the signing key, so that tokens survive a restart; without it every start has a new key. */
  readonly keyFile?: string;
  /** `NODE_ENV`: in `production` the provider refuses to start. */
  readonly nodeEnvironment: string | undefined;
}

export interface IdentityProvider {
  readonly issuer: string;
  readonly jwksUrl: string;
  readonly audience: string;
  /** An access token for a person, as signing in would give. Throws an `UnknownLogin`. */
  issueToken(login: string, expiresInSeconds?: number): Promise<string>;
  close(): Promise<void>;
}

export class UnknownLogin extends Error {
  override readonly name = 'UnknownLogin';
}

/**
 * Starts the development identity provider: OpenID Connect with people who may sign in without a secret, so it is for
 * a laptop, a test and a demonstration only.
 */
export async function startIdentityProvider(
  options: IdentityProviderOptions,
): Promise<IdentityProvider> {
  if (options.nodeEnvironment === 'production') {
    throw new Error(
      'The development identity provider does not start with NODE_ENV=production: everybody knows its passwords. Set OIDC_ISSUER to your own provider.',
    );
  }
  const audience = options.audience ?? GRAPH_AUDIENCE;
  const keys = options.keyFile === undefined ? await makeKeys() : await keptKeys(options.keyFile);
  const provider = new Provider(
    options.issuer,
    openIdConfiguration({ ...options, audience }, keys),
  );
  const issueToken = tokenIssuer(provider, options, audience);
  const server = createServer(routes(provider, options, issueToken));
  await listen(server, options);
  return {
    issuer: options.issuer,
    jwksUrl: `${options.issuer}/jwks`,
    audience,
    issueToken,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, { host, port }: IdentityProviderOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        new Error(
          `The identity provider cannot listen on ${host}:${port} (${error.message}). Stop what uses the port, or set PORT_BASE.`,
          { cause: error },
        ),
      ),
    );
    server.listen({ host, port }, resolve);
  });
}

function tokenIssuer(
  provider: Provider,
  { people, clients }: IdentityProviderOptions,
  audience: string,
): IdentityProvider['issueToken'] {
  const portal = clients.find((client) => client.kind === 'public');
  return async (login, expiresInSeconds = ACCESS_TOKEN_SECONDS) => {
    if (!people.some((person) => person.login === login)) {
      throw new UnknownLogin(
        `There is no login "${login}". The logins are: ${people.map((person) => person.login).join(', ')}.`,
      );
    }
    const client = await provider.Client.find(portal?.clientId ?? '');
    if (client === undefined)
      throw new Error('Tokens for people need a public client among the clients.');
    const token = new provider.AccessToken({
      client,
      accountId: login,
      scope: GRAPH_SCOPE,
      grantId: 'development',
      gty: 'development',
      expiresIn: expiresInSeconds,
      resourceServer: new provider.ResourceServer(audience, resourceServer(audience)),
    });
    return token.save();
  };
}

// HTTP beside OpenID Connect: the login form, and the token for the command line.

function routes(
  provider: Provider,
  options: IdentityProviderOptions,
  issueToken: IdentityProvider['issueToken'],
): (request: IncomingMessage, response: ServerResponse) => void {
  const openId = provider.callback();
  const development = developmentRoutes(options, issueToken);
  return (request, response) => {
    const { pathname } = new URL(request.url ?? '/', options.issuer);
    const answer = pathname.startsWith('/login/')
      ? signIn(provider, options, request, response)
      : development(pathname, request, response);
    if (answer === null) return void openId(request, response);
    answer.catch((error: unknown) => {
      const status = error instanceof BadRequest ? 400 : 500;
      if (!response.headersSent)
        sendJson(response, status, {
          code: 'REQUEST_FAILED',
          message: error instanceof Error ? error.message : String(error),
        });
    });
  };
}

async function signIn(
  provider: Provider,
  options: IdentityProviderOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const interaction = await provider.interactionDetails(request, response).catch(() => null);
  if (interaction === null) {
    return sendPage(
      response,
      400,
      messagePage(
        'This sign-in has expired',
        '<p>Go back to the application and sign in again.</p>',
      ),
      options,
    );
  }
  if (request.method !== 'POST')
    return sendPage(response, 200, loginPage(options.people, null), options);
  const form = new URLSearchParams(await readBody(request));
  const login = form.get('login') ?? '';
  const known = options.people.some((person) => person.login === login);
  if (!known || !sameText(form.get('password') ?? '', login)) {
    return sendPage(
      response,
      401,
      loginPage(options.people, 'Login or password is wrong. Here the password is the login.'),
      options,
    );
  }
  await provider.interactionFinished(
    request,
    response,
    { login: { accountId: login, amr: ['pwd'] } },
    { mergeWithLastSubmission: false },
  );
}

function developmentRoutes(
  { people }: IdentityProviderOptions,
  issueToken: IdentityProvider['issueToken'],
) {
  return (
    path: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> | null => {
    if (path === '/livez' || path === '/readyz')
      return Promise.resolve(sendJson(response, 200, { status: 'ok' }));
    if (path !== '/dev/people' && path !== '/dev/token') return null;
    if (!isFromThisMachine(request)) {
      return Promise.resolve(
        sendJson(response, 403, {
          code: 'NOT_LOCAL',
          message:
            'Only programs on this machine may ask here. Sign in through the browser instead.',
        }),
      );
    }
    if (path === '/dev/people') return Promise.resolve(sendJson(response, 200, { people }));
    return answerToken(people, issueToken, request, response);
  };
}

async function answerToken(
  people: readonly Person[],
  issueToken: IdentityProvider['issueToken'],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // A form on a foreign page can send other types across origins, but not this one.
  if (
    request.method !== 'POST' ||
    request.headers['content-type']?.startsWith('application/json') !== true
  ) {
    return sendJson(response, 415, {
      code: 'JSON_EXPECTED',
      message: 'Send POST /dev/token with content-type application/json and {"login": "…"}.',
    });
  }
  const { login, expiresInSeconds = ACCESS_TOKEN_SECONDS } = readTokenRequest(
    await readBody(request),
  );
  if (
    !Number.isInteger(expiresInSeconds) ||
    expiresInSeconds < 1 ||
    expiresInSeconds > EXPIRY_MAX_SECONDS
  ) {
    return sendJson(response, 400, {
      code: 'EXPIRY_INVALID',
      message: `expiresInSeconds must be a whole number from 1 to ${EXPIRY_MAX_SECONDS}.`,
    });
  }
  try {
    sendJson(response, 200, {
      accessToken: await issueToken(login, expiresInSeconds),
      tokenType: 'Bearer',
      expiresInSeconds,
    });
  } catch (error) {
    if (!(error instanceof UnknownLogin)) throw error;
    sendJson(response, 404, {
      code: 'LOGIN_UNKNOWN',
      message: error.message,
      logins: people.map((person) => person.login),
    });
  }
}

function readTokenRequest(body: string): { login: string; expiresInSeconds?: number } {
  try {
    const value: unknown = JSON.parse(body);
    if (
      typeof value === 'object' &&
      value !== null &&
      'login' in value &&
      typeof value.login === 'string'
    ) {
      const { login } = value;
      const expiry = 'expiresInSeconds' in value ? value.expiresInSeconds : undefined;
      return expiry === undefined ? { login } : { login, expiresInSeconds: Number(expiry) };
    }
  } catch {
    // Falls through to the one message for all that is not a request.
  }
  throw new BadRequest('A body as {"login": "requestor"} is expected.');
}

class BadRequest extends Error {}

/** The sender is this machine, and it asked for this machine: a page on a foreign name that resolves here did not. */
function isFromThisMachine(request: IncomingMessage): boolean {
  const address = request.socket.remoteAddress ?? '';
  const name = (request.headers.host ?? '').replace(/:\d+$/, '');
  return (
    /^(::ffff:)?127\.|^::1$/.test(address) && ['localhost', '127.0.0.1', '[::1]'].includes(name)
  );
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const part = Buffer.from(chunk);
    size += part.length;
    if (size > BODY_MAX_BYTES)
      throw new BadRequest(`A body of at most ${BODY_MAX_BYTES} bytes is expected.`);
    chunks.push(part);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
  });
  response.end(JSON.stringify(value));
}

function sendPage(
  response: ServerResponse,
  status: number,
  html: string,
  { gatewayOrigin }: IdentityProviderOptions,
): void {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    // Signing in redirects to the application, and browsers hold a form to its targets through redirects.
    'content-security-policy': `default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; form-action 'self' ${gatewayOrigin}`,
    'x-content-type-options': 'nosniff',
  });
  response.end(html);
}

function sameText(left: string, right: string): boolean {
  const [one, two] = [Buffer.from(left), Buffer.from(right)];
  return one.length === two.length && timingSafeEqual(one, two);
}
