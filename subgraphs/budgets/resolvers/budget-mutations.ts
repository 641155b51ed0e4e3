import { requirePermission } from '#kernel/access.ts';
import { once } from '#kernel/idempotency.ts';
import { refused } from '#kernel/problem.ts';
import { answerOf } from '#kernel/subgraph.ts';
import { adjustBudget, openBudgetLine, transferBudget } from '../budget-command.ts';
import { KEY_LENGTH_MAX, REASON_LENGTH_MAX, createInputReader } from '../input.ts';
import {
  changeCostCentre,
  changeFiscalPeriod,
  createCompany,
  createCostCentre,
  openFiscalPeriod,
} from '../organisation-command.ts';
import type { IdempotencyKeyReused, InvalidInput, Problem, Result } from '#kernel/problem.ts';
import type { BudgetChange } from '../budget-command.ts';
import type { Context } from '../context.ts';
import type { FiscalPeriodEvent } from '../domain/fiscal-period.ts';
import type { MutationResolvers } from '../generated.ts';
import type { InputReader } from '../input.ts';

type FundsMutation =
  | 'reserveFunds'
  | 'adjustReservation'
  | 'convertFunds'
  | 'liquidateFunds'
  | 'releaseFunds';
type BudgetMutations = Omit<MutationResolvers, FundsMutation>;

export const budgetMutations: Required<BudgetMutations> = {
  createCompany: (_parent, { input }, context) => {
    const { code, currency } = input;
    const call = {
      operation: 'createCompany',
      input,
      reader: createInputReader(),
      success: 'Company',
    } as const;
    return answerChange(context, call, (change) => createCompany(change, { code, currency }));
  },
  createCostCentre: (_parent, { input }, context) => {
    const reader = createInputReader();
    const { companyCode, code, name } = input;
    const managerId = reader.text('managerId', input.managerId, KEY_LENGTH_MAX);
    return answerChange(
      context,
      { operation: 'createCostCentre', input, reader, success: 'CostCentre' },
      (change) =>
        createCostCentre(change, {
          companyCode,
          code,
          name,
          managerId,
          parentId: input.parentId ?? null,
        }),
    );
  },
  changeCostCentre: (_parent, { input }, context) => {
    const { costCentreId, expectedVersion = null, name = null, managerId = null, event } = input;
    const call = {
      operation: 'changeCostCentre',
      input,
      reader: createInputReader(),
      success: 'CostCentre',
    } as const;
    return answerChange(context, call, (change) =>
      changeCostCentre(change, {
        costCentreId,
        expectedVersion,
        name,
        managerId,
        event: event ? COST_CENTRE_EVENTS[event] : null,
      }),
    );
  },
  createBudgetLine: (_parent, { input }, context) => {
    const reader = createInputReader();
    const { costCentreId, category, fiscalYear, controlLevel, parentLineId = null } = input;
    const initial = reader.amount('initial', input.initial, 'notNegative');
    const tolerance = input.tolerance
      ? reader.amount('tolerance', input.tolerance, 'notNegative')
      : null;
    return answerChange(
      context,
      { operation: 'createBudgetLine', input, reader, success: 'BudgetLine' },
      (change) =>
        openBudgetLine(change, {
          costCentreId,
          category,
          fiscalYear,
          controlLevel,
          parentLineId,
          initial,
          tolerance,
        }),
    );
  },
  adjustBudget: (_parent, { input }, context) => {
    const reader = createInputReader();
    const amount = reader.amount('amount', input.amount, 'notZero');
    const reason = reader.text('reason', input.reason, REASON_LENGTH_MAX);
    const { budgetLineId, expectedVersion = null } = input;
    return answerChange(
      context,
      { operation: 'adjustBudget', input, reader, success: 'BudgetLine' },
      (change) => adjustBudget(change, { budgetLineId, expectedVersion, amount, reason }),
    );
  },
  transferBudget: (_parent, { input }, context) => {
    const reader = createInputReader();
    const amount = reader.amount('amount', input.amount, 'positive');
    const reason = reader.text('reason', input.reason, REASON_LENGTH_MAX);
    const { fromBudgetLineId, toBudgetLineId } = input;
    return answerChange(
      context,
      { operation: 'transferBudget', input, reader, success: 'BudgetTransfer' },
      (change) => transferBudget(change, { fromBudgetLineId, toBudgetLineId, amount, reason }),
    );
  },
  openFiscalPeriod: (_parent, { input }, context) => {
    const call = {
      operation: 'openFiscalPeriod',
      input,
      reader: createInputReader(),
      success: 'FiscalPeriod',
    } as const;
    return answerChange(context, call, (change) => openFiscalPeriod(change, input));
  },
  beginClosingFiscalPeriod: (_parent, { input }, context) =>
    answerPeriodChange(context, 'beginClosing', input),
  closeFiscalPeriod: (_parent, { input }, context) => answerPeriodChange(context, 'close', input),
  reopenFiscalPeriod: (_parent, { input }, context) => answerPeriodChange(context, 'reopen', input),
  lockFiscalPeriod: (_parent, { input }, context) => answerPeriodChange(context, 'lock', input),
};

const COST_CENTRE_EVENTS = { CLOSE: 'close', REOPEN: 'reopen' } as const;

function answerPeriodChange(
  context: Context,
  event: FiscalPeriodEvent,
  input: {
    readonly idempotencyKey: string;
    readonly fiscalPeriodId: string;
    readonly expectedVersion?: number | null | undefined;
  },
) {
  const { fiscalPeriodId, expectedVersion = null } = input;
  const call = {
    operation: `${event}FiscalPeriod`,
    input,
    reader: createInputReader(),
    success: 'FiscalPeriod',
  } as const;
  return answerChange(context, call, (change) =>
    changeFiscalPeriod(change, { fiscalPeriodId, expectedVersion, event }),
  );
}

/** The common way of these mutations: authorise, once per key, decide and commit, answer with a member of the union. */
async function answerChange<Value extends object, P extends Problem, Name extends string>(
  context: Context,
  call: {
    readonly operation: string;
    readonly input: { readonly idempotencyKey: string };
    readonly reader: InputReader;
    readonly success: Name;
  },
  work: (change: BudgetChange) => Promise<Result<Value, P>>,
) {
  requirePermission(context.viewer, 'budget:write');
  const { idempotencyKey, ...input } = call.input;
  call.reader.text('idempotencyKey', idempotencyKey, KEY_LENGTH_MAX);
  const flaw = call.reader.flaw();
  const cause = {
    correlationId: context.correlationId,
    causationId: idempotencyKey,
    traceparent: context.traceparent,
    actorId: context.viewer.id,
  };
  const command = { caller: context.viewer.id, idempotencyKey, operation: call.operation, input };
  const result: Result<Value, P | IdempotencyKeyReused | InvalidInput> =
    flaw === null
      ? await once(context.database, command, (tx) =>
          work({ tx, clock: context.clock, cause, scope: context.scope }),
        )
      : refused(flaw);
  return answerOf(result, call.success, context.correlationId);
}
