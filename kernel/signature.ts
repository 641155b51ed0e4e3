import { createHash, createPublicKey, sign, verify } from 'node:crypto';
import { sha256 } from './id.ts';
import { isRecord } from './json.ts';
import { accepted, refused } from './problem.ts';
import type { KeyObject } from 'node:crypto';
import type { Problem, Result } from './problem.ts';

/** The header with an artefact's signature: `<key id>.<Ed25519 signature in base64url>`. */
export const SIGNATURE_HEADER = 'x-concord-signature';
/** The header with the id of the target that an artefact belongs to. */
export const TARGET_HEADER = 'x-concord-target';
/** The header with the id of the version that an artefact belongs to. */
export const VERSION_HEADER = 'x-concord-version';

/** An Ed25519 public key as a JSON Web Key (RFC 8037). */
export interface PublicJwk {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
}

/** A key as `/.well-known/concord-keys.json` publishes it: a JSON Web Key with its endorsement by the key before it. */
export interface PublishedKey extends PublicJwk {
  readonly kid: string;
  readonly alg: 'EdDSA';
  readonly use: 'sig';
  /** A retired key signs nothing any more; what it signed stays valid. */
  readonly state: 'ACTIVE' | 'RETIRED';
  readonly createdAt: string;
  /** The key that vouches for this one; null for the first. */
  readonly endorsedBy: string | null;
  readonly endorsement: string | null;
}

export interface PublishedKeys {
  readonly keys: readonly PublishedKey[];
}

/** A private key with the id of its public half. */
export interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
}

/** Keys whose signatures count, by key id. */
export type TrustedSigners = ReadonlyMap<string, KeyObject>;

/** The id of a key is its thumbprint (RFC 7638), so whoever knows the id knows the key: pinning an id is enough. */
export function keyIdOf(jwk: PublicJwk): string {
  const members = JSON.stringify({ crv: jwk.crv, kty: jwk.kty, x: jwk.x });
  return createHash('sha256').update(members).digest('base64url');
}

/** What a signature says: these bytes are this kind of artefact, of this version of this target. */
export interface ArtifactStatement {
  /** `supergraph`, `sdl`, `services`, `metadata`, `document`, or `contract/<name>/supergraph` and so on. */
  readonly kind: string;
  readonly targetId: string;
  readonly versionId: string;
  readonly sha256: string;
}

/** Signs an artefact's statement; the answer is the value of the signature header. */
export function signArtifact(key: SigningKey, statement: ArtifactStatement): string {
  const signature = sign(null, statementBytes(statement), key.privateKey);
  return `${key.kid}.${signature.toString('base64url')}`;
}

/** Each part is on a line of its own; parts with line breaks are never signed, so no statement can pass for another. */
function statementBytes(statement: ArtifactStatement): Buffer {
  const parts = [statement.kind, statement.targetId, statement.versionId, statement.sha256];
  if (parts.some((part) => /[\r\n]/.test(part)))
    throw new Error('A part of an artefact statement has a line break.');
  return Buffer.from(['concord-artifact/1', ...parts, ''].join('\n'));
}

export type SignatureRefused = Problem<
  'SIGNATURE_MISSING' | 'SIGNATURE_MALFORMED' | 'SIGNATURE_KEY_UNKNOWN' | 'SIGNATURE_WRONG'
>;

const SIGNATURE = /^([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{86})$/;

/**
 * Does the signature say that these bytes are what was asked for? `kind` and `targetId` must be those of the request, never
 * those of the answer: else one target's artefact could be handed out as another's. The version is the answer's own.
 */
export function verifyArtifact(artifact: {
  readonly body: string | Uint8Array;
  readonly kind: string;
  readonly targetId: string;
  readonly versionId: string;
  readonly signature: string | null | undefined;
  readonly trusted: TrustedSigners;
}): Result<{ readonly kid: string }, SignatureRefused> {
  const { signature, trusted } = artifact;
  if (signature === null || signature === undefined || signature === '')
    return unsigned('SIGNATURE_MISSING', 'carries no signature');
  const [, kid, value] = SIGNATURE.exec(signature) ?? [];
  if (kid === undefined || value === undefined || /[\r\n]/.test(artifact.versionId))
    return unsigned('SIGNATURE_MALFORMED', 'carries a signature that cannot be read');
  const key = trusted.get(kid);
  if (key === undefined)
    return unsigned(
      'SIGNATURE_KEY_UNKNOWN',
      `is signed with the key "${kid}", which no trusted key endorses`,
    );
  const statement = statementBytes({ ...artifact, sha256: sha256(artifact.body) });
  if (!verify(null, statement, key, Buffer.from(value, 'base64url')))
    return unsigned(
      'SIGNATURE_WRONG',
      `is not what its signature was made for: "${artifact.kind}" of target ${artifact.targetId}`,
    );
  return accepted({ kid });
}

function unsigned(code: SignatureRefused['code'], what: string): Result<never, SignatureRefused> {
  return refused({
    code,
    message: `The artefact ${what}; it is not used. Check where it came from and which keys are trusted.`,
    retryable: false,
  });
}

/** Vouches for the next key: whoever trusts the endorsing key may trust it too. */
export function endorseKey(
  by: SigningKey,
  next: { readonly kid: string; readonly createdAt: string },
): string {
  return sign(null, endorsementBytes(by.kid, next), by.privateKey).toString('base64url');
}

function endorsementBytes(
  byKid: string,
  next: { readonly kid: string; readonly createdAt: string },
): Buffer {
  return Buffer.from(['concord-key/1', byKid, next.kid, next.createdAt, ''].join('\n'));
}

/**
 * The keys that may be trusted by whoever pinned some key ids: the pinned ones, and those that a chain of endorsements
 * leads to from them. Keys whose id is not their thumbprint are left out. With nothing pinned, nothing is trusted.
 */
export function trustedKeysFrom(
  published: PublishedKeys,
  pinned: Iterable<string>,
): Map<string, KeyObject> {
  const keys = published.keys.filter((key) => key.kid === keyIdOf(key));
  const byId = new Map(keys.map((key) => [key.kid, key]));
  const trusted = new Map<string, KeyObject>();
  for (const kid of pinned) {
    const key = byId.get(kid);
    if (key !== undefined) trusted.set(kid, keyObjectOf(key));
  }
  // Endorsements come in any order: each round follows one link of every chain.
  let found = trusted.size > 0;
  while (found) {
    const next = keys.filter((key) => !trusted.has(key.kid) && isEndorsed(key, trusted));
    for (const key of next) trusted.set(key.kid, keyObjectOf(key));
    found = next.length > 0;
  }
  return trusted;
}

function isEndorsed(key: PublishedKey, trusted: TrustedSigners): boolean {
  if (key.endorsedBy === null || key.endorsement === null) return false;
  const by = trusted.get(key.endorsedBy);
  const endorsement = Buffer.from(key.endorsement, 'base64url');
  return by !== undefined && verify(null, endorsementBytes(key.endorsedBy, key), by, endorsement);
}

export function keyObjectOf(jwk: PublicJwk): KeyObject {
  return createPublicKey({ key: { kty: jwk.kty, crv: jwk.crv, x: jwk.x }, format: 'jwk' });
}

/** A registry rotates its keys a few times a year. */
const PUBLISHED_KEYS_MAX = 1_000;

/** Reads what a registry published; null when it is not a key set. Keys that cannot be read or lie about their id are left out. */
export function readPublishedKeys(value: unknown): PublishedKeys | null {
  if (!isRecord(value) || !Array.isArray(value['keys'])) return null;
  const entries = (value['keys'] as unknown[]).slice(0, PUBLISHED_KEYS_MAX);
  return { keys: entries.flatMap((entry) => readPublishedKey(entry) ?? []) };
}

function readPublishedKey(entry: unknown): PublishedKey | null {
  if (!isRecord(entry)) return null;
  const { kty, crv, x, kid } = entry;
  const isKey = kty === 'OKP' && crv === 'Ed25519' && typeof x === 'string' && isRawKey(x);
  if (!isKey || kid !== keyIdOf({ kty, crv, x })) return null;
  return {
    kty,
    crv,
    x,
    kid,
    alg: 'EdDSA',
    use: 'sig',
    state: entry['state'] === 'ACTIVE' ? 'ACTIVE' : 'RETIRED',
    createdAt: textOf(entry['createdAt']) ?? '',
    endorsedBy: textOf(entry['endorsedBy']),
    endorsement: textOf(entry['endorsement']),
  };
}

/** Exactly one spelling of 32 bytes: two spellings would be two ids of one key. */
function isRawKey(x: string): boolean {
  const bytes = Buffer.from(x, 'base64url');
  return bytes.length === 32 && bytes.toString('base64url') === x;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
