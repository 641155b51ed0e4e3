import type { QueryPlanner } from '@graphql-hive/router-query-planner';
import {
  GraphQLError,
  Kind,
  OperationTypeNode,
  executeSync,
  getVariableValues,
  print,
} from 'graphql';
import { monotonicMs } from '#kernel/clock.ts';
import { errorText } from '#kernel/log.ts';
import { errorsOf, unauthorized } from './answer-error.ts';
import { guardOf, guardedCoordinates, isMet } from './authorization.ts';
import { operationFormOf } from './operation-form.ts';
import { compilePlan } from './plan.ts';
import { plannedForm } from './planned-form.ts';
import { compileProjection } from './projection.ts';
import { responseKeysOf } from './response-key.ts';
import type { PlanNode } from '@graphql-hive/router-query-planner';
import type {
  DocumentNode,
  ExecutionResult,
  GraphQLSchema,
  OperationDefinitionNode,
} from 'graphql';
import type { BusFields, Feed } from '../bus-field.ts';
import type { CostWeights } from '../cost-weight.ts';
import type { SubgraphAddress } from '../subgraph-directory.ts';
import type { UpstreamOperation } from '../upstream.ts';
import type { Grants, Guard, Requirements } from './authorization.ts';
import type { Conditions } from './condition.ts';
import type { Data } from './data.ts';
import type { Run } from './fetch.ts';
import type { OperationForm } from './operation-form.ts';
import type { CompiledPlan } from './plan.ts';
import type { Projection } from './projection.ts';
import type { AliasRule, ResponseKeys } from './response-key.ts';
import type { TypeGraph } from './type-graph.ts';

/** The supergraph that operations are compiled against. */
export interface Graph {
  /** As clients see it. */
  readonly schema: GraphQLSchema;
  readonly types: TypeGraph;
  readonly requirements: Requirements;
  readonly aliases: AliasRule;
  /** Abstract types of which a member is hidden from clients. */
  readonly partlyHidden: ReadonlySet<string>;
  readonly weights: CostWeights;
  readonly planner: QueryPlanner;
  readonly addressOf: (serviceName: string) => SubgraphAddress;
  readonly busFields: BusFields;
}

/** One operation of a client's document, compiled once and run for each request. */
export interface CompiledOperation {
  /** Expects variables as the client sent them. Throws GraphQLErrors when they do not fit, or nothing can be planned. */
  run(input: OperationInput): Promise<ExecutionResult>;
  /** What the source of a subscription is opened with; null when the operation is no subscription to a field of a subgraph. */
  feed(input: Asking): Promise<Feed | null>;
  /** What would be asked of subgraphs, as the planner has it; of the variables only those of conditions count. */
  plan(input: Asking): Promise<PlanNode | null>;
}

/** Who asks, with which variables. */
export interface Asking {
  readonly variables: Variables;
  readonly grants: Grants;
}

type Variables = Readonly<Record<string, unknown>>;

export interface OperationInput extends Asking {
  readonly call: (operation: UpstreamOperation) => Promise<ExecutionResult>;
  /** The event that a subscription answers. */
  readonly event: ExecutionResult | null;
  /** Told since when the plan was waited for, or null when it was at hand. */
  readonly planned: (startedMs: number | null) => void;
}

/** Wrong variables are told one by one up to here. */
const VARIABLE_ERRORS_MAX = 10;
/** Choices of condition variables that are kept compiled. */
const CHOICES_MAX = 64;
/**
 * Up to so many condition variables each choice of them has a plan of its own, which asks for exactly what the client gets;
 * of all the choices there could be, clients make few. Beyond, one plan serves all, with conditions in it.
 */
const DECIDED_VARIABLES_MAX = 10;
/** Kinds of viewers that are kept compiled, by what the contract lets them see of one operation. */
const VIEWS_MAX = 32;

/** Null when the document has no such operation. */
export function compileOperation(
  graph: Graph,
  document: DocumentNode,
  operationName: string | null,
): CompiledOperation | null {
  const form = operationFormOf(document, operationName);
  if (form === null) return null;
  const routesFor = createViews(graph, form);
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
  /** As far as they fit: a plan is looked at before there are variables, too. */
  const withDefaults = (given: Variables): Variables => {
    try {
      return coerced(given);
    } catch {
      return given;
    }
  };
  const introspect = introspectionOf(graph.schema, form);
  return {
    run: async ({ variables: given, grants, call, event, planned }) => {
      const variables = coerced(given);
      const route = await timely(routesFor(grants).of(variables), planned);
      const run: Run = { data: {}, targets: new Map(), errors: [], variables, call, event };
      await route.plan?.run(run);
      introspect?.(run, route.keys);
      const { data, denied, faults, cost } = route.project(run.data);
      const errors = errorsOf(run.errors, data, { denied, faults });
      const extensions = { actualCost: cost };
      return errors.length === 0 ? { data, extensions } : { errors, data, extensions };
    },
    feed: async ({ variables: given, grants }) => {
      const variables = coerced(given);
      const { plan, project } = await routesFor(grants).of(variables);
      const [denial] = project({}).denied;
      if (denial !== undefined) throw unauthorized(denial);
      const call = (): never => {
        throw new Error('Nothing is sent to learn what a subscription is fed by.');
      };
      return (
        plan?.feed?.({ data: {}, targets: new Map(), errors: [], variables, call, event: null }) ??
        null
      );
    },
    plan: async ({ variables, grants }) => {
      const known = await routesFor(grants).of(withDefaults(variables));
      return known.node;
    },
  };
}

async function timely(
  route: Promise<Route> | Route,
  planned: OperationInput['planned'],
): Promise<Route> {
  const startedMs = route instanceof Promise ? monotonicMs() : null;
  const found = await route;
  planned(startedMs);
  return found;
}

const NO_VARIABLES: Variables = {};

/** A plan and the projection of its answers. */
interface Route {
  readonly node: PlanNode | null;
  readonly plan: CompiledPlan | null;
  readonly keys: ResponseKeys;
  readonly project: (tree: Data) => Projection;
}

interface Routes {
  of(variables: Variables): Promise<Route> | Route;
}

type Planned = Pick<Route, 'node' | 'plan' | 'keys'>;

/** What viewers of one kind may see is compiled once for all of them; most operations have one kind only. */
function createViews(graph: Graph, form: OperationForm): (grants: Grants) => Routes {
  const guarded = guardedCoordinates(graph.schema, graph.requirements, form.operation);
  const forAll = createRoutes(graph, form, null);
  if (guarded.length === 0) return () => forAll;
  const views = new Map<string, Routes>();
  return (grants) => {
    const denied = guarded.filter((coordinate) => {
      const requirement = graph.requirements?.get(coordinate);
      return requirement !== undefined && !isMet(requirement, grants);
    });
    if (denied.length === 0) return forAll;
    const key = denied.join(' ');
    const routes = views.get(key) ?? createRoutes(graph, form, guardOf(new Set(denied)));
    keepFew(views, key, routes, VIEWS_MAX);
    return routes;
  };
}

/** Keeps the value as the newest; beyond the most, the oldest goes. */
function keepFew<Value>(kept: Map<string, Value>, key: string, value: Value, most: number): void {
  kept.delete(key);
  const [oldest] = kept.keys();
  if (kept.size >= most && oldest !== undefined) kept.delete(oldest);
  kept.set(key, value);
}

function createRoutes(graph: Graph, form: OperationForm, guard: Guard | null): Routes {
  const { schema, weights, aliases, partlyHidden } = graph;
  const { operation, conditionVariables } = form;
  const planFor = (conditions: Conditions | null, share: number): Promise<Planned> =>
    planOnce(
      graph,
      plannedForm(operation, { schema, guard, conditions, aliases, partlyHidden }),
      share,
    );
  const isDecided = conditionVariables.length <= DECIDED_VARIABLES_MAX;
  const open = new Map<string, Promise<Planned>>();
  const planned = (conditions: Conditions, share: number): Promise<Planned> => {
    if (isDecided) return planFor(conditions, share);
    const key = String(activeShares(graph, share));
    const shared = open.get(key) ?? planFor(null, share);
    open.set(key, shared);
    // What cannot be planned with its conditions open may be planned for one choice of them.
    return shared.catch(() => planFor(conditions, share));
  };
  const routes = new Map<string, Promise<Route> | Route>();
  const routeOf = async (conditions: Conditions, share: number): Promise<Route> => {
    const plan = await planned(conditions, share);
    const { keys } = plan;
    const projecting = { schema, weights, keys, conditions, guard };
    return { ...plan, project: compileProjection(operation, projecting) };
  };
  return {
    of: (variables) => {
      const share = shareOf(graph, operation);
      const key = choiceOf(graph, form, variables, share);
      const known = routes.get(key);
      if (known !== undefined) {
        if (routes.size > 1) keepFew(routes, key, known, CHOICES_MAX);
        return known;
      }
      // Kept with what is compiled: the decisions only, never what a client sent.
      const conditions = Object.fromEntries(
        conditionVariables.map((name) => [name, variables[name] === true]),
      );
      const pending = routeOf(conditions, share).then((route) => {
        if (routes.get(key) === pending) routes.set(key, route);
        return route;
      });
      keepFew(routes, key, pending, CHOICES_MAX);
      pending.catch(() => routes.delete(key));
      return pending;
    },
  };
}

/** A request's place among those that `@override` moves by percentages; a subscription and all its events have one. */
function shareOf({ planner }: Graph, { operation }: OperationDefinitionNode): number {
  const isMoved = planner.overridePercentages.length > 0;
  return isMoved && operation !== OperationTypeNode.SUBSCRIPTION ? Math.random() * 100 : 0;
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

/** The shares of `@override` that the request falls into, as the planner has them. */
function activeShares({ planner }: Graph, share: number): readonly number[] {
  return planner.overridePercentages.filter((percentage) => share > percentage);
}

async function planOnce(
  graph: Graph,
  operation: OperationDefinitionNode | null,
  share: number,
): Promise<Planned> {
  const { planner, types, addressOf, aliases, busFields } = graph;
  const nothing = { node: null, plan: null, keys: responseKeysOf(null, aliases) };
  if (operation === null) return nothing;
  const text = print({ kind: Kind.DOCUMENT, definitions: [operation] });
  const labels = new Set(activeShares(graph, share).map((percentage) => `percent(${percentage})`));
  // No client's signal goes in: the plan is everybody's.
  const { node } = await planner.planAsync(text, operation.name?.value, labels, share);
  if (!node) return nothing;
  const keys = responseKeysOf(node, aliases);
  return { node, plan: compilePlan(node, { types, keys, addressOf, busFields }), keys };
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
      run.data[keys.place(key, '__schema').key] = value;
    }
  };
}

/** What an operation that cannot be planned is told. */
export function isUnplannable(error: unknown): boolean {
  return /^(Error: )?Failed to plan/.test(errorText(error));
}

export function unplannable(): GraphQLError {
  const message =
    'This operation cannot be planned. Conditions that always or never hold are the usual cause: take them out.';
  return new GraphQLError(message, {
    extensions: { code: 'QUERY_NOT_PLANNED', service: 'gateway' },
  });
}
