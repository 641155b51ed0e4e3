import { requirePermission } from '#kernel/access.ts';
import { readScope } from '#kernel/identity.ts';
import { connectionOf, parsePage } from '#kernel/paging.ts';
import { invoiceResolvers } from './resolvers/invoice.ts';
import { mutationResolvers } from './resolvers/mutation.ts';
import { referenceResolvers } from './resolvers/reference.ts';
import { listInvoices } from './store/list-store.ts';
import { readPolicies } from './store/matching-store.ts';
import type { PageArguments } from '#kernel/paging.ts';
import type { Context } from './context.ts';
import type { Resolvers } from './generated.ts';
import type { InvoiceFilter } from './store/list-store.ts';

const query: NonNullable<Resolvers['Query']> = {
  invoice: (_parent, { id }, context) => {
    requirePermission(context.viewer, 'invoice:read');
    return context.loaders.invoice.load(id);
  },
  invoices: (_parent, { filter, ...paging }, context) => {
    requirePermission(context.viewer, 'invoice:read');
    return pageOfInvoices(context, filter ?? {}, paging);
  },
  supplierUnknownInvoices: (_parent, paging, context) => {
    requirePermission(context.viewer, 'invoice:write');
    return pageOfInvoices(context, { statuses: ['SUPPLIER_UNKNOWN'] }, paging);
  },
  matchPolicies: (_parent, _args, context) => {
    requirePermission(context.viewer, 'invoice:read');
    return readPolicies(context.database);
  },
};

/** Everything this room answers. */
export const resolvers: Resolvers = {
  Query: query,
  ...invoiceResolvers,
  ...mutationResolvers,
  ...referenceResolvers,
};

async function pageOfInvoices(context: Context, filter: InvoiceFilter, paging: PageArguments) {
  const page = parsePage(paging);
  const rows = await listInvoices(context.database, filter, page, readScope(context.viewer));
  return connectionOf(page, rows, (invoice) => invoice.id);
}
