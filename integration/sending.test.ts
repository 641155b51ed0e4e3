import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '#kernel/id.ts';
import { invoiceEvent, orderEvent, receiptEvent } from '../tests/support/house-events.ts';
import { startIntegrationWorld, until } from '../tests/support/integration-world.ts';
import { listed } from '../hub/erp-simulator/simulator-process.ts';
import type { IntegrationWorld } from '../tests/support/integration-world.ts';

let world: IntegrationWorld;
beforeAll(async () => {
  world = await startIntegrationWorld();
});
afterAll(async () => world[Symbol.asyncDispose]());
beforeEach(async () => void (await world.erp.call('POST', '/control/reset', {})));

interface DeliveryRow {
  readonly id: string;
  readonly status: string;
  readonly attempts: number;
  readonly action: string;
  readonly erp_number: string | null;
  readonly last_error: string | null;
}

async function deliveriesOf(documentId: string): Promise<DeliveryRow[]> {
  return world.rows<DeliveryRow>(
    'select id, status, attempts, action, erp_number, last_error from delivery where document_id = $1 order by position',
    [documentId],
  );
}

async function settled(
  documentId: string,
  status = 'CONFIRMED',
  count = 1,
): Promise<DeliveryRow[]> {
  return until(async () => {
    const rows = await deliveriesOf(documentId);
    return rows.length >= count && rows.every((row) => row.status === status) ? rows : null;
  });
}

async function erpOrders(reference: string) {
  return listed(await world.erp.call('GET', `/erp/PurchaseOrders?externalReference=${reference}`));
}

describe('an order', () => {
  it('is created at the ERP, awaits its release and is confirmed to the house', async () => {
    const orderId = newId();
    await world.publish(orderEvent('created', orderId));
    const [delivery] = await settled(orderId);
    expect(delivery).toMatchObject({ attempts: 1, action: 'CREATE' });
    const [order] = await erpOrders(`PO-${orderId}`);
    expect(order).toMatchObject({
      PurchaseOrder: delivery?.erp_number,
      TotalNetAmount: '100.00',
      CorrelationReference: `c-${orderId}`,
    });
    const confirmed = await until(async () =>
      (await world.published('concord.erp.document-confirmed.v1')).find(
        (event) => event.document.id === orderId,
      ),
    );
    expect(confirmed).toMatchObject({
      correlationId: `c-${orderId}`,
      document: { type: 'PurchaseOrder', id: orderId },
      data: {
        documentType: 'PURCHASE_ORDER',
        action: 'CREATED',
        documentVersion: 1,
        erpNumber: delivery?.erp_number,
      },
    });
  });
});

describe('answers that are lost after the ERP has written', () => {
  it('leave exactly 50 documents for 50 orders', async () => {
    await world.erp.behave({
      commitThenTimeout: { match: { method: 'POST', path: '/erp/PurchaseOrders' }, count: 50 },
    });
    const orderIds = Array.from({ length: 50 }, () => newId());
    await world.publish(...orderIds.map((id) => orderEvent('created', id)));
    await until(async () => {
      const rows = await world.rows<{ status: string }>(
        "select status from delivery where document_id = any($1) and status = 'CONFIRMED'",
        [orderIds],
      );
      return rows.length === 50;
    });
    const counts = await Promise.all(
      orderIds.map(async (id) => (await erpOrders(`PO-${id}`)).length),
    );
    expect(counts.filter((count) => count !== 1)).toEqual([]);
    const [tried] = await world.rows<{ attempts: number }>(
      'select max(attempts) as attempts from delivery where document_id = any($1)',
      [orderIds],
    );
    expect(tried?.attempts).toBeGreaterThan(1);
  });

  it('are found again when the ERP hangs until the call is given up', async () => {
    await world.erp.behave({ commitThenTimeout: { count: 1, how: 'hang' } });
    const orderId = newId();
    await world.publish(orderEvent('created', orderId));
    const [delivery] = await settled(orderId);
    expect(delivery?.attempts).toBeGreaterThan(0);
    expect(await erpOrders(`PO-${orderId}`)).toHaveLength(1);
  });
});

describe('an ERP that is down and comes back', () => {
  it('gets everything, in order per document', async () => {
    await world.erp.behave({ mode: 'down' });
    const orderIds = Array.from({ length: 8 }, () => newId());
    await world.publish(...orderIds.map((id) => orderEvent('created', id)));
    await world.publish(
      ...orderIds.map((id) => orderEvent('changed', id, { sequence: 2, quantity: '12' })),
    );
    await until(async () => {
      const rows = await world.rows<{ attempts: number }>(
        'select attempts from delivery where document_id = any($1) and attempts > 0',
        [orderIds],
      );
      return rows.length > 0;
    });
    await world.erp.behave({ mode: 'up' });
    for (const id of orderIds) await settled(id, 'CONFIRMED', 2);
    for (const id of orderIds) {
      const orders = await erpOrders(`PO-${id}`);
      expect(orders).toHaveLength(1);
      expect(orders[0]).toMatchObject({ TotalNetAmount: '115.00' });
    }
    const confirmations = await until(async () => {
      const told = await world.published('concord.erp.document-confirmed.v1');
      const own = told.filter((event) => orderIds.includes(event.document.id));
      return own.length >= orderIds.length * 2 ? own : null;
    });
    for (const id of orderIds) {
      const own = confirmations.filter((event) => event.document.id === id);
      expect(own.map((event) => (event.data as { action: string }).action)).toEqual([
        'CREATED',
        'CHANGED',
      ]);
    }
  });

  it('is asked less often while its circuit is open', async () => {
    await world.erp.behave({ mode: 'down', downAs: 'service-unavailable' });
    const orderIds = Array.from({ length: 20 }, () => newId());
    await world.publish(...orderIds.map((id) => orderEvent('created', id)));
    const told = await until(async () => {
      const rows = await world.rows(
        'select 1 from delivery where document_id = any($1) and last_error like $2',
        [orderIds, '%left alone%'],
      );
      return rows.length > 5 ? rows : null;
    });
    expect(told.length).toBeGreaterThan(5);
    await world.erp.behave({ mode: 'up' });
    for (const id of orderIds) await settled(id);
  });

  it('is left alone for as long as it asks', async () => {
    const match = { method: 'POST', path: '/erp/PurchaseOrders' };
    await world.erp.behave({ failures: [{ match, status: 429, retryAfterSeconds: 2, count: 1 }] });
    const orderId = newId();
    const startedMs = performance.now();
    await world.publish(orderEvent('created', orderId));
    await settled(orderId);
    expect(performance.now() - startedMs).toBeGreaterThan(1900);
  });
});

describe('documents that depend on an order', () => {
  it('wait for its release and then go, receipt and invoice', async () => {
    await world.erp.behave({ confirmDelayMs: 60_000 });
    const [orderId, receiptId, invoiceId] = [newId(), newId(), newId()];
    await world.publish(
      orderEvent('created', orderId),
      receiptEvent('posted', receiptId, orderId),
      invoiceEvent('posting-requested', invoiceId, { orderId }),
    );
    const waiting = await until(async () => {
      const [row] = await deliveriesOf(invoiceId);
      return row?.last_error ? row : null;
    });
    expect(waiting.last_error).toContain('not released');
    await world.erp.behave({ confirmDelayMs: 0 });
    const [invoice] = await settled(invoiceId);
    const [receipt] = await settled(receiptId);
    expect([invoice?.attempts, receipt?.attempts]).toEqual([1, 1]);
    const [order] = await erpOrders(`PO-${orderId}`);
    const posted = listed(
      await world.erp.call('GET', `/erp/SupplierInvoices?externalReference=IN-${invoiceId}`),
    );
    expect(posted).toHaveLength(1);
    expect(posted[0]).toMatchObject({
      InvoiceGrossAmount: '89.25',
      SupplierInvoiceItem: [
        {
          PurchaseOrder: order?.['PurchaseOrder'],
          PurchaseOrderItem: '00010',
          SupplierInvoiceItemAmount: '75.00',
        },
      ],
    });
    expect(invoice?.erp_number).toBe(
      `${String(posted[0]?.['SupplierInvoice'])}/${String(posted[0]?.['FiscalYear'])}`,
    );
  });

  it('are cancelled at the ERP as they were made: invoice, receipt, order', async () => {
    const [orderId, receiptId, invoiceId] = [newId(), newId(), newId()];
    await world.publish(
      orderEvent('created', orderId),
      receiptEvent('posted', receiptId, orderId),
      invoiceEvent('posting-requested', invoiceId, { orderId }),
    );
    await settled(invoiceId);
    await settled(receiptId);
    await world.publish(invoiceEvent('cancelled', invoiceId, { sequence: 2 }));
    await settled(invoiceId, 'CONFIRMED', 2);
    await world.publish(
      receiptEvent('reversed', receiptId, orderId, { sequence: 2 }),
      orderEvent('cancelled', orderId, { sequence: 2 }),
    );
    await settled(receiptId, 'CONFIRMED', 2);
    await settled(orderId, 'CONFIRMED', 2);
    expect((await erpOrders(`PO-${orderId}`))[0]).toMatchObject({
      PurchaseOrderStatus: 'CANCELLED',
    });
    await until(async () => {
      const told = await world.published('concord.erp.document-confirmed.v1');
      const cancelled = told.filter(
        (event) =>
          [orderId, receiptId, invoiceId].includes(event.document.id) &&
          (event.data as { action: string }).action === 'CANCELLED',
      );
      return cancelled.length === 3;
    });
  });

  it('that never reached the ERP are not cancelled there', async () => {
    const invoiceId = newId();
    await world.publish(invoiceEvent('cancelled', invoiceId, { sequence: 3 }));
    const after = newId();
    await world.publish(orderEvent('created', after));
    await settled(after);
    expect(await deliveriesOf(invoiceId)).toEqual([]);
  });
});

describe('a change of an order', () => {
  it('replaces quantities and marks removed lines as deleted', async () => {
    const orderId = newId();
    await world.publish(orderEvent('created', orderId));
    await settled(orderId);
    const changed = orderEvent('changed', orderId, { sequence: 2, quantity: '4' });
    const data = changed.data as { lines: readonly unknown[] };
    await world.publish({ ...changed, data: { ...data, lines: data.lines.slice(0, 1) } });
    await settled(orderId, 'CONFIRMED', 2);
    const [order] = await erpOrders(`PO-${orderId}`);
    expect(order).toMatchObject({
      TotalNetAmount: '30.00',
      PurchaseOrderItem: [{ OrderQuantity: '4' }, { PurchasingDocumentDeletionCode: 'L' }],
    });
  });
});

describe('a poison document', () => {
  it('blocks only itself', async () => {
    await world.erp.behave({
      refuse: { resource: 'PurchaseOrders', code: 'ZZ/999', message: 'No.', count: 1 },
    });
    const poison = newId();
    await world.publish(
      orderEvent('created', poison),
      orderEvent('changed', poison, { sequence: 2, quantity: '3' }),
    );
    await until(async () => (await deliveriesOf(poison))[0]?.status === 'FAILED_BUSINESS');
    const others = Array.from({ length: 10 }, () => newId());
    await world.publish(...others.map((id) => orderEvent('created', id)));
    for (const id of others) await settled(id);
    expect((await deliveriesOf(poison)).map((row) => row.status)).toEqual([
      'FAILED_BUSINESS',
      'PENDING',
    ]);
    expect(await erpOrders(`PO-${poison}`)).toEqual([]);
  });
});

describe('a process that is stopped between sending and settling', () => {
  it('looks the document up when it runs again', async () => {
    await world.erp.behave({ commitThenTimeout: { count: 1, how: 'hang' } });
    const orderId = newId();
    await world.publish(orderEvent('created', orderId));
    await until(async () => (await erpOrders(`PO-${orderId}`)).length === 1);
    await world.restart();
    await settled(orderId);
    expect(await erpOrders(`PO-${orderId}`)).toHaveLength(1);
  });
});
