import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { sha256 } from './id.ts';
import {
  endorseKey,
  keyIdOf,
  readPublishedKeys,
  signArtifact,
  trustedKeysFrom,
  verifyArtifact,
} from './signature.ts';
import type { PublicJwk, PublishedKey, SigningKey } from './signature.ts';

const CREATED_AT = '2026-03-01T10:00:00.000Z';

function createKey(
  by: SigningKey | null = null,
): SigningKey & { readonly published: PublishedKey } {
  const pair = generateKeyPairSync('ed25519');
  const jwk = pair.publicKey.export({ format: 'jwk' }) as unknown as PublicJwk;
  const kid = keyIdOf(jwk);
  return {
    kid,
    privateKey: pair.privateKey,
    published: {
      ...jwk,
      kid,
      alg: 'EdDSA',
      use: 'sig',
      state: 'ACTIVE',
      createdAt: CREATED_AT,
      endorsedBy: by?.kid ?? null,
      endorsement: by === null ? null : endorseKey(by, { kid, createdAt: CREATED_AT }),
    },
  };
}

const first = createKey();
const second = createKey(first);
const third = createKey(second);
const stranger = createKey();
const keys = [third, first, second].map(({ published }) => published);

describe('an artefact signature', () => {
  const body = 'type Query { order: Order }';
  const statement = { kind: 'supergraph', targetId: 't-1', versionId: 'v-1', sha256: sha256(body) };
  const trusted = trustedKeysFrom({ keys }, [first.kid]);
  const artifact = {
    body,
    kind: 'supergraph',
    targetId: 't-1',
    versionId: 'v-1',
    signature: signArtifact(second, statement),
    trusted,
  };

  it('holds for the bytes, kind, target and version that it was made for', () => {
    expect(verifyArtifact(artifact)).toEqual({ ok: true, value: { kid: second.kid } });
    expect(verifyArtifact({ ...artifact, body: Buffer.from(body) })).toMatchObject({ ok: true });
  });

  const forged = `${first.kid}.${signArtifact(stranger, statement).split('.')[1]}`;
  it.each([
    ['other bytes', { body: `${body} ` }, 'SIGNATURE_WRONG'],
    ['another kind', { kind: 'contract/partner/supergraph' }, 'SIGNATURE_WRONG'],
    ['another target', { targetId: 't-2' }, 'SIGNATURE_WRONG'],
    ['another version', { versionId: 'v-2' }, 'SIGNATURE_WRONG'],
    ["a stranger's signature under a trusted id", { signature: forged }, 'SIGNATURE_WRONG'],
    [
      "a stranger's signature",
      { signature: signArtifact(stranger, statement) },
      'SIGNATURE_KEY_UNKNOWN',
    ],
    ['no signature', { signature: undefined }, 'SIGNATURE_MISSING'],
    ['an empty signature', { signature: '' }, 'SIGNATURE_MISSING'],
    [
      'a shortened signature',
      { signature: artifact.signature.slice(0, -1) },
      'SIGNATURE_MALFORMED',
    ],
    ['a version with a line break', { versionId: 'v-1\nx' }, 'SIGNATURE_MALFORMED'],
  ])('is refused for %s', (_case, change, code) => {
    expect(verifyArtifact({ ...artifact, ...change })).toMatchObject({
      ok: false,
      problem: { code },
    });
  });

  it('is never made over parts that could be read as two', () => {
    expect(() => signArtifact(first, { ...statement, kind: 'sdl\nt-1' })).toThrow('line break');
  });
});

describe('the golden vector', () => {
  // The key of RFC 8037, appendix A, with the thumbprint that it gives for it.
  const privateKey = createPrivateKey({
    key: {
      kty: 'OKP',
      crv: 'Ed25519',
      d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
      x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
    },
    format: 'jwk',
  });
  const kid = 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k';

  it('of a key id is that of RFC 8037', () => {
    const x = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo';
    expect(keyIdOf({ kty: 'OKP', crv: 'Ed25519', x })).toBe(kid);
  });

  it('of a signature stays what it is: gateways of other versions must understand it', () => {
    const statement = { kind: 'supergraph', targetId: 't', versionId: 'v', sha256: sha256('') };
    expect(signArtifact({ kid, privateKey }, statement)).toBe(
      'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k.9Pt7Lz6HYeUHRXTeW85Qxe9PPWHzllwXDMyc4YOU49d2PGtSSvILWxEfE-HuqWZL4Kwt9QoP4mrEprrrpJpGCg',
    );
  });
});

describe('trusted keys', () => {
  it('are the pinned one and all that endorsements lead to from there', () => {
    const of = (...pinned: string[]): string[] => [...trustedKeysFrom({ keys }, pinned).keys()];
    expect(of(first.kid)).toEqual([first.kid, second.kid, third.kid]);
    expect(of(second.kid)).toEqual([second.kid, third.kid]);
    expect(of(third.kid)).toEqual([third.kid]);
    expect(of(stranger.kid)).toEqual([]);
    expect(of()).toEqual([]);
  });

  it.each([
    [
      'for another key',
      { ...stranger.published, endorsedBy: first.kid, endorsement: second.published.endorsement },
    ],
    ['with another date', { ...second.published, createdAt: '2020-01-01T00:00:00.000Z' }],
    ['without endorsement', { ...second.published, endorsement: null }],
    [
      'that endorses itself',
      {
        ...stranger.published,
        endorsedBy: stranger.kid,
        endorsement: endorseKey(stranger, { kid: stranger.kid, createdAt: CREATED_AT }),
      },
    ],
  ])('do not come from an endorsement %s', (_case, key) => {
    expect([...trustedKeysFrom({ keys: [first.published, key] }, [first.kid]).keys()]).toEqual([
      first.kid,
    ]);
  });

  it('are read as published; a key under an id that is not its own is left out', () => {
    const lying = { ...stranger.published, kid: first.kid };
    const read = readPublishedKeys(
      JSON.parse(JSON.stringify({ keys: [...keys, lying, 7, { kty: 'RSA' }] })),
    );
    expect(read).toEqual({ keys });
    expect(readPublishedKeys({ nothing: [] })).toBeNull();
  });
});
