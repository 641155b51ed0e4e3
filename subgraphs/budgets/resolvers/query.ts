import { requirePermission } from '#kernel/access.ts';
import { connectionOf, parsePage } from '#kernel/paging.ts';
import { refused } from '#kernel/problem.ts';
import { answerOf } from '#kernel/subgraph.ts';
import { checkFunds } from '../check-funds.ts';
import { KEY_LENGTH_MAX, createInputReader } from '../input.ts';
import { budgetLinesPage } from '../store/budget-line.ts';
import { costCentresPage } from '../store/cost-centre.ts';
import { fiscalPeriodsPage } from '../store/fiscal-period.ts';
import type { InvalidInput, Result } from '#kernel/problem.ts';
import type { FundsCheck, FundsCheckProblem } from '../check-funds.ts';
import type { Resolvers } from '../generated.ts';

export const Query: NonNullable<Resolvers['Query']> = {
  costCentre: (_parent, { id }, context) => {
    requirePermission(context.viewer, 'budget:read');
    return context.loaders.costCentre.load(id);
  },
  costCentres: async (_parent, { filter, ...args }, context) => {
    requirePermission(context.viewer, 'budget:read');
    const page = parsePage(args);
    const conditions = {
      companyCode: filter?.companyCode ?? null,
      parentId: filter?.parentId ?? null,
      managerId: filter?.managerId ?? null,
      status: filter?.status ?? null,
    };
    return connectionOf(
      page,
      await costCentresPage(context.database, context.scope, conditions, page),
      idOf,
    );
  },
  budgetLine: (_parent, { id }, context) => {
    requirePermission(context.viewer, 'budget:read');
    return context.loaders.budgetLine.load(id);
  },
  budgetLines: async (_parent, { filter, ...args }, context) => {
    requirePermission(context.viewer, 'budget:read');
    const page = parsePage(args);
    const conditions = {
      companyCode: filter?.companyCode ?? null,
      costCentreId: filter?.costCentreId ?? null,
      category: filter?.category ?? null,
      fiscalYear: filter?.fiscalYear ?? null,
      controlLevel: filter?.controlLevel ?? null,
    };
    return connectionOf(
      page,
      await budgetLinesPage(context.database, context.scope, conditions, page),
      idOf,
    );
  },
  fiscalPeriod: (_parent, { id }, context) => {
    requirePermission(context.viewer, 'budget:read');
    return context.loaders.fiscalPeriod.load(id);
  },
  fiscalPeriods: async (_parent, { filter, ...args }, context) => {
    requirePermission(context.viewer, 'budget:read');
    const page = parsePage(args);
    const conditions = {
      companyCode: filter?.companyCode ?? null,
      fiscalYear: filter?.fiscalYear ?? null,
      status: filter?.status ?? null,
    };
    return connectionOf(
      page,
      await fiscalPeriodsPage(context.database, context.scope, conditions, page),
      idOf,
    );
  },
  fundsReservation: (_parent, { id }, context) => {
    requirePermission(context.viewer, 'budget:read');
    return context.loaders.reservation.load(id);
  },
  checkFunds: async (_parent, { input }, context) => {
    requirePermission(context.viewer, 'funds:check');
    const reader = createInputReader();
    const question = {
      costCentreId: reader.text('costCentreId', input.costCentreId, KEY_LENGTH_MAX),
      category: reader.text('category', input.category, KEY_LENGTH_MAX),
      amount: reader.amount('amount', input.amount, 'positive'),
      on: input.on,
    };
    const flaw = reader.flaw();
    const result: Result<FundsCheck, FundsCheckProblem | InvalidInput> =
      flaw === null ? await checkFunds(context.database, context.scope, question) : refused(flaw);
    return answerOf(result, 'FundsCheck', context.correlationId);
  },
};

function idOf(value: { readonly id: string }): string {
  return value.id;
}
