import { round } from '../measure.ts';
import { startServer } from './bench.ts';
import { cpuMs, peakMemoryMb, start } from './processes.ts';
import type { Bench, Line, ServerName } from './bench.ts';
import type { Running } from './processes.ts';
import type { Reached, SubscribersJob, Told } from './subscribers.ts';

export interface SubscriptionOptions {
  readonly subscribers: number;
  readonly events: number;
  /** Of how many people the subscribers are. */
  readonly viewers: number;
  /** Further subscribers who read nothing. */
  readonly stalled?: number;
}

export interface Delivered {
  readonly deliveries: number;
  readonly cpuUsPerDelivery: number;
  /** Streams that the subgraph was asked for, for all subscribers together. */
  readonly upstreams: number;
  /** Further calls of subgraphs, for one event. */
  readonly callsPerEvent: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly peakMemoryMb: number;
  /** Connections that were closed for reading too slowly. */
  readonly tooSlow: number;
}

const QUERY =
  'subscription Reviews { reviewAdded { sequence sentAtMs review { id body product { upc name price } } } }';
const LOAD_PROCESSES = 2;
/** Events before anything is measured; subscribers that were not yet there when the first came have them by the last. */
const WARM_UP_EVENTS = 5;
const OPEN_LIMIT_MS = 180_000;

/** Every event to every subscriber, once and in order, as the subscribers themselves assert; the next when all have it. */
export async function measureSubscriptions(
  bench: Bench,
  name: ServerName,
  options: SubscriptionOptions,
): Promise<Delivered> {
  await using server = await startServer(bench, name);
  const before = await bench.seen();
  await using crowd = await startCrowd(bench, server.offer.url, options);
  let sequence = 0;
  const publish = async (count: number): Promise<void> => {
    for (const end = sequence + count; sequence < end;) {
      sequence += 1;
      const reached = crowd.reached(sequence);
      await bench.publish(sequence);
      await reached;
    }
  };
  await crowd.settle(async () => bench.publish((sequence += 1)));
  await publish(WARM_UP_EVENTS);
  await crowd.tell();
  const { calls, streamsOpened } = await bench.seen();
  const cpuBefore = cpuMs(server.pid);
  await publish(options.events);
  const cpu = cpuMs(server.pid) - cpuBefore;
  const told = await crowd.tell();
  const deliveries = options.subscribers * options.events;
  const counted = told.reduce((sum, one) => sum + one.deliveries, 0);
  if (counted !== deliveries) throw new Error(`${counted} of ${deliveries} events were delivered`);
  return {
    deliveries,
    cpuUsPerDelivery: (cpu * 1000) / deliveries,
    upstreams: streamsOpened - before.streamsOpened,
    callsPerEvent: ((await bench.seen()).calls - calls) / options.events,
    p50Ms: Math.max(...told.map(({ p50Ms }) => p50Ms)),
    p99Ms: Math.max(...told.map(({ p99Ms }) => p99Ms)),
    peakMemoryMb: peakMemoryMb(server.pid),
    tooSlow: name === 'ours' ? await closedTooSlow(server.offer.url) : 0,
  };
}

async function closedTooSlow(url: string): Promise<number> {
  const text = await (await fetch(new URL('/metrics', url))).text();
  return Number(/closed_total\{code="4413"\} (\d+)/.exec(text)?.[1] ?? 0);
}

/** All subscribers, in their processes. */
interface Crowd extends AsyncDisposable {
  /** Resolves when everybody has the event. */
  reached(sequence: number): Promise<void>;
  /** Publishes until an event has reached everybody. */
  settle(publish: () => Promise<void>): Promise<void>;
  tell(): Promise<readonly Told[]>;
}

async function startCrowd(
  bench: Bench,
  url: string,
  { subscribers, viewers, stalled = 0 }: SubscriptionOptions,
): Promise<Crowd> {
  const tokens = await Promise.all(
    Array.from({ length: viewers }, (_, index) => bench.tokenOf(`viewer-${index}`)),
  );
  const count = subscribers / LOAD_PROCESSES;
  const processes = await Promise.all(
    Array.from({ length: LOAD_PROCESSES }, (_, index) => {
      const own = tokens.filter((__, at) => viewers === 1 || at % LOAD_PROCESSES === index);
      const job: SubscribersJob = {
        url: url.replace('http', 'ws'),
        tokens: own,
        count,
        stalled: stalled / LOAD_PROCESSES,
        query: QUERY,
      };
      const env = { JOB: JSON.stringify(job) };
      return start<Running<never>['offer']>('./subscribers.ts', {
        core: 'rest',
        env,
        limitMs: OPEN_LIMIT_MS,
      });
    }),
  );
  const reached = async (sequence: number): Promise<void> => {
    const isIt = (message: unknown): boolean => (message as Reached).reached === sequence;
    await Promise.all(processes.map((process) => process.message(isIt)));
  };
  return {
    reached,
    settle: async (publish) => {
      const state = { isSettled: false };
      const isAny = (message: unknown): boolean => 'reached' in (message as object);
      const settled = Promise.all(processes.map((one) => one.message(isAny)));
      void settled.then(() => (state.isSettled = true));
      while (!state.isSettled) {
        await publish();
        await Promise.race([settled, new Promise((resolve) => setTimeout(resolve, 1_000))]);
      }
    },
    tell: () =>
      Promise.all(
        processes.map(async (one) => {
          const told = one.message((message) => 'deliveries' in (message as object));
          one.send('tell');
          return (await told) as Told;
        }),
      ),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(processes.map((one) => one[Symbol.asyncDispose]()));
    },
  };
}

/** The whole, with the floor beside it. */
export async function benchSubscriptions(
  bench: Bench,
  options: SubscriptionOptions,
): Promise<Line[]> {
  const ours = await measureSubscriptions(bench, 'ours', options);
  const floor = await measureSubscriptions(bench, 'subscription-floor', options);
  return [
    {
      what: `CPU of the gateway per delivery, ${options.subscribers} subscribers of ${options.viewers} viewer(s), ${options.events} events with fields of a second subgraph`,
      figure: `${figureOf(ours)}; ${ours.upstreams} upstream subscription(s), ${round(ours.callsPerEvent)} calls an event, ${round(ours.peakMemoryMb, 0)} MB`,
      floor: figureOf(floor),
      ratio: `${round(floor.cpuUsPerDelivery / ours.cpuUsPerDelivery, 2)} (goal: ours ≤ 30 µs)`,
    },
  ];
}

/** Long events, so that what nobody reads fills the network's buffers and then the gateway's. */
export const STALLED_EVENT_BYTES = 16_384;
const STALLED = { subscribers: 2_000, events: 500, viewers: 1, stalled: 200 };

/** What two hundred readers who read nothing do to two thousand who do. */
export async function benchStalledReaders(bench: Bench): Promise<Line[]> {
  const without = await measureSubscriptions(bench, 'ours', { ...STALLED, stalled: 0 });
  const among = await measureSubscriptions(bench, 'ours', STALLED);
  const memory = ({ peakMemoryMb: most }: Delivered): string => `${round(most, 0)} MB`;
  return [
    {
      what: `${STALLED.stalled} stalled readers among ${STALLED.subscribers}, ${STALLED.events} events of 16 KB: the others' delivery (${among.tooSlow} were closed with 4413)`,
      figure: `${figureOf(among)}, ${memory(among)}`,
      floor: `${figureOf(without)}, ${memory(without)} without them`,
      ratio: `${round(among.p99Ms / without.p99Ms, 2)} × the p99 without them (goal: noise)`,
    },
  ];
}

function figureOf({ cpuUsPerDelivery, p50Ms, p99Ms }: Delivered): string {
  return `${round(cpuUsPerDelivery)} µs, p50 ${round(p50Ms, 0)} ms, p99 ${round(p99Ms, 0)} ms`;
}
