import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '#kernel/id.ts';
import { silentLog } from '#kernel/log.ts';
import { busCarriers } from '../../tests/support/bus-carriers.ts';
import { happened } from '../../tests/support/house-events.ts';
import { WARM_UP_VIEWER } from '../operation-context.ts';
import { silentTrace } from '../telemetry/telemetry.ts';
import { newTraceparent } from '../telemetry/trace-context.ts';
import { until } from '../../tests/support/until.ts';
import { counted } from './feed-world.ts';
import { busSource } from './bus-source.ts';
import { createBusWorld } from './bus-world.ts';
import type { BusWorld } from './bus-world.ts';
import type { Message, Reader } from './feed-world.ts';

let orders: BusWorld;

const CHANGED = `subscription Changed($id: ID!, $after: String, $prefix: String) {
  changed: orderChanged(id: $id, after: $after) { id number(prefix: $prefix) product { name } notes }
}`;
const ALL = 'subscription { ordersChanged { id owner } }';

const FEED_OF_ALL = {
  kind: 'bus events',
  types: ['concord.order.*'],
  key: { of: 'document' },
  typeName: 'Order',
  responseKey: 'ordersChanged',
  id: null,
  after: null,
} as const;

const resultsOf = (reader: Reader, id = '1'): NonNullable<Message['payload']>[] =>
  reader.messages.flatMap((one) => (one.id === id && one.type === 'next' ? [one.payload] : []));
const cursorsOf = (reader: Reader, id = '1'): number[] =>
  resultsOf(reader, id).map(({ extensions }) => Number(extensions.cursor));
const newOrder = (of = 'open'): string => `${of}-${newId()}`;
const askedOf = (id: string) => orders.asked.filter((one) => one.id === id);

/** Tells of orders until the reader hears of one, so that its subscription is open, and then has heard all of it. */
async function heard(reader: Reader, tell: () => Promise<void>): Promise<void> {
  await until(async () => {
    await tell();
    await new Promise((resolve) => setTimeout(resolve, 30));
    return resultsOf(reader).length > 0;
  });
  const told = await newest();
  await until(() => cursorsOf(reader).at(-1) === told);
}

const newest = async (): Promise<number> => Number((await orders.bus.bounds()).newest);

describe.each(busCarriers())('events on $name', ({ redisUrl }) => {
  beforeAll(async () => {
    orders = await createBusWorld(redisUrl);
  });
  afterAll(async () => {
    await orders[Symbol.asyncDispose]();
  });

  describe('a field that the bus feeds', () => {
    it('answers each event of its entity with fields of two subgraphs, and where it stands', async () => {
      const [id, other] = [newOrder(), newOrder()];
      const reader = await orders.reader();
      reader.subscribe('1', CHANGED, { id, prefix: 'No. ' });
      await heard(reader, () => orders.happen(id));
      await orders.happen(other, 3);
      const seen = resultsOf(reader).length;
      await orders.happen(id);
      await until(() => resultsOf(reader).length === seen + 1);
      expect(resultsOf(reader).at(-1)).toEqual({
        data: {
          changed: {
            id,
            number: `No. ${id}`,
            product: { name: 'Product p1' },
            notes: [`note of ${id}`],
          },
        },
        extensions: {
          cursor: String(await newest()),
          correlationId: expect.any(String),
          cost: expect.any(Number),
          actualCost: expect.any(Number),
        },
      });
      expect(askedOf(other)).toEqual([]);
      reader.socket.terminate();
    });

    it('goes on behind a cursor without a gap or a repeat, whatever happens meanwhile', async () => {
      const id = newOrder();
      const before = await newest();
      await orders.happen(id, 4);
      const reader = await orders.reader();
      reader.subscribe('1', CHANGED, { id, after: String(before + 2) });
      const telling = orders.happen(id, 40);
      await until(() => cursorsOf(reader).length === 42);
      await telling;
      expect(cursorsOf(reader)).toEqual(counted(before + 44, before + 3));
      reader.socket.terminate();
    });

    it('refuses a cursor that is none', async () => {
      const reader = await orders.reader();
      for (const [at, after] of ['yesterday', String((await newest()) + 1_000)].entries()) {
        reader.subscribe(`no ${at}`, CHANGED, { id: 'open-1', after });
        await until(() => resultsOf(reader, `no ${at}`).length === 1);
        expect(resultsOf(reader, `no ${at}`)[0]?.errors).toMatchObject([
          {
            message: expect.stringContaining('extensions.cursor'),
            extensions: { code: 'BAD_USER_INPUT' },
          },
        ]);
      }
      reader.socket.terminate();
    });

    it('takes the id from the data of an event, where the contract says so', async () => {
      const id = newOrder();
      const reader = await orders.reader();
      reader.subscribe('1', `subscription { orderNoted(id: "${id}") { number } }`);
      await heard(reader, () => orders.note(id));
      expect(resultsOf(reader)[0]?.data).toEqual({ orderNoted: { number: `O-${id}` } });
      reader.socket.terminate();
    });
  });

  describe('an entity that the viewer may not see', () => {
    it('is not told of, neither as nothing nor as a refusal; what comes behind it is', async () => {
      const [own, hidden, refused] = [newOrder('anna'), newOrder('hidden'), newOrder('refused')];
      const [anna, berta] = await Promise.all([orders.reader('anna'), orders.reader('berta')]);
      anna.subscribe('1', ALL);
      berta.subscribe('1', ALL);
      const open = newOrder();
      await heard(anna, () => orders.happen(open));
      await heard(berta, () => orders.happen(open));
      const seen = resultsOf(berta).length;
      for (const id of [own, hidden, refused]) await orders.happen(id);
      await orders.happen(newOrder('last'));
      const idsOf = (reader: Reader) => resultsOf(reader).map(({ data }) => data.ordersChanged.id);
      await until(() => [anna, berta].every((one) => idsOf(one).at(-1).startsWith('last-')));
      expect(idsOf(anna)).toContain(own);
      expect(idsOf(berta)).not.toContain(own);
      expect(resultsOf(berta)).toHaveLength(seen + 1);
      for (const reader of [anna, berta]) {
        expect(idsOf(reader)).not.toContain(hidden);
        expect(resultsOf(reader).some(({ errors }) => errors)).toBe(false);
        reader.socket.terminate();
      }
      expect(new Set(askedOf(hidden).map(({ viewer }) => viewer))).toEqual(
        new Set(['anna', 'berta']),
      );
    });

    it('is another thing than a field of it, or a subgraph that fails: those are told', async () => {
      const id = newOrder();
      const reader = await orders.reader();
      reader.subscribe('1', `subscription { orderChanged(id: "${id}") { id refused } }`);
      await heard(reader, () => orders.happen(id));
      expect(resultsOf(reader)[0]).toMatchObject({
        data: { orderChanged: { id, refused: null } },
        errors: [{ path: ['orderChanged', 'refused'], extensions: { code: 'FORBIDDEN' } }],
      });
      orders.failing.add(id);
      await orders.happen(id);
      await until(() => resultsOf(reader).at(-1)?.data.orderChanged === null);
      orders.failing.delete(id);
      expect(resultsOf(reader).at(-1)).toMatchObject({
        errors: [
          {
            path: ['orderChanged'],
            extensions: { code: 'INTERNAL_SERVER_ERROR', service: 'orders' },
          },
        ],
        extensions: { cursor: String(await newest()) },
      });
      reader.socket.terminate();
    });
  });

  describe('subscriptions that the bus feeds', () => {
    it('share a source and a fetch within one scope', async () => {
      const id = newOrder();
      const readers = await Promise.all([1, 2, 3].map(() => orders.reader('anna')));
      for (const reader of readers) reader.subscribe('1', CHANGED, { id });
      await until(async () => {
        await orders.happen(id);
        return readers.every((reader) => resultsOf(reader).length > 2);
      });
      expect(askedOf(id).length).toBeLessThanOrEqual(await changesOf(id));
      const sources = readers.flatMap((one) => resultsOf(one).map((result) => result.extensions));
      expect(new Set(sources.map(({ correlationId }) => correlationId)).size).toBe(1);
      for (const reader of readers) reader.socket.terminate();
    });

    it('go on over new supergraphs, on the same source or behind their cursor', async () => {
      const id = newOrder();
      const before = await newest();
      const reader = await orders.reader();
      reader.subscribe('1', CHANGED, { id, after: String(before) });
      const enough = new AbortController();
      const telling = (async () => {
        while (!enough.signal.aborted) await orders.happen(id);
      })();
      const graphs = [
        { fields: 'extra: Int' },
        {
          subscription:
            'orderChanged(id: ID!, after: String): Order @busEvents(types: ["concord.order.changed.v1"])',
        },
        {},
      ];
      for (const graph of graphs) {
        const seen = cursorsOf(reader).length;
        await orders.publish(graph);
        await until(() => cursorsOf(reader).length > seen + 5);
      }
      enough.abort();
      await telling;
      const last = await newest();
      await until(() => cursorsOf(reader).at(-1) === last);
      expect(cursorsOf(reader)).toEqual(counted(last, before + 1));
      reader.socket.terminate();
    });

    it('say aloud what the log no longer keeps, and go on behind it', async () => {
      const id = newOrder();
      const before = await newest();
      await orders.happen(id, 3);
      await orders.bus.trim(new Date(Date.now() + 60_000));
      await orders.happen(id);
      const reader = await orders.reader();
      reader.subscribe('1', CHANGED, { id, after: String(before) });
      await until(() => resultsOf(reader).length === 2);
      expect(resultsOf(reader)[0]).toMatchObject({
        data: { changed: null },
        errors: [
          {
            path: ['changed'],
            extensions: {
              code: 'EVENTS_NO_LONGER_KEPT',
              missedFrom: String(before + 1),
              resumesAt: String(before + 4),
            },
          },
        ],
        extensions: { cursor: String(before + 3) },
      });
      expect(cursorsOf(reader)).toEqual([before + 3, before + 4]);
      reader.socket.terminate();
    });

    it('are refused with a code where there is no bus, or it does not answer', async () => {
      const without = await orders.world.startAnother({ bus: null });
      const busDatabaseUrl = 'postgres://nobody:x@127.0.0.1:1/none';
      const down = await orders.world.startAnother({ bus: { busDatabaseUrl, redisUrl } });
      for (const [gateway, retryable] of [
        [without, false],
        [down, true],
      ] as const) {
        await until(() => gateway.supergraphVersion() !== null);
        const reader = await orders.reader('anna', gateway.url);
        reader.subscribe('1', CHANGED, { id: 'open-1' });
        await until(
          () => reader.messages.at(-1)?.type === 'complete' || resultsOf(reader).length === 1,
        );
        expect(resultsOf(reader)[0]?.errors).toMatchObject([
          { extensions: { code: 'EVENT_SOURCE_UNAVAILABLE', retryable } },
        ]);
        await gateway.close();
      }
    });

    it('lose nothing when their readers stand still for longer than the live log waits', async () => {
      const source = busSource(orders.address, silentLog);
      const gone = new AbortController();
      const trace = silentTrace(newTraceparent());
      const events = await source.open(FEED_OF_ALL, {
        viewer: WARM_UP_VIEWER,
        correlationId: 'test',
        trace,
        gone: gone.signal,
        endsAtMs: null,
      });
      const next = async () => Number((await events.next()).value?.extensions?.['cursor']);
      const begin = await next();
      const first = next();
      const document = { type: 'Order', id: newOrder() };
      const many = counted(1_500).map(() => happened('concord.order.changed.v1', document, {}));
      await orders.bus.publish(many);
      await first;
      await new Promise((resolve) => setTimeout(resolve, 300));
      const positions = [await first];
      while (positions.length < many.length) positions.push(await next());
      expect(positions).toEqual(counted(begin + 1_500, begin + 1));
      gone.abort();
      await source.close();
    });

    it('lose nothing while the bus is away for a moment', async () => {
      const id = newOrder();
      const reader = await orders.reader();
      const before = await newest();
      reader.subscribe('1', CHANGED, { id, after: String(before) });
      await orders.happen(id, 2);
      await until(() => cursorsOf(reader).length === 2);
      orders.cutBus();
      await orders.happen(id, 2);
      await until(() => cursorsOf(reader).length === 4);
      expect(cursorsOf(reader)).toEqual(counted(before + 4, before + 1));
      reader.socket.terminate();
    });
  });
});

async function changesOf(id: string): Promise<number> {
  const entries = await orders.bus.read(0n, 10_000);
  return entries.filter(({ event }) => event.document.id === id).length;
}
