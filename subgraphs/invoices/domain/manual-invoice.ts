import {
  addDecimals,
  compareDecimals,
  divideRounded,
  formatDecimal,
  powerOfTen,
  signOf,
  subtractDecimals,
} from '#kernel/decimal.ts';
import { currencyExponent } from '#kernel/money.ts';
import { accepted, invalidInput, refused } from '#kernel/problem.ts';
import { rounded, sumOf, taxOf, totalsMismatch } from './en-16931.ts';
import type { Decimal } from '#kernel/decimal.ts';
import type { FieldError, InvalidInput, Result } from '#kernel/problem.ts';
import type { TotalsMismatch } from './en-16931.ts';
import type {
  InvoiceKind,
  StatedAdjustment,
  StatedInvoice,
  StatedLine,
  StatedTaxSubtotal,
} from './stated-invoice.ts';

/** An invoice as a person types it. Quantities, prices and amounts are positive; the kind says which way the money goes. */
export interface ManualInvoice {
  readonly kind: InvoiceKind;
  readonly supplierInvoiceNumber: string;
  readonly issuedOn: string;
  readonly dueOn?: string | null | undefined;
  readonly currency: string;
  readonly sellerName?: string | null | undefined;
  readonly sellerCountryCode?: string | null | undefined;
  readonly sellerTaxNumber?: string | null | undefined;
  readonly orderReference?: string | null | undefined;
  readonly precedingInvoice?: string | null | undefined;
  readonly lines: readonly ManualLine[];
  readonly charges?: Decimal | null | undefined;
  readonly allowances?: Decimal | null | undefined;
  readonly netTotal: Decimal;
  readonly taxTotal: Decimal;
  readonly grossTotal: Decimal;
}

export interface ManualLine {
  readonly description: string;
  readonly quantity: { readonly value: Decimal; readonly unitCode: string };
  readonly unitPrice: Decimal;
  readonly priceQuantity?: Decimal | null | undefined;
  readonly netAmount?: Decimal | null | undefined;
  readonly purchaseOrderLineId?: string | null | undefined;
  readonly taxCategory: string;
  readonly taxPercent: Decimal;
}

/** Lines of one invoice; a longer one comes as a document. */
const LINES_MAX = 1000;
const TEXT_MAX = 500;
const UNIT_CODE = /^[A-Z0-9]{1,3}$/;

/** What the typed invoice states, or every field that cannot be. */
export function stateManualInvoice(
  input: ManualInvoice,
): Result<StatedInvoice, InvalidInput | TotalsMismatch> {
  const flaws = [...headerFlaws(input), ...input.lines.flatMap(lineFlaws)];
  if (flaws.length > 0) return refused(invalidInput(flaws));
  const lines = input.lines.map((line, index) => stateLine(line, index, input.currency));
  const wrong = input.lines.flatMap((line, index) =>
    netMismatch(line, lines[index]?.netAmount ?? null, index),
  );
  return wrong.length > 0 ? refused(totalsMismatch(wrong)) : accepted(stateInvoice(input, lines));
}

function headerFlaws(input: ManualInvoice): FieldError[] {
  const flaws: FieldError[] = [];
  const number = input.supplierInvoiceNumber.trim();
  if (number === '' || number.length > TEXT_MAX)
    flaws.push({
      field: 'supplierInvoiceNumber',
      code: 'BAD_LENGTH',
      message: `1 to ${TEXT_MAX} characters are expected.`,
    });
  if (!input.sellerName?.trim())
    flaws.push({
      field: 'sellerName',
      code: 'SELLER_MISSING',
      message: 'Name the supplier by "supplierId", or the seller by "sellerName".',
    });
  if (input.lines.length === 0 || input.lines.length > LINES_MAX)
    flaws.push({
      field: 'lines',
      code: 'BAD_LENGTH',
      message: `1 to ${LINES_MAX} lines are expected, not ${input.lines.length}.`,
    });
  for (const name of ['netTotal', 'taxTotal', 'grossTotal', 'charges', 'allowances'] as const) {
    const value = input[name];
    if (value !== null && value !== undefined && signOf(value) < 0)
      flaws.push({ field: name, code: 'NEGATIVE_AMOUNT', message: negative('amount', value) });
  }
  return flaws;
}

function lineFlaws(line: ManualLine, index: number): FieldError[] {
  const flaws: FieldError[] = [];
  const flaw = (field: string, code: string, message: string) =>
    void flaws.push({ field: `lines.${index}.${field}`, code, message });
  const { value, unitCode } = line.quantity;
  if (signOf(value) < 0) flaw('quantity.value', 'NEGATIVE_QUANTITY', negative('quantity', value));
  if (signOf(value) === 0)
    flaw('quantity.value', 'ZERO_QUANTITY', 'A quantity greater than zero is expected.');
  if (!UNIT_CODE.test(unitCode))
    flaw(
      'quantity.unitCode',
      'UNKNOWN_UNIT',
      'A code of UN/ECE Recommendation 20 is expected, such as "C62" or "KGM".',
    );
  if (signOf(line.unitPrice) < 0)
    flaw('unitPrice', 'NEGATIVE_PRICE', negative('price', line.unitPrice));
  if (line.priceQuantity && signOf(line.priceQuantity) <= 0)
    flaw(
      'priceQuantity',
      'NOT_POSITIVE',
      'A number of units greater than zero is expected, such as 1 or 100.',
    );
  if (line.netAmount && signOf(line.netAmount) < 0)
    flaw('netAmount', 'NEGATIVE_AMOUNT', negative('amount', line.netAmount));
  if (signOf(line.taxPercent) < 0)
    flaw('taxPercent', 'NEGATIVE_AMOUNT', negative('percentage', line.taxPercent));
  if (line.description.trim() === '' || line.description.length > TEXT_MAX)
    flaw('description', 'BAD_LENGTH', `1 to ${TEXT_MAX} characters are expected.`);
  return flaws;
}

function negative(noun: string, value: Decimal): string {
  return `A ${noun} of zero or more is expected, not ${formatDecimal(value)}. To give money back, capture a credit memo.`;
}

function stateLine(line: ManualLine, index: number, currency: string): StatedLine {
  const priceQuantity = line.priceQuantity ?? { units: 1n, scale: 0 };
  return {
    id: String(index + 1),
    description: line.description.trim(),
    quantity: line.quantity.value,
    unitCode: line.quantity.unitCode,
    unitPrice: line.unitPrice,
    priceQuantity,
    netAmount:
      line.netAmount ??
      extended(line.quantity.value, line.unitPrice, priceQuantity, currencyExponent(currency) ?? 2),
    adjustments: [],
    orderLineReference: null,
    taxCategory: line.taxCategory,
    taxPercent: line.taxPercent,
  };
}

function extended(
  quantity: Decimal,
  unitPrice: Decimal,
  priceQuantity: Decimal,
  exponent: number,
): Decimal {
  const numerator = quantity.units * unitPrice.units * powerOfTen(priceQuantity.scale + exponent);
  const denominator = priceQuantity.units * powerOfTen(quantity.scale + unitPrice.scale);
  return { units: divideRounded(numerator, denominator, 'half-up'), scale: exponent };
}

/** A typed net amount may differ from quantity × price by its own rounding only. */
function netMismatch(line: ManualLine, stated: Decimal | null, index: number) {
  if (stated === null) return [];
  const computed = extended(
    line.quantity.value,
    line.unitPrice,
    line.priceQuantity ?? { units: 1n, scale: 0 },
    stated.scale,
  );
  const difference = subtractDecimals(stated, computed);
  const magnitude = difference.units < 0n ? -difference.units : difference.units;
  if (magnitude <= 1n) return [];
  return [
    {
      rule: 'PEPPOL-EN16931-R120',
      figure: `the net amount of line ${index + 1}`,
      stated: formatDecimal(stated, 2),
      computed: formatDecimal(computed, 2),
    },
  ];
}

function stateInvoice(input: ManualInvoice, lines: readonly StatedLine[]): StatedInvoice {
  const adjustments = adjustmentsOf(input);
  return {
    kind: input.kind,
    number: input.supplierInvoiceNumber.trim(),
    issuedOn: input.issuedOn,
    dueOn: input.dueOn ?? null,
    typeCode: input.kind === 'CREDIT_MEMO' ? '381' : '380',
    currency: input.currency,
    taxCurrency: null,
    amountCurrencies: [],
    orderReference: input.orderReference ?? null,
    contractReference: null,
    precedingInvoices: input.precedingInvoice ? [input.precedingInvoice] : [],
    seller: {
      tradingName: null,
      legalName: input.sellerName?.trim() ?? null,
      countryCode: input.sellerCountryCode ?? null,
      taxNumbers: input.sellerTaxNumber ? [input.sellerTaxNumber] : [],
      legalRegistration: null,
      endpoint: null,
    },
    buyer: {
      tradingName: null,
      legalName: null,
      countryCode: null,
      taxNumbers: [],
      legalRegistration: null,
      endpoint: null,
    },
    paymentMeans: [],
    hasPaymentTerms: true,
    lines,
    adjustments,
    taxTotals: [{ currency: null, amount: input.taxTotal, subtotals: taxBreakdown(input, lines) }],
    totals: {
      lineNet: sumOf(lines.map((line) => line.netAmount)),
      allowances: input.allowances ?? null,
      charges: input.charges ?? null,
      taxExclusive: input.netTotal,
      taxInclusive: input.grossTotal,
      prepaid: null,
      rounding: null,
      payable: input.grossTotal,
    },
  };
}

function adjustmentsOf(input: ManualInvoice): StatedAdjustment[] {
  return [
    ...(input.charges ? [{ isCharge: true, amount: input.charges, reason: null }] : []),
    ...(input.allowances ? [{ isCharge: false, amount: input.allowances, reason: null }] : []),
  ];
}

/**
 * The breakdown that the lines imply, one group per category and rate. Adjustments of the document and the supplier's
 * own way of rounding go to the largest group, within what BR-CO-17 tolerates.
 */
function taxBreakdown(input: ManualInvoice, lines: readonly StatedLine[]): StatedTaxSubtotal[] {
  const grouped = Map.groupBy(
    lines,
    (line) =>
      `${line.taxCategory ?? ''} ${line.taxPercent === null ? '' : formatDecimal(line.taxPercent)}`,
  );
  const subtotals = [...grouped.values()].map((group) => {
    const base = sumOf(group.map((line) => line.netAmount));
    const percent = group[0]?.taxPercent ?? { units: 0n, scale: 0 };
    return {
      category: group[0]?.taxCategory ?? null,
      percent,
      taxableAmount: base,
      taxAmount: taxOf(base, percent),
    };
  });
  const largest = subtotals.reduce(
    (best, subtotal, index) =>
      compareDecimals(
        subtotal.taxableAmount,
        subtotals[best]?.taxableAmount ?? subtotal.taxableAmount,
      ) > 0
        ? index
        : best,
    0,
  );
  const adjusted = subtractDecimals(
    input.charges ?? { units: 0n, scale: 0 },
    input.allowances ?? { units: 0n, scale: 0 },
  );
  const moved = subtotals.map((subtotal, index) => {
    if (index !== largest) return subtotal;
    const taxableAmount = addDecimals(subtotal.taxableAmount, adjusted);
    return { ...subtotal, taxableAmount, taxAmount: taxOf(taxableAmount, subtotal.percent) };
  });
  const rest = subtractDecimals(
    input.taxTotal,
    rounded(sumOf(moved.map((subtotal) => subtotal.taxAmount))),
  );
  return moved.map((subtotal, index) =>
    index === largest
      ? { ...subtotal, taxAmount: addDecimals(subtotal.taxAmount, rest) }
      : subtotal,
  );
}
