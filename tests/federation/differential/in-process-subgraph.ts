import { buildSubgraphSchema } from '@apollo/subgraph';
import { execute, getNamedType, isCompositeType, parse, validate } from 'graphql';
import { below, fieldsOf } from './subgraph-facts.ts';
import { computedOf, isThing, memberOf, namesOf, rootOf, typenameOf } from './world-view.ts';
import type { GraphQLResolverMap } from '@apollo/subgraph';
import type {
  DocumentNode,
  ExecutionResult,
  GraphQLError,
  GraphQLFieldResolver,
  GraphQLSchema,
  SelectionSetNode,
} from 'graphql';
import type { SubgraphRequest } from '../hive-engine/subgraph-call.ts';
import type { Fault, Thing, World } from './federated-schema.ts';
import type { SubgraphFacts, TypeFacts } from './subgraph-facts.ts';

export interface InProcessSubgraph {
  execute(request: SubgraphRequest, world: World): Promise<ExecutionResult>;
}

interface SubgraphOptions {
  readonly name: string;
  readonly document: DocumentNode;
  readonly facts: SubgraphFacts;
  readonly supergraph: GraphQLSchema;
  readonly faults: readonly Fault[];
  /** Fields that another subgraph has taken over. */
  readonly moved: ReadonlySet<string>;
}

/** A thing of the world as this subgraph sees it. */
interface View {
  /** Set by `@apollo/subgraph` on what a reference resolves to. */
  __typename?: string;
  readonly thing: Thing;
  /** The representation it was reached by. */
  readonly given: Thing | null;
  /** What `@provides` on the way here adds to what this subgraph knows. */
  readonly provided: SelectionSetNode | null;
}

/**
 * Serves the world through one subgraph's SDL with Apollo's subgraph library. It is strict where a real one would be
 * wrong or silent: an external field is known only when it was provided or came with the representation, a moved field
 * fails, and a query that this subgraph's schema does not allow is refused.
 */
export function createInProcessSubgraph(options: SubgraphOptions): InProcessSubgraph {
  const resolvers: GraphQLResolverMap<World> = {};
  for (const [type, { keys }] of options.facts) {
    if (keys.some(({ resolvable }) => resolvable)) resolvers[type] = entityResolvers(options, type);
  }
  const schema = buildSubgraphSchema([{ typeDefs: options.document, resolvers }]);
  const documents = new Map<string, DocumentNode | readonly GraphQLError[]>();
  const read = (query: string): DocumentNode | readonly GraphQLError[] => {
    const document = parse(query, { noLocation: true });
    const errors = validate(schema, document);
    return errors.length > 0 ? errors : document;
  };
  return {
    execute: async ({ query, variables, operationName }, world) => {
      const document = documents.get(query) ?? read(query);
      documents.set(query, document);
      if (!('kind' in document)) return { errors: document };
      return execute({
        schema,
        document,
        operationName,
        variableValues: variables,
        contextValue: world,
        fieldResolver: fieldResolver(options),
        typeResolver: (value: View) => typenameOf(value.thing),
      });
    },
  };
}

/** Apollo's resolvers of an entity, or of an interface that is one. */
function entityResolvers(
  options: SubgraphOptions,
  type: string,
): GraphQLResolverMap<World>[string] {
  return {
    __resolveType: (view: View) => typenameOf(view.thing),
    // A promise, because what throws at once takes the whole of `_entities` with it.
    __resolveReference: async (given: Thing, world: World): Promise<View | null> => {
      const thing = findEntity(options, world, type, given);
      if (thing === null) return null;
      for (const { kind, only } of options.faults) {
        if (only?.(thing) === false) continue;
        if (kind === 'entity throws') throw new Error(`${options.name} fails for an entity.`);
        if (kind === 'entity unknown') return null;
      }
      return { thing, given, provided: null };
    },
  };
}

function findEntity(
  { name, facts, supergraph }: SubgraphOptions,
  world: World,
  type: string,
  given: Thing,
): Thing | null {
  const key = facts
    .get(type)
    ?.keys.find(({ selection, resolvable }) => resolvable && isComplete(selection, given));
  if (key === undefined) {
    throw new Error(`${name} finds no key of ${type} in ${JSON.stringify(given)}.`);
  }
  for (const [typename, things] of Object.entries(world.entities)) {
    if (!namesOf(supergraph, typename).includes(type)) continue;
    const thing = things.find((candidate) => isMatch(key.selection, candidate, given));
    if (thing !== undefined) return thing;
  }
  return null;
}

function isComplete(key: SelectionSetNode, given: Thing): boolean {
  return fieldsOf(key).every((node) => given[node.name.value] !== undefined);
}

function isMatch(key: SelectionSetNode, thing: Thing, given: Thing): boolean {
  return fieldsOf(key).every(({ name, selectionSet }) =>
    isEqual(selectionSet, memberOf(thing, name.value, {}), given[name.value]),
  );
}

function isEqual(
  selection: SelectionSetNode | undefined,
  actual: unknown,
  asked: unknown,
): boolean {
  if (Array.isArray(actual) && Array.isArray(asked)) {
    return (
      actual.length === asked.length &&
      actual.every((item, index) => isEqual(selection, item, asked[index]))
    );
  }
  if (selection !== undefined && isThing(actual) && isThing(asked))
    return isMatch(selection, actual, asked);
  // A null never identifies anything.
  return textOf(actual) !== null && textOf(actual) === textOf(asked);
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' || typeof value === 'number' ? `${value}` : null;
}

function fieldResolver(options: SubgraphOptions): GraphQLFieldResolver<View | undefined, World> {
  return (source, args, world, info) => {
    const field = info.fieldName;
    const type = options.facts.get(info.parentType.name);
    const provided = below(source?.provided ?? null, field);
    const further = type?.provides.get(field) ?? provided.rest;
    const root = rootOf(world, info);
    const value =
      root === null && source !== undefined
        ? valueOf(options, { world, source, type, parent: info.parentType.name, field, args })
        : memberOf(root ?? {}, field, args);
    if (options.moved.has(`${info.parentType.name}.${field}`))
      throw new Error(`${info.parentType.name}.${field} was moved away from ${options.name}.`);
    return isCompositeType(getNamedType(info.returnType)) ? viewsOf(value, further) : value;
  };
}

function viewsOf(value: unknown, provided: SelectionSetNode | null): unknown {
  if (Array.isArray(value)) return value.map((item) => viewsOf(item, provided));
  return isThing(value) ? { thing: value, given: null, provided } : value;
}

interface FieldAsked {
  readonly world: World;
  readonly source: View;
  readonly type: TypeFacts | undefined;
  readonly parent: string;
  readonly field: string;
  readonly args: Thing;
}

function valueOf(options: SubgraphOptions, asked: FieldAsked): unknown {
  const { world, source, type, parent, field, args } = asked;
  const { thing, given, provided } = source;
  if (type?.external.has(field) === true && !type.keyFields.has(field)) {
    if (given?.[field] !== undefined) return given[field];
    if (!below(provided, field).found)
      throw new Error(`${options.name} does not know ${parent}.${field}.`);
    return memberOf(thing, field, args);
  }
  for (const required of fieldsOf(type?.requires.get(field) ?? NOTHING)) {
    if (given?.[required.name.value] === undefined)
      throw new Error(`${options.name} needs ${required.name.value} for ${parent}.${field}.`);
  }
  const computed = computedOf(world, [parent, typenameOf(thing)], field);
  if (computed === undefined) return memberOf(thing, field, args);
  return computed({ ...knownOf(thing, type), ...given }, args);
}

const NOTHING = { kind: 'SelectionSet', selections: [] } as unknown as SelectionSetNode;

/** What a subgraph knows of a thing by itself. */
function knownOf(thing: Thing, type: TypeFacts | undefined): Thing {
  const known = Object.entries(thing).filter(
    ([field]) =>
      type?.keyFields.has(field) || (type?.fields.has(field) && !type.external.has(field)),
  );
  return Object.fromEntries(known);
}
