import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { graphql } from 'graphql';
import { newId } from '#kernel/id.ts';
import { pause } from '#kernel/shutdown.ts';
import { buildSchema, readSubgraphSdl } from '#kernel/subgraph.ts';
import { createContext } from './context.ts';
import { resolvers } from './resolvers.ts';
import { happened, invoiceEvent, orderEvent, receiptEvent } from '../tests/support/house-events.ts';
import { startIntegrationWorld, until, viewerOf } from '../tests/support/integration-world.ts';
import type { Database } from '#kernel/database.ts';
import type { Viewer } from '#kernel/identity.ts';
import type { IntegrationWorld } from '../tests/support/integration-world.ts';

let world: IntegrationWorld;
beforeAll(async () => {
  world = await startIntegrationWorld({ integration: { feedQueueMax: 50 } });
});
afterAll(async () => world[Symbol.asyncDispose]());

const auditor = viewerOf(['auditor']);
const requestor = viewerOf(['requestor'], {
  id: 'requestor',
  companies: ['DE01'],
  costCentres: ['DE01-4100'],
});
const stranger = viewerOf(['requestor'], {
  id: 'stranger',
  companies: ['DE01'],
  costCentres: ['DE01-9999'],
});

/** A business with an order, a receipt and an invoice, all of one correlation, confirmed by the ERP. */
async function walkedBusiness() {
  const [requisitionId, orderId, receiptId, invoiceId] = [newId(), newId(), newId(), newId()];
  const correlationId = `thread-${orderId}`;
  const approval = {
    documentType: 'REQUISITION',
    documentId: requisitionId,
    pendingApproverIds: ['ann'],
  };
  await world.publish(
    happened(
      'concord.requisition.submitted.v1',
      { type: 'Requisition', id: requisitionId, number: 'REQ-1' },
      {},
      { correlationId },
    ),
    happened(
      'concord.approval.requested.v1',
      { type: 'ApprovalRequest', id: newId(), number: 'REQ-1' },
      approval,
      { correlationId },
    ),
    orderEvent('created', orderId, { correlationId }),
    receiptEvent('posted', receiptId, orderId, { correlationId }),
    invoiceEvent('posting-requested', invoiceId, { orderId, correlationId }),
  );
  await until(async () => {
    const rows = await world.rows(
      'select 1 from thread_entry where correlation_id = $1 and event_type = $2',
      [correlationId, 'concord.erp.document-confirmed.v1'],
    );
    return rows.length === 3;
  });
  return { requisitionId, orderId, receiptId, invoiceId, correlationId };
}

describe('the thread of a business', () => {
  const query = `query ($id: ID!) { thread(correlationId: $id) {
    entries(first: 50) { nodes { type summary erpNumber document { type number } } pageInfo { hasNextPage } }
    deliveries { status action erpNumber document { type } }
    exceptions { number } } }`;

  it('shows the whole way through all systems, in order', async () => {
    const { correlationId } = await walkedBusiness();
    const answer = await world.ask(auditor, query, { id: correlationId });
    const { thread } = answer.data as unknown as {
      thread: {
        entries: { nodes: { type: string; summary: string; erpNumber: string | null }[] };
        deliveries: { status: string; document: { type: string } }[];
      };
    };
    const types = thread.entries.nodes.map((entry) => entry.type);
    expect(types.slice(0, 2)).toEqual([
      'concord.requisition.submitted.v1',
      'concord.approval.requested.v1',
    ]);
    expect(types.filter((type) => type === 'concord.erp.document-confirmed.v1')).toHaveLength(3);
    expect(thread.entries.nodes[1]?.summary).toBe(
      'Requisition REQ-1 was sent for approval; waiting for ann.',
    );
    expect(thread.entries.nodes.at(-1)?.erpNumber).toMatch(/^\d+/);
    expect(
      thread.deliveries
        .map((delivery) => `${delivery.document.type} ${delivery.status}`)
        .toSorted(),
    ).toEqual(['GoodsReceipt CONFIRMED', 'Invoice CONFIRMED', 'PurchaseOrder CONFIRMED']);
  });

  it('shows each viewer only what it may read', async () => {
    const { correlationId } = await walkedBusiness();
    const typesFor = async (viewer: Viewer): Promise<string[] | null> => {
      const answer = await world.ask(viewer, query, { id: correlationId });
      const { thread } = answer.data as unknown as {
        thread: { entries: { nodes: { document: { type: string } }[] } } | null;
      };
      return thread === null
        ? null
        : [...new Set(thread.entries.nodes.map((entry) => entry.document.type))].toSorted();
    };
    expect(await typesFor(requestor)).toEqual([
      'ApprovalRequest',
      'GoodsReceipt',
      'Invoice',
      'PurchaseOrder',
      'Requisition',
    ]);
    expect(await typesFor(viewerOf(['receiver']))).toEqual([
      'GoodsReceipt',
      'PurchaseOrder',
      'Requisition',
    ]);
    expect(await typesFor(stranger)).toBeNull();
    const architect = await world.ask(viewerOf(['architect']), query, { id: correlationId });
    expect(architect.errors?.[0]?.extensions['code']).toBe('FORBIDDEN');
  });

  it('is read page by page in both directions', async () => {
    const { correlationId } = await walkedBusiness();
    const page = `query ($id: ID!, $first: Int, $after: String, $last: Int) { thread(correlationId: $id) { entries(first: $first, after: $after, last: $last) { edges { cursor node { eventId } } pageInfo { hasNextPage endCursor } } } }`;
    type Page = {
      thread: {
        entries: {
          edges: { node: { eventId: string } }[];
          pageInfo: { hasNextPage: boolean; endCursor: string };
        };
      };
    };
    const all = (await world.ask(auditor, page, { id: correlationId, first: 100 }))
      .data as unknown as Page;
    const ids = all.thread.entries.edges.map((edge) => edge.node.eventId);
    const collected: string[] = [];
    let after: string | null = null;
    for (let more = true; more;) {
      const part: Page = (await world.ask(auditor, page, { id: correlationId, first: 3, after }))
        .data as unknown as Page;
      collected.push(...part.thread.entries.edges.map((edge) => edge.node.eventId));
      after = part.thread.entries.pageInfo.endCursor;
      more = part.thread.entries.pageInfo.hasNextPage;
    }
    expect(collected).toEqual(ids);
    const tail = (await world.ask(auditor, page, { id: correlationId, last: 2 }))
      .data as unknown as Page;
    expect(tail.thread.entries.edges.map((edge) => edge.node.eventId)).toEqual(ids.slice(-2));
  });
});

describe('timelines', () => {
  it('come for many documents in one statement, whatever their number', async () => {
    const businesses = [await walkedBusiness(), await walkedBusiness(), await walkedBusiness()];
    const statements: string[] = [];
    const counting: Database = {
      ...world.database,
      query: (statement, parameters) => {
        statements.push(statement);
        return world.database.query(statement, parameters);
      },
    };
    const schema = buildSchema(
      await readSubgraphSdl(new URL('./schema.graphql', import.meta.url)),
      resolvers,
    );
    const never = (): never => {
      throw new Error('no command is expected');
    };
    const commands = { assign: never, resolve: never, retry: never, retryMany: never };
    const feed = {
      subscribe: never,
      head: () => 0n,
      readers: () => 0,
      close: async () => undefined,
    };
    const timelinesFor = async (
      representations: { __typename: string; id: string }[],
      viewer: Viewer,
    ) => {
      statements.length = 0;
      const request = {
        viewer,
        caller: 'gateway',
        correlationId: 'c',
        traceparent: null,
        signal: new AbortController().signal,
      };
      const result = await graphql({
        schema,
        source: `query ($of: [_Any!]!) { _entities(representations: $of) { ... on PurchaseOrder { id timeline { type summary document { type } } } ... on Requisition { id timeline { summary } } } }`,
        variableValues: { of: representations },
        contextValue: createContext({ database: counting, bus: world.bus, feed, commands })(
          request,
        ),
      });
      expect(result.errors).toBeUndefined();
      return (result.data?.['_entities'] ?? []) as {
        id: string;
        timeline: { type: string; summary: string }[];
      }[];
    };
    const orders = businesses.map(({ orderId: id }) => ({ __typename: 'PurchaseOrder', id }));
    const [one] = await timelinesFor(orders.slice(0, 1), auditor);
    const forOne = statements.length;
    const many = await timelinesFor(orders, auditor);
    expect([forOne, statements.length]).toEqual([1, 1]);
    expect(many.map((order) => order.id)).toEqual(orders.map((order) => order.id));
    expect(one?.timeline.map((entry) => entry.type)).toEqual(
      expect.arrayContaining([
        'concord.purchase-order.created.v1',
        'concord.goods-receipt.posted.v1',
        'concord.erp.document-confirmed.v1',
      ]),
    );
    const requisition = [{ __typename: 'Requisition', id: businesses[0]?.requisitionId ?? '' }];
    expect((await timelinesFor(requisition, requestor))[0]?.timeline).toHaveLength(2);
    expect((await timelinesFor(requisition, stranger))[0]?.timeline).toEqual([]);
    expect((await timelinesFor(requisition, viewerOf(['architect'])))[0]?.timeline).toEqual([]);
  });
});

const STATUS = `subscription ($filter: StatusEventFilter, $after: String) { statusEvents(filter: $filter, after: $after) {
  __typename ... on StatusEvent { sequence eventId type summary actor correlationId document { type id number status } requisition { id } purchaseOrder { id } invoice { id } }
  ... on StatusGap { reason missedFrom resumesAt resumeAfter } } }`;

interface Item {
  readonly __typename: string;
  readonly sequence: string;
  readonly eventId: string;
  readonly document: { readonly type: string; readonly id: string };
  readonly requisition: { readonly id: string } | null;
}

interface Reading {
  readonly items: Item[];
  readonly errors: unknown[];
  readonly stop: () => Promise<void>;
}

function follow(viewer: Viewer, query: string, variables: object, field = 'statusEvents'): Reading {
  const stop = new AbortController();
  const items: Item[] = [];
  const errors: unknown[] = [];
  const running = (async () => {
    for await (const result of world.stream(viewer, query, { variables, stop: stop.signal })) {
      const data = result['data'] as Record<string, Item> | null | undefined;
      const item = data?.[field];
      if (item === undefined) errors.push(result['errors'] ?? result);
      else items.push(item);
    }
  })();
  return {
    items,
    errors,
    stop: async () => {
      stop.abort();
      await running;
    },
  };
}

const submitted = (id: string, audience = {}) =>
  happened('concord.requisition.submitted.v1', { type: 'Requisition', id }, {}, { audience });
const sequenceNow = async (): Promise<string> => (await world.bus.bounds()).newest.toString();

describe('a subscription over HTTP', () => {
  it('carries what each viewer may read, decided per event, and nothing else', async () => {
    const after = await sequenceNow();
    const filter = { documentTypes: ['Requisition', 'Invoice'] };
    const [mine, theirs, none] = [requestor, stranger, viewerOf(['architect'])].map((viewer) =>
      follow(viewer, STATUS, { filter, after }),
    );
    const [inDe, inUs, invoice] = [newId(), newId(), newId()];
    await world.publish(
      submitted(inDe),
      submitted(inUs, { companyCode: 'US01', costCentreId: 'US01-1' }),
      invoiceEvent('matched', invoice),
      submitted(inDe),
    );
    await until(() => mine?.items.length === 3);
    await pause(200);
    expect(mine?.items.map((item) => item.document.id)).toEqual([inDe, invoice, inDe]);
    expect(mine?.items[0]).toMatchObject({
      __typename: 'StatusEvent',
      type: 'concord.requisition.submitted.v1',
      actor: 'requestor',
      requisition: { id: inDe },
      invoice: null,
    });
    expect(theirs?.items).toEqual([]);
    expect(none?.items).toEqual([]);
    for (const reading of [mine, theirs, none]) await reading?.stop();
  });

  it('is resumed after a restart of the room without loss or repeat', async () => {
    let after = await sequenceNow();
    const ids = Array.from({ length: 30 }, () => newId());
    const seen: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      const reading = follow(requestor, STATUS, {
        filter: { documentTypes: ['Requisition'] },
        after,
      });
      await world.publish(...ids.slice(round * 10, round * 10 + 5).map((id) => submitted(id)));
      await until(() => reading.items.length >= 5);
      await reading.stop();
      seen.push(...reading.items.map((item) => item.document.id));
      after = reading.items.at(-1)?.sequence ?? after;
      await world.publish(...ids.slice(round * 10 + 5, round * 10 + 10).map((id) => submitted(id)));
      if (round === 1) await world.restart();
    }
    const last = follow(requestor, STATUS, { filter: { documentTypes: ['Requisition'] }, after });
    await until(() => seen.length + last.items.length >= 30);
    await pause(100);
    await last.stop();
    expect([...seen, ...last.items.map((item) => item.document.id)]).toEqual(ids);
  });

  it('of one requisition carries its approvals too, and needs the permission', async () => {
    const id = newId();
    const query = `subscription ($id: ID!, $after: String) { requisitionEvents(id: $id, after: $after) { __typename ... on StatusEvent { sequence type document { type id } requisition { id } } } }`;
    const after = await sequenceNow();
    const reading = follow(requestor, query, { id, after }, 'requisitionEvents');
    await world.publish(
      submitted(id),
      submitted(newId()),
      happened(
        'concord.approval.requested.v1',
        { type: 'ApprovalRequest', id: newId(), number: 'REQ' },
        { documentType: 'REQUISITION', documentId: id },
      ),
    );
    await until(() => reading.items.length === 2);
    await reading.stop();
    expect(reading.items.map((item) => item.requisition?.id)).toEqual([id, id]);
    const refused = follow(viewerOf(['supplier-steward']), query, { id }, 'requisitionEvents');
    await until(() => refused.errors.length === 1);
    expect(JSON.stringify(refused.errors)).toContain('FORBIDDEN');
  });

  it('refuses a position that it never gave', async () => {
    for (const after of ['tomorrow', '999999999', '-1']) {
      const reading = follow(requestor, STATUS, { after });
      await until(() => reading.errors.length === 1);
      expect(JSON.stringify(reading.errors)).toContain('BAD_USER_INPUT');
      await reading.stop();
    }
  });

  it('says that events are no longer kept', async () => {
    await world.publish(submitted(newId()));
    await pause(10);
    await world.bus.trim(new Date());
    const id = newId();
    await world.publish(submitted(id));
    const reading = follow(requestor, STATUS, { after: '1', filter: { documentIds: [id] } });
    await until(() => reading.items.length === 2);
    await reading.stop();
    expect(reading.items[0]).toMatchObject({
      __typename: 'StatusGap',
      reason: 'NO_LONGER_KEPT',
      missedFrom: '2',
    });
    expect(reading.items[1]).toMatchObject({ __typename: 'StatusEvent', document: { id } });
  });
});

describe('calls past the gateway', () => {
  it('are refused', async () => {
    const answer = await fetch(`${world.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"query":"{ __typename }"}',
    });
    expect(answer.status).toBe(401);
  });
});
