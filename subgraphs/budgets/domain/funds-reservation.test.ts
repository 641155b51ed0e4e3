import { describe, expect, it } from '@jest/globals';
import { instantOf } from '#kernel/clock.ts';
import { flawsOf, statesOf, walk } from '#kernel/lifecycle.ts';
import { moneyOf } from '#kernel/money.ts';
import {
  RESERVATION_LIFECYCLE,
  adjustReservation,
  consumptionOf,
  convertReservation,
  liquidateReservation,
  releaseReservation,
  reverseLiquidation,
} from './funds-reservation.ts';
import type { Result } from '#kernel/problem.ts';
import type { FundsReservation, ReservationEvent } from './funds-reservation.ts';

function reservation(change: Partial<FundsReservation> = {}): FundsReservation {
  return {
    id: 'reservation-1',
    budgetLineId: 'line-1',
    companyCode: 'DE01',
    costCentreId: 'DE01-4100',
    documentType: 'PURCHASE_ORDER',
    documentId: 'order-1',
    documentNumber: 'PO-DE01-000001',
    correlationId: 'correlation-1',
    stage: 'ENCUMBRANCE',
    status: 'RESERVED',
    currency: 'EUR',
    reservedMinor: 150n,
    openMinor: 150n,
    relievedMinor: 0n,
    actualMinor: 0n,
    documentAmount: moneyOf('1.50', 'EUR'),
    rate: null,
    warning: null,
    convertedFromId: null,
    on: '2026-11-23',
    reservedAt: instantOf('2026-11-23T09:00:00Z'),
    version: 1,
    ...change,
  };
}

const total = (amountMinor: bigint) => ({ amountMinor, documentAmount: moneyOf('1.00', 'EUR') });
const invoice = (amountMinor: bigint, final = false) => ({
  atReservationRateMinor: amountMinor,
  atPostingRateMinor: amountMinor,
  final,
});
const order = {
  id: 'reservation-2',
  documentType: 'PURCHASE_ORDER',
  documentId: 'order-1',
  documentNumber: 'PO-DE01-000001',
  amountMinor: 170n,
  documentAmount: moneyOf('1.70', 'EUR'),
  rate: null,
  on: '2026-11-24',
  reservedAt: instantOf('2026-11-24T09:00:00Z'),
} as const;

/** For each event the decision that brings it about, on a reservation of which 50 of 150 are invoiced. */
const DECISIONS: Readonly<
  Record<ReservationEvent, (status: FundsReservation['status']) => Result<{ status: string }>>
> = {
  adjust: (status) => statusOf(adjustReservation(partly(status), total(120n))),
  convert: (status) => {
    const outcome = convertReservation({ ...partly(status), stage: 'PRE_ENCUMBRANCE' }, order);
    return outcome.ok ? { ok: true, value: outcome.value.converted } : outcome;
  },
  liquidatePartially: (status) => statusOf(liquidateReservation(partly(status), invoice(40n))),
  liquidateFinally: (status) => statusOf(liquidateReservation(partly(status), invoice(100n))),
  reversePartially: (status) =>
    statusOf(reverseLiquidation(partly(status), { relievedMinor: 20n, actualMinor: 20n })),
  reverseFully: (status) =>
    statusOf(
      reverseLiquidation(
        { ...partly(status), relievedMinor: 0n },
        { relievedMinor: 50n, actualMinor: 50n },
      ),
    ),
  release: (status) => statusOf(releaseReservation(partly(status))),
};

function partly(status: FundsReservation['status']): FundsReservation {
  return reservation({ status, openMinor: 100n, relievedMinor: 50n, actualMinor: 50n });
}

function statusOf(outcome: Result<{ reservation: FundsReservation }>): Result<{ status: string }> {
  return outcome.ok ? { ok: true, value: outcome.value.reservation } : outcome;
}

describe('the life of a funds reservation', () => {
  it('has a sound table', () => {
    expect(flawsOf(RESERVATION_LIFECYCLE)).toEqual([]);
    expect(statesOf(RESERVATION_LIFECYCLE)).toHaveLength(5);
  });

  it.each([...walk(RESERVATION_LIFECYCLE)])(
    '$state on $event leads to $next',
    ({ state, event, next }) => {
      const result = DECISIONS[event](state);
      if (next === undefined) {
        expect(result).toMatchObject({
          ok: false,
          problem: { code: 'ILLEGAL_TRANSITION', state, event },
        });
      } else {
        expect(result).toMatchObject({ ok: true, value: { status: next } });
      }
    },
  );

  it('refuses a stage that an event cannot have, naming what is legal', () => {
    const encumbered = convertReservation(reservation(), order);
    expect(encumbered).toMatchObject({
      problem: { state: 'RESERVED(ENCUMBRANCE)', event: 'convert' },
    });
    const preEncumbered = liquidateReservation(
      reservation({ stage: 'PRE_ENCUMBRANCE' }),
      invoice(1n),
    );
    expect(preEncumbered).toMatchObject({
      problem: { legalEvents: ['adjust', 'convert', 'reverseFully', 'release'] },
    });
  });
});

describe('the movements of a reservation', () => {
  it('take a conversion out of one bucket and into the other, so that nothing counts twice', () => {
    const outcome = convertReservation(
      reservation({ stage: 'PRE_ENCUMBRANCE', openMinor: 150n }),
      order,
    );
    expect(outcome).toMatchObject({
      ok: true,
      value: {
        converted: { openMinor: 0n, status: 'CONVERTED' },
        encumbrance: {
          openMinor: 170n,
          stage: 'ENCUMBRANCE',
          convertedFromId: 'reservation-1',
          version: 1,
        },
        movements: [
          { kind: 'CONVERSION', bucket: 'PRE_ENCUMBRANCE', amountMinor: -150n },
          { kind: 'CONVERSION', bucket: 'ENCUMBRANCE', amountMinor: 170n },
        ],
      },
    });
    if (outcome.ok) expect(consumptionOf(outcome.value.movements)).toBe(20n);
  });

  it('never liquidate below zero: what an invoice has beyond the claim is actual only', () => {
    const outcome = liquidateReservation(reservation(), invoice(200n));
    expect(outcome).toMatchObject({
      value: {
        reservation: {
          openMinor: 0n,
          relievedMinor: 150n,
          actualMinor: 200n,
          status: 'LIQUIDATED',
        },
      },
    });
    if (outcome.ok) expect(consumptionOf(outcome.value.movements)).toBe(50n);
  });

  it('release the remainder with a final invoice', () => {
    const outcome = liquidateReservation(reservation(), invoice(100n, true));
    expect(outcome).toMatchObject({
      value: {
        reservation: { openMinor: 0n, relievedMinor: 100n, status: 'LIQUIDATED' },
        movements: [
          { kind: 'LIQUIDATION', bucket: 'ENCUMBRANCE', amountMinor: -100n },
          { kind: 'LIQUIDATION', bucket: 'ACTUAL', amountMinor: 100n },
          { kind: 'RELEASE', bucket: 'ENCUMBRANCE', amountMinor: -50n },
        ],
      },
    });
  });

  it('enter a difference of rates by itself', () => {
    const outcome = liquidateReservation(reservation(), {
      atReservationRateMinor: 100n,
      atPostingRateMinor: 104n,
      final: false,
    });
    expect(outcome).toMatchObject({
      value: {
        movements: [
          { kind: 'LIQUIDATION', bucket: 'ENCUMBRANCE', amountMinor: -100n },
          { kind: 'LIQUIDATION', bucket: 'ACTUAL', amountMinor: 100n },
          { kind: 'RATE_DIFFERENCE', bucket: 'ACTUAL', amountMinor: 4n },
        ],
      },
    });
  });

  it('encumber again what a cancelled invoice took, but not of a claim that was released', () => {
    const taken = { relievedMinor: 50n, actualMinor: 50n };
    expect(reverseLiquidation(partly('PARTIALLY_LIQUIDATED'), taken)).toMatchObject({
      value: {
        reservation: { openMinor: 150n, relievedMinor: 0n, actualMinor: 0n, status: 'RESERVED' },
      },
    });
    const released = reservation({
      status: 'RELEASED',
      openMinor: 0n,
      relievedMinor: 50n,
      actualMinor: 50n,
    });
    expect(reverseLiquidation(released, taken)).toMatchObject({
      value: {
        reservation: { openMinor: 0n, actualMinor: 0n, status: 'RELEASED' },
        movements: [{ bucket: 'ACTUAL', amountMinor: -50n }],
      },
    });
  });

  it('keep what invoices took when the total goes below it', () => {
    expect(adjustReservation(partly('PARTIALLY_LIQUIDATED'), total(30n))).toMatchObject({
      value: { reservation: { openMinor: 0n, reservedMinor: 30n, status: 'LIQUIDATED' } },
    });
  });
});
