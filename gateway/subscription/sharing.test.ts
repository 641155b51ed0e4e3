import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '../../tests/support/until.ts';
import { counted, createFeedWorld } from './feed-world.ts';
import { subscriptionKey } from './subscription-key.ts';
import type { FeedWorld } from './feed-world.ts';

let feeds: FeedWorld;
beforeAll(async () => {
  feeds = await createFeedWorld();
});
afterAll(async () => {
  await feeds[Symbol.asyncDispose]();
});

const TICKS = `subscription Ticks($topic: ID!, $after: String) {
  ticks(topic: $topic, after: $after) { sequence number product { name } }
}`;
const openOf = (topic: string): number =>
  feeds.opened.filter((one) => one.isOpen && one.topic === topic).length;
const openedOf = (topic: string): number =>
  feeds.opened.filter((one) => one.topic === topic).length;

describe('subscriptions to the same with the same rights', () => {
  it('are one upstream operation, one fetch of entities and one result for all', async () => {
    const topic = 'shared';
    const readers = await Promise.all([1, 2, 3, 4].map(() => feeds.reader()));
    const [one, two, three, four] = readers;
    one!.subscribe('1', TICKS, { topic, after: null });
    two!.subscribe('1', TICKS, { after: null, topic });
    three!.subscribe('other id', TICKS, { topic, after: null });
    four!.subscribe('1', TICKS, { topic, after: null });
    four!.subscribe('2', TICKS, { topic, after: null });
    await Promise.all(readers.map((reader) => reader.taken()));
    await until(() => openOf(topic) === 1);
    const asked = feeds.productsAsked();
    feeds.emit(topic, 3);
    const came = () =>
      readers.flatMap((reader) =>
        reader.messages.filter(({ type }) => type === 'next').map(({ payload }) => payload),
      );
    await until(() => came().length === 15);
    expect(openedOf(topic)).toBe(1);
    expect(feeds.productsAsked() - asked).toBe(3);
    const results = came();
    expect(new Set(results.map((result) => result.extensions.correlationId)).size).toBe(1);
    expect(results[2]).toMatchObject({
      data: { ticks: { number: 3, sequence: '3', product: { name: 'Product 3' } } },
      extensions: { cost: expect.any(Number) },
    });
    for (const reader of readers) reader.socket.terminate();
    await until(() => openOf(topic) === 0);
  });

  it('are not shared by two viewers, nor by other variables', async () => {
    const [anna, berta] = await Promise.all(['anna', 'berta'].map((sub) => feeds.reader({ sub })));
    anna!.subscribe('1', TICKS, { topic: 'scope' });
    berta!.subscribe('1', TICKS, { topic: 'scope' });
    berta!.subscribe('2', TICKS, { topic: 'another' });
    await until(() => openOf('scope') === 2 && openOf('another') === 1);
    const viewers = feeds.opened.filter(({ topic }) => topic === 'scope');
    expect(new Set(viewers.map(({ viewer }) => viewer))).toEqual(new Set(['anna', 'berta']));
    feeds.emit('scope', 2);
    await until(() => anna!.numbers().length === 2 && berta!.numbers().length === 2);
    anna!.socket.terminate();
    berta!.socket.terminate();
  });

  it('begin for who comes late with the next event, and end upstream with the last to leave', async () => {
    const topic = 'late';
    const [early, late] = await Promise.all([feeds.reader(), feeds.reader()]);
    early.subscribe('1', TICKS, { topic });
    await until(() => openOf(topic) === 1);
    feeds.emit(topic, 2);
    await until(() => early.numbers().length === 2);
    late.subscribe('1', TICKS, { topic });
    await late.taken();
    feeds.emit(topic, 2);
    await until(() => late.numbers().length === 2);
    expect(late.numbers()).toEqual([3, 4]);
    expect(openedOf(topic)).toBe(1);
    early.send({ id: '1', type: 'complete' });
    feeds.emit(topic);
    await until(() => late.numbers().length === 3);
    expect(early.numbers()).toEqual([1, 2, 3, 4]);
    late.send({ id: '1', type: 'complete' });
    await until(() => openOf(topic) === 0);
    late.subscribe('2', TICKS, { topic });
    await until(() => openOf(topic) === 1);
    expect(openedOf(topic)).toBe(2);
    early.socket.terminate();
    late.socket.terminate();
  });

  it('are not shared by who goes on behind a cursor: the running source has moved on', async () => {
    const topic = 'cursor';
    feeds.emit(topic, 5);
    const [one, two] = await Promise.all([feeds.reader(), feeds.reader()]);
    one.subscribe('1', TICKS, { topic, after: '2' });
    await until(() => one.numbers().length === 3);
    two.subscribe('1', TICKS, { topic, after: '2' });
    await until(() => two.numbers().length === 3);
    expect(one.numbers()).toEqual([3, 4, 5]);
    expect(two.numbers()).toEqual([3, 4, 5]);
    one.socket.terminate();
    two.socket.terminate();
  });

  it('are each told once when the source breaks, and may begin again', async () => {
    const topic = 'broken';
    const readers = await Promise.all([feeds.reader(), feeds.reader()]);
    for (const reader of readers) reader.subscribe('1', TICKS, { topic });
    await Promise.all(readers.map((reader) => reader.taken()));
    await until(() => openOf(topic) === 1);
    feeds.emit(topic, 2);
    await until(() => readers.every((reader) => reader.numbers().length === 2));
    feeds.breakFeed('first');
    await until(() => readers.every(({ messages }) => messages.at(-1)?.type === 'complete'));
    for (const { messages } of readers) {
      const [last, complete] = messages.slice(-2);
      expect(last).toMatchObject({
        type: 'next',
        payload: { errors: [{ extensions: { code: 'UPSTREAM_UNAVAILABLE', service: 'feeds' } }] },
      });
      expect(complete).toEqual({ id: '1', type: 'complete' });
    }
    const [again] = readers;
    again.subscribe('2', TICKS, { topic, after: '2' });
    await until(() => openOf(topic) === 1);
    feeds.emit(topic, 2);
    await until(() => again.numbers('2').length === 2);
    expect([...again.numbers('1'), ...again.numbers('2')]).toEqual(counted(4));
    for (const reader of readers) reader.socket.terminate();
  });
});

describe('the key of a source', () => {
  it('differs for whatever a subgraph could decide by', () => {
    const viewer = {
      id: 'anna',
      name: 'Anna',
      kind: 'person',
      roles: ['requestor'],
      companies: ['DE01'],
      costCentres: ['*'],
    } as const;
    const key = (change: object, other: object = {}): string =>
      subscriptionKey({
        text: TICKS,
        viewer: { ...viewer, ...change },
        passedOn: undefined,
        operation: { variables: { topic: 't' }, operationName: null },
        ...other,
      });
    const keys = [
      key({}),
      key({ id: 'berta' }),
      key({ kind: 'service' }),
      key({ roles: ['approver'] }),
      key({ companies: ['FR01'] }),
      key({ costCentres: [] }),
      key({}, { passedOn: { 'x-tenant': 'a' } }),
      key({}, { text: `${TICKS} ` }),
      key({}, { operation: { variables: { topic: 'u' }, operationName: null } }),
      key({}, { operation: { variables: { topic: 't' }, operationName: 'Ticks' } }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
    expect(key({})).toBe(keys[0]);
  });
});

describe('a rolling restart', () => {
  it('sends readers elsewhere, where they resume without loss or repeat', async () => {
    const topic = 'restart';
    const leaving = await feeds.world.startAnother();
    const stop = feeds.keepEmitting(topic);
    const reader = await feeds.reader({}, leaving.url);
    reader.subscribe('1', TICKS, { topic, after: '0' });
    await until(() => reader.numbers().length > 20);
    const [, end] = await Promise.all([leaving.close(), reader.closed]);
    expect(end.code).toBe(1012);
    const got = reader.numbers();
    const elsewhere = await feeds.reader();
    elsewhere.subscribe('1', TICKS, { topic, after: String(got.at(-1)) });
    await until(() => elsewhere.numbers().length > 20);
    const total = stop();
    await until(() => elsewhere.numbers().at(-1) === total);
    expect([...got, ...elsewhere.numbers()]).toEqual(counted(total));
    elsewhere.socket.terminate();
  });
});
