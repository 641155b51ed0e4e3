import { createArgumentLoader, createListLoader, createLoader } from '#kernel/loader.ts';
import { connectionOf, connectionsOf } from '#kernel/paging.ts';
import { budgetLinesByIds, budgetLinesOfCostCentres } from './store/budget-line.ts';
import { costCentresByIds } from './store/cost-centre.ts';
import { fiscalPeriodsByIds } from './store/fiscal-period.ts';
import { reservationsByIds, reservationsOfDocuments } from './store/funds-reservation.ts';
import { ledgerEntriesOfLines } from './store/ledger.ts';
import type { Database } from '#kernel/database.ts';
import type { ReadScope } from '#kernel/identity.ts';
import type { ArgumentLoader, ListLoader, Loader } from '#kernel/loader.ts';
import type { Connection, Page } from '#kernel/paging.ts';
import type { BudgetLine } from './domain/budget-line.ts';
import type { CostCentre } from './domain/cost-centre.ts';
import type { FiscalPeriod } from './domain/fiscal-period.ts';
import type { FundsReservation } from './domain/funds-reservation.ts';
import type { LedgerEntry } from './store/ledger.ts';

export interface LinePage {
  readonly fiscalYear: number | null;
  readonly page: Page;
}

/** One statement per kind of thing and level; what the viewer may not see is null or left out. */
export interface Loaders {
  readonly costCentre: Loader<string, CostCentre>;
  readonly budgetLine: Loader<string, BudgetLine>;
  readonly fiscalPeriod: Loader<string, FiscalPeriod>;
  readonly reservation: Loader<string, FundsReservation>;
  readonly reservationsOfRequisition: ListLoader<FundsReservation>;
  readonly reservationsOfOrder: ListLoader<FundsReservation>;
  readonly linesOfCostCentre: ArgumentLoader<LinePage, Connection<BudgetLine>>;
  readonly entriesOfLine: ArgumentLoader<Page, Connection<LedgerEntry>>;
}

/** The loaders of one request. */
export function createLoaders(database: Database, scope: ReadScope): Loaders {
  const idOf = (value: { readonly id: string }): string => value.id;
  const documentOf = (reservation: FundsReservation): string => reservation.documentId;
  return {
    costCentre: createLoader((ids) => costCentresByIds(database, scope, ids), idOf),
    budgetLine: createLoader((ids) => budgetLinesByIds(database, scope, ids), idOf),
    fiscalPeriod: createLoader((ids) => fiscalPeriodsByIds(database, scope, ids), idOf),
    reservation: createLoader((ids) => reservationsByIds(database, scope, ids), idOf),
    reservationsOfRequisition: createListLoader(
      (ids) => reservationsOfDocuments(database, scope, 'REQUISITION', ids),
      documentOf,
    ),
    reservationsOfOrder: createListLoader(
      (ids) => reservationsOfDocuments(database, scope, 'PURCHASE_ORDER', ids),
      documentOf,
    ),
    linesOfCostCentre: createArgumentLoader(
      async (ids, args: LinePage) =>
        connectionsOf(args.page, await budgetLinesOfCostCentres(database, scope, ids, args), {
          parent: (line) => line.costCentreId,
          sort: idOf,
        }),
      (args) => connectionOf<BudgetLine>(args.page, [], idOf),
    ),
    entriesOfLine: createArgumentLoader(
      async (ids, page: Page) =>
        connectionsOf(page, await ledgerEntriesOfLines(database, ids, page), {
          parent: (entry) => entry.budgetLineId,
          sort: idOf,
        }),
      (page) => connectionOf<LedgerEntry>(page, [], idOf),
    ),
  };
}
