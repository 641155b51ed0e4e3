import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  eventually,
  invoiceBody,
  listed,
  orderBody,
  releasedOrder,
  simulatorWorld,
} from './simulator-process.ts';
import type { SimulatorProcess, SimulatorWorld, WireDocument } from './simulator-process.ts';

let world: SimulatorWorld;
let erp: SimulatorProcess;

beforeEach(async () => {
  world = await simulatorWorld();
  erp = await world.start();
});
afterEach(async () => {
  expect(world.receiver.forged()).toBe(0);
  await world[Symbol.asyncDispose]();
});

const bodies = (): readonly WireDocument[] => world.receiver.received.map(({ body }) => body);
const sequences = () => bodies().map((body) => body['Sequence']);
const arrived = (count: number) => eventually(() => bodies().length >= count);
const feed = async () => listed(await erp.call('GET', '/erp/Changes?since=0&limit=1000'));

describe('webhooks', () => {
  it('announce creation and release, signed, in order, with the document', async () => {
    const number = await releasedOrder(erp, { CorrelationReference: 'correlation-1' });
    await arrived(2);
    expect(bodies()).toMatchObject([
      { eventType: 'PurchaseOrder.Created', Sequence: 1 },
      {
        eventType: 'PurchaseOrder.Released',
        Sequence: 2,
        ObjectType: 'PurchaseOrder',
        ObjectKey: number,
        ExternalReference: 'PO-1',
        Object: { PurchaseOrderStatus: 'RELEASED', CorrelationReference: 'correlation-1' },
      },
    ]);
    expect(world.receiver.received.map(({ id }) => id)).toEqual(
      bodies().map((body) => body['EventId']),
    );
  });

  it('announce posting, scheduling and clearing of an invoice when payment is automatic', async () => {
    await erp.behave({ autoPay: true });
    await erp.call('POST', '/erp/SupplierInvoices', invoiceBody());
    await arrived(3);
    expect(bodies()).toMatchObject([
      { eventType: 'SupplierInvoice.Posted', ObjectKey: '5100000001/2026' },
      { eventType: 'Payment.Scheduled', ExternalReference: 'INV-1' },
      {
        eventType: 'Payment.Cleared',
        Object: { SupplierInvoice: '5100000001', FiscalYear: '2026' },
      },
    ]);
  });

  it('announce a payment that the bank returns, and pay it no second time unasked', async () => {
    await erp.behave({ autoPay: true, returnPayments: { count: 1, reason: 'AC01' } });
    await erp.call('POST', '/erp/SupplierInvoices', invoiceBody());
    await arrived(3);
    expect(bodies()[2]).toMatchObject({
      eventType: 'Payment.Returned',
      Object: { PaymentStatus: 'RETURNED', ReturnReasonCode: 'AC01' },
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(bodies()).toHaveLength(3);
  });

  it('are repeated under the same id until taken', async () => {
    world.receiver.refuseNext(2);
    await erp.call('POST', '/erp/SupplierInvoices', invoiceBody());
    await arrived(1);
    expect(sequences()).toEqual([1]);
    expect((await erp.call('GET', '/control/webhooks')).body).toMatchObject({ attempts: 3 });
  });

  it('arrive twice under one id in mode twice', async () => {
    await erp.behave({ webhooks: 'twice' });
    await erp.call('POST', '/erp/SupplierInvoices', invoiceBody());
    await arrived(2);
    expect(sequences()).toEqual([1, 1]);
    expect(new Set(world.receiver.received.map(({ id }) => id)).size).toBe(1);
  });

  it('arrive newest first in mode out-of-order', async () => {
    await erp.behave({ webhooks: 'out-of-order' });
    await releasedOrder(erp);
    await arrived(2);
    expect(sequences()).toEqual([2, 1]);
  });

  it('never arrive in mode never, while the change feed has everything', async () => {
    await erp.behave({ webhooks: 'never' });
    await releasedOrder(erp);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(bodies()).toEqual([]);
    expect((await feed()).map((change) => change['Sequence'])).toEqual([1, 2]);
  });

  it('wait while the system is down', async () => {
    await erp.behave({ confirmDelayMs: 60_000 });
    await erp.call('POST', '/erp/PurchaseOrders', orderBody());
    await arrived(1);
    await erp.behave({ mode: 'down', confirmDelayMs: 0 });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(bodies()).toHaveLength(1);
    await erp.behave({ mode: 'up' });
    await arrived(2);
  });

  it('that were not taken before kill -9 arrive after the restart', async () => {
    world.receiver.refuseNext(1_000);
    await erp.call('POST', '/erp/SupplierInvoices', invoiceBody());
    await erp.kill('SIGKILL');
    // What it sent before is read and refused first.
    await new Promise((resolve) => setTimeout(resolve, 300));
    world.receiver.refuseNext(0);
    erp = await world.start();
    await arrived(1);
    expect(sequences()).toEqual([1]);
  });
});

describe('the change feed', () => {
  it('is gapless, pages, and equals the webhooks', async () => {
    await erp.behave({ autoPay: true });
    for (let index = 0; index < 5; index += 1) {
      await erp.call(
        'POST',
        '/erp/SupplierInvoices',
        invoiceBody({ ExternalReference: `INV-${index}` }),
      );
    }
    await arrived(15);
    const all = await feed();
    expect(all.map((change) => change['Sequence'])).toEqual(
      Array.from({ length: 15 }, (_, index) => index + 1),
    );
    const bySequence = bodies().toSorted(
      (one, other) => Number(one['Sequence']) - Number(other['Sequence']),
    );
    expect(all).toEqual(bySequence);
    const page = await erp.call('GET', '/erp/Changes?since=4&limit=3');
    expect(page.body).toMatchObject({ LastSequence: 15, NextSince: 7, HasMore: true });
    expect(listed(page)).toEqual(all.slice(4, 7));
    expect((await erp.call('GET', '/erp/Changes?since=15')).body).toMatchObject({
      HasMore: false,
      value: [],
    });
  });
});

describe('the report of documents', () => {
  it('counts and totals per type, company code, currency and external reference', async () => {
    await erp.call('POST', '/erp/SupplierInvoices', invoiceBody());
    await erp.call('POST', '/erp/SupplierInvoices', invoiceBody());
    const memo = { ExternalReference: 'CM-1', SupplierInvoiceIsCreditMemo: 'X' };
    await erp.call('POST', '/erp/SupplierInvoices', invoiceBody(memo));
    const { body } = await erp.call('GET', '/control/documents');
    expect(body['documents']).toMatchObject({
      SupplierInvoice: {
        count: 3,
        byStatus: { POSTED: 3 },
        totals: { 'DE01/EUR': '89.25' },
        byExternalReference: {
          'INV-1': {
            count: 2,
            totals: { 'DE01/EUR': '178.50' },
            keys: ['5100000001/2026', '5100000002/2026'],
          },
        },
      },
    });
  });

  it('is shown as a page, with what others wrote escaped', async () => {
    await erp.call('POST', '/erp/SupplierInvoices', invoiceBody({ ExternalReference: '<b>&' }));
    const page = await (await fetch(erp.url)).text();
    expect(page).toContain('&lt;b&gt;&amp;');
    expect(page).toContain('SupplierInvoice: 1');
  });
});
