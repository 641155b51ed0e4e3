import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { captureInvoice, invoiceReaches } from '../../hub/demo/invoicing.ts';
import {
  createRequisition,
  decide,
  dispatchedOrder,
  eventually,
  receive,
  submitRequisition,
} from '../../hub/demo/procurement.ts';
import { startHubProcess } from '../support/hub-process.ts';
import { subscribe } from '../support/subscription.ts';
import { createWorld, TODAY } from '../support/world.ts';
import type { HubProcess } from '../support/hub-process.ts';
import type { World } from '../support/world.ts';

interface StatusItem {
  readonly sequence: string;
  readonly type: string;
  readonly document: { readonly type: string; readonly id: string; readonly status: string };
  readonly requisition: { readonly number: string } | null;
}

const STATUS_EVENTS = `subscription ($after: String) { statusEvents(after: $after) { __typename ... on StatusEvent {
  sequence type document { type id status } requisition { number } } } }`;

const DEEP_QUERY = `query ($id: ID!) { requisition(id: $id) {
  number status correlationId supplier { legalName blocks { kind } }
  fundsReservations { stage status amount { amount currency } budgetLine { available { amount } } }
  approval { status decisions { actorId outcome } }
  purchaseOrders { number status receiptStatus invoiceStatus erpReference { number }
    goodsReceipts { number status }
    fundsReservations { stage amount { amount } } }
  invoices(first: 5) { nodes { number status paymentStatus grossAmount { amount currency } holds { code status } } }
  payments { number status amount { amount currency } }
  timeline { type summary document { number status } } } }`;

describe('a requisition', () => {
  let hub: HubProcess;
  let world: World;
  beforeAll(async () => {
    hub = await startHubProcess();
    world = await createWorld(hub.graph);
  });
  afterAll(async () => hub[Symbol.asyncDispose]());

  it('goes from draft to payment, every step on the subscription, all of it in one query', async () => {
    const { graph } = world;
    const feed = subscribe<StatusItem>({
      socketUrl: hub.socketUrl,
      token: await hub.tokenOf('requestor'),
      query: STATUS_EVENTS,
      // From the first event on, however late the subscription is open.
      variables: { after: '0' },
      pick: (data) => data['statusEvents'] as StatusItem,
    });
    const key = 'journey';
    const id = await createRequisition(graph, world.wanted(key));
    await submitRequisition(graph, 'requestor', { id, key });
    await decide(graph, { id, key }, 'approveTask');
    const order = await dispatchedOrder(graph, { id, key });
    await receive(graph, order, { key: 'journey-receipt', share: 1 });
    const invoiceId = await captureInvoice(graph, order, {
      key: 'journey-invoice',
      companyCode: 'DE01',
      supplierId: world.suppliers[0]?.id ?? '',
      supplierInvoiceNumber: 'RE-1',
      issuedOn: TODAY,
      priceFactor: '1',
    });
    await invoiceReaches(graph, invoiceId, ({ paymentStatus }) => paymentStatus === 'PAID');

    const { requisition } = await eventually('the whole picture', async () => {
      const answer = await graph.ask<{ requisition: DeepRequisition }>('auditor', DEEP_QUERY, {
        id,
      });
      const settled =
        answer.requisition.purchaseOrders[0]?.invoiceStatus === 'FULLY_INVOICED' &&
        answer.requisition.timeline.length > 0;
      return settled ? answer : null;
    });
    expect(requisition.purchaseOrders[0]).toMatchObject({
      receiptStatus: 'FULLY_RECEIVED',
      invoiceStatus: 'FULLY_INVOICED',
      erpReference: { number: expect.stringMatching(/^45/) },
    });
    expect(requisition.invoices.nodes).toMatchObject([
      {
        status: 'POSTED',
        paymentStatus: 'PAID',
        grossAmount: { amount: '148.75', currency: 'EUR' },
      },
    ]);
    // An invoice that was captured before its room had heard of the receipt was on hold for a moment.
    const holds = requisition.invoices.nodes.flatMap((invoice) => invoice.holds);
    expect(holds.filter(({ status }) => status === 'OPEN')).toEqual([]);
    expect(requisition.payments).toMatchObject([
      { status: 'PAID', amount: { amount: '148.75', currency: 'EUR' } },
    ]);
    expect(requisition.approval).toMatchObject({
      status: 'APPROVED',
      decisions: [{ actorId: 'approver', outcome: 'APPROVED' }],
    });

    await feed.until((items) => items.some((item) => item.type === 'concord.payment.paid.v1'));
    await feed.close();
    const types = feed.items.map((item) => item.type);
    for (const type of EXPECTED_STEPS) expect(types).toContain(type);
    const sequences = feed.items.map((item) => BigInt(item.sequence));
    expect(sequences).toEqual([...sequences].sort((a, b) => (a < b ? -1 : 1)));
    expect(new Set(sequences).size).toBe(sequences.length);
    expect(
      feed.items.find((item) => item.document.type === 'Requisition')?.requisition?.number,
    ).toMatch(/^REQ-DE01-/);

    const again = subscribe<StatusItem>({
      socketUrl: hub.socketUrl,
      token: await hub.tokenOf('requestor'),
      query: STATUS_EVENTS,
      variables: { after: feed.items[2]?.sequence },
      pick: (data) => data['statusEvents'] as StatusItem,
    });
    await again.until((items) => items.length >= feed.items.length - 3);
    expect(again.items.slice(0, feed.items.length - 3).map((item) => item.sequence)).toEqual(
      feed.items.slice(3).map((item) => item.sequence),
    );
    await again.close();
  });

  it('answers bad input with named problems and changes nothing', async () => {
    const { graph } = world;
    const wanted = world.wanted('bad');
    const line = { description: 'x', quantity: { value: '1', unitCode: 'C62' }, unitPrice: '10' };
    const input = {
      idempotencyKey: 'bad-1',
      title: 't',
      costCentreId: wanted.costCentreId,
      supplierId: wanted.supplierId,
      category: 'MRO',
      currency: 'EUR',
      lines: [line],
    };
    const create = (changed: object) =>
      graph.change('requestor', 'createRequisition', {
        input: { ...input, ...changed },
        on: 'Requisition',
        select: 'id',
      });
    await expect(
      create({ lines: [{ ...line, quantity: { value: '-1', unitCode: 'C62' } }] }),
    ).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(create({ currency: 'EEK' })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    const { id } = await graph.change<{ id: string }>('requestor', 'createRequisition', {
      input,
      on: 'Requisition',
      select: 'id',
    });
    await expect(create({ title: 'another' })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
    await expect(create({})).resolves.toMatchObject({ id });
    await expect(
      graph.change('requestor', 'withdrawRequisition', {
        input: { idempotencyKey: 'bad-2', id },
        on: 'Requisition',
        select: 'id',
      }),
    ).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    await expect(
      graph.change('receiver', 'submitRequisition', {
        input: { idempotencyKey: 'bad-3', id },
        on: 'Requisition',
        select: 'id',
      }),
    ).rejects.toThrow('FORBIDDEN');
    await expect(
      graph.ask('requestor-us', 'query ($id: ID!) { requisition(id: $id) { id } }', { id }),
    ).resolves.toEqual({ requisition: null });
    await expect(
      graph.ask('ap-clerk', '{ exceptions(first: 1) { nodes { id } } }'),
    ).rejects.toThrow('FORBIDDEN');
  });

  it('that nobody can pay for stays a draft and says what is available', async () => {
    const { graph } = world;
    const wanted = world.wanted('dear', {
      lines: [{ description: 'Press', quantity: '1', unitCode: 'C62', unitPrice: '99999999' }],
    });
    const id = await createRequisition(graph, wanted);
    const submit = graph.change('requestor', 'submitRequisition', {
      input: { idempotencyKey: 'dear-submit', id },
      on: 'Requisition',
      select: 'id',
    });
    await expect(submit).rejects.toMatchObject({ code: 'INSUFFICIENT_FUNDS' });
    await expect(
      graph.ask('requestor', 'query ($id: ID!) { requisition(id: $id) { status } }', { id }),
    ).resolves.toEqual({ requisition: { status: 'DRAFT' } });
  });

  it('cannot be approved by the one who asked, nor by a delegate who did', async () => {
    const { graph } = world;
    const id = await createRequisition(graph, world.wanted('self', { requestor: 'buyer' }));
    await submitRequisition(graph, 'buyer', { id, key: 'self' });
    const query =
      'query ($id: ID!) { requisition(id: $id) { approval { documentVersion documentHash tasks { id approverId } } } }';
    const { requisition } = await graph.ask<{
      requisition: {
        approval: { documentVersion: number; documentHash: string; tasks: { id: string }[] };
      };
    }>('second-approver', query, { id });
    const { documentVersion, documentHash, tasks } = requisition.approval;
    const input = {
      idempotencyKey: 'self-approve',
      taskId: tasks[0]?.id,
      documentVersion,
      documentHash,
    };
    await expect(
      graph.change('second-approver', 'approveTask', {
        input,
        on: 'ApprovalRequest',
        select: 'id',
      }),
    ).rejects.toMatchObject({ code: 'NOT_YOUR_TASK' });
    await expect(
      graph.change('buyer', 'approveTask', { input, on: 'ApprovalRequest', select: 'id' }),
    ).rejects.toThrow('FORBIDDEN');
  });

  it('is refused everything without a token or with a stale one', async () => {
    const post = (headers: Record<string, string>) =>
      fetch(hub.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: '{"query":"{ __typename }"}',
      });
    expect((await post({})).status).toBe(401);
    const stale = await fetch(`http://127.0.0.1:${hub.portBase + 2}/dev/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ login: 'requestor', expiresInSeconds: 1 }),
    });
    const { accessToken } = (await stale.json()) as { accessToken: string };
    await new Promise((resolve) => setTimeout(resolve, 6500));
    const answer = await post({ authorization: `Bearer ${accessToken}` });
    expect(answer.status).toBe(401);
    expect(await answer.text()).toContain('TOKEN_EXPIRED');
  });

  it('cannot be read from a subgraph directly', async () => {
    for (const offset of [11, 12, 13, 14, 15, 16]) {
      const response = await fetch(`http://127.0.0.1:${hub.portBase + offset}/graphql`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${await hub.tokenOf('auditor')}`,
        },
        body: '{"query":"{ __typename }"}',
      });
      expect([offset, response.status]).toEqual([offset, 401]);
    }
  });
});

interface DeepRequisition {
  readonly approval: unknown;
  readonly purchaseOrders: readonly { readonly invoiceStatus: string }[];
  readonly invoices: {
    readonly nodes: readonly { readonly holds: readonly { readonly status: string }[] }[];
  };
  readonly payments: readonly unknown[];
  readonly timeline: readonly unknown[];
}

const EXPECTED_STEPS = [
  'concord.requisition.created.v1',
  'concord.requisition.submitted.v1',
  'concord.approval.requested.v1',
  'concord.approval.approved.v1',
  'concord.requisition.approved.v1',
  'concord.purchase-order.created.v1',
  'concord.purchase-order.dispatched.v1',
  'concord.goods-receipt.posted.v1',
  'concord.invoice.captured.v1',
  'concord.invoice.posted.v1',
  'concord.payment.paid.v1',
];
