import { Kind, buildSchema, execute, valueFromASTUntyped } from 'graphql';
import { fieldsOf, isOwn } from './subgraph-facts.ts';
import { computedOf, isThing, memberOf, namesOf, rootOf, typenameOf } from './world-view.ts';
import type {
  ExecutionResult,
  GraphQLFieldResolver,
  GraphQLSchema,
  SelectionSetNode,
} from 'graphql';
import type { Fault, Thing, World } from './federated-schema.ts';
import type { SubgraphFacts } from './subgraph-facts.ts';
import type { GatewayOperation } from './subject.ts';

export interface Monolith {
  readonly schema: GraphQLSchema;
  execute(operation: GatewayOperation, world: World): Promise<ExecutionResult>;
}

interface Truth {
  /** The supergraph with all that is inaccessible to clients. */
  readonly supergraph: GraphQLSchema;
  readonly facts: ReadonlyMap<string, SubgraphFacts>;
  readonly faults: readonly Fault[];
}

/**
 * Answers from the whole world with plain graphql-js and no gateway, so the answer is known to be right. A faulty
 * subgraph's own fields fail here one by one: the data is the same as a gateway's, the error paths are not.
 */
export function createMonolith(publicSdl: string, truth: Truth): Monolith {
  const schema = buildSchema(publicSdl);
  const resolve: GraphQLFieldResolver<unknown, World> = (source, args, world, info) => {
    const field = info.fieldName;
    const parent = info.parentType.name;
    const root = rootOf(world, info);
    const thing = root ?? (isThing(source) ? source : {});
    const fault = faultOn(truth, { type: parent, field, thing, isRoot: root !== null });
    if (fault?.kind === 'answers null' || fault?.kind === 'entity unknown') return null;
    if (fault !== undefined) throw new Error(`${fault.subgraph} fails.`);
    return root === null
      ? fieldOf(truth, world, { type: parent, field, thing, args })
      : memberOf(root, field, args);
  };
  return {
    schema,
    execute: async ({ document, operationName, variables }, world) =>
      execute({
        schema,
        document,
        operationName,
        variableValues: variables,
        contextValue: world,
        fieldResolver: resolve,
        typeResolver: (value) => (isThing(value) ? typenameOf(value) : undefined),
      }),
  };
}

interface FieldAsked {
  readonly type: string;
  readonly field: string;
  readonly thing: Thing;
  readonly args: Thing;
}

function fieldOf(truth: Truth, world: World, { type, field, thing, args }: FieldAsked): unknown {
  const names = namesOf(truth.supergraph, type);
  const computed = computedOf(world, names, field);
  if (computed === undefined) return memberOf(thing, field, args);
  const required = requiredBy(truth, names, field);
  const self = required === null ? thing : { ...thing, ...project(truth, world, thing, required) };
  return computed(self, args);
}

/** What a representation would bring for `@requires`. */
function project(truth: Truth, world: World, thing: Thing, selection: SelectionSetNode): Thing {
  const projected: Record<string, unknown> = {};
  const type = typenameOf(thing);
  for (const node of selection.selections) {
    if (node.kind !== Kind.INLINE_FRAGMENT) continue;
    const condition = node.typeCondition?.name.value;
    if (condition === undefined || namesOf(truth.supergraph, type).includes(condition))
      Object.assign(projected, project(truth, world, thing, node.selectionSet));
  }
  for (const node of fieldsOf(selection)) {
    const args = Object.fromEntries(
      (node.arguments ?? []).map(({ name, value }) => [name.value, valueFromASTUntyped(value)]),
    );
    const field = node.name.value;
    const value = fieldOf(truth, world, { type, field, thing, args });
    projected[field] = projectValue(truth, world, value, node.selectionSet);
  }
  return projected;
}

function projectValue(
  truth: Truth,
  world: World,
  value: unknown,
  selection: SelectionSetNode | undefined,
): unknown {
  if (Array.isArray(value)) return value.map((item) => projectValue(truth, world, item, selection));
  if (selection === undefined || !isThing(value)) return value ?? null;
  return project(truth, world, value, selection);
}

function requiredBy(
  { facts }: Truth,
  types: readonly string[],
  field: string,
): SelectionSetNode | null {
  for (const subgraph of facts.values()) {
    for (const type of types) {
      const required = subgraph.get(type)?.requires.get(field);
      if (required !== undefined) return required;
    }
  }
  return null;
}

/** The fault that loses a field: its subgraph must be the only one that knows it. */
function faultOn(
  { supergraph, facts, faults }: Truth,
  asked: {
    readonly type: string;
    readonly field: string;
    readonly thing: Thing;
    readonly isRoot: boolean;
  },
): Fault | undefined {
  const names = namesOf(supergraph, asked.type);
  return faults.find(({ subgraph, on, only }) => {
    const types = facts.get(subgraph);
    const own = names.some((name) => isOwn(types?.get(name), asked.field));
    if (!own || only?.(asked.thing) === false) return false;
    const isEntity = names.some((name) => (types?.get(name)?.keys.length ?? 0) > 0);
    return on === 'every call' || (isEntity && !asked.isRoot);
  });
}
