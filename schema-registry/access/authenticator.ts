import { monotonicMs, SECOND_MS } from '#kernel/clock.ts';
import { may } from '#kernel/identity.ts';
import { accepted, refused } from '#kernel/problem.ts';
import { fingerprintOf, isTokenShaped, principalOfToken, viewerOfToken } from './token.ts';
import * as store from './token-store.ts';
import type { IncomingHttpHeaders } from 'node:http';
import type { AccessTokenVerifier } from '#kernel/access-token.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Database } from '#kernel/database.ts';
import type { Viewer } from '#kernel/identity.ts';
import type { Problem, Result } from '#kernel/problem.ts';
import type { Principal } from './principal.ts';
import type { AccessToken } from './token.ts';

/** Who asks. `viewer` is for what only knows viewers; permissions come from `principal`. */
export interface Authenticated {
  readonly principal: Principal;
  readonly viewer: Viewer;
  /** The token that was shown, or null for a person or service of the identity provider. */
  readonly token: AccessToken | null;
}

export interface AccessRefused extends Problem<
  | 'TOKEN_MISSING'
  | 'TOKEN_INVALID'
  | 'TOKEN_EXPIRED'
  | 'TOKEN_REVOKED'
  | 'TOKEN_OF_ANOTHER_GRAPH'
  | 'IDENTITY_UNAVAILABLE'
> {
  /** The HTTP status that says the same. */
  readonly status: 401 | 503;
}

export interface Authenticator {
  /** Who sends a request with these headers, or why nobody is believed. */
  authenticate(headers: IncomingHttpHeaders): Promise<Result<Authenticated, AccessRefused>>;
  /** Forgets what it remembers of tokens; called after a revocation, which then holds at once. */
  forget(): void;
}

/** Tokens are remembered so briefly that a revocation by another process holds within seconds. */
const REMEMBERED_MS = 5 * SECOND_MS;
const REMEMBERED_MAX = 5_000;

/**
 * Believes the access tokens of the identity provider, and our own tokens in every header that clients send them in:
 * `Authorization: Bearer` and `X-API-Token` (Hive's command line), `X-Hive-CDN-Key` (gateways), `x-api-key` (Rover).
 */
export function createAuthenticator(options: {
  readonly database: Database;
  readonly clock: Clock;
  readonly verifyAccessToken: AccessTokenVerifier;
}): Authenticator {
  const { database, clock } = options;
  let remembered = new Map<string, { readonly known: Authenticated; readonly untilMs: number }>();
  let generation = 0;

  async function find(token: string): Promise<Authenticated | null> {
    const { sha256 } = fingerprintOf(token);
    const memory = remembered.get(sha256);
    if (memory !== undefined && memory.untilMs > monotonicMs()) return memory.known;
    const askedIn = generation;
    const found = await store.tokenByHash(database, sha256);
    if (found === null) return null;
    const known = authenticatedToken(found);
    // A look-up from before a revocation must not be remembered after it.
    if (askedIn === generation) {
      if (remembered.size >= REMEMBERED_MAX) remembered.clear();
      remembered.set(sha256, { known, untilMs: monotonicMs() + REMEMBERED_MS });
    }
    if (found.revokedAt === null) await store.markUsed(database, found.id, clock.now());
    return known;
  }

  async function authenticateToken(
    shown: ShownToken,
  ): Promise<Result<Authenticated, AccessRefused>> {
    const known = isTokenShaped(shown.token) ? await find(shown.token) : null;
    const token = known?.token ?? null;
    if (known === null || token === null) return refusal('TOKEN_INVALID');
    if (token.revokedAt !== null) return refusal('TOKEN_REVOKED');
    if (token.expiresAt <= clock.now()) return refusal('TOKEN_EXPIRED');
    if (shown.graph !== null && shown.graph !== token.graphSlug)
      return refusal('TOKEN_OF_ANOTHER_GRAPH');
    return accepted(known);
  }

  return {
    authenticate: async (headers) => {
      const shown = shownToken(headers);
      if (shown !== null) return authenticateToken(shown);
      const verdict = await options.verifyAccessToken(headers.authorization);
      return verdict.ok ? accepted(authenticatedViewer(verdict.viewer)) : refusal(verdict.code);
    },
    forget: () => {
      generation += 1;
      remembered = new Map();
    },
  };
}

interface ShownToken {
  readonly token: string;
  /** The graph that Rover's key names. */
  readonly graph: string | null;
}

/** Our token in the headers, or null when they hold at most one of the identity provider. */
function shownToken(headers: IncomingHttpHeaders): ShownToken | null {
  const bearer = /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1];
  if (bearer !== undefined)
    return bearer.startsWith('hvo1/') ? { token: bearer, graph: null } : null;
  const rover = headerOf(headers, 'x-api-key');
  if (rover !== null) {
    const [, graph = null, token] = /^service:([^:]+):(.+)$/.exec(rover) ?? [];
    return { token: token ?? rover, graph };
  }
  const token = headerOf(headers, 'x-api-token') ?? headerOf(headers, 'x-hive-cdn-key');
  return token === null ? null : { token, graph: null };
}

function headerOf(headers: IncomingHttpHeaders, name: string): string | null {
  const value = headers[name];
  return typeof value === 'string' && value !== '' ? value : null;
}

/** A person or service of the identity provider: its roles grant the registry's actions in every graph. */
function authenticatedViewer(viewer: Viewer): Authenticated {
  const principal: Principal = {
    id: viewer.id,
    name: viewer.name,
    kind: viewer.kind,
    allows: (action) => may(viewer, action),
  };
  return { principal, viewer, token: null };
}

function authenticatedToken(token: AccessToken): Authenticated {
  return { principal: principalOfToken(token), viewer: viewerOfToken(token), token };
}

const REFUSALS: Readonly<Record<AccessRefused['code'], string>> = {
  TOKEN_MISSING: 'Send a token: "Authorization: Bearer …".',
  TOKEN_INVALID: 'The token is not one that this registry accepts. Make a new one.',
  TOKEN_EXPIRED: 'The token has expired. Make a new one.',
  TOKEN_REVOKED: 'The token was revoked. Make a new one.',
  TOKEN_OF_ANOTHER_GRAPH:
    'The key names another graph than its token belongs to. Use "service:<graph>:<token>" with the graph of the token.',
  IDENTITY_UNAVAILABLE:
    'The identity provider cannot be reached to verify the token. Try again shortly.',
};

function refusal(code: AccessRefused['code']): Result<never, AccessRefused> {
  const isOutage = code === 'IDENTITY_UNAVAILABLE';
  return refused({
    code,
    message: REFUSALS[code],
    retryable: isOutage,
    status: isOutage ? 503 : 401,
  });
}
