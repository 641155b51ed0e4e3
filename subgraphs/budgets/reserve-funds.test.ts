import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { moneyOf } from '#kernel/money.ts';
import { PURCHASING, TODAY, LAST_MONTH, createBudgetWorld } from './budget-world.ts';
import { createReservationBatcher } from './reserve-funds.ts';
import { foldLedger } from './store/ledger.ts';
import type { BudgetWorld } from './budget-world.ts';
import type { FundsRequest } from './reserve-funds.ts';

let world: BudgetWorld;
beforeAll(async () => {
  world = await createBudgetWorld();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

let documents = 0;

function wish(change: Partial<FundsRequest> & Pick<FundsRequest, 'costCentreId'>): FundsRequest {
  documents += 1;
  return {
    idempotencyKey: `key-${documents}`,
    documentType: 'REQUISITION',
    documentId: `requisition-${documents}`,
    documentNumber: `REQ-DE01-${documents}`,
    correlationId: `correlation-${documents}`,
    category: 'IT',
    amount: moneyOf('10.00', 'EUR'),
    on: TODAY,
    actorId: PURCHASING.id,
    traceparent: null,
    ...change,
  };
}

function batcher() {
  return createReservationBatcher(world);
}

async function balanceOf(lineId: string) {
  const [row] = await world.database.query<{
    available_minor: bigint;
    pre_encumbrances_minor: bigint;
  }>('select available_minor, pre_encumbrances_minor from budget_line where id = $1', [lineId]);
  return row;
}

const codeOf = (answer: unknown): unknown => {
  if (typeof answer === 'string') return answer;
  const result = answer as { ok: boolean; problem?: { code: string } };
  return result.ok ? 'RESERVED' : result.problem?.code;
};

describe('a batch of reservations', () => {
  it('accepts greedily in the order of arrival: a large one that does not fit leaves room for a smaller one', async () => {
    const line = await world.addLine({ costCentreId: 'DE01-1000', initial: '100.00' });
    const amounts = ['60.00', '50.00', '40.00', '0.01'];
    const run = batcher();
    const answers = await Promise.all(
      amounts.map((amount) =>
        run.run(wish({ costCentreId: line.costCentreId, amount: moneyOf(amount, 'EUR') })),
      ),
    );
    expect(answers.map(codeOf)).toEqual([
      'RESERVED',
      'INSUFFICIENT_FUNDS',
      'RESERVED',
      'INSUFFICIENT_FUNDS',
    ]);
    expect(answers[1]).toMatchObject({
      problem: {
        available: { amount: '40.00', currency: 'EUR' },
        requested: { amount: '50.00', currency: 'EUR' },
        budgetLineId: line.id,
      },
    });
    expect(await balanceOf(line.id)).toEqual({
      available_minor: 0n,
      pre_encumbrances_minor: 10_000n,
    });
  });

  it('writes reservation, ledger, answer and event of each accepted request, and nothing of a refused one', async () => {
    const line = await world.addLine({ costCentreId: 'DE01-1001', initial: '15.00' });
    const [kept, refused] = [
      wish({ costCentreId: line.costCentreId }),
      wish({ costCentreId: line.costCentreId }),
    ];
    const run = batcher();
    await Promise.all([run.run(kept), run.run(refused)]);
    const count = async (statement: string) =>
      (
        await world.database.query<{ count: bigint }>(statement, [
          [kept.documentId, refused.documentId],
        ])
      ).map((row) => row.count);
    expect(
      await count('select count(*) from funds_reservation where document_id = any($1)'),
    ).toEqual([1n]);
    expect(await count('select count(*) from ledger_entry where document_id = any($1)')).toEqual([
      1n,
    ]);
    expect(
      await count(`select count(*) from outbox where cloud_event->'data'->>'documentId' = any($1)`),
    ).toEqual([1n]);
    const keys = await world.database.query<{ key: string; answered: boolean }>(
      'select key, answer is not null as answered from idempotency where key = any($1)',
      [[kept.idempotencyKey, refused.idempotencyKey]],
    );
    expect(keys).toEqual([{ key: kept.idempotencyKey, answered: true }]);
  });

  it('limits by every controlled ancestor and enters what is reserved on all of them', async () => {
    const root = await world.addLine({ costCentreId: 'DE01-1100', initial: '25.00' });
    const middle = await world.addLine({
      costCentreId: 'DE01-1110',
      initial: '5.00',
      controlLevel: 'NONE',
      parent: root,
    });
    const leaf = await world.addLine({
      costCentreId: 'DE01-1111',
      initial: '100.00',
      parent: middle,
    });
    const run = batcher();
    const answers = await Promise.all(
      [1, 2, 3].map(() => run.run(wish({ costCentreId: leaf.costCentreId }))),
    );
    expect(answers.map(codeOf)).toEqual(['RESERVED', 'RESERVED', 'INSUFFICIENT_FUNDS']);
    expect(answers[2]).toMatchObject({
      problem: { budgetLineId: root.id, available: { amount: '5.00' } },
    });
    expect((await balanceOf(root.id))?.available_minor).toBe(500n);
    expect((await balanceOf(middle.id))?.available_minor).toBe(-1500n);
    expect((await balanceOf(leaf.id))?.available_minor).toBe(8000n);
  });

  it('lets a tolerance be used and not exceeded', async () => {
    const line = await world.addLine({
      costCentreId: 'DE01-1200',
      initial: '20.00',
      tolerance: '5.00',
    });
    const run = batcher();
    const answers = await Promise.all(
      ['20.00', '5.00', '0.01'].map((amount) =>
        run.run(wish({ costCentreId: line.costCentreId, amount: moneyOf(amount, 'EUR') })),
      ),
    );
    expect(answers.map(codeOf)).toEqual(['RESERVED', 'RESERVED', 'INSUFFICIENT_FUNDS']);
  });

  it('reserves on an advisory line that does not suffice, with a warning, and checks nothing on an uncontrolled one', async () => {
    const advisory = await world.addLine({
      costCentreId: 'DE01-1300',
      initial: '5.00',
      controlLevel: 'ADVISORY',
    });
    const free = await world.addLine({
      costCentreId: 'DE01-1301',
      initial: '5.00',
      controlLevel: 'NONE',
    });
    const run = batcher();
    const [warned, unchecked] = await Promise.all([
      run.run(wish({ costCentreId: advisory.costCentreId })),
      run.run(wish({ costCentreId: free.costCentreId })),
    ]);
    expect(warned).toMatchObject({
      ok: true,
      value: { warning: { budgetLineId: advisory.id, availableMinor: 500n } },
    });
    expect(unchecked).toMatchObject({ ok: true, value: { warning: null } });
  });

  it('gives two requests with one key and one input one reservation, and refuses the key with another input', async () => {
    const line = await world.addLine({ costCentreId: 'DE01-1400', initial: '100.00' });
    const first = wish({ costCentreId: line.costCentreId });
    const other = { ...first, amount: moneyOf('11.00', 'EUR') };
    const run = batcher();
    const [a, b, c] = await Promise.all([run.run(first), run.run(first), run.run(other)]);
    expect(a).toEqual(b);
    expect(codeOf(c)).toBe('IDEMPOTENCY_KEY_REUSED');
    expect(await run.run(first)).toEqual(a);
    expect(codeOf(await run.run(other))).toBe('IDEMPOTENCY_KEY_REUSED');
    expect((await balanceOf(line.id))?.pre_encumbrances_minor).toBe(1000n);
  });

  it('keeps no key of a refusal: another input with it may succeed, in the same batch and later', async () => {
    const line = await world.addLine({ costCentreId: 'DE01-1401', initial: '10.00' });
    const tooMuch = wish({ costCentreId: line.costCentreId, amount: moneyOf('11.00', 'EUR') });
    const run = batcher();
    const answers = await Promise.all([
      run.run(tooMuch),
      run.run({ ...tooMuch, amount: moneyOf('4.00', 'EUR') }),
    ]);
    expect(answers.map(codeOf)).toEqual(['INSUFFICIENT_FUNDS', 'RESERVED']);
    expect(codeOf(await run.run({ ...tooMuch, amount: moneyOf('4.00', 'EUR') }))).toBe('RESERVED');
  });

  it('refuses a closed period, one that was never opened, an unknown line, an unknown cost centre and a missing rate', async () => {
    const line = await world.addLine({ costCentreId: 'DE01-1500', initial: '100.00' });
    const { costCentreId } = line;
    const run = batcher();
    const answers = await Promise.all([
      run.run(wish({ costCentreId, on: LAST_MONTH })),
      run.run(wish({ costCentreId, on: '2026-12-01' })),
      run.run(wish({ costCentreId, category: 'TRAVEL' })),
      run.run(wish({ costCentreId: 'DE01-9999' })),
      run.run(wish({ costCentreId, amount: moneyOf('1.00', 'CHF') })),
    ]);
    expect(answers.map(codeOf)).toEqual([
      'PERIOD_CLOSED',
      'PERIOD_CLOSED',
      'NOT_FOUND',
      'NOT_FOUND',
      'EXCHANGE_RATE_MISSING',
    ]);
    expect(answers[0]).toMatchObject({
      problem: { fiscalPeriodId: 'DE01-2026-10', periodStatus: 'CLOSED' },
    });
    expect(answers[1]).toMatchObject({ problem: { periodStatus: 'NOT_OPEN' } });
  });

  it('falls back to the line of the cost centre for all categories', async () => {
    const line = await world.addLine({
      costCentreId: 'DE01-1501',
      category: '*',
      initial: '100.00',
    });
    const answer = await batcher().run(
      wish({ costCentreId: line.costCentreId, category: 'TRAVEL' }),
    );
    expect(answer).toMatchObject({ ok: true, value: { budgetLineId: line.id } });
  });

  it('converts by the corporate rate in force on the day and names it, over different numbers of decimals', async () => {
    const euro = await world.addLine({ costCentreId: 'DE01-1600', initial: '1000.00' });
    const yen = await world.addLine({ costCentreId: 'JP01-1600', initial: '1000000' });
    const run = batcher();
    const [dollars, fromYen, fromEuro] = await Promise.all([
      run.run(wish({ costCentreId: euro.costCentreId, amount: moneyOf('10.01', 'USD') })),
      run.run(wish({ costCentreId: euro.costCentreId, amount: moneyOf('1500', 'JPY') })),
      run.run(wish({ costCentreId: yen.costCentreId, amount: moneyOf('12.34', 'EUR') })),
    ]);
    // 10.01 × 0.925 = 9.25925, 1500 × 0.0061 = 9.15, 12.34 × 163.25 = 2014.505, each rounded half up.
    expect(dollars).toMatchObject({
      value: {
        reservedMinor: 926n,
        rate: { rateType: 'CORPORATE', rate: '0.925', rateDate: '2026-11-01' },
      },
    });
    expect(fromYen).toMatchObject({ value: { reservedMinor: 915n } });
    expect(fromEuro).toMatchObject({ value: { reservedMinor: 2015n, currency: 'JPY' } });
  });

  it('fails one bad row alone: the others of its batch are reserved one by one', async () => {
    const line = await world.addLine({ costCentreId: 'DE01-1700', initial: '100.00' });
    const { costCentreId } = line;
    const run = batcher();
    const settled = await Promise.allSettled([
      run.run(wish({ costCentreId })),
      // PostgreSQL stores no NUL: this row makes the whole batch fail.
      run.run(wish({ costCentreId, documentNumber: 'bad\u0000number' })),
      run.run(wish({ costCentreId })),
    ]);
    expect(settled.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((await balanceOf(line.id))?.pre_encumbrances_minor).toBe(2000n);
  });

  it('fills a line exactly when several processes reserve on it at once', async () => {
    const line = await world.addLine({ costCentreId: 'DE01-1800', initial: '1000.00' });
    const processes = [batcher(), batcher(), batcher()];
    const answers = await Promise.all(
      Array.from({ length: 300 }, (_, index) =>
        (processes[index % 3] ?? batcher()).run(
          wish({ costCentreId: line.costCentreId, amount: moneyOf('7.00', 'EUR') }),
        ),
      ),
    );
    // floor(1000 / 7) = 142
    expect(answers.filter((answer) => codeOf(answer) === 'RESERVED')).toHaveLength(142);
    expect((await balanceOf(line.id))?.available_minor).toBe(600n);
  });

  it('reserves once when two processes get the same key, or the same document, at the same time', async () => {
    const line = await world.addLine({ costCentreId: 'DE01-1801', initial: '1000.00' });
    const elsewhere = await world.addLine({ costCentreId: 'DE01-1802', initial: '1000.00' });
    for (let round = 0; round < 10; round += 1) {
      const request = wish({ costCentreId: line.costCentreId });
      const { costCentreId } = round % 2 === 0 ? line : elsewhere;
      const same = { ...request, costCentreId, idempotencyKey: `${request.idempotencyKey}-other` };
      const answers = await Promise.all([
        batcher().run(request),
        batcher().run(request),
        batcher().run(same),
      ]);
      const codes = answers.map(codeOf);
      expect(new Set(codes)).toEqual(new Set(['ALREADY_RESERVED', 'RESERVED']));
      expect(codes[0]).toBe(codes[1]);
      const [row] = await world.database.query<{ count: bigint }>(
        'select count(*) from funds_reservation where document_id = $1',
        [request.documentId],
      );
      expect(row?.count).toBe(1n);
    }
  });
});

describe('the ledger', () => {
  it('cannot be changed, emptied or cut', async () => {
    await world.addLine({ costCentreId: 'DE01-1900', initial: '1.00' });
    const attempts = [
      'update ledger_entry set amount_minor = 0',
      'delete from ledger_entry',
      'truncate ledger_entry',
    ];
    for (const attempt of attempts) {
      await expect(world.database.query(attempt)).rejects.toThrow('append-only');
    }
  });

  it('sums up to the balances of every line', async () => {
    const folded = await foldLedger(world.database);
    const rows = await world.database.query<Record<string, bigint> & { id: string }>(
      `select id, initial_minor, adjustments_minor, pre_encumbrances_minor, encumbrances_minor, actuals_minor from budget_line`,
    );
    expect(rows.length).toBeGreaterThan(10);
    for (const row of rows) {
      expect(folded.get(row.id) ?? NOTHING).toEqual({
        INITIAL: row['initial_minor'],
        ADJUSTMENT: row['adjustments_minor'],
        PRE_ENCUMBRANCE: row['pre_encumbrances_minor'],
        ENCUMBRANCE: row['encumbrances_minor'],
        ACTUAL: row['actuals_minor'],
      });
    }
  });

  it('is guarded by a constraint that refuses an overspent absolute line whoever writes it', async () => {
    const line = await world.addLine({ costCentreId: 'DE01-1901', initial: '1.00' });
    const overspend = world.database.query(
      'update budget_line set actuals_minor = 101 where id = $1',
      [line.id],
    );
    await expect(overspend).rejects.toThrow('budget_line_not_overspent');
  });
});

const NOTHING = { INITIAL: 0n, ADJUSTMENT: 0n, PRE_ENCUMBRANCE: 0n, ENCUMBRANCE: 0n, ACTUAL: 0n };
