import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { createBodyCache, createMomentCache } from './bounded-cache.ts';

describe('a cache of bodies', () => {
  const create = (
    bytesMax: number,
  ): { get: (key: string) => Promise<string | null>; made: string[] } => {
    const cache = createBodyCache<string>({ bytesMax, bytesOf: (text) => text.length });
    const made: string[] = [];
    return {
      made,
      get: (key) =>
        cache(key, () => {
          made.push(key);
          return Promise.resolve(key === 'none' ? null : key);
        }),
    };
  };

  it('makes what is asked for together once', async () => {
    const { get, made } = create(10);
    expect(await Promise.all([get('aa'), get('aa'), get('aa')])).toEqual(['aa', 'aa', 'aa']);
    expect(made).toEqual(['aa']);
  });

  it('drops what was not used for longest when there are too many bytes', async () => {
    const { get, made } = create(6);
    for (const key of ['aa', 'bb', 'cc', 'aa', 'dd', 'aa', 'cc', 'bb']) await get(key);
    expect(made).toEqual(['aa', 'bb', 'cc', 'dd', 'bb']);
  });

  it('keeps nothing that is larger than all of it, nothing that is not there and nothing that failed', async () => {
    const { get, made } = create(2);
    for (const key of ['large', 'large', 'none', 'none', 'a']) {
      await get(key);
      await setImmediate();
    }
    expect(made).toEqual(['large', 'large', 'none', 'none', 'a']);
    const failing = createBodyCache<string>({ bytesMax: 9, bytesOf: (text) => text.length });
    await expect(failing('x', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
    expect(await failing('x', () => Promise.resolve('up'))).toBe('up');
  });
});

describe('a cache of a moment', () => {
  it('reads once for all that ask together, and again after a failure', async () => {
    const cache = createMomentCache<number>({ freshMs: 60_000, keysMax: 2 });
    let readings = 0;
    const read = (): Promise<number> => Promise.resolve((readings += 1));
    expect(await Promise.all([cache('a', read), cache('a', read)])).toEqual([1, 1]);
    await expect(cache('b', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
    expect(await cache('b', read)).toBe(2);
  });

  it('forgets when there are too many keys', async () => {
    const cache = createMomentCache<string>({ freshMs: 60_000, keysMax: 2 });
    for (const key of ['a', 'b', 'c']) await cache(key, () => Promise.resolve('old'));
    expect(await cache('a', () => Promise.resolve('new'))).toBe('new');
  });
});
