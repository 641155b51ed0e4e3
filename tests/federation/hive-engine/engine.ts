import { unifiedGraphHandler } from '@graphql-hive/router-runtime';
import { GraphQLError, Kind, buildASTSchema, executeSync, parse, print } from 'graphql';
import { completeNulls } from './null-completion.ts';
import { createPlannerForms } from './planner-form.ts';
import { rootRequest } from './root-fields.ts';
import { skeletonOf } from './skeleton.ts';
import type { DocumentNode, ExecutionResult, GraphQLSchema } from 'graphql';
import type { RootRequest } from './root-fields.ts';
import type { SubgraphCall } from './subgraph-call.ts';

export interface HiveOperation {
  readonly document: DocumentNode;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
}

export interface HiveEngine {
  readonly schema: GraphQLSchema;
  execute(operation: HiveOperation): Promise<ExecutionResult>;
}

type Execute = (operation: HiveOperation) => Promise<ExecutionResult>;

/**
 * Hive's router-runtime over the Rust planner, with the corrections that the gateway ran it with before it had an
 * executor of its own. It is kept as a witness for the differential test and serves no traffic.
 */
export async function createHiveEngine(
  supergraphSdl: string,
  call: SubgraphCall,
): Promise<HiveEngine> {
  const supergraph = parse(supergraphSdl, { noLocation: true });
  const { schema, execute } = await startHive({ supergraph, supergraphSdl }, call);
  const forms = createPlannerForms(schema);
  return {
    schema,
    execute: async (operation) => {
      const document = forms.of(operation.document, operation.operationName);
      const single = { ...operation, document };
      const root = rootRequest(single.document, single.operationName, single.variables);
      if (root !== 'data') return answerWithoutSubgraphs(schema, single, root);
      try {
        return tidy(schema, single, await execute(single));
      } catch (error) {
        return { errors: requestErrors(error) };
      }
    },
  };
}

async function startHive(
  graph: { readonly supergraph: DocumentNode; readonly supergraphSdl: string },
  call: SubgraphCall,
): Promise<{ schema: GraphQLSchema; execute: Execute }> {
  const names = realNames(graph.supergraph);
  const handlerOptions: Parameters<typeof unifiedGraphHandler>[0] = {
    unifiedGraph: buildASTSchema(graph.supergraph, { assumeValidSDL: true }),
    getUnifiedGraphSDL: () => graph.supergraphSdl,
    onSubgraphExecute: (name, request) =>
      call(names.get(name) ?? name, {
        query: printOnce(request.document),
        variables: request.variables ?? {},
        operationName: request.operationName ?? null,
      }),
  };
  const handled = await unifiedGraphHandler(handlerOptions);
  handlerOptions.unifiedGraph = skeletonOf(graph.supergraph);
  const { executor, unifiedGraph: schema } = handled;
  if (executor === undefined)
    throw new Error('router-runtime brought no executor; check its version.');
  return {
    schema,
    execute: async ({ document, operationName, variables }) => {
      const name = operationName === null ? {} : { operationName };
      const result = await executor({ document, ...name, variables: { ...variables } });
      if (Symbol.asyncIterator in result) throw new Error('One result is expected, not a stream.');
      return result;
    },
  };
}

/** The runtime speaks of a subgraph by its real name or by its name in the supergraph. */
function realNames(supergraph: DocumentNode): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const node of supergraph.definitions) {
    if (node.kind !== Kind.ENUM_TYPE_DEFINITION || node.name.value !== 'join__Graph') continue;
    for (const value of node.values ?? []) {
      const graph = value.directives?.find((directive) => directive.name.value === 'join__graph');
      const name = graph?.arguments?.find((argument) => argument.name.value === 'name')?.value;
      if (name?.kind === Kind.STRING) names.set(value.name.value, name.value);
    }
  }
  return names;
}

const printed = new WeakMap<DocumentNode, string>();

function printOnce(document: DocumentNode): string {
  const query = printed.get(document) ?? print(document);
  printed.set(document, query);
  return query;
}

/** Hive's executor answers a mixed root with nulls, and fails on fragments at an introspecting root and on an empty plan. */
function answerWithoutSubgraphs(
  schema: GraphQLSchema,
  { document, operationName, variables }: HiveOperation,
  root: Exclude<RootRequest, 'data'>,
): ExecutionResult {
  if (root === 'nothing') return { data: {} };
  if (root === 'introspection') {
    return executeSync({ schema, document, operationName, variableValues: variables });
  }
  const message = 'Ask for the schema and for data in separate operations.';
  return { errors: [new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } })] };
}

function tidy(
  schema: GraphQLSchema,
  operation: HiveOperation,
  result: ExecutionResult,
): ExecutionResult {
  if ((result.errors?.length ?? 0) === 0) return { data: result.data ?? null };
  const errors = (result.errors ?? []).map(
    ({ message, path, extensions }) =>
      new GraphQLError(message, { path: path ?? null, extensions: { ...extensions } }),
  );
  return { errors, data: completeNulls(schema, operation, result.data ?? {}) };
}

/** Failures before any data: wrong variables, or an operation that cannot be planned. */
function requestErrors(error: unknown): GraphQLError[] {
  const all: unknown[] = error instanceof AggregateError ? error.errors : [error];
  return all.map((one) => {
    // The planner's errors are of another realm under Jest.
    const message = String(one).replace(/^Error: /, '');
    const unplanned = message.startsWith('Failed to plan');
    const fallback = one instanceof GraphQLError ? 'BAD_USER_INPUT' : 'INTERNAL_SERVER_ERROR';
    const code = unplanned ? 'QUERY_NOT_PLANNED' : fallback;
    return new GraphQLError(message, { extensions: { code } });
  });
}
