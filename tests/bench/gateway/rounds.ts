import { round } from '../measure.ts';
import { SERVERS, measure, median, startServer } from './bench.ts';
import type { Bench, Line, ServerName, Timing } from './bench.ts';
import type { Load } from './load.ts';
import type { Operation } from './shop-operations.ts';

/** What one server did in each of its rounds. */
export interface Standing {
  readonly name: ServerName;
  readonly rounds: readonly Load[];
  readonly cpuMs: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly peakMemoryMb: number;
  /** Calls of subgraphs for one request. */
  readonly calls: number;
}

export interface Rounds extends Timing {
  readonly rounds: number;
  readonly servers: readonly ServerName[];
}

/** One query, one server after the other and then all again, each time as a new process. */
export async function benchQuery(
  bench: Bench,
  options: Rounds & { readonly operation: Operation },
): Promise<Standing[]> {
  const found = new Map<ServerName, Load[]>();
  const calls = new Map<ServerName, number>();
  for (let turn = 1; turn <= options.rounds; turn += 1) {
    for (const name of options.servers) {
      await using server = await startServer(bench, name);
      const load = await measure(bench, server, options);
      found.set(name, [...(found.get(name) ?? []), load]);
      calls.set(name, await callsOf(bench, server.offer.url, options.operation));
      process.stderr.write(`round ${turn}, ${name}: ${summary(load)}\n`);
    }
  }
  return options.servers.map((name) => {
    const rounds = found.get(name) ?? [];
    const middle = (of: (load: Load) => number): number => median(rounds.map(of));
    return {
      name,
      rounds,
      cpuMs: middle((load) => load.cpuMsPerRequest),
      perSecond: middle((load) => load.perSecond),
      p50Ms: middle((load) => load.p50Ms),
      p99Ms: middle((load) => load.p99Ms),
      peakMemoryMb: Math.max(...rounds.map((load) => load.peakMemoryMb)),
      calls: calls.get(name) ?? 0,
    };
  });
}

function summary(load: Load): string {
  return `${round(load.cpuMsPerRequest, 2)} ms CPU, ${round(load.perSecond, 0)}/s, load and subgraphs ${round(load.restBusy * 100, 0)} % busy`;
}

/** Counted on one request alone, since the shares of requests under way at once cannot be told apart. */
async function callsOf(
  { seen, token }: Bench,
  url: string,
  { query, variables }: Operation,
): Promise<number> {
  const before = await seen();
  await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
  }).then((response) => response.text());
  return (await seen()).calls - before.calls;
}

interface Goal {
  readonly of: ServerName;
  readonly against: ServerName;
  readonly words: string;
  readonly atLeast: number;
}

/** CPU time of the other for one request, divided by ours. */
const GOALS: readonly Goal[] = [
  { of: 'ours', against: 'floor', words: 'the floor', atLeast: 0.6 },
  {
    of: 'ours',
    against: 'hive',
    words: 'Hive with its Rust planner, deduplication off',
    atLeast: 3,
  },
  {
    of: 'ours',
    against: 'hive-deduplicating',
    words: 'Hive with its Rust planner, deduplication on',
    atLeast: 0,
  },
  {
    of: 'ours-in-process',
    against: 'monolith',
    words: 'a monolith, both with all resolvers in their own process',
    atLeast: 0.8,
  },
];

export function linesOf(standings: readonly Standing[], what: string): Line[] {
  const standingOf = (name: ServerName): Standing | undefined =>
    standings.find((one) => one.name === name);
  return GOALS.flatMap(({ of, against, words, atLeast }) => {
    const [ours, other] = [standingOf(of), standingOf(against)];
    if (ours === undefined || other === undefined) return [];
    const goal = atLeast > 0 ? ` (goal ≥ ${atLeast})` : '';
    return [
      {
        what: `CPU of the gateway per request, ${what}, against ${words}`,
        figure: figureOf(ours),
        floor: figureOf(other),
        ratio: `${round(other.cpuMs / ours.cpuMs, 2)}${goal}`,
      },
    ];
  });
}

function figureOf({ cpuMs, perSecond, p99Ms }: Standing): string {
  return `${round(cpuMs, 2)} ms, ${round(perSecond, 0)}/s, p99 ${round(p99Ms, 0)} ms`;
}

export function tableOf(standings: readonly Standing[]): string[] {
  const floor = standings.find(({ name }) => name === 'floor');
  return [
    '| server | CPU ms per request (each round) | requests/s | p50 / p99 ms | peak RSS MB | subgraph calls | floor CPU / its CPU |',
    '|---|---|---|---|---|---|---|',
    ...standings.map((one) => {
      const each = one.rounds.map((load) => round(load.cpuMsPerRequest, 2)).join(', ');
      const share = floor === undefined ? '' : round(floor.cpuMs / one.cpuMs, 2);
      return `| ${SERVERS[one.name].title} | ${round(one.cpuMs, 2)} (${each}) | ${round(one.perSecond, 0)} | ${round(one.p50Ms)} / ${round(one.p99Ms)} | ${round(one.peakMemoryMb, 0)} | ${one.calls} | ${share} |`;
    }),
  ];
}
