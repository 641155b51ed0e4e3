import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OperationTypeNode, buildSchema, parse } from 'graphql';
import { monotonicMs, systemClock } from '#kernel/clock.ts';
import { startCollector } from './collector-world.ts';
import { createTelemetry } from './live-telemetry.ts';
import { silentTelemetry } from './telemetry.ts';
import type { AddressInfo } from 'node:net';
import type { LogEvent } from '#kernel/log.ts';
import type { Collector } from './collector-world.ts';
import type { Gauges } from './gateway-metrics.ts';
import type { TracingOptions } from './span-export.ts';
import type { OperationStart, Telemetry } from './telemetry.ts';

const SCHEMA = buildSchema(`
  type Query { supplier(iban: String!, filter: Filter): Supplier }
  type Supplier { id: ID! name: String! }
  input Filter { note: String, amounts: [Int!] }
`);
const SUPPLIERS = { name: 'suppliers', url: 'http://suppliers.example:4010/graphql' };
const CLIENT_TRACE = 'a'.repeat(32);
const CLIENT_SPAN = 'b'.repeat(16);
const CLIENT_TRACEPARENT = `00-${CLIENT_TRACE}-${CLIENT_SPAN}-01`;
const CANARY_IBAN = 'DE89370400440532013000';
const CANARY_TOKEN = 'eyJhbGciOiJFUzI1NiJ9.canary.signature';

const gauges: Gauges = {
  subscriptions: () => 3,
  upstreamSubscriptions: () => 2,
  connections: () => 4,
  supergraph: () => ({ version: '7', loadedAt: new Date(0) }),
  usageReportsWaiting: () => 5,
};

let collector: Collector;
let logged: LogEvent[];
let opened: Telemetry[];
beforeEach(async () => {
  collector = await startCollector();
  logged = [];
  opened = [];
});
afterEach(async () => {
  await Promise.all(opened.map((one) => one.close()));
  await collector[Symbol.asyncDispose]();
});

function start(tracing: Partial<TracingOptions> | null = {}, figures = gauges): Telemetry {
  const log = (event: LogEvent): void => void logged.push(event);
  const telemetry = createTelemetry({
    tracing: tracing && {
      url: collector.url,
      serviceName: 'concord-gateway',
      resourceAttributes: { 'deployment.environment': 'test' },
      sampler: 'parentbased_traceidratio',
      ratio: 1,
      exportTimeoutMs: 10_000,
      batchDelayMs: 20,
      ...tracing,
    },
    gauges: figures,
    clock: systemClock,
    log: { debug: log, info: log, warn: log, error: log },
  });
  opened.push(telemetry);
  return telemetry;
}

function asked(changes: Partial<OperationStart> = {}): OperationStart {
  return {
    kind: OperationTypeNode.QUERY,
    schema: SCHEMA,
    document: parse(
      `query Find { mine: supplier(iban: "${CANARY_IBAN}", filter: { note: "${CANARY_TOKEN}", amounts: [4711, 4712] }) { id name } }`,
    ),
    operationName: null,
    client: { name: 'portal', version: '3' },
    correlationId: 'c-1',
    traceparent: CLIENT_TRACEPARENT,
    startedMs: monotonicMs(),
    ...changes,
  };
}

async function arrived(count: number): Promise<Collector['spans']> {
  for (let tries = 0; collector.spans.length < count && tries < 200; tries += 1) await pause(10);
  return collector.spans;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const span = (name: string) => collector.spans.find((one) => one.name === name)!;

async function metricsOf(telemetry: Telemetry): Promise<string> {
  const reply = await telemetry.routes[0]!.handle({} as never);
  return reply.body as string;
}

/** The exposition format, read strictly: every sample has a type that was declared before it. */
function samples(text: string): Map<string, number> {
  const found = new Map<string, number>();
  const types = new Set<string>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('# HELP ')) continue;
    const type = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line)?.[1];
    if (type !== undefined) {
      types.add(type);
      continue;
    }
    const [, name, labels = '', value] = /^([a-z_]+)(\{[^}]*\})? (\S+)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) throw new Error(`not a sample: ${line}`);
    const family = types.has(name) ? name : name.replace(/_(bucket|sum|count)$/, '');
    if (!types.has(family)) throw new Error(`no type: ${line}`);
    found.set(name + labels, Number(value));
  }
  return found;
}

describe('spans', () => {
  it('hang from the client down to the call that a subgraph receives', async () => {
    const received: unknown[] = [];
    const subgraph = createServer((incoming, outgoing) => {
      received.push(incoming.headers['traceparent']);
      outgoing.end('{}');
    });
    await new Promise<void>((resolve) => subgraph.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(subgraph.address() as AddressInfo).port}/graphql`;
    const trace = start().operation(asked());
    trace.planned(monotonicMs());
    const fetching = trace.fetch({ name: 'suppliers', url }, 'query');
    await fetch(url, { method: 'POST', headers: { traceparent: fetching.traceparent } });
    fetching.end({ outcome: 'ok', status: 200 });
    trace.end({ code: null, errors: 0 });
    subgraph.closeAllConnections();
    subgraph.close();
    await arrived(3);
    const operation = span('query Find');
    expect(operation).toMatchObject({ traceId: CLIENT_TRACE, parentSpanId: CLIENT_SPAN, kind: 2 });
    expect(trace.traceparent).toBe(`00-${CLIENT_TRACE}-${operation.spanId}-01`);
    expect(span('plan')).toMatchObject({ parentSpanId: operation.spanId, kind: 1 });
    const call = span('suppliers');
    expect(call).toMatchObject({ traceId: CLIENT_TRACE, parentSpanId: operation.spanId, kind: 3 });
    expect(received).toEqual([`00-${CLIENT_TRACE}-${call.spanId}-01`]);
    expect(new Set(collector.spans.map(({ spanId }) => spanId)).size).toBe(3);
  });

  it('say what was asked of whom, and how it went', async () => {
    const telemetry = start();
    const trace = telemetry.operation(asked());
    trace.fetch(SUPPLIERS, 'query').end({ outcome: 'time-out', status: null });
    trace.end({ code: 'UPSTREAM_UNAVAILABLE', errors: 2 });
    await arrived(2);
    expect(span('query Find')).toMatchObject({
      attributes: {
        'graphql.operation.type': 'query',
        'graphql.operation.name': 'Find',
        'concord.operation.hash': expect.stringMatching(/^[0-9a-f]{32}$/),
        'concord.correlation_id': 'c-1',
        'concord.client.name': 'portal',
        'concord.client.version': '3',
        'concord.errors': 2,
        'error.type': 'UPSTREAM_UNAVAILABLE',
      },
      status: { code: 2, message: 'UPSTREAM_UNAVAILABLE' },
    });
    expect(span('suppliers')).toMatchObject({
      attributes: {
        'concord.subgraph': 'suppliers',
        'server.address': 'suppliers.example',
        'server.port': 4010,
        'graphql.operation.type': 'query',
        'error.type': 'time-out',
      },
      status: { code: 2, message: 'time-out' },
    });
    expect(collector.resource).toEqual({
      'service.name': 'concord-gateway',
      'deployment.environment': 'test',
    });
    expect(collector.contentTypes[0]).toBe('/v1/traces application/x-protobuf');
  });

  it('stand at the time of day at which it happened', async () => {
    const before = Date.now();
    const startedMs = monotonicMs();
    const trace = start().operation(asked({ startedMs }));
    await pause(30);
    trace.end({ code: null, errors: 0 });
    const [operation] = await arrived(1);
    expect(operation!.startMs).toBeGreaterThan(before - 5);
    expect(operation!.endMs - operation!.startMs).toBeGreaterThan(25);
    expect(operation!.endMs).toBeLessThan(Date.now() + 5);
  });

  it('hold no value that a client or a subgraph sent', async () => {
    const trace = start().operation(asked({ traceparent: null }));
    trace.planned(monotonicMs());
    trace.fetch(SUPPLIERS, 'query').end({ outcome: 'errors', status: 200, code: CANARY_IBAN });
    trace.fetch(SUPPLIERS, 'query').end({ outcome: 'errors', status: 200, code: CANARY_TOKEN });
    trace.end({ code: `no supplier has ${CANARY_IBAN}`, errors: 1 });
    await arrived(4);
    const sent = collector.raw.join('');
    for (const canary of [CANARY_IBAN, CANARY_TOKEN, '4711', '4712', 'mine'])
      expect(sent).not.toContain(canary);
    expect(span('query Find').status.message).toBe('OTHER');
    expect(span('suppliers').attributes['error.type']).toBe('OTHER');
    expect(span('plan').attributes['graphql.document']).toBe(
      'query Find{supplier(filter:{note:"" amounts:[0]}iban:""){id name}}',
    );
  });

  it('begin a trace of their own where the client has none, or one that means nothing', async () => {
    const telemetry = start();
    for (const traceparent of [null, `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01`, 'nonsense'])
      telemetry.operation(asked({ traceparent })).end({ code: null, errors: 0 });
    await arrived(3);
    expect(new Set(collector.spans.map(({ traceId }) => traceId)).size).toBe(3);
    expect(collector.spans.every(({ parentSpanId }) => parentSpanId === '')).toBe(true);
  });

  it('are not made where the client does not sample, and its trace goes on as it came', async () => {
    const traceparent = `00-${CLIENT_TRACE}-${CLIENT_SPAN}-00`;
    const telemetry = start();
    const trace = telemetry.operation(asked({ traceparent }));
    expect(trace.traceparent).toBe(traceparent);
    expect(trace.fetch(SUPPLIERS, 'query').traceparent).toBe(traceparent);
    trace.end({ code: null, errors: 0 });
    await telemetry.close();
    expect(collector.spans).toEqual([]);
  });

  it('are not made beyond the ratio, and the flag says so', async () => {
    const telemetry = start({ ratio: 0 });
    const trace = telemetry.operation(asked({ traceparent: null }));
    expect(trace.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    trace.end({ code: null, errors: 0 });
    const forced = start({ sampler: 'always_off' }).operation(asked());
    expect(forced.traceparent).toMatch(
      new RegExp(`^00-${CLIENT_TRACE}-(?!${CLIENT_SPAN}).{16}-00$`),
    );
  });

  it('of an event hang from the subscription that was opened before', async () => {
    const trace = start().operation(asked({ kind: OperationTypeNode.SUBSCRIPTION }));
    trace.end({ code: null, errors: 0 });
    await arrived(1);
    trace.fetch(SUPPLIERS, 'query').end({ outcome: 'ok', status: 200 });
    await arrived(2);
    expect(span('suppliers').parentSpanId).toBe(span('subscription Find').spanId);
  });
});

describe('a collector that is down', () => {
  it('holds up no operation, is told of once, and costs nothing but its spans', async () => {
    await collector[Symbol.asyncDispose]();
    const telemetry = start();
    for (let count = 0; count < 2_000; count += 1) {
      const trace = telemetry.operation(asked());
      for (let calls = 0; calls < 7; calls += 1)
        trace.fetch(SUPPLIERS, 'query').end({ outcome: 'ok', status: 200 });
      trace.end({ code: null, errors: 0 });
    }
    let figures = samples(await metricsOf(telemetry));
    const failed = () => figures.get('concord_gateway_spans_total{result="failed"}') ?? 0;
    for (let tries = 0; failed() < 512 && tries < 3_000; tries += 1) {
      await pause(10);
      figures = samples(await metricsOf(telemetry));
    }
    expect(figures.get('concord_gateway_operations_total{kind="query",outcome="ok"}')).toBe(2_000);
    expect(figures.get('concord_gateway_spans_total{result="dropped"}')).toBe(16_000 - 8_192);
    expect(failed()).toBeGreaterThanOrEqual(512);
    expect(logged).toMatchObject([{ event: 'peer.failed', service: 'trace collector' }]);
    await telemetry.close();
  });

  it('is sent the next spans when it is back', async () => {
    collector.answer(400);
    const telemetry = start();
    telemetry.operation(asked()).end({ code: null, errors: 0 });
    for (let tries = 0; logged.length === 0 && tries < 3_000; tries += 1) await pause(10);
    collector.answer(200);
    telemetry.operation(asked()).end({ code: null, errors: 0 });
    expect(await arrived(1)).toHaveLength(1);
  });

  it('gets what waits when the gateway closes', async () => {
    const telemetry = start({ batchDelayMs: 60_000 });
    telemetry.operation(asked()).end({ code: null, errors: 0 });
    await telemetry.close();
    expect(collector.spans).toHaveLength(1);
  });
});

describe('figures', () => {
  it('count operations, calls and plans by labels that clients cannot make more of', async () => {
    const telemetry = start(null);
    for (const name of ['A', 'B', 'C']) {
      const document = parse(`query ${name} { __typename }`);
      const trace = telemetry.operation(asked({ document, operationName: name }));
      trace.planned(name === 'A' ? monotonicMs() : null);
      trace.fetch(SUPPLIERS, 'query').end({ outcome: 'ok', status: 200 });
      trace.end({ code: name === 'C' ? 'MADE_UP_BY_A_SUBGRAPH' : null, errors: 0 });
    }
    telemetry.refused('UNAUTHENTICATED', 1);
    telemetry.delivered(250);
    telemetry.closed(1012);
    telemetry.closed('complete');
    telemetry.closed('anything else');
    telemetry.swapped('loaded');
    const text = await metricsOf(telemetry);
    const figures = samples(text);
    expect(Object.fromEntries(figures)).toMatchObject({
      'concord_gateway_operations_total{kind="query",outcome="ok"}': 2,
      'concord_gateway_operations_total{kind="query",outcome="OTHER"}': 1,
      'concord_gateway_operations_total{kind="unknown",outcome="UNAUTHENTICATED"}': 1,
      'concord_gateway_operation_duration_seconds_count{kind="query"}': 3,
      'concord_gateway_subgraph_requests_total{subgraph="suppliers",outcome="ok"}': 3,
      'concord_gateway_subgraph_request_duration_seconds_count{subgraph="suppliers"}': 3,
      'concord_gateway_plan_lookups_total{result="hit"}': 2,
      'concord_gateway_plan_lookups_total{result="miss"}': 1,
      concord_gateway_plan_duration_seconds_count: 1,
      concord_gateway_deliveries_total: 250,
      'concord_gateway_closed_total{code="1012"}': 1,
      'concord_gateway_closed_total{code="complete"}': 1,
      'concord_gateway_closed_total{code="OTHER"}': 1,
      'concord_gateway_swaps_total{outcome="loaded"}': 1,
      concord_gateway_subscriptions: 3,
      concord_gateway_upstream_subscriptions: 2,
      concord_gateway_connections: 4,
      concord_gateway_usage_reports_waiting: 5,
      'concord_gateway_supergraph_info{version="7"}': 1,
    });
    expect(figures.get('concord_gateway_supergraph_age_seconds')).toBeGreaterThan(1e9);
    expect(figures.get('process_resident_memory_bytes')).toBeGreaterThan(1e6);
    expect(figures.get('process_cpu_seconds_total')).toBeGreaterThan(0);
    expect(figures.has('concord_gateway_event_loop_delay_seconds{quantile="0.99"}')).toBe(true);
    expect(text).not.toMatch(/"[ABC]"|Find|MADE_UP/);
  });

  it('say nothing of a supergraph before there is one', async () => {
    const none = { ...gauges, supergraph: () => null };
    const telemetry = start(null, none);
    const found = samples(await metricsOf(telemetry));
    expect([...found.keys()].filter((name) => name.includes('supergraph_'))).toEqual([]);
  });

  it('belong to one gateway, with no registry that all share', async () => {
    const [first, second] = [start(null), start(null)];
    first.refused('BAD_REQUEST', 1);
    expect(await metricsOf(second)).not.toContain('BAD_REQUEST');
  });

  it('know since when a subgraph has been failing, and forget it when it answers', () => {
    const trace = start(null).operation(asked());
    const telemetry = opened[0]!;
    const call = (outcome: 'ok' | 'errors' | 'unreachable' | 'circuit-open' | 'gone'): void =>
      trace.fetch(SUPPLIERS, 'query').end({ outcome, status: null });
    call('ok');
    expect(telemetry.subgraphs()).toEqual([
      { name: 'suppliers', outcome: 'ok', failingSince: null },
    ]);
    call('unreachable');
    const [failing] = telemetry.subgraphs();
    expect(failing).toMatchObject({ outcome: 'unreachable', failingSince: expect.any(Date) });
    call('circuit-open');
    call('gone');
    expect(telemetry.subgraphs()).toEqual([{ ...failing, outcome: 'circuit-open' }]);
    call('errors');
    expect(telemetry.subgraphs()[0]).toMatchObject({ outcome: 'errors', failingSince: null });
  });
});

describe('silence', () => {
  it('passes a trace on, and makes one where there is none', () => {
    const known = silentTelemetry.operation(asked());
    expect(known.fetch(SUPPLIERS, 'query').traceparent).toBe(CLIENT_TRACEPARENT);
    const unknown = silentTelemetry.operation(asked({ traceparent: null }));
    expect(unknown.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    expect(silentTelemetry.routes).toEqual([]);
  });

  it('of tracing alone leaves the client’s trace as it was', () => {
    const trace = start(null).operation(asked());
    expect(trace.traceparent).toBe(CLIENT_TRACEPARENT);
    expect(trace.fetch(SUPPLIERS, 'query').traceparent).toBe(CLIENT_TRACEPARENT);
  });
});
