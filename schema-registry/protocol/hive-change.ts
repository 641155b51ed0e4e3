import type { ChangeRequest, SourceControl, SubgraphInput } from '../commands.ts';
import type { Target } from '../target.ts';
import type { Caller } from './caller.ts';

export const SERVICE_MISSING =
  'Every graph here is federated, so the name of the service is needed.';
export const NO_SOURCE: SourceControl = { author: null, commit: null };

/** A change of a target as a caller of a foreign protocol asks for it. */
export function changeOf(
  caller: Caller,
  target: Target,
  change: {
    readonly put?: readonly SubgraphInput[];
    readonly retire?: readonly string[];
    readonly source?: SourceControl;
    readonly contextId?: string | null;
  },
): ChangeRequest {
  return {
    target,
    principal: caller.principal,
    put: change.put ?? [],
    retire: change.retire ?? [],
    source: change.source ?? NO_SOURCE,
    contextId: change.contextId ?? null,
  };
}
