import { newId } from '#kernel/id.ts';
import { BUYER, REQUESTOR } from './room.ts';
import type { TestRoom } from './room.ts';

/** A draft of 10 laptops at 1,000.00 with 10 percent over-delivery; `changes` are what a test is about. */
export function draft(changes: object = {}): object {
  return {
    title: 'Laptops',
    costCentreId: 'DE01-4100',
    supplierId: 'supplier-1',
    category: 'IT_HARDWARE',
    currency: 'EUR',
    lines: [line()],
    ...changes,
  };
}

export function line(changes: object = {}): object {
  return {
    description: 'Laptop',
    quantity: { value: '10', unitCode: 'C62' },
    unitPrice: '1000.00',
    overDeliveryPercent: '10',
    ...changes,
  };
}

export interface MadeRequisition {
  readonly id: string;
  readonly version: number;
  readonly documentHash: string;
}

export interface MadeOrder {
  readonly id: string;
  readonly requisitionId: string;
  readonly version: number;
  readonly lineIds: readonly string[];
}

export async function drafted(room: TestRoom, changes: object = {}): Promise<MadeRequisition> {
  return room.run(REQUESTOR, 'createRequisition', draft(changes));
}

export async function submitted(room: TestRoom, changes: object = {}): Promise<MadeRequisition> {
  const { id } = await drafted(room, changes);
  return room.run(REQUESTOR, 'submitRequisition', { id });
}

/** Lets approvals say something of the requisition as it was submitted. */
export async function decide(
  room: TestRoom,
  requisition: MadeRequisition,
  word: string,
  changes: object = {},
): Promise<void> {
  const data = { ...decisionOn('REQUISITION', requisition), ...changes };
  await room.hear({ type: `concord.approval.${word}.v1`, data });
}

export function decisionOn(
  documentType: string,
  document: { readonly id: string; readonly version: number; readonly documentHash: string },
): object {
  return {
    approvalRequestId: newId(),
    documentType,
    documentId: document.id,
    documentNumber: 'N-1',
    documentVersion: document.version,
    documentHash: document.documentHash,
    round: 1,
    pendingApproverIds: [],
    decidedBy: 'approver',
    comment: null,
  };
}

/** An order that waits for the ERP. */
export async function ordered(room: TestRoom, changes: object = {}): Promise<MadeOrder> {
  const requisition = await submitted(room, changes);
  await decide(room, requisition, 'requested');
  await decide(room, requisition, 'approved');
  const query = '($id: ID!) { requisition(id: $id) { purchaseOrder { id version lines { id } } } }';
  const { data } = await room.ask(BUYER, `query ${query}`, { id: requisition.id });
  const { id, version, lines } = data.requisition.purchaseOrder;
  return {
    id,
    version,
    requisitionId: requisition.id,
    lineIds: lines.map((own: { id: string }) => own.id),
  };
}

/** An order that the ERP has confirmed. */
export async function dispatched(room: TestRoom, changes: object = {}): Promise<MadeOrder> {
  const order = await ordered(room, changes);
  await confirm(room, order, 'CREATED');
  return { ...order, version: order.version + 1 };
}

export async function confirm(room: TestRoom, order: MadeOrder, action: string): Promise<void> {
  const data = {
    erp: 'erp',
    documentType: 'PURCHASE_ORDER',
    documentId: order.id,
    action,
    documentVersion: order.version,
    erpNumber: '4500001',
  };
  await room.hear({ type: 'concord.erp.document-confirmed.v1', data });
}

/** A posted invoice (or credit memo) of one order line. */
export async function invoiced(
  room: TestRoom,
  purchaseOrderLineId: string,
  quantity: string,
  changes: object = {},
): Promise<string> {
  const invoiceId = newId();
  const line = {
    invoiceLineId: newId(),
    purchaseOrderLineId,
    description: 'Laptop',
    quantity,
    unitCode: 'C62',
    unitPrice: '1000.00',
  };
  await room.hear({
    type: 'concord.invoice.posted.v1',
    data: { invoiceId, kind: 'STANDARD', lines: [line], ...changes },
  });
  return invoiceId;
}
