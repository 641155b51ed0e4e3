import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { createSignedTextReader, createTextSigner } from './batch-signature.ts';
import { isRecord } from './json.ts';
import { newId, sha256 } from './id.ts';
import { systemClock } from './clock.ts';
import type { JWK } from 'jose';
import type { KeyObject } from 'node:crypto';
import type { Viewer } from './identity.ts';

/** The header that carries the signature of one call between our own processes. */
export const INTERNAL_TOKEN_HEADER = 'x-concord-call';
/** Long enough for a slow network, short enough that a stolen token is worthless. */
const TOKEN_LIFE_SECONDS = 30;
/** The issuer that may speak for people; every other room speaks only for itself. */
const SPEAKS_FOR_PEOPLE = 'gateway';

/** A room's key pair as JSON Web Keys; the public half is trusted by the others under the room's name. */
export interface InternalKey {
  readonly room: string;
  readonly privateJwk: JWK;
}

export type TrustedKeys = Readonly<Record<string, JWK>>;

export function generateInternalKey(room: string): InternalKey & { readonly publicJwk: JWK } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    room,
    privateJwk: privateKey.export({ format: 'jwk' }),
    publicJwk: publicKey.export({ format: 'jwk' }),
  };
}

/** Signs one call: for whom, to whom, over exactly this body. */
export type CallSigner = (call: {
  audience: string;
  body: string;
  viewer: Viewer | null;
}) => Promise<string>;

export function createCallSigner(key: InternalKey): CallSigner {
  const signText = createTextSigner(createPrivateKey({ key: key.privateJwk, format: 'jwk' }));
  return ({ audience, body, viewer }) => {
    const issuedAt = nowSeconds();
    const claims = {
      iss: key.room,
      aud: audience,
      jti: newId(),
      exp: issuedAt + TOKEN_LIFE_SECONDS,
      bh: sha256(body),
      ...(viewer === null ? {} : { p: viewer }),
    };
    return signText(JSON.stringify(claims));
  };
}

function nowSeconds(): number {
  return Math.floor(systemClock.now().getTime() / 1000);
}

/** Who calls, or why the call is refused. */
export type CallVerdict =
  | { readonly ok: true; readonly viewer: Viewer; readonly caller: string }
  | { readonly ok: false; readonly reason: string };
export type CallVerifier = (call: {
  token: string | undefined;
  body: string | Buffer;
}) => Promise<CallVerdict>;

/** Verifies calls to one service: signature, audience, age, body, and that the token was not used before. */
export function createCallVerifier(options: {
  audience: string;
  trusted: TrustedKeys;
}): CallVerifier {
  const keys = new Map<string, KeyObject>(
    Object.entries(options.trusted).map(([room, jwk]) => [
      room,
      createPublicKey({ key: jwk, format: 'jwk' }),
    ]),
  );
  const seen = createSeenTokens();
  const read = createSignedTextReader();
  const keyOf = (text: string): KeyObject | undefined => keys.get(String(claimsOf(text)['iss']));
  return async ({ token, body }) => {
    if (token === undefined)
      return { ok: false, reason: 'the call is not signed; call the gateway instead' };
    const text = read(token, keyOf);
    if (text === null) return { ok: false, reason: 'the signer is not trusted' };
    const claims = claimsOf(text);
    const reason = refusalOf(claims, { audience: options.audience, body });
    if (reason !== null) return { ok: false, reason };
    const caller = String(claims['iss']);
    // Nobody uses up the ids of somebody else.
    if (seen.repeats(`${caller} ${String(claims['jti'])}`))
      return { ok: false, reason: 'the signature was used before' };
    const viewer = caller === SPEAKS_FOR_PEOPLE ? viewerOf(claims['p']) : serviceViewer(caller);
    return viewer === null
      ? { ok: false, reason: 'the call names no principal' }
      : { ok: true, viewer, caller };
  };
}

function claimsOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

/** What is wrong with claims that are rightly signed; null when nothing is. */
function refusalOf(
  { aud, exp, jti, bh }: Readonly<Record<string, unknown>>,
  { audience, body }: { readonly audience: string; readonly body: string | Buffer },
): string | null {
  if (aud !== audience) return 'the signature is for another service';
  if (typeof exp !== 'number' || exp < nowSeconds()) return 'the signature has expired';
  if (typeof jti !== 'string') return 'the signature has no id';
  return bh === sha256(body) ? null : 'the signature is for another body';
}

/** The viewer a room is when it calls another on its own account. */
export function serviceViewer(room: string): Viewer {
  return {
    id: room,
    name: room,
    kind: 'service',
    roles: [`${room}-service`],
    companies: ['*'],
    costCentres: ['*'],
  };
}

function viewerOf(claim: unknown): Viewer | null {
  if (!isRecord(claim) || typeof claim['id'] !== 'string' || typeof claim['name'] !== 'string')
    return null;
  const kind = claim['kind'] === 'service' ? 'service' : 'person';
  return {
    id: claim['id'],
    name: claim['name'],
    kind,
    roles: texts(claim['roles']),
    companies: texts(claim['companies']),
    costCentres: texts(claim['costCentres']),
  };
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
}

/** Remembers token ids for two of their lives, in two generations, so that memory stays bounded. */
function createSeenTokens(): { repeats(id: string): boolean } {
  let current = new Set<string>();
  let previous = new Set<string>();
  let turnedAtMs = systemClock.now().getTime();
  return {
    repeats: (id) => {
      const nowMs = systemClock.now().getTime();
      if (nowMs - turnedAtMs > TOKEN_LIFE_SECONDS * 2000) {
        previous = current;
        current = new Set();
        turnedAtMs = nowMs;
      }
      if (current.has(id) || previous.has(id)) return true;
      current.add(id);
      return false;
    },
  };
}
