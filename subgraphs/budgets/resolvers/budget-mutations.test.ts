import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FINANCE, createBudgetWorld } from '../budget-world.ts';
import {
  COMMON,
  RESERVE,
  answerWith,
  createAsk,
  euro,
  mutation,
  next,
  wish,
} from '../question-world.ts';
import type { BudgetWorld } from '../budget-world.ts';

let world: BudgetWorld;
beforeAll(async () => {
  world = await createBudgetWorld();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const ask = createAsk(() => world);

describe('budgets', () => {
  const CREATE_CENTRE = mutation(
    'createCostCentre',
    COMMON,
    '... on CostCentre { id name status managerId version parent { id } }',
  );
  const CHANGE_CENTRE = mutation(
    'changeCostCentre',
    [...COMMON, 'NotFound', 'IllegalTransition', 'VersionConflict'],
    `... on CostCentre { id name status managerId version }`,
  );
  const LINE =
    '... on BudgetLine { id version currencyOf: initial { amount currency } adjustments { amount } available { amount } parentLine { id } }';
  const CREATE_LINE = mutation('createBudgetLine', [...COMMON, 'NotFound'], LINE);
  const ADJUST_BUDGET = mutation(
    'adjustBudget',
    [...COMMON, 'NotFound', 'InsufficientFunds', 'VersionConflict'],
    LINE,
  );
  const TRANSFER = mutation(
    'transferBudget',
    [...COMMON, 'NotFound', 'InsufficientFunds'],
    '... on BudgetTransfer { amount { amount } from { id available { amount } } to { id available { amount } } }',
  );

  it('creates cost centres and lines, adjusts and transfers, netting to zero', async () => {
    const key = (): { idempotencyKey: string } => ({ idempotencyKey: next('key') });
    const top = await ask(
      CREATE_CENTRE,
      { ...key(), companyCode: 'DE01', code: '7000', name: 'Plant', managerId: 'approver' },
      FINANCE,
    );
    expect(top).toMatchObject({
      __typename: 'CostCentre',
      id: 'DE01-7000',
      status: 'ACTIVE',
      version: 1,
    });
    const below = await ask(
      CREATE_CENTRE,
      {
        ...key(),
        companyCode: 'DE01',
        code: '7001',
        name: 'Line',
        managerId: 'approver',
        parentId: 'DE01-7000',
      },
      FINANCE,
    );
    expect(below).toMatchObject({ parent: { id: 'DE01-7000' } });
    const newLine = {
      category: 'IT',
      fiscalYear: 2026,
      initial: euro('100.00'),
      controlLevel: 'ABSOLUTE',
    };
    const parent = await ask(
      CREATE_LINE,
      { ...key(), ...newLine, costCentreId: 'DE01-7000' },
      FINANCE,
    );
    const child = await ask(
      CREATE_LINE,
      {
        ...key(),
        ...newLine,
        costCentreId: 'DE01-7001',
        parentLineId: parent.id,
        tolerance: euro('5.00'),
      },
      FINANCE,
    );
    expect(child).toMatchObject({
      __typename: 'BudgetLine',
      version: 1,
      available: { amount: '100.00' },
      parentLine: { id: parent.id },
    });
    expect(
      await ask(
        ADJUST_BUDGET,
        {
          ...key(),
          budgetLineId: child.id,
          amount: euro('-30.00'),
          reason: 'return',
          expectedVersion: 1,
        },
        FINANCE,
      ),
    ).toMatchObject({
      version: 2,
      adjustments: { amount: '-30.00' },
      available: { amount: '70.00' },
    });
    expect(
      await ask(
        ADJUST_BUDGET,
        { ...key(), budgetLineId: child.id, amount: euro('1.00'), reason: 'x', expectedVersion: 1 },
        FINANCE,
      ),
    ).toMatchObject({
      __typename: 'VersionConflictProblem',
      currentVersion: 2,
    });
    expect(
      await ask(
        ADJUST_BUDGET,
        { ...key(), budgetLineId: child.id, amount: euro('-75.01'), reason: 'x' },
        FINANCE,
      ),
    ).toMatchObject({
      __typename: 'InsufficientFundsProblem',
      available: euro('70.00'),
    });
    const transfer = {
      fromBudgetLineId: child.id,
      toBudgetLineId: parent.id,
      amount: euro('20.00'),
      reason: 'moved',
    };
    expect(await ask(TRANSFER, { ...key(), ...transfer }, FINANCE)).toMatchObject({
      from: { id: child.id, available: { amount: '50.00' } },
      to: { id: parent.id, available: { amount: '120.00' } },
    });
    const [sum] = await world.database.query<{ sum: string }>(
      `select sum(amount_minor)::text as sum from ledger_entry where kind = 'TRANSFER' and budget_line_id = any($1)`,
      [[child.id, parent.id]],
    );
    expect(sum?.sum).toBe('0');
    expect(
      await ask(TRANSFER, { ...key(), ...transfer, amount: euro('500.00') }, FINANCE),
    ).toMatchObject({ __typename: 'InsufficientFundsProblem' });
    expect(
      await ask(TRANSFER, { ...key(), ...transfer, toBudgetLineId: child.id }, FINANCE),
    ).toMatchObject({ __typename: 'InvalidInputProblem' });
    expect(
      await ask(TRANSFER, { ...key(), ...transfer, toBudgetLineId: 'nothing' }, FINANCE),
    ).toMatchObject({ __typename: 'NotFoundProblem' });
    expect(
      await ask(
        ADJUST_BUDGET,
        { ...key(), budgetLineId: 'nothing', amount: euro('1.00'), reason: 'x' },
        FINANCE,
      ),
    ).toMatchObject({ __typename: 'NotFoundProblem' });
    expect(
      await ask(
        ADJUST_BUDGET,
        {
          ...key(),
          budgetLineId: child.id,
          amount: { amount: '1.00', currency: 'USD' },
          reason: 'x',
        },
        FINANCE,
      ),
    ).toMatchObject({ __typename: 'InvalidInputProblem' });
    expect(
      await ask(CREATE_LINE, { ...key(), ...newLine, costCentreId: 'DE01-7001' }, FINANCE),
    ).toMatchObject({ __typename: 'InvalidInputProblem', fields: [{ code: 'TAKEN' }] });
    expect(
      await ask(CREATE_LINE, { ...key(), ...newLine, costCentreId: 'DE01-0000' }, FINANCE),
    ).toMatchObject({ __typename: 'NotFoundProblem' });
    expect(
      await ask(
        CREATE_CENTRE,
        { ...key(), companyCode: 'XX', code: '1', name: 'X', managerId: 'x' },
        FINANCE,
      ),
    ).toMatchObject({ __typename: 'InvalidInputProblem', fields: [{ code: 'UNKNOWN_COMPANY' }] });
  });

  it('closes a cost centre, which then accepts no reservation', async () => {
    const line = await world.addLine({ costCentreId: 'DE01-7100', initial: '100.00' });
    const change = { costCentreId: line.costCentreId };
    expect(
      await ask(
        CHANGE_CENTRE,
        {
          ...change,
          idempotencyKey: next('key'),
          event: 'CLOSE',
          name: 'Closed plant',
          managerId: 'second-approver',
        },
        FINANCE,
      ),
    ).toMatchObject({
      status: 'CLOSED',
      name: 'Closed plant',
      managerId: 'second-approver',
      version: 2,
    });
    expect(await ask(RESERVE, wish(line.costCentreId))).toMatchObject({
      __typename: 'InvalidInputProblem',
      fields: [{ field: 'costCentreId', code: 'CLOSED' }],
    });
    expect(
      await ask(CHANGE_CENTRE, { ...change, idempotencyKey: next('key'), event: 'CLOSE' }, FINANCE),
    ).toMatchObject({ __typename: 'IllegalTransitionProblem', legalEvents: ['reopen'] });
    expect(
      await ask(
        CHANGE_CENTRE,
        { ...change, idempotencyKey: next('key'), expectedVersion: 1 },
        FINANCE,
      ),
    ).toMatchObject({ __typename: 'VersionConflictProblem', currentVersion: 2 });
    expect(
      await ask(CHANGE_CENTRE, { ...change, idempotencyKey: next('key'), name: ' ' }, FINANCE),
    ).toMatchObject({ __typename: 'InvalidInputProblem' });
    expect(
      await ask(CHANGE_CENTRE, { costCentreId: 'DE01-0000', idempotencyKey: next('key') }, FINANCE),
    ).toMatchObject({ __typename: 'NotFoundProblem' });
  });

  it('opens, closes, reopens and locks a period, and reservations follow', async () => {
    const line = await world.addLine({ costCentreId: 'US01-7200', initial: '100.00' });
    const input = wish(line.costCentreId, {
      on: '2026-12-05',
      amount: { amount: '1.00', currency: 'USD' },
    });
    const reserve = () =>
      ask(RESERVE, { ...input, idempotencyKey: next('key'), documentId: next('requisition') });
    const PROBLEMS = [...COMMON, 'NotFound', 'IllegalTransition', 'VersionConflict'];
    const PERIOD = '... on FiscalPeriod { id status version startsOn endsOn }';
    const period = (name: string): Promise<unknown> =>
      ask(
        `mutation ($input: ChangeFiscalPeriodInput!) { answer: ${name}(input: $input) ${answerWith(PROBLEMS, PERIOD)} }`,
        { idempotencyKey: next('key'), fiscalPeriodId: 'US01-2026-12' },
        FINANCE,
      );
    const OPEN = mutation('openFiscalPeriod', PROBLEMS, PERIOD);
    const open = { companyCode: 'US01', fiscalYear: 2026, month: 12 };
    expect(await reserve()).toMatchObject({
      __typename: 'PeriodClosedProblem',
      periodStatus: 'NOT_OPEN',
    });
    expect(await period('closeFiscalPeriod')).toMatchObject({ __typename: 'NotFoundProblem' });
    expect(await ask(OPEN, { ...open, idempotencyKey: next('key') }, FINANCE)).toMatchObject({
      id: 'US01-2026-12',
      status: 'OPEN',
      startsOn: '2026-12-01',
      endsOn: '2026-12-31',
    });
    expect(await reserve()).toMatchObject({ __typename: 'FundsReservation' });
    expect(await ask(OPEN, { ...open, idempotencyKey: next('key') }, FINANCE)).toMatchObject({
      __typename: 'IllegalTransitionProblem',
      legalEvents: ['beginClosing'],
    });
    expect(
      await ask(OPEN, { ...open, month: 13, idempotencyKey: next('key') }, FINANCE),
    ).toMatchObject({ __typename: 'InvalidInputProblem' });
    expect(await period('beginClosingFiscalPeriod')).toMatchObject({ status: 'CLOSING' });
    expect(await reserve()).toMatchObject({
      __typename: 'PeriodClosedProblem',
      periodStatus: 'CLOSING',
    });
    expect(await period('closeFiscalPeriod')).toMatchObject({ status: 'CLOSED' });
    expect(await period('reopenFiscalPeriod')).toMatchObject({ status: 'OPEN' });
    await period('beginClosingFiscalPeriod');
    await period('closeFiscalPeriod');
    expect(await period('lockFiscalPeriod')).toMatchObject({ status: 'LOCKED' });
    expect(await period('reopenFiscalPeriod')).toMatchObject({
      __typename: 'IllegalTransitionProblem',
      legalEvents: [],
    });
  });
});
