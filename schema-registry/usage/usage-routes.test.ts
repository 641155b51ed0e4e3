import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { coverageOf } from './coverage-question.ts';
import { usageOf } from './usage-question.ts';
import { hiveReport, NOW, NOW_MS, openUsageWorld } from './usage-world.ts';
import type { CoordinateUsage } from '../check/result.ts';
import type { UsageWorld } from './usage-world.ts';

const PORTAL = { name: 'supplier-portal', version: '3.1.0' };
const INVOICE = {
  operation: 'query Invoice($id:ID!){invoice(id:$id){total(currency:"EUR")status}}',
  operationName: 'Invoice',
  fields: [
    'Query.invoice',
    'Query.invoice.id!',
    'Query.invoice.id',
    'Invoice.total',
    'Invoice.total.currency',
    'Invoice.total.currency!',
    'Invoice.status',
    'InvoiceStatus.OPEN',
    'ID',
    'String',
  ],
};

describe('the door for usage reports', () => {
  let world: UsageWorld;
  beforeAll(async () => {
    world = await openUsageWorld();
  });
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });

  const usage = async (
    coordinate: string,
    targetId = world.production.id,
  ): Promise<CoordinateUsage> => {
    const question = { targetIds: [targetId], coordinates: [coordinate], excludedClients: [] };
    const found = await usageOf(world.database, { ...question, since: new Date('2026-11-01') });
    const answer = found.get(coordinate);
    if (answer === undefined) throw new Error('Every coordinate that was asked for is answered.');
    return answer;
  };
  const rows = async (): Promise<unknown> =>
    world.database.query(
      `select (select count(*) from usage_daily) daily, (select sum(requests) from usage_daily) requests,
         (select count(*) from usage_operation) operations, (select count(*) from reporting_coverage) coverage`,
    );

  it("counts a report of Hive's client, with fields, arguments, enum values and who asked", async () => {
    const uses = [
      { key: 'a', client: PORTAL },
      { key: 'a', client: PORTAL, ok: false },
      { key: 'a' },
    ];
    const answer = await world.post(hiveReport({ a: INVOICE }, uses), { gzip: true });
    expect(answer.status).toBe(200);
    expect(answer.body.operations).toEqual({ accepted: 3, rejected: 0 });
    const seen = await usage('Invoice.total(currency:)');
    expect(seen.requests).toBe(3);
    expect(seen.clients).toMatchObject([
      { name: 'supplier-portal', version: '3.1.0', requests: 2 },
      { name: 'unknown', version: '', requests: 1 },
    ]);
    expect(seen.operations).toMatchObject([{ name: 'Invoice', requests: 3 }]);
    for (const coordinate of [
      'Invoice',
      'Query',
      'Query.invoice',
      'Query.invoice(id:)!',
      'InvoiceStatus.OPEN',
    ])
      expect((await usage(coordinate)).requests).toBe(3);
    expect((await usage('Invoice.dueOn')).requests).toBe(0);
  });

  it('keeps no literal of an operation', async () => {
    const [row] = await world.database.query<{ body: string }>('select body from usage_operation');
    expect(row?.body).toBe('query Invoice($id:ID!){invoice(id:$id){total(currency:"")status}}');
  });

  it('takes the client of a persisted document from its id, when metadata is empty', async () => {
    const map = {
      b: { operation: '{me{name}}', operationName: null, fields: ['Query.me', 'User.name'] },
    };
    await world.post(hiveReport(map, [{ key: 'b', document: 'mobile~7.2~abc123' }]));
    expect((await usage('User.name')).clients).toMatchObject([{ name: 'mobile', version: '7.2' }]);
  });

  it('counts the start of a subscription as a request', async () => {
    const report = {
      size: 1,
      map: {
        s: {
          operation: 'subscription S{feed{at}}',
          operationName: 'S',
          fields: ['Subscription.feed', 'Feed.at'],
        },
      },
      subscriptionOperations: [
        { operationMapKey: 's', timestamp: NOW_MS, metadata: { client: PORTAL } },
      ],
    };
    expect((await world.post(report)).body.operations).toEqual({ accepted: 1, rejected: 0 });
    expect((await usage('Feed.at')).requests).toBe(1);
  });

  it('keeps targets apart, and finds one by its id too', async () => {
    const map = { c: { operation: '{a}', fields: ['Query.a'] } };
    const answer = await world.post(hiveReport(map, [{ key: 'c' }]), {
      path: `/usage/${world.staging.id}`,
    });
    expect(answer.status).toBe(200);
    expect((await usage('Query.a')).requests).toBe(0);
    expect((await usage('Query.a', world.staging.id)).requests).toBe(1);
  });

  it('counts a report once that comes again under the same name', async () => {
    const map = { d: { operation: '{d}', fields: ['Query.d'] } };
    const headers = { 'x-client-action-id': 'action-1', 'x-request-id': 'first-try' };
    const first = await world.post(hiveReport(map, [{ key: 'd' }, { key: 'd' }]), { headers });
    const second = await world.post(hiveReport(map, [{ key: 'd' }, { key: 'd' }]), {
      headers: { ...headers, 'x-request-id': 'second-try' },
    });
    expect([first.body.repeated, second.body.repeated]).toEqual([false, true]);
    expect(second.body.operations).toEqual({ accepted: 2, rejected: 0 });
    expect((await usage('Query.d')).requests).toBe(2);
    await world.post(hiveReport(map, [{ key: 'd' }]), { headers });
    expect((await usage('Query.d')).requests).toBe(3);
  });

  it('adds up reports that come at the same time', async () => {
    const map = {
      e: { operation: '{e}', fields: ['Query.e'] },
      f: { operation: '{f}', fields: ['Query.f'] },
    };
    const uses = [
      { key: 'e', client: PORTAL },
      { key: 'f', client: PORTAL },
    ];
    const posts = Array.from({ length: 20 }, (_, index) =>
      world.post(hiveReport(map, index % 2 === 0 ? uses : uses.toReversed())),
    );
    expect((await Promise.all(posts)).map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect((await usage('Query.e')).requests).toBe(20);
  });

  it('counts a report once that comes twice at the same time', async () => {
    const map = { t: { operation: '{t}', fields: ['Query.t'] } };
    const headers = { 'x-report-id': 'twice' };
    const posts = Array.from({ length: 8 }, () =>
      world.post(hiveReport(map, [{ key: 't' }]), { headers }),
    );
    const answers = await Promise.all(posts);
    expect(answers.filter(({ body }) => !body.repeated)).toHaveLength(1);
    expect((await usage('Query.t')).requests).toBe(1);
  });

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])('takes a body compressed with %s', async (encoding, compress) => {
    const coordinate = `Query.${encoding}`;
    const report = hiveReport({ z: { operation: `{${encoding}}`, fields: [coordinate] } }, [
      { key: 'z' },
    ]);
    const body = compress(Buffer.from(JSON.stringify(report)));
    const answer = await world.post(body, { headers: { 'content-encoding': encoding } });
    expect(answer.status).toBe(200);
    expect((await usage(coordinate)).requests).toBe(1);
  });

  it('takes an empty report as the word of a gateway that nothing was asked', async () => {
    const headers = { 'x-concord-gateway': 'gateway-quiet' };
    const answer = await world.post({ size: 0, map: {} }, { headers });
    expect(answer.body.operations).toEqual({ accepted: 0, rejected: 0 });
    const window = { targetId: world.production.id, since: new Date(NOW), until: new Date(NOW) };
    const coverage = await coverageOf(world.database, window);
    expect(coverage.gateways.map(({ gateway }) => gateway)).toEqual([
      'gateway-quiet',
      'token:reporter hive-client',
    ]);
    expect(coverage.days).toEqual([{ day: '2026-11-25', state: 'COVERED', missing: [] }]);
  });

  it('takes every empty report, even under a name that came before', async () => {
    const headers = { 'x-concord-gateway': 'gateway-quiet', 'x-request-id': 'always-the-same' };
    for (const at of ['2026-11-26T00:01:00.000Z', '2026-11-27T00:01:00.000Z']) {
      world.clock.set(at);
      expect((await world.post({ size: 0, map: {} }, { headers })).body.repeated).toBe(false);
    }
    world.clock.set(NOW);
    const days = await world.database.query(
      "select day from reporting_coverage where gateway = 'gateway-quiet' order by day",
    );
    expect(days).toEqual(['2026-11-25', '2026-11-26', '2026-11-27'].map((day) => ({ day })));
  });

  describe('refuses and stores nothing of', () => {
    const good = hiveReport({ a: INVOICE }, [{ key: 'a' }]) as Record<string, unknown>;
    const use = { operationMapKey: 'a', timestamp: NOW_MS, execution: { ok: true }, metadata: {} };
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    const cases: readonly [string, unknown, object, number, string][] = [
      ['what is no JSON', '{', {}, 400, 'INVALID_INPUT'],
      ['a list', [], {}, 400, 'INVALID_INPUT'],
      ['a report without size', { map: {} }, {}, 400, 'INVALID_INPUT'],
      [
        'an operation without fields',
        { size: 1, map: { a: { operation: '{a}' } }, operations: [use] },
        {},
        400,
        'INVALID_INPUT',
      ],
      [
        'a field that is no coordinate',
        {
          size: 1,
          map: { a: { operation: '{a}', fields: ['Query.a; drop table'] } },
          operations: [use],
        },
        {},
        400,
        'INVALID_INPUT',
      ],
      [
        'a time that is no number',
        { ...good, operations: [{ ...use, timestamp: 'now' }] },
        {},
        400,
        'INVALID_INPUT',
      ],
      [
        'an execution without outcome',
        { ...good, operations: [{ ...use, execution: {} }] },
        {},
        400,
        'INVALID_INPUT',
      ],
      [
        'a document id of two parts',
        { ...good, operations: [{ ...use, persistedDocumentHash: 'a~b' }] },
        {},
        400,
        'INVALID_INPUT',
      ],
      [
        'a client name of 201 characters',
        { ...good, operations: [{ ...use, metadata: { client: { name: 'x'.repeat(201) } } }] },
        {},
        400,
        'INVALID_INPUT',
      ],
      [
        'the character 0',
        { ...good, operations: [{ ...use, metadata: { client: { name: 'a\0' } } }] },
        {},
        400,
        'INVALID_INPUT',
      ],
      [
        '20,001 entries',
        { ...good, operations: Array.from({ length: 20_001 }, () => use) },
        {},
        400,
        'INVALID_INPUT',
      ],
      [
        '5,001 operations',
        {
          ...good,
          map: Object.fromEntries(Array.from({ length: 5_001 }, (_, key) => [key, INVOICE])),
        },
        {},
        400,
        'INVALID_INPUT',
      ],
      [
        '5,001 coordinates of one operation',
        { ...good, map: { a: { operation: '{a}', fields: Array(5_001).fill('Query.a') } } },
        {},
        400,
        'INVALID_INPUT',
      ],
      [
        'a small body that becomes a huge one',
        bomb,
        { headers: { 'content-encoding': 'gzip' } },
        413,
        'REPORT_TOO_LARGE',
      ],
      [
        'a body that is not what it says',
        'plain',
        { headers: { 'content-encoding': 'gzip' } },
        400,
        'MALFORMED_ENCODING',
      ],
      [
        'an encoding that nobody knows',
        'plain',
        { headers: { 'content-encoding': 'zstd' } },
        415,
        'UNSUPPORTED_ENCODING',
      ],
      ['a body above the limit', 'x'.repeat(10 * 1024 * 1024 + 1), {}, 413, 'BODY_TOO_LARGE'],
      [
        'another version of the format',
        good,
        { headers: { 'x-usage-api-version': '1' } },
        400,
        'UNSUPPORTED_USAGE_VERSION',
      ],
      [
        'a target that is not there',
        good,
        { path: '/usage/concord/finance/nowhere' },
        404,
        'UNKNOWN_TARGET',
      ],
      ['a target id that is none', good, { path: '/usage/nowhere' }, 404, 'UNKNOWN_TARGET'],
      ['a path that is too long', good, { path: '/usage/a/b/c/d' }, 404, 'UNKNOWN_TARGET'],
      [
        'a token without the action',
        good,
        { headers: { authorization: 'Bearer reader' } },
        403,
        'FORBIDDEN',
      ],
      [
        'a token that nobody gave out',
        good,
        { headers: { authorization: 'Bearer forged' } },
        401,
        'INVALID_TOKEN',
      ],
    ];
    it.each(cases)('%s', async (_name, report, options, status, code) => {
      const before = await rows();
      const answer = await world.post(report, options);
      expect([answer.status, answer.body.code]).toEqual([status, code]);
      expect(await rows()).toEqual(before);
    });
  });

  it('tells a sender what was wrong, where', async () => {
    const report = { size: 1, map: { a: { operation: '{a}', fields: ['no coordinate'] } } };
    const { body } = await world.post(report);
    expect(body.errors).toEqual([
      {
        path: 'map.0.fields.0',
        code: 'MALFORMED',
        message:
          'map.0.fields.0: a schema coordinate such as `Query.invoice` is expected, not "no coordinate".',
      },
    ]);
  });

  it.each([
    ['UNKNOWN_OPERATION_KEY', { key: 'nobody' }],
    ['TIME_TOO_OLD', { key: 'g', at: NOW_MS - 8 * 86_400_000 }],
    ['TIME_IN_FUTURE', { key: 'g', at: NOW_MS + 86_400_000 }],
  ])('counts the rest of a report and names what it left out: %s', async (code, use) => {
    const map = { g: { operation: '{g}', fields: ['Query.g'] } };
    const before = (await usage('Query.g')).requests;
    const answer = await world.post(hiveReport(map, [{ key: 'g' }, use]));
    expect(answer.body.operations).toEqual({ accepted: 1, rejected: 1 });
    expect(answer.body.errors).toMatchObject([{ code, count: 1 }]);
    expect((await usage('Query.g')).requests).toBe(before + 1);
  });

  it("counts a time within the clocks' difference as now", async () => {
    const map = { h: { operation: '{h}', fields: ['Query.h'] } };
    await world.post(hiveReport(map, [{ key: 'h', at: NOW_MS + 60_000 }]));
    expect((await usage('Query.h')).lastSeenAt).toEqual(new Date(NOW));
  });

  it('keeps the coordinates of an operation that does not parse, and not its text', async () => {
    const map = { i: { operation: '{ DE89370400440532013000', fields: ['Query.i'] } };
    await world.post(hiveReport(map, [{ key: 'i' }]));
    expect((await usage('Query.i')).requests).toBe(1);
    const kept = await world.database.query(
      "select 1 from usage_operation where body like '%DE89%'",
    );
    expect(kept).toEqual([]);
  });
});
