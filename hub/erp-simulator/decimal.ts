/** Decimal strings of the wire, computed exactly on bigint units; no amount ever becomes a float. */

const decimalPattern = /^(-?)(\d{1,15})(?:\.(\d{1,9}))?$/;

export type Decimal = { readonly units: bigint; readonly scale: number };

/** Reads `-?digits[.digits]`, at most 15 digits before and 9 behind the point. */
export function parseDecimal(text: string): Decimal | undefined {
  const match = decimalPattern.exec(text);
  if (match === null) return undefined;
  const [, sign = '', whole = '0', fraction = ''] = match;
  const magnitude = BigInt(whole + fraction);
  return { units: sign === '-' ? -magnitude : magnitude, scale: fraction.length };
}

/** The decimal in units of the given scale, or undefined when it has more decimals than the scale can hold. */
export function unitsAtScale(text: string, scale: number): bigint | undefined {
  const decimal = parseDecimal(text);
  if (decimal === undefined) return undefined;
  if (decimal.scale <= scale) return decimal.units * 10n ** BigInt(scale - decimal.scale);
  const divisor = 10n ** BigInt(decimal.scale - scale);
  return decimal.units % divisor === 0n ? decimal.units / divisor : undefined;
}

export function formatUnits(units: bigint, scale: number): string {
  const sign = units < 0n ? '-' : '';
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0');
  if (scale === 0) return sign + digits;
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** quantity × price ÷ price quantity, rounded half away from zero to the scale of the currency. */
export function lineAmountUnits(
  line: { quantity: Decimal; price: Decimal; priceQuantity: Decimal },
  scale: number,
): bigint {
  const { quantity, price, priceQuantity } = line;
  const numerator =
    quantity.units * price.units * 10n ** BigInt(priceQuantity.scale) * 10n ** BigInt(scale);
  const denominator = priceQuantity.units * 10n ** BigInt(quantity.scale + price.scale);
  return divideHalfAwayFromZero(numerator, denominator);
}

function divideHalfAwayFromZero(numerator: bigint, denominator: bigint): bigint {
  const negative = numerator < 0n !== denominator < 0n;
  const dividend = numerator < 0n ? -numerator : numerator;
  const divisor = denominator < 0n ? -denominator : denominator;
  const rounded = (dividend * 2n + divisor) / (divisor * 2n);
  return negative ? -rounded : rounded;
}
