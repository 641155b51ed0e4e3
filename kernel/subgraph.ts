import { readFile } from 'node:fs/promises';
import { ApolloServer, HeaderMap } from '@apollo/server';
import {
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse } from 'graphql';
import { scalarResolvers } from './scalars.ts';
import { httpProblem, startHttp } from './http.ts';
import { INTERNAL_TOKEN_HEADER } from './internal-token.ts';
import { acceptsStream, streamOperation } from './subgraph-stream.ts';
import { createGraphErrorFormat } from './graph-error.ts';
import type { GraphErrorFormat } from './graph-error.ts';
import type { GraphQLSchema } from 'graphql';
import type { HttpReply, HttpRequest, HttpServer, Readiness, Route } from './http.ts';
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
export async function readSubgraphSdl(...schemaFiles: readonly URL[]): Promise<string> {
  const texts = await Promise.all(
    [VOCABULARY, ...schemaFiles].map((file) => readFile(file, 'utf8')),
  );
  return texts.join('\n');
}

/** The executable schema of a room. Resolvers come typed by the generated `Resolvers` of that room. */
export function buildSchema(sdl: string, resolvers: object): GraphQLSchema {
  const modules = [{ typeDefs: parse(sdl), resolvers: { ...scalarResolvers, ...resolvers } }];
  // The generated resolver types are stricter than Apollo's map type; this is the one place where they meet.
  return buildSubgraphSchema(modules);
}

export interface SubgraphServer extends HttpServer {
  readonly sdl: string;
}

/** Who asks; a room that knows more of its callers tells it to its own `createContext`. */
export interface Asked {
  readonly viewer: Viewer;
  readonly caller: string;
}

/** Who asks, or the reply that refuses to listen. */
export type Authenticate<Known extends Asked = Asked> = (
  request: HttpRequest,
) => Promise<({ readonly ok: true } & Known) | { readonly ok: false; readonly reply: HttpReply }>;

interface GraphOptions<Known extends Asked = Asked> {
  readonly name: string;
  readonly sdl: string;
  readonly resolvers: object;
  readonly createContext: (request: RequestContext, asked: Known) => object;
  readonly host: string;
  readonly port: number;
  readonly ready: Readiness;
  readonly log: Log;
  /** Refuses a call by its headers, before its body is read. */
  readonly admit?: NonNullable<Route['admit']>;
  /** Largest body of one call; a room that takes longer texts says so. */
  readonly bodyLimitBytes?: number;
  /** Further routes on the same server, such as a webhook. */
  readonly routes?: readonly Route[];
}

/** Serves a room's GraphQL to signed calls only: POST `/graphql`, JSON, and event streams for subscriptions. */
export async function serveSubgraph(
  options: GraphOptions & { readonly verifyCall: CallVerifier },
): Promise<SubgraphServer> {
  return serveGraph({
    ...options,
    introspection: false,
    authenticate: signedCallsOnly(options.name, options.verifyCall, options.log),
  });
}

/** Serves a graph to whom `authenticate` lets in. */
export async function serveGraph<Known extends Asked>(
  options: GraphOptions<Known> & {
    readonly authenticate: Authenticate<Known>;
    readonly introspection: boolean;
  },
): Promise<SubgraphServer> {
  const schema = buildSchema(options.sdl, options.resolvers);
  const formatError = createGraphErrorFormat(options.name, options.log);
  const apollo = new ApolloServer<object>({
    schema,
    introspection: options.introspection,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    formatError,
    plugins: [ApolloServerPluginLandingPageDisabled(), ApolloServerPluginInlineTraceDisabled()],
  });
  await apollo.start();
  const handle = (request: HttpRequest): Promise<HttpReply> =>
    answerCall(request, { ...options, schema, apollo, formatError });
  const graphRoute: Route = {
    method: 'POST',
    path: '/graphql',
    handle,
    bodyLimitBytes: options.bodyLimitBytes ?? CALL_LIMIT_BYTES,
    ...(options.admit === undefined ? {} : { admit: options.admit }),
  };
  const http = await startHttp({
    ...options,
    room: options.name,
    routes: [graphRoute, ...(options.routes ?? [])],
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

interface Answering<Known extends Asked> {
  readonly schema: GraphQLSchema;
  readonly apollo: ApolloServer<object>;
  readonly formatError: GraphErrorFormat;
  readonly createContext: (request: RequestContext, asked: Known) => object;
  readonly authenticate: Authenticate<Known>;
}

async function answerCall<Known extends Asked>(
  request: HttpRequest,
  serving: Answering<Known>,
): Promise<HttpReply> {
  const asked = await serving.authenticate(request);
  if (!asked.ok) return asked.reply;
  const body = readJson(request.body);
  if (body === null)
    return httpProblem(400, 'BAD_REQUEST', 'A JSON object with "query" is expected as the body.');
  const { correlationId, traceparent, signal } = request;
  const { viewer, caller } = asked;
  const known = { viewer, caller, correlationId, traceparent, signal };
  const contextValue = serving.createContext(known, asked);
  if (acceptsStream(request.headers))
    return streamOperation({ ...serving, body, contextValue, signal });
  return executeHttp(serving.apollo, { request, body, contextValue });
}

function signedCallsOnly(name: string, verifyCall: CallVerifier, log: Log): Authenticate {
  return async (request) => {
    const token = request.headers[INTERNAL_TOKEN_HEADER];
    const verdict = await verifyCall({
      token: typeof token === 'string' ? token : undefined,
      body: request.body,
    });
    if (verdict.ok) return verdict;
    log.warn({
      event: 'access.refused',
      room: name,
      reason: verdict.reason,
      viewer: '',
      correlationId: request.correlationId,
    });
    return {
      ok: false,
      reply: httpProblem(
        401,
        'CALL_REFUSED',
        `The ${name} service answers signed calls only: ${verdict.reason}.`,
      ),
    };
  };
}

/** Hands one request to Apollo Server and takes its HTTP answer. */
async function executeHttp(
  apollo: ApolloServer<object>,
  call: { request: HttpRequest; body: unknown; contextValue: object },
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
export function answerOf<Value extends object, Name extends string, P extends Problem = never>(
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
