import { refused } from '#kernel/problem.ts';
import type { Problem } from '#kernel/problem.ts';

/** Why a document finds no approver. Each needs a person of finance operations, and none of them approves anything. */
export type UnroutableReason =
  | 'NO_POLICY'
  | 'NO_MATCHING_RULE'
  | 'NO_EXCHANGE_RATE'
  | 'MANAGER_UNKNOWN'
  | 'NO_ELIGIBLE_APPROVER';

/** No approver can be found; the document waits as an exception (invariant A6). */
export interface Unroutable extends Problem<'UNROUTABLE'> {
  readonly reason: UnroutableReason;
}

export function unroutable(
  reason: UnroutableReason,
  message: string,
): ReturnType<typeof refused<Unroutable>> {
  return refused({ code: 'UNROUTABLE', message, retryable: true, reason });
}
