import { monotonicMs } from '#kernel/clock.ts';
import { pause } from '#kernel/shutdown.ts';
import { RefusedByGraph } from './graph-client.ts';
import type { GraphClient } from './graph-client.ts';

/** One line to order. */
export interface WantedLine {
  readonly description: string;
  readonly quantity: string;
  readonly unitCode: string;
  readonly unitPrice: string;
}

export interface WantedRequisition {
  /** Makes the idempotency keys of every step; the same key again is the same requisition. */
  readonly key: string;
  readonly requestor: string;
  readonly title: string;
  readonly costCentreId: string;
  readonly supplierId: string;
  readonly category: string;
  readonly currency: string;
  readonly lines: readonly WantedLine[];
}

export interface OrderLine {
  readonly id: string;
  readonly description: string;
  readonly quantity: { readonly value: string; readonly unitCode: string };
  readonly unitPrice: string;
}

export interface Order {
  readonly id: string;
  readonly number: string;
  readonly status: string;
  readonly total: { readonly amount: string; readonly currency: string };
  readonly lines: readonly OrderLine[];
}

const POLL_MS = 60;
/** A step that takes longer than this has gone wrong: the demo says where instead of waiting for ever. */
const STEP_TIMEOUT_MS = 60_000;

/** Asks until the answer is what is waited for. */
export async function eventually<Value>(
  what: string,
  ask: () => Promise<Value | null>,
): Promise<Value> {
  for (let waitedMs = 0; waitedMs < STEP_TIMEOUT_MS; waitedMs += POLL_MS) {
    const value = await ask();
    if (value !== null) return value;
    await pause(POLL_MS);
  }
  throw new Error(`${what} did not happen within ${STEP_TIMEOUT_MS} ms`);
}

export async function createRequisition(
  graph: GraphClient,
  wanted: WantedRequisition,
): Promise<string> {
  const { key, requestor, title, costCentreId, supplierId, category, currency } = wanted;
  const lines = wanted.lines.map(({ description, quantity, unitCode, unitPrice }) => ({
    description,
    unitPrice,
    quantity: { value: quantity, unitCode },
  }));
  const input = { title, costCentreId, supplierId, category, currency, lines };
  const { id } = await onceKnown(() =>
    graph.change<{ id: string }>(requestor, 'createRequisition', {
      input: { ...input, idempotencyKey: `${key}-create` },
      on: 'Requisition',
      select: 'id',
    }),
  );
  return id;
}

const PROJECTED_WITHIN_MS = 20_000;
const LOOK_AGAIN_MS = 250;

/** A supplier that was created a moment ago may be on its way to purchase orders still: the refusal is asked again. */
async function onceKnown<Value>(work: () => Promise<Value>): Promise<Value> {
  const startedMs = monotonicMs();
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const isUnknown = error instanceof RefusedByGraph && error.code === 'INVALID_INPUT';
      if (!isUnknown || monotonicMs() - startedMs > PROJECTED_WITHIN_MS) throw error;
      await pause(LOOK_AGAIN_MS);
    }
  }
}

/** Submits: funds are reserved, or the graph refuses. */
export async function sendOff(
  graph: GraphClient,
  login: string,
  requisition: { id: string; key: string },
): Promise<void> {
  await graph.change(login, 'submitRequisition', {
    input: { idempotencyKey: `${requisition.key}-submit`, id: requisition.id },
    on: 'Requisition',
    select: 'id',
  });
}

/** Submits and waits until somebody has it on the desk. */
export async function submitRequisition(
  graph: GraphClient,
  login: string,
  requisition: { id: string; key: string },
): Promise<void> {
  await sendOff(graph, login, requisition);
  await eventually(`the approval of ${requisition.key}`, async () => {
    const status = await requisitionStatus(graph, login, requisition.id);
    return status === 'SUBMITTED' ? null : status;
  });
}

export async function requisitionStatus(
  graph: GraphClient,
  login: string,
  id: string,
): Promise<string> {
  const { requisition } = await graph.ask<{ requisition: { status: string } }>(
    login,
    'query ($id: ID!) { requisition(id: $id) { status } }',
    { id },
  );
  return requisition.status;
}

interface PendingTask {
  readonly id: string;
  readonly approverId: string;
  readonly status: string;
}

interface PendingApproval {
  readonly status: string;
  readonly documentVersion: number;
  readonly documentHash: string;
  readonly tasks: readonly PendingTask[];
}

/** How an approver decides: approves, rejects, or returns for correction. */
export type Decision = 'approveTask' | 'rejectTask' | 'returnTask';
const SUCCESS_TYPE = 'ApprovalRequest';

/** Decides every pending task in turn, each as its approver, until the request is decided. */
export async function decide(
  graph: GraphClient,
  requisition: { id: string; key: string },
  decision: Decision,
): Promise<void> {
  for (;;) {
    const approval = await eventually(`a task for ${requisition.key}`, async () => {
      const found = await approvalOf(graph, requisition.id);
      return found !== null &&
        (found.status !== 'PENDING_APPROVAL' ||
          found.tasks.some((task) => task.status === 'PENDING'))
        ? found
        : null;
    });
    const task = approval.tasks.find((candidate) => candidate.status === 'PENDING');
    if (approval.status !== 'PENDING_APPROVAL' || task === undefined) return;
    await graph.change(task.approverId, decision, {
      input: {
        idempotencyKey: `${requisition.key}-${task.id}`,
        taskId: task.id,
        documentVersion: approval.documentVersion,
        documentHash: approval.documentHash,
        ...(decision === 'approveTask'
          ? {}
          : {
              comment:
                decision === 'rejectTask'
                  ? 'Not in this quarter.'
                  : 'Please ask for a second offer.',
            }),
      },
      on: SUCCESS_TYPE,
      select: 'id',
    });
  }
}

async function approvalOf(graph: GraphClient, id: string): Promise<PendingApproval | null> {
  const query =
    'query ($id: ID!) { requisition(id: $id) { approval { status documentVersion documentHash tasks { id approverId status } } } }';
  const { requisition } = await graph.ask<{ requisition: { approval: PendingApproval | null } }>(
    'second-approver',
    query,
    { id },
  );
  return requisition.approval;
}

/** The order that an approved requisition became, once the ERP has confirmed it. */
export async function dispatchedOrder(
  graph: GraphClient,
  requisition: { id: string; key: string },
): Promise<Order> {
  return eventually(`the dispatch of the order of ${requisition.key}`, async () => {
    const order = await orderOf(graph, requisition.id);
    return order?.status === 'DISPATCHED' ? order : null;
  });
}

export async function orderOf(graph: GraphClient, requisitionId: string): Promise<Order | null> {
  const query = `query ($id: ID!) { requisition(id: $id) { purchaseOrder {
    id number status total { amount currency } lines { id description quantity { value unitCode } unitPrice } } } }`;
  const { requisition } = await graph.ask<{ requisition: { purchaseOrder: Order | null } }>(
    'buyer',
    query,
    { id: requisitionId },
  );
  return requisition.purchaseOrder;
}

/** Receives a share of every line, rounded down to whole units but at least one. */
export async function receive(
  graph: GraphClient,
  order: Order,
  receipt: { key: string; share: number },
): Promise<void> {
  const lines = order.lines.map((line) => ({
    purchaseOrderLineId: line.id,
    quantity: {
      unitCode: line.quantity.unitCode,
      value: String(Math.max(1, Math.floor(Number(line.quantity.value) * receipt.share))),
    },
  }));
  await graph.change('receiver', 'postGoodsReceipt', {
    input: { idempotencyKey: receipt.key, purchaseOrderId: order.id, lines },
    on: 'GoodsReceipt',
    select: 'id',
  });
}
