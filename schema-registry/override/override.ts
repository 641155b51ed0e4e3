import { segregationOfDuties } from '#kernel/problem.ts';
import { step } from '#kernel/lifecycle.ts';
import { accepted, refused } from '#kernel/problem.ts';
import type { Lifecycle } from '#kernel/lifecycle.ts';
import type { IllegalTransition, Result, SegregationOfDuties } from '#kernel/problem.ts';

export type OverrideState = 'REQUESTED' | 'GRANTED' | 'REFUSED' | 'WITHDRAWN';
export type OverrideEvent = 'grant' | 'refuse' | 'withdraw';

/** Permission for one breaking change: asked for by one person, granted by another. */
export const OVERRIDE_LIFECYCLE: Lifecycle<OverrideState, OverrideEvent> = {
  entity: 'override',
  initial: 'REQUESTED',
  transitions: {
    REQUESTED: { grant: 'GRANTED', refuse: 'REFUSED', withdraw: 'WITHDRAWN' },
    GRANTED: { withdraw: 'WITHDRAWN' },
    REFUSED: {},
    WITHDRAWN: {},
  },
};

export interface Override {
  readonly id: string;
  readonly targetId: string;
  /** The change that it permits, and no other: kind, coordinate and both definitions. */
  readonly changeHash: string;
  readonly changeType: string;
  readonly coordinate: string | null;
  /** The change in words, as the check told it. */
  readonly message: string;
  readonly reason: string;
  readonly state: OverrideState;
  readonly requestedBy: string;
  readonly requestedAt: Date;
  readonly expiresAt: Date;
  readonly decidedBy: string | null;
  readonly decidedAt: Date | null;
  readonly comment: string | null;
  readonly version: number;
}

export interface OverrideDecision {
  readonly event: OverrideEvent;
  readonly by: string;
  readonly comment: string | null;
  readonly at: Date;
}

/** The override after a decision; whoever asked for it may take it back but not grant or refuse it. */
export function decideOverride(
  override: Override,
  { event, by, comment, at }: OverrideDecision,
): Result<Override, IllegalTransition | SegregationOfDuties> {
  if (event !== 'withdraw' && by === override.requestedBy)
    return refused(
      segregationOfDuties(
        'requester-does-not-grant',
        `The override of "${override.coordinate ?? override.changeType}" was asked for by the same person. Somebody else has to decide on it.`,
      ),
    );
  const state = step(OVERRIDE_LIFECYCLE, override.state, event);
  if (!state.ok) return state;
  return accepted({
    ...override,
    state: state.value,
    decidedBy: by,
    decidedAt: at,
    comment,
    version: override.version + 1,
  });
}

/** Does it permit its change at this time? */
export function isInForce({ state, expiresAt }: Override, now: Date): boolean {
  return state === 'GRANTED' && now < expiresAt;
}
