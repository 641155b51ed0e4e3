import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startCollector } from './telemetry/collector-world.ts';
import { TEST_LIMITS, createWorld } from './test-world/world.ts';
import { until } from '../tests/support/until.ts';
import type { Gateway } from './main.ts';
import type { Collector } from './telemetry/collector-world.ts';
import type { World } from './test-world/world.ts';

let world: World;
let collector: Collector;
let gateway: Gateway;
beforeAll(async () => {
  collector = await startCollector();
  world = await createWorld();
  gateway = await world.startAnother({
    limits: { ...TEST_LIMITS, upstreamMs: 2_500 },
    tracing: {
      url: collector.url,
      serviceName: 'concord-gateway',
      resourceAttributes: {},
      sampler: 'parentbased_traceidratio',
      ratio: 1,
      exportTimeoutMs: 10_000,
      batchDelayMs: 20,
    },
  });
  await until(async () => (await gateway.ready()).length === 0);
});
afterAll(async () => {
  await gateway.close();
  await world[Symbol.asyncDispose]();
  await collector[Symbol.asyncDispose]();
});

async function get(path: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`${gateway.url}${path}`);
  return { status: response.status, text: await response.text() };
}

async function ask(
  query: string,
  options: { roles?: string[]; headers?: Record<string, string>; variables?: object } = {},
) {
  const token = await world.issuer.token({ roles: options.roles ?? ['requestor'] });
  const response = await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${token}`,
      ...options.headers,
    },
    body: JSON.stringify({ query, variables: options.variables }),
  });
  return (await response.json()) as {
    data?: { whoAmI?: { traceparent: string } };
    errors?: { extensions: { code: string } }[];
    extensions: { queryPlan?: string };
  };
}

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const TWO_SUBGRAPHS = 'query Deep($id: ID!) { order(id: $id) { note supplier { name } } }';

describe('spans', () => {
  it('lead from the client to the subgraphs', async () => {
    const headers = { traceparent: `00-${TRACE}-b7ad6b7169203331-01` };
    await ask(TWO_SUBGRAPHS, { headers, variables: { id: 'IBAN-DE89370400440532013000' } });
    const { data } = await ask('{ whoAmI { traceparent } }', { headers });
    const ours = () => collector.spans.filter(({ traceId }) => traceId === TRACE);
    await until(() => ours().length >= 2 + 1 + 3);
    const operation = ours().find(({ name }) => name === 'query Deep');
    const fetches = ours().filter(({ parentSpanId }) => parentSpanId === operation?.spanId);
    expect(operation?.parentSpanId).toBe('b7ad6b7169203331');
    expect(fetches.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['purchase-orders', 'suppliers', 'plan']),
    );
    // What a subgraph is sent is the span of its own fetch.
    const [, traceId, spanId] = data?.whoAmI?.traceparent.split('-') ?? [];
    expect(traceId).toBe(TRACE);
    expect(ours().some((span) => span.spanId === spanId && span.name === 'purchase-orders')).toBe(
      true,
    );
    expect(collector.raw.join('')).not.toContain('DE89370400440532013000');
  });
});

describe('figures', () => {
  it('count what was asked, refused and fetched', async () => {
    await ask('{ echo }');
    await ask('{ nothing }');
    const { status, text } = await get('/metrics');
    expect(status).toBe(200);
    for (const line of [
      /^concord_gateway_operations_total\{kind="query",outcome="ok"\} [1-9]/m,
      /^concord_gateway_operations_total\{kind="unknown",outcome="GRAPHQL_VALIDATION_FAILED"\} 1$/m,
      /^concord_gateway_subgraph_requests_total\{subgraph="purchase-orders",outcome="ok"\} [1-9]/m,
      /^concord_gateway_swaps_total\{outcome="loaded"\} 1$/m,
      /^concord_gateway_supergraph_info\{version="[0-9a-f-]+"\} 1$/m,
    ])
      expect(text).toMatch(line);
  });
});

describe('health', () => {
  it('is said check by check', async () => {
    await ask('{ echo }');
    const { status, text } = await get('/readyz?verbose');
    expect(status).toBe(200);
    expect(text).toContain('[+]supergraph and warm-up ok');
    expect(text).toContain('[+]subgraph purchase-orders ok');
    expect((await get('/readyz')).text).toBe('{"status":"ready"}');
    expect((await get('/livez')).status).toBe(200);
  });

  it('shows a subgraph that fails, and stays ready', async () => {
    world.subgraphs.switches.supplierDelayMs = 6_000;
    await ask(TWO_SUBGRAPHS, { variables: { id: '1' } });
    world.subgraphs.switches.supplierDelayMs = 0;
    const { status, text } = await get('/readyz?verbose');
    expect(status).toBe(200);
    expect(text).toMatch(/\[-\]subgraph suppliers failing since .*: time-out \(not required\)/);
  });
});

describe('the plan of an operation', () => {
  const headers = { 'x-concord-plan': 'show' };

  it('is shown beside the answer to those who may read the schema', async () => {
    const options = { roles: ['architect'], headers, variables: { id: '1' } };
    const { data, extensions } = await ask(TWO_SUBGRAPHS, options);
    expect(data).toBeDefined();
    expect(extensions.queryPlan).toMatch(/purchase-orders[^]*suppliers/);
  });

  it('is refused to others, and not shown to those who do not ask', async () => {
    expect((await ask('{ echo }', { headers })).errors?.[0]?.extensions.code).toBe(
      'INTROSPECTION_DISABLED',
    );
    expect((await ask('{ echo }', { roles: ['architect'] })).extensions.queryPlan).toBeUndefined();
  });
});
