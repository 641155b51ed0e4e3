import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { execute, parse } from 'graphql';
import { startTokenIssuer } from '../../../gateway/test-world/token-issuer.ts';
import { announce } from './announce.ts';
import { compose, servedGraph } from './served-graph.ts';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { GraphQLSchema } from 'graphql';
import type { GraphName } from './served-graph.ts';
import type { Seen, Surroundings } from './surroundings.ts';

/** Everything around the servers under test, in one process: a graph's subgraphs, an issuer of tokens, a registry's door for usage. */

const USAGE = { targetId: 'bench', token: 'hvo1/bench' };
/** Names of operations differ between clients' operations of one shape, and say nothing to a resolver. */
const CHANGING = /"operationName":(?:"\w*"|null),?|(?<=(?:query|subscription)\s)\w+/g;
/** Far more than the distinct calls of one run, and far less than memory. */
const ANSWERS_MAX = 5_000;

const graph = await servedGraph((process.env['GRAPH'] ?? 'shop') as GraphName);
const answers = new Map<string, Buffer>();
const streams = new Map<ServerResponse, string>();
const seen = { calls: 0, streamsOpened: 0, usageOperations: 0 };

const server = createServer((request, response) => {
  const pieces: Buffer[] = [];
  request.on('data', (piece: Buffer) => pieces.push(piece));
  request.on('end', () => {
    const [, first = '', second] = (request.url ?? '').split('/');
    const body = pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
    if (second === 'graphql') answerCall(first, request, String(body), response);
    else void answerOther(first, body ?? Buffer.alloc(0), response);
  });
});
server.keepAliveTimeout = 120_000;

function answerCall(
  service: string,
  request: IncomingMessage,
  body: string,
  response: ServerResponse,
): void {
  seen.calls += 1;
  if (request.headers.accept?.startsWith('text/event-stream') === true)
    return openStream(body, response);
  const key = `${service} ${body.replace(CHANGING, '')}`;
  const known = answers.get(key);
  if (known === undefined) void answerNew(service, key, body, response);
  else reply(response, known);
}

async function answerNew(
  service: string,
  key: string,
  body: string,
  response: ServerResponse,
): Promise<void> {
  const schema = graph.schemas[service];
  if (schema === undefined) throw new Error(`There is no subgraph "${service}".`);
  const answer = await answerTo(schema, body);
  if (answers.size >= ANSWERS_MAX) answers.clear();
  answers.set(key, answer);
  reply(response, answer);
}

async function answerTo(schema: GraphQLSchema, body: string, rootValue?: object): Promise<Buffer> {
  const { query, variables } = JSON.parse(body) as {
    readonly query: string;
    readonly variables?: Record<string, unknown>;
  };
  const request = { schema, document: parse(query), rootValue, variableValues: variables };
  const result = await execute(request);
  return Buffer.from(JSON.stringify(result));
}

function reply(response: ServerResponse, body: Buffer): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
  response.end(body);
}

function openStream(body: string, response: ServerResponse): void {
  seen.streamsOpened += 1;
  streams.set(response, body);
  response.on('close', () => streams.delete(response));
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write(':\n\n');
}

/** Sends one event into every stream; made once for all streams that ask the same. */
async function publish(sequence: number): Promise<void> {
  const schema = graph.schemas[graph.feed?.service ?? ''];
  const event = graph.feed?.event(sequence);
  if (schema === undefined || event === undefined) return;
  const made = new Map<string, string>();
  for (const [response, body] of streams) {
    const text =
      made.get(body) ?? `event: next\ndata: ${String(await answerTo(schema, body, event))}\n\n`;
    made.set(body, text);
    response.write(text);
  }
}

async function answerOther(what: string, body: Buffer, response: ServerResponse): Promise<void> {
  if (what === 'usage') {
    const report = JSON.parse(gunzipSync(body).toString()) as { readonly size: number };
    seen.usageOperations += report.size;
  }
  // The collector of spans takes what comes.
  if (what === 'v1') return reply(response, Buffer.alloc(0));
  if (what === 'publish') await publish(Number(String(body)));
  if (what === 'token') return reply(response, Buffer.from(await tokenOf(String(body))));
  reply(response, Buffer.from(JSON.stringify({ ...seen, streams: streams.size } satisfies Seen)));
}

const issuer = await startTokenIssuer();
const tokenOf = (sub: string): Promise<string> =>
  issuer.token({ sub: sub === '' ? 'bench' : sub, expiresInSeconds: 7_200 });

server.listen(Number(process.env['PORT'] ?? 0), '127.0.0.1', () => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const folder = mkdtempSync(join(tmpdir(), 'concord-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true }));
  const supergraphFile = join(folder, 'supergraph.graphql');
  writeFileSync(supergraphFile, compose(graph, url));
  announce({
    url,
    supergraphFile,
    accessTokens: issuer.rules,
    usage: USAGE,
  } satisfies Surroundings);
});
