import { GraphQLError, Kind, isListType, isNonNullType } from 'graphql';
import { isRecord } from '#kernel/json.ts';
import { saturated } from './saturation.ts';
import type { FieldNode, GraphQLField, GraphQLNamedType, ValueNode } from 'graphql';
import type { ListSizes } from './list-size.ts';

/** What a list is taken to hold when neither the client nor the contract says it: lines, stages, tasks, receipts. */
const ASSUMED_LIST_SIZE = 5;
const PAGING_ARGUMENTS: readonly string[] = ['first', 'last'];

/** What sizes are read with. */
export interface Slicing {
  readonly listSizes: ListSizes;
  /** With the operations' defaults. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** False for a document that is only looked at, before there are variables. */
  readonly isAsked: boolean;
  /** Where values of variables were looked for, as paths. */
  readonly sizeVariables: Set<string>;
}

/** Size of the lists directly below an object. */
export interface ListsBelow {
  readonly size: number;
  /** Which of them; null for all. */
  readonly names: readonly string[] | null;
}

/** How large what a field stands for is. */
export interface Sizes {
  /** Why it is not known, where the contract expects the query to say it. */
  readonly unsliced: GraphQLError | null;
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

export function sizesOf(slicing: Slicing, node: FieldNode, { parent, field, lists }: Sized): Sizes {
  const name = node.name.value;
  const coordinate = `${parent?.name ?? ''}.${name}`;
  const stated = slicing.listSizes.get(coordinate);
  const slices = slicesOf(slicing, node, field, stated?.slicingArguments ?? PAGING_ARGUMENTS);
  const given = slices.filter(({ isDefault }) => !isDefault).length;
  const isUnsliced = stated?.requiresSlicing === true && (given || slices.length) !== 1;
  const unsliced =
    slicing.isAsked && isUnsliced ? oneSliceExpected(coordinate, stated.slicingArguments) : null;
  const asked = slices.length === 0 ? null : Math.max(...slices.map((one) => one.size));
  const type = field?.type;
  const isList = isListType(isNonNullType(type) ? type.ofType : type);
  if (!isList) {
    const size = asked ?? stated?.assumedSize ?? null;
    const listsBelow = size === null ? null : { size, names: stated?.sizedFields ?? null };
    return { unsliced, asked: asked ?? 0, ofThis: 1, listsBelow };
  }
  const inherited = lists?.names?.includes(name) === false ? null : lists?.size;
  const ofThis = asked ?? inherited ?? stated?.assumedSize ?? ASSUMED_LIST_SIZE;
  return { unsliced, asked: asked ?? 0, ofThis, listsBelow: null };
}

interface Slice {
  readonly size: number;
  /** By the contract; the query does not give it. */
  readonly isDefault: boolean;
}

/**
 * What the slicing arguments say, from the text, the variables or the contract's default; none for one that says nothing.
 * A path leads into an input object, and a list says its length.
 */
function slicesOf(
  slicing: Slicing,
  node: FieldNode,
  field: GraphQLField<unknown, unknown> | undefined,
  paths: readonly string[],
): Slice[] {
  return paths.flatMap((path) => {
    const [name = '', ...rest] = path.split('.');
    const argument = node.arguments?.find((one) => one.name.value === name);
    const given = argument === undefined ? undefined : valueIn(slicing, argument.value, rest);
    const fallback = field?.args.find((one) => one.name === name)?.defaultValue;
    const size = sizeOf(given === undefined ? valueAt(fallback, rest) : given);
    return size === null ? [] : [{ size, isDefault: given === undefined }];
  });
}

function sizeOf(value: unknown): number | null {
  const size = Array.isArray(value) ? value.length : value;
  return typeof size === 'number' && size >= 0 ? saturated(size) : null;
}

/** Undefined where the text gives nothing. */
function valueIn(slicing: Slicing, value: ValueNode, rest: readonly string[]): unknown {
  if (value.kind === Kind.VARIABLE) {
    const path = [value.name.value, ...rest];
    slicing.sizeVariables.add(path.join('.'));
    return valueAt(slicing.variables, path);
  }
  const [next, ...further] = rest;
  if (next !== undefined) {
    if (value.kind !== Kind.OBJECT) return undefined;
    const field = value.fields.find(({ name }) => name.value === next);
    return field === undefined ? undefined : valueIn(slicing, field.value, further);
  }
  if (value.kind === Kind.LIST) return value.values;
  return value.kind === Kind.INT ? Number(value.value) : null;
}

/** What stands at a path of names in a value. */
export function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, name) => (isRecord(at) ? at[name] : undefined), value);
}

/** The cost specification's `requireOneSlicingArgument`: without it nobody knows how much is asked. */
function oneSliceExpected(coordinate: string, names: readonly string[]): GraphQLError {
  const which = names.map((name) => `"${name}"`).join(', ');
  const message = `${coordinate} says how many it gives by one argument: give exactly one of ${which}, as a number from 0.`;
  return new GraphQLError(message, { extensions: { code: 'SLICING_ARGUMENT_EXPECTED' } });
}
