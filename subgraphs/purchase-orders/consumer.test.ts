import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  confirm,
  decide,
  dispatched,
  draft,
  drafted,
  invoiced,
  ordered,
  submitted,
} from './test-world/document.ts';
import { BUYER, RECEIVER, REQUESTOR, openTestRoom } from './test-world/room.ts';
import type { MadeOrder } from './test-world/document.ts';
import type { TestRoom } from './test-world/room.ts';

let room: TestRoom;
beforeAll(async () => {
  room = await openTestRoom();
});
afterAll(async () => room[Symbol.asyncDispose]());

const REQUISITION =
  'query ($id: ID!) { requisition(id: $id) { status version decidedBy decisionComment correlationId purchaseOrder { id number status correlationId total { amount } versions { number status decidedBy } } } }';
const ORDER =
  'query ($id: ID!) { purchaseOrder(id: $id) { status version erpReference { number confirmedVersion } receiptStatus invoiceStatus requisition { status } } }';

async function requisition(id: string) {
  return (await room.ask(BUYER, REQUISITION, { id })).data.requisition;
}

async function order({ id }: { readonly id: string }) {
  return (await room.ask(BUYER, ORDER, { id })).data.purchaseOrder;
}

const receive = (made: MadeOrder, value: string) =>
  room.run(RECEIVER, 'postGoodsReceipt', {
    purchaseOrderId: made.id,
    lines: [{ purchaseOrderLineId: made.lineIds[0], quantity: { value } }],
  });

describe('an approved requisition', () => {
  it('becomes an order in the same moment, under one correlation id', async () => {
    const made = await submitted(room);
    await decide(room, made, 'requested');
    expect(await requisition(made.id)).toMatchObject({
      status: 'PENDING_APPROVAL',
      version: 3,
      purchaseOrder: null,
    });
    await decide(room, made, 'approved', { comment: 'fine' });
    const after = await requisition(made.id);
    expect(after).toMatchObject({
      status: 'ORDERED',
      version: 5,
      decidedBy: 'approver',
      decisionComment: 'fine',
    });
    expect(after.purchaseOrder).toMatchObject({
      status: 'APPROVED',
      total: { amount: '10000.00' },
      versions: [{ number: 1, status: 'APPROVED', decidedBy: 'approver' }],
    });
    expect(after.purchaseOrder.number).toMatch(/^PO-DE01-\d{6}$/);
    expect(after.purchaseOrder.correlationId).toBe(after.correlationId);
    expect(await room.told(made.id)).toEqual([
      'requisition.created',
      'requisition.submitted',
      'requisition.approval-requested',
      'requisition.approved',
      'requisition.ordered',
    ]);
    expect(await room.told(after.purchaseOrder.id)).toEqual(['purchase-order.created']);
  });

  it('is ordered once, whatever is said twice', async () => {
    const made = await submitted(room);
    await decide(room, made, 'requested');
    await decide(room, made, 'approved');
    await decide(room, made, 'approved');
    await decide(room, made, 'rejected');
    expect(await requisition(made.id)).toMatchObject({ status: 'ORDERED', version: 5 });
  });
});

describe('a decision', () => {
  it.each([
    ['rejected', 'REJECTED'],
    ['returned', 'RETURNED'],
    ['withdrawn', 'WITHDRAWN'],
  ])('%s leads to %s', async (word, status) => {
    const made = await submitted(room);
    await decide(room, made, 'requested');
    await decide(room, made, word, { comment: 'not now' });
    expect(await requisition(made.id)).toMatchObject({
      status,
      decisionComment: 'not now',
      purchaseOrder: null,
    });
    expect((await room.told(made.id)).at(-1)).toBe(`requisition.${word}`);
  });

  it('on another version, another content or an unknown document decides nothing', async () => {
    const made = await submitted(room);
    await decide(room, made, 'requested');
    await decide(room, made, 'approved', { documentVersion: 1 });
    await decide(room, made, 'approved', { documentHash: 'other' });
    await decide(room, made, 'approved', { documentId: 'unknown' });
    expect(await requisition(made.id)).toMatchObject({ status: 'PENDING_APPROVAL', version: 3 });
  });

  it('on a round that was withdrawn decides nothing in the next', async () => {
    const made = await submitted(room);
    await decide(room, made, 'requested');
    await room.run(REQUESTOR, 'withdrawRequisition', { id: made.id });
    await decide(room, made, 'withdrawn');
    await room.run(REQUESTOR, 'updateRequisition', { id: made.id, title: 'Again' });
    await room.run(REQUESTOR, 'submitRequisition', { id: made.id });
    await decide(room, made, 'approved');
    expect(await requisition(made.id)).toMatchObject({ status: 'SUBMITTED', version: 6 });
  });
});

describe('the word of the ERP', () => {
  it('dispatches the order once, and later says which version it has', async () => {
    const made = await ordered(room);
    await confirm(room, made, 'CREATED');
    expect(await order(made)).toMatchObject({
      status: 'DISPATCHED',
      version: 2,
      erpReference: { number: '4500001', confirmedVersion: 1 },
    });
    await confirm(room, made, 'CREATED');
    await confirm(room, { ...made, version: 3 }, 'CHANGED');
    await confirm(room, { ...made, version: 2 }, 'CHANGED');
    expect(await order(made)).toMatchObject({
      status: 'DISPATCHED',
      version: 2,
      erpReference: { confirmedVersion: 3 },
    });
    expect(await room.told(made.id)).toEqual([
      'purchase-order.created',
      'purchase-order.dispatched',
    ]);
  });
});

describe('posted invoices', () => {
  it('close the order and its requisition when everything is received and invoiced', async () => {
    const made = await dispatched(room);
    const [lineId = ''] = made.lineIds;
    await receive(made, '10');
    await invoiced(room, lineId, '4');
    expect(await order(made)).toMatchObject({
      status: 'DISPATCHED',
      invoiceStatus: 'PARTIALLY_INVOICED',
    });
    await invoiced(room, lineId, '6');
    expect(await order(made)).toMatchObject({
      status: 'CLOSED',
      invoiceStatus: 'FULLY_INVOICED',
      requisition: { status: 'CLOSED' },
    });
    expect((await room.told(made.id)).slice(-2)).toEqual([
      'purchase-order.received',
      'purchase-order.closed',
    ]);
    expect((await room.told(made.requisitionId)).at(-1)).toBe('requisition.closed');
  });

  it('close it also when the last goods come after the invoice', async () => {
    const made = await dispatched(room);
    await invoiced(room, made.lineIds[0] ?? '', '10');
    expect(await receive(made, '10')).toMatchObject({ purchaseOrder: { status: 'CLOSED' } });
  });

  it('are taken off by credit memos and cancellations, once', async () => {
    const made = await dispatched(room);
    const [lineId = ''] = made.lineIds;
    const invoiceId = await invoiced(room, lineId, '8');
    await invoiced(room, lineId, '3', { kind: 'CREDIT_MEMO' });
    const invoicedQuantity = async (): Promise<string> =>
      (
        await room.ask(
          BUYER,
          'query ($id: ID!) { purchaseOrder(id: $id) { lines { invoicedQuantity { value } } } }',
          { id: made.id },
        )
      ).data.purchaseOrder.lines[0].invoicedQuantity.value;
    expect(await invoicedQuantity()).toBe('5');
    const lines = [{ invoiceLineId: 'x', purchaseOrderLineId: lineId, quantity: '8' }];
    await room.hear({
      type: 'concord.invoice.cancelled.v1',
      data: { invoiceId, kind: 'STANDARD', lines },
    });
    await room.hear({
      type: 'concord.invoice.cancelled.v1',
      data: { invoiceId, kind: 'STANDARD', lines },
    });
    expect(await invoicedQuantity()).toBe('-3');
  });
});

describe('projections', () => {
  it('keep the newest word, in whatever order the words come', async () => {
    const say = (sequence: number, status: string): Promise<void> => {
      const data = {
        costCentreId: 'DE01-5000',
        companyCode: 'DE01',
        code: '5000',
        name: 'Lab',
        managerId: 'm',
        status,
      };
      return room.hear({ type: 'concord.cost-centre.changed.v1', data, sequence });
    };
    await say(2, 'CLOSED');
    await say(1, 'ACTIVE');
    const refused = await room.run(
      REQUESTOR,
      'createRequisition',
      draft({ costCentreId: 'DE01-5000' }),
    );
    expect(refused.fields).toEqual([{ field: 'costCentreId', code: 'CLOSED_COST_CENTRE' }]);
    await say(3, 'ACTIVE');
    expect(await drafted(room, { costCentreId: 'DE01-5000' })).toMatchObject({ status: 'DRAFT' });
  });
});
