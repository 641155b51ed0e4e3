import { createPrivateKey } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { createTextSigner } from './batch-signature.ts';
import { sha256 } from './id.ts';
import { createCallSigner, createCallVerifier, generateInternalKey } from './internal-token.ts';
import type { Viewer } from './identity.ts';

const gateway = generateInternalKey('gateway');
const invoices = generateInternalKey('invoices');
const trusted = { gateway: gateway.publicJwk, invoices: invoices.publicJwk };
const body = '{"query":"{ a }"}';
const anna: Viewer = {
  id: 'anna',
  name: 'Anna',
  kind: 'person',
  roles: ['requestor'],
  companies: ['DE01'],
  costCentres: [],
};

function verifier() {
  return createCallVerifier({ audience: 'budgets', trusted });
}

/** Signs whatever claims somebody likes, as a room that was taken over could. */
function forge(key: typeof invoices, claims: object): Promise<string> {
  const sign = createTextSigner(createPrivateKey({ key: key.privateJwk, format: 'jwk' }));
  const exp = Math.floor(Date.now() / 1000) + 20;
  return sign(JSON.stringify({ iss: key.room, aud: 'budgets', exp, bh: sha256(body), ...claims }));
}

describe('a signed call', () => {
  it('is let in once, as the viewer whom the gateway names or as the room that calls', async () => {
    const verify = verifier();
    const call = { audience: 'budgets', body, viewer: anna };
    const token = await createCallSigner(gateway)(call);
    expect(await verify({ token, body })).toMatchObject({ ok: true, viewer: anna });
    expect(await verify({ token, body })).toMatchObject({
      ok: false,
      reason: 'the signature was used before',
    });
    const own = await createCallSigner(invoices)({ ...call, viewer: null });
    expect(await verify({ token: own, body })).toMatchObject({
      ok: true,
      caller: 'invoices',
      viewer: { id: 'invoices', kind: 'service' },
    });
  });

  it('of one room speaks for no person, whatever it claims', async () => {
    const token = await forge(invoices, { jti: '1', p: anna });
    expect(await verifier()({ token, body })).toMatchObject({ viewer: { id: 'invoices' } });
  });

  it('uses up no other room’s ids', async () => {
    const verify = verifier();
    const taken = await forge(invoices, { jti: 'the next' });
    expect(await verify({ token: taken, body })).toMatchObject({ ok: true });
    const token = await forge(gateway, { jti: 'the next', p: anna });
    expect(await verify({ token, body })).toMatchObject({ ok: true, viewer: { id: 'anna' } });
  });

  it.each([
    ['of another body', { bh: sha256('{}') }, 'the signature is for another body'],
    ['for another room', { aud: 'suppliers' }, 'the signature is for another service'],
    ['that is old', { exp: 1 }, 'the signature has expired'],
    ['without an id', { jti: null }, 'the signature has no id'],
    ['of a room that nobody knows', { iss: 'stranger' }, 'the signer is not trusted'],
  ])('%s is refused', async (_name, claims, reason) => {
    const token = await forge(gateway, { jti: '1', p: anna, ...claims });
    expect(await verifier()({ token, body })).toEqual({ ok: false, reason });
  });
});
