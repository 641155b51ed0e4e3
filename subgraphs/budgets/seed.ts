import { insertBudgetLines } from './store/budget-line.ts';
import { insertCompanies, insertCostCentres } from './store/cost-centre.ts';
import { insertExchangeRates } from './store/exchange-rate.ts';
import { insertFiscalPeriods } from './store/fiscal-period.ts';
import { postEntries } from './store/ledger.ts';
import type { Database } from '#kernel/database.ts';
import type { BudgetLine } from './domain/budget-line.ts';
import type { CostCentre } from './domain/cost-centre.ts';
import type { FiscalPeriod } from './domain/fiscal-period.ts';
import type { NewExchangeRate } from './store/exchange-rate.ts';

/** An organisation with its budgets. Lines carry their first budget in `initialMinor`; the other balances are zero. */
export interface BudgetSeed {
  readonly companies: readonly { readonly code: string; readonly currency: string }[];
  readonly costCentres: readonly CostCentre[];
  readonly fiscalPeriods: readonly FiscalPeriod[];
  readonly exchangeRates: readonly NewExchangeRate[];
  /** New ones only, with `path` as `createBudgetLine` makes it. */
  readonly budgetLines: readonly BudgetLine[];
}

/** Writes it all in one transaction, one statement per kind of thing; no events, because nobody listens before the start. */
export async function seedBudgets(database: Database, seed: BudgetSeed, at: Date): Promise<void> {
  await database.transaction(async (tx) => {
    await insertCompanies(tx, seed.companies);
    await insertCostCentres(tx, seed.costCentres);
    await insertFiscalPeriods(tx, seed.fiscalPeriods);
    await insertExchangeRates(tx, seed.exchangeRates);
    await insertBudgetLines(tx, seed.budgetLines);
    await postEntries(tx, seed.budgetLines.map(initialPosting), { at, mayOverrun: false });
  });
}

const SEEDER = 'demo-seeder';

function initialPosting(line: BudgetLine) {
  return {
    budgetLineId: line.id,
    reservationId: null,
    kind: 'INITIAL',
    bucket: 'INITIAL',
    amountMinor: line.initialMinor,
    document: null,
    on: `${line.fiscalYear}-01-01`,
    rate: null,
    reason: null,
    actorId: SEEDER,
    causeId: SEEDER,
    correlationId: line.id,
  } as const;
}
