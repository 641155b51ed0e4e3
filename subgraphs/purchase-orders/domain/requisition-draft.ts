import { compareDecimals, decimalOf, formatDecimal, signOf } from '#kernel/decimal.ts';
import { isCurrency } from '#kernel/money.ts';
import { accepted, invalidInput, refused } from '#kernel/problem.ts';
import { netAmountOf, totalOf, unitOf } from './document-line.ts';
import type { Decimal } from '#kernel/decimal.ts';
import type { FieldError, InvalidInput, Result } from '#kernel/problem.ts';
import type { DocumentLine, QuantityInput } from './document-line.ts';

/** A line as it is asked for. Absent prices' quantities are 1, absent tolerances 0, an absent category is the document's. */
export interface LineInput {
  readonly description: string;
  readonly category?: string | null | undefined;
  readonly quantity: QuantityInput;
  readonly unitPrice: Decimal;
  readonly currency?: string | null | undefined;
  readonly priceQuantity?: Decimal | null | undefined;
  readonly overDeliveryPercent?: Decimal | null | undefined;
  readonly underDeliveryPercent?: Decimal | null | undefined;
  readonly neededBy?: string | null | undefined;
}

/** A requisition's content as it is asked for. */
export interface DraftInput {
  readonly title: string;
  readonly justification?: string | null | undefined;
  readonly costCentreId: string;
  readonly supplierId: string;
  readonly category: string;
  readonly currency: string;
  readonly neededBy?: string | null | undefined;
  readonly lines: readonly LineInput[];
}

/** What is known of the cost centre and supplier that the input names; null when they are not known. */
export interface DraftFacts {
  readonly costCentre: { readonly companyCode: string; readonly status: string } | null;
  readonly supplierIsKnown: boolean;
  /** Ids for the lines, one each. */
  readonly newId: () => string;
}

/** Content that keeps every rule. */
export interface RequisitionDraft {
  readonly title: string;
  readonly justification: string | null;
  readonly companyCode: string;
  readonly costCentreId: string;
  readonly supplierId: string;
  readonly category: string;
  readonly currency: string;
  readonly neededBy: string | null;
  readonly lines: readonly DocumentLine[];
}

/** More lines are a catalogue upload, not a requisition that somebody reads and approves. */
const LINES_MAX = 500;
const TITLE_LENGTH_MAX = 200;
const TEXT_LENGTH_MAX = 2000;
/** Finest quantity and unit price that SAP and Oracle carry, with reserve. */
const DECIMALS_MAX = 6;
const PERCENT_DECIMALS_MAX = 2;
/** Beyond this a quantity or a price is a slip of the keyboard, and a sum could leave the range of the ledger. */
const FACTOR_MAX = decimalOf('1000000000');
const LINE_AMOUNT_MINOR_MAX = 10_000_000_000_000n;
const PERCENT_MAX = decimalOf('100');
const ONE = decimalOf('1');
const NONE = decimalOf('0');
const UNIT_CODE = /^[A-Z0-9]{2,3}$/;
/** The form that budget lines use. */
const CATEGORY = /^[A-Z0-9][A-Z0-9_.-]{0,39}$/;

/** Funds are reserved and approval is routed by the amount, so there must be one. */
const NOTHING_TO_PAY: FieldError = {
  field: 'lines',
  code: 'ZERO_TOTAL',
  message: 'The lines cost nothing in all; at least one price above zero is expected.',
};

/** Reads the content, or names every field that breaks a rule. */
export function readDraft(
  input: DraftInput,
  facts: DraftFacts,
): Result<RequisitionDraft, InvalidInput> {
  const errors = [
    ...headerErrors(input, facts),
    ...input.lines.flatMap((line, index) => lineErrors(line, index, input)),
  ];
  if (errors.length > 0 || facts.costCentre === null) return refused(invalidInput(errors));
  const lines = input.lines.map((line, index) =>
    readLine(line, index + 1, { input, newId: facts.newId }),
  );
  const oversized = lines
    .filter((line) => line.netAmount.amountMinor > LINE_AMOUNT_MINOR_MAX)
    .map(amountError);
  if (oversized.length > 0) return refused(invalidInput(oversized));
  if (totalOf(lines, input.currency).amountMinor === 0n)
    return refused(invalidInput([NOTHING_TO_PAY]));
  const { costCentreId, supplierId, category, currency } = input;
  return accepted({
    title: input.title.trim(),
    justification: input.justification?.trim() || null,
    companyCode: facts.costCentre.companyCode,
    costCentreId,
    supplierId,
    category,
    currency,
    neededBy: input.neededBy ?? null,
    lines,
  });
}

function headerErrors(input: DraftInput, facts: DraftFacts): FieldError[] {
  const errors: FieldError[] = [];
  const flaw = flawList(errors);
  const lineCount = input.lines.length;
  flaw(
    badText(input.title, TITLE_LENGTH_MAX),
    'title',
    'BAD_TEXT',
    `A text of 1 to ${TITLE_LENGTH_MAX} characters is expected.`,
  );
  flaw(
    (input.justification ?? '').length > TEXT_LENGTH_MAX,
    'justification',
    'TEXT_TOO_LONG',
    `At most ${TEXT_LENGTH_MAX} characters are kept.`,
  );
  flaw(
    facts.costCentre === null,
    'costCentreId',
    'UNKNOWN_COST_CENTRE',
    `No cost centre "${input.costCentreId}" is known; give an id such as "DE01-4100".`,
  );
  const closed = facts.costCentre !== null && facts.costCentre.status !== 'ACTIVE';
  flaw(
    closed,
    'costCentreId',
    'CLOSED_COST_CENTRE',
    `The cost centre "${input.costCentreId}" is not active; choose another.`,
  );
  flaw(
    !facts.supplierIsKnown,
    'supplierId',
    'UNKNOWN_SUPPLIER',
    `No supplier with id "${input.supplierId}" is known; create it first, or check the id.`,
  );
  flaw(
    !CATEGORY.test(input.category),
    'category',
    'BAD_CATEGORY',
    'A category of capital letters, digits, "_", "." and "-" is expected, such as "IT_HARDWARE".',
  );
  flaw(
    !isCurrency(input.currency),
    'currency',
    'UNKNOWN_CURRENCY',
    `"${input.currency.slice(0, 10)}" is not an ISO 4217 currency such as "EUR".`,
  );
  flaw(lineCount === 0, 'lines', 'EMPTY_LINES', 'At least one line is expected.');
  flaw(
    lineCount > LINES_MAX,
    'lines',
    'TOO_MANY_LINES',
    `At most ${LINES_MAX} lines are accepted, not ${lineCount}; split the requisition.`,
  );
  return errors;
}

function lineErrors(line: LineInput, index: number, input: DraftInput): FieldError[] {
  if (index >= LINES_MAX) return [];
  const errors: FieldError[] = [];
  const flaw = flawList(errors);
  const at = (field: string): string => `lines.${index}.${field}`;
  flaw(
    badText(line.description, TEXT_LENGTH_MAX),
    at('description'),
    'BAD_TEXT',
    `A text of 1 to ${TEXT_LENGTH_MAX} characters is expected.`,
  );
  flaw(
    !CATEGORY.test(line.category ?? input.category),
    at('category'),
    'BAD_CATEGORY',
    'A category such as "IT_HARDWARE" is expected.',
  );
  flaw(
    !UNIT_CODE.test(unitOf(line.quantity)),
    at('quantity.unitCode'),
    'UNKNOWN_UNIT',
    'A unit code of UN/ECE Recommendation 20 is expected, such as "C62".',
  );
  flaw(
    (line.currency ?? input.currency) !== input.currency,
    at('currency'),
    'CURRENCY_DIFFERS',
    `All lines are in the requisition's currency ${input.currency.slice(0, 10)}; make another requisition for ${line.currency?.slice(0, 10)}.`,
  );
  errors.push(
    ...positiveErrors(line.quantity.value, at('quantity.value'), 'QUANTITY'),
    ...positiveErrors(line.priceQuantity ?? ONE, at('priceQuantity'), 'PRICE_QUANTITY'),
    ...factorErrors(line.unitPrice, at('unitPrice'), 'UNIT_PRICE'),
    ...percentErrors(line.overDeliveryPercent ?? NONE, at('overDeliveryPercent')),
    ...percentErrors(line.underDeliveryPercent ?? NONE, at('underDeliveryPercent')),
  );
  return errors;
}

function readLine(
  line: LineInput,
  lineNumber: number,
  context: { input: DraftInput; newId: () => string },
): DocumentLine {
  const { input } = context;
  const priced = {
    quantity: line.quantity.value,
    unitPrice: line.unitPrice,
    priceQuantity: line.priceQuantity ?? ONE,
  };
  return {
    id: context.newId(),
    lineNumber,
    description: line.description.trim(),
    category: line.category ?? input.category,
    ...priced,
    unitCode: unitOf(line.quantity),
    netAmount: netAmountOf(priced, input.currency),
    overDeliveryPercent: line.overDeliveryPercent ?? NONE,
    underDeliveryPercent: line.underDeliveryPercent ?? NONE,
    neededBy: line.neededBy ?? input.neededBy ?? null,
  };
}

/** Rules of a quantity: greater than zero, not absurd, not finer than kept. Also used for changes and receipts. */
export function positiveErrors(value: Decimal, field: string, name: string): FieldError[] {
  if (signOf(value) > 0) return factorErrors(value, field, name);
  const code = signOf(value) < 0 ? `NEGATIVE_${name}` : `ZERO_${name}`;
  return [{ field, code, message: `More than zero is expected, not ${formatDecimal(value)}.` }];
}

/** Rules of a factor that may be zero, such as a price. */
export function factorErrors(value: Decimal, field: string, name: string): FieldError[] {
  const errors: FieldError[] = [];
  const flaw = flawList(errors);
  flaw(
    signOf(value) < 0,
    field,
    `NEGATIVE_${name}`,
    `Zero or more is expected, not ${formatDecimal(value)}.`,
  );
  flaw(
    compareDecimals(value, FACTOR_MAX) > 0,
    field,
    `${name}_TOO_LARGE`,
    `At most ${formatDecimal(FACTOR_MAX)} is accepted.`,
  );
  flaw(
    decimalsOf(value) > DECIMALS_MAX,
    field,
    'TOO_MANY_DECIMALS',
    `At most ${DECIMALS_MAX} decimals are kept; use a price quantity for finer prices.`,
  );
  return errors;
}

function percentErrors(value: Decimal, field: string): FieldError[] {
  const isOutside = signOf(value) < 0 || compareDecimals(value, PERCENT_MAX) > 0;
  if (!isOutside && decimalsOf(value) <= PERCENT_DECIMALS_MAX) return [];
  return [
    {
      field,
      code: 'BAD_PERCENT',
      message: `0 to 100 percent with at most ${PERCENT_DECIMALS_MAX} decimals is expected, not ${formatDecimal(value)}.`,
    },
  ];
}

function amountError(line: DocumentLine): FieldError {
  const field = `lines.${line.lineNumber - 1}`;
  return {
    field,
    code: 'AMOUNT_TOO_LARGE',
    message: 'The net amount of the line is too large; check quantity and price.',
  };
}

/** Decimals that count: trailing zeros do not. */
function decimalsOf(value: Decimal): number {
  return formatDecimal(value).split('.')[1]?.length ?? 0;
}

function badText(text: string, lengthMax: number): boolean {
  const { length } = text.trim();
  return length === 0 || length > lengthMax;
}

function flawList(errors: FieldError[]) {
  return (isFlaw: boolean, field: string, code: string, message: string): void => {
    if (isFlaw) errors.push({ field, code, message });
  };
}
