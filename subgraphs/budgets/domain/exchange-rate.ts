import { decimalOf } from '#kernel/decimal.ts';
import { convert } from '#kernel/money.ts';
import { refused, accepted } from '#kernel/problem.ts';
import type { Money } from '#kernel/money.ts';
import type { Problem, Result } from '#kernel/problem.ts';

/** The rate by which an amount was converted; it is named wherever it was used. */
export interface ExchangeRate {
  /** Corporate: the company's own rate of the month, not the market's. */
  readonly rateType: 'CORPORATE';
  /** One unit of the document's currency is worth this many units of the line's, as an exact decimal text. */
  readonly rate: string;
  readonly rateDate: string;
}

export interface ExchangeRateMissing extends Problem<'EXCHANGE_RATE_MISSING'> {
  readonly fromCurrency: string;
  readonly toCurrency: string;
  readonly on: string;
}

export function exchangeRateMissing(
  fromCurrency: string,
  toCurrency: string,
  on: string,
): ExchangeRateMissing {
  return {
    code: 'EXCHANGE_RATE_MISSING',
    message: `There is no corporate rate from ${fromCurrency} to ${toCurrency} on or before ${on}. Record the rate, then repeat the request.`,
    retryable: true,
    fromCurrency,
    toCurrency,
    on,
  };
}

/** The amount in the line's currency: as it is, or by the rate; refused when a rate is needed and there is none. */
export function inCurrency(
  amount: Money,
  currency: string,
  facts: { readonly rate: ExchangeRate | null; readonly on: string },
): Result<Money, ExchangeRateMissing> {
  if (amount.currency === currency) return accepted(amount);
  if (facts.rate === null) return refused(exchangeRateMissing(amount.currency, currency, facts.on));
  return accepted(convert(amount, decimalOf(facts.rate.rate), currency, 'half-up'));
}
