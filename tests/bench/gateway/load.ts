import { createHash } from 'node:crypto';
import { announce } from './announce.ts';
import { durationsOf } from '../measure.ts';
import { cpuMs, peakMemoryMb } from './processes.ts';
import { openWire, postOf } from './wire.ts';
import type { Wire } from './wire.ts';
import type { Operation } from './shop-operations.ts';

/** What a process of load is told by its environment. */
export interface LoadJob {
  readonly url: string;
  /** The server under test, whose CPU time is read when measuring begins and ends. */
  readonly pid: number;
  /** The process with the subgraphs. */
  readonly aroundPid: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly operation: Operation;
  /** So many texts that differ in the operation's name only, sent one after the other. */
  readonly distinct: number;
  readonly connections: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  /** `canonicalHash` of the data that must come. */
  readonly expected: string;
}

export interface Load {
  readonly url: '';
  readonly requests: number;
  readonly failures: number;
  readonly perSecond: number;
  readonly cpuMsPerRequest: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly peakMemoryMb: number;
  readonly bytes: number;
  /** Of load and subgraphs together, as a share of their core: near 1 the server waited for them, and its rate is too low. */
  readonly restBusy: number;
}

/** A hash of a JSON value that does not depend on the order of its keys. */
export function canonicalHash(value: unknown): string {
  const sorted = (_key: string, held: unknown): unknown =>
    typeof held === 'object' && held !== null && !Array.isArray(held)
      ? Object.fromEntries(Object.entries(held).sort(([a], [b]) => (a < b ? -1 : 1)))
      : held;
  return createHash('sha256').update(JSON.stringify(value, sorted)).digest('hex');
}

/** Warms up for its time, or until every text was sent twice, and measures then. */
async function run(job: LoadJob): Promise<Load> {
  const url = new URL(job.url);
  const requests = requestsOf(job, url);
  const wires = await Promise.all(Array.from({ length: job.connections }, () => openWire(url)));
  const bytes = await firstAnswers(job, wires, requests);
  const tally = { samples: [] as number[], failures: 0, next: 0, sent: 0, isOver: false };
  const work = async (wire: Wire): Promise<void> => {
    while (!tally.isOver) {
      const request = requests[tally.next] ?? Buffer.alloc(0);
      tally.next = (tally.next + 1) % requests.length;
      const startedMs = performance.now();
      const answer = await wire.send(request, false);
      tally.samples.push(performance.now() - startedMs);
      tally.sent += 1;
      if (answer.status !== 200 || answer.bytes !== bytes) tally.failures += 1;
    }
  };
  const working = Promise.all(wires.map(work));
  const warmUntilMs = performance.now() + job.warmUpSeconds * 1000;
  while (performance.now() < warmUntilMs || tally.sent < 2 * requests.length) await pause(20);
  tally.samples = [];
  const before = { ms: performance.now(), server: cpuMs(job.pid), rest: restMs(job) };
  await Promise.race([pause(job.seconds * 1000), working]);
  const samples = tally.samples.slice();
  const tookMs = performance.now() - before.ms;
  const server = cpuMs(job.pid) - before.server;
  const rest = restMs(job) - before.rest;
  tally.isOver = true;
  await working;
  for (const wire of wires) wire.close();
  const { p50Ms, p99Ms, count } = durationsOf(samples);
  return {
    url: '',
    requests: count,
    failures: tally.failures,
    perSecond: (count * 1000) / tookMs,
    cpuMsPerRequest: server / count,
    p50Ms,
    p99Ms,
    peakMemoryMb: peakMemoryMb(job.pid),
    bytes,
    restBusy: rest / tookMs,
  };
}

function restMs({ aroundPid }: LoadJob): number {
  return cpuMs(process.pid) + cpuMs(aroundPid);
}

function requestsOf(job: LoadJob, url: URL): Buffer[] {
  const { name, query, variables } = job.operation;
  return Array.from({ length: job.distinct }, (_, index) => {
    const own = job.distinct === 1 ? name : `${name.slice(0, -5)}${String(index).padStart(5, '0')}`;
    const body = { query: query.replace(name, own), operationName: own, variables };
    return postOf(url, job.headers, JSON.stringify(body));
  });
}

/** The first answer on every connection must be the expected one, to the letter; later ones must be as long. */
async function firstAnswers(
  job: LoadJob,
  wires: readonly Wire[],
  requests: readonly Buffer[],
): Promise<number> {
  let bytes = 0;
  for (const [index, wire] of wires.entries()) {
    const answer = await wire.send(requests[index % requests.length] ?? Buffer.alloc(0), true);
    const { data, errors } = JSON.parse(answer.body) as { data?: unknown; errors?: unknown };
    if (answer.status !== 200 || errors !== undefined || canonicalHash(data) !== job.expected)
      throw new Error(`not the expected answer: ${answer.status} ${answer.body.slice(0, 500)}`);
    ({ bytes } = answer);
  }
  return bytes;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

if (import.meta.main)
  announce({ ...(await run(JSON.parse(process.env['JOB'] ?? '{}') as LoadJob)) });
