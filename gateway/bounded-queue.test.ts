import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { ReaderStalled, boundedQueue } from './bounded-queue.ts';

function counting(limit: number) {
  const state = { produced: 0, returned: 0 };
  const source: AsyncIterator<number> = {
    next: () => {
      if (state.produced >= limit) return Promise.resolve({ done: true, value: undefined });
      state.produced += 1;
      return Promise.resolve({ done: false, value: state.produced });
    },
    return: () => {
      state.returned += 1;
      return Promise.resolve({ done: true, value: undefined });
    },
  };
  return { state, source };
}

describe('the bounded queue', () => {
  it('hands on every item in order, and then ends', async () => {
    const { source } = counting(10);
    const read: number[] = [];
    for await (const item of boundedQueue(source, {
      capacity: 3,
      stallMs: 1_000,
      onClose: () => undefined,
    })) {
      read.push(item);
    }
    expect(read).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('does not read its source further while it is full', async () => {
    const { source, state } = counting(1_000);
    const queue = boundedQueue(source, { capacity: 5, stallMs: 1_000, onClose: () => undefined });
    await sleep(20);
    expect(state.produced).toBe(5);
    await queue.next();
    await sleep(5);
    expect(state.produced).toBe(6);
    await queue.return();
  });

  it('gives up a reader that stands still, closes the source and says why', async () => {
    const { source, state } = counting(1_000);
    const closed: boolean[] = [];
    const queue = boundedQueue(source, {
      capacity: 2,
      stallMs: 20,
      onClose: (stalled) => void closed.push(stalled),
    });
    await sleep(60);
    expect(closed).toEqual([true]);
    expect(state.returned).toBe(1);
    await queue.next();
    await queue.next();
    await expect(queue.next()).rejects.toBeInstanceOf(ReaderStalled);
    expect((await queue.next()).done).toBe(true);
  });

  it('hands on what it holds before the failure of its source', async () => {
    async function* failing(): AsyncGenerator<number> {
      yield 1;
      await sleep(1);
      throw new Error('broken');
    }
    const queue = boundedQueue(failing(), {
      capacity: 5,
      stallMs: 1_000,
      onClose: () => undefined,
    });
    await sleep(20);
    expect((await queue.next()).value).toBe(1);
    await expect(queue.next()).rejects.toThrow('broken');
  });

  it('closes at once while its source is silent', async () => {
    const source: AsyncIterator<number> = {
      next: () => new Promise(() => undefined),
      return: () => new Promise(() => undefined),
    };
    const queue = boundedQueue(source, { capacity: 5, stallMs: 1_000, onClose: () => undefined });
    const pending = queue.next();
    await queue.return();
    expect((await pending).done).toBe(true);
  });
});
