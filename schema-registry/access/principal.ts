import { GraphQLError } from 'graphql';
import type { RegistryAction } from '#kernel/identity.ts';

/** Where an action happens; null stands for the whole of the level above. */
export interface Scope {
  readonly graphId: string;
  readonly targetId: string | null;
  readonly subgraph: string | null;
}

/** The whole of a target, or one subgraph of it. */
export function scopeOf(
  target: { readonly id: string; readonly graphId: string },
  subgraph: string | null = null,
): Scope {
  return { graphId: target.graphId, targetId: target.id, subgraph };
}

/** Who asks the registry: a person or service with roles, or a token with a scope. */
export interface Principal {
  /** The person's or service's id, or `token:<id>`. */
  readonly id: string;
  readonly name: string;
  readonly kind: 'person' | 'service' | 'token';
  allows(action: RegistryAction, scope: Scope): boolean;
}

/** Throws FORBIDDEN, the top-level error of a missing permission, unless the principal may do this there. */
export function requireAction(principal: Principal, action: RegistryAction, scope: Scope): void {
  if (principal.allows(action, scope)) return;
  const where = scope.subgraph === null ? '' : ` for the subgraph "${scope.subgraph}"`;
  throw new GraphQLError(
    `${principal.name} may not do this: "${action}"${where} is needed. Use a token with that action, or ask for a role that grants it.`,
    { extensions: { code: 'FORBIDDEN', permission: action } },
  );
}
