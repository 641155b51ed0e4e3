import { once } from '#kernel/idempotency.ts';
import { canonicalJson } from '#kernel/json.ts';
import { accepted, refused, versionConflict } from '#kernel/problem.ts';
import { appendHistory } from '../history/history.ts';
import { targetFor } from '../proposal/asking.ts';
import { lockTarget } from '../target.ts';
import { checkedPatch, decidedAnew, differencesOf, withDecisions } from './policy-patch.ts';
import { policyDefaults, readPolicyVersion, storePolicy } from './policy-store.ts';
import type {
  IdempotencyKeyReused,
  InvalidInput,
  NotFound,
  Result,
  VersionConflict,
} from '#kernel/problem.ts';
import type { Asking, TargetName } from '../proposal/asking.ts';
import type { PolicyPatch } from './policy-patch.ts';
import type { PolicyVersion } from './policy-store.ts';

export interface PolicyChangeRequest {
  readonly idempotencyKey: string;
  readonly target: TargetName;
  /** The version that the change is based on; 0 while nothing was decided. */
  readonly expectedVersion: number;
  readonly patch: PolicyPatch;
}

/** What a change left: the policy, and how many settings are different from before. */
export interface ChangedPolicy {
  readonly targetSlug: string;
  readonly version: PolicyVersion;
  readonly settings: readonly string[];
}

/**
 * Changes a target's policy, and tells the history what every setting was before. The target's lock is held, so that a
 * publication goes by the policy of before or of after, never by both. A patch that decides nothing new changes nothing.
 * Needs `schema:govern`; throws FORBIDDEN without.
 */
export async function changePolicy(
  asking: Asking,
  request: PolicyChangeRequest,
): Promise<
  Result<ChangedPolicy, NotFound | InvalidInput | VersionConflict | IdempotencyKeyReused>
> {
  const found = await targetFor(asking, request.target, 'schema:govern');
  if (!found.ok) return found;
  const target = found.value;
  const checked = checkedPatch(request.patch);
  const { idempotencyKey, ...input } = request;
  const command = { caller: asking.principal.id, idempotencyKey, operation: 'changePolicy', input };
  return once<ChangedPolicy, InvalidInput | VersionConflict>(
    asking.database,
    command,
    async (tx) => {
      if (!checked.ok) return checked;
      await lockTarget(tx, target.id);
      const before = await readPolicyVersion(tx, target);
      if (before.version !== request.expectedVersion)
        return refused(versionConflict('policy', before.version));
      const decisions = decidedAnew(before.decisions, checked.value);
      const policy = withDecisions(policyDefaults(target.slug), decisions);
      const changes = differencesOf(before.policy, policy);
      const settings = changes.map(({ setting }) => setting);
      if (canonicalJson(decisions) === canonicalJson(before.decisions))
        return accepted({ targetSlug: target.slug, version: before, settings });
      const after: PolicyVersion = {
        policy,
        decisions,
        version: before.version + 1,
        updatedBy: asking.principal.id,
        updatedAt: asking.clock.now(),
      };
      await storePolicy(tx, target.id, after);
      await appendHistory(tx, {
        action: 'policy.changed',
        actorId: asking.principal.id,
        graphId: target.graphId,
        targetId: target.id,
        subject: 'policy',
        details: { version: after.version, changes },
        at: asking.clock.now(),
      });
      return accepted({ targetSlug: target.slug, version: after, settings });
    },
  );
}
