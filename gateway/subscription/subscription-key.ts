import { canonicalJson } from '#kernel/json.ts';
import type { Viewer } from '#kernel/identity.ts';
import type { ClientOperation } from '../engine.ts';

/**
 * What two subscriptions must have in common to share a source: the text, the operation, the variables, and everything
 * that the signed call says of the viewer. So one person's tabs share, and a service's connections; two people never do,
 * for a subgraph decides by the viewer what an event may show.
 */
export function subscriptionKey(
  text: string,
  { operationName, variables }: ClientOperation,
  viewer: Viewer,
): string {
  return canonicalJson([scopeOf(viewer), text, operationName, variables]);
}

/** The viewer in full. Lists keep their order: another order costs a second source and nothing else. */
function scopeOf({ id, name, kind, roles, companies, costCentres }: Viewer): readonly unknown[] {
  return [id, name, kind, roles, companies, costCentres];
}
