import * as config from '#kernel/config.ts';
import type { SamplerName, TracingOptions } from './span-export.ts';

const SAMPLERS: ReadonlySet<string> = new Set<SamplerName>([
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
]);

/**
 * The environment of tracing, as the OpenTelemetry specification names it. The exporter reads `OTEL_EXPORTER_OTLP_HEADERS`,
 * `…_COMPRESSION` and `…_CERTIFICATE` itself: what stands there is between it and the collector.
 */
export const TRACING_SETTINGS = {
  OTEL_SDK_DISABLED: {
    ...config.flag('"true" to trace nothing', false),
    parse: (value: string) => value.trim().toLowerCase() === 'true',
  },
  OTEL_SERVICE_NAME: config.text('the name of this service in traces', 'concord-gateway'),
  OTEL_RESOURCE_ATTRIBUTES: {
    ...config.text('"name=value" pairs, separated by commas', ''),
    parse: resourceAttributes,
    fallback: { value: {} },
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: config.optional(config.url('the URL of a collector')),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: config.optional(
    config.url('the whole URL at which a collector takes traces'),
  ),
  OTEL_EXPORTER_OTLP_PROTOCOL: {
    ...config.text('"http/protobuf", the one that is spoken here,', 'http/protobuf'),
    parse: protocol,
  },
  OTEL_EXPORTER_OTLP_TIMEOUT: config.wholeNumber(
    'milliseconds for one delivery of spans',
    { min: 100, max: 60_000 },
    10_000,
  ),
  OTEL_TRACES_SAMPLER: {
    ...config.text('a sampler of the OpenTelemetry specification', 'parentbased_traceidratio'),
    parse: samplerName,
    fallback: { value: 'parentbased_traceidratio' as SamplerName },
  },
  OTEL_TRACES_SAMPLER_ARG: {
    ...config.text('the share of traces that are kept, from 0 to 1', '1'),
    parse: ratio,
    fallback: { value: 1 },
  },
} as const;

/** Null when nothing is to be exported: then no span is made, and a client's trace goes on to the subgraphs as it came. */
export function tracingOptions(
  settings: config.Config<typeof TRACING_SETTINGS>,
): TracingOptions | null {
  const base = settings.OTEL_EXPORTER_OTLP_ENDPOINT;
  const url = settings.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? (base && `${base}/v1/traces`);
  if (settings.OTEL_SDK_DISABLED || url === null) return null;
  return {
    url,
    serviceName: settings.OTEL_SERVICE_NAME,
    resourceAttributes: settings.OTEL_RESOURCE_ATTRIBUTES,
    sampler: settings.OTEL_TRACES_SAMPLER,
    ratio: settings.OTEL_TRACES_SAMPLER_ARG,
    exportTimeoutMs: settings.OTEL_EXPORTER_OTLP_TIMEOUT,
  };
}

function samplerName(value: string): SamplerName {
  if (SAMPLERS.has(value)) return value as SamplerName;
  throw new Error('not a sampler');
}

function ratio(value: string): number {
  const share = Number(value);
  if (share >= 0 && share <= 1) return share;
  throw new Error('not a share');
}

function protocol(value: string): string {
  if (value === 'http/protobuf') return value;
  throw new Error('another protocol');
}

function resourceAttributes(value: string): Readonly<Record<string, string>> {
  const pairs = value.split(',').map((pair) => {
    const [name = '', text, ...more] = pair.trim().split('=');
    if (name === '' || text === undefined || more.length > 0) throw new Error('not a pair');
    return [name.trim(), decodeURIComponent(text.trim())] as const;
  });
  return Object.fromEntries(pairs);
}
