import { formatDecimal } from '#kernel/decimal.ts';
import { isCurrency, parseMoney } from '#kernel/money.ts';
import { accepted, refused } from '#kernel/problem.ts';
import {
  arithmeticViolations,
  documentTax,
  presenceViolations,
  totalsMismatch,
} from './en-16931.ts';
import { documentRules } from './stated-invoice.ts';
import type { Decimal } from '#kernel/decimal.ts';
import type { Problem, Result } from '#kernel/problem.ts';
import type { TotalsMismatch } from './en-16931.ts';
import type {
  DocumentRules,
  InvoiceKind,
  Party,
  RuleViolation,
  StatedAdjustment,
  StatedInvoice,
  StatedLine,
} from './stated-invoice.ts';

/** Decimals as text: prices and quantities have more places than money. */
export interface CapturedLine {
  readonly supplierLineId: string;
  readonly description: string;
  readonly quantity: string;
  readonly unitCode: string;
  readonly unitPrice: string;
  readonly priceQuantity: string;
  readonly netAmountMinor: bigint;
  readonly orderLineReference: string | null;
  readonly taxCategory: string;
  readonly taxPercent: string | null;
}

export interface CapturedTax {
  readonly category: string;
  readonly percent: string | null;
  readonly taxableAmountMinor: bigint;
  readonly taxAmountMinor: bigint;
}

export interface CapturedAdjustment {
  readonly isCharge: boolean;
  readonly amountMinor: bigint;
  readonly reason: string | null;
}

/** An invoice document whose figures have been checked. All amounts are minor units of `currency`. */
export interface CapturedDocument {
  readonly kind: InvoiceKind;
  readonly supplierInvoiceNumber: string;
  readonly issuedOn: string;
  readonly dueOn: string | null;
  /** UNTDID 1001, such as 380. */
  readonly typeCode: string;
  readonly currency: string;
  readonly taxCurrency: string | null;
  readonly seller: Party;
  readonly buyer: Party;
  readonly orderReference: string | null;
  readonly contractReference: string | null;
  readonly precedingInvoices: readonly string[];
  readonly lines: readonly CapturedLine[];
  readonly adjustments: readonly CapturedAdjustment[];
  readonly taxes: readonly CapturedTax[];
  readonly paymentMeans: readonly {
    readonly code: string | null;
    readonly maskedAccount: string | null;
  }[];
  readonly lineNetMinor: bigint;
  readonly allowancesMinor: bigint;
  readonly chargesMinor: bigint;
  /** Without tax. */
  readonly netAmountMinor: bigint;
  readonly taxAmountMinor: bigint;
  /** With tax. */
  readonly grossAmountMinor: bigint;
  readonly prepaidMinor: bigint;
  readonly roundingMinor: bigint;
  /** What is due: gross less prepaid, with the rounding. */
  readonly payableMinor: bigint;
}

export interface UnknownCurrency extends Problem<'UNKNOWN_CURRENCY'> {
  readonly currency: string;
}
export type CaptureProblem = DocumentRules | TotalsMismatch | UnknownCurrency;

/** Believes a document whose statements satisfy the rules, or answers with every rule that it breaks. */
export function captureDocument(stated: StatedInvoice): Result<CapturedDocument, CaptureProblem> {
  if (stated.currency !== null && !isCurrency(stated.currency))
    return refused(unknownCurrency(stated.currency));
  const missing = presenceViolations(stated);
  if (missing.length > 0) return refused(documentRules(missing));
  const wrong = arithmeticViolations(stated);
  if (wrong.length > 0) return refused(totalsMismatch(wrong));
  const amounts = new Amounts(stated.currency ?? '');
  const document = toDocument(stated, amounts);
  return amounts.flaws.length === 0 ? accepted(document) : refused(documentRules(amounts.flaws));
}

function unknownCurrency(currency: string): UnknownCurrency {
  return {
    code: 'UNKNOWN_CURRENCY',
    message: `"${currency.slice(0, 20)}" is no currency of ISO 4217 (BR-CL-04). Nothing was captured; have the supplier state the currency code.`,
    retryable: false,
    currency,
  };
}

/** Turns stated amounts into minor units; what has more decimals than the currency allows is a flaw. */
class Amounts {
  readonly flaws: RuleViolation[] = [];
  readonly #currency: string;
  constructor(currency: string) {
    this.#currency = currency;
  }
  minor(value: Decimal | null, name: string): bigint {
    if (value === null) return 0n;
    const money = parseMoney({ amount: formatDecimal(value), currency: this.#currency });
    if (typeof money !== 'string') return money.amountMinor;
    const reason =
      money === 'TOO_LARGE' ? 'is too large' : `has more decimals than ${this.#currency} has`;
    this.flaws.push({ rule: 'BR-DEC', message: `${name} ${formatDecimal(value)} ${reason}.` });
    return 0n;
  }
}

function toDocument(stated: StatedInvoice, amounts: Amounts): CapturedDocument {
  const { totals } = stated;
  const tax = documentTax(stated);
  return {
    kind: stated.kind,
    supplierInvoiceNumber: stated.number ?? '',
    issuedOn: stated.issuedOn ?? '',
    dueOn: stated.dueOn,
    typeCode: stated.typeCode ?? '',
    currency: stated.currency ?? '',
    taxCurrency: stated.taxCurrency,
    seller: stated.seller,
    buyer: stated.buyer,
    orderReference: stated.orderReference,
    contractReference: stated.contractReference,
    precedingInvoices: stated.precedingInvoices,
    lines: stated.lines.map((line) => toLine(line, amounts)),
    adjustments: stated.adjustments.map((adjustment) => toAdjustment(adjustment, amounts)),
    taxes: (tax?.subtotals ?? []).map((subtotal) => ({
      category: subtotal.category ?? '',
      percent: subtotal.percent === null ? null : formatDecimal(subtotal.percent),
      taxableAmountMinor: amounts.minor(subtotal.taxableAmount, 'the taxable amount'),
      taxAmountMinor: amounts.minor(subtotal.taxAmount, 'the tax amount'),
    })),
    paymentMeans: stated.paymentMeans,
    lineNetMinor: amounts.minor(totals.lineNet, 'the sum of lines'),
    allowancesMinor: amounts.minor(totals.allowances, 'the sum of allowances'),
    chargesMinor: amounts.minor(totals.charges, 'the sum of charges'),
    netAmountMinor: amounts.minor(totals.taxExclusive, 'the total without tax'),
    taxAmountMinor: amounts.minor(tax?.amount ?? null, 'the total tax'),
    grossAmountMinor: amounts.minor(totals.taxInclusive, 'the total with tax'),
    prepaidMinor: amounts.minor(totals.prepaid, 'the prepaid amount'),
    roundingMinor: amounts.minor(totals.rounding, 'the rounding'),
    payableMinor: amounts.minor(totals.payable, 'the amount due'),
  };
}

function toLine(line: StatedLine, amounts: Amounts): CapturedLine {
  return {
    supplierLineId: line.id ?? '',
    description: line.description ?? '',
    quantity: line.quantity === null ? '0' : formatDecimal(line.quantity),
    unitCode: line.unitCode ?? '',
    unitPrice: line.unitPrice === null ? '0' : formatDecimal(line.unitPrice),
    // A price quantity of zero is a price for nothing; one is what its absence means.
    priceQuantity:
      line.priceQuantity === null || line.priceQuantity.units === 0n
        ? '1'
        : formatDecimal(line.priceQuantity),
    netAmountMinor: amounts.minor(line.netAmount, 'the net amount of a line'),
    orderLineReference: line.orderLineReference,
    taxCategory: line.taxCategory ?? '',
    taxPercent: line.taxPercent === null ? null : formatDecimal(line.taxPercent),
  };
}

function toAdjustment(adjustment: StatedAdjustment, amounts: Amounts): CapturedAdjustment {
  return {
    isCharge: adjustment.isCharge,
    amountMinor: amounts.minor(
      adjustment.amount,
      adjustment.isCharge ? 'a charge' : 'an allowance',
    ),
    reason: adjustment.reason,
  };
}
