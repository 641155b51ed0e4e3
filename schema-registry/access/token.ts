import { randomBytes } from 'node:crypto';
import { sha256 } from '#kernel/id.ts';
import type { RegistryAction, Viewer } from '#kernel/identity.ts';
import type { Principal, Scope } from './principal.ts';

/** A token as it is kept: everything but the token. */
export interface AccessToken {
  readonly id: string;
  /** The last characters of the token, so that a person can tell which one is meant. */
  readonly hint: string;
  readonly title: string;
  readonly graphId: string;
  readonly graphSlug: string;
  /** Null: all targets of the graph. */
  readonly targetId: string | null;
  readonly targetSlug: string | null;
  /** Null: all subgraphs. */
  readonly subgraph: string | null;
  readonly actions: readonly RegistryAction[];
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly revokedAt: Date | null;
  readonly revokedBy: string | null;
  /** To the hour; null when it was never used. */
  readonly lastUsedAt: Date | null;
}

/** Hive's clients refuse tokens that do not begin like this. */
const PREFIX = 'hvo1/';
/** Nobody guesses 256 bits, and a hash of them needs no salt. */
const TOKEN_BYTES = 32;
const TOKEN = /^hvo1\/[A-Za-z0-9_-]{43}$/;
const HINT_CHARACTERS = 4;

/** A new token, to be shown once. */
export function makeToken(): string {
  return PREFIX + randomBytes(TOKEN_BYTES).toString('base64url');
}

/** What is kept of a token. */
export function fingerprintOf(token: string): { readonly sha256: string; readonly hint: string } {
  return { sha256: sha256(token), hint: token.slice(-HINT_CHARACTERS) };
}

/** Could this be one of our tokens? Says nothing of whether it is. */
export function isTokenShaped(text: string): boolean {
  return TOKEN.test(text);
}

/** These concern a target as a whole; a token of one subgraph may do them in all of its target. */
const WHOLE_TARGET_ACTIONS: ReadonlySet<RegistryAction> = new Set([
  'schema:read',
  'artifact:read',
  'usage:report',
]);

/** Who a token is. It may do what its actions name, inside its scope, and nothing by virtue of who made it. */
export function principalOfToken(token: AccessToken): Principal {
  return {
    id: `token:${token.id}`,
    name: token.title,
    kind: 'token',
    allows: (action, scope) => token.actions.includes(action) && covers(token, action, scope),
  };
}

function covers(token: AccessToken, action: RegistryAction, scope: Scope): boolean {
  if (token.graphId !== scope.graphId) return false;
  if (token.targetId !== null && token.targetId !== scope.targetId) return false;
  if (token.subgraph === null || WHOLE_TARGET_ACTIONS.has(action)) return true;
  return token.subgraph === scope.subgraph;
}

/** A token as a viewer: it has no roles, so that nothing is granted to it but through `Principal`. */
export function viewerOfToken(token: AccessToken): Viewer {
  return {
    id: `token:${token.id}`,
    name: token.title,
    kind: 'service',
    roles: [],
    companies: [],
    costCentres: [],
  };
}
