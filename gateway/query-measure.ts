import {
  GraphQLError,
  Kind,
  getNamedType,
  isCompositeType,
  isInterfaceType,
  isObjectType,
} from 'graphql';
import { fragmentsOf } from './fragments.ts';
import { sizesOf } from './list-slice.ts';
import { saturated } from './saturation.ts';
import type {
  DocumentNode,
  FieldNode,
  FragmentDefinitionNode,
  GraphQLNamedType,
  GraphQLSchema,
  SelectionNode,
} from 'graphql';
import type { CostWeights } from './cost-weight.ts';
import type { ListSizes } from './list-size.ts';
import type { ListsBelow, Slicing } from './list-slice.ts';

/** How large an operation is in each of the ways in which one can be too large. */
export interface Measures {
  readonly depth: number;
  /** Fields directly in the selection set; at the root, the root fields. */
  readonly width: number;
  readonly aliases: number;
  readonly directives: number;
  readonly repeats: number;
  readonly fields: number;
  readonly pageSize: number;
  readonly cost: number;
  /** Uses of `__schema` and `__type`. */
  readonly schemaFields: number;
}

export interface Measuring {
  readonly schema: GraphQLSchema;
  readonly listSizes: ListSizes;
  readonly weights: CostWeights;
  /** Null when they are not known yet: nobody asks, the document is only looked at. */
  readonly variables: Readonly<Record<string, unknown>> | null;
}

/** Measures, and what they hang on. */
export interface Measured extends Measures {
  /** Where values of variables give page sizes (`first`, `input.first`), as paths; the same values give the same measures. */
  readonly sizePaths: readonly (readonly string[])[];
  /** Why an operation may not run, by its name: it does not say how long a list is. */
  readonly unsliced: ReadonlyMap<string, GraphQLError>;
}

/** What a part of a document comes to. */
interface Part extends Measures {
  readonly unsliced: GraphQLError | null;
}

interface Walk extends Omit<Measuring, 'variables'>, Slicing {
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly measured: Map<string, Part>;
  /** Fragments being measured: to meet one of them again is a cycle. */
  readonly open: Set<string>;
}

/** Where a selection stands: its parent's type, and the size that lists directly below it have. */
interface Place {
  readonly parent: GraphQLNamedType | null;
  readonly lists: ListsBelow | null;
}

const NOTHING: Part = {
  depth: 0,
  width: 0,
  aliases: 0,
  directives: 0,
  repeats: 0,
  fields: 0,
  pageSize: 0,
  cost: 0,
  schemaFields: 0,
  unsliced: null,
};

/**
 * Measures every operation and fragment of an unvalidated document, each fragment once, so that the time it takes is
 * linear in the text and not in what the text expands to. Throws a GraphQLError when fragments spread themselves.
 */
export function measure(document: DocumentNode, measuring: Measuring): Measured {
  const variables = { ...defaultsOf(document), ...measuring.variables };
  const walk: Walk = {
    ...measuring,
    variables,
    isAsked: measuring.variables !== null,
    fragments: fragmentsOf(document),
    measured: new Map(),
    open: new Set(),
    sizeVariables: new Set(),
  };
  const unsliced = new Map<string, GraphQLError>();
  let largest = NOTHING;
  for (const node of document.definitions) {
    if (node.kind === Kind.OPERATION_DEFINITION) {
      const place = {
        parent: measuring.schema.getRootType(node.operation) ?? null,
        lists: null,
      };
      const directives = node.directives?.length ?? 0;
      const measures = measureSet(walk, node.selectionSet.selections, place);
      if (measures.unsliced !== null) unsliced.set(node.name?.value ?? '', measures.unsliced);
      largest = larger(largest, { ...measures, directives: measures.directives + directives });
    } else if (node.kind === Kind.FRAGMENT_DEFINITION) {
      // Fragments that nobody spreads count too: validation walks them as well. Their width is not the root's.
      largest = larger(largest, { ...measureFragment(walk, node.name.value, null), width: 0 });
    }
  }
  return {
    ...largest,
    unsliced,
    sizePaths: [...walk.sizeVariables].map((path) => path.split('.')),
  };
}

function measureSet(
  walk: Walk,
  selections: readonly SelectionNode[],
  place: Place,
  keys = new Map<string, number>(),
): Part {
  let total = NOTHING;
  for (const node of selections) {
    const directives = node.directives?.length ?? 0;
    total = sum(total, { ...NOTHING, directives, repeats: countKey(keys, node) });
    total = sum(total, measureSelection(walk, node, place, keys));
  }
  return total;
}

function measureSelection(
  walk: Walk,
  node: SelectionNode,
  place: Place,
  keys: Map<string, number>,
): Part {
  if (node.kind === Kind.FIELD) return measureField(walk, node, place);
  if (node.kind === Kind.FRAGMENT_SPREAD) {
    return sum({ ...NOTHING, fields: 1 }, measureFragment(walk, node.name.value, place.lists));
  }
  const type = node.typeCondition && walk.schema.getType(node.typeCondition.name.value);
  const parent = type ?? place.parent;
  return measureSet(walk, node.selectionSet.selections, { ...place, parent }, keys);
}

function measureFragment(walk: Walk, name: string, lists: ListsBelow | null): Part {
  const key = lists === null ? name : `${name} ${lists.size} ${lists.names?.join(' ') ?? '*'}`;
  const known = walk.measured.get(key);
  if (known) return known;
  if (walk.open.has(name)) {
    throw new GraphQLError(`The fragment "${name}" spreads itself; take the cycle out.`, {
      extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
    });
  }
  const fragment = walk.fragments.get(name);
  if (!fragment) return NOTHING;
  walk.open.add(name);
  const parent = walk.schema.getType(fragment.typeCondition.name.value) ?? null;
  const directives = fragment.directives?.length ?? 0;
  const inner = measureSet(walk, fragment.selectionSet.selections, { parent, lists });
  const measures = { ...inner, directives: inner.directives + directives };
  walk.open.delete(name);
  walk.measured.set(key, measures);
  return measures;
}

function measureField(walk: Walk, node: FieldNode, { parent, lists }: Place): Part {
  const name = node.name.value;
  if (node.alias?.value === '__proto__') throw reservedAlias();
  const field =
    isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined;
  const size = sizesOf(walk, node, { parent, field, lists });
  const below = field && getNamedType(field.type);
  const children = measureSet(walk, node.selectionSet?.selections ?? [], {
    parent: isCompositeType(below) ? below : null,
    lists: size.listsBelow,
  });
  const isObject = node.selectionSet !== undefined;
  const owner = parent?.name ?? '';
  const valueType = { name: below?.name ?? '', isObject };
  const weight = walk.weights.value(owner, name, valueType);
  const given = node.arguments?.map((argument) => argument.name.value) ?? [];
  const ofArguments = walk.weights.given(owner, name, given);
  return {
    ...children,
    depth: children.depth + 1,
    width: 1,
    aliases: saturated(children.aliases + (node.alias ? 1 : 0)),
    fields: saturated(children.fields + 1),
    pageSize: Math.max(children.pageSize, size.asked),
    cost: saturated(size.ofThis * (weight + children.cost) + ofArguments),
    schemaFields: children.schemaFields + (name === '__schema' || name === '__type' ? 1 : 0),
    unsliced: size.unsliced ?? children.unsliced,
  };
}

/** Valid, and the one key that an object of JavaScript cannot simply have. */
function reservedAlias(): GraphQLError {
  const message = 'No field can be answered under the name "__proto__". Give it another one.';
  return new GraphQLError(message, { extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } });
}

/** Default values of the operations' variables; of several with one name, the largest. */
function defaultsOf(document: DocumentNode): Record<string, number> {
  const defaults: Record<string, number> = {};
  for (const node of document.definitions) {
    if (node.kind !== Kind.OPERATION_DEFINITION) continue;
    for (const { variable, defaultValue } of node.variableDefinitions ?? []) {
      if (defaultValue?.kind !== Kind.INT) continue;
      const name = variable.name.value;
      defaults[name] = Math.max(defaults[name] ?? 0, Number(defaultValue.value));
    }
  }
  return defaults;
}

/** Inline fragments share their parent's keys, as validation sees them; spreads have their own. */
function countKey(keys: Map<string, number>, node: SelectionNode): number {
  if (node.kind !== Kind.FIELD) return 0;
  const key = node.alias?.value ?? node.name.value;
  const count = (keys.get(key) ?? 0) + 1;
  keys.set(key, count);
  return count;
}

/** Two selections of one set. */
function sum(left: Part, right: Part): Part {
  return {
    depth: Math.max(left.depth, right.depth),
    width: saturated(left.width + right.width),
    aliases: saturated(left.aliases + right.aliases),
    directives: saturated(left.directives + right.directives),
    repeats: Math.max(left.repeats, right.repeats),
    fields: saturated(left.fields + right.fields),
    pageSize: Math.max(left.pageSize, right.pageSize),
    cost: saturated(left.cost + right.cost),
    schemaFields: saturated(left.schemaFields + right.schemaFields),
    unsliced: left.unsliced ?? right.unsliced,
  };
}

/** Two operations of one document, of which one will run. */
function larger(left: Part, right: Part): Part {
  return {
    depth: Math.max(left.depth, right.depth),
    width: Math.max(left.width, right.width),
    aliases: Math.max(left.aliases, right.aliases),
    directives: Math.max(left.directives, right.directives),
    repeats: Math.max(left.repeats, right.repeats),
    fields: Math.max(left.fields, right.fields),
    pageSize: Math.max(left.pageSize, right.pageSize),
    cost: Math.max(left.cost, right.cost),
    schemaFields: Math.max(left.schemaFields, right.schemaFields),
    unsliced: null,
  };
}
