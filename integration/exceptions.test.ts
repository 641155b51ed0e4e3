import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '#kernel/id.ts';
import { happened, invoiceEvent, orderEvent } from '../tests/support/house-events.ts';
import { startIntegrationWorld, until, viewerOf } from '../tests/support/integration-world.ts';
import { listed } from '../hub/erp-simulator/simulator-process.ts';
import type { IntegrationWorld } from '../tests/support/integration-world.ts';

let world: IntegrationWorld;
beforeAll(async () => {
  world = await startIntegrationWorld({
    integration: {
      retry: {
        baseMs: 20,
        delayMaxMs: 60,
        attemptsMax: 4,
        settleMs: 50,
        waitMs: 300,
        circuitOpenMs: 50,
      },
      guard: { openMs: 50 },
    },
  });
});
afterAll(async () => world[Symbol.asyncDispose]());
beforeEach(async () => void (await world.erp.call('POST', '/control/reset', {})));

const finance = viewerOf(['finance-operations'], { id: 'fiona' });

interface Shown {
  readonly id: string;
  readonly number: string;
  readonly kind: string;
  readonly code: string;
  readonly message: string;
  readonly suggestedAction: string;
  readonly ownerRole: string;
  readonly status: string;
  readonly version: number;
  readonly attempts: number;
  readonly lastError: string;
  readonly assigneeId: string | null;
  readonly resolutionCode: string | null;
  readonly legalActions: readonly string[];
  readonly document: { readonly type: string; readonly number: string };
  readonly delivery: { readonly status: string; readonly attempts: number } | null;
  readonly history: readonly {
    readonly event: string;
    readonly actorId: string;
    readonly status: string;
  }[];
}

const FIELDS = `id number kind code message suggestedAction ownerRole status version attempts lastError assigneeId resolutionCode legalActions
  document { type number } delivery { status attempts } history { event actorId status }`;

async function exceptionsOf(documentId: string, viewer = finance): Promise<Shown[]> {
  const answer = await world.ask(
    viewer,
    `query ($id: ID!) { exceptions(first: 50, filter: { documentId: $id }) { nodes { ${FIELDS} } } }`,
    { id: documentId },
  );
  return (answer.data as { exceptions: { nodes: Shown[] } } | null)?.exceptions.nodes ?? [];
}

const openFor = (documentId: string, status = 'OPEN') =>
  until(
    async () =>
      (await exceptionsOf(documentId)).find((exception) => exception.status === status) ?? null,
  );

async function mutate(name: string, input: object, viewer = finance) {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
  return world.ask(
    viewer,
    `mutation ($input: ${type}!) { ${name}(input: $input) { __typename ... on Problem { code message retryable correlationId } ... on IntegrationException { ${FIELDS} } } }`,
    { input: { idempotencyKey: newId(), ...input } },
  );
}

const answered = (answer: Awaited<ReturnType<typeof mutate>>, name: string) =>
  (answer.data as Record<string, unknown> | null)?.[name] as Record<string, unknown>;
const deliveryStatus = async (documentId: string): Promise<string[]> =>
  (
    await world.rows<{ status: string }>(
      'select status from delivery where document_id = $1 order by position',
      [documentId],
    )
  ).map((row) => row.status);

async function refusedOrder(code = 'ME/027'): Promise<{ orderId: string; exception: Shown }> {
  const orderId = newId();
  await world.erp.behave({
    refuse: { resource: 'PurchaseOrders', code, message: 'Supplier 100042 is blocked.', count: 1 },
  });
  await world.publish(orderEvent('created', orderId));
  return { orderId, exception: await openFor(orderId) };
}

describe('a business refusal', () => {
  it('is one business exception in plain words, told to the house; the retry after the mending confirms and resolves it', async () => {
    const { orderId, exception } = await refusedOrder();
    expect(exception).toMatchObject({
      kind: 'BUSINESS',
      code: 'SUPPLIER_BLOCKED',
      ownerRole: 'supplier-steward',
      document: { type: 'PurchaseOrder' },
      delivery: { status: 'FAILED_BUSINESS', attempts: 1 },
      lastError: 'ME/027: Supplier 100042 is blocked.',
      legalActions: ['assign', 'retry', 'resolve'],
    });
    expect(exception.number).toMatch(/^EXC-\d{6}$/);
    const refused = await until(async () =>
      (await world.published('concord.erp.document-refused.v1')).find(
        (event) => event.document.id === orderId,
      ),
    );
    expect(refused.data).toMatchObject({
      code: 'SUPPLIER_BLOCKED',
      action: 'CREATE',
      exceptionId: exception.id,
    });

    const retried = answered(
      await mutate('retryException', { exceptionId: exception.id }),
      'retryException',
    );
    expect(retried).toMatchObject({ __typename: 'IntegrationException', status: 'RETRYING' });
    const closed = await openFor(orderId, 'RESOLVED');
    expect(closed).toMatchObject({
      resolutionCode: 'CONFIRMED',
      delivery: { status: 'CONFIRMED' },
    });
    expect(closed.history.map((entry) => `${entry.event} by ${entry.actorId}`)).toEqual([
      'raise by integration',
      'retry by fiona',
      'resolve by integration',
    ]);
    expect(
      listed(await world.erp.call('GET', `/erp/PurchaseOrders?externalReference=PO-${orderId}`)),
    ).toHaveLength(1);
    expect(await exceptionsOf(orderId)).toHaveLength(1);
  });

  it('that is repeated by the retry opens the same exception again', async () => {
    const { orderId, exception } = await refusedOrder();
    await world.erp.behave({
      refuse: { resource: 'PurchaseOrders', code: 'F5/201', message: 'Period closed.', count: 1 },
    });
    await mutate('retryException', { exceptionId: exception.id });
    const again = await until(async () =>
      (await exceptionsOf(orderId)).find((one) => one.attempts === 2),
    );
    expect(again).toMatchObject({ id: exception.id, status: 'OPEN', code: 'PERIOD_CLOSED' });
  });

  it('of a posting is mended by the document’s own room: the next wish renews the delivery', async () => {
    const invoiceId = newId();
    await world.publish(invoiceEvent('posting-requested', invoiceId, { gross: '90.00' }));
    await until(async () => (await deliveryStatus(invoiceId))[0] === 'CONFIRMED');
    const other = newId();
    await world.erp.behave({
      closedPeriods: [new Date().toISOString().slice(0, 7).replace('-', '')],
    });
    await world.publish(invoiceEvent('posting-requested', other));
    await openFor(other);
    await world.erp.behave({ closedPeriods: [] });
    await world.publish(invoiceEvent('posting-requested', other, { sequence: 4 }));
    const closed = await openFor(other, 'RESOLVED');
    expect(closed.history.map((entry) => entry.event)).toEqual(['raise', 'retry', 'resolve']);
    expect(await deliveryStatus(other)).toEqual(['CONFIRMED']);
    const told = await until(async () =>
      (await world.published('concord.erp.document-confirmed.v1')).find(
        (event) => event.document.id === other,
      ),
    );
    expect(told.data).toMatchObject({ documentVersion: 4 });
  });

  it('ends with the document when that is cancelled', async () => {
    const { orderId } = await refusedOrder();
    await world.publish(orderEvent('cancelled', orderId, { sequence: 2 }));
    await openFor(orderId, 'RESOLVED');
    await until(async () =>
      (await deliveryStatus(orderId)).every((status) => status === 'CANCELLED'),
    );
    expect(await deliveryStatus(orderId)).toEqual(['CANCELLED', 'CANCELLED']);
  });
});

describe('a technical failure', () => {
  it('becomes an exception after its bounded attempts; its retry looks up before it sends', async () => {
    const match = { path: '/erp/PurchaseOrders' };
    await world.erp.behave({ failures: [{ match, status: 503 }] });
    const orderId = newId();
    await world.publish(orderEvent('created', orderId));
    const exception = await openFor(orderId);
    expect(exception).toMatchObject({
      kind: 'TECHNICAL',
      code: 'ERP_UNAVAILABLE',
      delivery: { status: 'FAILED_TECHNICAL', attempts: 4 },
    });
    await world.erp.behave({ failures: [] });
    await mutate('retryException', { exceptionId: exception.id });
    await openFor(orderId, 'RESOLVED');
    expect(
      listed(await world.erp.call('GET', `/erp/PurchaseOrders?externalReference=PO-${orderId}`)),
    ).toHaveLength(1);
  });

  it('whose document had arrived after all is resolved by the ERP’s own word', async () => {
    await world.erp.behave({
      commitThenTimeout: { count: 1 },
      failures: [{ match: { method: 'GET', path: '/erp/PurchaseOrders' }, status: 500 }],
    });
    const orderId = newId();
    await world.publish(orderEvent('created', orderId));
    await until(async () => (await deliveryStatus(orderId))[0] === 'CONFIRMED', 20_000);
    const all = await exceptionsOf(orderId);
    expect(all.every((exception) => exception.status === 'RESOLVED')).toBe(true);
  });

  it('of a message that the ERP cannot read is not repeated', async () => {
    await world.erp.behave({
      refuse: { resource: 'PurchaseOrders', code: 'ME/083', message: 'Enter a plant.', count: 1 },
    });
    const orderId = newId();
    await world.publish(orderEvent('created', orderId));
    expect(await openFor(orderId)).toMatchObject({
      kind: 'TECHNICAL',
      code: 'MAPPING',
      delivery: { attempts: 1 },
    });
  });

  it('is one exception when the ERP holds a document twice, and goes on when one is cancelled', async () => {
    const orderId = newId();
    const double = {
      CompanyCode: 'DE01',
      Supplier: 's',
      DocumentCurrency: 'EUR',
      ExternalReference: `PO-${orderId}`,
      PurchaseOrderItem: [
        {
          PurchaseOrderItemText: 'Desk',
          OrderQuantity: '1',
          PurchaseOrderQuantityUnit: 'C62',
          NetPriceAmount: '1',
        },
      ],
    };
    const path = '/erp/PurchaseOrders';
    const failures = [
      { match: { method: 'POST', path }, status: 503, count: 1 },
      { match: { method: 'GET', path }, status: 503 },
    ];
    await world.erp.behave({ failures, confirmDelayMs: 60_000, webhooks: 'never' });
    await world.publish(orderEvent('created', orderId));
    const blind = await openFor(orderId);
    const first = await world.erp.call('POST', '/erp/PurchaseOrders', double);
    await world.erp.call('POST', '/erp/PurchaseOrders', double);
    await world.erp.behave({ failures: [] });
    await mutate('retryException', { exceptionId: blind.id });
    const found = await openFor(orderId);
    expect(found).toMatchObject({ code: 'DUPLICATE_AT_ERP', status: 'OPEN' });
    await world.erp.call(
      'POST',
      `/erp/PurchaseOrders/${String(first.body['PurchaseOrder'])}/Cancel`,
      {},
    );
    await mutate('retryException', { exceptionId: found.id });
    await until(async () =>
      ['AWAITING_CONFIRMATION', 'CONFIRMED'].includes((await deliveryStatus(orderId))[0] ?? ''),
    );
  });
});

describe('troubles of other rooms', () => {
  it('an approval without a rule is an exception until it is requested after all', async () => {
    const requisitionId = newId();
    const data = {
      approvalRequestId: 'a',
      documentType: 'REQUISITION',
      documentId: requisitionId,
      documentNumber: 'REQ-1',
      comment: null,
      pendingApproverIds: [],
    };
    const request = { type: 'ApprovalRequest', id: newId(), number: 'REQ-1' };
    await world.publish(happened('concord.approval.unroutable.v1', request, data));
    const exception = await openFor(requisitionId);
    expect(exception).toMatchObject({
      kind: 'BUSINESS',
      code: 'APPROVAL_UNROUTABLE',
      document: { type: 'Requisition', number: 'REQ-1' },
    });
    const retried = answered(
      await mutate('retryException', { exceptionId: exception.id }),
      'retryException',
    );
    expect(retried).toMatchObject({ __typename: 'NotRetryableProblem', code: 'NOT_RETRYABLE' });
    await world.publish(happened('concord.approval.requested.v1', request, data, { sequence: 2 }));
    await openFor(requisitionId, 'RESOLVED');
  });

  it('a document that went beyond its budget is one, for the controller to settle', async () => {
    const orderId = newId();
    const overrun = { amount: '12.50', currency: 'EUR' };
    const data = {
      documentType: 'PURCHASE_ORDER',
      documentId: orderId,
      overrunLineId: 'line-1',
      overrun,
    };
    await world.publish(
      happened('concord.funds.overrun.v1', { type: 'FundsReservation', id: newId() }, data),
    );
    expect(await openFor(orderId)).toMatchObject({
      kind: 'BUSINESS',
      code: 'FUNDS_OVERRUN',
      ownerRole: 'controller',
    });
  });

  it('an invoice of an unknown supplier is one until the supplier is resolved', async () => {
    const invoiceId = newId();
    await world.publish(
      invoiceEvent('captured', invoiceId, { supplierId: null }),
      invoiceEvent('held', invoiceId, { supplierId: null, sequence: 2 }),
    );
    expect(await openFor(invoiceId)).toMatchObject({
      code: 'SUPPLIER_UNKNOWN',
      ownerRole: 'ap-clerk',
      attempts: 1,
    });
    await world.publish(invoiceEvent('supplier-resolved', invoiceId, { sequence: 3 }));
    await openFor(invoiceId, 'RESOLVED');
  });

  it('an event that a room has parked is one; its retry asks the room, whose word ends it', async () => {
    const documentId = newId();
    const document = { type: 'Invoice', id: documentId };
    const data = {
      consumer: 'invoices',
      eventId: 'e',
      eventType: 'concord.goods-receipt.posted.v1',
      error: 'column is missing',
      documentId,
    };
    await world.publish(happened('concord.consumer.event-parked.v1', document, data));
    const exception = await openFor(documentId);
    expect(exception).toMatchObject({
      kind: 'TECHNICAL',
      code: 'EVENT_PARKED',
      lastError: expect.stringContaining('column is missing'),
    });
    expect(
      answered(await mutate('retryException', { exceptionId: exception.id }), 'retryException'),
    ).toMatchObject({ status: 'RETRYING' });
    const asked = await until(async () =>
      (await world.published('concord.consumer.retry-requested.v1')).find(
        (event) => event.document.id === exception.id,
      ),
    );
    expect(asked.data).toMatchObject({ consumer: 'invoices', documentId });
    await world.publish(
      happened(
        'concord.consumer.parked-taken.v1',
        document,
        { consumer: 'invoices', documentId },
        { sequence: 2 },
      ),
    );
    await openFor(documentId, 'RESOLVED');
  });

  it('an event that this room cannot take itself is one, and its retry takes it', async () => {
    const orderId = newId();
    await world.publish(
      orderEvent('created', orderId, { audience: { companyCode: 'JP01', costCentreId: 'JP01-1' } }),
    );
    const exception = await openFor(orderId);
    expect(exception.lastError).toContain('No ERP is configured for company JP01');
    const failed = await mutate('retryException', { exceptionId: exception.id });
    expect(failed.errors).toBeUndefined();
    expect(await openFor(orderId)).toMatchObject({ attempts: 2 });
    await world.rows(
      `update inbox_parked set cloud_event = cloud_event || '{"companycode":"DE01"}' where document_id = $1`,
      [orderId],
    );
    await mutate('retryException', { exceptionId: exception.id });
    await openFor(orderId, 'RESOLVED');
    await until(async () => (await deliveryStatus(orderId))[0] === 'CONFIRMED');
  });
});
