import type { QueryPlanner } from '@graphql-hive/router-query-planner';
import { GraphQLError, Kind, executeSync, getVariableValues, print } from 'graphql';
import { decidedForm, operationFormOf } from './operation-form.ts';
import { compilePlan } from './plan.ts';
import { compileProjection } from './projection.ts';
import { responseKeysOf } from './response-key.ts';
import type { PlanNode } from '@graphql-hive/router-query-planner';
import type {
  DocumentNode,
  ExecutionResult,
  GraphQLSchema,
  OperationDefinitionNode,
} from 'graphql';
import type { SubgraphAddress } from '../subgraph-directory.ts';
import type { UpstreamOperation } from '../upstream.ts';
import type { Conditions } from './condition.ts';
import type { Data } from './data.ts';
import type { Run } from './fetch.ts';
import type { OperationForm } from './operation-form.ts';
import type { CompiledPlan } from './plan.ts';
import type { ResponseKeys } from './response-key.ts';
import type { TypeGraph } from './type-graph.ts';

/** The supergraph that operations are compiled against. */
export interface Graph {
  /** As clients see it. */
  readonly schema: GraphQLSchema;
  readonly types: TypeGraph;
  readonly planner: QueryPlanner;
  readonly addressOf: (serviceName: string) => SubgraphAddress;
}

/** One operation of a client's document, compiled once and run for each request. */
export interface CompiledOperation {
  /** Expects variables as the client sent them. Throws GraphQLErrors when they do not fit, or nothing can be planned. */
  run(input: OperationInput): Promise<ExecutionResult>;
  /** What the source of a subscription is opened with; null when the operation is no subscription of a subgraph. */
  feed(variables: Variables): Promise<UpstreamOperation | null>;
  /** What would be asked of subgraphs, as the planner has it. */
  plan(variables: Variables): Promise<PlanNode | null>;
}

type Variables = Readonly<Record<string, unknown>>;

export interface OperationInput {
  readonly variables: Variables;
  readonly call: (operation: UpstreamOperation) => Promise<ExecutionResult>;
  /** The event that a subscription answers. */
  readonly event: ExecutionResult | null;
}

/** Wrong variables are told one by one up to here. */
const VARIABLE_ERRORS_MAX = 10;
/** Choices of condition variables that are kept compiled; three variables have eight. */
const CHOICES_MAX = 32;

/** Null when the document has no such operation. */
export function compileOperation(
  graph: Graph,
  document: DocumentNode,
  operationName: string | null,
): CompiledOperation | null {
  const form = operationFormOf(graph.schema, document, operationName);
  if (form === null) return null;
  const routes = createRoutes(graph, form);
  const definitions = form.operation.variableDefinitions ?? [];
  const coerced = (given: Variables): Variables => {
    if (definitions.length === 0) return NO_VARIABLES;
    const options = { maxErrors: VARIABLE_ERRORS_MAX };
    const { errors, coerced: values } = getVariableValues(
      graph.schema,
      definitions,
      given,
      options,
    );
    if (errors !== undefined) throw new AggregateError(errors, 'The variables do not fit.');
    return values;
  };
  const introspect = introspectionOf(graph.schema, form);
  return {
    run: async ({ variables: given, call, event }) => {
      const variables = coerced(given);
      const route = await routes.of(variables);
      const run: Run = { data: {}, errors: [], variables, call, event };
      await route.plan?.run(run);
      introspect?.(run, route.keys);
      const data = route.project(run.data);
      return run.errors.length === 0 ? { data } : { errors: run.errors, data };
    },
    feed: async (given) => {
      const variables = coerced(given);
      const { plan } = await routes.of(variables);
      const call = (): never => {
        throw new Error('Nothing is sent to learn what a subscription is fed by.');
      };
      return plan?.feed?.({ data: {}, errors: [], variables, call, event: null }) ?? null;
    },
    plan: async (given) => (await routes.of(coerced(given))).node,
  };
}

const NO_VARIABLES: Variables = {};

/** A plan and the projection of its answers. */
interface Route {
  readonly node: PlanNode | null;
  readonly plan: CompiledPlan | null;
  readonly keys: ResponseKeys;
  readonly project: (tree: Data) => Data | null;
}

interface Routes {
  of(variables: Variables): Promise<Route> | Route;
}

type Planned = Pick<Route, 'node' | 'plan' | 'keys'>;

/**
 * One plan serves every choice of the condition variables, and each choice has its own projection. An operation that
 * cannot be planned with its conditions open is planned for each choice.
 */
function createRoutes(graph: Graph, form: OperationForm): Routes {
  const general = createPlans(graph, form.planned);
  const routes = new Map<string, Promise<Route> | Route>();
  const routeOf = async (conditions: Conditions, share: number): Promise<Route> => {
    const planned = await general(share).catch((error: unknown) => {
      if (form.conditionVariables.length === 0) throw error;
      return createPlans(graph, decidedForm(graph.schema, form.operation, conditions))(share);
    });
    const { keys } = planned;
    const project = compileProjection(form.operation, { schema: graph.schema, keys, conditions });
    return { ...planned, project };
  };
  return {
    of: (variables) => {
      const share = graph.planner.overridePercentages.length === 0 ? 0 : Math.random() * 100;
      const key = choiceOf(graph, form, variables, share);
      const known = routes.get(key);
      if (known !== undefined) return known;
      const pending = routeOf(variables, share).then((route) => {
        routes.set(key, route);
        return route;
      });
      const [oldest] = routes.keys();
      if (routes.size >= CHOICES_MAX && oldest !== undefined) routes.delete(oldest);
      routes.set(key, pending);
      pending.catch(() => routes.delete(key));
      return pending;
    },
  };
}

/** Which conditions hold, and which shares of `@override` the request falls into. */
function choiceOf(
  { planner }: Graph,
  { conditionVariables }: OperationForm,
  variables: Variables,
  share: number,
): string {
  let key = '';
  for (const name of conditionVariables) key += variables[name] === true ? '1' : '0';
  for (const percentage of planner.overridePercentages) key += share > percentage ? '1' : '0';
  return key;
}

function createPlans(
  graph: Graph,
  operation: OperationDefinitionNode | null,
): (share: number) => Promise<Planned> {
  const plans = new Map<string, Promise<Planned>>();
  return (share) => {
    const active = graph.planner.overridePercentages.filter((percentage) => share > percentage);
    const key = active.join(' ');
    const known = plans.get(key) ?? planOnce(graph, operation, share, active);
    plans.set(key, known);
    return known;
  };
}

async function planOnce(
  { planner, types, addressOf }: Graph,
  operation: OperationDefinitionNode | null,
  share: number,
  active: readonly number[],
): Promise<Planned> {
  if (operation === null) return { node: null, plan: null, keys: responseKeysOf(null) };
  const text = print({ kind: Kind.DOCUMENT, definitions: [operation] });
  const labels = new Set(active.map((percentage) => `percent(${percentage})`));
  // No client's signal goes in: the plan is everybody's.
  const { node } = await planner.planAsync(text, operation.name?.value, labels, share);
  if (!node) return { node: null, plan: null, keys: responseKeysOf(null) };
  const keys = responseKeysOf(node);
  return { node, plan: compilePlan(node, { types, keys, addressOf }), keys };
}

type Introspect = (run: Run, keys: ResponseKeys) => void;

/** What an operation asks of the schema itself is answered here, beside what it asks of subgraphs. */
function introspectionOf(schema: GraphQLSchema, form: OperationForm): Introspect | null {
  const { introspection } = form;
  if (introspection === null) return null;
  const document: DocumentNode = { kind: Kind.DOCUMENT, definitions: [introspection] };
  return (run, keys) => {
    const { data, errors } = executeSync({ schema, document, variableValues: run.variables });
    run.errors.push(...(errors ?? []));
    for (const [key, value] of Object.entries(data ?? {})) {
      run.data[keys.place(key, '__schema').primary] = value;
    }
  };
}

/** What an operation that cannot be planned is told. */
export function isUnplannable(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Failed to plan');
}

export function unplannable(): GraphQLError {
  const message =
    'This operation cannot be planned. Conditions that always or never hold are the usual cause: take them out.';
  return new GraphQLError(message, {
    extensions: { code: 'QUERY_NOT_PLANNED', service: 'gateway' },
  });
}
