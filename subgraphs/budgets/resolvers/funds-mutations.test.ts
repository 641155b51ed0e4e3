import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FINANCE, LAST_MONTH, PURCHASING, TODAY, createBudgetWorld } from '../budget-world.ts';
import {
  ADJUST,
  CONVERT,
  LIQUIDATE,
  RELEASE,
  RESERVE,
  createAsk,
  euro,
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

describe('reserveFunds', () => {
  it('lets exactly floor(available / amount) of 64 concurrent clients through', async () => {
    const line = await world.addLine({ costCentreId: 'DE01-6400', initial: '100.00' });
    const answers = await Promise.all(
      Array.from({ length: 64 }, () =>
        ask(RESERVE, wish(line.costCentreId, { amount: euro('7.00') })),
      ),
    );
    const reserved = answers.filter((answer) => answer.__typename === 'FundsReservation');
    const refused = answers.filter((answer) => answer.__typename === 'InsufficientFundsProblem');
    expect([reserved.length, refused.length]).toEqual([14, 50]);
    for (const answer of refused) {
      expect(answer).toMatchObject({
        available: euro('2.00'),
        requested: euro('7.00'),
        budgetLineId: line.id,
        retryable: true,
        correlationId: 'test-correlation',
      });
    }
    expect(new Set(reserved.map((answer) => answer.id)).size).toBe(14);
  });

  it('needs few statements for many clients: they share transactions', async () => {
    const line = await world.addLine({ costCentreId: 'DE01-6401', initial: '1000.00' });
    const query = `mutation ($input: ReserveFundsInput!) { reserveFunds(input: $input) { __typename } }`;
    const alone = await world.run(PURCHASING, query, { input: wish(line.costCentreId) });
    expect(alone.statements).toBe(3);
    const [row] = await world.database.query<{ count: bigint }>('select count(*) from outbox');
    const before = await world.run(PURCHASING, '{ __typename }');
    const together = await Promise.all(
      Array.from({ length: 64 }, () =>
        world.run(PURCHASING, query, { input: wish(line.costCentreId) }),
      ),
    );
    const [after] = await world.database.query<{ count: bigint }>('select count(*) from outbox');
    expect((after?.count ?? 0n) - (row?.count ?? 0n)).toBe(64n);
    expect(before.statements).toBe(0);
    // Each run counts what happened while it waited; 64 apart would be 192.
    expect(Math.max(...together.map((answer) => answer.statements))).toBeLessThanOrEqual(9);
  });

  it('answers a repeated key with the first answer, and another input with a problem', async () => {
    const line = await world.addLine({ costCentreId: 'DE01-6402', initial: '100.00' });
    const input = wish(line.costCentreId);
    const first = await ask(RESERVE, input);
    expect(first).toMatchObject({
      __typename: 'FundsReservation',
      status: 'RESERVED',
      stage: 'PRE_ENCUMBRANCE',
      amount: euro('10.00'),
    });
    expect(await ask(RESERVE, input)).toMatchObject({
      __typename: 'FundsReservation',
      id: first.id,
    });
    expect(await ask(RESERVE, { ...input, amount: euro('11.00') })).toMatchObject({
      __typename: 'IdempotencyKeyReusedProblem',
      idempotencyKey: input.idempotencyKey,
    });
  });

  it('sets the claim of a document anew instead of counting it twice, also on another line', async () => {
    const line = await world.addLine({ costCentreId: 'DE01-6403', initial: '100.00' });
    const other = await world.addLine({ costCentreId: 'DE01-6404', initial: '100.00' });
    const first = wish(line.costCentreId, { amount: euro('80.00') });
    await ask(RESERVE, first);
    const again = { ...first, idempotencyKey: next('key') };
    const more = await ask(RESERVE, { ...again, amount: euro('95.00') });
    expect(more).toMatchObject({
      __typename: 'FundsReservation',
      amount: euro('95.00'),
      budgetLine: { available: { amount: '5.00' } },
    });
    expect(await ask(RESERVE, { ...again, amount: euro('95.00') })).toMatchObject({ id: more.id });
    const tooMuch = await ask(RESERVE, {
      ...first,
      idempotencyKey: next('key'),
      amount: euro('101.00'),
    });
    expect(tooMuch).toMatchObject({
      __typename: 'InsufficientFundsProblem',
      // What the document holds itself is there for it to be taken again.
      available: euro('100.00'),
    });
    const moved = await ask(RESERVE, {
      ...first,
      idempotencyKey: next('key'),
      costCentreId: other.costCentreId,
      amount: euro('50.00'),
    });
    expect(moved).toMatchObject({ budgetLine: { id: other.id, available: { amount: '50.00' } } });
    const { data } = await world.run(
      FINANCE,
      `{ budgetLine(id: "${line.id}") { available { amount } preEncumbrances { amount } } }`,
    );
    expect(data.budgetLine).toEqual({
      available: { amount: '100.00' },
      preEncumbrances: { amount: '0.00' },
    });
  });

  it('keeps one claim of a document that many set at once', async () => {
    const line = await world.addLine({ costCentreId: 'DE01-6407', initial: '100.00' });
    const document = wish(line.costCentreId);
    const amounts = Array.from({ length: 12 }, (_, index) => `${index + 1}.00`);
    const answers = await Promise.all(
      amounts.map((amount) =>
        ask(RESERVE, { ...document, idempotencyKey: next('key'), amount: euro(amount) }),
      ),
    );
    expect(new Set(answers.map((answer) => answer.__typename))).toEqual(
      new Set(['FundsReservation']),
    );
    const [row] = await world.database.query<{ current: bigint; held: boolean }>(
      `select count(*) filter (where status = 'RESERVED') as current, sum(open_minor) = max(pre_encumbrances_minor) as held
       from funds_reservation join budget_line on budget_line.id = budget_line_id where document_id = $1`,
      [document.documentId],
    );
    expect(row).toEqual({ current: 1n, held: true });
  });

  it('warns on an advisory line, and refuses with a named problem what cannot be reserved', async () => {
    const advisory = await world.addLine({
      costCentreId: 'DE01-6405',
      initial: '5.00',
      controlLevel: 'ADVISORY',
    });
    const { costCentreId } = advisory;
    expect(await ask(RESERVE, wish(costCentreId))).toMatchObject({
      __typename: 'FundsReservation',
      warning: {
        code: 'ADVISORY_OVERRUN',
        budgetLineId: advisory.id,
        available: { amount: '5.00' },
      },
    });
    expect(await ask(RESERVE, wish(costCentreId, { on: LAST_MONTH }))).toMatchObject({
      __typename: 'PeriodClosedProblem',
      fiscalPeriodId: 'DE01-2026-10',
      periodStatus: 'CLOSED',
    });
    expect(
      await ask(RESERVE, wish(costCentreId, { amount: { amount: '1.00', currency: 'CHF' } })),
    ).toMatchObject({
      __typename: 'ExchangeRateMissingProblem',
      fromCurrency: 'CHF',
      toCurrency: 'EUR',
    });
    expect(await ask(RESERVE, wish('DE01-0000'))).toMatchObject({
      __typename: 'NotFoundProblem',
      entity: 'cost centre',
    });
    expect(await ask(RESERVE, wish(costCentreId, { category: 'NONE' }))).toMatchObject({
      __typename: 'NotFoundProblem',
      entity: 'budget line',
    });
    const bad = wish(costCentreId, {
      amount: { amount: '-1.005', currency: 'EUR' },
      documentNumber: 'a\u0000b',
      idempotencyKey: ' ',
    });
    expect(await ask(RESERVE, bad)).toMatchObject({
      __typename: 'InvalidInputProblem',
      fields: [
        { field: 'idempotencyKey', code: 'BAD_TEXT' },
        { field: 'documentNumber', code: 'BAD_TEXT' },
        { field: 'amount', code: 'TOO_MANY_DECIMALS' },
      ],
    });
  });

  it('names the rate by which a document in another currency was converted', async () => {
    const line = await world.addLine({ costCentreId: 'DE01-6406', initial: '100.00' });
    const answer = await ask(
      RESERVE,
      wish(line.costCentreId, { amount: { amount: '20.00', currency: 'USD' } }),
    );
    expect(answer).toMatchObject({
      amount: euro('18.50'),
      documentAmount: { amount: '20.00', currency: 'USD' },
      exchangeRate: { rateType: 'CORPORATE', rate: '0.925', rateDate: '2026-11-01' },
    });
    const { data } = await world.run(
      FINANCE,
      `{ budgetLine(id: "${line.id}") { ledgerEntries(last: 1) { nodes { kind bucket amount { amount } documentNumber exchangeRate { rate } reservation { id } } } } }`,
    );
    expect(data.budgetLine.ledgerEntries.nodes).toEqual([
      {
        kind: 'RESERVATION',
        bucket: 'PRE_ENCUMBRANCE',
        amount: { amount: '18.50' },
        documentNumber: 'REQ-DE01-000001',
        exchangeRate: { rate: '0.925' },
        reservation: { id: answer.id },
      },
    ]);
  });
});

describe('the way of a reservation', () => {
  it('goes from requisition to order to invoice, each step answered with the reservation as it is', async () => {
    const line = await world.addLine({ costCentreId: 'DE01-6500', initial: '100.00' });
    const input = wish(line.costCentreId, { amount: euro('60.00') });
    const reserved = await ask(RESERVE, input);
    const purchaseOrderId = next('order');
    const conversion = {
      idempotencyKey: next('key'),
      requisitionId: input.documentId,
      purchaseOrderId,
      purchaseOrderNumber: 'PO-DE01-000001',
      amount: euro('64.00'),
      on: TODAY,
    };
    const converted = await ask(CONVERT, conversion);
    expect(converted).toMatchObject({
      stage: 'ENCUMBRANCE',
      status: 'RESERVED',
      open: { amount: '64.00' },
      convertedFrom: { id: reserved.id, documentType: 'REQUISITION' },
    });
    const order = { documentType: 'PURCHASE_ORDER', documentId: purchaseOrderId, on: TODAY };
    const adjusted = await ask(ADJUST, {
      ...order,
      idempotencyKey: next('key'),
      amount: euro('90.00'),
    });
    expect(adjusted).toMatchObject({
      amount: euro('90.00'),
      budgetLine: { available: { amount: '10.00' } },
    });
    expect(
      await ask(ADJUST, { ...order, idempotencyKey: next('key'), amount: euro('101.00') }),
    ).toMatchObject({
      __typename: 'InsufficientFundsProblem',
      available: euro('10.00'),
      requested: euro('11.00'),
    });
    const invoice = {
      ...order,
      invoiceId: next('invoice'),
      invoiceNumber: 'INV-1',
      amount: euro('40.00'),
    };
    const partly = await ask(LIQUIDATE, { ...invoice, idempotencyKey: next('key') });
    expect(partly).toMatchObject({
      status: 'PARTIALLY_LIQUIDATED',
      open: { amount: '50.00' },
      actual: { amount: '40.00' },
    });
    // The same invoice under another key takes nothing more.
    expect(await ask(LIQUIDATE, { ...invoice, idempotencyKey: next('key') })).toMatchObject({
      version: partly.version,
      actual: { amount: '40.00' },
    });
    const final = await ask(LIQUIDATE, {
      ...invoice,
      idempotencyKey: next('key'),
      invoiceId: next('invoice'),
      amount: euro('30.00'),
      final: true,
    });
    expect(final).toMatchObject({
      status: 'LIQUIDATED',
      open: { amount: '0.00' },
      actual: { amount: '70.00' },
      budgetLine: { available: { amount: '30.00' } },
    });
  });

  it('is released once, refused afterwards, and unknown documents are not found', async () => {
    const line = await world.addLine({ costCentreId: 'DE01-6501', initial: '100.00' });
    const input = wish(line.costCentreId);
    await ask(RESERVE, input);
    const release = { documentType: 'REQUISITION', documentId: input.documentId, on: TODAY };
    expect(await ask(RELEASE, { ...release, idempotencyKey: next('key') })).toMatchObject({
      status: 'RELEASED',
      open: { amount: '0.00' },
      budgetLine: { available: { amount: '100.00' } },
    });
    expect(await ask(RELEASE, { ...release, idempotencyKey: next('key') })).toMatchObject({
      __typename: 'IllegalTransitionProblem',
      state: 'RELEASED',
      event: 'release',
    });
    const calls: [string, Record<string, unknown>][] = [
      [RELEASE, { ...release, documentId: 'nobody' }],
      [ADJUST, { ...release, documentId: 'nobody', amount: euro('1.00') }],
      [
        LIQUIDATE,
        {
          ...release,
          documentId: 'nobody',
          amount: euro('1.00'),
          invoiceId: 'i',
          invoiceNumber: 'i',
        },
      ],
      [
        CONVERT,
        {
          requisitionId: 'nobody',
          purchaseOrderId: 'nobody',
          purchaseOrderNumber: 'n',
          amount: euro('1.00'),
          on: TODAY,
        },
      ],
    ];
    for (const [query, call] of calls) {
      expect(await ask(query, { ...call, idempotencyKey: next('key') })).toMatchObject({
        __typename: 'NotFoundProblem',
        id: 'nobody',
      });
      if (query === RELEASE) continue;
      const negative = { ...call, idempotencyKey: next('key'), amount: euro('-1.00') };
      expect(await ask(query, negative)).toMatchObject({ __typename: 'InvalidInputProblem' });
    }
  });
});
