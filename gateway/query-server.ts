import { ApolloServer, HeaderMap } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import { errorText } from '#kernel/log.ts';
import type {
  ApolloServerOptionsWithGateway,
  ApolloServerPlugin,
  BaseContext,
} from '@apollo/server';
import type { GraphQLFormattedError, GraphQLSchema } from 'graphql';
import type { HttpReply, HttpRequest } from '#kernel/http.ts';
import type { Log } from '#kernel/log.ts';
import type { Engine } from './engine.ts';
import type { OperationContext } from './operation-context.ts';
import type { Generation } from './supergraph.ts';

/** Apollo Server's gateway seam; taken from its options so that its interface package is no dependency of ours. */
type GatewayInterface = ApolloServerOptionsWithGateway<BaseContext>['gateway'];
type SchemaCallback = Parameters<GatewayInterface['onSchemaLoadOrUpdate']>[0];

/** An admitted request on its way through Apollo Server, which clones its context but not what hangs on it. */
export interface QueryCall {
  readonly operation: OperationContext;
  readonly cost: number;
  /** Told once, when the answer is made: the code of its first error or null, and how many it has. */
  readonly onAnswer: (code: string | null, errors: number) => void;
}

interface QueryContext extends BaseContext {
  readonly call: QueryCall;
}

/** Answers queries and mutations over HTTP. */
export interface QueryServer {
  answer(
    request: HttpRequest,
    body: Readonly<Record<string, unknown>>,
    call: QueryCall,
  ): Promise<HttpReply>;
  /** Takes requests to the next generation from now on; those under way end on theirs. */
  follow(generation: Generation): void;
  stop(): Promise<void>;
}

/** Starts Apollo Server over the first generation of a supergraph. */
export async function startQueryServer(first: Generation, log: Log): Promise<QueryServer> {
  const gateway = gatewayOf(first);
  const apollo = new ApolloServer<QueryContext>({
    gateway,
    // Limits, validation and introspection are decided by admission.ts before Apollo Server sees an operation.
    introspection: true,
    hideSchemaDetailsFromClientErrors: true,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    persistedQueries: false,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    formatError: (formatted, error) => masked(formatted, error, log),
    logger: loggerOf(log),
    plugins: [
      extendAnswers,
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
    ],
  });
  await apollo.start();
  return {
    answer: async (request, body, call) => {
      const answer = await apollo.executeHTTPGraphQLRequest({
        httpGraphQLRequest: { method: 'POST', headers: headerMap(request), search: '', body },
        context: () => Promise.resolve({ call }),
      });
      return {
        status: answer.status ?? 200,
        headers: Object.fromEntries(answer.headers),
        body: answer.body.kind === 'complete' ? answer.body.string : answer.body.asyncIterator,
      };
    },
    follow: gateway.follow,
    stop: () => apollo.stop(),
  };
}

/** Apollo Server keeps an operation on the schema it was validated against; that schema leads to its engine. */
function gatewayOf(first: Generation): GatewayInterface & Pick<QueryServer, 'follow'> {
  const engines = new WeakMap<GraphQLSchema, Engine>();
  const callbacks = new Set<SchemaCallback>();
  let current = first;
  const announce = (callback: SchemaCallback): void => {
    const { schema, supergraphSdl } = current.engine;
    callback({ apiSchema: schema, coreSupergraphSdl: supergraphSdl });
  };
  const follow = (generation: Generation): void => {
    current = generation;
    engines.set(generation.engine.schema, generation.engine);
    callbacks.forEach(announce);
  };
  follow(first);
  return {
    follow,
    onSchemaLoadOrUpdate: (callback) => {
      callbacks.add(callback);
      announce(callback);
      return () => void callbacks.delete(callback);
    },
    load: () =>
      Promise.resolve({
        executor: ({ document, request, schema, context, operationName }) => {
          const engine = engines.get(schema) ?? current.engine;
          const variables = request.variables ?? {};
          const { call } = context as QueryContext;
          return engine.execute({ document, operationName, variables }, call.operation);
        },
      }),
    stop: () => Promise.resolve(),
  };
}

/** Every answer carries its correlation id and cost, whether it has data or errors. */
const extendAnswers: ApolloServerPlugin<QueryContext> = {
  requestDidStart: () =>
    Promise.resolve({
      willSendResponse: ({ response, contextValue: { call } }) => {
        if (response.body.kind !== 'single') return Promise.resolve();
        const { singleResult } = response.body;
        singleResult.extensions = {
          ...singleResult.extensions,
          correlationId: call.operation.correlationId,
          cost: call.cost,
        };
        const code = singleResult.errors?.[0]?.extensions?.['code'];
        const errors = singleResult.errors?.length ?? 0;
        call.onAnswer(errors === 0 ? null : String(code), errors);
        if (code === 'INTERNAL_SERVER_ERROR' && singleResult.data === undefined) {
          response.http.status = 500;
        }
        return Promise.resolve();
      },
    }),
};

/** Errors that name their service were made for the client; of the rest, those without a code are bugs here. */
function masked(formatted: GraphQLFormattedError, error: unknown, log: Log): GraphQLFormattedError {
  const { code, service } = formatted.extensions ?? {};
  if (service !== undefined || (code !== undefined && code !== 'INTERNAL_SERVER_ERROR'))
    return formatted;
  const path = (formatted.path ?? []).join('.');
  log.error({
    event: 'graphql.error',
    room: 'gateway',
    path,
    error: errorText(error),
    correlationId: '',
  });
  return {
    ...formatted,
    message: 'The gateway failed to answer; quote the correlation id.',
    extensions: { code: 'INTERNAL_SERVER_ERROR', service: 'gateway' },
  };
}

function headerMap(request: HttpRequest): HeaderMap {
  const headers = new HeaderMap();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  return headers;
}

/** What Apollo Server says of itself; only its problems are kept. */
function loggerOf(log: Log): {
  [Level in 'debug' | 'info' | 'warn' | 'error']: (message?: unknown) => void;
} {
  const report = (message?: unknown): void =>
    log.warn({
      event: 'graphql.error',
      room: 'gateway',
      path: '',
      error: errorText(message),
      correlationId: '',
    });
  const ignore = (): void => undefined;
  return { debug: ignore, info: ignore, warn: report, error: report };
}
