import { PURCHASING, TODAY } from './budget-world.ts';
import type { BudgetWorld } from './budget-world.ts';

/** The fields beyond the common ones that a problem has. */
const PROBLEM_FIELDS: Readonly<Record<string, string>> = {
  InsufficientFunds: 'available { amount currency } requested { amount currency } budgetLineId',
  PeriodClosed: 'fiscalPeriodId periodStatus',
  ExchangeRateMissing: 'fromCurrency toCurrency on',
  NotFound: 'entity id',
  InvalidInput: 'fields { field code }',
  IdempotencyKeyReused: 'idempotencyKey',
  IllegalTransition: 'state event legalEvents',
  VersionConflict: 'currentVersion',
};

export function answerWith(problems: readonly string[], success: string): string {
  const fragments = problems.map(
    (name) => `... on ${name}Problem { ${PROBLEM_FIELDS[name] ?? ''} }`,
  );
  return `{ __typename ... on Problem { code message correlationId retryable } ${fragments.join(' ')} ${success} }`;
}

export const COMMON = ['InvalidInput', 'IdempotencyKeyReused'];
export const FUNDS = [
  ...COMMON,
  'InsufficientFunds',
  'PeriodClosed',
  'ExchangeRateMissing',
  'NotFound',
  'IllegalTransition',
];
export const RESERVATION = `... on FundsReservation {
  id status stage version documentId documentAmount { amount currency }
  amount { amount currency } open { amount } actual { amount }
  exchangeRate { rateType rate rateDate } warning { code message budgetLineId available { amount } } convertedFrom { id documentType }
  budgetLine { id available { amount } } costCentre { id } on
}`;

export const mutation = (name: string, problems: readonly string[], success: string): string => {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
  return `mutation ($input: ${type}!) { answer: ${name}(input: $input) ${answerWith(problems, success)} }`;
};
export const RESERVE = mutation('reserveFunds', FUNDS, RESERVATION);
export const ADJUST = mutation('adjustReservation', FUNDS, RESERVATION);
export const CONVERT = mutation('convertFunds', FUNDS, RESERVATION);
export const LIQUIDATE = mutation('liquidateFunds', FUNDS, RESERVATION);
export const RELEASE = mutation('releaseFunds', FUNDS, RESERVATION);
export const CHECK = `query ($input: CheckFundsInput!) { answer: checkFunds(input: $input) ${answerWith(
  ['PeriodClosed', 'ExchangeRateMissing', 'NotFound', 'InvalidInput'],
  `
  ... on FundsCheck { decision available { amount currency } requested { amount currency } budgetLine { id } }`,
)} }`;

let counter = 0;
export const next = (name: string): string => `${name}-${(counter += 1)}`;
export const euro = (amount: string) => ({ amount, currency: 'EUR' });

export function wish(costCentreId: string, change: Record<string, unknown> = {}) {
  return {
    idempotencyKey: next('key'),
    documentType: 'REQUISITION',
    documentId: next('requisition'),
    documentNumber: 'REQ-DE01-000001',
    correlationId: 'thread-1',
    costCentreId,
    category: 'IT',
    amount: euro('10.00'),
    on: TODAY,
    ...change,
  };
}

/** Asks one question of `world`; its errors are failures. */
export function createAsk(world: () => BudgetWorld) {
  return async (query: string, input: Record<string, unknown>, viewer = PURCHASING) => {
    const { data, errors } = await world().run(viewer, query, { input });
    if (errors.length > 0) throw new Error(JSON.stringify(errors));
    return data.answer;
  };
}
