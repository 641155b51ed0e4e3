import { cpus, totalmem } from 'node:os';

/** Durations of one kind of thing, in milliseconds. */
export interface Durations {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export function durationsOf(samplesMs: readonly number[]): Durations {
  const sorted = samplesMs.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { count: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99) };
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

export interface Throughput {
  readonly perSecond: number;
  readonly durations: Durations;
}

/** Runs `count` tasks with so many in flight; returns how many ended per second and how long each took. */
export async function throughput(load: {
  count: number;
  inFlight: number;
  run: (index: number) => Promise<unknown>;
}): Promise<Throughput> {
  const samples: number[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < load.count; index = next++)
      samples.push(await timed(() => load.run(index)));
  };
  const totalMs = await timed(() => Promise.all(Array.from({ length: load.inFlight }, worker)));
  return { perSecond: (load.count * 1000) / totalMs, durations: durationsOf(samples) };
}

export function machine(): string {
  return `${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
}

export const round = (value: number, decimals = 1): string => value.toFixed(decimals);
