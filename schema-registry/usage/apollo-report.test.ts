import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setImmediate } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { ApolloServer } from '@apollo/server';
import { ApolloServerPluginUsageReporting } from '@apollo/server/plugin/usageReporting';
import { Report } from '@apollo/usage-reporting-protobuf';
import { coverageOf } from './coverage-question.ts';
import { readApolloReport } from './apollo-report.ts';
import { usageOf } from './usage-question.ts';
import { NOW_MS, openUsageWorld } from './usage-world.ts';
import type { UsageWorld } from './usage-world.ts';

const ignore = (): void => undefined;
const QUIET = { debug: ignore, info: ignore, warn: ignore, error: ignore };
const SINCE = new Date('2026-11-01');

function report(parts: Partial<Parameters<typeof Report.encode>[0]>): Buffer {
  const header = { graphRef: 'finance@production', agentVersion: 'test' };
  const endTime = { seconds: NOW_MS / 1000, nanos: 0 };
  return gzipSync(Report.encode({ header, endTime, ...parts }).finish());
}

const INVOICE = {
  referencedFieldsByType: {
    Query: { fieldNames: ['invoice'] },
    Invoice: { fieldNames: ['total', 'id'] },
  },
  statsWithContext: [
    {
      context: { clientName: 'portal', clientVersion: '2' },
      queryLatencyStats: { requestCount: 40, requestsWithErrorsCount: 3 },
    },
    { context: {}, queryLatencyStats: { requestCount: 2 } },
  ],
};

describe("reports of Apollo's servers", () => {
  let world: UsageWorld;
  beforeAll(async () => {
    world = await openUsageWorld();
  });
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });
  const headers = { 'x-api-key': 'reporter', authorization: '', 'content-encoding': 'gzip' };
  const send = (body: Buffer): ReturnType<UsageWorld['post']> =>
    world.post(body, {
      path: '/api/ingress/traces',
      headers: {
        ...headers,
        authorization: 'Bearer reporter',
        'user-agent': 'ApolloServerPluginUsageReporting',
      },
    });
  const requestsOf = async (coordinate: string): Promise<number | undefined> => {
    const question = { targetIds: [world.production.id], since: SINCE, excludedClients: [] };
    const found = await usageOf(world.database, { ...question, coordinates: [coordinate] });
    return found.get(coordinate)?.requests;
  };

  it('count output fields, by client', async () => {
    const tracesPerQuery = { '# Invoice\nquery Invoice{invoice(id:0){id total}}': INVOICE };
    const answer = await send(report({ tracesPerQuery }));
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      tracesIgnored: true,
      operations: { accepted: 42, rejected: 0 },
    });
    expect(await requestsOf('Invoice.total')).toBe(42);
    expect(await requestsOf('Query.invoice(id:)')).toBe(0);
  });

  it('prove nothing about arguments, input fields and enum values', async () => {
    const window = {
      targetId: world.production.id,
      since: world.clock.now(),
      until: world.clock.now(),
    };
    const coverage = await coverageOf(world.database, window);
    expect(coverage.outputFieldsOnly).toBe(true);
    expect(coverage.days).toMatchObject([{ state: 'COVERED' }]);
    expect(coverage.gateways).toMatchObject([
      { gateway: 'token:reporter ApolloServerPluginUsageReporting' },
    ]);
  });

  it('count traces where they are not summed up already', () => {
    const trace = {
      clientName: 'portal',
      clientVersion: '3',
      endTime: { seconds: 100 },
      root: { child: [{ error: [{ message: 'x' }] }] },
    };
    const entry = { referencedFieldsByType: {}, trace: [trace] };
    const read = (tracesPreAggregated: boolean): unknown => {
      const tracesPerQuery = { '# -\n{a}': entry };
      const header = { graphRef: 'finance@production' };
      const body = Report.encode({ header, tracesPerQuery, tracesPreAggregated }).finish();
      const result = readApolloReport(body);
      return result.ok ? result.value.report.uses : result.problem;
    };
    expect(read(false)).toMatchObject([
      { client: 'portal', clientVersion: '3', requests: 1, errors: 1, atMs: 100_000 },
    ]);
    expect(read(true)).toEqual([]);
  });

  it('leave out requests that never became an operation', () => {
    const header = { graphRef: 'finance@production' };
    const tracesPerQuery = { '## GraphQLParseFailure\n': INVOICE };
    const result = readApolloReport(Report.encode({ header, tracesPerQuery }).finish());
    expect(result).toMatchObject({ ok: true, value: { report: { uses: [] } } });
  });

  it.each([
    [
      'bytes that are no report',
      gzipSync(Buffer.from('no report at all')),
      400,
      'MALFORMED_REPORT',
    ],
    ['nothing', gzipSync(Buffer.alloc(0)), 400, 'MALFORMED_REPORT'],
    ['what is not compressed although it says so', Buffer.from('plain'), 400, 'MALFORMED_ENCODING'],
    [
      'a small body that becomes a huge one',
      gzipSync(Buffer.alloc(64 * 1024 * 1024)),
      413,
      'REPORT_TOO_LARGE',
    ],
    ['a graph that is not there', report({ header: { graphRef: 'x@y' } }), 404, 'UNKNOWN_TARGET'],
    ['no graph', report({ header: {} }), 404, 'UNKNOWN_TARGET'],
    [
      '5,001 operations',
      report({
        tracesPerQuery: Object.fromEntries(
          Array.from({ length: 5_001 }, (_, n) => [`# a${n}\n{a}`, {}]),
        ),
      }),
      413,
      'REPORT_TOO_LARGE',
    ],
  ])('are refused: %s', async (_name, body, status, code) => {
    const answer = await send(body);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });

  it('come from a real Apollo server', async () => {
    const server = new ApolloServer({
      typeDefs: 'type Query { widgets(first: Int): [Widget!] } type Widget { size: Int }',
      resolvers: { Query: { widgets: () => [{ size: 1 }] } },
      apollo: { key: 'reporter', graphRef: 'finance@production' },
      stopOnTerminationSignals: false,
      logger: QUIET,
      plugins: [
        ApolloServerPluginUsageReporting({
          endpointUrl: world.url,
          logger: QUIET,
          fieldLevelInstrumentation: 0,
          generateClientInfo: () => ({ clientName: 'warehouse', clientVersion: '9' }),
        }),
      ],
    });
    world.clock.set(new Date().toISOString());
    await server.executeOperation({ query: 'query W { widgets(first: 3) { size } }' });
    // The plugin notes an operation one turn of the loop later, and sends what it noted when it stops.
    await setImmediate();
    await setImmediate();
    await server.stop();
    const question = {
      targetIds: [world.production.id],
      coordinates: ['Widget.size'],
      excludedClients: [],
    };
    const found = await usageOf(world.database, { ...question, since: SINCE });
    expect(found.get('Widget.size')).toMatchObject({
      requests: 1,
      clients: [{ name: 'warehouse', version: '9' }],
      operations: [{ name: 'W' }],
    });
  });
});
