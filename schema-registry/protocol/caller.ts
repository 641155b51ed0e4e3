import type { IncomingHttpHeaders } from 'node:http';
import type { Result } from '#kernel/problem.ts';
import type { Principal } from '../access/principal.ts';

/** Who speaks to the registry through one of the foreign protocols. */
export interface Caller {
  readonly principal: Principal;
  /** Where a token belongs, which is what its owner means when no target is named; null for those who belong nowhere. */
  readonly home: { readonly graphId: string; readonly targetId: string | null } | null;
}

/** Tells whose token it is. A refusal is told in the words of each protocol; its `retryable` marks an outage. */
export type AuthenticateToken = (token: string) => Promise<Result<Caller>>;

/** The token of an `Authorization: Bearer` header, or an empty text, which nobody's token is. */
export function bearerToken(headers: IncomingHttpHeaders): string {
  return /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? '';
}

/** A key in Apollo's form, `service:<graph>:<token>`; a token alone is one too. */
export interface ServiceKey {
  readonly graph: string | null;
  readonly token: string;
}

export function parseServiceKey(text: string): ServiceKey {
  const [, graph, token] = /^service:([^:]+):(\S+)$/.exec(text) ?? [];
  return graph === undefined || token === undefined
    ? { graph: null, token: text }
    : { graph, token };
}
