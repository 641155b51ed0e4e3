import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { closeOutcome, isFailure, operationOutcome } from './outcome.ts';
import { startProcessMetrics } from './process-metrics.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Route } from '#kernel/http.ts';
import type { FetchOutcome } from './outcome.ts';
import type { SubgraphState } from './telemetry.ts';

/** What is looked up when somebody asks for the figures. */
export interface Gauges {
  /** Subscribers. */
  subscriptions(): number;
  /** Streams of subgraphs, each of which may feed many subscribers. */
  upstreamSubscriptions(): number;
  /** WebSockets and event streams. */
  connections(): number;
  /** What is served, and when it was loaded; null before the first. */
  supergraph(): { readonly version: string; readonly loadedAt: Date } | null;
  /** Usage reports that the registry has not taken yet. */
  usageReportsWaiting(): number;
}

/** What spans come to. */
export interface SpanFigures {
  readonly exported: number;
  readonly failed: number;
  readonly dropped: number;
}

/** The figures of one gateway. No label's values grow with clients: names of operations and viewers are none. */
export interface GatewayMetrics {
  operation(kind: string, code: string | null, durationMs: number): void;
  fetch(subgraph: string, outcome: FetchOutcome, durationMs: number): void;
  /** `waitedMs` for the planner; null when the plan was at hand. */
  plan(waitedMs: number | null): void;
  delivered(subscribers: number): void;
  closed(code: string | number): void;
  swapped(outcome: 'loaded' | 'refused'): void;
  subgraphs(): readonly SubgraphState[];
  readonly route: Route;
  stop(): void;
}

/** From what memory answers to what the limits of time allow. */
const DURATION_BUCKETS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];
const MS_PER_SECOND = 1000;

export function createGatewayMetrics(options: {
  readonly gauges: Gauges;
  readonly spans: () => SpanFigures;
  readonly clock: Clock;
}): GatewayMetrics {
  const registry = new Registry();
  const figures = createFigures(registry);
  createGauges(registry, options);
  const stopProcessMetrics = startProcessMetrics(registry);
  const states = new Map<string, SubgraphState>();
  return {
    operation: (kind, code, durationMs) => {
      figures.operations.inc({ kind, outcome: operationOutcome(code) });
      figures.operationSeconds.observe({ kind }, durationMs / MS_PER_SECOND);
    },
    fetch: (subgraph, outcome, durationMs) => {
      figures.fetches.inc({ subgraph, outcome });
      figures.fetchSeconds.observe({ subgraph }, durationMs / MS_PER_SECOND);
      note(states, { name: subgraph, outcome }, options.clock);
    },
    plan: (waitedMs) => {
      figures.plans.inc({ result: waitedMs === null ? 'hit' : 'miss' });
      if (waitedMs !== null) figures.planSeconds.observe(waitedMs / MS_PER_SECOND);
    },
    delivered: (subscribers) => figures.deliveries.inc(subscribers),
    closed: (code) => figures.closed.inc({ code: closeOutcome(code) }),
    swapped: (outcome) => figures.swaps.inc({ outcome }),
    subgraphs: () => [...states.values()],
    route: {
      method: 'GET',
      path: '/metrics',
      handle: async () => ({
        status: 200,
        headers: { 'content-type': registry.contentType },
        body: await registry.metrics(),
      }),
    },
    stop: stopProcessMetrics,
  };
}

/** Written only when something has changed, which is seldom: every call comes by here. */
function note(
  states: Map<string, SubgraphState>,
  { name, outcome }: { readonly name: string; readonly outcome: FetchOutcome },
  clock: Clock,
): void {
  const known = states.get(name);
  // A client that left says nothing about the subgraph.
  if (known?.outcome === outcome || outcome === 'gone') return;
  const failingSince = isFailure(outcome) ? (known?.failingSince ?? clock.now()) : null;
  states.set(name, { name, outcome, failingSince });
}

function createFigures(registry: Registry) {
  const registers = [registry];
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[] = []) =>
    new Counter({ name: `concord_gateway_${name}_total`, help, labelNames, registers });
  const seconds = <Label extends string>(name: string, help: string, labelNames: Label[] = []) =>
    new Histogram({
      name: `concord_gateway_${name}_seconds`,
      help,
      labelNames,
      registers,
      buckets: DURATION_BUCKETS,
    });
  return {
    operations: counter('operations', 'Operations that were answered or refused.', [
      'kind',
      'outcome',
    ]),
    operationSeconds: seconds(
      'operation_duration',
      'From the request to its answer; of a subscription, to its opening.',
      ['kind'],
    ),
    fetches: counter('subgraph_requests', 'Calls of subgraphs.', ['subgraph', 'outcome']),
    fetchSeconds: seconds(
      'subgraph_request_duration',
      'Calls of subgraphs, with the time in which they waited for their turn.',
      ['subgraph'],
    ),
    plans: counter('plan_lookups', 'Operations by whether their plan was at hand.', ['result']),
    planSeconds: seconds('plan_duration', 'What operations waited for the planner.'),
    deliveries: counter('deliveries', 'Events handed to subscribers, once for each.'),
    closed: counter('closed', 'Subscriptions and connections that ended, by the reason.', ['code']),
    swaps: counter('swaps', 'New supergraphs, by whether they were taken.', ['outcome']),
  };
}

function createGauges(
  registry: Registry,
  { gauges, spans, clock }: Parameters<typeof createGatewayMetrics>[0],
): void {
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number | null) =>
    new Gauge({
      name: `concord_gateway_${name}`,
      help,
      registers,
      collect() {
        const value = read();
        if (value === null) this.remove();
        else this.set(value);
      },
    });
  gauge('subscriptions', 'Subscriptions that are open.', gauges.subscriptions);
  gauge(
    'upstream_subscriptions',
    'Streams of subgraphs that are open.',
    gauges.upstreamSubscriptions,
  );
  gauge('connections', 'WebSockets and event streams that are open.', gauges.connections);
  gauge(
    'usage_reports_waiting',
    'Usage reports that wait for the registry.',
    gauges.usageReportsWaiting,
  );
  gauge('supergraph_age_seconds', 'Time since the supergraph was loaded.', () => {
    const served = gauges.supergraph();
    if (served === null) return null;
    return (clock.now().getTime() - served.loadedAt.getTime()) / MS_PER_SECOND;
  });
  registry.registerMetric(supergraphInfo(gauges));
  registry.registerMetric(spanCounter(spans));
}

function supergraphInfo(gauges: Gauges): Gauge<'version'> {
  return new Gauge({
    name: 'concord_gateway_supergraph_info',
    help: 'The supergraph that is served.',
    labelNames: ['version'],
    registers: [],
    collect() {
      this.reset();
      const served = gauges.supergraph();
      if (served !== null) this.set({ version: served.version }, 1);
    },
  });
}

function spanCounter(spans: () => SpanFigures): Counter<'result'> {
  return new Counter({
    name: 'concord_gateway_spans_total',
    help: 'Spans by what became of them: failed ones the collector did not take, dropped ones found no room.',
    labelNames: ['result'],
    registers: [],
    collect() {
      this.reset();
      for (const [result, count] of Object.entries(spans())) this.inc({ result }, count);
    },
  });
}
