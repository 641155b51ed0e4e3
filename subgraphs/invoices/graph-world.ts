import { graphql } from 'graphql';
import { instantOf, shifted } from '#kernel/clock.ts';
import { createEventFactory } from '#kernel/event.ts';
import { newId } from '#kernel/id.ts';
import { isRecord } from '#kernel/json.ts';
import { buildSchema, readSubgraphSdl } from '#kernel/subgraph.ts';
import { createHandlers } from './consumer.ts';
import { createContextFactory } from './context.ts';
import { resolvers } from './resolvers.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Database } from '#kernel/database.ts';
import type { Viewer } from '#kernel/identity.ts';
import type { PurchaseOrderSnapshot } from '../purchase-orders/events.ts';
import type { SupplierSnapshot } from '../suppliers/events.ts';
import type { ErpPayment } from '../../integration/events.ts';

const SCHEMA = new URL('./schema.graphql', import.meta.url);
export const MIGRATIONS = new URL('./migrations/', import.meta.url);
const START = instantOf('2026-11-23T08:00:00Z');
const NO_ONE = { companyCode: '*', costCentreId: null, ownerId: null };

export function viewer(id: string, role: string, over: Partial<Viewer> = {}): Viewer {
  return {
    id,
    name: id,
    kind: 'person',
    roles: [role],
    companies: ['*'],
    costCentres: ['*'],
    ...over,
  };
}

export const CLERK = viewer('ap-clerk', 'ap-clerk');
/** Another clerk, who may release what the first one captured. */
export const SECOND_CLERK = viewer('second-clerk', 'ap-clerk');
export const OPERATIONS = viewer('finance-operations', 'finance-operations');

export type Answer = Record<string, unknown>;

/** A line of an order in the test's words; ten pieces at 100.00 unless it says otherwise. */
export interface OrderLineWish {
  readonly description?: string;
  readonly quantity?: string;
  readonly unitPrice?: string;
  readonly netAmount?: string;
}

/** An order in the test's words; what is not named is as usual. */
export interface OrderWish extends Partial<Omit<PurchaseOrderSnapshot, 'lines'>> {
  readonly supplierId: string;
  readonly lines?: readonly OrderLineWish[];
}

/** The room's graph over an opened database, and the events that other rooms would send. */
export interface GraphWorld {
  readonly database: Database;
  readonly clock: Clock;
  /** The operation's data; throws with the codes of its errors when there are any. */
  query(as: Viewer, operation: string, variables?: Record<string, unknown>): Promise<Answer>;
  /** Runs a mutation of one input and answers its payload. */
  mutate(
    as: Viewer,
    name: string,
    input: Record<string, unknown>,
    select?: string,
  ): Promise<Answer>;
  /** Statements that ran since the last call. */
  countStatements(): number;
  /** Hands an event to this room as the bus would. */
  tell(
    type: string,
    about: {
      readonly id: string;
      readonly data: object;
      readonly status?: string;
      readonly sequence?: number;
      readonly correlationId?: string;
    },
  ): Promise<void>;
  supplier(over?: Partial<SupplierSnapshot>, sequence?: number): Promise<SupplierSnapshot>;
  order(wish: OrderWish): Promise<Order>;
  receive(order: Order, quantity: string, line?: number): Promise<string>;
  pay(report: Partial<ErpPayment> & { readonly invoiceId: string }): Promise<void>;
  /** Types of the events told so far of a document, oldest first, without prefix and version. */
  told(documentId: string): Promise<string[]>;
}

export interface Order extends PurchaseOrderSnapshot {
  readonly correlationId: string;
}

export async function createGraphWorld(opened: Database): Promise<GraphWorld> {
  let ticks = 0;
  // It moves each time it is asked, so that ids keep their order.
  const clock: Clock = { now: () => shifted(START, (ticks += 1)) };
  const counted = countingDatabase(opened);
  const schema = buildSchema(await readSubgraphSdl(SCHEMA), resolvers);
  const createContext = createContextFactory({ database: counted.database, clock });
  const query: GraphWorld['query'] = async (as, operation, variables = {}) => {
    const request = {
      viewer: as,
      caller: 'gateway',
      correlationId: 'request-1',
      traceparent: null,
      signal: new AbortController().signal,
    };
    const result = await graphql({
      schema,
      source: operation,
      variableValues: variables,
      contextValue: createContext(request),
    });
    if (result.errors !== undefined) {
      throw new Error(
        result.errors
          .map((error) => `${JSON.stringify(error.extensions['code'])}: ${error.message}`)
          .join('; '),
      );
    }
    return isRecord(result.data) ? result.data : {};
  };
  const tell = createTell(opened, clock);
  return {
    database: counted.database,
    clock,
    query,
    mutate: async (as, name, input, select = '') => {
      const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
      const operation = `mutation ($input: ${type}!) { answer: ${name}(input: $input) {
        __typename ... on Problem { code message correlationId retryable } ... on Invoice { ${INVOICE_FIELDS} } ${select} } }`;
      const { answer } = await query(as, operation, {
        input: { idempotencyKey: newId(clock), ...input },
      });
      return isRecord(answer) ? answer : {};
    },
    countStatements: counted.count,
    tell,
    ...createSenders(tell, clock),
    told: async (documentId) => {
      const rows = await opened.query<{ type: string }>(
        `select cloud_event->>'type' as type from outbox where cloud_event->>'subject' like '%/' || $1 order by position`,
        [documentId],
      );
      return rows.map(({ type }) => type.replace('concord.', '').replace('.v1', ''));
    },
  };
}

const INVOICE_FIELDS = `id number status paymentStatus version correlationId supplierInvoiceNumber erpNumber endReason
  netAmount { amount currency } taxAmount { amount } grossAmount { amount currency } payableAmount { amount }
  holds { id code status invoiceLineId expected actual ownerRole releasePermission closedBy } lines { id purchaseOrderLineId }`;

function createTell(database: Database, clock: Clock): GraphWorld['tell'] {
  const handlers = createHandlers(clock);
  const event = createEventFactory('/tests', clock);
  return async (type, about) => {
    const handle = handlers[type];
    if (handle === undefined) throw new Error(`This room does not listen to "${type}".`);
    const cause = {
      correlationId: about.correlationId ?? 'thread',
      causationId: 'test',
      traceparent: null,
      actorId: 'tester',
    };
    const document = {
      type: 'Document',
      id: about.id,
      number: about.id,
      status: about.status ?? '',
    };
    const sent = event(cause, {
      type,
      document,
      sequence: about.sequence ?? 1,
      audience: NO_ONE,
      data: about.data,
    });
    await database.transaction((tx) => handle(tx, sent));
  };
}

function createSenders(
  tell: GraphWorld['tell'],
  clock: Clock,
): Pick<GraphWorld, 'supplier' | 'order' | 'receive' | 'pay'> {
  return {
    supplier: async (over = {}, sequence = 1) => {
      const data = supplierOf(clock, over);
      const { supplierId: id, status } = data;
      await tell('concord.supplier.changed.v1', { id, data, status, sequence });
      return data;
    },
    order: async ({ lines = [{}], ...over }) => {
      const order = orderOf(clock, lines, over);
      await tell('concord.purchase-order.dispatched.v1', {
        id: order.purchaseOrderId,
        data: order,
        status: 'DISPATCHED',
        correlationId: order.correlationId,
      });
      return order;
    },
    receive: async (order, quantity, line = 0) => {
      const goodsReceiptId = newId(clock);
      const purchaseOrderLineId = order.lines[line]?.purchaseOrderLineId ?? '';
      const data = {
        goodsReceiptId,
        number: 'GR-1',
        purchaseOrderId: order.purchaseOrderId,
        companyCode: order.companyCode,
        postedOn: '2026-11-23',
        lines: [{ purchaseOrderLineId, quantity, unitCode: 'C62' }],
      };
      await tell('concord.goods-receipt.posted.v1', { id: goodsReceiptId, data });
      return goodsReceiptId;
    },
    pay: async (report) => {
      const data = {
        erp: 'simulator',
        paymentNumber: '1500000001',
        amount: { amount: '1190.00', currency: 'EUR' },
        status: 'PAID',
        valueOn: '2026-12-01',
        erpSequence: 1,
        ...report,
      };
      await tell('concord.erp.payment-reported.v1', { id: report.invoiceId, data });
    },
  };
}

function supplierOf(clock: Clock, over: Partial<SupplierSnapshot>): SupplierSnapshot {
  const supplierId = newId(clock);
  return {
    supplierId,
    number: 'SUP-000001',
    legalName: `Supplier ${supplierId}`,
    countryCode: 'DE',
    currency: 'EUR',
    status: 'ACTIVE',
    blocks: [],
    taxRegistrations: [],
    endpoints: [],
    ...over,
  };
}

function orderOf(
  clock: Clock,
  lines: readonly OrderLineWish[],
  over: Omit<OrderWish, 'lines'>,
): Order {
  const purchaseOrderId = newId(clock);
  return {
    purchaseOrderId,
    number: `PO-${purchaseOrderId}`,
    requisitionId: newId(clock),
    companyCode: 'DE01',
    costCentreId: 'DE01-4100',
    category: 'MRO',
    requesterId: 'requestor',
    total: { amount: '1000.00', currency: 'EUR' },
    lines: lines.map((wish, index) => ({
      purchaseOrderLineId: newId(clock),
      lineNumber: index + 1,
      description: wish.description ?? `Item ${index + 1}`,
      quantity: wish.quantity ?? '10',
      unitCode: 'C62',
      unitPrice: wish.unitPrice ?? '100.00',
      priceQuantity: '1',
      netAmount: { amount: wish.netAmount ?? '1000.00', currency: 'EUR' },
      receivedQuantity: '0',
    })),
    version: 1,
    documentHash: 'hash',
    erpNumber: null,
    ...over,
    correlationId: newId(clock),
  };
}

function countingDatabase(opened: Database): {
  readonly database: Database;
  readonly count: () => number;
} {
  let statements = 0;
  return {
    database: {
      ...opened,
      query: (statement, parameters) => {
        statements += 1;
        return opened.query(statement, parameters);
      },
    },
    count: () => {
      const ran = statements;
      statements = 0;
      return ran;
    },
  };
}

/** A manual capture of ten pieces at 100.00 with 19 % tax; what matters is named. */
export function captureInput(over: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    companyCode: 'DE01',
    sellerName: 'Unheard-of Ltd',
    supplierInvoiceNumber: `R-${newId()}`,
    issuedOn: '2026-11-20',
    currency: 'EUR',
    lines: [
      {
        description: 'Item 1',
        quantity: { value: '10', unitCode: 'C62' },
        unitPrice: '100.00',
        taxPercent: '19',
      },
    ],
    netTotal: '1000.00',
    taxTotal: '190.00',
    grossTotal: '1190.00',
    ...over,
  };
}
