import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock } from '#kernel/clock.ts';
import { createEventFactory } from '#kernel/event.ts';
import { startConsumer } from '#kernel/inbox.ts';
import { silentLog } from '#kernel/log.ts';
import { createTestDatabase } from '../../tests/support/test-database.ts';
import { createHandlers } from './consumer.ts';
import { CLERK, MIGRATIONS, captureInput, createGraphWorld } from './graph-world.ts';
import { until } from '../../tests/support/until.ts';
import type { DomainEvent } from '#kernel/event.ts';
import type { Database } from '#kernel/database.ts';
import type { TestDatabase } from '../../tests/support/test-database.ts';
import type { Answer, GraphWorld } from './graph-world.ts';

let testDatabase: TestDatabase;
let opened: Database;
let world: GraphWorld;
beforeAll(async () => {
  testDatabase = await createTestDatabase();
  opened = await testDatabase.open('invoices', MIGRATIONS, 24);
  world = await createGraphWorld(opened);
});
afterAll(async () => {
  await testDatabase[Symbol.asyncDispose]();
});

/** An invoice that the ERP has been asked to post. */
async function posting(): Promise<Answer & { id: string }> {
  const supplier = await world.supplier();
  const order = await world.order({ supplierId: supplier.supplierId });
  await world.receive(order, '10');
  const answer = await world.mutate(
    CLERK,
    'captureInvoice',
    captureInput({ supplierId: supplier.supplierId, purchaseOrderId: order.purchaseOrderId }),
  );
  expect(answer).toMatchObject({ status: 'POSTING' });
  return { ...answer, id: String(answer['id']) };
}

function confirm(id: string, action = 'CREATED', documentType = 'INVOICE'): Promise<void> {
  const data = {
    erp: 'simulator',
    documentType,
    documentId: id,
    action,
    documentVersion: 1,
    erpNumber: '5105600001/2026',
  };
  return world.tell('concord.erp.document-confirmed.v1', { id, data });
}

function refuse(id: string, action = 'CREATE'): Promise<void> {
  const data = {
    erp: 'simulator',
    documentType: 'INVOICE',
    documentId: id,
    action,
    code: 'PERIOD_CLOSED',
    message: 'The posting period is closed.',
    exceptionId: 'x-1',
  };
  return world.tell('concord.erp.document-refused.v1', { id, data });
}

async function read(id: string): Promise<Answer> {
  const { invoice } = await world.query(
    CLERK,
    'query ($id: ID!) { invoice(id: $id) { status paymentStatus version erpNumber endReason legalSteps postingRefusal { code message exceptionId } payments { number status valueOn amount { amount currency } invoice { id } } } }',
    { id },
  );
  return invoice as Answer;
}

describe("the ERP's word on an invoice", () => {
  it('posts it, once however often it comes', async () => {
    const { id } = await posting();
    await confirm(id);
    await confirm(id);
    expect(await read(id)).toMatchObject({
      status: 'POSTED',
      paymentStatus: 'UNPAID',
      erpNumber: '5105600001/2026',
      version: 4,
      legalSteps: ['cancel'],
    });
    expect((await world.told(id)).filter((type) => type === 'invoice.posted')).toHaveLength(1);
  });

  it('refuses it, and posts it when it is asked again', async () => {
    const { id } = await posting();
    await refuse(id);
    await refuse(id);
    expect(await read(id)).toMatchObject({
      status: 'POSTING_FAILED',
      postingRefusal: { code: 'PERIOD_CLOSED', exceptionId: 'x-1' },
      legalSteps: ['retryPosting', 'reject', 'cancel'],
    });
    expect(await world.mutate(CLERK, 'retryPosting', { invoiceId: id })).toMatchObject({
      status: 'POSTING',
    });
    expect(await world.mutate(CLERK, 'retryPosting', { invoiceId: id })).toMatchObject({
      __typename: 'IllegalTransitionProblem',
    });
    await confirm(id);
    expect(await read(id)).toMatchObject({ status: 'POSTED', postingRefusal: null });
    expect(await world.told(id)).toEqual([
      'invoice.captured',
      'invoice.matched',
      'invoice.posting-requested',
      'invoice.posting-failed',
      'invoice.posting-requested',
      'invoice.posted',
    ]);
  });

  it('posts it though a refusal came before', async () => {
    const { id } = await posting();
    await refuse(id);
    await confirm(id);
    await refuse(id);
    expect(await read(id)).toMatchObject({ status: 'POSTED' });
  });

  it('cancels it', async () => {
    const { id } = await posting();
    await confirm(id);
    await confirm(id, 'CANCELLED');
    await confirm(id, 'CANCELLED');
    expect(await read(id)).toMatchObject({
      status: 'CANCELLED',
      paymentStatus: 'VOIDED',
      endReason: 'Cancelled in simulator.',
    });
  });

  it('on other documents and on invoices that are not ours changes nothing', async () => {
    const { id } = await posting();
    await confirm(id, 'CREATED', 'PURCHASE_ORDER');
    await confirm('not-ours');
    await refuse('not-ours');
    await refuse(id, 'CANCEL');
    expect(await read(id)).toMatchObject({ status: 'POSTING', version: 3 });
  });
});

describe("the ERP's word on payments", () => {
  it('is told as it comes', async () => {
    const { id } = await posting();
    await confirm(id);
    for (const [erpSequence, status, paymentStatus] of [
      [1, 'SCHEDULED', 'SCHEDULED'],
      [2, 'PAID', 'PAID'],
      [3, 'RETURNED', 'RETURNED'],
      [4, 'SCHEDULED', 'SCHEDULED'],
      [5, 'PAID', 'PAID'],
    ] as const) {
      await world.pay({ invoiceId: id, status, erpSequence });
      expect(await read(id)).toMatchObject({
        paymentStatus,
        payments: [
          {
            number: '1500000001',
            status,
            amount: { amount: '1190.00', currency: 'EUR' },
            invoice: { id },
          },
        ],
      });
    }
    const [payment] = await world.database.query<{ id: string }>(
      'select id from payment where invoice_id = $1',
      [id],
    );
    expect(await world.told(payment?.id ?? '')).toEqual([
      'payment.scheduled',
      'payment.paid',
      'payment.returned',
      'payment.scheduled',
      'payment.paid',
    ]);
    const sequences = await world.database.query<{ sequence: string; correlation: string }>(
      `select cloud_event->>'sequence' as sequence, cloud_event->>'correlationid' as correlation from outbox where cloud_event->>'subject' = $1 order by position`,
      [`Payment/${payment?.id ?? ''}`],
    );
    expect(sequences.map(({ sequence }) => Number(sequence))).toEqual([1, 2, 3, 4, 5]);
    const { invoice } = await world.query(
      CLERK,
      'query ($id: ID!) { invoice(id: $id) { correlationId } }',
      { id },
    );
    expect(
      sequences.every(({ correlation }) => correlation === (invoice as Answer)['correlationId']),
    ).toBe(true);
  });

  it('is the same in any order and any number of times', async () => {
    const reports = [
      [1, 'SCHEDULED'],
      [2, 'PAID'],
      [3, 'RETURNED'],
    ] as const;
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 0, 2, 1],
      [2, 2, 0],
      [1, 2, 2, 0],
    ]) {
      const { id } = await posting();
      await confirm(id);
      for (const index of order) {
        const [erpSequence, status] = reports[index] ?? reports[0];
        await world.pay({ invoiceId: id, status, erpSequence });
      }
      expect(await read(id)).toMatchObject({
        paymentStatus: 'RETURNED',
        payments: [{ status: 'RETURNED' }],
      });
    }
  });

  it('may come before the confirmation', async () => {
    const { id } = await posting();
    await world.pay({ invoiceId: id, status: 'PAID' });
    await confirm(id);
    expect(await read(id)).toMatchObject({ status: 'POSTED', paymentStatus: 'PAID' });
  });

  it('adds up over several payments', async () => {
    const { id } = await posting();
    await confirm(id);
    await world.pay({
      invoiceId: id,
      paymentNumber: 'a',
      amount: { amount: '190.00', currency: 'EUR' },
    });
    expect(await read(id)).toMatchObject({ paymentStatus: 'PARTIALLY_PAID' });
    await world.pay({
      invoiceId: id,
      paymentNumber: 'b',
      amount: { amount: '1000.00', currency: 'EUR' },
    });
    expect(await read(id)).toMatchObject({ paymentStatus: 'PAID' });
  });

  it('keeps an invoice from being cancelled while money is on its way', async () => {
    const { id } = await posting();
    await confirm(id);
    await world.pay({ invoiceId: id, status: 'SCHEDULED' });
    const answer = await world.mutate(
      CLERK,
      'cancelInvoice',
      { invoiceId: id, reason: 'Wrong.' },
      '... on IllegalTransitionProblem { entity state }',
    );
    expect(answer).toMatchObject({
      __typename: 'IllegalTransitionProblem',
      entity: 'payment of an invoice',
      state: 'SCHEDULED',
    });
    await world.pay({ invoiceId: id, status: 'RETURNED', erpSequence: 2 });
    expect(
      await world.mutate(CLERK, 'cancelInvoice', { invoiceId: id, reason: 'Wrong.' }),
    ).toMatchObject({ status: 'CANCELLED' });
  });

  it('on invoices that are not ours changes nothing', async () => {
    await world.pay({ invoiceId: 'not-ours' });
    expect(
      await world.database.query("select 1 from payment where invoice_id = 'not-ours'"),
    ).toEqual([]);
  });
});

describe('the consumer', () => {
  it('takes events from the bus once, sets aside what it cannot take, and takes it when asked again', async () => {
    const bus = await testDatabase.openBus();
    const { id } = await posting();
    const event = createEventFactory('/tests', systemClock);
    const told = (type: string, documentId: string, data: object): DomainEvent =>
      event(
        { correlationId: 'c', causationId: 'c', traceparent: null, actorId: 't' },
        {
          type,
          document: { type: 'Invoice', id: documentId, number: 'n', status: '' },
          sequence: 1,
          audience: { companyCode: 'DE01', costCentreId: null, ownerId: null },
          data,
        },
      );
    const payment = {
      erp: 'simulator',
      invoiceId: id,
      paymentNumber: 'p',
      status: 'PAID',
      valueOn: null,
      erpSequence: 1,
    };
    const bad = told('concord.erp.payment-reported.v1', id, {
      ...payment,
      amount: { amount: '1', currency: '???' },
    });
    const consumer = await startConsumer({
      name: 'invoices',
      database: opened,
      bus,
      handlers: createHandlers(systemClock),
      log: silentLog,
    });
    const confirmation = told('concord.erp.document-confirmed.v1', 'another', {
      erp: 'simulator',
      documentType: 'INVOICE',
      documentId: id,
      action: 'CREATED',
      documentVersion: 1,
      erpNumber: '1',
    });
    try {
      await bus.publish([bad, confirmation]);
      await bus.publish([confirmation]);
      await until(async () => (await read(id))['status'] === 'POSTED');
      await until(async () => (await outbox('concord.consumer.event-parked.v1')).length === 1);
      expect((await outbox('concord.consumer.event-parked.v1'))[0]).toMatchObject({
        consumer: 'invoices',
        documentId: id,
        error: expect.stringContaining('money amount'),
      });
      await opened.query(
        `update inbox_parked set cloud_event = jsonb_set(cloud_event, '{data,amount}', '{"amount": "1190.00", "currency": "EUR"}')`,
      );
      await bus.publish([
        told('concord.consumer.retry-requested.v1', 'x', {
          consumer: 'invoices',
          documentId: id,
          exceptionId: 'x',
        }),
      ]);
      await until(async () => (await read(id))['paymentStatus'] === 'PAID');
      await until(async () => (await outbox('concord.consumer.parked-taken.v1')).length === 1);
    } finally {
      await consumer.close();
    }
  });
});

async function outbox(type: string): Promise<unknown[]> {
  const rows = await opened.query<{ data: unknown }>(
    `select cloud_event->'data' as data from outbox where cloud_event->>'type' = $1`,
    [type],
  );
  return rows.map((row) => row.data);
}
