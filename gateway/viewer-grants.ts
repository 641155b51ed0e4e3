import { ANONYMOUS_ID } from '#kernel/access-token.ts';
import { permissionsOf } from '#kernel/identity.ts';
import type { Viewer } from '#kernel/identity.ts';
import type { Grants } from './executor/authorization.ts';

/** Decides about the names in `@policy(policies:)`; what nobody decides about is denied. */
export type DecidePolicy = (policy: string, viewer: Viewer) => boolean;

/** `role:architect` and `kind:service`: what a token already says. Everything else is denied. */
export const decideByToken: DecidePolicy = (policy, viewer) =>
  policy === `kind:${viewer.kind}` || viewer.roles.some((role) => policy === `role:${role}`);

/** What a viewer brings for the directives of the contract: scopes are those of the token, and the permissions of its roles. */
export function grantsOf(viewer: Viewer, decidePolicy: DecidePolicy): Grants {
  const scopes = new Set<string>([...(viewer.scopes ?? []), ...permissionsOf(viewer)]);
  return {
    authenticated: viewer.id !== ANONYMOUS_ID,
    scope: (name) => scopes.has(name),
    policy: (name) => decidePolicy(name, viewer),
  };
}
