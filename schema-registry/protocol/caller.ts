import type { IncomingHttpHeaders } from 'node:http';
import { accepted } from '#kernel/problem.ts';
import type { Result } from '#kernel/problem.ts';
import type { AccessRefused, Authenticator } from '../access/authenticator.ts';
import type { Principal } from '../access/principal.ts';

/** Who speaks to the registry through one of the foreign protocols. */
export interface Caller {
  readonly principal: Principal;
  /** Where a token belongs, which is what its owner means when no target is named; null for those who belong nowhere. */
  readonly home: { readonly graphId: string; readonly targetId: string | null } | null;
}

/** Who sends these headers, or why nobody is believed; `retryable` marks an outage. */
export async function callerOf(
  authenticator: Authenticator,
  headers: IncomingHttpHeaders,
): Promise<Result<Caller, AccessRefused>> {
  const asked = await authenticator.authenticate(headers);
  if (!asked.ok) return asked;
  const { principal, token } = asked.value;
  const home = token === null ? null : { graphId: token.graphId, targetId: token.targetId };
  return accepted({ principal, home });
}
