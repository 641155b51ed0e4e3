import { newId } from '#kernel/id.ts';
import { accepted, illegalTransition, invalidInput, notFound, refused } from '#kernel/problem.ts';
import { legalEvents } from '#kernel/lifecycle.ts';
import { fiscalYearOf } from './domain/fiscal-period.ts';
import { inCurrency } from './domain/exchange-rate.ts';
import {
  RESERVATION_LIFECYCLE,
  STAGE_OF,
  adjustReservation,
  convertReservation,
  releaseReservation,
} from './domain/funds-reservation.ts';
import { announce, applyOutcome, documentOf, enter, warned } from './funds-change.ts';
import { costCentreClosed, lineName } from './reserve-funds.ts';
import { fundingPath } from './store/budget-line.ts';
import { costCentresByIds } from './store/cost-centre.ts';
import { exchangeRateOn } from './store/exchange-rate.ts';
import {
  insertReservation,
  lockReservation,
  updateReservation,
} from './store/funds-reservation.ts';
import type { Money } from '#kernel/money.ts';
import type { IllegalTransition, InvalidInput, NotFound, Result } from '#kernel/problem.ts';
import type { ExchangeRate, ExchangeRateMissing } from './domain/exchange-rate.ts';
import type { DocumentType, FundsReservation, Movement } from './domain/funds-reservation.ts';
import type { BudgetLine } from './domain/budget-line.ts';
import type { Entry, FundsChange, LimitProblem } from './funds-change.ts';
import type { FundsRequest } from './reserve-funds.ts';

export type FundsCommandProblem =
  | LimitProblem
  | ExchangeRateMissing
  | NotFound
  | InvalidInput
  | IllegalTransition;
type Answer = Promise<Result<FundsReservation, FundsCommandProblem>>;

export interface DocumentReference {
  readonly documentType: DocumentType;
  readonly documentId: string;
}

/** Sees all cost centres: used where the permission was decided before. */
const EVERYWHERE = { viewerId: '', companies: ['*'], costCentres: ['*'] } as const;

/**
 * Reserves for a document whatever it has reserved before: an earlier claim is released in the same step, so that the
 * document never counts twice (I2). The batch does the same for documents without a claim, many at a time.
 */
export async function reserveAnew(
  change: FundsChange,
  request: Omit<FundsRequest, 'idempotencyKey' | 'traceparent' | 'actorId'>,
): Answer {
  const earlier = await lockReservation(change.tx, request.documentType, request.documentId);
  const released = earlier === null || isOver(earlier) ? null : releaseEarlier(earlier);
  if (released?.ok === false) return released;
  const [costCentre] = await costCentresByIds(change.tx, EVERYWHERE, [request.costCentreId]);
  if (costCentre === undefined) return refused(notFound('cost centre', request.costCentreId));
  if (costCentre.status !== 'ACTIVE' && change.mode === 'COMMAND')
    return refused(costCentreClosed(costCentre.id));
  const [line] = await fundingPath(change.tx, { ...request, fiscalYear: fiscalYearOf(request.on) });
  if (line === undefined) return refused(notFound('budget line', lineName(request)));
  const rate = await exchangeRateOn(change.tx, request.amount.currency, line.currency, request.on);
  const amount = inCurrency(request.amount, line.currency, { rate, on: request.on });
  if (!amount.ok) return amount;
  const fresh = freshReservation(change, request, {
    line,
    rate,
    amountMinor: amount.value.amountMinor,
  });
  const movements: Movement[] = [
    { kind: 'RESERVATION', bucket: fresh.stage, amountMinor: fresh.openMinor },
  ];
  const entries: Entry[] =
    released === null
      ? []
      : [
          {
            ...released.value,
            document: documentOf(released.value.reservation),
            rate: released.value.reservation.rate,
          },
        ];
  const entered = await enter(change, [
    ...entries,
    { reservation: fresh, movements, document: documentOf(fresh), rate },
  ]);
  if (!entered.ok) return entered;
  const reservation = warned(fresh, entered.value);
  if (released !== null) await updateReservation(change.tx, released.value.reservation);
  await insertReservation(change.tx, reservation);
  await announce(change, 'concord.funds.reserved.v1', { reservation, entered: entered.value });
  return accepted(reservation);
}

function isOver(reservation: FundsReservation): boolean {
  return reservation.status === 'RELEASED' || reservation.status === 'CONVERTED';
}

/** Only a claim that no invoice has touched may be set anew. */
function releaseEarlier(earlier: FundsReservation): ReturnType<typeof releaseReservation> {
  if (earlier.status === 'RESERVED') return releaseReservation(earlier);
  const { entity } = RESERVATION_LIFECYCLE;
  return refused(
    illegalTransition({
      entity,
      state: earlier.status,
      event: 'reserve',
      legalEvents: legalEvents(RESERVATION_LIFECYCLE, earlier.status),
    }),
  );
}

function freshReservation(
  change: FundsChange,
  request: Omit<FundsRequest, 'idempotencyKey' | 'traceparent' | 'actorId'>,
  found: { line: BudgetLine; rate: ExchangeRate | null; amountMinor: bigint },
): FundsReservation {
  return {
    id: newId(change.clock),
    budgetLineId: found.line.id,
    companyCode: found.line.companyCode,
    costCentreId: request.costCentreId,
    documentType: request.documentType,
    documentId: request.documentId,
    documentNumber: request.documentNumber,
    correlationId: request.correlationId,
    stage: STAGE_OF[request.documentType],
    status: RESERVATION_LIFECYCLE.initial,
    currency: found.line.currency,
    reservedMinor: found.amountMinor,
    openMinor: found.amountMinor,
    relievedMinor: 0n,
    actualMinor: 0n,
    documentAmount: request.amount,
    rate: found.rate,
    warning: null,
    convertedFromId: null,
    on: request.on,
    reservedAt: change.clock.now(),
    version: 1,
  };
}

/** Sets a document's claim to a new total: a change order. The rate of the reservation stays. */
export async function adjustFunds(
  change: FundsChange,
  command: DocumentReference & { readonly total: Money },
): Answer {
  const reservation = await lockReservation(change.tx, command.documentType, command.documentId);
  if (reservation === null) return refused(notFound('funds reservation', command.documentId));
  const { total } = command;
  if (total.currency !== reservation.documentAmount.currency) {
    const expected = `The document's currency ${reservation.documentAmount.currency} is expected, not ${total.currency}.`;
    return refused(invalidInput([{ field: 'amount', code: 'CURRENCY', message: expected }]));
  }
  const amount = inCurrency(total, reservation.currency, { rate: reservation.rate, on: change.on });
  if (!amount.ok) return amount;
  const outcome = adjustReservation(reservation, {
    amountMinor: amount.value.amountMinor,
    documentAmount: total,
  });
  if (!outcome.ok) return outcome;
  if (isUnchanged(reservation, total)) return accepted(reservation);
  return applyOutcome(change, 'concord.funds.adjusted.v1', outcome.value);
}

function isUnchanged(reservation: FundsReservation, total: Money): boolean {
  return reservation.documentAmount.amountMinor === total.amountMinor;
}

export interface Conversion {
  readonly requisitionId: string;
  readonly purchaseOrderId: string;
  readonly purchaseOrderNumber: string;
  /** The order's total, which may differ from what was reserved. */
  readonly total: Money;
}

/** The requisition's pre-encumbrance becomes the order's encumbrance. Repeating it answers with the order's reservation. */
export async function convertFunds(change: FundsChange, command: Conversion): Answer {
  const reservation = await lockReservation(change.tx, 'REQUISITION', command.requisitionId);
  const before = await lockReservation(change.tx, 'PURCHASE_ORDER', command.purchaseOrderId);
  if (before !== null) return accepted(before);
  if (reservation === null) return refused(notFound('funds reservation', command.requisitionId));
  const isSameCurrency = command.total.currency === reservation.documentAmount.currency;
  const rate = isSameCurrency
    ? reservation.rate
    : await exchangeRateOn(change.tx, command.total.currency, reservation.currency, change.on);
  const amount = inCurrency(command.total, reservation.currency, { rate, on: change.on });
  if (!amount.ok) return amount;
  const outcome = convertReservation(reservation, {
    id: newId(change.clock),
    documentType: 'PURCHASE_ORDER',
    documentId: command.purchaseOrderId,
    documentNumber: command.purchaseOrderNumber,
    amountMinor: amount.value.amountMinor,
    documentAmount: command.total,
    rate,
    on: change.on,
    reservedAt: change.clock.now(),
  });
  if (!outcome.ok) return outcome;
  const { converted, encumbrance, movements } = outcome.value;
  const entered = await enter(change, [
    { reservation: encumbrance, movements, document: documentOf(encumbrance), rate },
  ]);
  if (!entered.ok) return entered;
  const kept = warned(encumbrance, entered.value);
  await updateReservation(change.tx, converted);
  await insertReservation(change.tx, kept);
  await announce(change, 'concord.funds.converted.v1', {
    reservation: kept,
    entered: entered.value,
  });
  return accepted(kept);
}

/**
 * Gives back what the document still holds. With `reservedUpTo` a claim that was made later stays: a document can be
 * submitted again before the news of its return has arrived.
 */
export async function releaseFunds(
  change: FundsChange,
  command: DocumentReference & { readonly reservedUpTo?: Date },
): Answer {
  const reservation = await lockReservation(change.tx, command.documentType, command.documentId);
  if (reservation === null) return refused(notFound('funds reservation', command.documentId));
  if (command.reservedUpTo !== undefined && reservation.reservedAt > command.reservedUpTo)
    return accepted(reservation);
  const outcome = releaseReservation(reservation);
  return outcome.ok ? applyOutcome(change, 'concord.funds.released.v1', outcome.value) : outcome;
}
