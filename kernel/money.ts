import currencyCodes from 'currency-codes';
import { decimalOf, divideRounded, formatDecimal, parseDecimal, powerOfTen } from './decimal.ts';
import type { Decimal, Rounding } from './decimal.ts';

/** An amount in the smallest unit of its currency (ISO 4217 exponent: EUR 2, JPY 0, KWD 3, CLF 4). */
export interface Money {
  readonly amountMinor: bigint;
  /** ISO 4217 alphabetic code. */
  readonly currency: string;
}

/** Money as it travels: `{ amount: "1234.50", currency: "EUR" }`, with exactly the currency's decimals. */
export interface WireMoney {
  readonly amount: string;
  readonly currency: string;
}

/** Why a text is not money. */
export type MoneyFlaw = 'UNKNOWN_CURRENCY' | 'NOT_A_DECIMAL' | 'TOO_MANY_DECIMALS' | 'TOO_LARGE';

/** Largest amount in minor units: it must fit PostgreSQL's bigint with room to be summed a thousand times. */
const AMOUNT_MINOR_MAX = 9_000_000_000_000_000n;

/** ISO 4217 gives these no minor unit ("N.A."): precious metals, funds codes and testing. They are not money here. */
const WITHOUT_MINOR_UNIT = new Set([
  'XAU',
  'XAG',
  'XPT',
  'XPD',
  'XDR',
  'XSU',
  'XUA',
  'XTS',
  'XXX',
  'XBA',
  'XBB',
  'XBC',
  'XBD',
]);

/** Decimal places of a currency, or null when ISO 4217 does not know it as money. */
export function currencyExponent(currency: string): number | null {
  if (WITHOUT_MINOR_UNIT.has(currency)) return null;
  return currencyCodes.code(currency)?.digits ?? null;
}

export function isCurrency(code: string): boolean {
  return /^[A-Z]{3}$/.test(code) && currencyExponent(code) !== null;
}

export function money(amountMinor: bigint, currency: string): Money {
  return { amountMinor, currency };
}

/** Reads money from the border; the flaw says why not. Trailing zeros beyond the currency's decimals are accepted. */
export function parseMoney(wire: WireMoney): Money | MoneyFlaw {
  const exponent = isCurrency(wire.currency) ? currencyExponent(wire.currency) : null;
  if (exponent === null) return 'UNKNOWN_CURRENCY';
  const value = parseDecimal(wire.amount);
  if (value === null) return 'NOT_A_DECIMAL';
  const numerator = value.units * powerOfTen(exponent);
  if (numerator % powerOfTen(value.scale) !== 0n) return 'TOO_MANY_DECIMALS';
  const amountMinor = numerator / powerOfTen(value.scale);
  if (amountMinor > AMOUNT_MINOR_MAX || amountMinor < -AMOUNT_MINOR_MAX) return 'TOO_LARGE';
  return { amountMinor, currency: wire.currency };
}

/** Reads money that is known to be valid (events, constants, seeds). */
export function moneyOf(amount: string, currency: string): Money {
  const value = parseMoney({ amount, currency });
  if (typeof value === 'string') throw new Error(`"${amount} ${currency}" is not money: ${value}.`);
  return value;
}

/** Money as it travels. */
export function toWire(value: Money): WireMoney {
  return { amount: formatAmount(value), currency: value.currency };
}

/** The amount alone, with exactly the currency's decimals. */
export function formatAmount(value: Money): string {
  const exponent = exponentOf(value.currency);
  return formatDecimal({ units: value.amountMinor, scale: exponent }, exponent);
}

export function zero(currency: string): Money {
  return { amountMinor: 0n, currency };
}

export function add(left: Money, right: Money): Money {
  return {
    amountMinor: left.amountMinor + sameCurrency(left, right).amountMinor,
    currency: left.currency,
  };
}

export function subtract(left: Money, right: Money): Money {
  return {
    amountMinor: left.amountMinor - sameCurrency(left, right).amountMinor,
    currency: left.currency,
  };
}

export function negate(value: Money): Money {
  return { amountMinor: -value.amountMinor, currency: value.currency };
}

export function absolute(value: Money): Money {
  return value.amountMinor < 0n ? negate(value) : value;
}

export function compare(left: Money, right: Money): -1 | 0 | 1 {
  const other = sameCurrency(left, right).amountMinor;
  return left.amountMinor < other ? -1 : left.amountMinor > other ? 1 : 0;
}

/** The sum of a list, which may be empty: hence the currency. */
export function sum(values: readonly Money[], currency: string): Money {
  return values.reduce(add, zero(currency));
}

/** What a quantity costs: quantity × unit price / price quantity, rounded once, at the end. */
export function extend(price: {
  readonly quantity: Decimal;
  readonly unitPrice: Decimal;
  /** The price is for this many units (SAP's NetPriceQuantity); usually 1. */
  readonly priceQuantity: Decimal;
  readonly currency: string;
  readonly rounding: Rounding;
}): Money {
  const numerator =
    price.quantity.units *
    price.unitPrice.units *
    powerOfTen(exponentOf(price.currency)) *
    powerOfTen(price.priceQuantity.scale);
  const denominator =
    price.priceQuantity.units * powerOfTen(price.quantity.scale + price.unitPrice.scale);
  return {
    amountMinor: divideRounded(numerator, denominator, price.rounding),
    currency: price.currency,
  };
}

/** `value × factor`, rounded as named: percentages and shares. */
export function multiply(value: Money, factor: Decimal, rounding: Rounding): Money {
  return {
    amountMinor: divideRounded(
      value.amountMinor * factor.units,
      powerOfTen(factor.scale),
      rounding,
    ),
    currency: value.currency,
  };
}

/** The same worth in another currency: one unit of `value`'s currency is worth `rate` units of `currency`. */
export function convert(value: Money, rate: Decimal, currency: string, rounding: Rounding): Money {
  const numerator = value.amountMinor * rate.units * powerOfTen(exponentOf(currency));
  const denominator = powerOfTen(rate.scale + exponentOf(value.currency));
  return { amountMinor: divideRounded(numerator, denominator, rounding), currency };
}

/**
 * Splits without losing or inventing a minor unit (largest remainder, ties to the earlier share).
 * Weights are non-negative and not all zero.
 */
export function allocate(value: Money, weights: readonly bigint[]): Money[] {
  const total = weights.reduce((sumOfWeights, weight) => sumOfWeights + weight, 0n);
  if (total <= 0n || weights.some((weight) => weight < 0n)) {
    throw new Error(
      `Weights that are not negative and not all zero are expected, not [${weights.join(', ')}].`,
    );
  }
  const magnitude = value.amountMinor < 0n ? -value.amountMinor : value.amountMinor;
  const sign = value.amountMinor < 0n ? -1n : 1n;
  const floors = weights.map((weight) => (magnitude * weight) / total);
  const left = magnitude - floors.reduce((sumOfFloors, share) => sumOfFloors + share, 0n);
  const byRemainder = weights
    .map((weight, index) => ({ index, remainder: (magnitude * weight) % total }))
    .sort((a, b) =>
      a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1,
    );
  const extra = new Set(byRemainder.slice(0, Number(left)).map((entry) => entry.index));
  return floors.map((share, index) =>
    money(sign * (share + (extra.has(index) ? 1n : 0n)), value.currency),
  );
}

/** An amount as an exact decimal, for ratios and rates. */
export function toDecimal(value: Money): Decimal {
  return decimalOf(formatAmount(value));
}

function exponentOf(currency: string): number {
  const exponent = currencyExponent(currency);
  if (exponent === null)
    throw new Error(`"${currency}" is not an ISO 4217 currency with a minor unit.`);
  return exponent;
}

function sameCurrency(left: Money, right: Money): Money {
  if (left.currency !== right.currency) {
    throw new Error(
      `Amounts of one currency are expected, not ${left.currency} and ${right.currency}. Convert first.`,
    );
  }
  return right;
}
