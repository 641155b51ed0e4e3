import { isOutage, violatedConstraint } from '#kernel/database.ts';
import { newId } from '#kernel/id.ts';
import { fingerprintOf } from '#kernel/idempotency.ts';
import { decodeJson, encodeJson } from '#kernel/json.ts';
import { currencyExponent, money } from '#kernel/money.ts';
import { appendEvents } from '#kernel/outbox.ts';
import {
  accepted,
  idempotencyKeyReused,
  invalidInput,
  notFound,
  refused,
} from '#kernel/problem.ts';
import { createBatcher } from './batch.ts';
import { insufficientFunds } from './domain/budget-line.ts';
import { companyOf } from './domain/cost-centre.ts';
import { exchangeRateMissing } from './domain/exchange-rate.ts';
import { fiscalYearOf, periodClosed } from './domain/fiscal-period.ts';
import { RESERVATION_LIFECYCLE, STAGE_OF } from './domain/funds-reservation.ts';
import { reservationEvent } from './funds-event.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Database, Transaction } from '#kernel/database.ts';
import type { Command } from '#kernel/idempotency.ts';
import type { Money } from '#kernel/money.ts';
import type { IdempotencyKeyReused, InvalidInput, NotFound, Result } from '#kernel/problem.ts';
import type { InsufficientFunds } from './domain/budget-line.ts';
import type { ExchangeRateMissing } from './domain/exchange-rate.ts';
import type { FiscalPeriodStatus, PeriodClosed } from './domain/fiscal-period.ts';
import type { DocumentType, FundsReservation } from './domain/funds-reservation.ts';
import type { Batcher } from './batch.ts';

/** A parsed wish to reserve; the amount is positive. */
export interface FundsRequest {
  readonly idempotencyKey: string;
  readonly documentType: DocumentType;
  readonly documentId: string;
  readonly documentNumber: string;
  readonly correlationId: string;
  readonly costCentreId: string;
  readonly category: string;
  readonly amount: Money;
  readonly on: string;
  readonly actorId: string;
  readonly traceparent: string | null;
}

export type FundsProblem =
  | InsufficientFunds
  | PeriodClosed
  | ExchangeRateMissing
  | NotFound
  | InvalidInput
  | IdempotencyKeyReused;

/** The batch's answer; ALREADY_RESERVED asks for the slow way, which sets the document's reservation anew. */
export type BatchAnswer = Result<FundsReservation, FundsProblem> | 'ALREADY_RESERVED';

export type ReservationBatcher = Batcher<FundsRequest, BatchAnswer>;

/** Rows of one batch: bounds how long its lines are locked. A hot line answers a batch of this size in milliseconds. */
const BATCH_MAX = 256;
/** Beyond it a caller would wait longer than its deadline; it is told at once that it may come again. */
const QUEUE_MAX = 10_000;

export function createReservationBatcher(options: {
  database: Database;
  clock: Clock;
}): ReservationBatcher {
  return createBatcher({
    runBatch: (requests) => repeatedOnRace(() => reserveBatch(options, requests)),
    isOutage,
    batchMax: BATCH_MAX,
    queueMax: QUEUE_MAX,
  });
}

/**
 * Two processes may reserve for one document at the same moment on different lines; the unique index lets one through.
 * The other decides again and then sees the document's claim.
 */
export async function repeatedOnRace<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    if (violatedConstraint(error) !== 'funds_reservation_current') throw error;
    return work();
  }
}

/** Decides and writes a batch in one transaction: reservations, ledger, balances, answers and events. */
async function reserveBatch(
  options: { database: Database; clock: Clock },
  requests: readonly FundsRequest[],
): Promise<BatchAnswer[]> {
  const at = options.clock.now();
  const rows = requests.map((request, index) => toRow(request, index + 1, options.clock));
  return options.database.transaction(async (tx) => {
    const outcomes = await tx.query<OutcomeRow>('select * from reserve_funds($1::jsonb, $2)', [
      JSON.stringify(rows),
      at,
    ]);
    const reserved = new Map<number, FundsReservation>();
    for (const [index, outcome] of outcomes.entries()) {
      const [request, row] = [requests[index], rows[index]];
      if (outcome.outcome === 'RESERVED' && request !== undefined && row !== undefined) {
        reserved.set(
          outcome.place,
          toReservation(request, { outcome, id: row.reservation_id, at }),
        );
      }
    }
    await storeAnswers(tx, rows, reserved);
    await appendEvents(tx, eventsOf(options.clock, { requests, outcomes, reserved }));
    return outcomes.map((outcome, index) => answerTo(requests[index], outcome, reserved));
  });
}

/** Keys of a command are the caller's own; so is what they are compared by. */
export function reservationCommand(request: FundsRequest): Command {
  const { idempotencyKey, actorId, traceparent: _traceparent, ...input } = request;
  return { caller: actorId, idempotencyKey, operation: 'reserveFunds', input };
}

type RequestRow = ReturnType<typeof toRow>;

function toRow(request: FundsRequest, place: number, clock: Clock) {
  const command = reservationCommand(request);
  return {
    place,
    reservation_id: newId(clock),
    caller: command.caller,
    key: command.idempotencyKey,
    operation: command.operation,
    fingerprint: fingerprintOf(command),
    cost_centre_id: request.costCentreId,
    category: request.category,
    on_date: request.on,
    amount_minor: request.amount.amountMinor.toString(),
    currency: request.amount.currency,
    currency_exponent: currencyExponent(request.amount.currency),
    stage: STAGE_OF[request.documentType],
    document_type: request.documentType,
    document_id: request.documentId,
    document_number: request.documentNumber,
    correlation_id: request.correlationId,
    actor_id: request.actorId,
  };
}

/** What `reserve_funds` answers of one request; the amounts are null where the outcome has none. */
interface OutcomeRow {
  readonly place: number;
  readonly outcome:
    | keyof typeof REFUSALS
    | 'RESERVED'
    | 'REPEATED'
    | 'REPLAYED'
    | 'ALREADY_RESERVED';
  readonly first_place: number | null;
  readonly first_answer: string | null;
  readonly line_id: string | null;
  readonly company_code: string | null;
  readonly currency: string | null;
  readonly amount_minor: bigint | null;
  readonly available_minor: bigint | null;
  readonly limiting_line_id: string | null;
  readonly warning_line_id: string | null;
  readonly warning_available_minor: bigint | null;
  readonly period_status: FiscalPeriodStatus | null;
  readonly rate_type: 'CORPORATE' | null;
  readonly rate: string | null;
  readonly rate_date: string | null;
}

function toReservation(
  request: FundsRequest,
  found: { outcome: OutcomeRow; id: string; at: Date },
): FundsReservation {
  const { outcome } = found;
  const amountMinor = outcome.amount_minor ?? 0n;
  return {
    id: found.id,
    budgetLineId: outcome.line_id ?? '',
    companyCode: outcome.company_code ?? '',
    costCentreId: request.costCentreId,
    documentType: request.documentType,
    documentId: request.documentId,
    documentNumber: request.documentNumber,
    correlationId: request.correlationId,
    stage: STAGE_OF[request.documentType],
    status: RESERVATION_LIFECYCLE.initial,
    currency: outcome.currency ?? request.amount.currency,
    reservedMinor: amountMinor,
    openMinor: amountMinor,
    relievedMinor: 0n,
    actualMinor: 0n,
    documentAmount: request.amount,
    rate:
      outcome.rate_type === null || outcome.rate === null || outcome.rate_date === null
        ? null
        : { rateType: outcome.rate_type, rate: outcome.rate, rateDate: outcome.rate_date },
    warning:
      outcome.warning_line_id === null || outcome.warning_available_minor === null
        ? null
        : {
            budgetLineId: outcome.warning_line_id,
            availableMinor: outcome.warning_available_minor,
          },
    convertedFromId: null,
    on: request.on,
    reservedAt: found.at,
    version: 1,
  };
}

async function storeAnswers(
  tx: Transaction,
  rows: readonly RequestRow[],
  reserved: ReadonlyMap<number, FundsReservation>,
): Promise<void> {
  const answered = rows.filter((row) => reserved.has(row.place));
  if (answered.length === 0) return;
  await tx.query(
    `update idempotency set fingerprint = given.fingerprint, answer = given.answer::jsonb
     from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as given (caller, key, fingerprint, answer)
     where idempotency.caller = given.caller and idempotency.key = given.key`,
    [
      answered.map((row) => row.caller),
      answered.map((row) => row.key),
      answered.map((row) => row.fingerprint),
      answered.map((row) => encodeJson({ value: reserved.get(row.place) })),
    ],
  );
}

function eventsOf(
  clock: Clock,
  batch: {
    requests: readonly FundsRequest[];
    outcomes: readonly OutcomeRow[];
    reserved: ReadonlyMap<number, FundsReservation>;
  },
) {
  return batch.outcomes.flatMap((outcome, index) => {
    const request = batch.requests[index];
    const reservation = batch.reserved.get(outcome.place);
    if (request === undefined || reservation === undefined) return [];
    const cause = { ...request, causationId: request.idempotencyKey };
    return [
      reservationEvent(clock, 'concord.funds.reserved.v1', {
        cause,
        reservation,
        availableMinor: outcome.available_minor ?? 0n,
      }),
    ];
  });
}

function answerTo(
  request: FundsRequest | undefined,
  outcome: OutcomeRow,
  reserved: ReadonlyMap<number, FundsReservation>,
): BatchAnswer {
  if (request === undefined)
    throw new Error(`The batch function answered for place ${outcome.place}, which nobody asked.`);
  if (outcome.outcome === 'ALREADY_RESERVED') return 'ALREADY_RESERVED';
  if (outcome.outcome === 'REPLAYED')
    return accepted((decodeJson(outcome.first_answer ?? '') as { value: FundsReservation }).value);
  const place = outcome.outcome === 'REPEATED' ? outcome.first_place : outcome.place;
  const reservation = reserved.get(place ?? 0);
  if (reservation !== undefined) return accepted(reservation);
  if (outcome.outcome === 'RESERVED' || outcome.outcome === 'REPEATED') {
    throw new Error(
      `The batch function reserved for place ${outcome.place} and named no reservation.`,
    );
  }
  return refused(REFUSALS[outcome.outcome](request, outcome));
}

/** Outcome → problem. */
const REFUSALS = {
  KEY_REUSED: (request: FundsRequest) => idempotencyKeyReused(request.idempotencyKey),
  NO_COST_CENTRE: (request: FundsRequest) => notFound('cost centre', request.costCentreId),
  COST_CENTRE_CLOSED: (request: FundsRequest) => costCentreClosed(request.costCentreId),
  NO_LINE: (request: FundsRequest) => notFound('budget line', lineName(request)),
  PERIOD_CLOSED: (request: FundsRequest, outcome: OutcomeRow) =>
    periodClosed(companyOf(request.costCentreId), request.on, outcome.period_status),
  NO_RATE: (request: FundsRequest, outcome: OutcomeRow) =>
    exchangeRateMissing(request.amount.currency, outcome.currency ?? '', request.on),
  TOO_LARGE: () =>
    invalidInput([
      {
        field: 'amount',
        code: 'TOO_LARGE',
        message: 'Converted to the currency of the line the amount is beyond what a ledger holds.',
      },
    ]),
  INSUFFICIENT: (_request: FundsRequest, outcome: OutcomeRow) => {
    const currency = outcome.currency ?? '';
    return insufficientFunds(
      outcome.limiting_line_id ?? '',
      money(outcome.available_minor ?? 0n, currency),
      money(outcome.amount_minor ?? 0n, currency),
    );
  },
} as const satisfies Readonly<
  Record<string, (request: FundsRequest, outcome: OutcomeRow) => FundsProblem>
>;

/** How a line that does not exist is named: by what was looked for. */
export function lineName(request: { costCentreId: string; category: string; on: string }): string {
  return `${request.costCentreId}/${request.category}/${fiscalYearOf(request.on)}`;
}

export function costCentreClosed(costCentreId: string): InvalidInput {
  return invalidInput([
    {
      field: 'costCentreId',
      code: 'CLOSED',
      message: `Cost centre ${costCentreId} is closed; use an active one.`,
    },
  ]);
}
