import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import { errorText } from '#kernel/log.ts';
import { withTimeout } from '#kernel/shutdown.ts';
import type { ReadableSpan, Sampler, SpanExporter } from '@opentelemetry/sdk-trace';
import type { Log } from '#kernel/log.ts';
import type { SpanOrigin } from './finished-span.ts';
import type { SpanFigures } from './gateway-metrics.ts';

/** The samplers that the standard names (OTEL_TRACES_SAMPLER). */
export type SamplerName =
  | 'always_on'
  | 'always_off'
  | 'traceidratio'
  | 'parentbased_always_on'
  | 'parentbased_always_off'
  | 'parentbased_traceidratio';

/** Where spans go, and which. */
export interface TracingOptions {
  /** The collector's address for traces (OTLP over HTTP, protobuf). */
  readonly url: string;
  readonly serviceName: string;
  readonly resourceAttributes: Readonly<Record<string, string>>;
  readonly sampler: SamplerName;
  /** Of traces that begin here, from 0 to 1; for the two samplers that take one. */
  readonly ratio: number;
  /** One delivery with all its repetitions. */
  readonly exportTimeoutMs: number;
  /** Spans wait so long for others to go with them. */
  readonly batchDelayMs?: number;
}

/** The way of finished spans to a collector. */
export interface SpanExport {
  readonly sampler: Sampler;
  readonly origin: SpanOrigin;
  /** Never waits and never throws: what finds no room is dropped, and counted. */
  take(span: ReadableSpan): void;
  figures(): SpanFigures;
  close(): Promise<void>;
}

/** A second of 1,000 operations with 7 fetches: a collector that restarts loses little, and 8 MB are the most that wait. */
const WAITING_MAX = 8_192;
/** What collectors take at once without complaint. */
const BATCH_MAX = 512;
const BATCH_DELAY_MS = 1_000;
/** Closing the gateway waits this long for the collector; a step of shutting down has ten seconds. */
const CLOSE_MS = 3_000;

export function openSpanExport(options: TracingOptions, log: Log): SpanExport {
  const { url, exportTimeoutMs } = options;
  const figures = { exported: 0, failed: 0, dropped: 0 };
  let waiting = 0;
  const exporter = watched(new OTLPTraceExporter({ url, timeoutMillis: exportTimeoutMs }), log, {
    onDone: (spans, result) => {
      waiting -= spans;
      figures[result] += spans;
    },
  });
  const processor = new BatchSpanProcessor({
    exporter,
    maxQueueSize: WAITING_MAX,
    maxExportBatchSize: BATCH_MAX,
    scheduledDelayMillis: options.batchDelayMs ?? BATCH_DELAY_MS,
    exportTimeoutMillis: exportTimeoutMs * 2,
  });
  return {
    sampler: samplerOf(options),
    origin: {
      resource: resourceFromAttributes({
        ...options.resourceAttributes,
        'service.name': options.serviceName,
      }),
      scope: { name: 'concord.gateway' },
    },
    take: (span) => {
      if (waiting >= WAITING_MAX) {
        figures.dropped += 1;
        return;
      }
      waiting += 1;
      processor.onEnd(span);
    },
    figures: () => figures,
    close: () =>
      withTimeout(processor.shutdown(), CLOSE_MS, 'sending the last spans').catch(
        // Said by the exporter already, or its time is up: an answer is worth more than its span.
        () => undefined,
      ),
  };
}

/** Says once per outage, not once per batch, that the collector does not take spans. */
function watched(
  exporter: SpanExporter,
  log: Log,
  { onDone }: { onDone(spans: number, result: 'exported' | 'failed'): void },
): SpanExporter {
  let isReachable = true;
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        const isExported = result.error === undefined;
        onDone(spans.length, isExported ? 'exported' : 'failed');
        if (!isExported && isReachable) {
          const error = errorText(result.error);
          log.warn({ event: 'peer.failed', service: 'trace collector', error, correlationId: '' });
        }
        isReachable = isExported;
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
  };
}

function samplerOf({ sampler, ratio }: TracingOptions): Sampler {
  switch (sampler) {
    case 'always_on':
      return new AlwaysOnSampler();
    case 'always_off':
      return new AlwaysOffSampler();
    case 'traceidratio':
      return new TraceIdRatioBasedSampler(ratio);
    case 'parentbased_always_on':
      return new ParentBasedSampler({ root: new AlwaysOnSampler() });
    case 'parentbased_always_off':
      return new ParentBasedSampler({ root: new AlwaysOffSampler() });
    case 'parentbased_traceidratio':
      return new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) });
  }
}
