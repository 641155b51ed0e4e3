import { describe, expect, it } from '@jest/globals';
import { BatchQueueFull, createBatcher } from './batch.ts';

const neverOutage = () => false;

describe('a batcher', () => {
  it('lets the next batch form while the last one runs, and runs one at a time', async () => {
    const sizes: number[] = [];
    let running = 0;
    const batcher = createBatcher<number, number>({
      runBatch: async (requests) => {
        running += 1;
        expect(running).toBe(1);
        sizes.push(requests.length);
        await new Promise((resolve) => setTimeout(resolve, 5));
        running -= 1;
        return requests.map((request) => request * 2);
      },
      isOutage: neverOutage,
      batchMax: 10,
      queueMax: 100,
    });
    const first = batcher.run(1);
    await Promise.resolve();
    const rest = Array.from({ length: 25 }, (_, index) => batcher.run(index));
    expect(await first).toBe(2);
    expect(await Promise.all(rest)).toEqual(Array.from({ length: 25 }, (_, index) => index * 2));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(26);
    expect(sizes.length).toBeLessThanOrEqual(4);
    expect(Math.max(...sizes)).toBe(10);
  });

  it('repeats a failed batch one by one, but not in an outage', async () => {
    const calls: number[][] = [];
    const make = (isOutage: boolean) =>
      createBatcher<number, number>({
        runBatch: (requests) => {
          calls.push([...requests]);
          return requests.includes(2)
            ? Promise.reject(new Error('bad row'))
            : Promise.resolve([...requests]);
        },
        isOutage: () => isOutage,
        batchMax: 10,
        queueMax: 100,
      });
    const settled = async (isOutage: boolean): Promise<string[]> => {
      const batcher = make(isOutage);
      const results = await Promise.allSettled([1, 2, 3].map((request) => batcher.run(request)));
      return results.map((result) => result.status);
    };
    expect(await settled(false)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(calls).toEqual([[1, 2, 3], [1], [2], [3]]);
    expect(await settled(true)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(calls).toHaveLength(5);
  });

  it('turns requests away when too many wait, and drains what it has taken', async () => {
    const answered: number[] = [];
    const batcher = createBatcher<number, number>({
      runBatch: async (requests) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        answered.push(...requests);
        return [...requests];
      },
      isOutage: neverOutage,
      batchMax: 1,
      queueMax: 2,
    });
    const taken = [batcher.run(1), batcher.run(2)];
    await expect(batcher.run(3)).rejects.toBeInstanceOf(BatchQueueFull);
    await batcher.drain();
    expect(answered).toEqual([1, 2]);
    await Promise.all(taken);
  });
});
