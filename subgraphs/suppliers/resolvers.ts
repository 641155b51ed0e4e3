import { requirePermission } from '#kernel/access.ts';
import { may } from '#kernel/identity.ts';
import { connectionOf, parsePage } from '#kernel/paging.ts';
import { answerOf } from '#kernel/subgraph.ts';
import * as bankChange from './bank-change-commands.ts';
import { readBankChange, readBankChangePage } from './bank-store.ts';
import { readPublicStates, readSupplierByNumber, readSupplierPage } from './store.ts';
import {
  addSupplierSite,
  createSupplier,
  stepBlock,
  stepSupplier,
  updateSupplier,
} from './supplier-commands.ts';
import { parseSupplierFilter, refuseLongList } from './supplier-query.ts';
import type { BankAccount } from './bank-account.ts';
import type { BankChange } from './bank-change.ts';
import type { Context } from './context.ts';
import type { Resolvers } from './generated.ts';
import type { Supplier } from './supplier.ts';
import type { Problem, Result } from '#kernel/problem.ts';

const query: NonNullable<Resolvers['Query']> = {
  supplier: (_parent, { id }, context) => {
    requirePermission(context.viewer, 'supplier:read');
    return context.loaders.supplier.load(id);
  },
  supplierByNumber: (_parent, { number }, context) => {
    requirePermission(context.viewer, 'supplier:read');
    return readSupplierByNumber(context.database, number);
  },
  suppliers: async (_parent, { filter, ...paging }, context) => {
    requirePermission(context.viewer, 'supplier:read');
    const page = parsePage(paging);
    const rows = await readSupplierPage(context.database, parseSupplierFilter(filter ?? {}), page);
    return connectionOf(page, rows, (supplier) => supplier.number);
  },
  suppliersByIds: (_parent, { ids }, context) => {
    requirePermission(context.viewer, 'supplier:read');
    refuseLongList(ids);
    return Promise.all(ids.map((id) => context.loaders.supplier.load(id)));
  },
  supplierStanding: async (_parent, { id }, context) => {
    requirePermission(context.viewer, 'supplier:read');
    const [state] = await readPublicStates(context.database, [id]);
    return state ?? null;
  },
  bankChange: (_parent, { id }, context) => {
    requirePermission(context.viewer, 'supplier:read');
    return readBankChange(context.database, id);
  },
  bankChanges: async (_parent, { status, ...paging }, context) => {
    requirePermission(context.viewer, 'supplier:read');
    const page = parsePage(paging);
    return connectionOf(
      page,
      await readBankChangePage(context.database, status ?? null, page),
      (change) => change.id,
    );
  },
};

const mutation: NonNullable<Resolvers['Mutation']> = {
  createSupplier: async (_parent, { input }, context) =>
    supplierAnswer(await createSupplier(context, input), context),
  updateSupplier: async (_parent, { input }, context) =>
    supplierAnswer(await updateSupplier(context, input), context),
  addSupplierSite: async (_parent, { input }, context) =>
    supplierAnswer(await addSupplierSite(context, input), context),
  activateSupplier: async (_parent, { input }, context) =>
    supplierAnswer(await stepSupplier(context, 'activate', input), context),
  deactivateSupplier: async (_parent, { input }, context) =>
    supplierAnswer(await stepSupplier(context, 'deactivate', input), context),
  reactivateSupplier: async (_parent, { input }, context) =>
    supplierAnswer(await stepSupplier(context, 'reactivate', input), context),
  blockSupplier: async (_parent, { input }, context) =>
    supplierAnswer(await stepBlock(context, 'block', input), context),
  unblockSupplier: async (_parent, { input }, context) =>
    supplierAnswer(await stepBlock(context, 'unblock', input), context),
  proposeBankChange: async (_parent, { input }, context) =>
    changeAnswer(await bankChange.propose(context, input), context),
  approveBankChange: async (_parent, { input }, context) =>
    changeAnswer(await bankChange.approve(context, input), context),
  rejectBankChange: async (_parent, { input }, context) =>
    changeAnswer(await bankChange.reject(context, input), context),
  withdrawBankChange: async (_parent, { input }, context) =>
    changeAnswer(await bankChange.withdraw(context, input), context),
};

function supplierAnswer<P extends Problem>(result: Result<Supplier, P>, context: Context) {
  return answerOf(result, 'Supplier', context.correlationId);
}

function changeAnswer<P extends Problem>(result: Result<BankChange, P>, context: Context) {
  return answerOf(result, 'BankChange', context.correlationId);
}

/** A whole number for those who may read it, which records the reading; the masked one for all others. */
async function numberFor(account: BankAccount, context: Context): Promise<string> {
  if (!may(context.viewer, 'bank:read')) return account.maskedNumber;
  const read = await context.loaders.bankNumber.load(account.id);
  return read?.accountNumber ?? account.maskedNumber;
}

export const resolvers: Resolvers = {
  Query: query,
  Mutation: mutation,
  Supplier: {
    __resolveReference: ({ id }, context) => context.loaders.supplier.load(id),
    blocks: ({ id }, _arguments, context) => context.loaders.blocks.load(id),
    sites: ({ id }, _arguments, context) => context.loaders.sites.load(id),
    taxRegistrations: ({ id }, _arguments, context) => context.loaders.taxRegistrations.load(id),
    endpoints: ({ id }, _arguments, context) => context.loaders.endpoints.load(id),
    bankAccounts: ({ id }, _arguments, context) => context.loaders.bankAccounts.load(id),
    bankChanges: ({ id }, paging, context) =>
      context.loaders.bankChanges.load(id, parsePage(paging)),
  },
  SupplierSite: {
    __resolveReference: ({ id }, context) => context.loaders.site.load(id),
    supplier: ({ supplierId }, _arguments, context) => context.loaders.supplier.load(supplierId),
  },
  BankAccount: {
    iban: (account, _arguments, context) =>
      account.kind === 'IBAN' ? numberFor(account, context) : null,
    accountNumber: (account, _arguments, context) =>
      account.kind === 'ROUTING' ? numberFor(account, context) : null,
  },
  BankChange: {
    supplier: ({ supplierId }, _arguments, context) => context.loaders.supplier.load(supplierId),
    account: ({ accountId }, _arguments, context) => context.loaders.bankAccount.load(accountId),
    replaces: ({ replacesAccountId }, _arguments, context) =>
      replacesAccountId === null ? null : context.loaders.bankAccount.load(replacesAccountId),
  },
};
