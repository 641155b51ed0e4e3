import { step } from '#kernel/lifecycle.ts';
import { accepted, refused, segregationOfDuties } from '#kernel/problem.ts';
import { HOLD_RULES, openHolds, placeHolds } from './hold.ts';
import { INVOICE_LIFECYCLE } from './invoice.ts';
import { PAYMENT_LIFECYCLE } from './payment.ts';
import type { IllegalTransition, Problem, Result, SegregationOfDuties } from '#kernel/problem.ts';
import type { InvoiceEvent } from '../events.ts';
import type { Finding, Hold, HoldCode } from './hold.ts';
import type { Dossier, Invoice, InvoiceStep, OrderLink, Refusal } from './invoice.ts';

type FactType = Extract<InvoiceEvent['type'], `concord.invoice.${string}`>;

/** Something that happened to an invoice, with the invoice as it was right after. */
export interface Fact {
  readonly type: FactType;
  readonly dossier: Dossier;
}

/** A decision's outcome: the invoice now, and what happened on the way there. */
export interface Change {
  readonly dossier: Dossier;
  readonly facts: readonly Fact[];
}

export interface Deciding {
  readonly now: Date;
  readonly newId: () => string;
}

export interface HoldNotReleasable extends Problem<'HOLD_NOT_RELEASABLE'> {
  readonly holdCode: HoldCode;
  readonly ownerRole: string;
}

/** The beginning of every change: nothing has happened yet. */
export function unchanged(dossier: Dossier): Change {
  return { dossier, facts: [] };
}

/** The first fact of an invoice; its version is already 1. */
export function capture(dossier: Dossier): Change {
  const change = { dossier, facts: [{ type: 'concord.invoice.captured.v1' as const, dossier }] };
  return dossier.invoice.supplierId === null
    ? mustAdvance(change, { step: 'missSupplier', fact: null, now: dossier.invoice.capturedAt })
    : change;
}

/** The seller is this supplier; the match follows. */
export function resolveSupplier(
  dossier: Dossier,
  supplierId: string,
  now: Date,
): Result<Change, IllegalTransition> {
  return advance(unchanged(dossier), {
    step: 'resolveSupplier',
    fact: 'concord.invoice.supplier-resolved.v1',
    patch: { supplierId },
    now,
  });
}

/** Takes the order's cost centre, owner and thread; an invoice that has an order keeps its thread when it gets another. */
export function linkOrder(dossier: Dossier, order: OrderLink | null): Dossier {
  if (order === null) return dossier;
  const { invoice } = dossier;
  return {
    ...dossier,
    invoice: {
      ...invoice,
      purchaseOrderId: order.id,
      requisitionId: order.requisitionId,
      costCentreId: order.costCentreId,
      ownerId: order.requesterId,
      correlationId: invoice.purchaseOrderId === null ? order.correlationId : invoice.correlationId,
    },
  };
}

/** Draws the conclusion of a match: posting is asked for when nothing holds the invoice. */
export function concludeMatch(
  change: Change,
  findings: readonly Finding[],
  deciding: Deciding,
): Result<Change, IllegalTransition> {
  const { dossier } = change;
  const holds = placeHolds(dossier.holds, findings, { invoiceId: dossier.invoice.id, ...deciding });
  const open = openHolds(holds);
  const held = { ...change, dossier: { ...dossier, holds } };
  const { now } = deciding;
  if (open.length === 0) {
    const matched = advance(held, { step: 'match', fact: 'concord.invoice.matched.v1', now });
    return matched.ok
      ? advance(matched.value, {
          step: 'requestPosting',
          fact: 'concord.invoice.posting-requested.v1',
          now,
        })
      : matched;
  }
  const waits = open.every((hold) => hold.code === 'NO_RECEIPT');
  const result = advance(held, {
    step: waits ? 'awaitReceipt' : 'hold',
    fact: 'concord.invoice.held.v1',
    now,
  });
  // Nothing to tell when the same holds stand as before.
  const same =
    result.ok &&
    result.value.dossier.invoice.status === dossier.invoice.status &&
    keysOf(open) === keysOf(openHolds(dossier.holds));
  return same ? accepted(held) : result;
}

/** Releases holds by hand; the match is drawn again afterwards. Who captured an invoice does not release it. */
export function releaseHolds(
  dossier: Dossier,
  release: {
    readonly holdIds: readonly string[];
    readonly by: string;
    readonly reason: string;
    readonly now: Date;
  },
): Result<Change, IllegalTransition | SegregationOfDuties | HoldNotReleasable> {
  const legal = step(INVOICE_LIFECYCLE, dossier.invoice.status, 'release');
  if (!legal.ok) return legal;
  if (dossier.invoice.capturedBy === release.by) {
    return refused(
      segregationOfDuties(
        'capturer-does-not-release',
        `You captured ${dossier.invoice.number}, so somebody else has to release its holds.`,
      ),
    );
  }
  const named = dossier.holds.filter(
    (hold) => hold.status === 'OPEN' && release.holdIds.includes(hold.id),
  );
  const stuck = named.find((hold) => HOLD_RULES[hold.code].releasedWith === null);
  if (stuck !== undefined) return refused(holdNotReleasable(stuck));
  const holds = dossier.holds.map((hold) =>
    named.includes(hold)
      ? {
          ...hold,
          status: 'RELEASED' as const,
          closedAt: release.now,
          closedBy: release.by,
          closingReason: release.reason,
        }
      : hold,
  );
  const change = unchanged({ ...dossier, holds });
  return advance(change, {
    step: 'release',
    fact: 'concord.invoice.released.v1',
    now: release.now,
  });
}

/** The supplier is told that the invoice is not accepted; its number is free again. */
export function reject(
  dossier: Dossier,
  reason: string,
  now: Date,
): Result<Change, IllegalTransition> {
  return end(dossier, { step: 'reject', fact: 'concord.invoice.rejected.v1', reason, now });
}

/** Takes the invoice back; one that was posted is reversed in the ERP. Not while money is on its way. */
export function cancel(
  dossier: Dossier,
  reason: string,
  now: Date,
): Result<Change, IllegalTransition> {
  return end(dossier, { step: 'cancel', fact: 'concord.invoice.cancelled.v1', reason, now });
}

export function retryPosting(dossier: Dossier, now: Date): Result<Change, IllegalTransition> {
  return advance(unchanged(dossier), {
    step: 'retryPosting',
    fact: 'concord.invoice.posting-requested.v1',
    patch: { refusal: null },
    now,
  });
}

/** The ERP has posted it. */
export function confirmPosting(
  dossier: Dossier,
  erpNumber: string,
  now: Date,
): Result<Change, IllegalTransition> {
  const payment = step(PAYMENT_LIFECYCLE, dossier.invoice.paymentStatus, 'post');
  return advance(unchanged(dossier), {
    step: 'confirmPosting',
    fact: 'concord.invoice.posted.v1',
    // A payment report may have overtaken the confirmation.
    patch: { erpNumber, refusal: null, ...(payment.ok ? { paymentStatus: payment.value } : {}) },
    now,
  });
}

/** The ERP refused it for a business reason. */
export function refusePosting(
  dossier: Dossier,
  refusal: Refusal,
  now: Date,
): Result<Change, IllegalTransition> {
  return advance(unchanged(dossier), {
    step: 'refusePosting',
    fact: 'concord.invoice.posting-failed.v1',
    patch: { refusal },
    now,
  });
}

interface Advance {
  readonly step: InvoiceStep;
  /** Null: the step is part of another fact. */
  readonly fact: FactType | null;
  readonly patch?: Partial<Invoice>;
  readonly now: Date;
}

function advance(change: Change, to: Advance): Result<Change, IllegalTransition> {
  const { invoice } = change.dossier;
  const next = step(INVOICE_LIFECYCLE, invoice.status, to.step);
  if (!next.ok) return next;
  const counts = to.fact === null ? 0 : 1;
  const dossier: Dossier = {
    ...change.dossier,
    invoice: {
      ...invoice,
      ...to.patch,
      status: next.value,
      version: invoice.version + counts,
      changedAt: to.now,
    },
  };
  const facts =
    to.fact === null
      ? change.facts.map((fact) => ({ ...fact, dossier }))
      : [...change.facts, { type: to.fact, dossier }];
  return accepted({ dossier, facts });
}

function mustAdvance(change: Change, to: Advance): Change {
  const result = advance(change, to);
  if (!result.ok) throw new Error(result.problem.message);
  return result.value;
}

function end(
  dossier: Dossier,
  ending: {
    readonly step: 'reject' | 'cancel';
    readonly fact: FactType;
    readonly reason: string;
    readonly now: Date;
  },
): Result<Change, IllegalTransition> {
  const legal = step(INVOICE_LIFECYCLE, dossier.invoice.status, ending.step);
  if (!legal.ok) return legal;
  const payment = step(PAYMENT_LIFECYCLE, dossier.invoice.paymentStatus, 'void');
  if (!payment.ok) return payment;
  const holds = dossier.holds.map((hold) =>
    hold.status === 'OPEN' ? { ...hold, status: 'LIFTED' as const, closedAt: ending.now } : hold,
  );
  return advance(unchanged({ ...dossier, holds }), {
    step: ending.step,
    fact: ending.fact,
    patch: { reason: ending.reason, paymentStatus: payment.value },
    now: ending.now,
  });
}

function holdNotReleasable(hold: Hold): HoldNotReleasable {
  const { ownerRole, advice } = HOLD_RULES[hold.code];
  return {
    code: 'HOLD_NOT_RELEASABLE',
    message: `${hold.code} cannot be released by hand; its cause must go. ${advice}`,
    retryable: false,
    holdCode: hold.code,
    ownerRole,
  };
}

function keysOf(holds: readonly Hold[]): string {
  return holds
    .map((hold) => `${hold.code}:${hold.invoiceLineId ?? ''}`)
    .sort()
    .join(' ');
}
