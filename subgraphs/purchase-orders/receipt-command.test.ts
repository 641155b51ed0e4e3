import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '#kernel/id.ts';
import { dispatched, invoiced, ordered } from './test-world/document.ts';
import { BUYER, RECEIVER, openTestRoom, person } from './test-world/room.ts';
import type { MadeOrder } from './test-world/document.ts';
import type { TestRoom } from './test-world/room.ts';

let room: TestRoom;
beforeAll(async () => {
  room = await openTestRoom();
});
afterAll(async () => room[Symbol.asyncDispose]());

const receive = (order: MadeOrder, value: string, changes: object = {}, viewer = RECEIVER) =>
  room.run(viewer, 'postGoodsReceipt', {
    purchaseOrderId: order.id,
    lines: [{ purchaseOrderLineId: order.lineIds[0], quantity: { value } }],
    ...changes,
  });
const reverse = (id: string, changes: object = {}) =>
  room.run(RECEIVER, 'reverseGoodsReceipt', { id, reason: 'Counted twice', ...changes });

async function received(order: MadeOrder): Promise<string> {
  const { data } = await room.ask(
    BUYER,
    'query ($id: ID!) { purchaseOrder(id: $id) { lines { receivedQuantity { value } } } }',
    { id: order.id },
  );
  return data.purchaseOrder.lines[0].receivedQuantity.value;
}

describe('postGoodsReceipt', () => {
  it('receives in parts and tells what is received of the order', async () => {
    const order = await dispatched(room);
    const first = await receive(order, '4', { deliveryNote: 'DN-1' });
    expect(first).toMatchObject({
      __typename: 'GoodsReceipt',
      status: 'POSTED',
      postedBy: 'receiver',
      purchaseOrder: { version: 3, receiptStatus: 'PARTIALLY_RECEIVED' },
    });
    expect(first.number).toMatch(/^GR-DE01-\d{6}$/);
    expect(await receive(order, '6')).toMatchObject({
      purchaseOrder: { receiptStatus: 'FULLY_RECEIVED' },
    });
    expect(await room.told(first.id)).toEqual(['goods-receipt.posted']);
    expect(await room.lastTold(order.id)).toMatchObject({
      type: 'concord.purchase-order.received.v1',
      data: { lines: [{ receivedQuantity: '10' }] },
    });
  });

  it('says what is still acceptable when too much arrives', async () => {
    const order = await dispatched(room);
    await receive(order, '9');
    const refused = await receive(order, '2.1');
    expect(refused).toMatchObject({
      __typename: 'OverDeliveryProblem',
      acceptable: { value: '2', unitCode: 'C62' },
      received: { value: '9' },
    });
    expect(await received(order)).toBe('9');
  });

  it('never exceeds the tolerance, however many receive at once', async () => {
    const order = await dispatched(room);
    const answers = await Promise.all(Array.from({ length: 16 }, () => receive(order, '1')));
    expect(answers.filter((answer) => answer.__typename === 'GoodsReceipt')).toHaveLength(11);
    expect(answers.filter((answer) => answer.__typename === 'OverDeliveryProblem')).toHaveLength(5);
    expect(await received(order)).toBe('11');
  });

  it('is not for the requester of the order', async () => {
    const order = await dispatched(room);
    const both = person('receiver', { id: 'requestor' });
    expect(await receive(order, '1', {}, both)).toMatchObject({
      __typename: 'SegregationOfDutiesProblem',
      rule: 'requester-is-not-receiver',
    });
  });

  it('has every other refusal', async () => {
    const order = await dispatched(room);
    expect(await receive({ ...order, id: newId() }, '1')).toMatchObject({
      __typename: 'NotFoundProblem',
    });
    expect(await receive(order, '1', { expectedVersion: 1 })).toMatchObject({
      __typename: 'VersionConflictProblem',
      currentVersion: 2,
    });
    expect(await receive(order, '-1')).toMatchObject({
      __typename: 'InvalidInputProblem',
      fields: [{ field: 'lines.0.quantity.value', code: 'NEGATIVE_QUANTITY' }],
    });
    expect(await receive(order, '1', { postedOn: '2999-01-01' })).toMatchObject({
      fields: [{ field: 'postedOn', code: 'IN_FUTURE' }],
    });
    const waiting = await ordered(room);
    expect(await receive(waiting, '1')).toMatchObject({
      __typename: 'IllegalTransitionProblem',
      state: 'APPROVED',
    });
    const idempotencyKey = newId();
    const first = await receive(order, '1', { idempotencyKey });
    expect((await receive(order, '1', { idempotencyKey })).id).toBe(first.id);
    expect(await receive(order, '2', { idempotencyKey })).toMatchObject({
      __typename: 'IdempotencyKeyReusedProblem',
    });
    expect(await received(order)).toBe('1');
  });

  it.each(['requestor', 'approver', 'buyer', 'ap-clerk', 'auditor'])(
    'is FORBIDDEN to the role %s',
    async (role) => {
      const order = { id: newId(), requisitionId: '', version: 1, lineIds: [newId()] };
      expect(await receive(order, '1', {}, person(role))).toEqual({ codes: ['FORBIDDEN'] });
      expect(
        await room.run(person(role), 'reverseGoodsReceipt', { id: newId(), reason: 'x' }),
      ).toEqual({ codes: ['FORBIDDEN'] });
    },
  );
});

describe('reverseGoodsReceipt', () => {
  it('gives the quantity back, so that it can be received again', async () => {
    const order = await dispatched(room);
    const receipt = await receive(order, '11');
    expect(await reverse(receipt.id)).toMatchObject({
      __typename: 'GoodsReceipt',
      status: 'REVERSED',
      version: 2,
      purchaseOrder: { receiptStatus: 'NOT_RECEIVED' },
    });
    expect(await reverse(receipt.id)).toMatchObject({
      __typename: 'IllegalTransitionProblem',
      state: 'REVERSED',
    });
    expect(await receive(order, '11')).toMatchObject({ __typename: 'GoodsReceipt' });
    expect(await room.told(receipt.id)).toEqual(['goods-receipt.posted', 'goods-receipt.reversed']);
  });

  it('happens once, however many reverse at once', async () => {
    const order = await dispatched(room);
    await receive(order, '3');
    const { id } = await receive(order, '4');
    const answers = await Promise.all([1, 2, 3, 4].map(() => reverse(id)));
    expect(answers.filter((answer) => answer.__typename === 'GoodsReceipt')).toHaveLength(1);
    expect(await received(order)).toBe('3');
  });

  it('has every refusal', async () => {
    const order = await dispatched(room);
    const { id } = await receive(order, '4');
    expect(await reverse(newId())).toMatchObject({ __typename: 'NotFoundProblem' });
    expect(await reverse(id, { expectedVersion: 9 })).toMatchObject({
      __typename: 'VersionConflictProblem',
    });
    expect(await reverse(id, { reason: '' })).toMatchObject({ __typename: 'InvalidInputProblem' });
    const both = person('receiver', { id: 'requestor' });
    expect(await room.run(both, 'reverseGoodsReceipt', { id, reason: 'x' })).toMatchObject({
      __typename: 'SegregationOfDutiesProblem',
    });
    await invoiced(room, order.lineIds[0] ?? '', '2');
    expect(await reverse(id)).toMatchObject({
      __typename: 'QuantityInUseProblem',
      requested: { value: '0' },
      invoiced: { value: '2' },
    });
  });
});
