import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readEventStream } from '../event-stream.ts';
import { until } from '../../tests/support/until.ts';
import { counted, createFeedWorld } from './feed-world.ts';
import type { IncomingMessage } from 'node:http';
import type { FeedWorld } from './feed-world.ts';

let feeds: FeedWorld;
beforeAll(async () => {
  feeds = await createFeedWorld();
});
afterAll(async () => {
  await feeds[Symbol.asyncDispose]();
});

interface Streamed {
  readonly response: IncomingMessage;
  // The tests look into results of any shape.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly events: { readonly event: string; readonly data: any }[];
  readonly isOver: () => boolean;
  numbers(): number[];
  hangUp(): void;
}

/** Asks for an event stream and keeps what comes. */
async function stream(
  query: string,
  asked: {
    readonly sub?: string;
    readonly expiresInSeconds?: number;
    readonly url?: string;
    readonly token?: string;
  } = {},
): Promise<Streamed> {
  const token = asked.token ?? (await feeds.world.issuer.token(asked));
  const headers = {
    'content-type': 'application/json',
    accept: 'text/event-stream',
    authorization: `Bearer ${token}`,
  };
  const url = `${asked.url ?? feeds.world.gateway.url}/graphql`;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = request(url, { method: 'POST', headers, agent: false }, resolve);
    outgoing.on('error', reject);
    outgoing.end(JSON.stringify({ query }));
  });
  const events: Streamed['events'] = [];
  let isOver = false;
  const keep = async (): Promise<void> => {
    for await (const { event, data } of readEventStream(response)) {
      events.push({ event, data: data === '' ? null : JSON.parse(data) });
    }
  };
  if (response.statusCode === 200) {
    void keep()
      .catch(() => undefined)
      .finally(() => (isOver = true));
  }
  return {
    response,
    events,
    isOver: () => isOver,
    numbers: () => events.flatMap(({ data }) => (data?.data ? [data.data.ticks.number] : [])),
    hangUp: () => response.destroy(),
  };
}

const ticks = (topic: string, fields = 'number'): string =>
  `subscription { ticks(topic: "${topic}") { ${fields} } }`;
const openOf = (topic: string) => feeds.opened.filter((one) => one.isOpen && one.topic === topic);

describe('an event stream', () => {
  it('brings a subscription, shared with the same viewer’s sockets, and ends with its reader', async () => {
    const topic = 'shared';
    const { response, ...streamed } = await stream(ticks(topic));
    expect(response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-correlation-id': expect.any(String),
    });
    const socket = await feeds.reader();
    socket.subscribe('1', ticks(topic));
    await until(() => openOf(topic).length > 0);
    socket.send({ type: 'ping' });
    await until(() => socket.messages.some(({ type }) => type === 'pong'));
    feeds.emit(topic, 3);
    await until(() => streamed.numbers().length === 3 && socket.numbers().length === 3);
    expect(streamed.events[0]).toMatchObject({
      event: 'next',
      data: { data: { ticks: { number: 1 } }, extensions: { cost: expect.any(Number) } },
    });
    expect(openOf(topic)).toHaveLength(1);
    socket.socket.terminate();
    feeds.emit(topic);
    await until(() => streamed.numbers().length === 4);
    expect(openOf(topic)).toHaveLength(1);
    streamed.hangUp();
    await until(() => openOf(topic).length === 0);
  });

  it('answers a query with one result and the end', async () => {
    const { events, isOver } = await stream('{ feed }');
    await until(isOver);
    expect(events).toMatchObject([
      { event: 'next', data: { data: { feed: null }, extensions: { cost: expect.any(Number) } } },
      { event: 'complete', data: null },
    ]);
  });

  it('is refused as any other request, in JSON', async () => {
    expect((await stream('{ feed }', { token: 'nonsense' })).response.statusCode).toBe(401);
    const { response } = await stream('subscription { nothing }');
    expect(response.statusCode).toBe(400);
    expect(response.headers['content-type']).toContain('json');
  });

  it('counts as a connection of its viewer', async () => {
    const opened = await Promise.all(counted(12).map(() => stream(ticks('many'), { sub: 'many' })));
    expect((await stream(ticks('many'), { sub: 'many' })).response.statusCode).toBe(429);
    opened.shift()?.hangUp();
    await until(async () => {
      const another = await stream(ticks('many'), { sub: 'many' });
      if (another.response.statusCode === 200) opened.push(another);
      else another.hangUp();
      return another.response.statusCode === 200;
    });
    await until(() => openOf('many').length === 1);
    for (const one of opened) one.hangUp();
  });

  it('ends with its token, and when that is revoked, and says so', async () => {
    const short = await stream(ticks('token'), { sub: 'short', expiresInSeconds: 4 });
    const revoked = await stream(ticks('token'), { sub: 'revoked' });
    await until(() => feeds.opened.filter((one) => one.topic === 'token').length === 2);
    expect(feeds.world.gateway.revoke({ viewerId: 'revoked' })).toBe(1);
    await until(() => short.isOver() && revoked.isOver());
    for (const [{ events }, reason] of [
      [short, 'TOKEN_EXPIRED'],
      [revoked, 'TOKEN_REVOKED'],
    ] as const) {
      expect(events).toMatchObject([
        {
          event: 'next',
          data: { errors: [{ extensions: { code: 'UNAUTHENTICATED', reason } }] },
        },
        { event: 'complete' },
      ]);
    }
    await until(() => openOf('token').length === 0);
  });

  it('ends when its source breaks, with the reason', async () => {
    const topic = 'broken';
    const { events, isOver } = await stream(ticks(topic));
    await until(() => openOf(topic).length === 1);
    feeds.breakFeed('first');
    await until(isOver);
    expect(events).toMatchObject([
      { event: 'next', data: { errors: [{ extensions: { code: 'UPSTREAM_UNAVAILABLE' } }] } },
      { event: 'complete' },
    ]);
  });

  it('of a reader that stands still is cut off, and nobody else waits for it', async () => {
    const topic = 'stalled';
    const [stalled, healthy] = [
      await stream(ticks(topic, 'number note')),
      await stream(ticks(topic, 'number note')),
    ];
    await until(() => openOf(topic).length === 1);
    const cutOff = () =>
      feeds.world.logged.filter(
        (line) => line.event === 'subscription.closed' && line.reason === 'too-slow',
      );
    stalled.response.pause();
    stalled.response.socket.pause();
    const large = 'x'.repeat(60_000);
    let emitted = 0;
    while (emitted < 400) {
      feeds.emit(topic, 10, large);
      emitted += 10;
      await until(() => healthy.numbers().length === emitted);
    }
    await until(() => cutOff().length === 1);
    stalled.response.socket.resume();
    stalled.response.resume();
    await until(stalled.isOver);
    expect(stalled.events.some(({ event }) => event === 'complete')).toBe(false);
    expect(stalled.numbers().length).toBeLessThan(emitted);
    expect(healthy.numbers()).toEqual(counted(emitted));
    healthy.hangUp();
  });

  it('says that the gateway goes away, and is resumed elsewhere', async () => {
    const topic = 'leaving';
    const gateway = await feeds.world.startAnother();
    const { url } = gateway;
    const { events, isOver } = await stream(ticks(topic, 'number sequence'), { url });
    await until(() => openOf(topic).length === 1);
    feeds.emit(topic, 2);
    await until(() => events.length === 2);
    const closed = gateway.close();
    await until(isOver);
    await closed;
    expect(events.slice(2)).toMatchObject([
      { event: 'next', data: { errors: [{ extensions: { code: 'GOING_AWAY' } }] } },
      { event: 'complete' },
    ]);
    const query = `subscription { ticks(topic: "${topic}", after: "2") { number } }`;
    feeds.emit(topic);
    const again = await stream(query);
    await until(() => again.numbers().length === 1);
    expect(again.numbers()).toEqual([3]);
    again.hangUp();
  });
});
