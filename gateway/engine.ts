import { unifiedGraphHandler } from '@graphql-hive/router-runtime';
import {
  GraphQLError,
  Kind,
  buildASTSchema,
  executeSync,
  parse,
  print,
  validateSchema,
} from 'graphql';
import { errorText } from '#kernel/log.ts';
import { completeNulls } from './null-completion.ts';
import { createPlannerForms } from './planner-form.ts';
import { rootRequest } from './root-fields.ts';
import { skeletonOf } from './skeleton.ts';
import { addressOf, subgraphDirectory } from './subgraph-directory.ts';
import type { DocumentNode, ExecutionResult, GraphQLSchema } from 'graphql';
import type { Log } from '#kernel/log.ts';
import type { OperationContext } from './operation-context.ts';
import type { RootRequest } from './root-fields.ts';
import type { SubgraphAddress } from './subgraph-directory.ts';
import type { Upstream, UpstreamOperation } from './upstream.ts';

/** A validated client operation. Plans are cached by the identity of `document`: hand in the same node again. */
export interface ClientOperation {
  readonly document: DocumentNode;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** One supergraph, loaded. It owns no socket and no timer: whoever still holds it may finish on it. */
export interface Engine {
  /** The graph as clients see it. */
  readonly schema: GraphQLSchema;
  readonly supergraph: DocumentNode;
  readonly supergraphSdl: string;
  readonly subgraphs: readonly SubgraphAddress[];
  execute(operation: ClientOperation, context: OperationContext): Promise<ExecutionResult>;
  /** The upstream operations that would be sent first; nothing is sent. Throws when the operation cannot be planned. */
  plan(
    operation: ClientOperation,
    context: OperationContext,
  ): Promise<readonly UpstreamOperation[]>;
  /** Completes one upstream event with the fields of other subgraphs and shapes it as the client asked. */
  executeEvent(
    operation: ClientOperation,
    context: OperationContext,
    event: ExecutionResult,
  ): Promise<ExecutionResult>;
}

/** Answers an upstream operation in place of its subgraph; null lets it be sent. */
type Intercept = (operation: UpstreamOperation) => ExecutionResult | null;

/** What the seam below the planner sees of one execution. */
interface ExecutionContext {
  readonly operation: OperationContext;
  readonly intercept: Intercept | null;
}

/** Loads a supergraph and pays its start-up cost now, so that the first request after a swap does not. Throws when it does not load. */
export async function createEngine(
  supergraphSdl: string,
  options: { readonly upstream: Upstream; readonly log: Log },
): Promise<Engine> {
  const supergraph = parse(supergraphSdl, { noLocation: true });
  const directory = subgraphDirectory(supergraph);
  const { schema, execute } = await startHive({ supergraph, supergraphSdl }, directory, options);
  const forms = createPlannerForms(schema);
  const run = async (operation: ClientOperation, context: ExecutionContext) => {
    const document = forms.of(operation.document, operation.operationName);
    const single = { ...operation, document };
    const root = rootRequest(single.document, single.operationName, single.variables);
    if (root !== 'data') return answerWithoutSubgraphs(schema, single, root);
    try {
      return tidy(schema, single, await execute(single, context));
    } catch (error) {
      return { errors: requestErrors(error, context.operation, options.log) };
    }
  };
  return {
    schema,
    supergraph,
    supergraphSdl,
    subgraphs: [...directory.values()],
    execute: (operation, context) => run(operation, { operation: context, intercept: null }),
    plan: async (operation, context) => {
      const planned: UpstreamOperation[] = [];
      const intercept = (upstream: UpstreamOperation): ExecutionResult => {
        planned.push(upstream);
        return { data: null };
      };
      const { errors } = await run(operation, { operation: context, intercept });
      if (planned.length > 0) return planned;
      throw errors?.[0] ?? new Error('The operation asks nothing of a subgraph.');
    },
    executeEvent: (operation, context, event) => {
      const intercept: Intercept = ({ kind }) => (kind === 'subscription' ? event : null);
      return run(operation, { operation: context, intercept });
    },
  };
}

type Execute = (operation: ClientOperation, context: ExecutionContext) => Promise<ExecutionResult>;

async function startHive(
  graph: { readonly supergraph: DocumentNode; readonly supergraphSdl: string },
  directory: ReadonlyMap<string, SubgraphAddress>,
  options: { readonly upstream: Upstream },
): Promise<{ schema: GraphQLSchema; execute: Execute }> {
  const handlerOptions: Parameters<typeof unifiedGraphHandler>[0] = {
    unifiedGraph: buildASTSchema(graph.supergraph, { assumeValidSDL: true }),
    getUnifiedGraphSDL: () => graph.supergraphSdl,
    onSubgraphExecute: (name, request) => {
      const context: ExecutionContext = request.context;
      const operation = upstreamOperation(addressOf(directory, name), request);
      return context.intercept?.(operation) ?? options.upstream.call(operation, context.operation);
    },
  };
  const handled = await unifiedGraphHandler(handlerOptions);
  // Read again by the runtime when it builds its subgraph schemas; see skeletonOf.
  handlerOptions.unifiedGraph = skeletonOf(graph.supergraph);
  const { executor, unifiedGraph: schema } = handled;
  const [invalid] = validateSchema(schema);
  if (invalid !== undefined) throw invalid;
  if (executor === undefined)
    throw new Error('router-runtime brought no executor; check its version.');
  // The runtime builds its subgraph schemas on the first call; this makes it happen before the swap.
  for (const name of [...directory.keys()].slice(0, 1)) handled.getSubgraphSchema(name);
  return {
    schema,
    execute: async ({ document, operationName, variables }, context) => {
      // No client's signal goes in: the runtime caches a plan that was aborted as a failed one, for everybody.
      const name = operationName === null ? {} : { operationName };
      const result = await executor({ document, ...name, variables: { ...variables }, context });
      if (Symbol.asyncIterator in result) throw new Error('One result is expected, not a stream.');
      return result;
    },
  };
}

/** Hive's executor answers a mixed root with nulls, and fails on fragments at an introspecting root and on an empty plan. */
function answerWithoutSubgraphs(
  schema: GraphQLSchema,
  { document, operationName, variables }: ClientOperation,
  root: Exclude<RootRequest, 'data'>,
): ExecutionResult {
  if (root === 'nothing') return { data: {} };
  if (root === 'introspection') {
    return executeSync({ schema, document, operationName, variableValues: variables });
  }
  const message = 'Ask for the schema and for data in separate operations.';
  return { errors: [new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } })] };
}

const printed = new WeakMap<DocumentNode, string>();

function upstreamOperation(
  subgraph: SubgraphAddress,
  request: {
    readonly document: DocumentNode;
    readonly operationName?: string;
    readonly variables?: Record<string, unknown>;
  },
): UpstreamOperation {
  const query = printed.get(request.document) ?? print(request.document);
  printed.set(request.document, query);
  // An entity fetch below a subscription is a query, whatever the request's own operationType says.
  const [definition] = request.document.definitions;
  const kind = definition?.kind === Kind.OPERATION_DEFINITION ? definition.operation : 'query';
  return {
    subgraph,
    kind,
    query,
    operationName: request.operationName ?? null,
    variables: request.variables ?? {},
  };
}

/** Errors come as plain JSON from subgraphs; every consumer downstream expects a GraphQLError. */
function tidy(
  schema: GraphQLSchema,
  operation: ClientOperation,
  result: ExecutionResult,
): ExecutionResult {
  if ((result.errors?.length ?? 0) === 0) return { data: result.data ?? null };
  const errors = (result.errors ?? []).map(
    ({ message, path, extensions }) =>
      new GraphQLError(message, { path: path ?? null, extensions: { ...extensions } }),
  );
  return { errors, data: completeNulls(schema, operation, result.data ?? {}) };
}

const UNPLANNED =
  'This operation cannot be planned. Conditions that always or never hold are the usual cause: take them out.';
const UNPLANNED_OPTIONS = { extensions: { code: 'QUERY_NOT_PLANNED', service: 'gateway' } };

/** Failures before any data: wrong variables are the client's, everything else is ours and is masked. */
function requestErrors(error: unknown, context: OperationContext, log: Log): GraphQLError[] {
  const all: unknown[] = error instanceof AggregateError ? error.errors : [error];
  return all.map((one) => {
    if (one instanceof GraphQLError) {
      const code = one.extensions['code'] ?? 'BAD_USER_INPUT';
      const extensions = { ...one.extensions, code };
      return new GraphQLError(one.message, { nodes: one.nodes ?? null, extensions });
    }
    const { correlationId } = context;
    log.error({
      event: 'graphql.error',
      room: 'gateway',
      path: '',
      error: errorText(one),
      correlationId,
    });
    if (errorText(one).startsWith('Failed to plan'))
      return new GraphQLError(UNPLANNED, UNPLANNED_OPTIONS);
    const message = `The gateway failed to answer; quote correlation id ${correlationId}.`;
    return new GraphQLError(message, {
      extensions: { code: 'INTERNAL_SERVER_ERROR', service: 'gateway' },
    });
  });
}
