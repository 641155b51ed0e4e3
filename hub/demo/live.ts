import { captureInvoice, invoiceReaches } from './invoicing.ts';
import {
  createRequisition,
  decide,
  dispatchedOrder,
  eventually,
  orderOf,
  receive,
  sendOff,
  submitRequisition,
} from './procurement.ts';
import type { GraphClient } from './graph-client.ts';
import type { Destiny } from './destinies.ts';
import type { Order } from './procurement.ts';
import type { DemoRequisition } from './requisitions.ts';

interface Life {
  readonly graph: GraphClient;
  readonly demo: DemoRequisition;
  /** The requisition in hand. */
  readonly requisition: { readonly id: string; readonly key: string };
  readonly today: string;
}

type Step = (life: Life) => Promise<void>;

const submit: Step = ({ graph, demo, requisition }) =>
  submitRequisition(graph, demo.wanted.requestor, requisition);
const offer: Step = ({ graph, demo, requisition }) =>
  sendOff(graph, demo.wanted.requestor, requisition);
const approve: Step = ({ graph, requisition }) => decide(graph, requisition, 'approveTask');
const reject: Step = ({ graph, requisition }) => decide(graph, requisition, 'rejectTask');
const giveBack: Step = ({ graph, requisition }) => decide(graph, requisition, 'returnTask');
const dispatch: Step = async ({ graph, requisition }) =>
  void (await dispatchedOrder(graph, requisition));
const order: Step = async ({ graph, requisition }) =>
  void (await eventually(`the order of ${requisition.key}`, () => orderOf(graph, requisition.id)));
const withdraw: Step = ({ graph, demo, requisition }) =>
  stepOf(graph, demo, requisition, 'withdrawRequisition');
const cancel: Step = ({ graph, demo, requisition }) =>
  stepOf(graph, demo, requisition, 'cancelRequisition');
const receiveHalf: Step = (life) => received(life, 0.5);
const receiveAll: Step = (life) => received(life, 1);
const invoiceHeld: Step = async (life) => invoiced(life, '1.25', ({ status }) => status === 'HELD');
const invoiceEarly: Step = async (life) =>
  invoiced(life, '1', ({ status }) => status === 'AWAITING_RECEIPT' || status === 'HELD');
const invoicePaid: Step = async (life) =>
  invoiced(life, '1', ({ paymentStatus }) => paymentStatus === 'PAID');
const invoiceOfStranger: Step = async (life) => stranger(life);

const ORDERED: readonly Step[] = [submit, approve, dispatch];

/** What happens to a requisition, step by step, until its destiny is fulfilled. */
const STEPS: Readonly<Record<Destiny, readonly Step[]>> = {
  draft: [],
  cancelled: [cancel],
  pending: [submit],
  withdrawn: [submit, withdraw],
  rejected: [submit, reject],
  returned: [submit, giveBack],
  unroutable: [offer],
  'erp-refused': [submit, approve, order],
  dispatched: ORDERED,
  'partly-received': [...ORDERED, receiveHalf],
  received: [...ORDERED, receiveAll],
  'awaiting-receipt': [...ORDERED, invoiceEarly],
  held: [...ORDERED, receiveAll, invoiceHeld],
  'supplier-unknown': [...ORDERED, invoiceOfStranger],
  paid: [...ORDERED, receiveAll, invoicePaid],
};

/** Lives one requisition, that was created before, through to its destiny. */
export async function live(life: Life): Promise<void> {
  for (const step of STEPS[life.demo.destiny]) await step(life);
}

/** Creates the requisition: one after another, so that numbers follow the plan. */
export function create(graph: GraphClient, demo: DemoRequisition): Promise<string> {
  return createRequisition(graph, demo.wanted);
}

async function stepOf(
  graph: GraphClient,
  demo: DemoRequisition,
  requisition: Life['requisition'],
  mutation: string,
): Promise<void> {
  const input = { idempotencyKey: `${requisition.key}-${mutation}`, id: requisition.id };
  await graph.change(demo.wanted.requestor, mutation, { input, on: 'Requisition', select: 'id' });
}

async function received({ graph, requisition }: Life, share: number): Promise<void> {
  await receive(graph, await dispatchedOrder(graph, requisition), {
    key: `${requisition.key}-receive`,
    share,
  });
}

async function invoiced(
  life: Life,
  priceFactor: string,
  reached: Parameters<typeof invoiceReaches>[2],
): Promise<void> {
  const { graph, demo, requisition } = life;
  const found = await dispatchedOrder(graph, requisition);
  const id = await captureInvoice(graph, found, {
    ...invoiceOf(life, found),
    supplierId: demo.supplier.id,
    priceFactor,
  });
  await invoiceReaches(graph, id, reached);
}

async function stranger(life: Life): Promise<void> {
  const found = await dispatchedOrder(life.graph, life.requisition);
  const id = await captureInvoice(life.graph, found, {
    ...invoiceOf(life, found),
    supplierId: null,
    sellerName: `${life.demo.supplier.legalName} Factoring`,
    priceFactor: '1',
  });
  await invoiceReaches(life.graph, id, ({ status }) => status === 'SUPPLIER_UNKNOWN');
}

function invoiceOf({ demo, requisition, today }: Life, found: Order) {
  return {
    key: `${requisition.key}-invoice`,
    companyCode: demo.company.code,
    supplierInvoiceNumber: `RE-${found.number}`,
    issuedOn: today,
  };
}
