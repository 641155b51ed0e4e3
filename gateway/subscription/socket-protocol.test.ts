import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { until } from '../../tests/support/until.ts';
import { createFeedWorld, readerOf } from './feed-world.ts';
import type { FeedWorld } from './feed-world.ts';

let feeds: FeedWorld;
beforeAll(async () => {
  feeds = await createFeedWorld();
});
afterAll(async () => {
  await feeds[Symbol.asyncDispose]();
});

describe('the protocol', () => {
  it('closes on what it forbids, with its own codes', async () => {
    const ticks = { query: 'subscription { ticks(topic: "x") { number } }' };
    const subscribing = (id: unknown, payload: unknown) => ({ type: 'subscribe', id, payload });
    const cases: readonly (readonly [number, ...unknown[]])[] = [
      [4409, subscribing('1', ticks), subscribing('1', ticks)],
      [4409, subscribing('ü'.repeat(128), ticks), subscribing('ü'.repeat(128), ticks)],
      [4429, { type: 'connection_init' }],
      [4400, { type: 'next', id: '1' }],
      [4400, 'text'],
      [4400, []],
      [4400, { type: 'complete' }],
      [4400, subscribing('', ticks)],
      [4400, subscribing('x'.repeat(129), ticks)],
      [4400, subscribing(1, ticks)],
      [4400, subscribing('1', null)],
      [4400, subscribing('1', {})],
      [4400, subscribing('1', { ...ticks, variables: [] })],
      [4400, subscribing('1', { ...ticks, operationName: 1 })],
      [4400, subscribing('1', { ...ticks, extensions: 'x' })],
    ];
    for (const [index, [code, ...messages]] of cases.entries()) {
      const reader = await feeds.reader({ sub: `viewer ${index}` });
      for (const message of messages) reader.socket.send(JSON.stringify(message));
      expect([messages, (await reader.closed).code]).toEqual([messages, code]);
    }
    const binary = await feeds.reader();
    binary.socket.send(Buffer.from('{"type":"ping"}'), { binary: true });
    expect((await binary.closed).code).toBe(4400);
    await until(() => feeds.openNow() === 0);
  });

  it('answers pings, ignores what is completed twice, and lets an id be used again', async () => {
    const reader = await feeds.reader();
    reader.send({ type: 'ping', payload: { at: 1 } });
    reader.send({ type: 'pong' });
    reader.send({ type: 'complete', id: 'never opened' });
    for (const topic of ['first', 'second']) {
      reader.subscribe('1', `subscription { ticks(topic: "${topic}") { number } }`);
      await until(() => feeds.opened.some((one) => one.topic === topic));
      reader.send({ type: 'complete', id: '1' });
      reader.send({ type: 'complete', id: '1' });
    }
    reader.subscribe('1', '{ feed }');
    await until(() => reader.messages.at(-1)?.type === 'complete');
    expect(reader.messages.slice(1)).toMatchObject([
      { type: 'pong', payload: { at: 1 } },
      { type: 'next', id: '1', payload: { data: { feed: null } } },
      { type: 'complete', id: '1' },
    ]);
    await until(() => feeds.openNow() === 0);
    reader.socket.terminate();
  });

  it('is the only one spoken', async () => {
    const url = `${feeds.world.gateway.url.replace('http', 'ws')}/graphql`;
    const other = readerOf(new WebSocket(url, []));
    expect((await other.closed).code).toBe(4406);
  });

  it('carries results of any length', async () => {
    const topic = 'lengths';
    const reader = await feeds.reader();
    const query = `subscription { ticks(topic: "${topic}") { number note } }`;
    for (const id of ['1', 'ü'.repeat(100)]) reader.subscribe(id, query);
    await until(() => feeds.opened.some((one) => one.topic === topic && one.isOpen));
    await reader.taken();
    const notes = ['', 'ü', 'x'.repeat(65_000), 'x'.repeat(65_535), '€'.repeat(100_000)];
    for (const note of notes) feeds.emit(topic, 1, note);
    await until(() => reader.numbers('ü'.repeat(100)).length === notes.length);
    for (const id of ['1', 'ü'.repeat(100)]) {
      const got = reader.messages.filter((message) => message.id === id);
      expect(got.map(({ payload }) => payload.data.ticks.note)).toEqual(notes);
    }
    reader.socket.terminate();
  });

  it('takes operations by the id of a persisted document, and only so where that is required', async () => {
    const gateway = await feeds.world.startAnother({ persisted: 'required' });
    const reader = await feeds.reader({}, gateway.url);
    reader.send({ id: '1', type: 'subscribe', payload: { query: '{ feed }' } });
    reader.send({ id: '2', type: 'subscribe', payload: { documentId: 'app~1~unknown' } });
    await until(() => reader.messages.length === 3);
    expect(reader.messages.slice(1)).toMatchObject([
      {
        id: '1',
        type: 'error',
        payload: [{ extensions: { code: 'PERSISTED_DOCUMENT_REQUIRED' } }],
      },
      { id: '2', type: 'error', payload: [{ extensions: { code: expect.any(String) } }] },
    ]);
    await gateway.close();
  });
});
