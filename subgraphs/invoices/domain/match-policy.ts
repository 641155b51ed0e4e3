import {
  addDecimals,
  compareDecimals,
  multiplyDecimals,
  signOf,
  subtractDecimals,
} from '#kernel/decimal.ts';
import type { Decimal } from '#kernel/decimal.ts';

/** How far a figure may go beyond another. Both bounds hold where both are given; null is no bound of that kind. */
export interface Tolerance {
  readonly percent: Decimal | null;
  /** In the figure's own unit: an amount in major units of the document's currency, or a quantity. */
  readonly absolute: Decimal | null;
}

/** What one company accepts without asking; amounts are major units of the document's currency. */
export interface MatchPolicy {
  readonly companyCode: string;
  readonly category: string;
  /** Three-way compares with receipts, too. */
  readonly level: 'TWO_WAY' | 'THREE_WAY';
  readonly priceUpper: Tolerance;
  readonly priceLower: Tolerance;
  readonly quantityUpper: Tolerance;
  /** Differences up to this are rounding. */
  readonly negligibleAmount: Decimal;
  /** Net amount up to which an invoice needs no order. */
  readonly unorderedAmount: Decimal;
  /** Charges on the document, such as freight, up to which nobody asks. */
  readonly unplannedCharges: Decimal;
  readonly taxDifference: Decimal;
  /** Gross amount above which finance operations look; null: none. */
  readonly amountLimit: Decimal | null;
  readonly version: number;
}

/** How far `actual` lies above `base` where that breaches the tolerance; null where it does not. */
export function breach(base: Decimal, actual: Decimal, tolerance: Tolerance): Decimal | null {
  const excess = subtractDecimals(actual, base);
  if (signOf(excess) <= 0) return null;
  const { percent, absolute } = tolerance;
  const overPercent = percent !== null && compareDecimals(excess, percentOf(base, percent)) > 0;
  const overAbsolute = absolute !== null && compareDecimals(excess, absolute) > 0;
  return overPercent || overAbsolute ? excess : null;
}

/** The highest figure that does not breach the tolerance; null where there is no bound. */
export function highest(base: Decimal, tolerance: Tolerance): Decimal | null {
  const { percent, absolute } = tolerance;
  const bounds = [
    percent === null ? null : addDecimals(base, percentOf(base, percent)),
    absolute === null ? null : addDecimals(base, absolute),
  ];
  return bounds
    .filter((bound) => bound !== null)
    .reduce<Decimal | null>(
      (lowest, bound) => (lowest === null || compareDecimals(bound, lowest) < 0 ? bound : lowest),
      null,
    );
}

function percentOf(base: Decimal, percent: Decimal): Decimal {
  const share = multiplyDecimals(base, percent);
  const exact = { units: share.units, scale: share.scale + 2 };
  return exact.units < 0n ? { units: -exact.units, scale: exact.scale } : exact;
}
