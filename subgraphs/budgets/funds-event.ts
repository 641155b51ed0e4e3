import { createEventFactory } from '#kernel/event.ts';
import { money, toWire } from '#kernel/money.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Cause } from '#kernel/event.ts';
import type { BudgetEvent, ReservationSnapshot } from './events.ts';
import type { FundsReservation } from './domain/funds-reservation.ts';

export const EVENT_SOURCE = '/subgraphs/budgets';

type ReservationFact = Extract<BudgetEvent, { data: ReservationSnapshot }>['type'];

/** An event of a reservation: its own document is what people see, numbered as the document it was made for. */
export function reservationEvent<Type extends Exclude<ReservationFact, 'concord.funds.overrun.v1'>>(
  clock: Clock,
  type: Type,
  fact: {
    readonly cause: Cause;
    readonly reservation: FundsReservation;
    readonly availableMinor: bigint;
  },
) {
  return createEventFactory(EVENT_SOURCE, clock)(causeOf(fact), {
    ...factOf(fact),
    type,
    data: snapshotOf(fact),
  });
}

/** A fact went beyond an absolute limit; the line named is the reservation's own or an ancestor. */
export function overrunEvent(
  clock: Clock,
  fact: {
    readonly cause: Cause;
    readonly reservation: FundsReservation;
    readonly availableMinor: bigint;
    readonly overrunLineId: string;
    readonly overrunMinor: bigint;
  },
) {
  const overrun = {
    overrunLineId: fact.overrunLineId,
    overrun: toWire(money(fact.overrunMinor, fact.reservation.currency)),
  };
  return createEventFactory(EVENT_SOURCE, clock)(causeOf(fact), {
    ...factOf(fact),
    type: 'concord.funds.overrun.v1',
    data: { ...snapshotOf(fact), ...overrun },
  });
}

function causeOf(fact: { cause: Cause; reservation: FundsReservation }): Cause {
  return { ...fact.cause, correlationId: fact.reservation.correlationId };
}

function factOf({ reservation }: { reservation: FundsReservation }) {
  return {
    document: {
      type: 'FundsReservation',
      id: reservation.id,
      number: reservation.documentNumber,
      status: reservation.status,
    },
    sequence: reservation.version,
    audience: {
      companyCode: reservation.companyCode,
      costCentreId: reservation.costCentreId,
      ownerId: null,
    },
  };
}

function snapshotOf(fact: {
  reservation: FundsReservation;
  availableMinor: bigint;
}): ReservationSnapshot {
  const { reservation } = fact;
  return {
    reservationId: reservation.id,
    budgetLineId: reservation.budgetLineId,
    costCentreId: reservation.costCentreId,
    documentType: reservation.documentType,
    documentId: reservation.documentId,
    stage: reservation.stage,
    amount: toWire(money(reservation.reservedMinor, reservation.currency)),
    available: toWire(money(fact.availableMinor, reservation.currency)),
  };
}
