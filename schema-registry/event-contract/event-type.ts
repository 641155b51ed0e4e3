import type { Compatibility, Difference } from './compatibility.ts';
import type { Openness } from './containment.ts';
import type { GraphReference } from './graph-reference.ts';

/** OUTBOUND: an event of ours. INBOUND: what an outside system sends us. */
export type EventDirection = 'OUTBOUND' | 'INBOUND';

/** How versions of a subject must get on with each other. */
export interface EventRules {
  readonly compatibility: Compatibility;
  readonly openness: Openness;
}

/**
 * What a target asks until somebody sets it otherwise. Our rooms read events anew from the log, and others still have the
 * older schema: both directions count, back to the first version. LENIENT, because our writers send what they declare.
 */
export const DEFAULT_EVENT_RULES: EventRules = {
  compatibility: 'FULL_TRANSITIVE',
  openness: 'LENIENT',
};

export interface EventType {
  readonly targetId: string;
  /** Such as `concord.invoice.captured.v1`. */
  readonly subject: string;
  /** The team or room that answers for it. */
  readonly owner: string;
  readonly direction: EventDirection;
  /** Null: as the target's policy says. */
  readonly compatibility: Compatibility | null;
  readonly openness: Openness | null;
  /** The number of the current version. */
  readonly newest: number;
  readonly retiredBy: string | null;
  readonly retiredAt: Date | null;
  readonly createdAt: Date;
}

/** A difference to an earlier version. */
export interface StoredDifference extends Difference {
  /** The version that was compared with. */
  readonly against: string;
  /** Whether the subject's rules asked for this direction, so that it stood in the way. */
  readonly blocking: boolean;
}

export interface EventVersion {
  readonly targetId: string;
  readonly subject: string;
  readonly number: number;
  /** Semantic, computed from the differences. */
  readonly version: string;
  readonly sha256: string;
  /** What the differences to the versions before were when it was published. */
  readonly differences: readonly StoredDifference[];
  readonly graphReferences: readonly GraphReference[];
  readonly author: string | null;
  readonly commit: string | null;
  readonly publishedBy: string;
  readonly publishedAt: Date;
}

/** A contract as somebody sends it. */
export interface EventContractInput {
  readonly subject: string;
  readonly owner: string;
  readonly direction: EventDirection;
  /** The payload's JSON Schema as text. */
  readonly schema: string;
}

export function effectiveRules(
  type: Pick<EventType, 'compatibility' | 'openness'> | null,
  policy: EventRules,
): EventRules {
  return {
    compatibility: type?.compatibility ?? policy.compatibility,
    openness: type?.openness ?? policy.openness,
  };
}
