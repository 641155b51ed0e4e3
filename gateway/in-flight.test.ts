import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jsonReply, startHttp } from '#kernel/http.ts';
import { silentLog } from '#kernel/log.ts';
import { createInFlightReads } from './in-flight.ts';
import { WARM_UP_VIEWER } from './operation-context.ts';
import { silentTrace } from './telemetry/telemetry.ts';
import { newTraceparent } from './telemetry/trace-context.ts';
import { propagation } from './propagation.ts';
import { createWorld } from './test-world/world.ts';
import { createUpstream } from './upstream.ts';
import type { IncomingHttpHeaders } from 'node:http';
import type { ExecutionResult } from 'graphql';
import type { World } from './test-world/world.ts';

describe('identical reads under way at the same time', () => {
  const later = () => {
    const { promise, resolve } = Promise.withResolvers<ExecutionResult>();
    return { promise, resolve };
  };

  it('share one execution within a scope, and not across scopes or later', async () => {
    const reads = createInFlightReads();
    const answer = later();
    let runs = 0;
    const run = (): Promise<ExecutionResult> => {
      runs += 1;
      return answer.promise;
    };
    const both = [
      reads.share({ scope: 'ann', key: 'q' }, run),
      reads.share({ scope: 'ann', key: 'q' }, run),
    ];
    void reads.share({ scope: 'bo', key: 'q' }, run);
    void reads.share({ scope: 'ann', key: 'other' }, run);
    expect(runs).toBe(3);
    answer.resolve({ data: {} });
    await Promise.all(both);
    await reads.share({ scope: 'ann', key: 'q' }, run);
    expect(runs).toBe(4);
  });

  it('do not answer a read that comes after a write of the same scope', async () => {
    const reads = createInFlightReads();
    const before = later();
    const stale = reads.share({ scope: 'ann', key: 'q' }, () => before.promise);
    reads.forget('ann');
    const fresh = reads.share({ scope: 'ann', key: 'q' }, () =>
      Promise.resolve({ data: { new: true } }),
    );
    expect(await fresh).toEqual({ data: { new: true } });
    before.resolve({ data: { new: false } });
    expect(await stale).toEqual({ data: { new: false } });
    // What ended late takes nothing away from those that came after it.
    const third = later();
    void reads.share({ scope: 'ann', key: 'q' }, () => third.promise);
    let shared = true;
    void reads.share({ scope: 'ann', key: 'q' }, () => {
      shared = false;
      return third.promise;
    });
    expect(shared).toBe(true);
  });

  it('that fail, fail for all who wait, and are executed again for the next', async () => {
    const reads = createInFlightReads();
    const failing = [1, 2].map(() =>
      reads.share({ scope: 'ann', key: 'q' }, () => Promise.reject(new Error('down'))),
    );
    expect((await Promise.allSettled(failing)).map(({ status }) => status)).toEqual([
      'rejected',
      'rejected',
    ]);
    expect(
      await reads.share({ scope: 'ann', key: 'q' }, () => Promise.resolve({ data: {} })),
    ).toEqual({ data: {} });
  });
});

describe('a gateway', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ deduplicateReads: true });
  });
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });

  it('answers each of many readers with its own correlation id', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => world.post('{ slowSupplier(ms: 30) }')),
    );
    expect(new Set(answers.map(({ extensions }) => extensions?.['correlationId'])).size).toBe(20);
    expect(new Set(answers.map(({ data }) => JSON.stringify(data)))).toEqual(
      new Set(['{"slowSupplier":"done"}']),
    );
  });
});

describe('headers of a client', () => {
  it('go on to subgraphs when they are named, and no other does', async () => {
    const seen: IncomingHttpHeaders[] = [];
    const subgraph = await startHttp({
      room: 'subgraph',
      host: '127.0.0.1',
      port: 0,
      routes: [
        {
          method: 'POST',
          path: '/graphql',
          handle: ({ headers }) => {
            seen.push(headers);
            return jsonReply(200, { data: {} });
          },
        },
      ],
      ready: () => [],
      log: silentLog,
    });
    const upstream = createUpstream({ sign: null, log: silentLog, callTimeoutMs: 1_000 });
    const passedOn = propagation(['Accept-Language', 'x-tenant'])({
      'accept-language': 'de',
      'x-tenant': 't1',
      authorization: 'Bearer secret',
      cookie: 'session=secret',
    });
    await upstream.call(
      {
        subgraph: { name: 's', url: `${subgraph.url}/graphql` },
        kind: 'query',
        query: '{ __typename }',
        operationName: null,
        variables: '{}',
      },
      {
        viewer: WARM_UP_VIEWER,
        correlationId: 'c',
        trace: silentTrace(newTraceparent()),
        passedOn,
        gone: new AbortController().signal,
        endsAtMs: null,
      },
    );
    upstream.close();
    await subgraph.close();
    expect(seen[0]).toMatchObject({ 'accept-language': 'de', 'x-tenant': 't1' });
    expect(JSON.stringify(seen)).not.toContain('secret');
  });

  it.each([['host'], ['x-concord-call'], ['Content-Length'], ['a b']])(
    'cannot be passed on when they are "%s"',
    (name) => {
      expect(() => propagation([name])).toThrow(name.toLowerCase());
    },
  );
});
