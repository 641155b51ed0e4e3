import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { newId } from '#kernel/id.ts';
import { pause } from '#kernel/shutdown.ts';
import { invoiceEvent, orderEvent } from '../tests/support/house-events.ts';
import {
  NEXT_WEBHOOK_SECRET,
  WEBHOOK_SECRET,
  startIntegrationWorld,
  until,
  viewerOf,
} from '../tests/support/integration-world.ts';
import { listed, orderBody } from '../hub/erp-simulator/simulator-process.ts';
import type { IntegrationWorld } from '../tests/support/integration-world.ts';

let world: IntegrationWorld;
beforeAll(async () => {
  world = await startIntegrationWorld({ integration: { pollIntervalMs: 3_000_000 } });
});
afterAll(async () => world[Symbol.asyncDispose]());
beforeEach(async () => void (await world.erp.call('POST', '/control/reset', {})));

const statusOf = async (documentId: string): Promise<string | undefined> =>
  (
    await world.rows<{ status: string }>(
      'select status from delivery where document_id = $1 order by position desc limit 1',
      [documentId],
    )
  )[0]?.status;
const confirmed = (documentId: string) =>
  until(async () => (await statusOf(documentId)) === 'CONFIRMED');
const outcomes = async (type: string) =>
  world.rows<{ event_id: string; outcome: string; body: { ExternalReference: string } }>(
    'select event_id, outcome, body from erp_message where event_type = $1 order by erp_sequence',
    [type],
  );

interface Sending {
  readonly id?: string;
  readonly secret?: string;
  readonly at?: Date;
  readonly signature?: string;
}

async function send(body: unknown, sending: Sending = {}): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const { id = `msg_${newId()}`, at = new Date(), secret = WEBHOOK_SECRET } = sending;
  return fetch(`${world.url}/webhooks/erp`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': sending.signature ?? new Webhook(secret).sign(id, at, text),
    },
    body: text,
  });
}

const numberOf = async (documentId: string): Promise<string> => {
  const [row] = await world.rows<{ erp_number: string }>(
    'select erp_number from erp_document where document_id = $1',
    [documentId],
  );
  return row?.erp_number ?? '';
};

const troublesOf = (documentId: string) =>
  world.rows('select code, last_error from integration_exception where document_id = $1', [
    documentId,
  ]);

/** A message about an order as the ERP would write it. */
function orderMessage(
  orderId: string,
  more: { sequence: number; version: number; status: string; number?: string },
) {
  return {
    eventType: 'PurchaseOrder.Changed',
    Sequence: more.sequence,
    EventId: `msg_by_hand_${orderId}_${more.version}`,
    EventDateTime: '2026-11-23T09:00:00.000Z',
    SystemId: 'by-hand',
    ObjectType: 'PurchaseOrder',
    ObjectKey: more.number ?? '4500000001',
    ExternalReference: `PO-${orderId}`,
    Object: {
      PurchaseOrder: more.number ?? '4500000001',
      PurchaseOrderStatus: more.status,
      ExternalReference: `PO-${orderId}`,
      Version: more.version,
      PurchaseOrderItem: [],
    },
  };
}

describe('webhooks alone, without any poll', () => {
  it('confirm an order', async () => {
    const orderId = newId();
    await world.publish(orderEvent('created', orderId));
    await confirmed(orderId);
  });

  it('confirm once when they come twice', async () => {
    await world.erp.behave({ webhooks: 'twice' });
    const orderId = newId();
    await world.publish(orderEvent('created', orderId));
    await confirmed(orderId);
    const taken = async () =>
      (await outcomes('PurchaseOrder.Released')).filter(
        ({ body }) => body.ExternalReference === `PO-${orderId}`,
      );
    const told = async () =>
      (await world.published('concord.erp.document-confirmed.v1')).filter(
        (event) => event.document.id === orderId,
      );
    await until(async () => (await taken()).length > 0 && (await told()).length > 0);
    // Long enough for another one.
    await pause(500);
    expect(await taken()).toHaveLength(1);
    expect(await told()).toHaveLength(1);
  });

  it('confirm when they come out of order; an older state changes nothing', async () => {
    await world.erp.behave({ webhooks: 'out-of-order' });
    const orderId = newId();
    await world.publish(orderEvent('created', orderId));
    await confirmed(orderId);
    const [known] = await world.rows<{ status: string }>(
      'select status from erp_document where document_id = $1',
      [orderId],
    );
    expect(known?.status).toBe('CONFIRMED');
    const number = await numberOf(orderId);
    const stale = await send(
      orderMessage(orderId, { sequence: 1, version: 1, status: 'IN_PROCESS', number }),
    );
    expect(await stale.json()).toEqual({ taken: 'STALE' });
    const [after] = await world.rows<{ status: string }>(
      'select status from erp_document where document_id = $1',
      [orderId],
    );
    expect(after?.status).toBe('CONFIRMED');
  });

  it('report payments, each state once and never backwards', async () => {
    const invoiceId = newId();
    await world.publish(invoiceEvent('posting-requested', invoiceId));
    await confirmed(invoiceId);
    await world.erp.call('POST', '/erp/PaymentRuns', {});
    const reports = await until(async () => {
      const all = (await world.published('concord.erp.payment-reported.v1')).filter(
        (event) => event.document.id === invoiceId,
      );
      return all.length === 2 ? all : null;
    });
    expect(reports.map((event) => event.data)).toMatchObject([
      { status: 'SCHEDULED', amount: { amount: '89.25', currency: 'EUR' }, invoiceId },
      { status: 'PAID', erpSequence: 2, invoiceId },
    ]);
  });

  it('about documents that are not ours are kept and ignored', async () => {
    const answer = await send(
      orderMessage('nobody', { sequence: 7, version: 3, status: 'RELEASED' }),
    );
    expect([answer.status, await answer.json()]).toEqual([200, { taken: 'FOREIGN' }]);
  });
});

describe('a webhook that cannot be trusted', () => {
  const body = orderMessage('x', { sequence: 1, version: 1, status: 'RELEASED' });
  it.each([
    [
      'is forged',
      { secret: `whsec_${Buffer.from('somebody else’s secret here').toString('base64')}` },
    ],
    ['carries no signature', { signature: '' }],
    ['is six minutes old', { at: new Date(Date.now() - 360_000) }],
    ['comes from the future', { at: new Date(Date.now() + 360_000) }],
  ])('is refused with 401 when it %s', async (_name, sending) => {
    const before = await world.rows('select 1 from erp_message');
    const answer = await send(body, sending);
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ code: 'WEBHOOK_REFUSED' });
    expect(await world.rows('select 1 from erp_message')).toHaveLength(before.length);
  });

  it('is refused when its body was changed on the way', async () => {
    const at = new Date();
    const signature = new Webhook(WEBHOOK_SECRET).sign('msg_1', at, JSON.stringify(body));
    expect((await send({ ...body, Sequence: 2 }, { id: 'msg_1', at, signature })).status).toBe(401);
  });
});

describe('a webhook that can be trusted', () => {
  it('is taken with either secret of a rotation, and once however often and however parallel it comes', async () => {
    const message = orderMessage(newId(), { sequence: 1, version: 1, status: 'RELEASED' });
    const answers = await Promise.all([
      send(message, { secret: NEXT_WEBHOOK_SECRET }),
      send(message),
      send(message),
    ]);
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200]);
    const taken = await Promise.all(
      answers.map(async (answer) => ((await answer.json()) as { taken: string }).taken),
    );
    expect(taken.toSorted()).toEqual(['BEFORE', 'BEFORE', 'FOREIGN']);
  });

  it('is not answered with success before it is durable', async () => {
    const message = orderMessage(newId(), { sequence: 1, version: 1, status: 'RELEASED' });
    await world.rows('alter table erp_message rename to erp_message_away');
    const lost = await send(message);
    await world.rows('alter table erp_message_away rename to erp_message');
    expect(lost.status).toBe(500);
    expect((await send(message)).status).toBe(200);
  });

  it('but not understood is quarantined as one technical exception, and applied after the mending', async () => {
    const orderId = newId();
    await world.erp.behave({ webhooks: 'never', confirmDelayMs: 60_000 });
    await world.publish(orderEvent('created', orderId));
    await until(async () => (await statusOf(orderId)) === 'AWAITING_CONFIRMATION');
    const number = await numberOf(orderId);
    const good = orderMessage(orderId, { sequence: 90, version: 2, status: 'RELEASED', number });
    const { PurchaseOrderStatus: Status, ...rest } = good.Object;
    const renamed = { ...good, eventType: 'PurchaseOrder.Upgraded', Object: { ...rest, Status } };
    expect(await (await send(renamed)).json()).toEqual({ taken: 'QUARANTINED' });
    expect(await (await send({ ...renamed, EventId: 'msg_second' })).json()).toEqual({
      taken: 'QUARANTINED',
    });
    expect(await (await send('this is no JSON')).json()).toEqual({ taken: 'QUARANTINED' });
    expect(await statusOf(orderId)).toBe('AWAITING_CONFIRMATION');
    const finance = viewerOf(['finance-operations']);
    const asked = await world.ask(
      finance,
      `{ exceptions(first: 10, filter: { codes: ["CONTRACT_CHANGED"] }) { nodes { id number kind attempts message status } } }`,
    );
    const nodes =
      (
        asked.data as {
          exceptions: { nodes: { id: string; kind: string; attempts: number }[] };
        } | null
      )?.exceptions.nodes ?? [];
    expect(nodes).toMatchObject([
      { kind: 'TECHNICAL', attempts: 2 },
      { kind: 'TECHNICAL', attempts: 1 },
    ]);
    const retry = (key: string) =>
      world.ask(
        finance,
        `mutation ($id: ID!, $key: ID!) { retryException(input: { idempotencyKey: $key, exceptionId: $id }) { __typename ... on IntegrationException { status attempts } } }`,
        { id: nodes[0]?.id, key },
      );
    expect((await retry('still-broken')).data).toMatchObject({
      retryException: { status: 'OPEN', attempts: 3 },
    });
    // The mapping is mended: here the messages are, which for a reader is the same.
    await world.rows(
      `update erp_message set body = jsonb_set(body, '{Object,PurchaseOrderStatus}', body->'Object'->'Status') where event_type = 'PurchaseOrder.Upgraded'`,
    );
    expect((await retry('mended')).data).toMatchObject({ retryException: { status: 'RESOLVED' } });
    expect(await statusOf(orderId)).toBe('CONFIRMED');
  });
});

describe('a document that somebody cancels at the ERP', () => {
  it('is a business exception, because nobody cancelled it here', async () => {
    const orderId = newId();
    await world.publish(orderEvent('created', orderId));
    await confirmed(orderId);
    const [order] = listed(
      await world.erp.call('GET', `/erp/PurchaseOrders?externalReference=PO-${orderId}`),
    );
    await world.erp.call(
      'POST',
      `/erp/PurchaseOrders/${String(order?.['PurchaseOrder'])}/Cancel`,
      {},
    );
    const [found] = await until(async () => {
      const rows = await world.rows(
        'select kind, code, status from integration_exception where document_id = $1',
        [orderId],
      );
      return rows.length > 0 ? rows : null;
    });
    expect(found).toMatchObject({ kind: 'BUSINESS', code: 'CANCELLED_AT_ERP', status: 'OPEN' });
  });

  it('is none of ours when it was entered twice and the surplus one is cancelled', async () => {
    const orderId = newId();
    await world.publish(orderEvent('created', orderId));
    await confirmed(orderId);
    const reference = `PO-${orderId}`;
    const surplus = await world.erp.call(
      'POST',
      '/erp/PurchaseOrders',
      orderBody({ ExternalReference: reference }),
    );
    const path = `/erp/PurchaseOrders/${String(surplus.body['PurchaseOrder'])}/Cancel`;
    await world.erp.call('POST', path, {});
    const told = await until(async () => {
      const all = await outcomes('PurchaseOrder.Cancelled');
      return all.find(({ body }) => body.ExternalReference === reference);
    });
    expect(told.outcome).toBe('STALE');
    expect(await statusOf(orderId)).toBe('CONFIRMED');
    expect(await troublesOf(orderId)).toEqual([]);
  });

  it('is told with what stands in its place, when it was entered twice and the surplus one is left', async () => {
    const orderId = newId();
    await world.publish(orderEvent('created', orderId));
    await confirmed(orderId);
    const first = await numberOf(orderId);
    const surplus = await world.erp.call(
      'POST',
      '/erp/PurchaseOrders',
      orderBody({ ExternalReference: `PO-${orderId}` }),
    );
    await world.erp.call('POST', `/erp/PurchaseOrders/${first}/Cancel`, {});
    await until(async () => (await troublesOf(orderId)).length > 0);
    const second = String(surplus.body['PurchaseOrder']);
    expect(await troublesOf(orderId)).toMatchObject([
      {
        code: 'CANCELLED_AT_ERP',
        last_error: expect.stringContaining(`has ${second} in its place`),
      },
    ]);
    expect(await numberOf(orderId)).toBe(second);
  });
});

describe('polling', () => {
  it('closes the gap when no webhook comes, and what both told counts once', async () => {
    await using polled = await startIntegrationWorld();
    await polled.erp.behave({ webhooks: 'never' });
    const [silent, both] = [newId(), newId()];
    await polled.publish(orderEvent('created', silent));
    const isConfirmed = (id: string) =>
      until(
        async () =>
          (
            await polled.rows<{ status: string }>(
              'select status from delivery where document_id = $1',
              [id],
            )
          )[0]?.status === 'CONFIRMED',
      );
    await isConfirmed(silent);
    await polled.erp.behave({ webhooks: 'normal' });
    await polled.publish(orderEvent('created', both));
    await isConfirmed(both);
    const told = () => polled.published('concord.erp.document-confirmed.v1');
    const counted = async () => {
      const [feed] = await polled.rows<{ watermark: bigint }>('select watermark from erp_feed');
      const kept = await polled.rows('select event_id from erp_message');
      return [Number(feed?.watermark), kept.length];
    };
    // Two orders, each created and released.
    await until(async () => String(await counted()) === '4,4' && (await told()).length >= 2);
    await pause(800);
    expect((await told()).map((event) => event.document.id)).toEqual([silent, both]);
    expect(await counted()).toEqual([4, 4]);
  });

  it('goes on from its watermark after a restart', async () => {
    await using polled = await startIntegrationWorld();
    await polled.erp.behave({ webhooks: 'never', confirmDelayMs: 60_000 });
    const orderId = newId();
    await polled.publish(orderEvent('created', orderId));
    await until(
      async () =>
        (await polled.rows<{ status: string }>('select status from delivery'))[0]?.status ===
        'AWAITING_CONFIRMATION',
    );
    await polled.restart();
    await polled.erp.behave({ confirmDelayMs: 0 });
    await until(
      async () =>
        (await polled.rows<{ status: string }>('select status from delivery'))[0]?.status ===
        'CONFIRMED',
    );
    const kept = await polled.rows<{ event_type: string }>(
      'select event_type from erp_message order by erp_sequence',
    );
    expect(kept.map((row) => row.event_type)).toEqual([
      'PurchaseOrder.Created',
      'PurchaseOrder.Released',
    ]);
  });
});
