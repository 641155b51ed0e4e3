import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '../../tests/support/until.ts';
import { counted, createFeedWorld } from './feed-world.ts';
import { CLOSE } from './socket-protocol.ts';
import type { FeedWorld } from './feed-world.ts';

let feeds: FeedWorld;
beforeAll(async () => {
  feeds = await createFeedWorld();
});
afterAll(async () => {
  await feeds[Symbol.asyncDispose]();
});

/** So much that no socket's buffers hold many of them. */
const LARGE = 'x'.repeat(60_000);
const TICKS = `subscription Ticks($topic: ID!) { ticks(topic: $topic) { number note } }`;

describe('readers that stand still', () => {
  it('are cut off, and the others of the same source get everything in time', async () => {
    const topic = 'stalled';
    const healthy = await Promise.all([1, 2, 3].map(() => feeds.reader()));
    const stalled = await Promise.all([1, 2].map(() => feeds.reader()));
    for (const reader of [...healthy, ...stalled]) reader.subscribe('1', TICKS, { topic });
    await until(() => feeds.opened.some((one) => one.topic === topic));
    await Promise.all([...healthy, ...stalled].map((reader) => reader.taken()));
    for (const { socket } of stalled) socket.pause();
    let emitted = 0;
    while (emitted < 400) {
      feeds.emit(topic, 10, LARGE);
      emitted += 10;
      await until(() => healthy.every((reader) => reader.numbers().length === emitted));
    }
    for (const reader of healthy) expect(reader.numbers()).toEqual(counted(emitted));
    const cutOff = () =>
      feeds.world.logged.filter(
        (line) => line.event === 'subscription.closed' && line.reason === CLOSE.tooSlow.reason,
      );
    await until(() => cutOff().length === stalled.length);
    for (const { socket } of stalled) socket.resume();
    // One that reads again too late for the close frame only sees its socket end.
    for (const { closed } of stalled) expect([4413, 1006]).toContain((await closed).code);
    for (const reader of stalled) {
      const got = reader.numbers();
      expect(got.length).toBeLessThan(emitted);
      expect(got).toEqual(counted(got.length));
    }
    expect(feeds.opened.filter((one) => one.topic === topic)).toHaveLength(1);
    for (const { socket } of healthy) socket.terminate();
  });

  it('hold their source back when there is nobody else, then are cut off', async () => {
    const topic = 'alone';
    const reader = await feeds.reader();
    reader.subscribe('1', TICKS, { topic });
    await until(() => feeds.opened.some((one) => one.topic === topic && one.isOpen));
    reader.socket.pause();
    feeds.emit(topic, 1_000, LARGE);
    await until(() => feeds.opened.every((one) => one.topic !== topic || !one.isOpen));
    reader.socket.resume();
    expect([4413, 1006]).toContain((await reader.closed).code);
    expect(reader.numbers().length).toBeLessThan(600);
    expect(reader.numbers()).toEqual(counted(reader.numbers().length));
  });

  it('that go on in time miss nothing', async () => {
    const topic = 'dozing';
    const reader = await feeds.reader();
    reader.subscribe('1', TICKS, { topic });
    await until(() => feeds.opened.some((one) => one.topic === topic && one.isOpen));
    reader.socket.pause();
    feeds.emit(topic, 300, LARGE);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(reader.numbers().length).toBeLessThan(300);
    reader.socket.resume();
    await until(() => reader.numbers().length === 300);
    expect(reader.numbers()).toEqual(counted(300));
    reader.socket.terminate();
  });
});
