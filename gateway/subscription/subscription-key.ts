import { canonicalJson } from '#kernel/json.ts';
import { scopeOf } from '../viewer-scope.ts';
import type { ClientOperation } from '../engine.ts';
import type { Admitted } from './source-route.ts';

/** What decides about it; the document stands for the text, so it says nothing more. */
type Keyed = Pick<Admitted, 'text' | 'viewer' | 'passedOn'> & {
  readonly operation: Pick<ClientOperation, 'operationName' | 'variables'>;
};

/**
 * What two subscriptions must have in common to share a source: the text, the operation, the variables, everything that
 * the signed call says of the viewer, and the headers that go on. So one person's tabs share, and a service's
 * connections; two people never do, for a subgraph decides by the viewer what an event may show.
 */
export function subscriptionKey({ text, operation, viewer, passedOn }: Keyed): string {
  const { operationName, variables } = operation;
  return canonicalJson([scopeOf(viewer), passedOn ?? null, text, operationName, variables]);
}
