import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { monotonicMs, SECOND_MS } from '#kernel/clock.ts';
import { accepted, invalidInput, refused } from '#kernel/problem.ts';
import { endorseKey, keyIdOf } from '#kernel/signature.ts';
import { requireAction } from '../access/principal.ts';
import { appendHistory, WHOLE_REGISTRY } from '../history/history.ts';
import { seal, unseal } from './sealed-secret.ts';
import type { KeyObject } from 'node:crypto';
import type { Clock } from '#kernel/clock.ts';
import type { Secret } from '#kernel/config.ts';
import type { Database, Sql } from '#kernel/database.ts';
import type { InvalidInput, Result } from '#kernel/problem.ts';
import type { PublicJwk, PublishedKey, PublishedKeys, SigningKey } from '#kernel/signature.ts';
import type { Principal } from '../access/principal.ts';

/** The key that signs now, with its public half. */
export interface ActiveKey extends SigningKey {
  readonly publicKey: KeyObject;
}

/** The registry's own keys. */
export interface SigningKeys {
  active(): Promise<ActiveKey>;
  /** All keys that ever signed, oldest first, as they are published. */
  published(): Promise<PublishedKeys>;
  /** Makes a new key, endorsed by the one that it replaces. Throws FORBIDDEN without `schema:govern` for the whole registry. */
  rotate(principal: Principal, reason: string): Promise<Result<PublishedKey, InvalidInput>>;
}

/** Another process may have rotated: a retired key goes on signing here for so long at the most. */
const KEYS_FRESH_MS = 5 * SECOND_MS;
const REASON_CHARACTERS_MAX = 500;
const REASON_ERROR = {
  field: 'reason',
  code: 'INVALID_REASON',
  message: `Say why the key is replaced, in ${REASON_CHARACTERS_MAX} characters.`,
};

/** Opens the registry's keys; at the first start ever it makes one. */
export async function openSigningKeys(options: {
  readonly database: Database;
  readonly clock: Clock;
  readonly secret: Secret;
}): Promise<SigningKeys> {
  const { database, secret } = options;
  await database.transaction((tx) => ensureKey(tx, options));
  const active = fresh(async () => openKey(await readActive(database), secret));
  const published = fresh(async () => ({ keys: await readPublished(database) }));
  await active.read();
  return {
    active: active.read,
    published: published.read,
    rotate: async (principal, reason) => {
      requireAction(principal, 'schema:govern', {
        graphId: WHOLE_REGISTRY,
        targetId: null,
        subgraph: null,
      });
      const why = { actorId: principal.id, reason: reason.trim() };
      if (why.reason === '' || why.reason.length > REASON_CHARACTERS_MAX)
        return refused(invalidInput([REASON_ERROR]));
      const made = await database.transaction((tx) => rotateKey(tx, options, why));
      active.forget();
      published.forget();
      return accepted(made);
    },
  };
}

/** Reads once for all callers of a while; what failed is asked again by the next caller. */
function fresh<Value>(read: () => Promise<Value>): {
  readonly read: () => Promise<Value>;
  readonly forget: () => void;
} {
  let known: { readonly value: Promise<Value>; readonly untilMs: number } | null = null;
  const forget = (): void => {
    known = null;
  };
  return {
    forget,
    read: () => {
      if (known !== null && known.untilMs > monotonicMs()) return known.value;
      const value = read();
      known = { value, untilMs: monotonicMs() + KEYS_FRESH_MS };
      value.catch(forget);
      return value;
    },
  };
}

interface KeyMaking {
  readonly clock: Clock;
  readonly secret: Secret;
}

async function ensureKey(tx: Sql, making: KeyMaking): Promise<void> {
  // Processes that start together must not make a key each.
  await tx.query('lock table signing_key in share row exclusive mode');
  const rows = await tx.query(`select from signing_key where state = 'ACTIVE'`);
  if (rows.length > 0) return;
  const made = await insertKey(tx, making, null);
  await appendHistory(tx, {
    action: 'signing-key.created',
    actorId: 'schema-registry',
    graphId: WHOLE_REGISTRY,
    targetId: null,
    subject: `signing-key:${made.kid}`,
    details: { kid: made.kid, x: made.x },
    at: making.clock.now(),
  });
}

async function rotateKey(
  tx: Sql,
  making: KeyMaking,
  { actorId, reason }: { readonly actorId: string; readonly reason: string },
): Promise<PublishedKey> {
  await tx.query('lock table signing_key in share row exclusive mode');
  const before = openKey(await readActive(tx), making.secret);
  await retireActive(tx, making.clock.now());
  const made = await insertKey(tx, making, before);
  await appendHistory(tx, {
    action: 'signing-key.rotated',
    actorId,
    graphId: WHOLE_REGISTRY,
    targetId: null,
    subject: `signing-key:${made.kid}`,
    details: { kid: made.kid, x: made.x, retired: before.kid, reason },
    at: making.clock.now(),
  });
  return made;
}

async function insertKey(
  tx: Sql,
  { clock, secret }: KeyMaking,
  by: SigningKey | null,
): Promise<PublishedKey> {
  const pair = generateKeyPairSync('ed25519');
  const { x } = pair.publicKey.export({ format: 'jwk' });
  const jwk: PublicJwk = { kty: 'OKP', crv: 'Ed25519', x: String(x) };
  const kid = keyIdOf(jwk);
  const at = clock.now();
  const createdAt = at.toISOString();
  const endorsedBy = by?.kid ?? null;
  const endorsement = by === null ? null : endorseKey(by, { kid, createdAt });
  const pem = pair.privateKey.export({ format: 'pem', type: 'pkcs8' });
  await tx.query(
    `insert into signing_key (kid, public_jwk, sealed_private_key, state, created_at, endorsed_by, endorsement)
     values ($1, $2, $3, 'ACTIVE', $4, $5, $6)`,
    [kid, jwk, seal(pem, kid, secret), at, endorsedBy, endorsement],
  );
  return {
    ...jwk,
    kid,
    alg: 'EdDSA',
    use: 'sig',
    state: 'ACTIVE',
    createdAt,
    endorsedBy,
    endorsement,
  };
}

interface ActiveRow {
  readonly kid: string;
  readonly sealed_private_key: string;
}

async function readActive(sql: Sql): Promise<ActiveRow> {
  const [row] = await sql.query<ActiveRow>(
    `select kid, sealed_private_key from signing_key where state = 'ACTIVE'`,
  );
  if (row === undefined) throw new Error('The registry has no active signing key.');
  return row;
}

async function retireActive(tx: Sql, at: Date): Promise<void> {
  await tx.query(
    `update signing_key set state = 'RETIRED', retired_at = $1 where state = 'ACTIVE'`,
    [at],
  );
}

function openKey(row: ActiveRow, secret: Secret): ActiveKey {
  const privateKey = createPrivateKey(unseal(row.sealed_private_key, row.kid, secret));
  return { kid: row.kid, privateKey, publicKey: createPublicKey(privateKey) };
}

async function readPublished(sql: Sql): Promise<PublishedKey[]> {
  const rows = await sql.query<{
    readonly kid: string;
    readonly public_jwk: PublicJwk;
    readonly state: PublishedKey['state'];
    readonly created_at: Date;
    readonly endorsed_by: string | null;
    readonly endorsement: string | null;
  }>(
    `select kid, public_jwk, state, created_at, endorsed_by, endorsement from signing_key
     order by created_at, state desc`,
  );
  return rows.map((row) => ({
    kty: row.public_jwk.kty,
    crv: row.public_jwk.crv,
    x: row.public_jwk.x,
    kid: row.kid,
    alg: 'EdDSA',
    use: 'sig',
    state: row.state,
    createdAt: row.created_at.toISOString(),
    endorsedBy: row.endorsed_by,
    endorsement: row.endorsement,
  }));
}
