import { describe, expect, it } from '@jest/globals';
import { createIngestQueue } from './ingest-queue.ts';

/** A run that ends when it is told to, and notes what it was given. */
function gatedRun(fails: (items: readonly string[]) => boolean = () => false): {
  readonly runs: (readonly string[])[];
  readonly run: (key: string, items: readonly string[]) => Promise<string[]>;
  readonly open: () => void;
} {
  const gate = Promise.withResolvers<void>();
  const runs: (readonly string[])[] = [];
  return {
    runs,
    open: gate.resolve,
    run: async (key, items) => {
      runs.push(items);
      await gate.promise;
      if (fails(items)) throw new Error('the database said no');
      return items.map((item) => `${key}:${item}`);
    },
  };
}

describe('the queue of reports', () => {
  it('runs together what comes while a run is busy, and answers each its own', async () => {
    const { run, runs, open } = gatedRun();
    const enqueue = createIngestQueue(run);
    const answers = ['a', 'b', 'c'].map((item) => enqueue('t', item));
    open();
    expect(await Promise.all(answers)).toEqual(
      ['t:a', 't:b', 't:c'].map((value) => ({ ok: true, value })),
    );
    expect(runs).toEqual([['a'], ['b', 'c']]);
  });

  it('keeps keys apart', async () => {
    const { run, runs, open } = gatedRun();
    const enqueue = createIngestQueue(run);
    const answers = ['t', 'u'].map((key) => enqueue(key, 'a'));
    open();
    await Promise.all(answers);
    expect(runs).toEqual([['a'], ['a']]);
  });

  it('tries each alone when a run fails, so that none suffers for another', async () => {
    const { run, open } = gatedRun((items) => items.includes('bad'));
    const enqueue = createIngestQueue(run);
    const answers = ['a', 'b', 'bad', 'c'].map((item) => enqueue('t', item));
    open();
    const settled = await Promise.allSettled(answers);
    expect(settled.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    expect(await enqueue('t', 'after')).toEqual({ ok: true, value: 't:after' });
  });

  it('refuses what comes when too many wait, and goes on', async () => {
    const { run, runs, open } = gatedRun();
    const enqueue = createIngestQueue(run);
    const answers = Array.from({ length: 70 }, (_, index) => enqueue('t', String(index)));
    open();
    const outcomes = await Promise.all(answers);
    const refused = outcomes.filter(({ ok }) => !ok);
    expect(refused).toHaveLength(5);
    expect(refused[0]).toMatchObject({ problem: { code: 'UNAVAILABLE', retryable: true } });
    expect(runs.map(({ length }) => length)).toEqual([1, 16, 16, 16, 16]);
  });
});
