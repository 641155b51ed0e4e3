import { requirePermission } from '#kernel/access.ts';
import { formatAmount, money, toWire } from '#kernel/money.ts';
import { parsePage } from '#kernel/paging.ts';
import type { DocumentStub } from '../context.ts';
import type { Resolvers } from '../generated.ts';

/** How the types of this room read their domain values. Money of another kind than minor units does not leave this file. */
export const entities: Pick<
  Resolvers,
  | 'CostCentre'
  | 'BudgetLine'
  | 'FiscalPeriod'
  | 'FundsReservation'
  | 'FundsCheck'
  | 'BudgetTransfer'
  | 'LedgerEntry'
  | 'Requisition'
  | 'PurchaseOrder'
> = {
  CostCentre: {
    // The name of a cost centre is no secret of the budget: whoever may see the place may see it.
    __resolveReference: ({ id }, context) => context.loaders.costCentre.load(id),
    parent: (costCentre, _arguments, context) =>
      costCentre.parentId === null ? null : context.loaders.costCentre.load(costCentre.parentId),
    budgetLines: (costCentre, { fiscalYear, ...args }, context) => {
      requirePermission(context.viewer, 'budget:read');
      return context.loaders.linesOfCostCentre.load(costCentre.id, {
        fiscalYear: fiscalYear ?? null,
        page: parsePage(args),
      });
    },
  },
  BudgetLine: {
    __resolveReference: ({ id }, context) => {
      requirePermission(context.viewer, 'budget:read');
      return context.loaders.budgetLine.load(id);
    },
    costCentre: (line, _arguments, context) => context.loaders.costCentre.load(line.costCentreId),
    tolerance: (line) => wire(line.toleranceMinor, line),
    initial: (line) => wire(line.initialMinor, line),
    adjustments: (line) => wire(line.adjustmentsMinor, line),
    preEncumbrances: (line) => wire(line.preEncumbrancesMinor, line),
    encumbrances: (line) => wire(line.encumbrancesMinor, line),
    actuals: (line) => wire(line.actualsMinor, line),
    available: (line) => wire(line.availableMinor, line),
    overrun: (line) => wire(line.overrunMinor, line),
    parentLine: (line, _arguments, context) =>
      line.parentLineId === null ? null : context.loaders.budgetLine.load(line.parentLineId),
    ledgerEntries: (line, args, context) =>
      context.loaders.entriesOfLine.load(line.id, parsePage(args)),
  },
  FiscalPeriod: {
    __resolveReference: ({ id }, context) => {
      requirePermission(context.viewer, 'budget:read');
      return context.loaders.fiscalPeriod.load(id);
    },
  },
  FundsReservation: {
    __resolveReference: ({ id }, context) => {
      requirePermission(context.viewer, 'budget:read');
      return context.loaders.reservation.load(id);
    },
    budgetLine: (reservation, _arguments, context) =>
      context.loaders.budgetLine.load(reservation.budgetLineId),
    costCentre: (reservation, _arguments, context) =>
      context.loaders.costCentre.load(reservation.costCentreId),
    amount: (reservation) => wire(reservation.reservedMinor, reservation),
    open: (reservation) => wire(reservation.openMinor, reservation),
    actual: (reservation) => wire(reservation.actualMinor, reservation),
    documentAmount: (reservation) => toWire(reservation.documentAmount),
    exchangeRate: (reservation) => reservation.rate,
    warning: ({ warning, currency }) => {
      if (warning === null) return null;
      const available = money(warning.availableMinor, currency);
      const message = `Advisory budget line ${warning.budgetLineId} had only ${formatAmount(available)} ${currency} available; the funds were reserved nevertheless.`;
      return {
        code: 'ADVISORY_OVERRUN',
        message,
        budgetLineId: warning.budgetLineId,
        available: toWire(available),
      };
    },
    convertedFrom: ({ convertedFromId }, _arguments, context) =>
      convertedFromId === null ? null : context.loaders.reservation.load(convertedFromId),
  },
  FundsCheck: {
    available: (check) => toWire(check.available),
    requested: (check) => toWire(check.requested),
    budgetLine: (check, _arguments, context) => context.loaders.budgetLine.load(check.line.id),
  },
  BudgetTransfer: {
    amount: (transfer) => toWire(transfer.amount),
  },
  LedgerEntry: {
    amount: (entry) => wire(entry.amountMinor, entry),
    exchangeRate: (entry) => entry.rate,
    reservation: (entry, _arguments, context) =>
      entry.reservationId === null ? null : context.loaders.reservation.load(entry.reservationId),
  },
  Requisition: {
    __resolveReference: ({ id }): DocumentStub => ({ id }),
    fundsReservations: async ({ id }, _arguments, context) => {
      requirePermission(context.viewer, 'budget:read');
      return context.loaders.reservationsOfRequisition.load(id);
    },
  },
  PurchaseOrder: {
    __resolveReference: ({ id }): DocumentStub => ({ id }),
    fundsReservations: async ({ id }, _arguments, context) => {
      requirePermission(context.viewer, 'budget:read');
      return context.loaders.reservationsOfOrder.load(id);
    },
  },
};

function wire(amountMinor: bigint, { currency }: { readonly currency: string }) {
  return toWire(money(amountMinor, currency));
}
