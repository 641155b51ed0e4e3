import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decimalOf } from '#kernel/decimal.ts';
import { newId } from '#kernel/id.ts';
import { statesOf } from '#kernel/lifecycle.ts';
import { seedDocuments } from './seed.ts';
import { firstVersion } from './domain/order-version.ts';
import { orderLineOf, orderOf } from './domain/purchase-order.ts';
import { readDraft } from './domain/requisition-draft.ts';
import { REQUISITION_LIFECYCLE, draftRequisition } from './domain/requisition.ts';
import { draft } from './test-world/document.ts';
import { BUYER, REQUESTOR, openTestRoom } from './test-world/room.ts';
import type {
  RequisitionAction,
  RequisitionStatus,
  RequisitionWithLines,
} from './domain/requisition.ts';
import type { TestRoom } from './test-world/room.ts';

const NOW = new Date('2026-11-23T09:00:00Z');
const ORDERED: readonly RequisitionStatus[] = ['ORDERED', 'CLOSED'];
let room: TestRoom;
beforeAll(async () => {
  room = await openTestRoom();
});
afterAll(async () => room[Symbol.asyncDispose]());

function requisition(index: number, status: RequisitionStatus): RequisitionWithLines {
  const line = {
    description: 'Laptop',
    quantity: { value: decimalOf('2') },
    unitPrice: decimalOf('850.50'),
  };
  const content = {
    title: 'Laptops',
    costCentreId: 'DE01-4100',
    supplierId: 'supplier-1',
    category: 'IT',
    currency: 'EUR',
    lines: [line],
  };
  const read = readDraft(content, {
    costCentre: { companyCode: 'DE01', status: 'ACTIVE' },
    supplierIsKnown: true,
    newId,
  });
  if (!read.ok) throw new Error(read.problem.message);
  const number = `REQ-DE01-${String(index).padStart(6, '0')}`;
  const made = draftRequisition(read.value, {
    id: newId(),
    number,
    requesterId: 'requestor',
    correlationId: newId(),
    now: NOW,
  });
  const purchaseOrderId = ORDERED.includes(status) ? newId() : null;
  return { ...made, requisition: { ...made.requisition, status, purchaseOrderId } };
}

function orderFor({ requisition: source, lines }: RequisitionWithLines) {
  const id = source.purchaseOrderId ?? newId();
  const order = orderOf(source, { id, number: source.number.replace('REQ', 'PO'), now: NOW });
  return {
    order,
    lines: lines.map((line) => orderLineOf(line, { id: newId(), purchaseOrderId: id })),
  };
}

describe('seeding', () => {
  it('writes many documents in all states, after which the numbers go on', async () => {
    const states = statesOf<RequisitionStatus, RequisitionAction>(REQUISITION_LIFECYCLE);
    const requisitions = Array.from({ length: 500 }, (_entry, index) =>
      requisition(index + 1, states[index % states.length] ?? 'DRAFT'),
    );
    const orders = requisitions
      .filter((made) => made.requisition.purchaseOrderId !== null)
      .map(orderFor);
    const versions = orders.map(({ order, lines }) => firstVersion(order, lines, 'approver'));
    await seedDocuments(room.database, { requisitions, orders, versions, receipts: [] });
    const source = `{ requisitions(last: 100) { nodes { number status total { amount } purchaseOrder { number lines { quantity { value } } versions { number } } } } }`;
    const { data, codes } = await room.ask(BUYER, source);
    expect(codes).toEqual([]);
    expect(new Set(data.requisitions.nodes.map((node: { status: string }) => node.status))).toEqual(
      new Set(states),
    );
    const closed = data.requisitions.nodes.find(
      (node: { status: string }) => node.status === 'CLOSED',
    );
    expect(closed).toMatchObject({
      total: { amount: '1701.00' },
      purchaseOrder: { lines: [{ quantity: { value: '2' } }], versions: [{ number: 1 }] },
    });
    expect(await room.run(REQUESTOR, 'createRequisition', draft())).toMatchObject({
      number: 'REQ-DE01-000501',
    });
  });
});
