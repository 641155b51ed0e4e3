import { canonicalHash } from './load.ts';
import { start } from './processes.ts';
import { servedGraph } from './served-graph.ts';
import type { Load, LoadJob } from './load.ts';
import type { Running } from './processes.ts';
import type { GraphName, ServedGraph } from './served-graph.ts';
import type { Operation } from './shop-operations.ts';
import type { Seen, Surroundings } from './surroundings.ts';

/** The servers under test, by the name that `--only` and the report have for them; each graph has a floor of its own. */
export const SERVERS = {
  floor: { file: './{graph}-floor.ts', env: {}, title: 'floor: fan-out by hand over undici' },
  'floor-signing': {
    file: './{graph}-floor.ts',
    env: { SIGN: 'true' },
    title: 'the floor with signed calls',
  },
  ours: { file: './ours.ts', env: {}, title: 'ours' },
  'ours-bare': {
    file: './ours.ts',
    env: { BARE: 'true' },
    title: 'ours without identity, signatures, usage and tracing',
  },
  'ours-in-process': {
    file: './ours.ts',
    env: { IN_PROCESS: 'true' },
    title: 'ours, subgraphs in its own process',
  },
  hive: { file: './hive.ts', env: {}, title: 'Hive, Rust planner, deduplication off' },
  'hive-deduplicating': {
    file: './hive.ts',
    env: { DEDUPLICATE: 'true' },
    title: 'Hive, Rust planner, deduplication on',
  },
  monolith: { file: './monolith.ts', env: {}, title: 'monolith: graphql-js, one process' },
  'subscription-floor': {
    file: './subscription-floor.ts',
    env: {},
    title: 'floor of subscriptions: one text to all sockets by hand',
  },
} as const;

export type ServerName = keyof typeof SERVERS;

/** Subgraphs with everything else around a server, and a client's token. */
export interface Bench extends AsyncDisposable {
  readonly graph: GraphName;
  readonly around: Running<Surroundings>;
  readonly answerTo: ServedGraph['answerTo'];
  readonly token: string;
  tokenOf(viewer: string): Promise<string>;
  /** Sends an event of that number to every subscription that is open at the subgraph. */
  publish(sequence: number): Promise<void>;
  seen(): Promise<Seen>;
}

export interface Timing {
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

export async function openBench(
  graph: GraphName = 'shop',
  env: Readonly<Record<string, string>> = {},
): Promise<Bench> {
  const { answerTo } = await servedGraph(graph);
  const around = await start<Surroundings>('./subgraphs.ts', {
    core: 'rest',
    env: { GRAPH: graph, ...env },
  });
  const ask = async (what: string, body = ''): Promise<string> => {
    const response = await fetch(`${around.offer.url}/${what}`, { method: 'POST', body });
    return response.text();
  };
  const tokenOf = (viewer: string): Promise<string> => ask('token', viewer);
  return {
    graph,
    around,
    answerTo,
    token: await tokenOf('bench'),
    tokenOf,
    publish: async (sequence) => void (await ask('publish', String(sequence))),
    seen: async () => JSON.parse(await ask('seen')) as Seen,
    [Symbol.asyncDispose]: () => around[Symbol.asyncDispose](),
  };
}

export function startServer(
  { graph, around }: Bench,
  name: ServerName,
  nodeOptions: readonly string[] = [],
): Promise<Running<{ readonly url: string }>> {
  const { file, env } = SERVERS[name];
  const folder = process.env['PROFILES'];
  // For whoever wants to know where the time goes: one file for each server that was started.
  const profiling = folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`];
  const surroundings = { SURROUNDINGS: JSON.stringify(around.offer) };
  return start(file.replace('{graph}', graph), {
    core: 'server',
    env: { ...surroundings, ...env },
    nodeOptions: [...nodeOptions, ...profiling],
  });
}

/** 32 connections that ask as fast as they are answered. */
const CONNECTIONS = 32;

export async function measure(
  { token, around, answerTo }: Bench,
  server: Running<{ readonly url: string }>,
  asked: Timing & { readonly operation: Operation; readonly distinct?: number },
): Promise<Load> {
  const job: LoadJob = {
    distinct: 1,
    ...asked,
    url: server.offer.url,
    pid: server.pid,
    aroundPid: around.pid,
    headers: { authorization: `Bearer ${token}`, 'graphql-client-name': 'bench' },
    connections: CONNECTIONS,
    expected: canonicalHash(answerTo(asked.operation)),
  };
  await using load = await start<Load>('./load.ts', {
    core: 'rest',
    env: { JOB: JSON.stringify(job) },
    limitMs: (asked.warmUpSeconds + asked.seconds) * 1000 + LOAD_GRACE_MS,
  });
  const { offer } = load;
  if (offer.failures > 0)
    throw new Error(`${offer.failures} of ${offer.requests} answers were wrong`);
  return offer;
}

/** Ten thousand distinct operations are each planned once before anything is measured. */
const LOAD_GRACE_MS = 300_000;

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** One line of what came out, as the other benchmarks have them. */
export interface Line {
  readonly what: string;
  readonly figure: string;
  readonly floor: string;
  readonly ratio: string;
}
