import { requirePermission } from '#kernel/access.ts';
import { parsePage } from '#kernel/paging.ts';
import type { Connection, PageArguments } from '#kernel/paging.ts';
import type { Context } from '../context.ts';
import type { Resolvers } from '../generated.ts';
import type { Invoice } from '../domain/invoice.ts';
import type { Payment } from '../domain/payment.ts';
import type { InvoiceParent } from '../store/list-store.ts';
import type { PaymentParent } from '../store/payment-store.ts';

/** A document of another room: all that we know of it for sure is its id. */
export interface Reference {
  readonly id: string;
}

export function referenceTo(id: string | null): Reference | null {
  return id === null ? null : { id };
}

const asReference = {
  __resolveReference: ({ id }: { readonly id: string }): Reference => ({ id }),
};

/** What we add to the documents of other rooms. */
export const referenceResolvers: Pick<
  Resolvers,
  'PurchaseOrder' | 'Requisition' | 'Supplier' | 'CostCentre'
> = {
  PurchaseOrder: {
    ...asReference,
    invoices: invoicesOf('purchase_order_id'),
    payments: paymentsOf('purchase_order_id'),
  },
  Requisition: {
    ...asReference,
    invoices: invoicesOf('requisition_id'),
    payments: paymentsOf('requisition_id'),
  },
  Supplier: { ...asReference, invoices: invoicesOf('supplier_id') },
  CostCentre: { ...asReference, invoices: invoicesOf('cost_centre_id') },
};

function invoicesOf(parent: InvoiceParent) {
  return (
    { id }: Reference,
    args: PageArguments,
    context: Context,
  ): Promise<Connection<Invoice>> => {
    requirePermission(context.viewer, 'invoice:read');
    return context.loaders.invoicesOf[parent].load(id, parsePage(args));
  };
}

function paymentsOf(parent: PaymentParent) {
  return ({ id }: Reference, _args: object, context: Context): Promise<readonly Payment[]> => {
    requirePermission(context.viewer, 'payment:read');
    return context.loaders.paymentsOf[parent].load(id);
  };
}
