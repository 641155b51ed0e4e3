import { money, toWire } from '#kernel/money.ts';
import { accepted, invalidInput, refused } from '#kernel/problem.ts';
import type { Money, WireMoney } from '#kernel/money.ts';
import type { FieldError, InvalidInput, Problem, Result } from '#kernel/problem.ts';
import type { CostCentre } from './cost-centre.ts';

/** What happens when a line does not suffice: nothing is checked, a warning is given, or it is refused. */
export type ControlLevel = 'NONE' | 'ADVISORY' | 'ABSOLUTE';

/** The parts that a line's balance consists of; each is the sum of its ledger entries. */
export type Bucket = 'INITIAL' | 'ADJUSTMENT' | 'PRE_ENCUMBRANCE' | 'ENCUMBRANCE' | 'ACTUAL';

/** The budget of one cost centre for one category and fiscal year. Amounts are in the company's currency. */
export interface BudgetLine {
  readonly id: string;
  readonly companyCode: string;
  readonly costCentreId: string;
  /** A spend category, or `*` for all categories that have no line of their own. */
  readonly category: string;
  readonly fiscalYear: number;
  readonly currency: string;
  readonly parentLineId: string | null;
  /** The line itself, then its ancestors, nearest first. What consumes the line consumes all of them. */
  readonly path: readonly string[];
  readonly controlLevel: ControlLevel;
  readonly toleranceMinor: bigint;
  readonly initialMinor: bigint;
  readonly adjustmentsMinor: bigint;
  readonly preEncumbrancesMinor: bigint;
  readonly encumbrancesMinor: bigint;
  readonly actualsMinor: bigint;
  /** How far facts that could not be refused any more went beyond an absolute limit. */
  readonly overrunMinor: bigint;
  /** initial + adjustments − pre-encumbrances − encumbrances − actuals. */
  readonly availableMinor: bigint;
  readonly version: number;
}

export type FundsDecision = 'SUFFICIENT' | 'INSUFFICIENT' | 'ADVISORY_OVERRUN' | 'NOT_CONTROLLED';

/** What decides about one line. */
export type ControlledLine = Pick<
  BudgetLine,
  'id' | 'controlLevel' | 'toleranceMinor' | 'availableMinor'
>;

/**
 * May `amountMinor` more be taken from the line at the head of the path? Every controlled ancestor has a say (I1).
 * `limiting` is the nearest absolute line that refuses, else the nearest advisory one that warns. The SQL function
 * `reserve_funds` decides by the same rule; a property test holds the two together.
 */
export function decideFunds<Line extends ControlledLine>(
  path: readonly Line[],
  amountMinor: bigint,
): { readonly decision: FundsDecision; readonly limiting: Line | null } {
  const short = path.filter((line) => line.availableMinor + line.toleranceMinor < amountMinor);
  const refusing = short.find((line) => line.controlLevel === 'ABSOLUTE');
  if (refusing !== undefined) return { decision: 'INSUFFICIENT', limiting: refusing };
  const warning = short.find((line) => line.controlLevel === 'ADVISORY');
  if (warning !== undefined) return { decision: 'ADVISORY_OVERRUN', limiting: warning };
  const controlled = path.some((line) => line.controlLevel !== 'NONE');
  return { decision: controlled ? 'SUFFICIENT' : 'NOT_CONTROLLED', limiting: null };
}

export interface InsufficientFunds extends Problem<'INSUFFICIENT_FUNDS'> {
  readonly available: WireMoney;
  readonly requested: WireMoney;
  readonly budgetLineId: string;
}

/** The line that limits does not have `requested`; both amounts are in its currency. */
export function insufficientFunds(
  budgetLineId: string,
  available: Money,
  requested: Money,
): InsufficientFunds {
  const [has, wants] = [toWire(available), toWire(requested)];
  return {
    code: 'INSUFFICIENT_FUNDS',
    message: `Budget line ${budgetLineId} has ${has.amount} ${has.currency} available; ${wants.amount} ${wants.currency} is needed. Ask for less, use another cost centre, or ask finance operations for a supplement or a transfer.`,
    retryable: true,
    available: has,
    requested: wants,
    budgetLineId,
  };
}

export interface NewBudgetLine {
  readonly costCentreId: string;
  readonly category: string;
  readonly fiscalYear: number;
  readonly initial: Money;
  readonly controlLevel: ControlLevel;
  readonly tolerance: Money;
  readonly parentLineId: string | null;
}

/** A line and its ancestors: a few levels of an organisation, and a bound on what one reservation locks. */
const PATH_LENGTH_MAX = 8;
const CATEGORY = /^(\*|[A-Z0-9][A-Z0-9_.-]{0,39})$/;
const FISCAL_YEARS = { min: 2000, max: 2100 } as const;

/** A new line with empty balances; its initial amount is then posted to the ledger. */
export function createBudgetLine(
  id: string,
  input: NewBudgetLine,
  facts: {
    readonly costCentre: CostCentre;
    readonly companyCurrency: string;
    readonly parent: BudgetLine | null;
    readonly existing: BudgetLine | null;
  },
): Result<BudgetLine, InvalidInput> {
  const fields = [...newLineErrors(input, facts), ...parentErrors(input, facts)];
  if (fields.length > 0) return refused(invalidInput(fields));
  return accepted({
    id,
    companyCode: facts.costCentre.companyCode,
    costCentreId: input.costCentreId,
    category: input.category,
    fiscalYear: input.fiscalYear,
    currency: facts.companyCurrency,
    parentLineId: input.parentLineId,
    path: [id, ...(facts.parent?.path ?? [])],
    controlLevel: input.controlLevel,
    toleranceMinor: input.tolerance.amountMinor,
    ...EMPTY_BALANCES,
    version: 1,
  });
}

const EMPTY_BALANCES = {
  initialMinor: 0n,
  adjustmentsMinor: 0n,
  preEncumbrancesMinor: 0n,
  encumbrancesMinor: 0n,
  actualsMinor: 0n,
  overrunMinor: 0n,
  availableMinor: 0n,
} as const;

function newLineErrors(
  input: NewBudgetLine,
  facts: { costCentre: CostCentre; companyCurrency: string; existing: BudgetLine | null },
): FieldError[] {
  const fields: FieldError[] = [];
  if (facts.costCentre.status !== 'ACTIVE') {
    fields.push({
      field: 'costCentreId',
      code: 'CLOSED',
      message: `Cost centre ${input.costCentreId} is closed; an active one is expected.`,
    });
  }
  if (!CATEGORY.test(input.category)) {
    fields.push({
      field: 'category',
      code: 'BAD_CATEGORY',
      message: 'Capital letters, digits, "_", "." and "-" are expected, or "*" for all others.',
    });
  }
  if (input.fiscalYear < FISCAL_YEARS.min || input.fiscalYear > FISCAL_YEARS.max) {
    fields.push({
      field: 'fiscalYear',
      code: 'OUT_OF_RANGE',
      message: `A year from ${FISCAL_YEARS.min} to ${FISCAL_YEARS.max} is expected.`,
    });
  }
  for (const [field, amount] of [
    ['initial', input.initial],
    ['tolerance', input.tolerance],
  ] as const) {
    if (amount.currency !== facts.companyCurrency) {
      fields.push({
        field,
        code: 'CURRENCY',
        message: `The company's currency ${facts.companyCurrency} is expected, not ${amount.currency}.`,
      });
    }
    if (amount.amountMinor < 0n)
      fields.push({
        field,
        code: 'NEGATIVE',
        message: 'An amount that is not negative is expected.',
      });
  }
  if (facts.existing !== null) {
    fields.push({
      field: 'category',
      code: 'TAKEN',
      message: `Line ${facts.existing.id} exists for this cost centre, category and year; adjust it instead.`,
    });
  }
  return fields;
}

function parentErrors(
  input: NewBudgetLine,
  facts: { costCentre: CostCentre; parent: BudgetLine | null },
): FieldError[] {
  const { parent } = facts;
  if (input.parentLineId === null) return [];
  if (
    parent === null ||
    parent.companyCode !== facts.costCentre.companyCode ||
    parent.fiscalYear !== input.fiscalYear
  ) {
    return [
      {
        field: 'parentLineId',
        code: 'UNKNOWN_PARENT',
        message: 'A line of the same company and fiscal year is expected.',
      },
    ];
  }
  if (parent.path.length < PATH_LENGTH_MAX) return [];
  return [
    {
      field: 'parentLineId',
      code: 'TOO_DEEP',
      message: `At most ${PATH_LENGTH_MAX} levels of lines are possible.`,
    },
  ];
}

export function availableOf(line: Pick<BudgetLine, 'availableMinor' | 'currency'>): Money {
  return money(line.availableMinor, line.currency);
}
