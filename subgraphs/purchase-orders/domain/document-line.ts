import { formatDecimal } from '#kernel/decimal.ts';
import { extend, sum } from '#kernel/money.ts';
import type { Decimal } from '#kernel/decimal.ts';
import type { Money } from '#kernel/money.ts';

/** How much of something, in a unit of UN/ECE Recommendation 20. */
export interface Quantity {
  readonly value: Decimal;
  readonly unitCode: string;
}

/** A quantity as it is asked for; without a unit it counts pieces. */
export interface QuantityInput {
  readonly value: Decimal;
  readonly unitCode?: string;
}

/** One piece: the unit of a quantity that names none. */
const PIECE = 'C62';

export function unitOf(quantity: QuantityInput): string {
  return quantity.unitCode ?? PIECE;
}

/** What is wanted, how much of it, and at what price: the same on a requisition and on the order made from it. */
export interface DocumentLine {
  readonly id: string;
  /** Counts from 1 in the order of input; never used twice in a document. */
  readonly lineNumber: number;
  readonly description: string;
  readonly category: string;
  /** Greater than zero. */
  readonly quantity: Decimal;
  /** UN/ECE Recommendation 20. */
  readonly unitCode: string;
  /** Price of `priceQuantity` units; may have more decimals than the currency. */
  readonly unitPrice: Decimal;
  /** The price is for this many units (SAP's NetPriceQuantity). */
  readonly priceQuantity: Decimal;
  /** quantity × unitPrice / priceQuantity, rounded half up once. */
  readonly netAmount: Money;
  /** How far above the ordered quantity may be received, in percent. */
  readonly overDeliveryPercent: Decimal;
  /** How far below the ordered quantity counts as complete, in percent. */
  readonly underDeliveryPercent: Decimal;
  readonly neededBy: string | null;
}

/** The net amount of a line; commercial rounding, as EN 16931 expects of the invoice that will be matched with it. */
export function netAmountOf(
  line: Pick<DocumentLine, 'quantity' | 'unitPrice' | 'priceQuantity'>,
  currency: string,
): Money {
  const { quantity, unitPrice, priceQuantity } = line;
  return extend({ quantity, unitPrice, priceQuantity, currency, rounding: 'half-up' });
}

export function totalOf(
  lines: readonly Pick<DocumentLine, 'netAmount'>[],
  currency: string,
): Money {
  return sum(
    lines.map((line) => line.netAmount),
    currency,
  );
}

/** What an approver decides on, of one line: the part of the document hash that the line gives. */
export function hashedLine(line: DocumentLine): Record<string, string | number | null> {
  return {
    lineNumber: line.lineNumber,
    description: line.description,
    category: line.category,
    quantity: formatDecimal(line.quantity),
    unitCode: line.unitCode,
    unitPrice: formatDecimal(line.unitPrice),
    priceQuantity: formatDecimal(line.priceQuantity),
    netAmountMinor: line.netAmount.amountMinor.toString(),
    overDeliveryPercent: formatDecimal(line.overDeliveryPercent),
    underDeliveryPercent: formatDecimal(line.underDeliveryPercent),
    neededBy: line.neededBy,
  };
}
