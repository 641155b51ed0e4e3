import {
  ZERO,
  addDecimals,
  compareDecimals,
  divideRounded,
  formatDecimal,
  multiplyDecimals,
  powerOfTen,
  signOf,
  subtractDecimals,
} from '#kernel/decimal.ts';
import type { Decimal } from '#kernel/decimal.ts';
import type { Problem } from '#kernel/problem.ts';
import type {
  RuleViolation,
  StatedAdjustment,
  StatedInvoice,
  StatedLine,
  StatedTaxTotal,
} from './stated-invoice.ts';

/** A figure that does not follow from the others of its document. */
export interface TotalsViolation {
  /** The rule of EN 16931, such as `BR-CO-10`. */
  readonly rule: string;
  readonly figure: string;
  /** As the document states it; "nothing" when it is left out. */
  readonly stated: string;
  readonly computed: string;
}

export interface TotalsMismatch extends Problem<'TOTALS_MISMATCH'> {
  readonly violations: readonly TotalsViolation[];
}

/** The document's arithmetic does not hold. */
export function totalsMismatch(violations: readonly TotalsViolation[]): TotalsMismatch {
  const list = violations.map(
    ({ rule, figure, stated, computed }) =>
      `${rule}: ${figure} is stated as ${stated} and adds up to ${computed}.`,
  );
  return {
    code: 'TOTALS_MISMATCH',
    message: `The invoice does not add up. ${list.join(' ')} Nothing was captured; return it to the supplier with the rule ids.`,
    retryable: false,
    violations,
  };
}

/** What a rule found: both figures, or null when it has nothing to object to. */
type ArithmeticRule = (invoice: StatedInvoice) => Omit<TotalsViolation, 'rule'> | null;

/** The arithmetic of EN 16931, one row per rule; the normative text is ConnectingEurope/eInvoicing-EN16931. */
export const ARITHMETIC_RULES: Readonly<Record<string, ArithmeticRule>> = {
  'BR-CO-10': ({ totals, lines }) =>
    mismatch(
      'the sum of line net amounts',
      totals.lineNet,
      sumOf(lines.map((line) => line.netAmount)),
    ),
  'BR-CO-11': ({ totals, adjustments }) =>
    adjusted('the sum of allowances', totals.allowances, adjustments, false),
  'BR-CO-12': ({ totals, adjustments }) =>
    adjusted('the sum of charges', totals.charges, adjustments, true),
  'BR-CO-13': ({ totals }) =>
    mismatch(
      'the total without tax',
      totals.taxExclusive,
      rounded(
        addDecimals(
          subtractDecimals(totals.lineNet ?? ZERO, totals.allowances ?? ZERO),
          totals.charges ?? ZERO,
        ),
      ),
    ),
  'BR-CO-14': (invoice) => {
    const total = documentTax(invoice);
    if (total === null || total.subtotals.length === 0) return null;
    return mismatch(
      'the total tax',
      total.amount,
      rounded(sumOf(total.subtotals.map((subtotal) => subtotal.taxAmount))),
    );
  },
  'BR-CO-15': (invoice) => {
    // A second total in the document's own currency counts too: then nothing can add up.
    const tax = sumOf(ownTaxTotals(invoice).map((total) => total.amount));
    return mismatch(
      'the total with tax',
      invoice.totals.taxInclusive,
      rounded(addDecimals(invoice.totals.taxExclusive ?? ZERO, tax)),
    );
  },
  'BR-CO-16': ({ totals }) =>
    mismatch(
      'the amount due',
      totals.payable,
      rounded(
        addDecimals(
          subtractDecimals(totals.taxInclusive ?? ZERO, totals.prepaid ?? ZERO),
          totals.rounding ?? ZERO,
        ),
      ),
    ),
  'BR-CO-17': (invoice) => {
    for (const subtotal of documentTax(invoice)?.subtotals ?? []) {
      if (subtotal.taxAmount === null) continue;
      const computed = taxOf(subtotal.taxableAmount ?? ZERO, subtotal.percent ?? ZERO);
      const difference = magnitude(
        subtractDecimals(magnitude(subtotal.taxAmount), magnitude(computed)),
      );
      if (compareDecimals(difference, TAX_TOLERANCE) >= 0) {
        return {
          figure: `the tax of category ${subtotal.category ?? '?'}`,
          stated: text(subtotal.taxAmount),
          computed: text(computed),
        };
      }
    }
    return null;
  },
};

/** The official rule allows less than one whole unit, for invoices whose tax was rounded line by line. */
const TAX_TOLERANCE: Decimal = { units: 1n, scale: 0 };
/** BR-DEC: totals have two decimals at the most, and sums are rounded to them before they are compared. */
const TOTAL_SCALE = 2;

/** Every arithmetic rule that the document breaks. */
export function arithmeticViolations(invoice: StatedInvoice): TotalsViolation[] {
  return Object.entries(ARITHMETIC_RULES).flatMap(([rule, check]) => {
    const found = check(invoice);
    return found === null ? [] : [{ rule, ...found }];
  });
}

/** What a rule misses, by its id; the predicate says when it is satisfied. */
const PRESENCE_RULES: readonly {
  readonly rule: string;
  readonly message: string;
  readonly holds: (invoice: StatedInvoice) => boolean;
}[] = [
  {
    rule: 'BR-02',
    message: 'the invoice number is missing.',
    holds: (invoice) => invoice.number !== null,
  },
  {
    rule: 'BR-03',
    message: 'the issue date is missing.',
    holds: (invoice) => invoice.issuedOn !== null,
  },
  {
    rule: 'BR-04',
    message: 'the type code is missing.',
    holds: (invoice) => invoice.typeCode !== null,
  },
  {
    rule: 'BR-05',
    message: 'the currency code is missing.',
    holds: (invoice) => invoice.currency !== null,
  },
  {
    rule: 'BR-06',
    message: "the seller's name is missing.",
    holds: ({ seller }) => (seller.legalName ?? seller.tradingName) !== null,
  },
  {
    rule: 'BR-12',
    message: 'the sum of line net amounts is missing.',
    holds: ({ totals }) => totals.lineNet !== null,
  },
  {
    rule: 'BR-13',
    message: 'the total without tax is missing.',
    holds: ({ totals }) => totals.taxExclusive !== null,
  },
  {
    rule: 'BR-14',
    message: 'the total with tax is missing.',
    holds: ({ totals }) => totals.taxInclusive !== null,
  },
  {
    rule: 'BR-15',
    message: 'the amount due for payment is missing.',
    holds: ({ totals }) => totals.payable !== null,
  },
  { rule: 'BR-16', message: 'there is no invoice line.', holds: ({ lines }) => lines.length > 0 },
  { rule: 'BR-21', message: 'a line has no id.', holds: everyLine((line) => line.id !== null) },
  {
    rule: 'BR-22',
    message: 'a line has no quantity.',
    holds: everyLine((line) => line.quantity !== null),
  },
  {
    rule: 'BR-23',
    message: 'a quantity has no unit code.',
    holds: everyLine((line) => line.unitCode !== null),
  },
  {
    rule: 'BR-24',
    message: 'a line has no net amount.',
    holds: everyLine((line) => line.netAmount !== null),
  },
  {
    rule: 'BR-25',
    message: 'a line has no item name.',
    holds: everyLine((line) => line.description !== null),
  },
  {
    rule: 'BR-26',
    message: 'a line has no net price.',
    holds: everyLine((line) => line.unitPrice !== null),
  },
  {
    rule: 'BR-27',
    message: 'a net price is negative.',
    holds: everyLine((line) => line.unitPrice === null || signOf(line.unitPrice) >= 0),
  },
  {
    rule: 'BR-CO-04',
    message: 'a line has no tax category.',
    holds: everyLine((line) => line.taxCategory !== null),
  },
  {
    rule: 'BR-CO-18',
    message: 'there is no tax breakdown.',
    holds: (invoice) => (documentTax(invoice)?.subtotals.length ?? 0) > 0,
  },
  {
    rule: 'BR-CO-25',
    message: 'there is an amount due, but neither a due date nor payment terms.',
    holds: (invoice) =>
      invoice.kind === 'CREDIT_MEMO' ||
      signOf(invoice.totals.payable ?? ZERO) <= 0 ||
      invoice.dueOn !== null ||
      invoice.hasPaymentTerms,
  },
  {
    rule: 'PEPPOL-EN16931-R051',
    message: 'amounts are in another currency than the invoice.',
    holds: (invoice) => invoice.amountCurrencies.every((currency) => currency === invoice.currency),
  },
];

/** Every rule on what must be said that the document breaks. */
export function presenceViolations(invoice: StatedInvoice): RuleViolation[] {
  return PRESENCE_RULES.filter(({ holds }) => !holds(invoice)).map(({ rule, message }) => ({
    rule,
    message,
  }));
}

/** The tax total in the invoice's own currency; the other one, if any, is for the tax authority. */
export function documentTax(invoice: StatedInvoice): StatedTaxTotal | null {
  return ownTaxTotals(invoice)[0] ?? null;
}

function ownTaxTotals(invoice: StatedInvoice): StatedTaxTotal[] {
  return invoice.taxTotals.filter(
    (total) => total.currency === null || total.currency === invoice.currency,
  );
}

/** Tax on a base, rounded half up to two decimals. */
export function taxOf(base: Decimal, percent: Decimal): Decimal {
  return rounded(multiplyDecimals(base, { units: percent.units, scale: percent.scale + 2 }));
}

export function sumOf(values: readonly (Decimal | null)[]): Decimal {
  return values.reduce<Decimal>((sum, value) => addDecimals(sum, value ?? ZERO), ZERO);
}

export function rounded(value: Decimal, scale = TOTAL_SCALE): Decimal {
  if (value.scale <= scale) return value;
  return { units: divideRounded(value.units, powerOfTen(value.scale - scale), 'half-up'), scale };
}

export function magnitude(value: Decimal): Decimal {
  return value.units < 0n ? { units: -value.units, scale: value.scale } : value;
}

function everyLine(holds: (line: StatedLine) => boolean): (invoice: StatedInvoice) => boolean {
  return (invoice) => invoice.lines.every(holds);
}

function mismatch(
  figure: string,
  stated: Decimal | null,
  computed: Decimal,
): Omit<TotalsViolation, 'rule'> | null {
  if (stated !== null && compareDecimals(stated, computed) === 0) return null;
  return { figure, stated: stated === null ? 'nothing' : text(stated), computed: text(computed) };
}

function adjusted(
  figure: string,
  stated: Decimal | null,
  adjustments: readonly StatedAdjustment[],
  isCharge: boolean,
): Omit<TotalsViolation, 'rule'> | null {
  const own = adjustments.filter((adjustment) => adjustment.isCharge === isCharge);
  if (stated === null && own.length === 0) return null;
  return mismatch(figure, stated, rounded(sumOf(own.map((adjustment) => adjustment.amount))));
}

function text(value: Decimal): string {
  return formatDecimal(value, TOTAL_SCALE);
}
