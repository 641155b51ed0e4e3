import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '#kernel/id.ts';
import { confirm, decisionOn, dispatched, invoiced, line, ordered } from './test-world/document.ts';
import { BUYER, RECEIVER, openTestRoom, person } from './test-world/room.ts';
import type { MadeOrder } from './test-world/document.ts';
import type { TestRoom } from './test-world/room.ts';

let room: TestRoom;
beforeAll(async () => {
  room = await openTestRoom();
});
afterAll(async () => room[Symbol.asyncDispose]());

const change = (order: MadeOrder, unitPrice: string, changes: object = {}) =>
  room.run(BUYER, 'changePurchaseOrder', {
    id: order.id,
    reason: 'New price list',
    lines: [{ lineId: order.lineIds[0], unitPrice }],
    ...changes,
  });

async function decideChange(order: MadeOrder, word: string, changes: object = {}): Promise<void> {
  const { data } = (await room.lastTold(order.id)) as {
    data: { version: number; documentHash: string };
  };
  const decision = decisionOn('PURCHASE_ORDER', {
    id: order.id,
    version: data.version,
    documentHash: data.documentHash,
  });
  await room.hear({ type: `concord.approval.${word}.v1`, data: { ...decision, ...changes } });
}

async function read(order: MadeOrder) {
  const fields =
    'status version orderVersion total { amount } versions { number status differences { field before after } decidedBy } requisition { status } endReason';
  const { data } = await room.ask(
    BUYER,
    `query ($id: ID!) { purchaseOrder(id: $id) { ${fields} } }`,
    { id: order.id },
  );
  return data.purchaseOrder;
}

describe('changePurchaseOrder', () => {
  it('applies a change within tolerance at once and tells of it', async () => {
    const order = await dispatched(room);
    const changed = await change(order, '1010.00');
    expect(changed).toMatchObject({
      __typename: 'PurchaseOrder',
      status: 'DISPATCHED',
      version: 3,
      orderVersion: 2,
      total: { amount: '10100.00' },
    });
    expect(await room.lastTold(order.id)).toMatchObject({
      type: 'concord.purchase-order.changed.v1',
      data: { version: 3, total: { amount: '10100.00' } },
    });
  });

  it('sends slices of a salami to approval when they add up', async () => {
    const order = await dispatched(room);
    for (const price of ['1020.00', '1040.00'])
      expect(await change(order, price)).toMatchObject({ status: 'DISPATCHED' });
    expect(await change(order, '1060.00')).toMatchObject({
      status: 'CHANGE_PENDING',
      total: { amount: '10400.00' },
    });
    expect(await room.lastTold(order.id)).toMatchObject({
      type: 'concord.purchase-order.change-submitted.v1',
      data: { total: { amount: '10600.00' } },
    });
    await decideChange(order, 'approved');
    expect(await read(order)).toMatchObject({
      status: 'DISPATCHED',
      orderVersion: 4,
      total: { amount: '10600.00' },
    });
    expect(await change(order, '1070.00')).toMatchObject({ status: 'DISPATCHED' });
  });

  it.each(['rejected', 'returned', 'withdrawn'])(
    'leaves the order as it was when the change is %s',
    async (word) => {
      const order = await dispatched(room);
      await change(order, '2000.00');
      await decideChange(order, word);
      expect(await read(order)).toMatchObject({
        status: 'DISPATCHED',
        orderVersion: 1,
        total: { amount: '10000.00' },
        versions: [{ status: 'APPROVED' }, { status: 'REJECTED', decidedBy: 'approver' }],
      });
      expect(await room.lastTold(order.id)).toMatchObject({
        type: 'concord.purchase-order.change-rejected.v1',
        data: { total: { amount: '10000.00' } },
      });
    },
  );

  it('is not decided by a word on another version', async () => {
    const order = await dispatched(room);
    await change(order, '2000.00');
    await decideChange(order, 'approved', { documentHash: 'other' });
    await decideChange(order, 'approved', { documentVersion: 1 });
    expect(await read(order)).toMatchObject({ status: 'CHANGE_PENDING', orderVersion: 1 });
  });

  it('keeps every version as it was made', async () => {
    const order = await dispatched(room);
    await change(order, '1010.00');
    expect((await read(order)).versions).toMatchObject([
      { number: 1, status: 'APPROVED', differences: [] },
      {
        number: 2,
        status: 'APPLIED',
        differences: [{ field: 'unitPrice', before: '1000', after: '1010' }],
      },
    ]);
    const rewrite = room.database.query(
      'update purchase_order_version set total_minor = 1 where purchase_order_id = $1',
      [order.id],
    );
    await expect(rewrite).rejects.toThrow('immutable');
  });

  it('refuses to go below what was received', async () => {
    const order = await dispatched(room);
    const [lineId] = order.lineIds;
    await room.run(RECEIVER, 'postGoodsReceipt', {
      purchaseOrderId: order.id,
      lines: [{ purchaseOrderLineId: lineId, quantity: { value: '4' } }],
    });
    const refused = await room.run(BUYER, 'changePurchaseOrder', {
      id: order.id,
      reason: 'less',
      lines: [{ lineId, quantity: '3.5' }],
    });
    expect(refused).toMatchObject({
      __typename: 'QuantityInUseProblem',
      requested: { value: '3.5' },
      received: { value: '4' },
    });
  });

  it('has every other refusal', async () => {
    const order = await dispatched(room);
    expect(await change({ ...order, id: newId() }, '1')).toMatchObject({
      __typename: 'NotFoundProblem',
    });
    expect(await change(order, '1010', { expectedVersion: 1 })).toMatchObject({
      __typename: 'VersionConflictProblem',
      currentVersion: 2,
    });
    expect(await change(order, '-1')).toMatchObject({
      __typename: 'InvalidInputProblem',
      fields: [{ field: 'lines.0.unitPrice', code: 'NEGATIVE_UNIT_PRICE' }],
    });
    expect(await change(order, '1010', { reason: ' ' })).toMatchObject({
      fields: [{ field: 'reason', code: 'BAD_TEXT' }],
    });
    const idempotencyKey = newId();
    await change(order, '1010', { idempotencyKey });
    expect(await change(order, '1011', { idempotencyKey })).toMatchObject({
      __typename: 'IdempotencyKeyReusedProblem',
    });
    const waiting = await ordered(room);
    expect(await change(waiting, '1010')).toMatchObject({
      __typename: 'IllegalTransitionProblem',
      state: 'APPROVED',
      legalEvents: ['erpConfirm', 'cancel'],
    });
  });
});

describe('the end of an order', () => {
  const end = (mutation: string, order: MadeOrder, changes: object = {}) =>
    room.run(BUYER, mutation, { id: order.id, reason: 'Project stopped', ...changes });

  it('cancels it and its requisition while nothing was received', async () => {
    const order = await ordered(room);
    expect(await end('cancelPurchaseOrder', order)).toMatchObject({
      __typename: 'PurchaseOrder',
      status: 'CANCELLED',
      requisition: { status: 'CANCELLED' },
    });
    expect(await room.told(order.id)).toEqual([
      'purchase-order.created',
      'purchase-order.cancelled',
    ]);
    expect((await room.told(order.requisitionId)).at(-1)).toBe('requisition.cancelled');
    await confirm(room, order, 'CREATED');
    expect(await read(order)).toMatchObject({ status: 'CANCELLED' });
  });

  it('can only be a closing after an invoice', async () => {
    const order = await dispatched(room);
    await invoiced(room, order.lineIds[0] ?? '', '1');
    expect(await end('cancelPurchaseOrder', order)).toMatchObject({
      __typename: 'OrderInUseProblem',
      lineIds: order.lineIds,
    });
    expect(await end('closePurchaseOrder', order)).toMatchObject({
      status: 'CLOSED',
      requisition: { status: 'CLOSED' },
    });
    expect(await end('closePurchaseOrder', order)).toMatchObject({
      __typename: 'IllegalTransitionProblem',
      state: 'CLOSED',
    });
    expect((await read(order)).endReason).toBe('Project stopped');
  });

  it('has the same refusals as every change', async () => {
    const order = await dispatched(room);
    for (const mutation of ['cancelPurchaseOrder', 'closePurchaseOrder']) {
      expect(await end(mutation, { ...order, id: newId() })).toMatchObject({
        __typename: 'NotFoundProblem',
      });
      expect(await end(mutation, order, { expectedVersion: 99 })).toMatchObject({
        __typename: 'VersionConflictProblem',
      });
      expect(await end(mutation, order, { reason: '' })).toMatchObject({
        __typename: 'InvalidInputProblem',
      });
      const elsewhere = person('buyer', { companies: ['US01'] });
      expect(await room.run(elsewhere, mutation, { id: order.id, reason: 'x' })).toMatchObject({
        __typename: 'NotFoundProblem',
      });
    }
  });

  it.each(['requestor', 'approver', 'receiver', 'ap-clerk', 'auditor', 'finance-operations'])(
    'is FORBIDDEN to the role %s',
    async (role) => {
      const id = newId();
      for (const mutation of ['cancelPurchaseOrder', 'closePurchaseOrder']) {
        expect(await room.run(person(role), mutation, { id, reason: 'x' })).toEqual({
          codes: ['FORBIDDEN'],
        });
      }
      const lines = [{ lineId: id, unitPrice: '1' }];
      expect(
        await room.run(person(role), 'changePurchaseOrder', { id, reason: 'x', lines }),
      ).toEqual({ codes: ['FORBIDDEN'] });
    },
  );
});

describe('an order of two lines', () => {
  it('keeps its lines in order', async () => {
    const order = await ordered(room, {
      lines: [line({ description: 'A' }), line({ description: 'B' })],
    });
    const { data } = await room.ask(
      BUYER,
      'query ($id: ID!) { purchaseOrder(id: $id) { lines { lineNumber description } } }',
      { id: order.id },
    );
    expect(data.purchaseOrder.lines).toEqual([
      { lineNumber: 1, description: 'A' },
      { lineNumber: 2, description: 'B' },
    ]);
  });
});
