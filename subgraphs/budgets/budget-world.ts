import { graphql } from 'graphql';
import { instantOf, shifted } from '#kernel/clock.ts';
import { moneyOf } from '#kernel/money.ts';
import { buildSchema, readSubgraphSdl } from '#kernel/subgraph.ts';
import { createTestDatabase } from '../../tests/support/test-database.ts';
import { createContextFactory } from './context.ts';
import { createBudgetLine } from './domain/budget-line.ts';
import { fiscalPeriodOf } from './domain/fiscal-period.ts';
import { MIGRATIONS, SCHEMA_FILE } from './main.ts';
import { createReservationBatcher } from './reserve-funds.ts';
import { resolvers } from './resolvers.ts';
import { seedBudgets } from './seed.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Database } from '#kernel/database.ts';
import type { Viewer } from '#kernel/identity.ts';
import type { TestDatabase } from '../../tests/support/test-database.ts';
import type { BudgetLine, ControlLevel } from './domain/budget-line.ts';
import type { CostCentre } from './domain/cost-centre.ts';

/** The budgets room over a database of its own, for the tests of this room. */
export interface BudgetWorld extends AsyncDisposable {
  readonly test: TestDatabase;
  readonly database: Database;
  readonly clock: Clock;
  /** Adds a line (and its cost centre); amounts in the company's currency. */
  addLine(line: NewLine): Promise<BudgetLine>;
  /** Runs an operation as the viewer and returns its answer; `statements` counts what reached the database. */
  run(viewer: Viewer, query: string, variables?: Record<string, unknown>): Promise<Answer>;
}

export interface Answer {
  // Tests read whatever they asked for.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly data: any;
  readonly errors: readonly { readonly message: string; readonly code: unknown }[];
  readonly statements: number;
}

export interface NewLine {
  readonly costCentreId: string;
  readonly category?: string;
  readonly initial: string;
  readonly controlLevel?: ControlLevel;
  readonly tolerance?: string;
  readonly parent?: BudgetLine;
}

/** The day of the tests: its month is open in all companies, the month before it is closed. */
export const TODAY = '2026-11-23';
export const LAST_MONTH = '2026-10-15';

const COMPANIES = [
  { code: 'DE01', currency: 'EUR' },
  { code: 'US01', currency: 'USD' },
  { code: 'JP01', currency: 'JPY' },
] as const;

export function viewerOf(
  role: string,
  scope: Partial<Pick<Viewer, 'companies' | 'costCentres'>> = {},
): Viewer {
  return {
    id: role,
    name: role,
    kind: 'person',
    roles: [role],
    companies: ['*'],
    costCentres: ['*'],
    ...scope,
  };
}

/** The service that reserves. */
export const PURCHASING: Viewer = {
  ...viewerOf('purchase-orders-service'),
  id: 'purchase-orders',
  kind: 'service',
};
export const FINANCE = viewerOf('finance-operations');

export async function createBudgetWorld(): Promise<BudgetWorld> {
  const test = await createTestDatabase();
  const database = counted(await test.open('budgets', MIGRATIONS));
  const clock = tickingClock();
  const at = instantOf(`${TODAY}T08:00:00Z`);
  const seed = (lines: BudgetLine[], costCentres: CostCentre[] = []): Promise<void> =>
    seedBudgets(
      database,
      {
        companies: COMPANIES,
        costCentres,
        fiscalPeriods: PERIODS,
        exchangeRates: RATES,
        budgetLines: lines,
      },
      at,
    );
  await seed([]);
  const reservations = createReservationBatcher({ database, clock });
  const createContext = createContextFactory({ database, clock, reservations });
  const schema = buildSchema(await readSubgraphSdl(SCHEMA_FILE), resolvers);
  return {
    test,
    database,
    clock,
    addLine: async (line) => {
      const [costCentre, created] = newLine(line, clock);
      await seed([created], [costCentre]);
      return created;
    },
    run: async (viewer, query, variables = {}) => {
      const before = database.statements;
      const signal = new AbortController().signal;
      const contextValue = createContext({
        viewer,
        caller: 'test',
        correlationId: 'test-correlation',
        traceparent: null,
        signal,
      });
      const result = await graphql({
        schema,
        source: query,
        variableValues: variables,
        contextValue,
      });
      const errors = (result.errors ?? []).map((error) => ({
        message: error.message,
        code: error.extensions['code'],
      }));
      return { data: result.data, errors, statements: database.statements - before };
    },
    [Symbol.asyncDispose]: () => test[Symbol.asyncDispose](),
  };
}

const PERIODS = COMPANIES.flatMap(({ code }) => [
  { ...fiscalPeriodOf(code, 2026, 10), status: 'CLOSED' as const, version: 3 },
  { ...fiscalPeriodOf(code, 2026, 11), status: 'OPEN' as const, version: 1 },
]);

const RATES = [
  { fromCurrency: 'USD', toCurrency: 'EUR', rateDate: '2026-10-01', rate: '0.90' },
  { fromCurrency: 'USD', toCurrency: 'EUR', rateDate: '2026-11-01', rate: '0.925' },
  { fromCurrency: 'JPY', toCurrency: 'EUR', rateDate: '2026-11-01', rate: '0.0061' },
  { fromCurrency: 'EUR', toCurrency: 'JPY', rateDate: '2026-11-01', rate: '163.25' },
];

let lines = 0;

function newLine(line: NewLine, clock: Clock): [CostCentre, BudgetLine] {
  const [companyCode = '', code = ''] = line.costCentreId.split('-');
  const currency = COMPANIES.find((company) => company.code === companyCode)?.currency ?? 'EUR';
  const costCentre: CostCentre = {
    id: line.costCentreId,
    companyCode,
    code,
    name: `Cost centre ${code}`,
    parentId: null,
    managerId: 'approver',
    status: 'ACTIVE',
    version: 1,
  };
  lines += 1;
  const created = createBudgetLine(
    `line-${String(lines).padStart(6, '0')}-${clock.now().getTime()}`,
    {
      costCentreId: line.costCentreId,
      category: line.category ?? 'IT',
      fiscalYear: 2026,
      initial: moneyOf(line.initial, currency),
      controlLevel: line.controlLevel ?? 'ABSOLUTE',
      tolerance: moneyOf(line.tolerance ?? '0', currency),
      parentLineId: line.parent?.id ?? null,
    },
    { costCentre, companyCurrency: currency, parent: line.parent ?? null, existing: null },
  );
  if (!created.ok) throw new Error(created.problem.message);
  return [
    costCentre,
    { ...created.value, initialMinor: moneyOf(line.initial, currency).amountMinor },
  ];
}

/** A clock that moves on by a millisecond per look, so that order in time is order of events. */
function tickingClock(): Clock {
  let now = instantOf(`${TODAY}T09:00:00Z`);
  return {
    now: () => {
      now = shifted(now, 1);
      return now;
    },
  };
}

interface CountingDatabase extends Database {
  readonly statements: number;
}

function counted(database: Database): CountingDatabase {
  let statements = 0;
  const query: Database['query'] = (statement, parameters) => {
    statements += 1;
    return database.query(statement, parameters);
  };
  return {
    ...database,
    query,
    transaction: (work) =>
      database.transaction((tx) =>
        work({
          ...tx,
          query: (statement, parameters) => {
            statements += 1;
            return tx.query(statement, parameters);
          },
        }),
      ),
    get statements() {
      return statements;
    },
  };
}
