import { canonicalJson } from '#kernel/json.ts';
import type { Viewer } from '#kernel/identity.ts';

const known = new WeakMap<Viewer, string>();

/**
 * The authorisation scope: everything that is known of a viewer, as a text. Answers are shared only within one, since a
 * subgraph may decide by any of it. The order of lists counts: another order costs a second answer and nothing else.
 */
export function scopeOf(viewer: Viewer): string {
  const scope = known.get(viewer) ?? canonicalJson(viewer);
  known.set(viewer, scope);
  return scope;
}
