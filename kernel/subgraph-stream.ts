import { parse, subscribe, validate } from 'graphql';
import { httpProblem } from './http.ts';
import type { DocumentNode, ExecutionResult, GraphQLSchema } from 'graphql';
import type { GraphErrorFormat } from './graph-error.ts';
import type { IncomingHttpHeaders } from 'node:http';
import type { HttpReply } from './http.ts';

/** Does the caller ask for an event stream, as graphql-sse's distinct connections mode defines it? */
export function acceptsStream(headers: IncomingHttpHeaders): boolean {
  return headers.accept?.includes('text/event-stream') === true;
}

/** Runs a subscription and answers with one `next` event per result and a final `complete`. */
export async function streamOperation(options: {
  schema: GraphQLSchema;
  body: Readonly<Record<string, unknown>>;
  contextValue: object;
  signal: AbortSignal;
  formatError: GraphErrorFormat;
}): Promise<HttpReply> {
  const document = parseOperation(options.schema, options.body);
  if ('status' in document) return document;
  const { variables, operationName } = options.body;
  const outcome = await subscribe({
    schema: options.schema,
    document,
    contextValue: options.contextValue,
    variableValues:
      typeof variables === 'object' ? (variables as Record<string, unknown> | null) : null,
    operationName: typeof operationName === 'string' ? operationName : null,
  });
  const results = Symbol.asyncIterator in outcome ? outcome : single(outcome);
  return {
    status: 200,
    headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' },
    body: encode(results, options),
  };
}

function parseOperation(
  schema: GraphQLSchema,
  body: Readonly<Record<string, unknown>>,
): DocumentNode | HttpReply {
  try {
    const document = parse(String(body['query']), { maxTokens: 10_000 });
    const [first] = validate(schema, document);
    return first === undefined
      ? document
      : httpProblem(400, 'GRAPHQL_VALIDATION_FAILED', first.message);
  } catch (error) {
    return httpProblem(400, 'GRAPHQL_PARSE_FAILED', String(error));
  }
}

async function* single(result: ExecutionResult): AsyncGenerator<ExecutionResult> {
  yield result;
}

async function* encode(
  results: AsyncIterable<ExecutionResult>,
  { signal, formatError }: { signal: AbortSignal; formatError: GraphErrorFormat },
): AsyncGenerator<string> {
  const iterator = results[Symbol.asyncIterator]();
  // Ending the source when the reader goes away also ends a wait for its next event.
  const end = (): void => void iterator.return?.();
  signal.addEventListener('abort', end, { once: true });
  try {
    yield ':\n\n';
    for (
      let next = await iterator.next();
      next.done !== true && !signal.aborted;
      next = await iterator.next()
    ) {
      yield `event: next\ndata: ${JSON.stringify(formatted(next.value, formatError))}\n\n`;
    }
    yield 'event: complete\ndata:\n\n';
  } finally {
    signal.removeEventListener('abort', end);
    end();
  }
}

function formatted(result: ExecutionResult, formatError: GraphErrorFormat): object {
  if (result.errors === undefined) return result;
  return { ...result, errors: result.errors.map((error) => formatError(error.toJSON(), error)) };
}
