import { describe, expect, it } from '@jest/globals';
import { sha256 } from '#kernel/id.ts';
import { createWorkshop } from './workshop.ts';
import type { AnalysisJob } from './analysis.ts';
import type { Workshop } from './workshop.ts';

const LIMITS = { timeoutMs: 60_000, memoryMegabytes: 512 };

type Job = { readonly kind: 'analyse' } & AnalysisJob;

function jobOf(sdls: readonly string[]): {
  readonly job: Job;
  readonly texts: Map<string, string>;
} {
  const texts = new Map(sdls.map((sdl) => [sha256(sdl), sdl]));
  const members = [...texts.keys()].map((hash, index) => ({
    subgraph: `s${index}`,
    url: 'http://s.example/graphql',
    sha256: hash,
  }));
  return {
    texts,
    job: {
      kind: 'analyse',
      members,
      changed: [],
      before: null,
      contracts: [],
      policy: { rules: {} },
      withTexts: false,
      references: [],
      owners: {},
    },
  };
}

async function analyse(workshop: Workshop, sdls: readonly string[]): Promise<boolean> {
  const { job, texts } = jobOf(sdls);
  const done = await workshop.run<'analyse'>(job, (hashes) =>
    Promise.resolve(Object.fromEntries(hashes.map((hash) => [hash, texts.get(hash) ?? '']))),
  );
  return done.ok;
}

describe('the workshop', () => {
  it('composes a graph whose texts are more than it remembers', async () => {
    const workshop = createWorkshop(LIMITS);
    const filling = '#'.repeat(1_000_000);
    const large = (from: number): string[] =>
      Array.from({ length: 12 }, (_, index) => `type Query { f${from + index}: Int } ${filling}`);
    expect(await analyse(workshop, large(0))).toBe(true);
    // Half of these are remembered, and would have to go for the other half.
    expect(await analyse(workshop, [...large(0), ...large(12)])).toBe(true);
    await workshop.close();
  });

  it('fails when a text that a job names is kept nowhere, and goes on with the next job', async () => {
    const workshop = createWorkshop(LIMITS);
    const { job } = jobOf(['type Query { a: Int }']);
    await expect(workshop.run<'analyse'>(job, () => Promise.resolve({}))).rejects.toThrow(
      'is kept',
    );
    expect(await analyse(workshop, ['type Query { a: Int }'])).toBe(true);
    await workshop.close();
  });

  it('ends the job at hand and those that wait when it is closed', async () => {
    const workshop = createWorkshop(LIMITS);
    const jobs = ['a', 'b'].map((name) => analyse(workshop, [`type Query { ${name}: Int }`]));
    const ended = Promise.allSettled(jobs);
    await workshop.close();
    expect((await ended).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect(analyse(workshop, ['type Query { c: Int }'])).rejects.toThrow('closed');
  });
});
