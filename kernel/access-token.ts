import { createRemoteJWKSet, errors, jwtVerify } from 'jose';
import { sha256 } from './id.ts';
import { systemClock } from './clock.ts';
import type { Viewer } from './identity.ts';

/** How a provider's access tokens are checked and read; everything that differs between providers is here. */
export interface AccessTokenRules {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUrl: string;
  /** The JOSE `typ` that tokens carry: `at+jwt` by RFC 9068, `JWT` at some providers. */
  readonly tokenType: string;
  readonly algorithms: readonly string[];
  /** Claim names of roles, companies and cost centres; a dot descends. */
  readonly claims: {
    readonly roles: string;
    readonly companies: string;
    readonly costCentres: string;
    /** Of the contract that the bearer sees; none is looked for without it. */
    readonly contract?: string;
  };
}

export const DEFAULT_CLAIMS = {
  roles: 'roles',
  companies: 'companies',
  costCentres: 'cost_centres',
  contract: 'contract',
} as const;

export type AccessVerdict =
  | { readonly ok: true; readonly viewer: Viewer; readonly expiresAt: Date }
  | {
      readonly ok: false;
      readonly code: 'TOKEN_MISSING' | 'TOKEN_EXPIRED' | 'TOKEN_INVALID' | 'IDENTITY_UNAVAILABLE';
      readonly message: string;
    };

export type AccessTokenVerifier = (authorization: string | undefined) => Promise<AccessVerdict>;

/** The viewer whom nobody has identified. */
export const ANONYMOUS_ID = 'anonymous';

/** Without an identity provider: one viewer for all, with the role that reads schemas. Never for a graph that others reach. */
export const letEverybodyIn: AccessTokenVerifier = () =>
  Promise.resolve({
    ok: true,
    viewer: {
      id: ANONYMOUS_ID,
      name: ANONYMOUS_ID,
      kind: 'person',
      roles: ['architect'],
      companies: [],
      costCentres: [],
    },
    expiresAt: new Date(8.64e15),
  });

const CLOCK_TOLERANCE_SECONDS = 5;
/** Verified tokens are remembered this long at the most, so that one client's burst costs one verification. */
const VERIFIED_FOR_MS = 60_000;
const VERIFIED_MAX = 10_000;

/** Verifies `Authorization: Bearer …` and reads the viewer from the token's claims. */
export function createAccessTokenVerifier(rules: AccessTokenRules): AccessTokenVerifier {
  const keys = createRemoteJWKSet(new URL(rules.jwksUrl), {
    cacheMaxAge: 600_000,
    cooldownDuration: 30_000,
    timeoutDuration: 5_000,
  });
  const verified = new Map<string, { verdict: AccessVerdict; untilMs: number }>();
  return async (authorization) => {
    const token = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined)
      return {
        ok: false,
        code: 'TOKEN_MISSING',
        message: 'Send an access token: "Authorization: Bearer …".',
      };
    const hash = sha256(token);
    const known = verified.get(hash);
    const nowMs = systemClock.now().getTime();
    if (known !== undefined && known.untilMs > nowMs) return known.verdict;
    const verdict = await verify(token, keys, rules);
    if (verdict.ok) {
      if (verified.size >= VERIFIED_MAX) verified.clear();
      verified.set(hash, {
        verdict,
        untilMs: Math.min(nowMs + VERIFIED_FOR_MS, verdict.expiresAt.getTime()),
      });
    }
    return verdict;
  };
}

async function verify(
  token: string,
  keys: ReturnType<typeof createRemoteJWKSet>,
  rules: AccessTokenRules,
): Promise<AccessVerdict> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer: rules.issuer,
      audience: rules.audience,
      typ: rules.tokenType,
      algorithms: [...rules.algorithms],
      requiredClaims: ['sub', 'exp'],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
    });
    return {
      ok: true,
      viewer: readViewer(payload, rules.claims),
      expiresAt: new Date((payload.exp ?? 0) * 1000),
    };
  } catch (error) {
    return refusal(error);
  }
}

/** No keys came, or something else than keys: that says nothing of the token. The generic code is an answer other than 200. */
const PROVIDER_FAULTS: ReadonlySet<string> = new Set([
  errors.JWKSTimeout.code,
  errors.JWKSInvalid.code,
  errors.JOSEError.code,
]);

function refusal(error: unknown): AccessVerdict {
  if (error instanceof errors.JWTExpired) {
    return {
      ok: false,
      code: 'TOKEN_EXPIRED',
      message: 'The access token has expired. Get a new one and repeat the request.',
    };
  }
  if (!(error instanceof errors.JOSEError) || PROVIDER_FAULTS.has(error.code)) {
    return {
      ok: false,
      code: 'IDENTITY_UNAVAILABLE',
      message: 'The identity provider cannot be reached to verify the token. Try again shortly.',
    };
  }
  return {
    ok: false,
    code: 'TOKEN_INVALID',
    message: `The access token is not accepted (${error.code}). Get one for this graph's audience.`,
  };
}

/** Reads the viewer; role names that our own services use are never taken from outside. */
function readViewer(
  payload: Readonly<Record<string, unknown>>,
  claims: AccessTokenRules['claims'],
): Viewer {
  const id = String(payload['sub']);
  const isService = payload['client_id'] !== undefined && payload['client_id'] === payload['sub'];
  return {
    id,
    name: typeof payload['name'] === 'string' ? payload['name'] : id,
    kind: isService ? 'service' : 'person',
    roles: claimList(payload, claims.roles).filter((role) => !role.endsWith('-service')),
    companies: claimList(payload, claims.companies),
    costCentres: claimList(payload, claims.costCentres),
    scopes: scopesOf(payload),
    ...contractOf(payload, claims.contract),
  };
}

/** A claim that is there and no text names a contract that nobody serves: it must not read as "no contract". */
function contractOf(
  payload: Readonly<Record<string, unknown>>,
  path: string | undefined,
): { readonly contract?: string } {
  const value = path === undefined ? undefined : claimAt(payload, path);
  return value === undefined || value === null
    ? {}
    : { contract: typeof value === 'string' ? value : JSON.stringify(value) };
}

/** RFC 9068 has one text with spaces; some providers have a list under `scp`. */
function scopesOf({ scope, scp }: Readonly<Record<string, unknown>>): string[] {
  const given = scope ?? scp;
  if (typeof given === 'string') return given.split(' ').filter((name) => name !== '');
  return Array.isArray(given) ? given.filter((name) => typeof name === 'string') : [];
}

function claimAt(payload: Readonly<Record<string, unknown>>, path: string): unknown {
  let value: unknown = payload;
  for (const name of path.split('.'))
    value = (value as Record<string, unknown> | null | undefined)?.[name];
  return value;
}

function claimList(payload: Readonly<Record<string, unknown>>, path: string): string[] {
  const value = claimAt(payload, path);
  return Array.isArray(value)
    ? value.filter((entry): entry is string => typeof entry === 'string')
    : [];
}
