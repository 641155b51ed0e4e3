import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { TEST_LIMITS, createWorld } from './test-world/world.ts';
import { until } from '../tests/support/until.ts';
import type { World } from './test-world/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const code = (answer: { errors?: readonly { extensions: Record<string, unknown> }[] }): unknown =>
  answer.errors?.[0]?.extensions['code'];

describe('an operation through the gateway', () => {
  it('joins fields of two subgraphs, one with a name that the supergraph mangles', async () => {
    const answer = await world.post('{ order(id: 7) { id status supplier { id name } } }');
    expect(answer).toMatchObject({
      status: 200,
      data: { order: { id: '7', status: 'OPEN', supplier: { id: 's7', name: 'Supplier s7' } } },
    });
  });

  it('reaches the subgraph as the viewer of the token, with correlation id and trace', async () => {
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const answer = await world.post('{ whoAmI { id roles correlationId traceparent } }', {
      headers: { 'x-correlation-id': 'my-id', traceparent, 'x-concord-call': 'forged' },
    });
    expect(answer.data.whoAmI).toEqual({
      id: 'requestor',
      roles: ['requestor'],
      correlationId: 'my-id',
      traceparent,
    });
    expect(answer.headers.get('x-correlation-id')).toBe('my-id');
    expect(answer.extensions).toMatchObject({ correlationId: 'my-id', cost: 1 });
  });

  it('starts a trace when the client has none', async () => {
    const answer = await world.post('{ whoAmI { traceparent } }');
    expect(answer.data.whoAmI.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  });

  it('changes data by a mutation and joins its answer', async () => {
    const answer = await world.post(
      'mutation Rename($note: String!) { renameOrder(id: 1, note: $note) { note supplier { name } } }',
      { variables: { note: 'new' } },
    );
    expect(answer.data).toEqual({
      renameOrder: { note: 'new', supplier: { name: 'Supplier s1' } },
    });
  });

  it('uses defaults of variables', async () => {
    const answer = await world.post('query Q($n: Int = 12) { a: echo(number: $n) echo }');
    expect(answer.data).toEqual({ a: 12, echo: 7 });
  });

  it('runs the named one of several operations, whatever the others ask for', async () => {
    const document =
      'query A { __schema { queryType { name } } } query B { ...F } fragment F on Query { order(id: 1) { id } }';
    const token = await world.issuer.token({ roles: ['architect'] });
    const answer = await world.post(document, { operationName: 'B', token });
    expect(answer.data).toEqual({ order: { id: '1' } });
    expect(code(await world.post(document, { operationName: 'C', token }))).toBe(
      'OPERATION_RESOLUTION_FAILURE',
    );
    expect(code(await world.post(document, { token }))).toBe('OPERATION_RESOLUTION_FAILURE');
  });

  it('answers __typename, skipped fields and empty roots without a subgraph', async () => {
    expect((await world.post('{ __typename }')).data).toEqual({ __typename: 'Query' });
    expect((await world.post('{ order(id: 1) @skip(if: true) { id } }')).data).toEqual({});
  });

  it('refuses fields that are not public, and suggests none', async () => {
    const answer = await world.post('{ order(id: 1) { secret } ordr { id } }');
    expect(answer.status).toBe(400);
    expect(answer.errors).toHaveLength(2);
    expect(code(answer)).toBe('GRAPHQL_VALIDATION_FAILED');
    expect(JSON.stringify(answer.errors)).not.toContain('Did you mean');
  });

  it('names what is wrong with a variable', async () => {
    const answer = await world.post('query Q($id: ID!) { order(id: $id) { id } }');
    expect(answer.status).toBe(400);
    expect(code(answer)).toBe('BAD_USER_INPUT');
    expect(answer.extensions).toHaveProperty('correlationId');
  });

  it('is logged in one line without its variables', async () => {
    await world.post('query Looked($id: ID!) { order(id: $id) { id } }', {
      variables: { id: 'confidential' },
      operationName: 'Looked',
    });
    const line = world.logged.find(
      (event) => event.event === 'graphql.operation' && event.operation === 'Looked',
    );
    expect(line).toMatchObject({ kind: 'query', viewer: 'requestor', outcome: 'ok' });
    expect(JSON.stringify(world.logged)).not.toContain('confidential');
  });
});

describe('a subgraph in trouble', () => {
  const { switches } = { switches: () => world.subgraphs.switches };
  afterEach(() => {
    switches().supplierDelayMs = 0;
    switches().supplierNameFails = false;
  });

  it('leaves its error with code, service and path, and nulls the nearest nullable parent', async () => {
    switches().supplierNameFails = true;
    const answer = await world.post('{ order(id: 1) { id supplier { id name } } }');
    expect(answer.status).toBe(200);
    expect(answer.data).toEqual({ order: { id: '1', supplier: null } });
    expect(answer.errors).toEqual([
      {
        message: 'You may not see the name.',
        path: ['order', 'supplier', 'name'],
        extensions: { code: 'FORBIDDEN', service: 'suppliers' },
      },
    ]);
  });

  it('hangs without holding up the others, and is told as UPSTREAM_UNAVAILABLE', async () => {
    const gateway = await world.startAnother({ limits: { ...TEST_LIMITS, upstreamMs: 3_000 } });
    const { url } = gateway;
    switches().supplierDelayMs = 8_000;
    let hangs = true;
    const hanging = world
      .post('{ order(id: 1) { id supplier { rating } } }', { url })
      .finally(() => (hangs = false));
    const other = await world.post('{ order(id: 2) { id } }', { url });
    expect(hangs).toBe(true);
    expect(other.data).toEqual({ order: { id: '2' } });
    const answer = await hanging;
    expect(answer.data).toEqual({ order: { id: '1', supplier: { rating: null } } });
    expect(answer.errors?.[0]).toMatchObject({
      path: ['order', 'supplier'],
      extensions: { code: 'UPSTREAM_UNAVAILABLE', service: 'suppliers', retryable: true },
    });
    await gateway.close();
  });

  it('is down: the rest is answered; it is back: everything is answered', async () => {
    await world.subgraphs.stopSuppliers();
    const query = '{ order(id: 1) { id } supplier(id: "s1") { name } }';
    for (let call = 0; call < 7; call += 1) {
      const answer = await world.post(query);
      expect(answer).toMatchObject({ status: 200, data: { order: { id: '1' }, supplier: null } });
      expect(code(answer)).toBe('UPSTREAM_UNAVAILABLE');
    }
    // It closes again for one call now and then.
    await until(async () => {
      const { errors } = await world.post(query);
      return errors?.[0]?.message.includes('circuit is open') === true;
    });
    await world.subgraphs.startSuppliers();
    await until(async () => (await world.post(query)).data.supplier?.name === 'Supplier s1');
  });
});

describe('who is let in', () => {
  it('nobody without a token, with another audience, or with one that has expired', async () => {
    const cases = [
      { token: null, reason: 'TOKEN_MISSING' },
      { token: 'nonsense', reason: 'TOKEN_INVALID' },
      { token: await world.issuer.token({ audience: 'other' }), reason: 'TOKEN_INVALID' },
      { token: await world.issuer.token({ expiresInSeconds: -60 }), reason: 'TOKEN_EXPIRED' },
    ];
    for (const { token, reason } of cases) {
      const answer = await world.post('{ __typename }', { token });
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
      expect(answer.errors?.[0]?.extensions).toEqual({ code: 'UNAUTHENTICATED', reason });
      expect(answer.extensions).toHaveProperty('correlationId');
    }
  });

  it('shows the schema to those who may introspect only, also through fragments', async () => {
    for (const query of [
      '{ __schema { queryType { name } } }',
      '{ ...F } fragment F on Query { a: __type(name: "Order") { name } }',
    ]) {
      const answer = await world.post(query);
      expect(answer.status).toBe(403);
      expect(code(answer)).toBe('INTROSPECTION_DISABLED');
    }
    const token = await world.issuer.token({ roles: ['architect'] });
    const answer = await world.post('{ __type(name: "Order") { fields { name } } }', { token });
    expect(JSON.stringify(answer.data)).toContain('supplier');
    expect(JSON.stringify(answer.data)).not.toContain('secret');
  });
});

describe('the form of a request', () => {
  const headers = async (more: Record<string, string> = {}) => ({
    'content-type': 'application/json',
    authorization: `Bearer ${await world.issuer.token()}`,
    ...more,
  });
  const sent = async (init: RequestInit) => {
    const response = await world.send(init);
    const text = await response.text();
    return { status: response.status, headers: response.headers, text };
  };

  it('is JSON: forms, plain text and other character sets are refused with 415', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/json; charset=utf-16',
    ]) {
      const answer = await sent({ headers: await headers({ 'content-type': type }), body: '{}' });
      expect(answer.status).toBe(415);
      expect(answer.text).toContain('UNSUPPORTED_MEDIA_TYPE');
    }
    const utf8 = await headers({ 'content-type': 'application/json; charset=UTF-8' });
    expect((await sent({ headers: utf8, body: '{"query":"{ __typename }"}' })).status).toBe(200);
  });

  it('is POST: other methods are refused with 405', async () => {
    const got = await sent({
      method: 'GET',
      headers: await headers({ accept: 'application/json' }),
    });
    expect(got.status).toBe(405);
    expect(got.headers.get('allow')).toBe('POST, OPTIONS');
    expect((await sent({ method: 'PUT', headers: await headers(), body: '{}' })).status).toBe(405);
  });

  it('is one object with a query: lists, broken JSON and wrong types are refused with 400', async () => {
    const cases: Record<string, string> = {
      '[{"query":"{ __typename }"}]': 'BATCHING_REFUSED',
      '{"query"': 'BAD_REQUEST',
      null: 'BAD_REQUEST',
      '{"query":7}': 'BAD_REQUEST',
      '{"query":"{ __typename }","variables":[]}': 'BAD_REQUEST',
      '{"query":"{ __typename }","operationName":1}': 'BAD_REQUEST',
      '{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"x"}}}': 'BAD_REQUEST',
      '{"query":"subscription { flood { sequence } }"}': 'BAD_REQUEST',
    };
    for (const [body, expected] of Object.entries(cases)) {
      const answer = await sent({ headers: await headers(), body });
      expect([body, answer.status]).toEqual([body, 400]);
      expect(answer.text).toContain(expected);
      expect(answer.text).toContain('correlationId');
    }
  });

  it('has a bounded size: documents in mutations may be large, queries may not', async () => {
    const xml = 'x'.repeat(5 * 1024 * 1024);
    const captured = await world.post(
      'mutation Capture($xml: String!) { captureInvoiceDocument(xml: $xml) }',
      { variables: { xml } },
    );
    expect(captured.data).toEqual({ captureInvoiceDocument: xml.length });
    const query = await world.post('query Q { __typename }', { variables: { xml } });
    expect(query.status).toBe(413);
    expect(code(query)).toBe('BODY_TOO_LARGE');
    const text = await world.post(`{ __typename } # ${'x'.repeat(70_000)}`);
    expect(code(text)).toBe('QUERY_TOO_LONG');
  });

  it('answers 413 to nine megabytes, also when they come in chunks without a length', async () => {
    const body = JSON.stringify({
      query: '{ __typename }',
      variables: { x: 'x'.repeat(9 * 1024 * 1024) },
    });
    expect((await sent({ headers: await headers(), body })).status).toBe(413);
    const chunked = new Blob([body]).stream();
    const init = { headers: await headers(), body: chunked, duplex: 'half' } as RequestInit;
    expect((await sent(init)).status).toBe(413);
  });

  it('is answered in the media type that it accepts', async () => {
    const accept = 'application/graphql-response+json';
    const body = '{"query":"{ __typename }"}';
    const modern = await sent({ headers: await headers({ accept }), body });
    expect(modern.headers.get('content-type')).toMatch(/^application\/graphql-response\+json/);
    const plain = await sent({ headers: await headers({ accept: 'application/json' }), body });
    expect(plain.headers.get('content-type')).toMatch(/^application\/json/);
    const refused = await sent({
      headers: { ...(await headers({ accept })), authorization: '' },
      body,
    });
    expect(refused.headers.get('content-type')).toMatch(/^application\/graphql-response\+json/);
  });
});

describe('a browser', () => {
  const preflight = async (origin: string) =>
    (
      await world.send({
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST' },
      })
    ).headers;

  it('may use the graph from an origin on the list, and from no other', async () => {
    const allowed = await preflight('https://portal.example');
    expect(allowed.get('access-control-allow-origin')).toBe('https://portal.example');
    expect(allowed.get('access-control-allow-headers')).toContain('authorization');
    expect((await preflight('https://evil.example')).get('access-control-allow-origin')).toBeNull();
    expect((await preflight('null')).get('access-control-allow-origin')).toBeNull();
    const answer = await world.post('{ __typename }', {
      headers: { origin: 'https://portal.example' },
    });
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://portal.example');
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
  });

  it('finds a page that says how to ask, without any asset from elsewhere', async () => {
    const response = await world.send({ method: 'GET', headers: { accept: 'text/html' } });
    const page = await response.text();
    expect(response.status).toBe(200);
    expect(page).toContain('POST');
    expect(page).not.toMatch(/src=|href=|<script/);
  });
});
