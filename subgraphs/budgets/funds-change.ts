import { money } from '#kernel/money.ts';
import { appendEvents } from '#kernel/outbox.ts';
import { accepted, refused } from '#kernel/problem.ts';
import { availableOf, decideFunds, insufficientFunds } from './domain/budget-line.ts';
import { periodClosed, fiscalPeriodIdOn } from './domain/fiscal-period.ts';
import { consumptionOf } from './domain/funds-reservation.ts';
import { overrunEvent, reservationEvent } from './funds-event.ts';
import { lockPaths } from './store/budget-line.ts';
import { holdPeriodStatus } from './store/fiscal-period.ts';
import { postEntries } from './store/ledger.ts';
import { updateReservation } from './store/funds-reservation.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Transaction } from '#kernel/database.ts';
import type { Cause, DomainEvent } from '#kernel/event.ts';
import type { Result } from '#kernel/problem.ts';
import type { BudgetLine, InsufficientFunds } from './domain/budget-line.ts';
import type { PeriodClosed } from './domain/fiscal-period.ts';
import type { DocumentType, FundsReservation, Movement } from './domain/funds-reservation.ts';
import type { ExchangeRate } from './domain/exchange-rate.ts';
import type { Posting } from './store/ledger.ts';

/** What a change of reservations is made with, all in one transaction. */
export interface FundsChange {
  readonly tx: Transaction;
  readonly clock: Clock;
  readonly cause: Cause;
  /**
   * A COMMAND can be refused: by the funds, by the period. A FACT has happened elsewhere (an order was issued, an invoice
   * posted) and is always recorded; where it goes beyond an absolute limit, the overrun is recorded with it and told.
   */
  readonly mode: 'COMMAND' | 'FACT';
  /** The date it counts for. */
  readonly on: string;
}

/** The document that the ledger names as the reason, which may be another than the reservation's: an invoice. */
export interface EntryDocument {
  readonly type: DocumentType;
  readonly id: string;
  readonly number: string;
  readonly currency: string;
}

/** Movements to be entered on a reservation's line. */
export interface Entry {
  readonly reservation: FundsReservation;
  readonly movements: readonly Movement[];
  readonly document: EntryDocument;
  readonly rate: ExchangeRate | null;
}

export type LimitProblem = InsufficientFunds | PeriodClosed;

/** What the entries did to the line of the last one. */
export interface Entered {
  readonly line: BudgetLine;
  readonly availableMinor: bigint;
  /** The advisory line that did not suffice. */
  readonly warning: BudgetLine | null;
  /** The absolute line that a fact went beyond, and by how much. */
  readonly overrun: { readonly lineId: string; readonly amountMinor: bigint } | null;
}

/**
 * Locks the lines, decides by the net consumption of all entries whether the last entry's line and its ancestors
 * suffice, and enters. Entries on other lines only give back (an earlier claim of the same document).
 */
export async function enter(
  change: FundsChange,
  entries: readonly Entry[],
): Promise<Result<Entered, LimitProblem>> {
  const target = entries.at(-1)?.reservation;
  if (target === undefined) throw new Error('At least one entry is expected.');
  const grows =
    consumptionOf(entries.flatMap((entry) => entry.movements)) > 0n || entries.length > 1;
  if (grows && change.mode === 'COMMAND') {
    const status = await holdPeriodStatus(
      change.tx,
      fiscalPeriodIdOn(target.companyCode, change.on),
    );
    if (status !== 'OPEN') return refused(periodClosed(target.companyCode, change.on, status));
  }
  const lines = await lockPaths(
    change.tx,
    entries.map((entry) => entry.reservation.budgetLineId),
  );
  const path = pathOf(lines, target.budgetLineId);
  const decided = decideEntries(lines, path, entries);
  if (decided.decision === 'INSUFFICIENT' && change.mode === 'COMMAND') {
    const { limiting } = decided;
    return refused(
      insufficientFunds(
        limiting.id,
        availableOf(limiting),
        money(decided.consumptionMinor, limiting.currency),
      ),
    );
  }
  await postEntries(
    change.tx,
    entries.flatMap((entry) => postingsOf(change, entry)),
    {
      at: change.clock.now(),
      mayOverrun: change.mode === 'FACT',
    },
  );
  return accepted(enteredOf(path, decided));
}

interface Decided {
  readonly decision: ReturnType<typeof decideFunds>['decision'];
  /** The line that refuses or warns; otherwise the entry's own. */
  readonly limiting: BudgetLine;
  /** How much more of the target's path is consumed, beyond what earlier entries gave back to it. */
  readonly consumptionMinor: bigint;
  readonly ownMinor: bigint;
}

function decideEntries(
  lines: ReadonlyMap<string, BudgetLine>,
  path: readonly BudgetLine[],
  entries: readonly Entry[],
): Decided {
  const own = path[0];
  const last = entries.at(-1);
  if (own === undefined || last === undefined)
    throw new Error('A reservation names a line that does not exist.');
  const consumptionMinor = consumptionOf(last.movements);
  const given = entries.slice(0, -1);
  // What an earlier claim gives back to a line of this path is there to be taken again.
  const restored = path.map((line) => ({
    ...line,
    availableMinor: given.reduce((available, entry) => {
      const reaches = lines.get(entry.reservation.budgetLineId)?.path.includes(line.id) === true;
      return reaches ? available - consumptionOf(entry.movements) : available;
    }, line.availableMinor),
  }));
  const { decision, limiting } =
    consumptionMinor > 0n
      ? decideFunds(restored, consumptionMinor)
      : { decision: 'SUFFICIENT' as const, limiting: null };
  const ownMinor = (restored[0]?.availableMinor ?? 0n) - consumptionMinor;
  return { decision, limiting: limiting ?? own, consumptionMinor, ownMinor };
}

function enteredOf(path: readonly BudgetLine[], decided: Decided): Entered {
  const [line] = path;
  if (line === undefined) throw new Error('A reservation names a line that does not exist.');
  const { decision, limiting, consumptionMinor } = decided;
  const beyondMinor = consumptionMinor - limiting.availableMinor - limiting.toleranceMinor;
  return {
    line,
    availableMinor: decided.ownMinor,
    warning: decision === 'ADVISORY_OVERRUN' ? limiting : null,
    overrun: decision === 'INSUFFICIENT' ? { lineId: limiting.id, amountMinor: beyondMinor } : null,
  };
}

function postingsOf(change: FundsChange, entry: Entry): Posting[] {
  const { reservation } = entry;
  return entry.movements.map((movement) => ({
    ...movement,
    budgetLineId: reservation.budgetLineId,
    reservationId: reservation.id,
    document: entry.document,
    on: change.on,
    rate: entry.rate,
    reason: null,
    actorId: change.cause.actorId,
    causeId: change.cause.causationId,
    correlationId: reservation.correlationId,
  }));
}

/** The line and its ancestors, nearest first. */
function pathOf(lines: ReadonlyMap<string, BudgetLine>, lineId: string): BudgetLine[] {
  const own = lines.get(lineId);
  return (own?.path ?? []).flatMap((id) => {
    const line = lines.get(id);
    return line === undefined ? [] : [line];
  });
}

type ReservationFact = Parameters<typeof reservationEvent>[1];

/** Tells of a changed reservation, and of an overrun when there was one. */
export async function announce(
  change: FundsChange,
  type: ReservationFact,
  told: { reservation: FundsReservation; entered: Entered },
): Promise<void> {
  const { reservation, entered } = told;
  const fact = { cause: change.cause, reservation, availableMinor: entered.availableMinor };
  const events: DomainEvent[] = [reservationEvent(change.clock, type, fact)];
  if (entered.overrun !== null) {
    events.push(
      overrunEvent(change.clock, {
        ...fact,
        overrunLineId: entered.overrun.lineId,
        overrunMinor: entered.overrun.amountMinor,
      }),
    );
  }
  await appendEvents(change.tx, events);
}

/** Enters one outcome on an existing reservation, writes it back and tells of it. */
export async function applyOutcome(
  change: FundsChange,
  type: ReservationFact,
  outcome: {
    reservation: FundsReservation;
    movements: readonly Movement[];
    document?: EntryDocument;
    rate?: ExchangeRate | null;
  },
): Promise<Result<FundsReservation, LimitProblem>> {
  const { reservation } = outcome;
  const entered = await enter(change, [
    {
      reservation,
      movements: outcome.movements,
      document: outcome.document ?? documentOf(reservation),
      rate: outcome.rate === undefined ? reservation.rate : outcome.rate,
    },
  ]);
  if (!entered.ok) return entered;
  const kept = warned(reservation, entered.value);
  await updateReservation(change.tx, kept);
  await announce(change, type, { reservation: kept, entered: entered.value });
  return accepted(kept);
}

export function documentOf(reservation: FundsReservation): EntryDocument {
  return {
    type: reservation.documentType,
    id: reservation.documentId,
    number: reservation.documentNumber,
    currency: reservation.documentAmount.currency,
  };
}

/** The reservation with the warning that its last change met, if any. */
export function warned(reservation: FundsReservation, entered: Entered): FundsReservation {
  if (entered.warning === null) return reservation;
  return {
    ...reservation,
    warning: { budgetLineId: entered.warning.id, availableMinor: entered.warning.availableMinor },
  };
}
