import { shifted } from '#kernel/clock.ts';
import { step } from '#kernel/lifecycle.ts';
import type { Audience } from '#kernel/event.ts';
import type { Lifecycle } from '#kernel/lifecycle.ts';
import type { ErpDocumentType } from './events.ts';
import type { ErpFailure, FailureKind } from './connector.ts';

export type DeliveryAction = 'CREATE' | 'CHANGE' | 'CANCEL';
export type DeliveryStatus =
  | 'PENDING'
  | 'SENDING'
  | 'AWAITING_CONFIRMATION'
  | 'CONFIRMED'
  | 'FAILED_BUSINESS'
  | 'FAILED_TECHNICAL'
  | 'CANCELLED';
export type DeliveryEvent =
  | 'send'
  | 'postpone'
  | 'accept'
  | 'confirm'
  | 'refuse'
  | 'exhaust'
  | 'requeue'
  | 'supersede';

/** One command that an outside system owes us an answer to. */
export interface Delivery {
  readonly id: string;
  readonly position: bigint;
  readonly erp: string;
  readonly documentType: ErpDocumentType;
  readonly documentId: string;
  readonly documentNumber: string;
  readonly action: DeliveryAction;
  readonly documentVersion: number;
  /** Finds the document at the ERP again; at most 40 characters, the same for every action on the document. */
  readonly externalReference: string;
  /** The purchase order that the ERP must have released first; null for orders and for invoices without one. */
  readonly dependsOnOrderId: string | null;
  readonly correlationId: string;
  readonly traceparent: string | null;
  readonly actorId: string;
  readonly audience: Audience;
  /** The snapshot of the document as its event carried it. */
  readonly payload: unknown;
  readonly status: DeliveryStatus;
  readonly version: number;
  /** Rounds that may have reached the ERP. Waiting and an open circuit do not count. */
  readonly attempts: number;
  readonly erpNumber: string | null;
  /** The ERP's version of the document right after the command; later versions may confirm it. */
  readonly erpVersion: bigint | null;
  readonly lastCode: string | null;
  readonly lastError: string | null;
  readonly lastSentAt: Date | null;
  readonly waitingSince: Date | null;
  readonly nextAttemptAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/**
 * SENDING means that the command may have reached the ERP: a delivery found in this state is looked up before
 * anything is sent again. A webhook may confirm a delivery before its worker has understood the answer.
 */
export const DELIVERY_LIFECYCLE: Lifecycle<DeliveryStatus, DeliveryEvent> = {
  entity: 'delivery',
  initial: 'PENDING',
  transitions: {
    PENDING: {
      send: 'SENDING',
      postpone: 'PENDING',
      confirm: 'CONFIRMED',
      exhaust: 'FAILED_TECHNICAL',
      supersede: 'CANCELLED',
    },
    SENDING: {
      send: 'SENDING',
      postpone: 'PENDING',
      accept: 'AWAITING_CONFIRMATION',
      confirm: 'CONFIRMED',
      refuse: 'FAILED_BUSINESS',
      exhaust: 'FAILED_TECHNICAL',
      supersede: 'CANCELLED',
    },
    AWAITING_CONFIRMATION: { confirm: 'CONFIRMED', supersede: 'CANCELLED' },
    CONFIRMED: {},
    FAILED_BUSINESS: { requeue: 'PENDING', confirm: 'CONFIRMED', supersede: 'CANCELLED' },
    FAILED_TECHNICAL: { requeue: 'PENDING', confirm: 'CONFIRMED', supersede: 'CANCELLED' },
    CANCELLED: {},
  },
};

/** The state after `event`; an illegal step is a bug of the caller, which has looked at the state under a lock. */
export function deliveryAfter(status: DeliveryStatus, event: DeliveryEvent): DeliveryStatus {
  const next = step(DELIVERY_LIFECYCLE, status, event);
  if (!next.ok) throw new Error(next.problem.message);
  return next.value;
}

/** How often and how long a delivery is tried. */
export interface RetryPolicy {
  /** Rounds that may reach the ERP before a person must look. */
  readonly attemptsMax: number;
  readonly baseMs: number;
  readonly delayMaxMs: number;
  /** How long a command whose answer was lost may still be on its way: it is looked for, not repeated. */
  readonly settleMs: number;
  /** How long a delivery waits for another document before that becomes an exception. */
  readonly waitMaxMs: number;
  /** How long it waits for an ERP whose circuit stays open before that becomes an exception. */
  readonly outageMaxMs: number;
  /** How soon a waiting delivery looks again by itself; a confirmation wakes it earlier. */
  readonly waitMs: number;
  /** How long an open circuit stays open. */
  readonly circuitOpenMs: number;
}

/** An outage of half an hour is ridden out before a person is asked. */
export const DEFAULT_RETRY_POLICY: RetryPolicy = {
  attemptsMax: 12,
  baseMs: 1000,
  delayMaxMs: 300_000,
  settleMs: 10_000,
  waitMaxMs: 7 * 24 * 3_600_000,
  outageMaxMs: 30 * 60_000,
  waitMs: 15_000,
  circuitOpenMs: 10_000,
};

/** What becomes of a delivery after a failed round. */
export type FailureVerdict =
  | {
      readonly kind: 'postpone';
      readonly status: DeliveryStatus;
      readonly until: Date;
      readonly counts: boolean;
    }
  | { readonly kind: 'dead'; readonly status: DeliveryStatus };

/** Failure kind → what follows. `counts`: whether the round is one of the bounded attempts. */
const TREATMENT: Readonly<
  Record<FailureKind, { readonly event: 'refuse' | 'exhaust' | 'again'; readonly counts: boolean }>
> = {
  BUSINESS: { event: 'refuse', counts: true },
  MAPPING: { event: 'exhaust', counts: true },
  DUPLICATE: { event: 'exhaust', counts: true },
  WAIT: { event: 'again', counts: false },
  CIRCUIT_OPEN: { event: 'again', counts: false },
  SETTLING: { event: 'again', counts: false },
  RATE_LIMIT: { event: 'again', counts: true },
  CONFLICT: { event: 'again', counts: true },
  AUTHENTICATION: { event: 'again', counts: true },
  UNAVAILABLE: { event: 'again', counts: true },
  UNKNOWN_OUTCOME: { event: 'again', counts: true },
  NOT_APPLIED: { event: 'again', counts: true },
};

/** Decides on a failed round. `random` is from 0 to 1 and spreads the retries of many deliveries. */
export function verdictOn(
  delivery: Pick<Delivery, 'status' | 'attempts' | 'waitingSince'>,
  failure: ErpFailure,
  facts: {
    readonly policy: RetryPolicy;
    readonly now: Date;
    readonly random: number;
    /** Whether the command may be at the ERP although we have no answer that says so. */
    readonly mayHaveArrived: boolean;
  },
): FailureVerdict {
  const { policy, now, random } = facts;
  const treatment = TREATMENT[failure.kind];
  if (treatment.event !== 'again')
    return { kind: 'dead', status: deliveryAfter(delivery.status, treatment.event) };
  const waitedMs = now.getTime() - (delivery.waitingSince ?? now).getTime();
  const patienceMs = failure.kind === 'WAIT' ? policy.waitMaxMs : policy.outageMaxMs;
  const exhausted = treatment.counts
    ? delivery.attempts >= policy.attemptsMax
    : waitedMs > patienceMs;
  if (exhausted) return { kind: 'dead', status: deliveryAfter(delivery.status, 'exhaust') };
  const delayMs = Math.max(failure.retryAfterMs ?? 0, delayOf(failure.kind, delivery, facts));
  return {
    kind: 'postpone',
    status: facts.mayHaveArrived ? delivery.status : deliveryAfter(delivery.status, 'postpone'),
    until: shifted(now, Math.round(delayMs + delayMs * 0.1 * random)),
    counts: treatment.counts,
  };
}

function delayOf(
  kind: FailureKind,
  delivery: Pick<Delivery, 'attempts'>,
  facts: { readonly policy: RetryPolicy; readonly random: number },
): number {
  const { policy, random } = facts;
  if (kind === 'WAIT') return policy.waitMs;
  if (kind === 'CIRCUIT_OPEN') return policy.circuitOpenMs * (0.5 + random);
  const exponent = Math.min(Math.max(delivery.attempts - 1, 0), 20);
  const ceilingMs = Math.min(policy.delayMaxMs, policy.baseMs * 2 ** exponent);
  // Half of the delay is fixed and half is left to chance, so that a burst does not come back as one.
  return ceilingMs * (0.5 + 0.5 * random);
}

/** What a delivery is checked against before it may be sent. */
export interface Obstacles {
  /** An earlier delivery of the same document that is not settled, or null. */
  readonly earlier: string | null;
  /** State at the ERP of the order it depends on; null when it depends on none. */
  readonly orderStatus: string | null;
  /** Whether receipts or invoices of this order are still on their way (asked for cancellations). */
  readonly openDependents: boolean;
}

/** Why the delivery must wait, in words, or null when it may go. */
export function waitReason(delivery: Delivery, obstacles: Obstacles): string | null {
  if (obstacles.earlier !== null)
    return `an earlier delivery of ${delivery.documentNumber} is not settled (${obstacles.earlier})`;
  if (obstacles.orderStatus !== null && !ORDER_USABLE.has(obstacles.orderStatus))
    return `its purchase order is not released at ${delivery.erp} yet (${obstacles.orderStatus})`;
  if (delivery.documentType === 'PURCHASE_ORDER' && delivery.action === 'CANCEL')
    return obstacles.openDependents ? 'receipts or invoices of the order are on their way' : null;
  return null;
}

/** A cancelled order does not become released by waiting: the ERP says what it thinks of the document. */
const ORDER_USABLE = new Set(['CONFIRMED', 'CANCELLED']);
