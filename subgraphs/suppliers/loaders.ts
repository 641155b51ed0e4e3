import { createArgumentLoader, createListLoader, createLoader } from '#kernel/loader.ts';
import { connectionOf, connectionsOf } from '#kernel/paging.ts';
import { may } from '#kernel/identity.ts';
import {
  readBankAccounts,
  readBankAccountsInForce,
  readBankChangesOfSuppliers,
  readBankNumbers,
} from './bank-store.ts';
import {
  readBlocks,
  readEndpoints,
  readSites,
  readSitesOfSuppliers,
  readTaxRegistrations,
} from './part-store.ts';
import { readSuppliers } from './store.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Database } from '#kernel/database.ts';
import type { ArgumentLoader, ListLoader, Loader } from '#kernel/loader.ts';
import type { Connection, Page } from '#kernel/paging.ts';
import type { RequestContext } from '#kernel/subgraph.ts';
import type { BankAccount } from './bank-account.ts';
import type { BankChange } from './bank-change.ts';
import type { BankNumber } from './bank-store.ts';
import type { SupplierBlock } from './supplier-block.ts';
import type { ElectronicEndpoint, Supplier, SupplierSite } from './supplier.ts';
import type { TaxRegistration } from './tax-registration.ts';

/** One statement per kind of thing and level, whatever number of suppliers is asked about. */
export interface Loaders {
  /** Null for a viewer without `supplier:read`, as for an id that is unknown. */
  readonly supplier: Loader<string, Supplier>;
  readonly site: Loader<string, SupplierSite>;
  readonly sites: ListLoader<SupplierSite>;
  readonly taxRegistrations: ListLoader<TaxRegistration>;
  readonly endpoints: ListLoader<ElectronicEndpoint>;
  readonly blocks: ListLoader<SupplierBlock>;
  readonly bankAccount: Loader<string, BankAccount>;
  readonly bankAccounts: ListLoader<BankAccount>;
  readonly bankChanges: ArgumentLoader<Page, Connection<BankChange>>;
  /** Whole account numbers; what is read here is recorded in the same statement. Only for viewers with `bank:read`. */
  readonly bankNumber: Loader<string, BankNumber>;
}

/** The loaders of one request. */
export function createLoaders(
  room: { readonly database: Database; readonly clock: Clock },
  request: RequestContext,
): Loaders {
  const { database } = room;
  const maySee = may(request.viewer, 'supplier:read');
  const ownerOf = (row: { supplierId: string }): string => row.supplierId;
  const reader = {
    viewerId: request.viewer.id,
    caller: request.caller,
    correlationId: request.correlationId,
  };
  return {
    supplier: createLoader(
      async (ids) => (maySee ? readSuppliers(database, ids) : []),
      (supplier) => supplier.id,
    ),
    site: createLoader(
      async (ids) => (maySee ? readSites(database, ids) : []),
      (site) => site.id,
    ),
    sites: createListLoader((ids) => readSitesOfSuppliers(database, ids), ownerOf),
    taxRegistrations: createListLoader((ids) => readTaxRegistrations(database, ids), ownerOf),
    endpoints: createListLoader((ids) => readEndpoints(database, ids), ownerOf),
    blocks: createListLoader((ids) => readBlocks(database, ids), ownerOf),
    bankAccount: createLoader(
      (ids) => readBankAccounts(database, ids),
      (account) => account.id,
    ),
    bankAccounts: createListLoader((ids) => readBankAccountsInForce(database, ids), ownerOf),
    bankChanges: createArgumentLoader(
      async (ids, page: Page) =>
        connectionsOf(page, await readBankChangesOfSuppliers(database, ids, page), {
          parent: ownerOf,
          sort: (change) => change.id,
        }),
      (page) => connectionOf(page, [], (change: BankChange) => change.id),
    ),
    bankNumber: createLoader(
      (ids) => readBankNumbers(database, ids, { ...reader, readAt: room.clock.now() }),
      (number) => number.accountId,
    ),
  };
}
