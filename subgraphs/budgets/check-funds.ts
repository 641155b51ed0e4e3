import { accepted, notFound, refused } from '#kernel/problem.ts';
import { within } from '#kernel/identity.ts';
import { availableOf, decideFunds } from './domain/budget-line.ts';
import { inCurrency } from './domain/exchange-rate.ts';
import { fiscalPeriodIdOn, fiscalYearOf, periodClosed } from './domain/fiscal-period.ts';
import { lineName } from './reserve-funds.ts';
import { fundingPath } from './store/budget-line.ts';
import { exchangeRateOn } from './store/exchange-rate.ts';
import { fiscalPeriodsByIds } from './store/fiscal-period.ts';
import type { Sql } from '#kernel/database.ts';
import type { ReadScope } from '#kernel/identity.ts';
import type { Money } from '#kernel/money.ts';
import type { NotFound, Result } from '#kernel/problem.ts';
import type { BudgetLine, FundsDecision } from './domain/budget-line.ts';
import type { ExchangeRateMissing } from './domain/exchange-rate.ts';
import type { PeriodClosed } from './domain/fiscal-period.ts';

/** What reserving would come to; `line` is the one that refuses or warns, otherwise the cost centre's own. */
export interface FundsCheck {
  readonly decision: FundsDecision;
  readonly line: BudgetLine;
  readonly available: Money;
  readonly requested: Money;
}

export interface FundsQuestion {
  readonly costCentreId: string;
  readonly category: string;
  readonly amount: Money;
  readonly on: string;
}

export type FundsCheckProblem = NotFound | PeriodClosed | ExchangeRateMissing;

/** Would there be funds? Reads only, without locks; the answer of `reserveFunds` is the one that counts. */
export async function checkFunds(
  sql: Sql,
  scope: ReadScope,
  question: FundsQuestion,
): Promise<Result<FundsCheck, FundsCheckProblem>> {
  const path = await fundingPath(sql, { ...question, fiscalYear: fiscalYearOf(question.on) });
  const [own] = path;
  if (own === undefined || !within(scope, own))
    return refused(notFound('budget line', lineName(question)));
  const [period] = await fiscalPeriodsByIds(sql, scope, [
    fiscalPeriodIdOn(own.companyCode, question.on),
  ]);
  if (period?.status !== 'OPEN')
    return refused(periodClosed(own.companyCode, question.on, period?.status ?? null));
  const rate = await exchangeRateOn(sql, question.amount.currency, own.currency, question.on);
  const requested = inCurrency(question.amount, own.currency, { rate, on: question.on });
  if (!requested.ok) return requested;
  const { decision, limiting } = decideFunds(path, requested.value.amountMinor);
  const line = limiting ?? own;
  return accepted({ decision, line, available: availableOf(line), requested: requested.value });
}
