import { QueryPlanner } from '@graphql-hive/router-query-planner';
import { transformSupergraphToPublicSchema } from '@theguild/federation-composition';
import { GraphQLError, Kind, buildASTSchema, isAbstractType, parse, validateSchema } from 'graphql';
import { errorText } from '#kernel/log.ts';
import { busFieldsOf } from './bus-field.ts';
import { costWeightsOf } from './cost-weight.ts';
import { requirementsOf } from './executor/authorization.ts';
import { compileOperation, isUnplannable, unplannable } from './executor/operation.ts';
import { aliasRuleOf } from './executor/response-key.ts';
import { typeGraphOf } from './executor/type-graph.ts';
import { addressOf, subgraphDirectory } from './subgraph-directory.ts';
import { ClientGone } from './upstream-lane.ts';
import { decideByToken, grantsOf } from './viewer-grants.ts';
import type { PlanNode } from '@graphql-hive/router-query-planner';
import type {
  DocumentNode,
  ExecutionResult,
  GraphQLAbstractType,
  GraphQLSchema,
  NamedTypeNode,
} from 'graphql';
import type { Viewer } from '#kernel/identity.ts';
import type { Log } from '#kernel/log.ts';
import type { Grants, Requirements } from './executor/authorization.ts';
import type { CompiledOperation, Graph } from './executor/operation.ts';
import type { TypeGraph } from './executor/type-graph.ts';
import type { Feed } from './bus-field.ts';
import type { CostWeights } from './cost-weight.ts';
import type { OperationContext } from './operation-context.ts';
import type { SubgraphAddress } from './subgraph-directory.ts';
import type { Upstream, UpstreamOperation } from './upstream.ts';
import type { DecidePolicy } from './viewer-grants.ts';

/** A validated client operation. What is compiled of it is kept by the identity of `document`: hand in the same node again. */
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
  readonly weights: CostWeights;
  /** Answers with `extensions.actualCost`, as far as there are data. */
  execute(operation: ClientOperation, context: OperationContext): Promise<ExecutionResult>;
  /** Plans and compiles without asking anybody. Throws a GraphQLError when the operation cannot be planned. */
  prepare(operation: ClientOperation, viewer: Viewer): Promise<void>;
  /** What subgraphs would be asked, as the planner has it; null when none would be. */
  explain(operation: ClientOperation, viewer: Viewer): Promise<PlanNode | null>;
  /** What feeds a subscription. Throws a GraphQLError when there is none, or the viewer may not see it. */
  feed(operation: ClientOperation, viewer: Viewer): Promise<Feed>;
  /** Completes one upstream event with the fields of other subgraphs and shapes it as the client asked. */
  executeEvent(
    operation: ClientOperation,
    context: OperationContext,
    event: ExecutionResult,
  ): Promise<ExecutionResult>;
}

/** Loads a supergraph and pays its start-up cost now, so that the first request after a swap does not. Throws when it does not load. */
export async function createEngine(
  supergraphSdl: string,
  options: {
    readonly upstream: Upstream;
    readonly log: Log;
    readonly decidePolicy?: DecidePolicy;
  },
): Promise<Engine> {
  const supergraph = parse(supergraphSdl, { noLocation: true });
  const directory = subgraphDirectory(supergraph);
  const graph = loadGraph(supergraph, supergraphSdl, directory);
  const compiledOf = compiledOperations(graph);
  const decide = options.decidePolicy ?? decideByToken;
  const known = new WeakMap<Viewer, Grants>();
  const grantsFor = (viewer: Viewer): Grants => {
    const grants = known.get(viewer) ?? grantsOf(viewer, decide);
    known.set(viewer, grants);
    return grants;
  };
  const run = async (
    operation: ClientOperation,
    context: OperationContext,
    event: ExecutionResult | null,
  ): Promise<ExecutionResult> => {
    try {
      const call = (upstream: UpstreamOperation): Promise<ExecutionResult> =>
        options.upstream.call(upstream, context);
      const { variables } = operation;
      const grants = grantsFor(context.viewer);
      const planned = (startedMs: number | null): void => context.trace.planned(startedMs);
      return await compiledOf(operation).run({ variables, grants, call, event, planned });
    } catch (error) {
      return { errors: requestErrors(error, context.correlationId, options.log) };
    }
  };
  const explain = (operation: ClientOperation, viewer: Viewer): Promise<PlanNode | null> => {
    const asking = { variables: operation.variables, grants: grantsFor(viewer) };
    return compiledOf(operation).plan(asking).catch(throwRequestError);
  };
  return {
    schema: graph.schema,
    supergraph,
    supergraphSdl,
    subgraphs: [...directory.values()],
    weights: graph.weights,
    execute: (operation, context) => run(operation, context, null),
    executeEvent: run,
    prepare: async (operation, viewer) => void (await explain(operation, viewer)),
    explain,
    feed: async (operation, viewer) => {
      const asking = { variables: operation.variables, grants: grantsFor(viewer) };
      const feed = await compiledOf(operation).feed(asking).catch(throwRequestError);
      if (feed !== null) return feed;
      const message = 'A subscription to a field of a subgraph is expected.';
      throw new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });
    },
  };
}

function loadGraph(
  supergraph: DocumentNode,
  supergraphSdl: string,
  directory: ReadonlyMap<string, SubgraphAddress>,
): Graph {
  if (directory.size === 0)
    throw new Error('A supergraph with the join specification is expected (enum join__Graph).');
  const schema = buildASTSchema(publicDocument(supergraph), { assumeValidSDL: true });
  const [invalid] = validateSchema(schema);
  if (invalid !== undefined) throw invalid;
  const types = typeGraphOf(supergraph, directory);
  const requirements = requirementsOf(supergraph);
  return {
    schema,
    types,
    partlyHidden: partlyHiddenTypes(schema, types, requirements),
    requirements,
    aliases: aliasRuleOf(supergraph),
    weights: costWeightsOf(supergraph),
    planner: new QueryPlanner(supergraphSdl),
    addressOf: (name) => addressOf(directory, name),
    busFields: busFieldsOf(supergraph, schema),
  };
}

/** Abstract types with a member that clients do not see, or that not every viewer may see all of. */
function partlyHiddenTypes(
  schema: GraphQLSchema,
  types: TypeGraph,
  requirements: Requirements,
): ReadonlySet<string> {
  const abstract = Object.values(schema.getTypeMap()).filter(isAbstractType);
  const guarded = new Set([...(requirements?.keys() ?? [])].map((name) => name.split('.', 1)[0]));
  const isHiding = ({ name }: GraphQLAbstractType): boolean =>
    types
      .membersOf(name)
      .some((member) => schema.getType(member) === undefined || guarded.has(member));
  return new Set(abstract.filter(isHiding).map(({ name }) => name));
}

/** As clients see it. Members of unions that they do not see are left in by the library. */
function publicDocument(supergraph: DocumentNode): DocumentNode {
  const document = transformSupergraphToPublicSchema(supergraph);
  const names = new Set(
    document.definitions.flatMap((node) => ('name' in node && node.name ? [node.name.value] : [])),
  );
  const isSeen = ({ name }: NamedTypeNode): boolean => names.has(name.value);
  const definitions = document.definitions.map((node) =>
    node.kind === Kind.UNION_TYPE_DEFINITION
      ? { ...node, types: (node.types ?? []).filter(isSeen) }
      : node,
  );
  return { ...document, definitions };
}

/** As long as somebody keeps a document, what was compiled of it is kept too; the number of documents is admission's to bound. */
function compiledOperations(graph: Graph): (operation: ClientOperation) => CompiledOperation {
  const known = new WeakMap<DocumentNode, Map<string, CompiledOperation>>();
  return ({ document, operationName }) => {
    const named = known.get(document) ?? new Map<string, CompiledOperation>();
    known.set(document, named);
    const name = operationName ?? '';
    const compiled = named.get(name) ?? compileOperation(graph, document, operationName);
    if (compiled === null) {
      const message = `The document has no operation "${name}".`;
      throw new GraphQLError(message, { extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } });
    }
    named.set(name, compiled);
    return compiled;
  };
}

function throwRequestError(error: unknown): never {
  if (isUnplannable(error)) throw unplannable();
  if (error instanceof AggregateError) throw error.errors[0];
  throw error;
}

/** Failures before any data: wrong variables are the client's, everything else is ours and is masked. */
function requestErrors(error: unknown, correlationId: string, log: Log): GraphQLError[] {
  const all: unknown[] = error instanceof AggregateError ? error.errors : [error];
  return all.map((one) => {
    if (one instanceof GraphQLError) {
      const code = one.extensions['code'] ?? 'BAD_USER_INPUT';
      const extensions = { ...one.extensions, code };
      return new GraphQLError(one.message, { nodes: one.nodes ?? null, extensions });
    }
    if (!(one instanceof ClientGone)) {
      const text = errorText(one);
      log.error({ event: 'graphql.error', room: 'gateway', path: '', error: text, correlationId });
    }
    if (isUnplannable(one)) return unplannable();
    const message = `The gateway failed to answer; quote correlation id ${correlationId}.`;
    return new GraphQLError(message, {
      extensions: { code: 'INTERNAL_SERVER_ERROR', service: 'gateway' },
    });
  });
}
