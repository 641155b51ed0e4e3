import { accepted, notFound, refused } from '#kernel/problem.ts';
import { inCurrency } from './domain/exchange-rate.ts';
import { liquidateReservation, reverseLiquidation } from './domain/funds-reservation.ts';
import { applyOutcome } from './funds-change.ts';
import { exchangeRateOn } from './store/exchange-rate.ts';
import {
  insertLiquidation,
  lockLiquidation,
  lockReservation,
  lockReservationById,
  markReversed,
  reservationIdOf,
} from './store/funds-reservation.ts';
import type { Money } from '#kernel/money.ts';
import type { Result } from '#kernel/problem.ts';
import type { ExchangeRate, ExchangeRateMissing } from './domain/exchange-rate.ts';
import type { FundsReservation, Taken } from './domain/funds-reservation.ts';
import type { DocumentReference, FundsCommandProblem } from './funds-command.ts';
import type { FundsChange } from './funds-change.ts';

type Answer = Promise<Result<FundsReservation, FundsCommandProblem>>;

export interface PostedInvoice extends DocumentReference {
  readonly invoiceId: string;
  readonly invoiceNumber: string;
  readonly kind: 'STANDARD' | 'CREDIT_MEMO';
  /** Net, positive, in the invoice's currency. */
  readonly amount: Money;
  /** Nothing more will be invoiced: what remains is released. */
  readonly final: boolean;
}

/**
 * A posted invoice turns encumbrance into actual; a credit memo turns it back. Once per invoice: repeating it answers with
 * the reservation as it is.
 */
export async function liquidateFunds(change: FundsChange, invoice: PostedInvoice): Answer {
  const reservation = await lockReservation(change.tx, invoice.documentType, invoice.documentId);
  if (reservation === null) return refused(notFound('funds reservation', invoice.documentId));
  // Under the reservation's lock nobody else can liquidate for this invoice.
  if ((await lockLiquidation(change.tx, invoice.invoiceId)) !== null) return accepted(reservation);
  const amounts = await amountsOf(change, reservation, invoice.amount);
  if (!amounts.ok) return amounts;
  const { atReservationRateMinor, atPostingRateMinor, rate } = amounts.value;
  const outcome =
    invoice.kind === 'STANDARD'
      ? liquidateReservation(reservation, {
          atReservationRateMinor,
          atPostingRateMinor,
          final: invoice.final,
        })
      : reverseLiquidation(reservation, {
          relievedMinor: atReservationRateMinor,
          actualMinor: atPostingRateMinor,
        });
  if (!outcome.ok) return outcome;
  const applied = await applyOutcome(change, EVENT_OF[invoice.kind], {
    ...outcome.value,
    document: entryDocument(invoice),
    rate,
  });
  if (applied.ok)
    await keepLiquidation(change, invoice, { reservation, taken: outcome.value.taken });
  return applied;
}

const EVENT_OF = {
  STANDARD: 'concord.funds.liquidated.v1',
  CREDIT_MEMO: 'concord.funds.reversed.v1',
} as const;

/** A posted invoice is cancelled: exactly what it took goes back. Null when it took nothing, or gave it back already. */
export async function reverseFunds(
  change: FundsChange,
  invoice: { readonly invoiceId: string; readonly invoiceNumber: string },
): Promise<Result<FundsReservation | null, FundsCommandProblem>> {
  const reservationId = await reservationIdOf(change.tx, invoice.invoiceId);
  const reservation =
    reservationId === null ? null : await lockReservationById(change.tx, reservationId);
  if (reservation === null) return accepted(null);
  const liquidation = await lockLiquidation(change.tx, invoice.invoiceId);
  if (liquidation === null || liquidation.status === 'REVERSED') return accepted(null);
  const outcome = outcomeOfCancelling(reservation, liquidation);
  if (!outcome.ok) return outcome;
  await markReversed(change.tx, invoice.invoiceId);
  const document = entryDocument({ ...invoice, amount: { currency: reservation.currency } });
  return applyOutcome(change, 'concord.funds.reversed.v1', {
    ...outcome.value,
    document,
    rate: null,
  });
}

/** A cancelled credit memo is liquidated again by what it had given back. */
function outcomeOfCancelling(reservation: FundsReservation, taken: Taken) {
  if (taken.actualMinor >= 0n) return reverseLiquidation(reservation, taken);
  const amountMinor = -taken.actualMinor;
  return liquidateReservation(reservation, {
    atReservationRateMinor: amountMinor,
    atPostingRateMinor: amountMinor,
    final: false,
  });
}

interface Amounts {
  readonly atReservationRateMinor: bigint;
  readonly atPostingRateMinor: bigint;
  /** The rate of the posting; null when the invoice is in the line's currency. */
  readonly rate: ExchangeRate | null;
}

/** The invoice in the line's currency, at the rate by which it was reserved and at that of the posting's date. */
async function amountsOf(
  change: FundsChange,
  reservation: FundsReservation,
  amount: Money,
): Promise<Result<Amounts, ExchangeRateMissing>> {
  const rate = await exchangeRateOn(change.tx, amount.currency, reservation.currency, change.on);
  const atPosting = inCurrency(amount, reservation.currency, { rate, on: change.on });
  if (!atPosting.ok) return atPosting;
  const isSameCurrency = amount.currency === reservation.documentAmount.currency;
  const reserved = isSameCurrency
    ? inCurrency(amount, reservation.currency, { rate: reservation.rate, on: change.on })
    : atPosting;
  if (!reserved.ok) return reserved;
  return accepted({
    atReservationRateMinor: reserved.value.amountMinor,
    atPostingRateMinor: atPosting.value.amountMinor,
    rate,
  });
}

function entryDocument(invoice: {
  invoiceId: string;
  invoiceNumber: string;
  amount: { currency: string };
}) {
  return {
    type: 'INVOICE',
    id: invoice.invoiceId,
    number: invoice.invoiceNumber,
    currency: invoice.amount.currency,
  } as const;
}

async function keepLiquidation(
  change: FundsChange,
  invoice: PostedInvoice,
  of: { reservation: FundsReservation; taken: Taken },
): Promise<void> {
  await insertLiquidation(change.tx, {
    invoiceId: invoice.invoiceId,
    invoiceNumber: invoice.invoiceNumber,
    reservationId: of.reservation.id,
    ...of.taken,
    status: 'POSTED',
    version: 1,
  });
}
