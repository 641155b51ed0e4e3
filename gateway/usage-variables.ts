import { getNamedType, isInputObjectType } from 'graphql';
import { isRecord } from '#kernel/json.ts';
import { MAY_BE_NULL, USED, wholeTypeOf } from './usage-coordinates.ts';
import type { GraphQLInputObjectType } from 'graphql';
import type { DocumentUse } from './usage-coordinates.ts';

/** Bit of an input field: a variable gives it, with whatever its type may hold. */
const BY_VARIABLE = 4;
/**
 * Fields of input objects that are looked at for one request: an order of sixty lines. A larger value counts as giving every field
 * of its types, because to take a used field for unused is the worse mistake.
 */
const VISITED_MAX = 1_000;

type Variables = Readonly<Record<string, unknown>>;

/** A coordinate whose use depends on the request. */
interface Slot {
  readonly coordinate: string;
  /** Used with it, when a variable gives it: the values of an enum, the name of a scalar or an object. */
  readonly implied: readonly string[];
}

/** An input object type as it is looked for in values. */
interface Layout {
  readonly fields: {
    readonly name: string;
    readonly slot: number;
    readonly inner: Layout | null;
  }[];
}

/** What the variables of an operation add to its text, without keeping any of their values. */
export interface VariableUse {
  /** One byte for each coordinate that depends on the request; equal bytes are equal use. */
  observe(variables: Variables): Uint8Array;
  /** Every such coordinate as used and perhaps null: for when there are too many combinations to tell apart. */
  readonly everything: Uint8Array;
  /** The operation's coordinates, under what was observed. */
  coordinatesOf(state: Uint8Array): readonly string[];
}

/** Null when the variables of an operation add nothing: its use is the same for every request. */
export function variableUse(use: DocumentUse): VariableUse | null {
  if (use.objects.length === 0 && use.defaulted.length === 0) return null;
  const slots = slotsOf(use);
  const initial = Uint8Array.from(slots.all, (slot) => use.inputs.get(slot.coordinate) ?? 0);
  const everything = new Uint8Array(initial.length).fill(USED | MAY_BE_NULL | BY_VARIABLE);
  const observe = (variables: Variables): Uint8Array => {
    const state = initial.slice();
    for (const { variable, slot } of slots.defaulted) {
      if (variables[variable] === null) mark(state, slot, MAY_BE_NULL);
    }
    const visit = { state, left: VISITED_MAX };
    for (const { variable, layout } of slots.objects)
      visitValue(visit, variables[variable], layout);
    return visit.left < 0 ? everything : state;
  };
  return {
    observe,
    everything,
    coordinatesOf: (state) =>
      coordinatesOf(
        use,
        (coordinate) => {
          const slot = slots.byCoordinate.get(coordinate);
          return slot === undefined ? null : { bits: state[slot] ?? 0, slot: slots.all[slot] };
        },
        slots.all,
      ),
  };
}

/** The coordinates of an operation whose variables add nothing. */
export function fixedCoordinates(use: DocumentUse): readonly string[] {
  return coordinatesOf(use, () => null, []);
}

function coordinatesOf(
  use: DocumentUse,
  observed: (
    coordinate: string,
  ) => { readonly bits: number; readonly slot: Slot | undefined } | null,
  slots: readonly Slot[],
): readonly string[] {
  const all = new Set(use.plain);
  const coordinates = new Set([...use.inputs.keys(), ...slots.map(({ coordinate }) => coordinate)]);
  for (const coordinate of coordinates) {
    const seen = observed(coordinate);
    const bits = seen?.bits ?? use.inputs.get(coordinate) ?? 0;
    if ((bits & USED) === 0) continue;
    all.add(coordinate);
    if ((bits & MAY_BE_NULL) === 0) all.add(`${coordinate}!`);
    if ((bits & BY_VARIABLE) !== 0) seen?.slot?.implied.forEach((one) => all.add(one));
  }
  return [...all].sort();
}

function slotsOf(use: DocumentUse) {
  const all: Slot[] = [];
  const byCoordinate = new Map<string, number>();
  const layouts = new Map<GraphQLInputObjectType, Layout>();
  const slotOf = (coordinate: string, implied: readonly string[]): number => {
    const known = byCoordinate.get(coordinate);
    if (known !== undefined) return known;
    byCoordinate.set(coordinate, all.length);
    return all.push({ coordinate, implied }) - 1;
  };
  const layoutOf = (type: GraphQLInputObjectType): Layout => {
    const known = layouts.get(type);
    if (known) return known;
    const layout: Layout = { fields: [] };
    layouts.set(type, layout);
    for (const field of Object.values(type.getFields())) {
      const inner = getNamedType(field.type);
      layout.fields.push({
        name: field.name,
        slot: slotOf(`${type.name}.${field.name}`, wholeTypeOf(inner)),
        inner: isInputObjectType(inner) ? layoutOf(inner) : null,
      });
    }
    return layout;
  };
  const objects = use.objects.map(({ variable, type }) => ({ variable, layout: layoutOf(type) }));
  const defaulted = use.defaulted.map(({ variable, coordinate }) => ({
    variable,
    slot: slotOf(coordinate, []),
  }));
  return { all, byCoordinate, objects, defaulted };
}

interface Visit {
  readonly state: Uint8Array;
  left: number;
}

function visitValue(visit: Visit, value: unknown, layout: Layout): void {
  if (Array.isArray(value)) {
    for (const one of value) {
      if (visit.left < 0) return;
      visitValue(visit, one, layout);
    }
    return;
  }
  if (!isRecord(value)) return;
  for (const { name, slot, inner } of layout.fields) {
    visit.left -= 1;
    if (visit.left < 0) return;
    const given = Object.hasOwn(value, name) ? value[name] : undefined;
    mark(visit.state, slot, bitsOf(given));
    if (inner !== null) visitValue(visit, given, inner);
  }
}

function bitsOf(given: unknown): number {
  if (given === undefined) return MAY_BE_NULL;
  return given === null ? USED | MAY_BE_NULL | BY_VARIABLE : USED | BY_VARIABLE;
}

function mark(state: Uint8Array, slot: number, bits: number): void {
  state[slot] = (state[slot] ?? 0) | bits;
}
