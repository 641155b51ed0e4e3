import { isRecord } from '#kernel/json.ts';
import { createGraphErrorFormat } from '#kernel/graph-error.ts';
import { httpProblem, jsonReply } from '#kernel/http.ts';
import {
  buildSchema,
  execute,
  GraphQLError,
  NoSchemaIntrospectionCustomRule,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import { excessOf, unkeptText } from '../document-bounds.ts';
import type { HttpReply, HttpRequest, Route } from '#kernel/http.ts';
import type { Log } from '#kernel/log.ts';
import type { Problem } from '#kernel/problem.ts';
import type { DocumentNode, ExecutionResult, GraphQLSchema } from 'graphql';
import type { DocumentBounds } from '../document-bounds.ts';

/**
 * A check with its baseline sends two contracts of 1 MiB, escaped as JSON. The rest is read only to be refused by name: to
 * a body that is not read, Rover knows no answer that it would show.
 */
const BODY_LIMIT_BYTES = 24 * 1024 * 1024;
/**
 * The longest document of a known client has about 350 tokens, the deepest 8 levels, the largest about 60 fields. Known
 * clients ask for one thing, and some for an address beside it; more would be a batch in disguise.
 */
const BOUNDS: DocumentBounds = { tokens: 2_000, depth: 14, fields: 400, rootFields: 3 };
const VALIDATION_ERRORS_MAX = 5;

/** A foreign protocol: its schema, what its root fields do, and how it says that somebody may not. */
export interface GraphqlDoor<Context> {
  readonly name: string;
  readonly path: string;
  readonly sdl: string;
  /** Root field → function of arguments and context; what it returns is plain data, unions with `__typename`. */
  readonly root: object;
  /** Prepares what root fields get, or answers at once. */
  readonly open: (
    request: HttpRequest,
  ) => Promise<{ readonly context: Context } | { readonly reply: HttpReply }>;
  /** Renames the codes of our errors to those that the protocol's clients know. */
  readonly rename?: (error: GraphQLError) => GraphQLError;
  /** What anybody may send who is only known by the body; left out, that of a check with its baseline. */
  readonly bodyLimitBytes?: number;
  readonly log: Log;
}

/** A GraphQL request that fails as a whole, in the form that every client of these protocols reads. */
export function errorReply(status: number, error: GraphQLError): HttpReply {
  return jsonReply(status, { errors: [error.toJSON()] });
}

/** A problem as an error of a root field. */
export function problemError(problem: Problem): GraphQLError {
  return new GraphQLError(problem.message, {
    extensions: { code: problem.code, retryable: problem.retryable },
  });
}

/** Serves a protocol by executing a real schema, since its clients' documents differ from version to version. */
export function graphqlRoute<Context>(door: GraphqlDoor<Context>): Route {
  const schema = buildSchema(door.sdl);
  const format = createGraphErrorFormat(door.name, door.log);
  return {
    method: 'POST',
    path: door.path,
    bodyLimitBytes: door.bodyLimitBytes ?? BODY_LIMIT_BYTES,
    handle: async (request) => {
      const call = readCall(request.body);
      if (call === null)
        return httpProblem(400, 'BAD_REQUEST', 'A JSON object with "query" is expected as body.');
      const opened = await door.open(request);
      if ('reply' in opened) return opened.reply;
      const result = await run(door, { schema, call, context: opened.context });
      const { errors, ...answer } = result;
      if (errors === undefined) return jsonReply(200, answer);
      const told = errors.map((error) => {
        const coded = withCode(door.rename?.(error) ?? error);
        return format(coded.toJSON(), coded);
      });
      return jsonReply(200, { ...answer, errors: told });
    },
  };
}

interface Call {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly operationName: string | null;
}

function readCall(body: Buffer): Call | null {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    return null;
  }
  if (!isRecord(value) || typeof value['query'] !== 'string') return null;
  const { query, variables, operationName } = value;
  return {
    query,
    variables: isRecord(variables) ? variables : {},
    operationName: typeof operationName === 'string' ? operationName : null,
  };
}

async function run<Context>(
  door: GraphqlDoor<Context>,
  running: { schema: GraphQLSchema; call: Call; context: Context },
): Promise<ExecutionResult> {
  const { schema, call, context } = running;
  let document: DocumentNode;
  try {
    document = parse(call.query, { maxTokens: BOUNDS.tokens });
  } catch (error) {
    if (error instanceof GraphQLError) return { errors: [error] };
    throw error;
  }
  const errors = validate(schema, document, [...specifiedRules, NoSchemaIntrospectionCustomRule], {
    maxErrors: VALIDATION_ERRORS_MAX,
  });
  if (errors.length > 0) return { errors };
  const excess = excessOf(document, BOUNDS);
  // Their clients know no codes of ours.
  if (excess !== null) return { errors: [new GraphQLError(excess.message)] };
  const unkept = unkeptText(document, call.variables);
  if (unkept !== null) return { errors: [unkept] };
  return execute({
    schema,
    document,
    rootValue: door.root,
    contextValue: context,
    variableValues: call.variables,
    operationName: call.operationName,
  });
}

/** Errors of the document and of its variables are the caller's; those without a code that a field threw are ours. */
function withCode(error: GraphQLError): GraphQLError {
  if (error.extensions['code'] !== undefined || error.path !== undefined) return error;
  const { message, nodes, source, positions } = error;
  return new GraphQLError(message, {
    nodes: nodes ?? null,
    source: source ?? null,
    positions: positions ?? null,
    extensions: { code: 'BAD_USER_INPUT' },
  });
}
