import { monotonicMs } from '#kernel/clock.ts';
import { createGatewayMetrics } from './gateway-metrics.ts';
import { createSpanRecorder } from './operation-spans.ts';
import { openSpanExport } from './span-export.ts';
import { newTraceparent } from './trace-context.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Log } from '#kernel/log.ts';
import type { SubgraphAddress } from '../subgraph-directory.ts';
import type { Gauges, GatewayMetrics } from './gateway-metrics.ts';
import type { OperationSpans } from './operation-spans.ts';
import type { TracingOptions } from './span-export.ts';
import type {
  FetchEnd,
  FetchTrace,
  OperationStart,
  OperationTrace,
  Telemetry,
} from './telemetry.ts';

interface TelemetryOptions {
  /** Null makes no spans; operations are counted all the same. */
  readonly tracing: TracingOptions | null;
  readonly gauges: Gauges;
  readonly clock: Clock;
  readonly log: Log;
}

const NO_SPANS = { exported: 0, failed: 0, dropped: 0 };

/** Counts, and traces when there is a collector. Registers nothing globally; everything it starts ends with `close`. */
export function createTelemetry({ tracing, gauges, clock, log }: TelemetryOptions): Telemetry {
  const exported = tracing === null ? null : openSpanExport(tracing, log);
  const recorder = exported === null ? null : createSpanRecorder(exported, clock);
  const spans = () => exported?.figures() ?? NO_SPANS;
  const metrics = createGatewayMetrics({ gauges, spans, clock });
  return {
    operation: (start) => {
      const sampled = recorder?.begin(start) ?? start.traceparent ?? newTraceparent();
      return new LiveOperation(metrics, start, sampled);
    },
    refused: (code, durationMs) => metrics.operation('unknown', code, durationMs),
    delivered: metrics.delivered,
    closed: metrics.closed,
    swapped: metrics.swapped,
    subgraphs: metrics.subgraphs,
    routes: [metrics.route],
    close: async () => {
      metrics.stop();
      await exported?.close();
    },
  };
}

class LiveOperation implements OperationTrace {
  readonly traceparent: string;
  readonly #metrics: GatewayMetrics;
  readonly #start: OperationStart;
  readonly #spans: OperationSpans | null;

  constructor(metrics: GatewayMetrics, start: OperationStart, sampled: OperationSpans | string) {
    this.#metrics = metrics;
    this.#start = start;
    this.#spans = typeof sampled === 'string' ? null : sampled;
    this.traceparent = typeof sampled === 'string' ? sampled : sampled.traceparent;
  }

  planned(startedMs: number | null): void {
    if (startedMs === null) return this.#metrics.plan(null);
    const endedMs = monotonicMs();
    this.#metrics.plan(endedMs - startedMs);
    return this.#spans?.planned(startedMs, endedMs);
  }

  fetch(subgraph: SubgraphAddress, kind: string): FetchTrace {
    const spans = this.#spans;
    if (spans === null) return new CountedFetch(this.#metrics, subgraph, this.traceparent);
    return new TracedFetch(this.#metrics, spans, { subgraph, kind });
  }

  end(outcome: { readonly code: string | null; readonly errors: number }): void {
    const { kind, startedMs } = this.#start;
    this.#metrics.operation(kind, outcome.code, monotonicMs() - startedMs);
    this.#spans?.end(outcome);
  }
}

class CountedFetch implements FetchTrace {
  readonly traceparent: string;
  readonly #metrics: GatewayMetrics;
  readonly #subgraph: SubgraphAddress;
  readonly #startedMs = monotonicMs();

  constructor(metrics: GatewayMetrics, subgraph: SubgraphAddress, traceparent: string) {
    this.traceparent = traceparent;
    this.#metrics = metrics;
    this.#subgraph = subgraph;
  }

  end({ outcome }: FetchEnd): void {
    this.#metrics.fetch(this.#subgraph.name, outcome, monotonicMs() - this.#startedMs);
  }
}

class TracedFetch implements FetchTrace {
  readonly traceparent: string;
  readonly #metrics: GatewayMetrics;
  readonly #spans: OperationSpans;
  readonly #asked: { readonly subgraph: SubgraphAddress; readonly kind: string };
  readonly #spanId: string;
  readonly #startedMs = monotonicMs();

  constructor(
    metrics: GatewayMetrics,
    spans: OperationSpans,
    asked: { readonly subgraph: SubgraphAddress; readonly kind: string },
  ) {
    this.#metrics = metrics;
    this.#spans = spans;
    this.#asked = asked;
    this.#spanId = spans.newSpanId();
    this.traceparent = spans.traceparentOf(this.#spanId);
  }

  end(end: FetchEnd): void {
    const { subgraph, kind } = this.#asked;
    const startedMs = this.#startedMs;
    const endedMs = monotonicMs();
    this.#metrics.fetch(subgraph.name, end.outcome, endedMs - startedMs);
    this.#spans.fetched({ spanId: this.#spanId, subgraph, kind, startedMs, endedMs, end });
  }
}
