import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FINANCE, LAST_MONTH, TODAY, createBudgetWorld, viewerOf } from '../budget-world.ts';
import { CHECK, RESERVE, createAsk, euro, wish } from '../question-world.ts';
import type { BudgetWorld } from '../budget-world.ts';

let world: BudgetWorld;
beforeAll(async () => {
  world = await createBudgetWorld();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const ask = createAsk(() => world);

describe('checkFunds', () => {
  it('decides as reserving would, and writes nothing', async () => {
    const root = await world.addLine({ costCentreId: 'DE01-6600', initial: '30.00' });
    const leaf = await world.addLine({
      costCentreId: 'DE01-6601',
      initial: '50.00',
      controlLevel: 'ADVISORY',
      parent: root,
    });
    const free = await world.addLine({
      costCentreId: 'DE01-6602',
      initial: '0.00',
      controlLevel: 'NONE',
    });
    const requestor = viewerOf('requestor', {
      companies: ['DE01'],
      costCentres: [leaf.costCentreId, free.costCentreId],
    });
    const check = (costCentreId: string, amount: string) =>
      ask(CHECK, { costCentreId, category: 'IT', amount: euro(amount), on: TODAY }, requestor);
    const tables =
      'select (select count(*) from ledger_entry) as entries, (select count(*) from outbox) as events, (select count(*) from idempotency) as keys';
    const before = await world.database.query(tables);
    expect(await check(leaf.costCentreId, '30.00')).toMatchObject({
      decision: 'SUFFICIENT',
      available: euro('50.00'),
      budgetLine: { id: leaf.id },
    });
    // The limiting line lies outside the requestor's scope: its amount is said, the line itself is not shown.
    expect(await check(leaf.costCentreId, '30.01')).toMatchObject({
      decision: 'INSUFFICIENT',
      available: euro('30.00'),
      budgetLine: null,
    });
    expect(await check(free.costCentreId, '5.00')).toMatchObject({
      decision: 'NOT_CONTROLLED',
      requested: euro('5.00'),
    });
    const alone = await world.addLine({
      costCentreId: 'DE01-6603',
      initial: '1.00',
      controlLevel: 'ADVISORY',
    });
    const any = viewerOf('requestor');
    expect(
      await ask(
        CHECK,
        { costCentreId: alone.costCentreId, category: 'IT', amount: euro('2.00'), on: TODAY },
        any,
      ),
    ).toMatchObject({ decision: 'ADVISORY_OVERRUN' });
    expect(await check('DE01-6603', '1.00')).toMatchObject({ __typename: 'NotFoundProblem' });
    expect(await check(leaf.costCentreId, '0.00')).toMatchObject({
      __typename: 'InvalidInputProblem',
    });
    const question = {
      costCentreId: leaf.costCentreId,
      category: 'IT',
      amount: euro('1.00'),
      on: LAST_MONTH,
    };
    expect(await ask(CHECK, question, requestor)).toMatchObject({
      __typename: 'PeriodClosedProblem',
    });
    expect(
      await ask(
        CHECK,
        { ...question, on: TODAY, amount: { amount: '1', currency: 'CHF' } },
        requestor,
      ),
    ).toMatchObject({ __typename: 'ExchangeRateMissingProblem' });
    const after = await world.database.query<{ entries: bigint }>(tables);
    expect({ ...after[0], entries: 0n }).toEqual({ ...(before[0] as object), entries: 0n });
  });
});

describe('who may', () => {
  const REFUSED: Readonly<Record<string, readonly string[]>> = {
    reserveFunds: [
      'requestor',
      'approver',
      'buyer',
      'ap-clerk',
      'finance-operations',
      'auditor',
      'receiver',
      'architect',
      'supplier-steward',
    ],
    createCostCentre: [
      'requestor',
      'approver',
      'buyer',
      'ap-clerk',
      'auditor',
      'receiver',
      'architect',
      'supplier-steward',
      'purchase-orders-service',
    ],
    costCentre: ['receiver', 'architect', 'supplier-steward'],
    checkFunds: ['approver', 'ap-clerk', 'auditor', 'receiver', 'architect'],
  };
  const CALLS: Readonly<Record<string, string>> = {
    reserveFunds: `mutation { reserveFunds(input: { idempotencyKey: "k", documentType: REQUISITION, documentId: "d", documentNumber: "n", correlationId: "c", costCentreId: "DE01-1", category: "IT", amount: { amount: "1", currency: "EUR" }, on: "${TODAY}" }) { __typename } }`,
    createCostCentre:
      'mutation { createCostCentre(input: { idempotencyKey: "k", companyCode: "DE01", code: "1", name: "n", managerId: "m" }) { __typename } }',
    costCentre: '{ costCentre(id: "DE01-1") { id } }',
    checkFunds: `{ checkFunds(input: { costCentreId: "DE01-1", category: "IT", amount: { amount: "1", currency: "EUR" }, on: "${TODAY}" }) { __typename } }`,
  };

  it.each(Object.entries(REFUSED).flatMap(([call, roles]) => roles.map((role) => [call, role])))(
    '%s is refused to %s',
    async (call = '', role = '') => {
      const { errors, statements } = await world.run(viewerOf(role), CALLS[call] ?? '');
      expect(errors.map((error) => error.code)).toEqual(['FORBIDDEN']);
      expect(statements).toBe(0);
    },
  );

  it('hides what lies outside the companies and cost centres of the viewer', async () => {
    const line = await world.addLine({ costCentreId: 'DE01-8000', initial: '100.00' });
    const query = `{ costCentre(id: "DE01-8000") { id } budgetLine(id: "${line.id}") { id } fiscalPeriod(id: "DE01-2026-11") { id } budgetLines(first: 100, filter: { costCentreId: "DE01-8000" }) { nodes { id } } }`;
    const seen = {
      costCentre: { id: 'DE01-8000' },
      budgetLine: { id: line.id },
      fiscalPeriod: { id: 'DE01-2026-11' },
      budgetLines: { nodes: [{ id: line.id }] },
    };
    const nothing = { costCentre: null, budgetLine: null, budgetLines: { nodes: [] } };
    const see = async (companies: string[], costCentres: string[]) =>
      (await world.run(viewerOf('approver', { companies, costCentres }), query)).data;
    expect(await see(['DE01'], ['DE01-8000'])).toEqual(seen);
    expect(await see(['DE01'], ['DE01-8001'])).toEqual({
      ...nothing,
      fiscalPeriod: seen.fiscalPeriod,
    });
    expect(await see(['US01'], ['*'])).toEqual({ ...nothing, fiscalPeriod: null });
  });
});

describe('reading', () => {
  it('needs as many statements for twenty cost centres with lines, entries and reservations as for one', async () => {
    for (let index = 0; index < 20; index += 1) {
      const line = await world.addLine({
        costCentreId: `JP01-9${String(index).padStart(2, '0')}`,
        initial: '1000',
      });
      const amount = { amount: '10', currency: 'JPY' };
      await ask(RESERVE, wish(line.costCentreId, { amount, documentId: `read-${index}` }));
    }
    const query = `query ($first: Int!) { costCentres(first: $first, filter: { companyCode: "JP01" }) { nodes { id budgetLines(first: 5) {
      nodes { id costCentre { id } ledgerEntries(first: 5) { nodes { kind reservation { id budgetLine { id } costCentre { name } } } } } } } pageInfo { hasNextPage endCursor } } }`;
    const one = await world.run(FINANCE, query, { first: 1 });
    const twenty = await world.run(FINANCE, query, { first: 20 });
    expect(one.errors).toEqual([]);
    expect(twenty.data.costCentres.nodes).toHaveLength(20);
    expect(one.data.costCentres.pageInfo.hasNextPage).toBe(true);
    expect(twenty.data.costCentres.nodes[19].budgetLines.nodes[0].ledgerEntries.nodes).toHaveLength(
      2,
    );
    expect([one.statements, twenty.statements]).toEqual([6, 6]);
    const representations = Array.from({ length: 20 }, (_, index) => ({
      __typename: 'Requisition',
      id: `read-${index}`,
    }));
    const entities = `query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on Requisition { id fundsReservations { status amount { amount currency } } } } }`;
    const many = await world.run(FINANCE, entities, { representations });
    expect(many.statements).toBe(1);
    expect(many.data._entities[7]).toEqual({
      id: 'read-7',
      fundsReservations: [{ status: 'RESERVED', amount: { amount: '10', currency: 'JPY' } }],
    });
    const unseen = await world.run(viewerOf('receiver'), entities, {
      representations: representations.slice(0, 1),
    });
    expect(unseen.data._entities).toEqual([{ id: 'read-0', fundsReservations: null }]);
    const references = [
      ...representations.slice(0, 1),
      { __typename: 'CostCentre', id: 'JP01-900' },
      { __typename: 'PurchaseOrder', id: 'none' },
    ];
    const mixed = await world.run(
      FINANCE,
      'query ($representations: [_Any!]!) { _entities(representations: $representations) { __typename ... on CostCentre { name } ... on PurchaseOrder { fundsReservations { id } } } }',
      { representations: references },
    );
    expect(mixed.data._entities).toEqual([
      { __typename: 'Requisition' },
      { __typename: 'CostCentre', name: 'Cost centre 900' },
      { __typename: 'PurchaseOrder', fundsReservations: [] },
    ]);
  });

  it('pages forwards and backwards through ledger entries', async () => {
    const line = await world.addLine({ costCentreId: 'DE01-9100', initial: '100.00' });
    for (let index = 0; index < 4; index += 1) await ask(RESERVE, wish(line.costCentreId));
    const page = async (args: string) =>
      (
        await world.run(
          FINANCE,
          `{ budgetLine(id: "${line.id}") { ledgerEntries(${args}) { nodes { id kind } pageInfo { endCursor startCursor hasNextPage hasPreviousPage } } } }`,
        )
      ).data.budgetLine.ledgerEntries;
    const first = await page('first: 2');
    expect(first.nodes.map((entry: { kind: string }) => entry.kind)).toEqual([
      'INITIAL',
      'RESERVATION',
    ]);
    const second = await page(`first: 10, after: "${first.pageInfo.endCursor}"`);
    expect(second.nodes).toHaveLength(3);
    const last = await page('last: 2');
    expect(last.nodes).toEqual(second.nodes.slice(1));
    expect(last.pageInfo).toMatchObject({ hasPreviousPage: true, hasNextPage: false });
  });
});
