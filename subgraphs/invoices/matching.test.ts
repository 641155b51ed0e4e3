import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase } from '../../tests/support/test-database.ts';
import { createBilling } from './billing-world.ts';
import { CLERK, MIGRATIONS, createGraphWorld, viewer } from './graph-world.ts';
import type { SupplierSnapshot } from '../suppliers/events.ts';
import type { TestDatabase } from '../../tests/support/test-database.ts';
import type { Billing } from './billing-world.ts';
import type { GraphWorld } from './graph-world.ts';

let testDatabase: TestDatabase;
let world: GraphWorld;
let supplier: SupplierSnapshot;
let billing: Billing;
beforeAll(async () => {
  testDatabase = await createTestDatabase();
  world = await createGraphWorld(await testDatabase.open('invoices', MIGRATIONS, 24));
  supplier = await world.supplier();
  billing = createBilling(world, supplier);
});
afterAll(async () => {
  await testDatabase[Symbol.asyncDispose]();
});

describe('an invoice of an order', () => {
  it('that agrees with it is sent to the ERP at once, in the thread of the order', async () => {
    const order = await billing.orderOf();
    const answer = await billing.capture({ purchaseOrderId: order.purchaseOrderId });
    expect(answer).toMatchObject({
      status: 'POSTING',
      paymentStatus: 'NOT_READY',
      version: 3,
      correlationId: order.correlationId,
      holds: [],
    });
    expect(await world.told(String(answer['id']))).toEqual([
      'invoice.captured',
      'invoice.matched',
      'invoice.posting-requested',
    ]);
    const [event] = await world.database.query<{
      event: { correlationid: string; costcentre: string; ownerid: string; sequence: string };
    }>(
      `select cloud_event as event from outbox where cloud_event->>'subject' = $1 order by position desc limit 1`,
      [`Invoice/${String(answer['id'])}`],
    );
    expect(event?.event).toMatchObject({
      correlationid: order.correlationId,
      costcentre: 'DE01-4100',
      ownerid: 'requestor',
      sequence: '0000000003',
    });
  });

  it('that two invoices bill at once is billed once', async () => {
    const order = await billing.orderOf();
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => billing.capture({ purchaseOrderId: order.purchaseOrderId })),
    );
    expect(
      answers.map((answer) => String(answer['status'])).toSorted((a, b) => a.localeCompare(b)),
    ).toEqual([...Array.from({ length: 7 }, () => 'HELD'), 'POSTING']);
  });

  it('is held with everything that there is to object to', async () => {
    const answer = await billing.held();
    expect(answer).toMatchObject({
      status: 'HELD',
      holds: [
        {
          code: 'PRICE_VARIANCE',
          status: 'OPEN',
          ownerRole: 'buyer',
          releasePermission: 'hold:release',
        },
      ],
    });
    expect(await world.told(String(answer['id']))).toEqual(['invoice.captured', 'invoice.held']);
  });

  it('waits for the receipt and goes on when it is posted', async () => {
    const order = await billing.orderOf([{}], '0');
    const answer = await billing.capture({ purchaseOrderId: order.purchaseOrderId });
    expect(answer).toMatchObject({
      status: 'AWAITING_RECEIPT',
      holds: [{ code: 'NO_RECEIPT', status: 'OPEN' }],
    });
    await world.receive(order, '4');
    expect(await billing.read(answer)).toMatchObject({
      status: 'HELD',
      holds: [
        { code: 'NO_RECEIPT', status: 'LIFTED' },
        { code: 'QTY_OVER_RECEIVED', status: 'OPEN' },
      ],
    });
    await world.receive(order, '6');
    expect(await billing.read(answer)).toMatchObject({ status: 'POSTING' });
  });

  it('counts no receipt that was reversed', async () => {
    const order = await world.order({ supplierId: supplier.supplierId });
    const goodsReceiptId = await world.receive(order, '10');
    await world.tell('concord.goods-receipt.reversed.v1', {
      id: goodsReceiptId,
      data: { goodsReceiptId, lines: [] },
    });
    expect(await billing.capture({ purchaseOrderId: order.purchaseOrderId })).toMatchObject({
      status: 'AWAITING_RECEIPT',
    });
  });

  it('that it names before we know the order goes on when the order comes', async () => {
    const answer = await billing.capture({ orderReference: 'PO-DE01-777777' });
    expect(answer).toMatchObject({ status: 'HELD', holds: [{ code: 'NO_PO' }] });
    const order = await world.order({ supplierId: supplier.supplierId, number: 'PO-DE01-777777' });
    expect(await billing.read(answer)).toMatchObject({
      status: 'AWAITING_RECEIPT',
      correlationId: order.correlationId,
    });
    await world.receive(order, '10');
    expect(await billing.read(answer)).toMatchObject({ status: 'POSTING' });
  });

  it('follows a change of the order', async () => {
    const answer = await billing.held();
    const { invoice } = await world.query(
      CLERK,
      '($id: ID!)'.replace('(', 'query (') + ' { invoice(id: $id) { purchaseOrder { id } } }',
      { id: answer['id'] },
    );
    const orderId = (invoice as { purchaseOrder: { id: string } }).purchaseOrder.id;
    const [row] = await world.database.query<{ data: object }>(
      'select to_jsonb(l) as data from purchase_order_line l where purchase_order_id = $1',
      [orderId],
    );
    const line = row?.data as { id: string };
    const [order] = await world.database.query<{ data: Record<string, unknown> }>(
      'select to_jsonb(o) as data from purchase_order o where id = $1',
      [orderId],
    );
    const data = {
      purchaseOrderId: orderId,
      number: order?.data['number'],
      requisitionId: order?.data['requisition_id'],
      companyCode: 'DE01',
      costCentreId: 'DE01-4100',
      category: 'MRO',
      requesterId: 'requestor',
      supplierId: supplier.supplierId,
      total: { amount: '1100.00', currency: 'EUR' },
      version: 2,
      documentHash: 'h',
      erpNumber: null,
      lines: [
        {
          purchaseOrderLineId: line.id,
          lineNumber: 1,
          description: 'Item 1',
          quantity: '10',
          unitCode: 'C62',
          unitPrice: '110.00',
          priceQuantity: '1',
          netAmount: { amount: '1100.00', currency: 'EUR' },
          receivedQuantity: '10',
        },
      ],
    };
    await world.tell('concord.purchase-order.changed.v1', {
      id: orderId,
      data,
      status: 'DISPATCHED',
      sequence: 2,
    });
    expect(await billing.read(answer)).toMatchObject({
      status: 'POSTING',
      holds: [{ status: 'LIFTED' }],
    });
  });

  it('is given back by a credit memo, and can then be billed again', async () => {
    const order = await billing.orderOf();
    const first = await billing.capture({
      purchaseOrderId: order.purchaseOrderId,
      supplierInvoiceNumber: 'CR-BASE',
    });
    const waiting = await billing.capture({ purchaseOrderId: order.purchaseOrderId });
    expect(waiting).toMatchObject({
      status: 'HELD',
      holds: [{ code: 'QTY_OVER_ORDERED' }, { code: 'QTY_OVER_RECEIVED' }],
    });
    const credit = {
      kind: 'CREDIT_MEMO',
      purchaseOrderId: order.purchaseOrderId,
      precedingInvoice: first['supplierInvoiceNumber'],
    };
    expect(await billing.capture(credit)).toMatchObject({ status: 'POSTING' });
    expect(await billing.read(waiting)).toMatchObject({
      status: 'POSTING',
      holds: [{ status: 'LIFTED' }, { status: 'LIFTED' }],
    });
    expect(await billing.capture(credit)).toMatchObject({ status: 'POSTING' });
    expect(await billing.capture(credit)).toMatchObject({
      status: 'HELD',
      holds: [{ code: 'CREDIT_WITHOUT_INVOICE' }],
    });
  });

  it('is credited without naming the order when the invoice is named', async () => {
    const order = await billing.orderOf();
    await billing.capture({
      purchaseOrderId: order.purchaseOrderId,
      supplierInvoiceNumber: 'CR-NAMED-1',
    });
    expect(
      await billing.capture({ kind: 'CREDIT_MEMO', precedingInvoice: 'CR NAMED 1' }),
    ).toMatchObject({
      status: 'POSTING',
      correlationId: order.correlationId,
    });
  });
});

describe('matching again', () => {
  it('moves an invoice to the order that a clerk names, line by line', async () => {
    const order = await billing.orderOf([{ description: 'Pump' }, { description: 'Valve' }]);
    const invoice = await billing.capture();
    expect(invoice).toMatchObject({ status: 'HELD', holds: [{ code: 'NO_PO' }] });
    const lost = await world.mutate(CLERK, 'rematchInvoice', {
      invoiceId: invoice['id'],
      purchaseOrderId: order.purchaseOrderId,
    });
    expect(lost).toMatchObject({
      status: 'HELD',
      holds: [
        { code: 'NO_PO', status: 'LIFTED' },
        { code: 'PO_LINE_NOT_FOUND', status: 'OPEN' },
      ],
    });
    const [line] = lost['lines'] as { id: string }[];
    const lines = [
      { invoiceLineId: line?.id, purchaseOrderLineId: order.lines[1]?.purchaseOrderLineId },
    ];
    expect(
      await world.mutate(CLERK, 'rematchInvoice', { invoiceId: invoice['id'], lines }),
    ).toMatchObject({ status: 'POSTING', correlationId: order.correlationId });
  });

  it('tells nothing when nothing changes', async () => {
    const invoice = await billing.held();
    expect(await world.mutate(CLERK, 'rematchInvoice', { invoiceId: invoice['id'] })).toMatchObject(
      { status: 'HELD', version: 2 },
    );
    expect(await world.told(String(invoice['id']))).toEqual(['invoice.captured', 'invoice.held']);
  });

  it('is refused with an order that the clerk may not see, of another company, or unknown', async () => {
    const invoice = await billing.capture();
    const elsewhere = await world.order({
      supplierId: supplier.supplierId,
      companyCode: 'US01',
      costCentreId: 'US01-1',
    });
    for (const purchaseOrderId of [elsewhere.purchaseOrderId, 'nothing']) {
      expect(
        await world.mutate(CLERK, 'rematchInvoice', { invoiceId: invoice['id'], purchaseOrderId }),
      ).toMatchObject({ __typename: 'NotFoundProblem' });
    }
    const order = await billing.orderOf();
    const narrow = viewer('narrow', 'ap-clerk', {
      companies: ['DE01'],
      costCentres: ['DE01-9999'],
    });
    expect(
      await world.mutate(narrow, 'rematchInvoice', {
        invoiceId: invoice['id'],
        purchaseOrderId: order.purchaseOrderId,
      }),
    ).toMatchObject({ __typename: 'NotFoundProblem' });
  });

  it('is refused for an invoice that is accepted', async () => {
    const order = await billing.orderOf();
    const invoice = await billing.capture({ purchaseOrderId: order.purchaseOrderId });
    const answer = await world.mutate(
      CLERK,
      'rematchInvoice',
      { invoiceId: invoice['id'] },
      '... on IllegalTransitionProblem { state legalEvents }',
    );
    expect(answer).toMatchObject({
      __typename: 'IllegalTransitionProblem',
      state: 'POSTING',
      legalEvents: ['confirmPosting', 'refusePosting'],
    });
  });
});
