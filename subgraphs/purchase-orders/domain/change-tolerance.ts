import { decimalOf } from '#kernel/decimal.ts';
import { absolute, compare, moneyOf, multiply, subtract, sum, zero } from '#kernel/money.ts';
import type { Money } from '#kernel/money.ts';
import type { VersionLine } from './order-version.ts';

/**
 * How far an order may move from what was approved before an approver must see it again: the larger of a share
 * and an amount. The share is what finance departments usually grant a buyer; the amount spares approvers the
 * rounding and freight of small orders.
 */
const RE_APPROVAL_TOLERANCE = {
  share: decimalOf('0.05'),
  /** About 500 euro in the currencies of our companies; in any other currency only the share counts, which is stricter. */
  amounts: {
    EUR: '500.00',
    USD: '500.00',
    PLN: '2000.00',
    JPY: '80000',
    GBP: '450.00',
    CHF: '500.00',
  } as Readonly<Record<string, string>>,
} as const;

/** The tolerance of an order whose last approved version had this total. */
export function toleranceOf(approvedTotal: Money): Money {
  const { currency } = approvedTotal;
  const share = multiply(absolute(approvedTotal), RE_APPROVAL_TOLERANCE.share, 'down');
  const amountText = RE_APPROVAL_TOLERANCE.amounts[currency];
  const amount = amountText === undefined ? zero(currency) : moneyOf(amountText, currency);
  return compare(share, amount) >= 0 ? share : amount;
}

/**
 * How far the lines are from those that were approved, each line by itself, so that money cannot be moved from one
 * line to another under an unchanged total, and many small changes add up.
 */
export function cumulativeChange(
  approved: readonly VersionLine[],
  proposed: readonly VersionLine[],
  currency: string,
): Money {
  const before = new Map(approved.map((line) => [line.lineId, line.netAmount]));
  const moves = proposed.map((line) =>
    absolute(subtract(line.netAmount, before.get(line.lineId) ?? zero(currency))),
  );
  return sum(moves, currency);
}

export function exceedsTolerance(change: Money, approvedTotal: Money): boolean {
  return compare(change, toleranceOf(approvedTotal)) > 0;
}
