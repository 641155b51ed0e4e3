import { readFile } from 'node:fs/promises';
import { ApolloServer, HeaderMap } from '@apollo/server';
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse } from 'graphql';
import { scalarResolvers } from './scalars.ts';
import { httpProblem, startHttp } from './http.ts';
import { INTERNAL_TOKEN_HEADER } from './internal-token.ts';
import { acceptsStream, streamOperation } from './subgraph-stream.ts';
import { createGraphErrorFormat } from './graph-error.ts';
import type { GraphQLSchema } from 'graphql';
import type { HttpReply, HttpRequest, HttpServer, Readiness } from './http.ts';
import type { Viewer } from './identity.ts';
import type { CallVerifier } from './internal-token.ts';
import type { Log } from './log.ts';
import type { Problem, Result } from './problem.ts';

/** What every resolver knows of its request, beside what its own room adds. */
export interface RequestContext {
  readonly viewer: Viewer;
  /** The room whose signature the call carried. */
  readonly caller: string;
  readonly correlationId: string;
  readonly traceparent: string | null;
  /** Aborted when the caller has gone away. */
  readonly signal: AbortSignal;
}

const VOCABULARY = new URL('./vocabulary.graphql', import.meta.url);

/** A room's contract as it is published: the common vocabulary and the room's own types. */
export async function readSubgraphSdl(schemaFile: URL): Promise<string> {
  const [vocabulary, own] = await Promise.all([
    readFile(VOCABULARY, 'utf8'),
    readFile(schemaFile, 'utf8'),
  ]);
  return `${vocabulary}\n${own}`;
}

/** The executable schema of a room. Resolvers come typed by the generated `Resolvers` of that room. */
export function buildSchema(sdl: string, resolvers: object): GraphQLSchema {
  type Modules = Parameters<typeof buildSubgraphSchema>[0];
  const modules = [{ typeDefs: parse(sdl), resolvers: { ...scalarResolvers, ...resolvers } }];
  // The generated resolver types are stricter than Apollo's map type; this is the one place where they meet.
  return buildSubgraphSchema(modules as unknown as Modules);
}

export interface SubgraphServer extends HttpServer {
  readonly sdl: string;
}

/** Serves a room's GraphQL to signed calls only: POST `/graphql`, JSON, and event streams for subscriptions. */
export async function serveSubgraph<Context extends object>(options: {
  readonly name: string;
  readonly sdl: string;
  readonly resolvers: object;
  readonly createContext: (request: RequestContext) => Context;
  readonly verifyCall: CallVerifier;
  readonly host: string;
  readonly port: number;
  readonly ready: Readiness;
  readonly log: Log;
}): Promise<SubgraphServer> {
  const schema = buildSchema(options.sdl, options.resolvers);
  const apollo = new ApolloServer<Context>({
    schema,
    introspection: false,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    formatError: createGraphErrorFormat(options.name, options.log),
    plugins: [ApolloServerPluginLandingPageDisabled()],
  });
  await apollo.start();
  const handle = (request: HttpRequest): Promise<HttpReply> =>
    answerCall(request, { ...options, schema, apollo });
  const http = await startHttp({
    ...options,
    room: options.name,
    routes: [{ method: 'POST', path: '/graphql', handle, bodyLimitBytes: CALL_LIMIT_BYTES }],
  });
  return {
    ...http,
    sdl: options.sdl,
    close: async () => {
      await http.close();
      await apollo.stop();
    },
  };
}

/** Calls carry captured documents and long lists of representations, so they may be larger than what the front door takes. */
const CALL_LIMIT_BYTES = 12 * 1024 * 1024;

interface Answering<Context extends object> {
  readonly name: string;
  readonly schema: GraphQLSchema;
  readonly apollo: ApolloServer<Context>;
  readonly createContext: (request: RequestContext) => Context;
  readonly verifyCall: CallVerifier;
  readonly log: Log;
}

async function answerCall<Context extends object>(
  request: HttpRequest,
  serving: Answering<Context>,
): Promise<HttpReply> {
  const token = request.headers[INTERNAL_TOKEN_HEADER];
  const verdict = await serving.verifyCall({
    token: typeof token === 'string' ? token : undefined,
    body: request.body,
  });
  if (!verdict.ok) {
    serving.log.warn({
      event: 'access.refused',
      room: serving.name,
      reason: verdict.reason,
      viewer: '',
      correlationId: request.correlationId,
    });
    return httpProblem(
      401,
      'CALL_REFUSED',
      `The ${serving.name} service answers signed calls only: ${verdict.reason}.`,
    );
  }
  const body = readJson(request.body);
  if (body === null)
    return httpProblem(400, 'BAD_REQUEST', 'A JSON object with "query" is expected as the body.');
  const { correlationId, traceparent, signal } = request;
  const contextValue = serving.createContext({
    viewer: verdict.viewer,
    caller: verdict.caller,
    correlationId,
    traceparent,
    signal,
  });
  if (acceptsStream(request.headers))
    return streamOperation({ schema: serving.schema, body, contextValue, signal });
  return executeHttp(serving.apollo, { request, body, contextValue });
}

/** Hands one request to Apollo Server and takes its HTTP answer. */
async function executeHttp<Context extends object>(
  apollo: ApolloServer<Context>,
  call: { request: HttpRequest; body: unknown; contextValue: Context },
): Promise<HttpReply> {
  const headers = new HeaderMap();
  for (const [name, value] of Object.entries(call.request.headers)) {
    if (typeof value === 'string') headers.set(name, value);
  }
  const answer = await apollo.executeHTTPGraphQLRequest({
    httpGraphQLRequest: { method: call.request.method, headers, search: '', body: call.body },
    context: () => Promise.resolve(call.contextValue),
  });
  return {
    status: answer.status ?? 200,
    headers: Object.fromEntries(answer.headers),
    body: answer.body.kind === 'complete' ? answer.body.string : answer.body.asyncIterator,
  };
}

function readJson(body: Buffer): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

/** A problem as GraphQL answers it: `INSUFFICIENT_FUNDS` is the type `InsufficientFundsProblem`. */
export type ProblemAnswer<P extends Problem> = P & {
  readonly __typename: string;
  readonly correlationId: string;
};

/** A mutation's answer: the named success type, or the problem's own type with the correlation id to quote. */
export function answerOf<Value extends object, P extends Problem, Name extends string>(
  result: Result<Value, P>,
  successType: Name,
  correlationId: string,
): (Value & { readonly __typename: Name }) | ProblemAnswer<P> {
  if (result.ok) return { ...result.value, __typename: successType };
  return { ...result.problem, __typename: problemTypeName(result.problem.code), correlationId };
}

/** `INSUFFICIENT_FUNDS` → `InsufficientFundsProblem`. */
export function problemTypeName(code: string): string {
  const words = code.toLowerCase().split('_');
  return `${words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')}Problem`;
}
