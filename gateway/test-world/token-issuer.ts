import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import { jsonReply, startHttp } from '#kernel/http.ts';
import { DEFAULT_CLAIMS } from '#kernel/access-token.ts';
import { SECOND_MS, shifted, systemClock } from '#kernel/clock.ts';
import { silentLog } from '#kernel/log.ts';
import type { AccessTokenRules } from '#kernel/access-token.ts';

const AUDIENCE = 'https://concord.example/graph';

/** An issuer of real access tokens, with its key set behind HTTP. */
export interface TokenIssuer {
  readonly rules: AccessTokenRules;
  token(claims?: TokenClaims): Promise<string>;
  close(): Promise<void>;
}

interface TokenClaims {
  readonly sub?: string;
  readonly roles?: readonly string[];
  readonly audience?: string;
  readonly expiresInSeconds?: number;
  readonly contract?: unknown;
}

export async function startTokenIssuer(): Promise<TokenIssuer> {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'test', alg: 'ES256', use: 'sig' };
  const http = await startHttp({
    room: 'test-issuer',
    host: '127.0.0.1',
    port: 0,
    routes: [{ method: 'GET', path: '/jwks', handle: () => jsonReply(200, { keys: [jwk] }) }],
    ready: () => [],
    log: silentLog,
  });
  return {
    rules: {
      issuer: http.url,
      audience: AUDIENCE,
      jwksUrl: `${http.url}/jwks`,
      tokenType: 'at+jwt',
      algorithms: ['ES256'],
      claims: DEFAULT_CLAIMS,
    },
    token: ({
      sub = 'requestor',
      roles = ['requestor'],
      audience,
      expiresInSeconds = 600,
      contract,
    } = {}) =>
      new SignJWT({ name: sub, roles, companies: ['*'], cost_centres: ['*'], contract })
        .setProtectedHeader({ alg: 'ES256', kid: 'test', typ: 'at+jwt' })
        .setIssuer(http.url)
        .setAudience(audience ?? AUDIENCE)
        .setSubject(sub)
        .setIssuedAt()
        .setExpirationTime(shifted(systemClock.now(), expiresInSeconds * SECOND_MS))
        .sign(privateKey),
    close: http.close,
  };
}
