import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { getIntrospectionQuery } from 'graphql';
import { CALLS, HERE, ORDERS, PUT, send } from '../support/registry-calls.ts';
import {
  CHECK,
  change,
  LINK,
  many,
  openShop,
  PROBLEM,
  PUBLISH,
  QUERY,
} from '../support/registry-shop.ts';
import type { Shop } from '../support/registry-shop.ts';
import type { Answer, RegistryWorld } from '../support/registry-world.ts';

/** Doubles with every level: 2^n fields from n lines. */
const DOUBLING = `{ graphs { targets { ...F0 } } } ${many(
  20,
  (level) => `fragment F${level} on Target { ...F${level + 1} ... { ...F${level + 1} } }`,
)} fragment F20 on Target { id }`;

const SDLS: readonly [name: string, sdl: string, code: string][] = [
  ['what is not GraphQL', 'select 1', 'INVALID_GRAPHQL'],
  [
    'thousands of directives',
    `${QUERY} type A { a: Int ${'@a'.repeat(500_000)} }`,
    'INVALID_GRAPHQL',
  ],
  [
    'lists of lists of lists',
    `${QUERY} type A { a: ${'['.repeat(100_000)}Int${']'.repeat(100_000)} }`,
    'COMPOSITION_ABORTED',
  ],
  [
    'values within values',
    `${QUERY} type A { a(b: Int = ${'['.repeat(100_000)}1${']'.repeat(100_000)}): Int }`,
    'COMPOSITION_ABORTED',
  ],
  [
    'types that lead on to types without an end in sight',
    `${LINK} type Query { a: T0 } ${many(14_000, (i) => `type T${i} { t: T${i + 1} }`)} type T14000 { a: Int }`,
    'COMPOSITION_ABORTED',
  ],
];

const DOCUMENTS: readonly [name: string, query: string, code: RegExp][] = [
  ['what is not GraphQL', 'select 1', /^GRAPHQL_PARSE_FAILED$/],
  [
    'fragments within themselves',
    '{ graphs { ...A } } fragment A on Graph { ...B } fragment B on Graph { ...A }',
    /^GRAPHQL_VALIDATION_FAILED$/,
  ],
  ['fragments that double', DOUBLING, /^TOO_MANY_FIELDS$/],
  [
    'thousands of aliases',
    `{ ${many(5_000, (i) => `a${i}: graphs { id }`)} }`,
    /^TOO_MANY_TOKENS$/,
  ],
  [
    'hundreds of aliases',
    `{ ${many(500, (i) => `a${i}: graphs { id }`)} }`,
    /^TOO_MANY_ROOT_FIELDS$/,
  ],
  [
    'hundreds of aliases below',
    `{ graphs { ${many(1_200, (i) => `a${i}: id`)} } }`,
    /^TOO_MANY_FIELDS$/,
  ],
  [
    'thousands of directives',
    `{ graphs { id ${'@skip(if: false) '.repeat(3_000)} } }`,
    /^TOO_MANY_TOKENS$/,
  ],
  [
    'levels without an end in sight',
    `${'{ __type(name: "A") { ofType '.repeat(1)}${'{ ofType '.repeat(40)}{ name }${'}'.repeat(42)}`,
    /^QUERY_TOO_DEEP$/,
  ],
  // Where the parser's stack ends depends on the machine.
  [
    'lists within lists',
    `{ graphs(a: ${'['.repeat(50_000)}${']'.repeat(50_000)}) { id } }`,
    /^(QUERY_TOO_DEEP|TOO_MANY_TOKENS)$/,
  ],
];

const BODIES = [
  '[]',
  '[{"query":"{ graphs { id } }"}]',
  'null',
  '"{ graphs { id } }"',
  '{',
  '',
  '7',
];

describe('the registry refuses by name and stores nothing of', () => {
  let shop: Shop;
  let world: RegistryWorld;
  beforeAll(async () => {
    shop = await openShop();
    ({ world } = shop);
  });
  afterAll(async () => shop[Symbol.asyncDispose]());

  /** What is answered when nothing may be stored. */
  const refused = async (work: () => Promise<Answer>): Promise<Answer> => {
    const before = await world.counts();
    const answer = await work();
    expect(await world.counts()).toEqual(before);
    return answer;
  };

  it.each(SDLS)(
    'an SDL with %s',
    async (_name, sdl, code) => {
      const published = await refused(() => world.ask(shop.architect, PUBLISH, change(sdl)));
      expect(published.code).toBe('CHECK_FAILED');
      expect(published.value?.['result']).toMatchObject({
        conclusion: 'FAILED',
        steps: expect.arrayContaining([
          { name: 'COMPOSITION', status: 'FAILED', findings: [{ code }] },
        ]),
      });
    },
    60_000,
  );

  it.each([
    ['a publication', PUBLISH],
    ['a check', CHECK],
  ])('an SDL of 20 MB in %s', async (_name, mutation) => {
    const sdl = `${QUERY} # ${'x'.repeat(20 * 1024 * 1024)}`;
    const answer = await refused(() => world.ask(shop.architect, mutation, change(sdl)));
    expect(answer).toMatchObject({
      code: 'INVALID_INPUT',
      value: { fields: [{ field: 'subgraphs.0.sdl', code: 'TOO_LARGE' }] },
    });
  });

  it('a proposal whose contracts are together more than is read at once', async () => {
    const contracts = ['a', 'b', 'c'].map((subgraph) => ({
      subgraph,
      sdl: `${QUERY} # ${'x'.repeat(1_000_000)}`,
      url: 'http://a.example',
    }));
    const propose = `mutation ($input: CreateProposalInput!) { createProposal(input: $input) {
      __typename ${PROBLEM} } }`;
    const input = { idempotencyKey: 'large', target: HERE, title: 'Large', contracts };
    const answer = await refused(() => world.ask(shop.architect, propose, { input }));
    expect(answer).toMatchObject({
      code: 'INVALID_INPUT',
      value: { fields: [{ field: 'contracts', code: 'BAD_LENGTH' }] },
    });
  });

  it.each(DOCUMENTS)('a document with %s', async (_name, query, code) => {
    const answer = await refused(() => world.ask(shop.architect, query));
    expect(answer.code).toMatch(code);
    expect(answer.status).toBe(400);
  });

  it('but answers introspection, the largest document in use', async () => {
    expect((await world.ask(shop.architect, getIntrospectionQuery())).code).toBeNull();
  });

  it.each(BODIES)('the body %j', async (body) => {
    const answer = await refused(() => world.post('/graphql', shop.architect, body));
    expect(answer).toMatchObject({ status: 400, code: 'BAD_REQUEST' });
  });

  it('a small body that becomes a large one', async () => {
    const { token } = await world.token(HERE, ['usage:report']);
    const bomb = gzipSync(Buffer.alloc(256 * 1024 * 1024));
    expect(bomb.length).toBeLessThan(1024 * 1024);
    const answer = await refused(() =>
      world.post('/usage/concord/shop/production', token, new Uint8Array(bomb), {
        'content-encoding': 'gzip',
      }),
    );
    expect(answer).toMatchObject({ status: 413, code: 'REPORT_TOO_LARGE' });
  });

  it.each([
    ['a check', CHECK, 'NOT_FOUND'],
    ['a publication', PUBLISH, 'NOT_FOUND'],
  ])('%s in a target that is not there', async (_name, mutation, code) => {
    for (const target of [
      { graph: 'shop', target: 'nowhere' },
      { graph: 'nothing', target: 'production' },
      { graph: '', target: '' },
    ]) {
      const answer = await refused(() =>
        world.ask(shop.architect, mutation, { input: { ...PUT, target } }),
      );
      expect(answer.code).toBe(code);
    }
  });

  it('texts that cannot be kept, in variables, in the document and in addresses', async () => {
    const nul = `${QUERY} # \u0000`;
    for (const ask of [
      () => world.ask(shop.architect, PUBLISH, change(nul)),
      () => world.ask(shop.architect, CHECK, change(ORDERS, { author: 'a\u0000' })),
      () =>
        world.ask(
          shop.architect,
          String.raw`{ target(target: { graph: "\u0000", target: "" }) { id } }`,
        ),
    ])
      expect((await refused(ask)).code).toBe('BAD_USER_INPUT');
    const { token } = await world.token(HERE, ['schema:read', 'usage:report']);
    const headers = { authorization: `Bearer ${token}` };
    const history = await fetch(`${world.url}/history/export?graph=%00`, { headers });
    expect(history.status).toBe(404);
    const usage = await refused(() => world.post('/usage/concord/%00/production', token, '{}'));
    expect(usage.status).toBe(404);
  });

  it('a context that is none, or was left alone for a quarter', async () => {
    const inContext = (contextId: string): Promise<Answer> =>
      world.ask(shop.architect, CHECK, change(ORDERS, { contextId }));
    for (const contextId of ['', 'two words', 'x'.repeat(201), "'; drop table graph"])
      expect(await refused(() => inContext(contextId))).toMatchObject({
        code: 'INVALID_INPUT',
        value: { fields: [{ field: 'contextId', code: 'INVALID_CONTEXT' }] },
      });
    expect((await inContext('pull/7')).code).toBeNull();
    world.pass(91);
    expect((await refused(() => inContext('pull/7'))).code).toBe('STALE_CONTEXT');
  });

  it('tokens that are forged, cut off, another graph’s, of another issuer or of no algorithm', async () => {
    const { token } = await world.token({ graph: 'other' }, ['schema:read', 'schema:publish']);
    const jwt = await world.person('eve', 'architect');
    const [, payload = ''] = jwt.split('.');
    const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url');
    const forged: readonly [token: string | null, code: string][] = [
      [null, 'TOKEN_MISSING'],
      [`hvo1/${'A'.repeat(43)}`, 'TOKEN_INVALID'],
      [token.slice(0, -1), 'TOKEN_INVALID'],
      [`${token}A`, 'TOKEN_INVALID'],
      [`${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`, 'TOKEN_INVALID'],
      [`${none}.${payload}.`, 'TOKEN_INVALID'],
      [jwt.slice(0, -4), 'TOKEN_INVALID'],
    ];
    for (const [shown, code] of forged)
      expect(await refused(() => world.ask(shown, PUBLISH, change(ORDERS)))).toMatchObject({
        status: 401,
        code,
      });
    expect(await refused(() => world.ask(token, PUBLISH, change(ORDERS)))).toMatchObject({
      code: 'FORBIDDEN',
    });
    const key = { 'x-api-key': `service:shop:${token}` };
    const body = JSON.stringify({ query: PUBLISH, variables: change(ORDERS) });
    expect(await refused(() => world.post('/graphql', null, body, key))).toMatchObject({
      status: 401,
      code: 'TOKEN_OF_ANOTHER_GRAPH',
    });
  });

  it('a token from the moment on in which it is revoked, and from its end on', async () => {
    const brief = await world.token({ ...HERE, days: 1 }, ['schema:publish']);
    const { id, token } = await world.token(HERE, ['schema:publish']);
    for (const one of [brief.token, token])
      expect((await world.ask(one, PUBLISH, change(ORDERS))).value).toMatchObject({
        changed: false,
      });
    await world.ask(shop.architect, 'mutation ($id: ID!) { revokeToken(id: $id) { __typename } }', {
      id,
    });
    world.pass(2);
    const answers = [token, brief.token].map(
      (one) => () => world.ask(one, PUBLISH, change(ORDERS)),
    );
    const codes = [];
    for (const ask of answers) codes.push((await refused(ask)).code);
    expect(codes).toEqual(['TOKEN_REVOKED', 'TOKEN_EXPIRED']);
  });
});

/** What people, scripts and attackers put where a name or number was expected. */
const GARBAGE: readonly unknown[] = [
  '',
  'a\u0000b',
  'x'.repeat(10_000),
  '\ud800',
  "'; drop table graph; --",
  -1,
  0,
  2_147_483_647,
];

/** The arguments with one text or number in them replaced, each in its turn. */
function spoilt(value: unknown, by: unknown): unknown[] {
  if (typeof value === 'string' || typeof value === 'number')
    return typeof value === typeof by ? [by] : [];
  if (Array.isArray(value))
    return value.flatMap((one, at) => spoilt(one, by).map((bad) => value.with(at, bad)));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, one]) =>
    spoilt(one, by).map((bad) => ({ ...value, [name]: bad })),
  );
}

describe('garbage in any argument', () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await openShop();
  });
  afterAll(async () => shop[Symbol.asyncDispose]());

  it.each(CALLS.map((call) => [call.field, JSON.stringify(call.args).slice(0, 60), call] as const))(
    'is never an outage of %s %s',
    async (_field, _args, call) => {
      const failed: unknown[] = [];
      for (const by of GARBAGE)
        for (const args of spoilt(call.args, by)) {
          const { status, code } = await send(shop.world, shop.architect, {
            ...call,
            args: args as object,
          });
          if (status >= 500 || code === 'INTERNAL_SERVER_ERROR')
            failed.push(JSON.stringify(args).slice(0, 200));
        }
      expect(failed).toEqual([]);
    },
    60_000,
  );
});
