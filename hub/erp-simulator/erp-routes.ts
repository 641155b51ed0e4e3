import { now } from './clock.ts';
import type { Decision, Facts, StoredDocument } from './document.ts';
import type { Simulation } from './erp-simulator.ts';
import { cancelReceipt, postReceipt } from './goods-receipt.ts';
import { runPayments } from './payment.ts';
import { entityTag, presented } from './presentation.ts';
import { cancelOrder, changeOrder, createOrder } from './purchase-order.ts';
import { readRoutes, unknownDocument } from './read-routes.ts';
import { messageCodes } from './refusal.ts';
import type { Refusal } from './refusal.ts';
import type { Answer, Route, RouteAnswer, RouteRequest } from './route.ts';
import { cancelInvoice, postInvoice, releaseInvoice } from './supplier-invoice.ts';

export function erpRoutes(simulation: Simulation): readonly Route[] {
  return [
    ...readRoutes(simulation),
    ...createRoutes(simulation),
    ...orderChangeRoutes(simulation),
    ...followOnChangeRoutes(simulation),
  ];
}

function createRoutes(simulation: Simulation): readonly Route[] {
  const { books } = simulation.ledger;
  return [
    writeRoute(simulation, 'POST /erp/PurchaseOrders', created, ({ body }, facts) =>
      createOrder(books, body, facts),
    ),
    writeRoute(simulation, 'POST /erp/SupplierInvoices', created, ({ body }, facts) =>
      postInvoice(books, body, facts),
    ),
    writeRoute(simulation, 'POST /erp/GoodsReceipts', created, ({ body }, facts) =>
      postReceipt(books, body, facts),
    ),
    writeRoute(simulation, 'POST /erp/PaymentRuns', paid, ({ body }, facts) =>
      runPayments(books, body, facts),
    ),
  ];
}

function orderChangeRoutes(simulation: Simulation): readonly Route[] {
  const { books } = simulation.ledger;
  return [
    writeRoute(simulation, 'PATCH /erp/PurchaseOrders/:key', changed, (request, facts) => {
      const order = books.orders.get(keyOf(request));
      if (order === undefined) return unknownDocument(request);
      return versionRefused(order, request, 'required') ?? changeOrder(order, request.body, facts);
    }),
    writeRoute(simulation, 'POST /erp/PurchaseOrders/:key/Cancel', changed, (request, { at }) => {
      const order = books.orders.get(keyOf(request));
      if (order === undefined) return unknownDocument(request);
      return versionRefused(order, request, 'optional') ?? cancelOrder(books, order, at);
    }),
  ];
}

function followOnChangeRoutes(simulation: Simulation): readonly Route[] {
  const { books } = simulation.ledger;
  const invoicePath = '/erp/SupplierInvoices/:key/:year';
  return [
    writeRoute(simulation, `POST ${invoicePath}/Cancel`, changed, (request, facts) => {
      const invoice = books.invoices.get(keyOf(request));
      if (invoice === undefined) return unknownDocument(request);
      return cancelInvoice(books, invoice, { body: request.body, facts });
    }),
    writeRoute(simulation, `POST ${invoicePath}/Release`, changed, (request, { at }) => {
      const invoice = books.invoices.get(keyOf(request));
      return invoice === undefined ? unknownDocument(request) : releaseInvoice(invoice, at);
    }),
    writeRoute(simulation, 'POST /erp/GoodsReceipts/:key/Cancel', changed, (request, { at }) => {
      const receipt = books.receipts.get(keyOf(request));
      return receipt === undefined ? unknownDocument(request) : cancelReceipt(books, receipt, at);
    }),
  ];
}

/** A route that writes: refusal on order, decide, commit, announce, answer. */
function writeRoute(
  simulation: Simulation,
  address: `${'POST' | 'PATCH'} ${string}`,
  answer: (documents: readonly StoredDocument[]) => Answer,
  decide: (request: RouteRequest, facts: Facts) => Decision,
): Route {
  const handle = async (request: RouteRequest): Promise<RouteAnswer> => {
    const ordered = simulation.plan.refusalOf(request.path.split('/')[2] ?? '');
    if (ordered !== undefined) {
      const { code, message, target } = ordered;
      return { kind: 'refused', refusals: [{ status: 422, code, message, target }] };
    }
    const { closedPeriods, blockedSuppliers } = simulation.plan.behaviour();
    const facts = { at: now(), closedPeriods, blockedSuppliers };
    const outcome = await simulation.execute(() => decide(request, facts));
    return outcome.kind === 'refused' ? outcome : answer(outcome.documents);
  };
  const method = address.startsWith('POST ') ? 'POST' : 'PATCH';
  return { method, path: address.slice(method.length + 1), handle };
}

function created(documents: readonly StoredDocument[]): Answer {
  return { ...changed(documents), status: 201 };
}

/** The first document of an entry is the one that the request was about. */
function changed(documents: readonly StoredDocument[]): Answer {
  const [first] = documents;
  if (first === undefined) throw new Error('Expected an entry with a document, got an empty one.');
  const headers = { etag: entityTag(first.document) };
  return {
    kind: 'answered',
    status: 200,
    headers,
    body: presented(first.document),
    committed: true,
  };
}

function paid(documents: readonly StoredDocument[]): Answer {
  const payments = documents.filter(({ type }) => type === 'Payment');
  const body = {
    '@odata.count': payments.length,
    value: payments.map(({ document }) => presented(document)),
  };
  return { kind: 'answered', status: 201, headers: {}, body, committed: payments.length > 0 };
}

function keyOf(request: RouteRequest): string {
  return request.parameters.join('/');
}

/** Optimistic lock: the caller names in If-Match the version that it saw; `*` takes any. */
function versionRefused(
  document: StoredDocument['document'],
  request: RouteRequest,
  need: 'required' | 'optional',
): Decision | undefined {
  const current = entityTag(document);
  if (request.ifMatch === undefined) {
    if (need === 'optional') return undefined;
    const message = 'Send the header If-Match with the entity tag last read.';
    return versionRefusal(428, messageCodes.versionMissing, message);
  }
  if (request.ifMatch === current || request.ifMatch === '*') return undefined;
  const message = `The document is at ${current}, the request expected ${request.ifMatch}; read it again.`;
  return versionRefusal(412, messageCodes.versionStale, message);
}

function versionRefusal(status: Refusal['status'], code: string, message: string): Decision {
  return { kind: 'refused', refusals: [{ status, code, message, target: 'If-Match' }] };
}
