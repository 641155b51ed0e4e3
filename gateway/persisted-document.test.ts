import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createWorld } from './test-world/world.ts';
import { until } from '../tests/support/until.ts';
import type { Gateway } from './main.ts';
import type { World } from './test-world/world.ts';

let world: World;
let strict: Gateway;
beforeAll(async () => {
  world = await createWorld();
  strict = await world.startAnother({ persisted: 'required' });
  await until(async () => (await strict.ready()).length === 0);
});
afterEach(() => world.registry.documents.reset());
afterAll(async () => {
  await strict.close();
  await world[Symbol.asyncDispose]();
});

async function post(
  body: object,
  options: { roles?: string[]; to?: Gateway; headers?: Record<string, string> } = {},
) {
  const token = await world.issuer.token({ roles: options.roles ?? ['requestor'] });
  const response = await fetch(`${(options.to ?? strict).url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${token}`,
      ...options.headers,
    },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as {
    data?: unknown;
    errors?: { message: string; extensions: { code: string } }[];
  };
  return { status: response.status, data: answer.data, code: answer.errors?.[0]?.extensions.code };
}

const ECHO = 'query Echo($number: Int) { echo(number: $number) }';

describe('a document that was published with an app', () => {
  it('is answered by its id', async () => {
    world.registry.documents.publish('portal~1.0.0~abc', ECHO);
    const body = { documentId: 'portal~1.0.0~abc', variables: { number: 7 } };
    expect(await post(body)).toEqual({ status: 200, data: { echo: 7 }, code: undefined });
  });

  it('is fetched once for many requests', async () => {
    world.registry.documents.publish('portal~1.0.0~once', ECHO);
    const body = { documentId: 'portal~1.0.0~once' };
    await Promise.all([post(body), post(body), post(body)]);
    await post(body);
    expect(world.registry.documents.asked('portal~1.0.0~once')).toBe(1);
  });

  it('is found by an Apollo client that names itself and sends a hash', async () => {
    world.registry.documents.publish('portal~2.0.0~hash', ECHO);
    const body = { extensions: { persistedQuery: { version: 1, sha256Hash: 'hash' } } };
    const headers = {
      'apollographql-client-name': 'portal',
      'apollographql-client-version': '2.0.0',
    };
    expect((await post(body, { headers })).status).toBe(200);
    expect((await post(body)).code).toBe('BAD_REQUEST');
  });

  it('is served on while the registry is away', async () => {
    world.registry.documents.publish('portal~1.0.0~kept', ECHO);
    expect((await post({ documentId: 'portal~1.0.0~kept' })).status).toBe(200);
    world.registry.documents.fail();
    expect((await post({ documentId: 'portal~1.0.0~kept' })).status).toBe(200);
    expect(await post({ documentId: 'portal~1.0.0~never-seen' })).toMatchObject({
      status: 503,
      code: 'PERSISTED_DOCUMENTS_UNAVAILABLE',
    });
  });
});

describe('where only documents count', () => {
  it('a text is refused, but for those who may read the schema', async () => {
    expect(await post({ query: '{ echo }' })).toMatchObject({
      status: 403,
      code: 'PERSISTED_DOCUMENT_REQUIRED',
    });
    expect((await post({ query: '{ echo }' }, { roles: ['architect'] })).status).toBe(200);
  });

  it('a text that comes with an id is refused, for everybody', async () => {
    world.registry.documents.publish('portal~1.0.0~abc', ECHO);
    const body = { documentId: 'portal~1.0.0~abc', query: '{ whoAmI { id } }' };
    for (const roles of [['requestor'], ['architect']]) {
      const answer = await post(body, { roles });
      expect(answer.code).toBe('PERSISTED_DOCUMENT_AND_QUERY');
      expect(answer.data).toBeUndefined();
    }
  });

  it.each([
    'portal~1.0.0~unknown',
    'portal~1.0.0',
    '../../secrets~x~y',
    'a~b~c~d',
    '',
    'portal~1.0.0~a/b',
    'portal~1.0.0~%2e%2e',
  ])('the id %j is nobody’s', async (documentId) => {
    expect((await post({ documentId })).code).toBe('PERSISTED_DOCUMENT_NOT_FOUND');
  });

  it('limits and validation hold for documents too', async () => {
    world.registry.documents.publish('portal~1.0.0~bad', '{ nothingLikeThat }');
    expect((await post({ documentId: 'portal~1.0.0~bad' })).code).toBe('GRAPHQL_VALIDATION_FAILED');
  });

  it('a document that is not rightly signed is not used', async () => {
    world.registry.documents.publish('portal~1.0.0~forged', ECHO, { signedAs: 'portal~1.0.0~abc' });
    expect((await post({ documentId: 'portal~1.0.0~forged' })).code).toBe(
      'PERSISTED_DOCUMENTS_UNAVAILABLE',
    );
  });
});

it('elsewhere a text is as good as an id', async () => {
  const to = world.gateway;
  world.registry.documents.publish('portal~1.0.0~both', ECHO);
  expect((await post({ query: '{ echo }' }, { to })).status).toBe(200);
  expect((await post({ documentId: 'portal~1.0.0~both' }, { to })).status).toBe(200);
  const off = await world.startAnother({ persisted: 'off' });
  await until(async () => (await off.ready()).length === 0);
  expect((await post({ documentId: 'portal~1.0.0~both' }, { to: off })).code).toBe(
    'PERSISTED_DOCUMENTS_OFF',
  );
  await off.close();
});
