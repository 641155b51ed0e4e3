import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { instantOf, shifted } from '#kernel/clock.ts';
import { newId } from '#kernel/id.ts';
import { startConsumer } from '#kernel/inbox.ts';
import { silentLog } from '#kernel/log.ts';
import { relayBatch } from '#kernel/outbox.ts';
import { PURCHASING, TODAY, createBudgetWorld } from './budget-world.ts';
import { CONSUMER_NAME, createHandlers } from './consumer.ts';
import { foldLedger } from './store/ledger.ts';
import type { EventBus } from '#kernel/bus.ts';
import type { DomainEvent } from '#kernel/event.ts';
import type { Consumer } from '#kernel/inbox.ts';
import type { BudgetWorld } from './budget-world.ts';
import type { BudgetLine } from './domain/budget-line.ts';

let world: BudgetWorld;
let bus: EventBus;
let consumer: Consumer;
beforeAll(async () => {
  world = await createBudgetWorld();
  bus = await world.test.openBus();
  const { database, clock } = world;
  consumer = await startConsumer({
    name: CONSUMER_NAME,
    database,
    bus,
    handlers: createHandlers(clock),
    log: silentLog,
  });
});
afterAll(async () => {
  await consumer.close();
  await world[Symbol.asyncDispose]();
});

interface Case {
  readonly line: BudgetLine;
  readonly requisitionId: string;
  readonly orderId: string;
}

let cases = 0;

/** A requisition of `amount` reserved on a line of its own, which has 100.00. */
async function reserved(amount: string, currency = 'EUR'): Promise<Case> {
  cases += 1;
  const line = await world.addLine({ costCentreId: `DE01-${1000 + cases}`, initial: '100.00' });
  const one = { line, requisitionId: `requisition-${cases}`, orderId: `order-${cases}` };
  await reserveAgain(one, amount, currency);
  return one;
}

async function reserveAgain(one: Case, amount: string, currency = 'EUR'): Promise<void> {
  const query =
    'mutation ($input: ReserveFundsInput!) { reserveFunds(input: $input) { __typename } }';
  const { data } = await world.run(PURCHASING, query, {
    input: {
      idempotencyKey: newId(),
      documentType: 'REQUISITION',
      documentId: one.requisitionId,
      documentNumber: `REQ-${one.requisitionId}`,
      correlationId: `thread-${one.requisitionId}`,
      costCentreId: one.line.costCentreId,
      category: 'IT',
      amount: { amount, currency },
      on: TODAY,
    },
  });
  expect(data.reserveFunds.__typename).toBe('FundsReservation');
}

function fact(
  type: string,
  document: { type: string; id: string },
  data: Record<string, unknown>,
  occurredAt = world.clock.now(),
): DomainEvent {
  return {
    id: newId(),
    type,
    source: '/subgraphs/test',
    document: { ...document, number: 'NUMBER-1', status: 'ANY' },
    sequence: 1,
    occurredAt,
    correlationId: 'thread-event',
    causationId: 'cause',
    traceparent: null,
    actorId: 'somebody',
    audience: { companyCode: 'DE01', costCentreId: null, ownerId: null },
    data,
  };
}

const requisition = (name: string, one: Case, at?: Date): DomainEvent =>
  fact(
    `concord.requisition.${name}.v1`,
    { type: 'Requisition', id: one.requisitionId },
    { requisitionId: one.requisitionId },
    at,
  );

const order = (name: string, one: Case, total: string, currency = 'EUR'): DomainEvent =>
  fact(
    `concord.purchase-order.${name}.v1`,
    { type: 'PurchaseOrder', id: one.orderId },
    {
      purchaseOrderId: one.orderId,
      number: `PO-${one.orderId}`,
      requisitionId: one.requisitionId,
      companyCode: 'DE01',
      costCentreId: one.line.costCentreId,
      category: 'IT',
      total: { amount: total, currency },
    },
  );

const invoice = (
  name: string,
  one: Case,
  net: string,
  change: Record<string, unknown> = {},
): DomainEvent => {
  const invoiceId = typeof change['invoiceId'] === 'string' ? change['invoiceId'] : newId();
  return fact(
    `concord.invoice.${name}.v1`,
    { type: 'Invoice', id: invoiceId },
    {
      invoiceId,
      number: `INV-${invoiceId}`,
      kind: 'STANDARD',
      purchaseOrderId: one.orderId,
      costCentreId: one.line.costCentreId,
      netAmount: { amount: net, currency: 'EUR' },
      ...change,
    },
  );
};

/** Publishes and waits until the consumer has passed. */
async function publish(...events: DomainEvent[]): Promise<void> {
  await bus.publish(events);
  const { newest } = await bus.bounds();
  for (let attempt = 0; attempt < 6_000; attempt += 1) {
    const [row] = await world.database.query<{ bus_position: bigint }>(
      'select bus_position from inbox_cursor where consumer = $1',
      [CONSUMER_NAME],
    );
    if ((row?.bus_position ?? 0n) >= newest) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('The consumer did not get through in time.');
}

async function balance(one: Case): Promise<string> {
  const [row] = await world.database.query<Record<string, bigint>>(
    'select pre_encumbrances_minor, encumbrances_minor, actuals_minor, available_minor, overrun_minor from budget_line where id = $1',
    [one.line.id],
  );
  return Object.values(row ?? {}).join(' ');
}

async function statuses(one: Case): Promise<string[]> {
  const rows = await world.database.query<{ status: string }>(
    'select status from funds_reservation where document_id = any($1) order by reserved_at, id',
    [[one.requisitionId, one.orderId]],
  );
  return rows.map((row) => row.status);
}

describe('the facts of requisitions', () => {
  it.each(['rejected', 'returned', 'withdrawn', 'cancelled'])(
    '%s gives the pre-encumbrance back, once',
    async (name) => {
      const one = await reserved('60.00');
      expect(await balance(one)).toBe('6000 0 0 4000 0');
      const event = requisition(name, one);
      await publish(event);
      await publish(event, requisition(name, one));
      expect(await balance(one)).toBe('0 0 0 10000 0');
      expect(await statuses(one)).toEqual(['RELEASED']);
    },
  );

  it('do not take away what was reserved again before the news arrived', async () => {
    const one = await reserved('60.00');
    const returned = requisition('returned', one);
    await reserveAgain(one, '70.00');
    await publish(returned);
    expect(await balance(one)).toBe('7000 0 0 3000 0');
    expect(await statuses(one)).toEqual(['RELEASED', 'RESERVED']);
  });

  it('change nothing when nothing was reserved', async () => {
    const one = await reserved('60.00');
    await publish(requisition('withdrawn', { ...one, requisitionId: 'unknown' }));
    expect(await balance(one)).toBe('6000 0 0 4000 0');
  });
});

describe('the facts of orders', () => {
  it('turn the pre-encumbrance into the encumbrance of the order, at its total, once', async () => {
    const one = await reserved('60.00');
    const created = order('created', one, '65.00');
    await publish(created);
    await publish(created, { ...created, id: newId() });
    expect(await balance(one)).toBe('0 6500 0 3500 0');
    expect(await statuses(one)).toEqual(['CONVERTED', 'RESERVED']);
  });

  it('encumber an order whose requisition holds nothing', async () => {
    const one = await reserved('60.00');
    await publish(requisition('withdrawn', one), order('created', one, '30.00'));
    expect(await balance(one)).toBe('0 3000 0 7000 0');
  });

  it('adjust to the new total, release the remainder on closing, and take a cancellation', async () => {
    const one = await reserved('60.00');
    await publish(order('created', one, '60.00'), order('changed', one, '80.00'));
    expect(await balance(one)).toBe('0 8000 0 2000 0');
    await publish(
      order('changed', one, '50.00'),
      invoice('posted', one, '20.00'),
      order('closed', one, '50.00'),
    );
    expect(await balance(one)).toBe('0 0 2000 8000 0');
    expect(await statuses(one)).toEqual(['CONVERTED', 'RELEASED']);
    const other = await reserved('60.00');
    await publish(order('created', other, '60.00'), order('cancelled', other, '60.00'));
    expect(await balance(other)).toBe('0 0 0 10000 0');
  });

  it('are recorded beyond an absolute limit, with the overrun named and told, and reservations stay refused', async () => {
    const one = await reserved('60.00');
    await publish(order('created', one, '130.00'));
    expect(await balance(one)).toBe('0 13000 0 -3000 3000');
    const events = await world.database.query<{ data: unknown }>(
      `select cloud_event->'data' as data from outbox where cloud_event->>'type' = 'concord.funds.overrun.v1' and cloud_event->'data'->>'budgetLineId' = $1`,
      [one.line.id],
    );
    expect(events).toEqual([
      {
        data: expect.objectContaining({
          overrunLineId: one.line.id,
          overrun: { amount: '30.00', currency: 'EUR' },
          available: { amount: '-30.00', currency: 'EUR' },
        }),
      },
    ]);
    const check = `{ checkFunds(input: { costCentreId: "${one.line.costCentreId}", category: "IT", amount: { amount: "0.01", currency: "EUR" }, on: "${TODAY}" }) { ... on FundsCheck { decision } } }`;
    expect((await world.run(PURCHASING, check)).data.checkFunds).toEqual({
      decision: 'INSUFFICIENT',
    });
    // The overrun goes as the funds come back; it is no allowance for later.
    await publish(order('changed', one, '90.00'));
    expect(await balance(one)).toBe('0 9000 0 1000 0');
  });
});

describe('the facts of invoices', () => {
  it('turn encumbrance into actual by the net amount, in part and then wholly, once per invoice', async () => {
    const one = await reserved('60.00');
    const first = invoice('posted', one, '25.00');
    await publish(order('created', one, '60.00'), first, { ...first, id: newId() });
    expect(await balance(one)).toBe('0 3500 2500 4000 0');
    expect(await statuses(one)).toEqual(['CONVERTED', 'PARTIALLY_LIQUIDATED']);
    await publish(invoice('posted', one, '35.00'));
    expect(await balance(one)).toBe('0 0 6000 4000 0');
    expect(await statuses(one)).toEqual(['CONVERTED', 'LIQUIDATED']);
  });

  it('post a credit memo back, and reverse a cancelled invoice exactly, once', async () => {
    const one = await reserved('60.00');
    const posted = invoice('posted', one, '60.00', { invoiceId: `cancelled-${one.orderId}` });
    await publish(
      order('created', one, '60.00'),
      posted,
      invoice('posted', one, '-10.00', { kind: 'CREDIT_MEMO' }),
    );
    expect(await balance(one)).toBe('0 1000 5000 4000 0');
    const cancelled = invoice('cancelled', one, '60.00', { invoiceId: `cancelled-${one.orderId}` });
    await publish(cancelled, { ...cancelled, id: newId() }, invoice('cancelled', one, '5.00'));
    expect(await balance(one)).toBe('0 6000 -1000 5000 0');
  });

  it('enter the difference of rates by itself, and reverse it with the invoice', async () => {
    const one = await reserved('40.00', 'USD');
    expect(await balance(one)).toBe('3700 0 0 6300 0');
    await publish(order('created', one, '40.00', 'USD'));
    await world.database.query(
      `insert into exchange_rate values ('CORPORATE', 'USD', 'EUR', '2026-11-25', 0.95)`,
    );
    const later = shifted(instantOf('2026-11-26T10:00:00Z'), 0);
    const net = {
      netAmount: { amount: '40.00', currency: 'USD' },
      invoiceId: `rated-${one.orderId}`,
    };
    await publish({ ...invoice('posted', one, '0.00', net), occurredAt: later });
    expect(await balance(one)).toBe('0 0 3800 6200 0');
    const kinds = await world.database.query<{
      kind: string;
      amount_minor: bigint;
      rate: string | null;
    }>(
      `select kind, amount_minor, rate from ledger_entry where document_type = 'INVOICE' and budget_line_id = $1 order by id`,
      [one.line.id],
    );
    expect(kinds).toEqual([
      { kind: 'LIQUIDATION', amount_minor: -3700n, rate: '0.95' },
      { kind: 'LIQUIDATION', amount_minor: 3700n, rate: '0.95' },
      { kind: 'RATE_DIFFERENCE', amount_minor: 100n, rate: '0.95' },
    ]);
    await publish({ ...invoice('cancelled', one, '0.00', net), occurredAt: later });
    expect(await balance(one)).toBe('0 3700 0 6300 0');
  });

  it('post an invoice without an order to the line of its cost centre for all categories', async () => {
    const line = await world.addLine({
      costCentreId: 'DE01-5000',
      category: '*',
      initial: '100.00',
    });
    const one = { line, requisitionId: 'none', orderId: 'none' };
    await publish(invoice('posted', one, '12.00', { purchaseOrderId: null }));
    expect(await balance(one)).toBe('0 0 1200 8800 0');
  });

  it('set an invoice aside whose currency cannot be converted, with the reason', async () => {
    const one = await reserved('60.00');
    const foreign = invoice('posted', one, '0.00', {
      netAmount: { amount: '5.00', currency: 'CHF' },
    });
    await publish(order('created', one, '60.00'), foreign);
    const parked = await world.database.query<{ last_error: string }>(
      'select last_error from inbox_parked where event_id = $1',
      [foreign.id],
    );
    expect(parked[0]?.last_error).toContain('EXCHANGE_RATE_MISSING');
    await world.database.query(
      `insert into exchange_rate values ('CORPORATE', 'CHF', 'EUR', '2026-11-01', 1.05)`,
    );
    expect(await consumer.retryParked(foreign.document.id)).toBe(true);
    expect(await balance(one)).toBe('0 5475 525 4000 0');
  });
});

describe('after all of it', () => {
  it('the ledger sums up to the balances, and the outbox can be relayed', async () => {
    const folded = await foldLedger(world.database);
    const rows = await world.database.query<Record<string, bigint> & { id: string }>(
      'select * from budget_line',
    );
    for (const row of rows) {
      expect(folded.get(row.id)).toEqual({
        INITIAL: row['initial_minor'],
        ADJUSTMENT: row['adjustments_minor'],
        PRE_ENCUMBRANCE: row['pre_encumbrances_minor'],
        ENCUMBRANCE: row['encumbrances_minor'],
        ACTUAL: row['actuals_minor'],
      });
    }
    const open = await world.database.query<{ differs: boolean }>(
      `select line.encumbrances_minor <> coalesce(sum(open_minor) filter (where stage = 'ENCUMBRANCE'), 0)
          or line.pre_encumbrances_minor <> coalesce(sum(open_minor) filter (where stage = 'PRE_ENCUMBRANCE'), 0)
          or line.actuals_minor <> coalesce(sum(actual_minor), 0) as differs
       from budget_line line left join funds_reservation on budget_line_id = line.id group by line.id`,
    );
    expect(open.some((row) => row.differs)).toBe(false);
    expect(await relayBatch(world.test.openForRelay('budgets'), bus)).toBeGreaterThan(10);
  });
});
