/** An exact decimal: `units / 10 ** scale`. Used for unit prices, quantities and rates, which may have more decimals than money. */
export interface Decimal {
  readonly units: bigint;
  /** Decimal places, 0 or more. */
  readonly scale: number;
}

/**
 * How a value that does not fit is rounded. `half-up` rounds ties away from zero (commercial
 * rounding, as EN 16931 expects), `half-even` to the even neighbour (banker's rounding), `up` away
 * from zero, `down` towards zero.
 */
export type Rounding = 'half-up' | 'half-even' | 'up' | 'down';

/** Longest text read as a decimal: no price, quantity or rate needs more, and a bigint of a megabyte would stall the process. */
const DECIMAL_TEXT_MAX = 40;
const DECIMAL_PATTERN = /^([+-]?)(\d+)(?:\.(\d+))?$/;

/** Reads plain decimal notation (`-12.50`), without exponent or thousands separators; null when it is anything else. */
export function parseDecimal(text: string): Decimal | null {
  if (text.length > DECIMAL_TEXT_MAX) return null;
  const match = DECIMAL_PATTERN.exec(text.trim());
  if (match === null) return null;
  const [, sign = '', whole = '', fraction = ''] = match;
  const units = BigInt(whole + fraction);
  return { units: sign === '-' ? -units : units, scale: fraction.length };
}

/** Reads a decimal that is known to be one (a database column, a constant). */
export function decimalOf(text: string): Decimal {
  const value = parseDecimal(text);
  if (value === null)
    throw new Error(
      `A decimal such as "12.50" is expected, not "${text.slice(0, DECIMAL_TEXT_MAX)}".`,
    );
  return value;
}

/** Plain notation, with at least `minimumScale` decimals and no superfluous zeros beyond it. */
export function formatDecimal(value: Decimal, minimumScale = 0): string {
  const negative = value.units < 0n;
  const digits = (negative ? -value.units : value.units).toString().padStart(value.scale + 1, '0');
  const whole = digits.slice(0, digits.length - value.scale);
  let fraction = digits.slice(digits.length - value.scale);
  while (fraction.length > minimumScale && fraction.endsWith('0')) fraction = fraction.slice(0, -1);
  fraction = fraction.padEnd(minimumScale, '0');
  return `${negative ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

export function compareDecimals(left: Decimal, right: Decimal): -1 | 0 | 1 {
  const [a, b] = aligned(left, right);
  return a < b ? -1 : a > b ? 1 : 0;
}

export function addDecimals(left: Decimal, right: Decimal): Decimal {
  const [a, b] = aligned(left, right);
  return { units: a + b, scale: Math.max(left.scale, right.scale) };
}

export function subtractDecimals(left: Decimal, right: Decimal): Decimal {
  return addDecimals(left, { units: -right.units, scale: right.scale });
}

export function multiplyDecimals(left: Decimal, right: Decimal): Decimal {
  return { units: left.units * right.units, scale: left.scale + right.scale };
}

export const ZERO: Decimal = { units: 0n, scale: 0 };

export function signOf(value: Decimal): -1 | 0 | 1 {
  return value.units < 0n ? -1 : value.units > 0n ? 1 : 0;
}

/** Ten to the power of a non-negative whole number. */
export function powerOfTen(exponent: number): bigint {
  return 10n ** BigInt(exponent);
}

/** `numerator / denominator` as a whole number, rounded as named. The denominator must not be zero. */
export function divideRounded(numerator: bigint, denominator: bigint, rounding: Rounding): bigint {
  if (denominator === 0n)
    throw new Error('A division by zero was asked for; check the price quantity or the rate.');
  const negative = numerator < 0n !== denominator < 0n;
  const n = numerator < 0n ? -numerator : numerator;
  const d = denominator < 0n ? -denominator : denominator;
  const quotient = n / d;
  const magnitude = quotient + (roundsAway(quotient, (n % d) * 2n, d, rounding) ? 1n : 0n);
  return negative ? -magnitude : magnitude;
}

function roundsAway(
  quotient: bigint,
  twiceRemainder: bigint,
  divisor: bigint,
  rounding: Rounding,
): boolean {
  if (twiceRemainder === 0n) return false;
  switch (rounding) {
    case 'up':
      return true;
    case 'down':
      return false;
    case 'half-up':
      return twiceRemainder >= divisor;
    case 'half-even':
      return twiceRemainder > divisor || (twiceRemainder === divisor && quotient % 2n === 1n);
  }
}

function aligned(left: Decimal, right: Decimal): [bigint, bigint] {
  const scale = Math.max(left.scale, right.scale);
  return [
    left.units * powerOfTen(scale - left.scale),
    right.units * powerOfTen(scale - right.scale),
  ];
}
