import { createServer } from 'node:http';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createCliWorld, ORDERS } from './support.ts';
import type { AddressInfo } from 'node:net';
import type { RequestListener, Server } from 'node:http';
import type { CliGraph, CliWorld } from './support.ts';

let world: CliWorld;
let shop: CliGraph;
const servers: Server[] = [];

beforeAll(async () => {
  world = await createCliWorld();
  shop = await world.graph('shop');
  await world.file('orders.graphql', ORDERS);
});
afterAll(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  await world[Symbol.asyncDispose]();
});

const CHECK = [
  'schema',
  'check',
  '--subgraph',
  'orders=orders.graphql',
  '--url',
  'orders=http://o',
];

async function serving(listener: RequestListener): Promise<Record<string, string>> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return { CONCORD_REGISTRY: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(createConnection(port, '127.0.0.1'), 'error');
  return port;
}

describe('the exit code', () => {
  it('is 0 when all is well, and 1 when a check fails', async () => {
    expect(await shop.run(CHECK)).toMatchObject({ code: 0 });
    const failed = await shop.run(
      ['schema', 'check', '--subgraph', 'orders=-', '--url', 'orders=http://o'],
      {
        input: 'type {',
      },
    );
    expect(failed).toMatchObject({ code: 1 });
    expect(failed.stdout).toContain('stdin:1:6 INVALID_GRAPHQL');
  });

  it.each([
    [['schema', 'chek'], 'Did you mean check?'],
    [['schema', 'check', '--subgraph', 'orders'], '--subgraph takes name=value'],
    [['schema', 'check', '--subgraph', 'orders=gone.graphql'], 'gone.graphql cannot be read'],
    [['schema', 'check'], 'Nothing to check'],
    [[...CHECK, '--url', 'other=http://o'], '--url names "other"'],
    [['schema', 'publish', '--subgraph', 'orders=orders.graphql'], 'INVALID_INPUT'],
    [['schema', 'history', '--first', '0'], 'from 1 to 100'],
    [['proposal', 'show', 'seven'], 'a whole number'],
    [['proposal', 'list', '--state', 'opened'], 'is one of draft, open'],
    [['target', 'policy', 'set', '--set', 'usage.days=3'], 'There is no setting'],
    [['schema', 'fetch', '--format', 'sarif'], 'Allowed choices'],
    [['completion', 'tcsh'], 'The shells are bash'],
    [[...CHECK, '--output', 'no/such/folder/file'], 'cannot be written'],
    [[], 'Usage: concord'],
  ])('is 2 for %j', async (words, said) => {
    const run = await shop.run(words);
    expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining(said) });
    expect(run.stdout).toBe('');
  });

  it('is 2 in an envelope for whoever asked for one', async () => {
    const run = await shop.run(['schema', 'check', '--formt', 'x', '--format', 'json']);
    expect(run.code).toBe(2);
    expect(JSON.parse(run.stdout)).toMatchObject({
      schemaVersion: 1,
      ok: false,
      error: { code: 'USAGE', docs: 'concord explain USAGE' },
    });
  });

  it.each([
    [{ CONCORD_REGISTRY: '' }, 'No registry is configured'],
    [{ CONCORD_GRAPH: '' }, 'No graph is configured'],
    [{ CONCORD_GRAPH: 'shop' }, 'written like finance@production'],
    [{ CONCORD_GRAPH: 'nowhere@production' }, 'NOT_FOUND'],
  ])('is 3 with the environment %j', async (env, said) => {
    expect(await shop.run(CHECK, { env })).toMatchObject({
      code: 3,
      stderr: expect.stringContaining(said),
    });
  });

  it('is 3 where something else than a registry answers', async () => {
    const env = await serving((_request, response) => response.end('<html>Welcome</html>'));
    expect(await shop.run(CHECK, { env })).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('is no registry'),
    });
  });

  it('is 4 without a token, with a wrong one, and with one that may not', async () => {
    const reader = await shop.token('schema:read');
    const tokens = ['', 'hvo1/wrong', 'not.a.token', reader];
    const runs = await Promise.all(
      tokens.map((token) => shop.run(CHECK, { env: { CONCORD_TOKEN: token } })),
    );
    expect(runs.map(({ code }) => code)).toEqual([4, 4, 4, 4]);
    expect(runs.map(({ stderr }) => /error ([A-Z_]+)/.exec(stderr)?.[1])).toEqual([
      'TOKEN_MISSING',
      'TOKEN_INVALID',
      'TOKEN_INVALID',
      'FORBIDDEN',
    ]);
    for (const { stderr, stdout } of runs)
      expect(stderr + stdout).not.toMatch(/wrong|not\.a\.token/);
    expect(runs[3]?.stderr).not.toContain(reader);
  });

  it('is 5 when the registry is down, fails, or takes too long', async () => {
    const down = { CONCORD_REGISTRY: `http://127.0.0.1:${await closedPort()}` };
    const refused = await shop.run(CHECK, { env: down });
    expect(refused).toMatchObject({ code: 5, stderr: expect.stringContaining('ECONNREFUSED') });

    const annotated = await shop.run([...CHECK, '--format', 'github'], { env: down });
    expect(annotated).toMatchObject({
      code: 5,
      stdout: expect.stringMatching(/^::error title=concord UNREACHABLE::The registry at /),
    });

    const failing = await serving((_request, response) =>
      response.writeHead(502).end('Bad gateway'),
    );
    expect(await shop.run(CHECK, { env: failing })).toMatchObject({ code: 5 });

    const silent = await serving(() => undefined);
    const late = await shop.run([...CHECK, '--timeout', '0.3', '--format', 'json'], {
      env: silent,
    });
    expect(late).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('did not answer within 0.3 s'),
    });
    expect(JSON.parse(late.stdout)).toMatchObject({ ok: false, error: { code: 'TIMEOUT' } });
  });

  it('is 5 when the answer breaks off in the middle', async () => {
    const env = await serving((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"data":');
      setTimeout(() => response.destroy(), 20);
    });
    expect(await shop.run(CHECK, { env })).toMatchObject({ code: 5 });
  });

  it('is 130 when somebody interrupts it', async () => {
    const env = await serving(() => undefined);
    expect(await shop.run(CHECK, { env, interrupt: 'SIGINT' })).toMatchObject({ code: 130 });
  });

  it('follows no redirection with the token', async () => {
    let asked = 0;
    const other = await serving((_request, response) => {
      asked += 1;
      response.end('{}');
    });
    const env = await serving((_request, response) =>
      response.writeHead(307, { location: `${other['CONCORD_REGISTRY'] ?? ''}/graphql` }).end(),
    );
    expect((await shop.run(CHECK, { env })).code).toBe(5);
    expect(asked).toBe(0);
  });
});

describe('the doctor', () => {
  it('finds everything well, and says what a token lacks', async () => {
    expect(await shop.run(['schema', 'publish', ...CHECK.slice(2)])).toMatchObject({ code: 0 });
    const well = await shop.run(['doctor', '--format', 'json']);
    expect(well.code).toBe(0);
    const { data } = JSON.parse(well.stdout) as { data: { name: string; state: string }[] };
    expect(data.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'Node ok',
      'git ok',
      'configuration ok',
      'registry ok',
      'clock ok',
      'token ok',
      'target ok',
      'signing keys ok',
      'supergraph ok',
    ]);
    const reader = await shop.run(['doctor'], {
      env: { CONCORD_TOKEN: await shop.token('schema:read') },
    });
    expect(reader.code).toBe(0);
    expect(reader.stdout).toContain('The token lacks "artifact:read"');
  });

  it.each([
    [{ CONCORD_TOKEN: '' }, 3],
    [{ CONCORD_TOKEN: 'hvo1/wrong' }, 4],
    [{ CONCORD_GRAPH: 'nowhere@production' }, 4],
    [{ CONCORD_REGISTRY: 'http://127.0.0.1:1' }, 5],
  ])('ends with %j by the code %i, and looks on as far as it can', async (env, code) => {
    const run = await shop.run(['doctor'], { env });
    expect(run.code).toBe(code);
    expect(run.stdout).toContain('✗');
    expect(run.stdout).toMatch(/supergraph/);
  });

  it('does not trust keys that no trusted one endorses', async () => {
    const run = await shop.run(['doctor', '--key', 'A'.repeat(43)]);
    expect(run).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('No chain of endorsements'),
    });
  });
});

describe('who one is', () => {
  it('is told for people and for tokens, without the token', async () => {
    const person = await shop.run(['whoami', '--format', 'json']);
    expect(JSON.parse(person.stdout)).toMatchObject({
      data: {
        name: 'architect',
        id: 'architect',
        grants: [{ targets: expect.arrayContaining(['shop@production']) }],
      },
    });
    const token = await shop.token('schema:check', 'schema:read');
    const pipeline = await shop.run(['whoami'], { env: { CONCORD_TOKEN: token } });
    expect(pipeline.stdout).toContain('pipeline');
    expect(pipeline.stdout).toMatch(/shop@production +schema:read schema:check/);
    expect(pipeline.stdout).not.toContain(token);
  });
});
