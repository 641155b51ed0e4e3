import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '../../tests/support/until.ts';
import { counted, createFeedWorld } from './feed-world.ts';
import type { FeedWorld } from './feed-world.ts';

let feeds: FeedWorld;
beforeAll(async () => {
  feeds = await createFeedWorld();
});
afterAll(async () => {
  await feeds[Symbol.asyncDispose]();
});

const ticks = (topic: string, fields = 'number'): string =>
  `subscription { ticks(topic: "${topic}") { sequence ${fields} product { name } } }`;
const openedOf = (topic: string) => feeds.opened.filter((one) => one.topic === topic);
const isOpen = (topic: string): boolean => openedOf(topic).some((one) => one.isOpen);

describe('a new supergraph', () => {
  it('keeps what is valid in it on the same stream, while events flow', async () => {
    await feeds.publish();
    const topic = 'compatible';
    const reader = await feeds.reader();
    reader.subscribe('1', ticks(topic));
    await until(() => isOpen(topic));
    const stop = feeds.keepEmitting(topic);
    for (let swaps = 0; swaps < 4; swaps += 1) {
      const seen = reader.numbers().length;
      await feeds.publish({
        tick: `number: Int! note: String ${swaps % 2 === 0 ? 'extra: Int' : ''}`,
      });
      await until(() => reader.numbers().length > seen + 10);
    }
    const total = stop();
    await until(() => reader.numbers().at(-1) === total);
    expect(reader.numbers()).toEqual(counted(total));
    expect(openedOf(topic)).toHaveLength(1);
    reader.socket.terminate();
  });

  it('ends what is no longer valid with an error that names the change; others go on', async () => {
    await feeds.publish();
    const topic = 'incompatible';
    const reader = await feeds.reader();
    reader.subscribe('1', ticks(topic));
    reader.subscribe('2', ticks(topic, 'number note'));
    await until(() => openedOf(topic).length === 2);
    feeds.emit(topic, 3);
    await until(() => reader.numbers('1').length === 3 && reader.numbers('2').length === 3);
    const version = await feeds.publish({ tick: 'number: Int!' });
    const about = () => reader.messages.filter(({ id }) => id === '2');
    await until(() => about().at(-1)?.type === 'complete');
    expect(about().at(-2)?.payload.errors).toMatchObject([
      {
        message: `Supergraph ${version} ended this subscription: Cannot query field "note" on type "Tick".`,
        extensions: {
          code: 'SUBSCRIPTION_INVALIDATED',
          reason: 'GRAPHQL_VALIDATION_FAILED',
          supergraph: version,
        },
      },
    ]);
    feeds.emit(topic, 2);
    await until(() => reader.numbers('1').length === 5);
    expect(reader.numbers('1')).toEqual(counted(5));
    await until(() => openedOf(topic).filter((one) => one.isOpen).length === 1);
    reader.socket.terminate();
  });

  it('ends what is valid but means something else', async () => {
    await feeds.publish();
    const topic = 'meaning';
    const reader = await feeds.reader();
    reader.subscribe('1', ticks(topic));
    await until(() => isOpen(topic));
    const version = await feeds.publish({ tick: 'number: Float! note: String' });
    await until(() => reader.messages.at(-1)?.type === 'complete');
    expect(reader.messages.at(-2)?.payload.errors).toMatchObject([
      {
        message: `Supergraph ${version} ended this subscription: "Tick.number" was Int! and is now Float!.`,
        extensions: { code: 'SUBSCRIPTION_INVALIDATED', reason: 'MEANING_CHANGED' },
      },
    ]);
    await until(() => !isOpen(topic));
    reader.socket.terminate();
  });
});

describe('a supergraph that feeds a subscription otherwise', () => {
  it('takes over behind the last event, without a gap or a repeat, while events flow', async () => {
    await feeds.publish();
    const topic = 'moved';
    const reader = await feeds.reader();
    reader.subscribe('1', ticks(topic));
    await until(() => isOpen(topic));
    const stop = feeds.keepEmitting(topic);
    await until(() => reader.numbers().length > 5);
    for (const server of ['second', 'first', 'second'] as const) {
      const seen = reader.numbers().length;
      await feeds.publish({ server });
      await until(() => reader.numbers().length > seen + 10);
    }
    const total = stop();
    await until(() => reader.numbers().at(-1) === total);
    expect(reader.numbers()).toEqual(counted(total));
    const opened = openedOf(topic);
    expect(opened.map(({ server }) => server)).toEqual(['first', 'second', 'first', 'second']);
    await until(() => opened.filter((one) => one.isOpen).length === 1);
    expect(opened.at(-1)?.isOpen).toBe(true);
    reader.socket.terminate();
  });

  it('takes over a silent one at once, and one without any event yet at its first', async () => {
    await feeds.publish({ server: 'first' });
    const reader = await feeds.reader();
    reader.subscribe('1', ticks('silent'));
    reader.subscribe('2', ticks('fresh'));
    await until(() => isOpen('silent') && isOpen('fresh'));
    feeds.emit('silent', 2);
    await until(() => reader.numbers().length === 2);
    await feeds.publish({ server: 'second' });
    await until(() => openedOf('silent').at(-1)?.server === 'second');
    expect(openedOf('silent').map(({ after }) => after)).toEqual([null, '2']);
    expect(openedOf('fresh')).toHaveLength(1);
    feeds.emit('silent');
    feeds.emit('fresh', 2);
    await until(() => reader.numbers('1').length === 3 && reader.numbers('2').length === 2);
    expect([reader.numbers('1'), reader.numbers('2')]).toEqual([counted(3), counted(2)]);
    expect(openedOf('fresh').map(({ server, after }) => [server, after])).toEqual([
      ['first', null],
      ['second', '1'],
    ]);
    reader.socket.terminate();
  });

  it('takes over when the text changes that the feed is asked with', async () => {
    await feeds.publish({ knowsNames: true });
    const topic = 'text';
    const reader = await feeds.reader();
    reader.subscribe('1', ticks(topic));
    await until(() => isOpen(topic));
    const stop = feeds.keepEmitting(topic);
    await until(() => reader.numbers().length > 5);
    const asked = feeds.productsAsked();
    await feeds.publish({ knowsNames: false });
    await until(() => feeds.productsAsked() > asked + 10);
    const total = stop();
    await until(() => reader.numbers().at(-1) === total);
    expect(reader.numbers()).toEqual(counted(total));
    expect(openedOf(topic)).toHaveLength(2);
    reader.socket.terminate();
  });

  it('leaves one without a cursor where it is until that ends; who comes new is fed anew', async () => {
    await feeds.publish({ server: 'first' });
    const topic = 'loose';
    const query = `subscription { looseTicks(topic: "${topic}") { number } }`;
    const reader = await feeds.reader();
    reader.subscribe('old', query);
    await until(() => isOpen(topic));
    await feeds.publish({ server: 'second' });
    reader.subscribe('new', query);
    await until(() => openedOf(topic).length === 2);
    feeds.emit(topic, 3);
    await until(() => reader.numbers('old').length === 3 && reader.numbers('new').length === 3);
    feeds.breakFeed('first');
    const about = (id: string) => reader.messages.filter((message) => message.id === id);
    await until(() => about('old').at(-1)?.type === 'complete');
    feeds.emit(topic);
    await until(() => reader.numbers('new').length === 4);
    expect([reader.numbers('old'), reader.numbers('new')]).toEqual([counted(3), counted(4)]);
    reader.socket.terminate();
  });
});
