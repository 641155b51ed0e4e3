import { step } from '#kernel/lifecycle.ts';
import { accepted, refused, illegalTransition } from '#kernel/problem.ts';
import { legalEvents } from '#kernel/lifecycle.ts';
import type { Lifecycle } from '#kernel/lifecycle.ts';
import type { Money } from '#kernel/money.ts';
import type { IllegalTransition, Result } from '#kernel/problem.ts';
import type { Bucket } from './budget-line.ts';
import type { ExchangeRate } from './exchange-rate.ts';

export type DocumentType = 'REQUISITION' | 'PURCHASE_ORDER' | 'INVOICE';
export type ReservationStage = 'PRE_ENCUMBRANCE' | 'ENCUMBRANCE' | 'ACTUAL';
export type ReservationStatus =
  | 'RESERVED'
  | 'CONVERTED'
  | 'PARTIALLY_LIQUIDATED'
  | 'LIQUIDATED'
  | 'RELEASED';
export type ReservationEvent =
  | 'adjust'
  | 'convert'
  | 'liquidatePartially'
  | 'liquidateFinally'
  | 'reversePartially'
  | 'reverseFully'
  | 'release';

/** What one document claims of one budget line. Amounts named `…Minor` are in the line's currency. */
export interface FundsReservation {
  readonly id: string;
  readonly budgetLineId: string;
  readonly companyCode: string;
  readonly costCentreId: string;
  readonly documentType: DocumentType;
  readonly documentId: string;
  readonly documentNumber: string;
  readonly correlationId: string;
  readonly stage: ReservationStage;
  readonly status: ReservationStatus;
  readonly currency: string;
  /** The document's whole claim. */
  readonly reservedMinor: bigint;
  /** What still stands in the bucket of the stage. */
  readonly openMinor: bigint;
  /** What invoices took out of the encumbrance. */
  readonly relievedMinor: bigint;
  /** What invoices posted as actual, rate differences included. */
  readonly actualMinor: bigint;
  /** The claim in the document's own currency. */
  readonly documentAmount: Money;
  /** Null when the document is in the line's currency. */
  readonly rate: ExchangeRate | null;
  /** The advisory line that did not suffice, with what it had; null when all did. */
  readonly warning: FundsWarning | null;
  /** The requisition's reservation that this one came from. */
  readonly convertedFromId: string | null;
  /** The date whose period and fiscal year it falls into. */
  readonly on: string;
  readonly reservedAt: Date;
  readonly version: number;
}

export interface FundsWarning {
  readonly budgetLineId: string;
  readonly availableMinor: bigint;
}

/** The stage in which a document's first reservation stands; an invoice without an order is encumbered until it is posted. */
export const STAGE_OF: Readonly<Record<DocumentType, ReservationStage>> = {
  REQUISITION: 'PRE_ENCUMBRANCE',
  PURCHASE_ORDER: 'ENCUMBRANCE',
  INVOICE: 'ENCUMBRANCE',
};

/**
 * RELEASED and LIQUIDATED still take late invoices and credit memos: those are facts of the books. What they cannot do
 * is to open a released claim again.
 */
export const RESERVATION_LIFECYCLE: Lifecycle<ReservationStatus, ReservationEvent> = {
  entity: 'funds reservation',
  initial: 'RESERVED',
  transitions: {
    RESERVED: {
      adjust: 'RESERVED',
      convert: 'CONVERTED',
      liquidatePartially: 'PARTIALLY_LIQUIDATED',
      liquidateFinally: 'LIQUIDATED',
      reverseFully: 'RESERVED',
      release: 'RELEASED',
    },
    PARTIALLY_LIQUIDATED: {
      adjust: 'PARTIALLY_LIQUIDATED',
      liquidatePartially: 'PARTIALLY_LIQUIDATED',
      liquidateFinally: 'LIQUIDATED',
      reversePartially: 'PARTIALLY_LIQUIDATED',
      reverseFully: 'RESERVED',
      release: 'RELEASED',
    },
    LIQUIDATED: {
      adjust: 'PARTIALLY_LIQUIDATED',
      liquidateFinally: 'LIQUIDATED',
      reversePartially: 'PARTIALLY_LIQUIDATED',
      reverseFully: 'RESERVED',
      release: 'RELEASED',
    },
    RELEASED: {
      liquidateFinally: 'RELEASED',
      reversePartially: 'RELEASED',
      reverseFully: 'RELEASED',
    },
    CONVERTED: {},
  },
};

/** Which stage an event needs; the others are legal in every stage. */
const STAGE_NEEDED: Readonly<Partial<Record<ReservationEvent, ReservationStage>>> = {
  convert: 'PRE_ENCUMBRANCE',
  liquidatePartially: 'ENCUMBRANCE',
  liquidateFinally: 'ENCUMBRANCE',
};

/** A signed amount to be entered in one bucket of the reservation's line. */
export interface Movement {
  readonly kind:
    | 'RESERVATION'
    | 'ADJUSTMENT'
    | 'CONVERSION'
    | 'LIQUIDATION'
    | 'RATE_DIFFERENCE'
    | 'RELEASE'
    | 'REVERSAL';
  readonly bucket: Bucket;
  readonly amountMinor: bigint;
}

export interface Outcome {
  readonly reservation: FundsReservation;
  readonly movements: readonly Movement[];
}

/** How much more (or less, when negative) of the line the movements consume. */
export function consumptionOf(movements: readonly Movement[]): bigint {
  return movements.reduce((total, movement) => total + movement.amountMinor, 0n);
}

/** The claim set to a new total; what invoices already took of it stays taken. */
export function adjustReservation(
  reservation: FundsReservation,
  total: { readonly amountMinor: bigint; readonly documentAmount: Money },
): Result<Outcome, IllegalTransition> {
  const openMinor = larger(0n, total.amountMinor - reservation.relievedMinor);
  const isTaken = reservation.relievedMinor > 0n && openMinor === 0n;
  const status = nextStatus(
    reservation,
    isTaken && reservation.status !== 'RESERVED' ? 'liquidateFinally' : 'adjust',
  );
  if (!status.ok) return status;
  return accepted({
    reservation: changed(reservation, {
      status: status.value,
      reservedMinor: total.amountMinor,
      openMinor,
      documentAmount: total.documentAmount,
    }),
    movements: movementsOf([['ADJUSTMENT', reservation.stage, openMinor - reservation.openMinor]]),
  });
}

/** Gives back what is still open: reject, withdraw, cancel, close. */
export function releaseReservation(
  reservation: FundsReservation,
): Result<Outcome, IllegalTransition> {
  const status = nextStatus(reservation, 'release');
  if (!status.ok) return status;
  return accepted({
    reservation: changed(reservation, { status: status.value, openMinor: 0n }),
    movements: movementsOf([['RELEASE', reservation.stage, -reservation.openMinor]]),
  });
}

export interface Successor {
  readonly id: string;
  readonly documentType: DocumentType;
  readonly documentId: string;
  readonly documentNumber: string;
  readonly amountMinor: bigint;
  readonly documentAmount: Money;
  readonly rate: ExchangeRate | null;
  readonly on: string;
  readonly reservedAt: Date;
}

/** The requisition's pre-encumbrance becomes the order's encumbrance, both in one step (I2, I5). */
export function convertReservation(
  reservation: FundsReservation,
  successor: Successor,
): Result<
  {
    readonly converted: FundsReservation;
    readonly encumbrance: FundsReservation;
    readonly movements: readonly Movement[];
  },
  IllegalTransition
> {
  const status = nextStatus(reservation, 'convert');
  if (!status.ok) return status;
  const { amountMinor, ...document } = successor;
  return accepted({
    converted: changed(reservation, { status: status.value, openMinor: 0n }),
    encumbrance: {
      ...reservation,
      ...document,
      stage: 'ENCUMBRANCE',
      status: RESERVATION_LIFECYCLE.initial,
      reservedMinor: amountMinor,
      openMinor: amountMinor,
      relievedMinor: 0n,
      actualMinor: 0n,
      warning: null,
      convertedFromId: reservation.id,
      version: 1,
    },
    movements: movementsOf([
      ['CONVERSION', reservation.stage, -reservation.openMinor],
      ['CONVERSION', 'ENCUMBRANCE', amountMinor],
    ]),
  });
}

/** An invoice's net amount at the rate of the reservation and at the rate of the posting. Both are positive. */
export interface InvoicedAmount {
  readonly atReservationRateMinor: bigint;
  readonly atPostingRateMinor: bigint;
  /** The order is finished with this invoice: what remains is released. */
  readonly final: boolean;
}

export interface Liquidation {
  readonly invoiceId: string;
  readonly invoiceNumber: string;
  readonly reservationId: string;
  /** Taken out of the encumbrance; negative when a credit memo put it back. */
  readonly relievedMinor: bigint;
  readonly actualMinor: bigint;
  readonly status: 'POSTED' | 'REVERSED';
  readonly version: number;
}

export type Taken = Pick<Liquidation, 'relievedMinor' | 'actualMinor'>;

/** Encumbrance becomes actual; never below zero (I4), and the difference of rates is an entry of its own (I6). */
export function liquidateReservation(
  reservation: FundsReservation,
  invoice: InvoicedAmount,
): Result<Outcome & { readonly taken: Taken }, IllegalTransition> {
  const relievedMinor = smaller(reservation.openMinor, invoice.atReservationRateMinor);
  const left = reservation.openMinor - relievedMinor;
  const isFinal = invoice.final || left === 0n;
  const status = nextStatus(reservation, isFinal ? 'liquidateFinally' : 'liquidatePartially');
  if (!status.ok) return status;
  return accepted({
    taken: { relievedMinor, actualMinor: invoice.atPostingRateMinor },
    reservation: changed(reservation, {
      status: status.value,
      openMinor: isFinal ? 0n : left,
      relievedMinor: reservation.relievedMinor + relievedMinor,
      actualMinor: reservation.actualMinor + invoice.atPostingRateMinor,
    }),
    movements: movementsOf([
      ['LIQUIDATION', 'ENCUMBRANCE', -relievedMinor],
      ['LIQUIDATION', 'ACTUAL', invoice.atReservationRateMinor],
      ['RATE_DIFFERENCE', 'ACTUAL', invoice.atPostingRateMinor - invoice.atReservationRateMinor],
      ['RELEASE', 'ENCUMBRANCE', isFinal ? -left : 0n],
    ]),
  });
}

/**
 * An invoice is cancelled, or credited in part: the actual goes back, and what it had taken is encumbered again,
 * unless the claim was released meanwhile. `given` is what goes back, both amounts positive.
 */
export function reverseLiquidation(
  reservation: FundsReservation,
  given: Taken,
): Result<Outcome & { readonly taken: Taken }, IllegalTransition> {
  const isReleased = reservation.status === 'RELEASED';
  const restoredMinor = isReleased
    ? 0n
    : larger(0n, smaller(given.relievedMinor, reservation.relievedMinor));
  const relievedMinor = reservation.relievedMinor - restoredMinor;
  const openMinor = reservation.openMinor + restoredMinor;
  const event =
    relievedMinor === 0n
      ? 'reverseFully'
      : openMinor === 0n
        ? 'liquidateFinally'
        : 'reversePartially';
  const status = nextStatus(reservation, event);
  if (!status.ok) return status;
  return accepted({
    taken: { relievedMinor: -restoredMinor, actualMinor: -given.actualMinor },
    reservation: changed(reservation, {
      status: status.value,
      openMinor,
      relievedMinor,
      actualMinor: reservation.actualMinor - given.actualMinor,
    }),
    movements: movementsOf([
      ['REVERSAL', 'ENCUMBRANCE', restoredMinor],
      ['REVERSAL', 'ACTUAL', -given.actualMinor],
    ]),
  });
}

function nextStatus(
  reservation: FundsReservation,
  event: ReservationEvent,
): Result<ReservationStatus, IllegalTransition> {
  const needed = STAGE_NEEDED[event];
  if (needed === undefined || needed === reservation.stage)
    return step(RESERVATION_LIFECYCLE, reservation.status, event);
  const legal = legalEvents(RESERVATION_LIFECYCLE, reservation.status);
  return refused(
    illegalTransition({
      entity: RESERVATION_LIFECYCLE.entity,
      state: `${reservation.status}(${reservation.stage})`,
      event,
      legalEvents: legal.filter(
        (other) => (STAGE_NEEDED[other] ?? reservation.stage) === reservation.stage,
      ),
    }),
  );
}

function changed(
  reservation: FundsReservation,
  change: Partial<FundsReservation>,
): FundsReservation {
  return { ...reservation, ...change, version: reservation.version + 1 };
}

/** Entries of nothing are left out. */
function movementsOf(rows: readonly (readonly [Movement['kind'], Bucket, bigint])[]): Movement[] {
  return rows
    .filter(([, , amountMinor]) => amountMinor !== 0n)
    .map(([kind, bucket, amountMinor]) => ({ kind, bucket, amountMinor }));
}

function smaller(left: bigint, right: bigint): bigint {
  return left < right ? left : right;
}

function larger(left: bigint, right: bigint): bigint {
  return left > right ? left : right;
}
