import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase } from '../../tests/support/test-database.ts';
import {
  CLERK,
  MIGRATIONS,
  OPERATIONS,
  SECOND_CLERK,
  captureInput,
  createGraphWorld,
  viewer,
} from './graph-world.ts';
import type { SupplierSnapshot } from '../suppliers/events.ts';
import type { TestDatabase } from '../../tests/support/test-database.ts';
import type { Answer, GraphWorld, Order, OrderLineWish } from './graph-world.ts';

let testDatabase: TestDatabase;
let world: GraphWorld;
let supplier: SupplierSnapshot;
beforeAll(async () => {
  testDatabase = await createTestDatabase();
  world = await createGraphWorld(await testDatabase.open('invoices', MIGRATIONS, 24));
  supplier = await world.supplier();
});
afterAll(async () => {
  await testDatabase[Symbol.asyncDispose]();
});

/** An order with its goods received, unless told otherwise. */
async function orderOf(lines: readonly OrderLineWish[] = [{}], received = '10'): Promise<Order> {
  const order = await world.order({ supplierId: supplier.supplierId, lines });
  if (received !== '0')
    for (const [index] of lines.entries()) await world.receive(order, received, index);
  return order;
}

function capture(over: Record<string, unknown> = {}): Promise<Answer> {
  return world.mutate(
    CLERK,
    'captureInvoice',
    captureInput({ supplierId: supplier.supplierId, ...over }),
  );
}

/** Ten pieces at a price, with totals that add up. */
function priced(unitPrice: number, quantity = 10): Record<string, unknown> {
  const net = unitPrice * quantity;
  return {
    lines: [
      {
        description: 'Item 1',
        quantity: { value: String(quantity), unitCode: 'C62' },
        unitPrice: unitPrice.toFixed(2),
        taxPercent: '0',
      },
    ],
    netTotal: net.toFixed(2),
    taxTotal: '0',
    grossTotal: net.toFixed(2),
  };
}

function holdsOf(
  answer: Answer,
): { id: string; code: string; status: string; releasePermission: string | null }[] {
  return answer['holds'] as ReturnType<typeof holdsOf>;
}

function openIds(answer: Answer): string[] {
  return holdsOf(answer)
    .filter(({ status }) => status === 'OPEN')
    .map(({ id }) => id);
}

async function held(): Promise<Answer> {
  const order = await orderOf();
  return capture({ purchaseOrderId: order.purchaseOrderId, ...priced(110) });
}

describe('an invoice of an order', () => {
  it('that agrees with it is sent to the ERP at once, in the thread of the order', async () => {
    const order = await orderOf();
    const answer = await capture({ purchaseOrderId: order.purchaseOrderId });
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
    const order = await orderOf();
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => capture({ purchaseOrderId: order.purchaseOrderId })),
    );
    expect(answers.map((answer) => answer['status']).sort()).toEqual([
      ...Array.from({ length: 7 }, () => 'HELD'),
      'POSTING',
    ]);
  });

  it('is held with everything that there is to object to', async () => {
    const answer = await held();
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
    const order = await orderOf([{}], '0');
    const answer = await capture({ purchaseOrderId: order.purchaseOrderId });
    expect(answer).toMatchObject({
      status: 'AWAITING_RECEIPT',
      holds: [{ code: 'NO_RECEIPT', status: 'OPEN' }],
    });
    await world.receive(order, '4');
    expect(await read(answer)).toMatchObject({
      status: 'HELD',
      holds: [
        { code: 'NO_RECEIPT', status: 'LIFTED' },
        { code: 'QTY_OVER_RECEIVED', status: 'OPEN' },
      ],
    });
    await world.receive(order, '6');
    expect(await read(answer)).toMatchObject({ status: 'POSTING' });
  });

  it('counts no receipt that was reversed', async () => {
    const order = await world.order({ supplierId: supplier.supplierId });
    const goodsReceiptId = await world.receive(order, '10');
    await world.tell('concord.goods-receipt.reversed.v1', {
      id: goodsReceiptId,
      data: { goodsReceiptId, lines: [] },
    });
    expect(await capture({ purchaseOrderId: order.purchaseOrderId })).toMatchObject({
      status: 'AWAITING_RECEIPT',
    });
  });

  it('that it names before we know the order goes on when the order comes', async () => {
    const answer = await capture({ orderReference: 'PO-DE01-777777' });
    expect(answer).toMatchObject({ status: 'HELD', holds: [{ code: 'NO_PO' }] });
    const order = await world.order({ supplierId: supplier.supplierId, number: 'PO-DE01-777777' });
    expect(await read(answer)).toMatchObject({
      status: 'AWAITING_RECEIPT',
      correlationId: order.correlationId,
    });
    await world.receive(order, '10');
    expect(await read(answer)).toMatchObject({ status: 'POSTING' });
  });

  it('follows a change of the order', async () => {
    const answer = await held();
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
    expect(await read(answer)).toMatchObject({ status: 'POSTING', holds: [{ status: 'LIFTED' }] });
  });

  it('is given back by a credit memo, and can then be billed again', async () => {
    const order = await orderOf();
    const first = await capture({
      purchaseOrderId: order.purchaseOrderId,
      supplierInvoiceNumber: 'CR-BASE',
    });
    const waiting = await capture({ purchaseOrderId: order.purchaseOrderId });
    expect(waiting).toMatchObject({
      status: 'HELD',
      holds: [{ code: 'QTY_OVER_ORDERED' }, { code: 'QTY_OVER_RECEIVED' }],
    });
    const credit = {
      kind: 'CREDIT_MEMO',
      purchaseOrderId: order.purchaseOrderId,
      precedingInvoice: first['supplierInvoiceNumber'],
    };
    expect(await capture(credit)).toMatchObject({ status: 'POSTING' });
    expect(await read(waiting)).toMatchObject({
      status: 'POSTING',
      holds: [{ status: 'LIFTED' }, { status: 'LIFTED' }],
    });
    expect(await capture(credit)).toMatchObject({ status: 'POSTING' });
    expect(await capture(credit)).toMatchObject({
      status: 'HELD',
      holds: [{ code: 'CREDIT_WITHOUT_INVOICE' }],
    });
  });

  it('is credited without naming the order when the invoice is named', async () => {
    const order = await orderOf();
    await capture({ purchaseOrderId: order.purchaseOrderId, supplierInvoiceNumber: 'CR-NAMED-1' });
    expect(await capture({ kind: 'CREDIT_MEMO', precedingInvoice: 'CR NAMED 1' })).toMatchObject({
      status: 'POSTING',
      correlationId: order.correlationId,
    });
  });
});

async function read(answer: Answer): Promise<Answer> {
  const { invoice } = await world.query(
    CLERK,
    'query ($id: ID!) { invoice(id: $id) { id status paymentStatus version correlationId erpNumber holds { id code status closedBy } postingRefusal { code exceptionId } legalSteps payments { number status amount { amount } } } }',
    { id: answer['id'] },
  );
  return invoice as Answer;
}

describe('releasing holds', () => {
  const reason = 'Agreed by telephone.';

  it('lets the invoice go on, and says who did it', async () => {
    const invoice = await held();
    const answer = await world.mutate(SECOND_CLERK, 'releaseHolds', {
      invoiceId: invoice['id'],
      holdIds: openIds(invoice),
      reason,
    });
    expect(answer).toMatchObject({
      status: 'POSTING',
      holds: [{ status: 'RELEASED', closedBy: 'second-clerk' }],
    });
    expect(await world.told(String(invoice['id']))).toEqual([
      'invoice.captured',
      'invoice.held',
      'invoice.released',
      'invoice.matched',
      'invoice.posting-requested',
    ]);
  });

  it('is refused to whoever captured the invoice', async () => {
    const invoice = await held();
    const answer = await world.mutate(
      CLERK,
      'releaseHolds',
      { invoiceId: invoice['id'], holdIds: openIds(invoice), reason },
      '... on SegregationOfDutiesProblem { rule }',
    );
    expect(answer).toMatchObject({
      __typename: 'SegregationOfDutiesProblem',
      rule: 'capturer-does-not-release',
    });
  });

  it('needs the permission that the hold names', async () => {
    const order = await orderOf([{}], '0');
    const invoice = await capture({ purchaseOrderId: order.purchaseOrderId });
    const input = { invoiceId: invoice['id'], holdIds: openIds(invoice), reason };
    await expect(world.mutate(SECOND_CLERK, 'releaseHolds', input)).rejects.toThrow(
      'hold:release-payment',
    );
    expect(await read(invoice)).toMatchObject({ status: 'AWAITING_RECEIPT' });
    expect(await world.mutate(OPERATIONS, 'releaseHolds', input)).toMatchObject({
      status: 'POSTING',
    });
  });

  it.each(['requestor', 'approver', 'buyer', 'auditor', 'receiver'])(
    'is not for the role %s',
    async (role) => {
      const invoice = await held();
      await expect(
        world.mutate(viewer('someone', role), 'releaseHolds', {
          invoiceId: invoice['id'],
          holdIds: openIds(invoice),
          reason,
        }),
      ).rejects.toThrow('FORBIDDEN');
    },
  );

  it('is refused for a hold whose cause must go', async () => {
    const blocked = await world.supplier({ blocks: ['POSTING'] });
    const order = await world.order({ supplierId: blocked.supplierId });
    await world.receive(order, '10');
    const invoice = await capture({
      supplierId: blocked.supplierId,
      purchaseOrderId: order.purchaseOrderId,
    });
    expect(invoice).toMatchObject({
      status: 'HELD',
      holds: [{ code: 'SUPPLIER_BLOCKED', releasePermission: null }],
    });
    const answer = await world.mutate(
      OPERATIONS,
      'releaseHolds',
      { invoiceId: invoice['id'], holdIds: openIds(invoice), reason },
      '... on HoldNotReleasableProblem { holdCode ownerRole }',
    );
    expect(answer).toMatchObject({
      __typename: 'HoldNotReleasableProblem',
      holdCode: 'SUPPLIER_BLOCKED',
      ownerRole: 'supplier-steward',
    });
    await world.supplier({ ...blocked, blocks: [] }, 2);
    expect(await read(invoice)).toMatchObject({ status: 'POSTING', holds: [{ status: 'LIFTED' }] });
  });

  it('does not let through what others have billed meanwhile', async () => {
    const order = await orderOf();
    const first = await capture({ purchaseOrderId: order.purchaseOrderId, ...priced(110) });
    expect(await capture({ purchaseOrderId: order.purchaseOrderId })).toMatchObject({
      status: 'HELD',
      holds: [{ code: 'QTY_OVER_ORDERED' }, { code: 'QTY_OVER_RECEIVED' }],
    });
    await world.mutate(SECOND_CLERK, 'releaseHolds', {
      invoiceId: first['id'],
      holdIds: openIds(first),
      reason,
    });
    const rest = await capture({ purchaseOrderId: order.purchaseOrderId, ...priced(100, 1) });
    expect(rest).toMatchObject({ status: 'HELD' });
  });

  it.each([
    ['without a hold', { holdIds: [] }, 'InvalidInputProblem'],
    ['without a reason', { reason: ' ' }, 'InvalidInputProblem'],
    ['with an unknown hold', { holdIds: ['nothing'] }, 'NotFoundProblem'],
    ['with an unknown invoice', { invoiceId: 'nothing' }, 'NotFoundProblem'],
    ['with an old version', { expectedVersion: 1 }, 'VersionConflictProblem'],
  ])('%s is refused', async (_name, over, type) => {
    const invoice = await held();
    const input = { invoiceId: invoice['id'], holdIds: openIds(invoice), reason, ...over };
    expect(await world.mutate(SECOND_CLERK, 'releaseHolds', input)).toMatchObject({
      __typename: type,
    });
    expect(await read(invoice)).toMatchObject({ status: 'HELD', version: 2 });
  });

  it('is refused where nothing is held, and repeats its answer for the same key', async () => {
    const invoice = await held();
    const input = {
      idempotencyKey: 'release-1',
      invoiceId: invoice['id'],
      holdIds: openIds(invoice),
      reason,
    };
    const first = await world.mutate(SECOND_CLERK, 'releaseHolds', input);
    expect(await world.mutate(SECOND_CLERK, 'releaseHolds', input)).toEqual(first);
    expect(
      await world.mutate(SECOND_CLERK, 'releaseHolds', { ...input, reason: 'another' }),
    ).toMatchObject({ __typename: 'IdempotencyKeyReusedProblem' });
    const other = { ...input, idempotencyKey: 'release-2' };
    expect(['IllegalTransitionProblem', 'NotFoundProblem']).toContain(
      (await world.mutate(SECOND_CLERK, 'releaseHolds', other))['__typename'],
    );
  });
});

describe('an unknown supplier', () => {
  it('is named by a clerk; the invoice is then matched', async () => {
    const order = await orderOf();
    const invoice = await world.mutate(
      CLERK,
      'captureInvoice',
      captureInput({ orderReference: order.number }),
    );
    expect(invoice).toMatchObject({
      status: 'SUPPLIER_UNKNOWN',
      correlationId: order.correlationId,
    });
    const answer = await world.mutate(CLERK, 'resolveInvoiceSupplier', {
      invoiceId: invoice['id'],
      supplierId: supplier.supplierId,
    });
    expect(answer).toMatchObject({ __typename: 'Invoice', status: 'POSTING' });
    expect(await world.told(String(invoice['id']))).toEqual([
      'invoice.captured',
      'invoice.supplier-resolved',
      'invoice.matched',
      'invoice.posting-requested',
    ]);
    const again = await world.mutate(CLERK, 'resolveInvoiceSupplier', {
      invoiceId: invoice['id'],
      supplierId: supplier.supplierId,
    });
    expect(again).toMatchObject({ __typename: 'IllegalTransitionProblem' });
  });

  it('is told by its master record as soon as there is one', async () => {
    const invoice = await world.mutate(
      CLERK,
      'captureInvoice',
      captureInput({ sellerTaxNumber: 'DE 811 907 980' }),
    );
    expect(invoice).toMatchObject({ status: 'SUPPLIER_UNKNOWN' });
    await world.supplier({
      taxRegistrations: [{ countryCode: 'DE', scheme: 'VAT', number: 'DE811907980' }],
    });
    expect(await read(invoice)).toMatchObject({ status: 'HELD', holds: [{ code: 'NO_PO' }] });
  });

  it('may not turn out to be one who sent the number before', async () => {
    const number = { supplierInvoiceNumber: 'TWICE-1' };
    const first = await capture(number);
    const second = await world.mutate(
      CLERK,
      'captureInvoice',
      captureInput({ ...number, sellerName: 'The same under another name' }),
    );
    const answer = await world.mutate(
      CLERK,
      'resolveInvoiceSupplier',
      { invoiceId: second['id'], supplierId: supplier.supplierId },
      '... on DuplicateInvoiceProblem { existingInvoice { id } }',
    );
    expect(answer).toMatchObject({
      __typename: 'DuplicateInvoiceProblem',
      existingInvoice: { id: first['id'] },
    });
  });

  it('is refused when nobody knows that one either', async () => {
    const invoice = await world.mutate(CLERK, 'captureInvoice', captureInput());
    expect(
      await world.mutate(CLERK, 'resolveInvoiceSupplier', {
        invoiceId: invoice['id'],
        supplierId: 'nobody',
      }),
    ).toMatchObject({ __typename: 'NotFoundProblem' });
  });
});

describe('matching again', () => {
  it('moves an invoice to the order that a clerk names, line by line', async () => {
    const order = await orderOf([{ description: 'Pump' }, { description: 'Valve' }]);
    const invoice = await capture();
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
    const invoice = await held();
    expect(await world.mutate(CLERK, 'rematchInvoice', { invoiceId: invoice['id'] })).toMatchObject(
      { status: 'HELD', version: 2 },
    );
    expect(await world.told(String(invoice['id']))).toEqual(['invoice.captured', 'invoice.held']);
  });

  it('is refused with an order that the clerk may not see, of another company, or unknown', async () => {
    const invoice = await capture();
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
    const order = await orderOf();
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
    const order = await orderOf();
    const invoice = await capture({ purchaseOrderId: order.purchaseOrderId });
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

describe('ending an invoice', () => {
  it('lets another invoice go on that waited for what it took', async () => {
    const order = await orderOf();
    const first = await capture({ purchaseOrderId: order.purchaseOrderId, ...priced(110) });
    const second = await capture({ purchaseOrderId: order.purchaseOrderId });
    expect(second).toMatchObject({ status: 'HELD' });
    await world.mutate(CLERK, 'rejectInvoice', { invoiceId: first['id'], reason: 'Wrong price.' });
    expect(await read(second)).toMatchObject({ status: 'POSTING' });
  });

  it.each([
    ['rejectInvoice', 'REJECTED'],
    ['cancelInvoice', 'CANCELLED'],
  ])('%s frees its number and what it took', async (mutation, status) => {
    const order = await orderOf();
    const over = {
      purchaseOrderId: order.purchaseOrderId,
      ...priced(110),
      supplierInvoiceNumber: `END-${mutation}`,
    };
    const invoice = await capture(over);
    expect(
      await world.mutate(CLERK, mutation, { invoiceId: invoice['id'], reason: 'Wrong price.' }),
    ).toMatchObject({
      status,
      paymentStatus: 'VOIDED',
      endReason: 'Wrong price.',
      holds: [{ status: 'LIFTED' }],
    });
    expect(await capture({ ...over, ...priced(100) })).toMatchObject({ status: 'POSTING' });
    expect(
      await world.mutate(CLERK, mutation, { invoiceId: invoice['id'], reason: 'Again.' }),
    ).toMatchObject({ __typename: 'IllegalTransitionProblem' });
  });

  it.each(['rejectInvoice', 'cancelInvoice', 'retryPosting', 'rematchInvoice'])(
    '%s is refused without permission, without a visible invoice, and with an old version',
    async (mutation) => {
      const invoice = await held();
      const reason =
        mutation.endsWith('Invoice') && mutation !== 'rematchInvoice' ? { reason: 'No.' } : {};
      await expect(
        world.mutate(viewer('r', 'requestor'), mutation, { invoiceId: invoice['id'], ...reason }),
      ).rejects.toThrow('FORBIDDEN');
      await expect(
        world.mutate(viewer('r', 'requestor'), mutation, { invoiceId: 'nothing', ...reason }),
      ).rejects.toThrow('FORBIDDEN');
      const elsewhere = viewer('elsewhere', 'ap-clerk', { companies: ['US01'] });
      expect(
        await world.mutate(elsewhere, mutation, { invoiceId: invoice['id'], ...reason }),
      ).toMatchObject({ __typename: 'NotFoundProblem' });
      expect(
        await world.mutate(CLERK, mutation, {
          invoiceId: invoice['id'],
          expectedVersion: 7,
          ...reason,
        }),
      ).toMatchObject({ __typename: 'VersionConflictProblem', retryable: true });
    },
  );

  it('is refused without a reason', async () => {
    const invoice = await held();
    for (const mutation of ['rejectInvoice', 'cancelInvoice']) {
      expect(
        await world.mutate(CLERK, mutation, { invoiceId: invoice['id'], reason: '' }),
      ).toMatchObject({ __typename: 'InvalidInputProblem' });
    }
  });
});
