import { requirePermission } from '#kernel/access.ts';
import { legalEvents } from '#kernel/lifecycle.ts';
import { money, toWire } from '#kernel/money.ts';
import { HOLD_RULES } from '../domain/hold.ts';
import { INVOICE_LIFECYCLE } from '../domain/invoice.ts';
import { referenceTo } from './reference.ts';
import type { WireMoney } from '#kernel/money.ts';
import type { Resolvers } from '../generated.ts';
import type { AdjustmentOfInvoice, Invoice, TaxOfInvoice } from '../domain/invoice.ts';

/** Steps that a person can ask for; the others follow by themselves or are the ERP's. */
const COMMANDS = new Set(['resolveSupplier', 'release', 'retryPosting', 'reject', 'cancel']);

const invoice: NonNullable<Resolvers['Invoice']> = {
  __resolveReference: ({ id }, context) => context.loaders.invoice.load(id),
  legalSteps: ({ status }) =>
    legalEvents(INVOICE_LIFECYCLE, status).filter((step) => COMMANDS.has(step)),
  costCentre: ({ costCentreId }) => referenceTo(costCentreId),
  supplier: ({ supplierId }) => referenceTo(supplierId),
  purchaseOrder: ({ purchaseOrderId }) => referenceTo(purchaseOrderId),
  requisition: ({ requisitionId }) => referenceTo(requisitionId),
  lineNetAmount: (parent) => wire(parent, parent.lineNetMinor),
  allowanceTotal: (parent) => wire(parent, parent.allowancesMinor),
  chargeTotal: (parent) => wire(parent, parent.chargesMinor),
  netAmount: (parent) => wire(parent, parent.netAmountMinor),
  taxAmount: (parent) => wire(parent, parent.taxAmountMinor),
  grossAmount: (parent) => wire(parent, parent.grossAmountMinor),
  prepaidAmount: (parent) => wire(parent, parent.prepaidMinor),
  roundingAmount: (parent) => wire(parent, parent.roundingMinor),
  payableAmount: (parent) => wire(parent, parent.payableMinor),
  taxes: ({ taxes, currency }) => taxes.map((tax): TaxOfInvoice => ({ ...tax, currency })),
  adjustments: ({ adjustments, currency }) =>
    adjustments.map((adjustment): AdjustmentOfInvoice => ({ ...adjustment, currency })),
  lines: ({ id }, _args, context) => context.loaders.lines.load(id),
  holds: ({ id }, _args, context) => context.loaders.holds.load(id),
  payments: ({ id }, _args, context) => {
    requirePermission(context.viewer, 'payment:read');
    return context.loaders.paymentsOf.id.load(id);
  },
  sourceDocument: ({ source }) => source,
  postingRefusal: ({ refusal }) => refusal,
  endReason: ({ reason }) => reason,
};

export const invoiceResolvers: Pick<
  Resolvers,
  | 'Invoice'
  | 'InvoiceLine'
  | 'InvoiceParty'
  | 'InvoiceTax'
  | 'InvoiceAdjustment'
  | 'Hold'
  | 'Payment'
  | 'MatchPolicy'
> = {
  Invoice: invoice,
  InvoiceLine: {
    quantity: ({ quantity, unitCode }) => ({ value: quantity, unitCode }),
    netAmount: (line) => wire(line, line.netAmountMinor),
  },
  InvoiceParty: {
    endpoint: ({ endpoint }) =>
      endpoint === null ? null : `${endpoint.schemeId}:${endpoint.value}`,
  },
  InvoiceTax: {
    taxableAmount: (tax) => wire(tax, tax.taxableAmountMinor),
    taxAmount: (tax) => wire(tax, tax.taxAmountMinor),
  },
  InvoiceAdjustment: { amount: (adjustment) => wire(adjustment, adjustment.amountMinor) },
  Hold: {
    ownerRole: ({ code }) => HOLD_RULES[code].ownerRole,
    releasePermission: ({ code }) => HOLD_RULES[code].releasedWith,
  },
  Payment: {
    __resolveReference: ({ id }, context) => context.loaders.payment.load(id),
    amount: (payment) => wire(payment, payment.amountMinor),
    invoice: ({ invoiceId }, _args, context) => context.loaders.invoice.load(invoiceId),
  },
  MatchPolicy: { isThreeWay: ({ level }) => level === 'THREE_WAY' },
};

function wire(of: Pick<Invoice, 'currency'>, amountMinor: bigint): WireMoney {
  return toWire(money(amountMinor, of.currency));
}
