import {
  GraphQLError,
  Kind,
  getNamedType,
  isCompositeType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import { fragmentsOf } from './fragments.ts';
import type {
  DocumentNode,
  FieldNode,
  FragmentDefinitionNode,
  GraphQLField,
  GraphQLNamedType,
  GraphQLSchema,
  SelectionNode,
  ValueNode,
} from 'graphql';
import type { CostWeights } from './cost-weight.ts';
import type { ListSizes } from './list-size.ts';

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

/** What a list is taken to hold when neither the client nor the contract says it: lines, stages, tasks, receipts. */
const ASSUMED_LIST_SIZE = 5;
const PAGING_ARGUMENTS: readonly string[] = ['first', 'last'];
/** Measures stop growing here; twenty doublings must not become an unsafe integer. */
export const SATURATION = 1_000_000_000;

export interface Measuring {
  readonly schema: GraphQLSchema;
  readonly listSizes: ListSizes;
  readonly weights: CostWeights;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** Measures, and what they hang on. */
export interface Measured extends Measures {
  /** Variables whose values give page sizes; the same values give the same measures. */
  readonly sizeVariables: readonly string[];
}

interface Walk extends Measuring {
  readonly sizeVariables: Set<string>;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly measured: Map<string, Measures>;
  /** Fragments being measured: to meet one of them again is a cycle. */
  readonly open: Set<string>;
}

/** Where a selection stands: its parent's type, and the size that lists directly below it have. */
interface Place {
  readonly parent: GraphQLNamedType | null;
  readonly lists: ListsBelow | null;
}

interface ListsBelow {
  readonly size: number;
  /** Which of them; null for all. */
  readonly names: readonly string[] | null;
}

const NOTHING: Measures = {
  depth: 0,
  width: 0,
  aliases: 0,
  directives: 0,
  repeats: 0,
  fields: 0,
  pageSize: 0,
  cost: 0,
  schemaFields: 0,
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
    fragments: fragmentsOf(document),
    measured: new Map(),
    open: new Set(),
    sizeVariables: new Set(),
  };
  let largest = NOTHING;
  for (const node of document.definitions) {
    if (node.kind === Kind.OPERATION_DEFINITION) {
      const place = {
        parent: measuring.schema.getRootType(node.operation) ?? null,
        lists: null,
      };
      const directives = node.directives?.length ?? 0;
      const measures = measureSet(walk, node.selectionSet.selections, place);
      largest = larger(largest, { ...measures, directives: measures.directives + directives });
    } else if (node.kind === Kind.FRAGMENT_DEFINITION) {
      // Fragments that nobody spreads count too: validation walks them as well. Their width is not the root's.
      largest = larger(largest, { ...measureFragment(walk, node.name.value, null), width: 0 });
    }
  }
  return { ...largest, sizeVariables: [...walk.sizeVariables] };
}

function measureSet(
  walk: Walk,
  selections: readonly SelectionNode[],
  place: Place,
  keys = new Map<string, number>(),
): Measures {
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
): Measures {
  if (node.kind === Kind.FIELD) return measureField(walk, node, place);
  if (node.kind === Kind.FRAGMENT_SPREAD) {
    return sum({ ...NOTHING, fields: 1 }, measureFragment(walk, node.name.value, place.lists));
  }
  const type = node.typeCondition && walk.schema.getType(node.typeCondition.name.value);
  const parent = type ?? place.parent;
  return measureSet(walk, node.selectionSet.selections, { ...place, parent }, keys);
}

function measureFragment(walk: Walk, name: string, lists: ListsBelow | null): Measures {
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

function measureField(walk: Walk, node: FieldNode, { parent, lists }: Place): Measures {
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
  };
}

/** Valid, and the one key that an object of JavaScript cannot simply have. */
function reservedAlias(): GraphQLError {
  const message = 'No field can be answered under the name "__proto__". Give it another one.';
  return new GraphQLError(message, { extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } });
}

interface Sizes {
  /** The page size in the query, 0 when there is none. */
  readonly asked: number;
  /** How many objects the field stands for. */
  readonly ofThis: number;
  /** A connection gives its page size to lists directly below it. */
  readonly listsBelow: ListsBelow | null;
}

interface Sized {
  readonly parent: GraphQLNamedType | null;
  readonly field: GraphQLField<unknown, unknown> | undefined;
  readonly lists: ListsBelow | null;
}

function sizesOf(walk: Walk, node: FieldNode, { parent, field, lists }: Sized): Sizes {
  const name = node.name.value;
  const coordinate = `${parent?.name ?? ''}.${name}`;
  const stated = walk.listSizes.get(coordinate);
  const slices = slicesOf(walk, node, field, stated?.slicingArguments ?? PAGING_ARGUMENTS);
  const given = slices.filter(({ isDefault }) => !isDefault).length;
  if (stated?.requiresSlicing === true && (given || slices.length) !== 1)
    throw oneSliceExpected(coordinate, stated.slicingArguments);
  const asked = slices.length === 0 ? null : Math.max(...slices.map((one) => one.size));
  const type = field?.type;
  const isList = isListType(isNonNullType(type) ? type.ofType : type);
  if (!isList) {
    const size = asked ?? stated?.assumedSize ?? null;
    const listsBelow = size === null ? null : { size, names: stated?.sizedFields ?? null };
    return { asked: asked ?? 0, ofThis: 1, listsBelow };
  }
  const inherited = lists?.names?.includes(name) === false ? null : lists?.size;
  const ofThis = asked ?? inherited ?? stated?.assumedSize ?? ASSUMED_LIST_SIZE;
  return { asked: asked ?? 0, ofThis, listsBelow: null };
}

interface Slice {
  readonly size: number;
  /** By the contract; the query does not give it. */
  readonly isDefault: boolean;
}

/** What the slicing arguments say, from the text, the variables or the contract's default; none for one that says nothing. */
function slicesOf(
  walk: Walk,
  node: FieldNode,
  field: GraphQLField<unknown, unknown> | undefined,
  names: readonly string[],
): Slice[] {
  return names.flatMap((name) => {
    const given = node.arguments?.find((argument) => argument.name.value === name)?.value;
    const fallback = field?.args.find((argument) => argument.name === name)?.defaultValue;
    const value = given === undefined ? fallback : numberOf(walk, given);
    const isSize = typeof value === 'number' && value >= 0;
    return isSize ? [{ size: saturated(value), isDefault: given === undefined }] : [];
  });
}

/** The cost specification's `requireOneSlicingArgument`: without it nobody knows how much is asked. */
function oneSliceExpected(coordinate: string, names: readonly string[]): GraphQLError {
  const which = names.map((name) => `"${name}"`).join(', ');
  const message = `${coordinate} says how many it gives by one argument: give exactly one of ${which}, as a number from 0.`;
  return new GraphQLError(message, { extensions: { code: 'SLICING_ARGUMENT_EXPECTED' } });
}

function numberOf(walk: Walk, value: ValueNode): unknown {
  if (value.kind === Kind.VARIABLE) {
    walk.sizeVariables.add(value.name.value);
    return walk.variables[value.name.value];
  }
  return value.kind === Kind.INT ? Number(value.value) : null;
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
function sum(left: Measures, right: Measures): Measures {
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
  };
}

/** Two operations of one document, of which one will run. */
function larger(left: Measures, right: Measures): Measures {
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
  };
}

function saturated(value: number): number {
  return Math.min(SATURATION, value);
}
