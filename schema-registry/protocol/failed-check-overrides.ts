import { accepted, notFound, refused } from '#kernel/problem.ts';
import { checkById } from '../check/check-store.ts';
import { requestOverride } from '../override/override-command.ts';
import { readPolicy } from '../policy/policy-store.ts';
import { failsCheck, findingsOf } from './check-answer.ts';
import type { Result } from '#kernel/problem.ts';
import type { Override } from '../override/override.ts';
import type { OverrideAsking } from '../override/override-command.ts';
import type { StepName } from '../check/result.ts';
import type { Target } from '../target.ts';

/** What became of asking for permission for a failed check's breaking changes. */
export interface RequestedOverrides {
  /** Those that must still be granted, requested now or before. */
  readonly waiting: readonly Override[];
  /** What stands against the check beside breaking changes; no override helps there. */
  readonly others: number;
}

/** Changes of one check: one more would not be looked at one by one, which an override is for. */
const CHANGES_MAX = 50;
/** The steps whose errors are the breaking changes themselves. */
const OF_CHANGES: ReadonlySet<StepName> = new Set<StepName>([
  'DIFF',
  'USAGE',
  'DEPRECATION',
  'CONTRACTS',
]);

/** Requests an override for each breaking change that fails a stored check; grants nothing. */
export async function requestOverridesOfCheck(
  asking: OverrideAsking,
  input: { readonly target: Target; readonly checkId: string; readonly reason: string },
): Promise<Result<RequestedOverrides>> {
  const { target, checkId, reason } = input;
  const check = await checkById(asking.database, checkId);
  if (check === null || check.targetId !== target.id) return refused(notFound('check', checkId));
  const failing = check.result.changes.filter(failsCheck);
  if (failing.length > CHANGES_MAX) {
    return refused({
      code: 'TOO_MANY_CHANGES',
      message: `${failing.length} breaking changes fail this check; at most ${CHANGES_MAX} are asked for at once. Split the change.`,
      retryable: false,
    });
  }
  const days = (await readPolicy(asking.database, target)).override.validDaysMax;
  const waiting: Override[] = [];
  for (const { hash } of failing) {
    const asked = await requestOverride(asking, {
      target,
      checkId,
      changeHash: hash,
      reason,
      days,
    });
    if (!asked.ok) return asked;
    if (asked.value.state === 'REQUESTED') waiting.push(asked.value);
  }
  const others = findingsOf(check.result, 'ERROR').filter(({ step }) => !OF_CHANGES.has(step));
  return accepted({ waiting, others: others.length });
}
