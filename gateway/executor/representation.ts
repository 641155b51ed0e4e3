import type { InputRewrite, RequiresSelection } from '@graphql-hive/router-query-planner';
import { isData, isInherited, ownValue } from './data.ts';
import { rewriteInput } from './rewrite.ts';
import type { Data } from './data.ts';
import type { TypeGraph } from './type-graph.ts';

/** How entities are told to a subgraph. */
export interface Representation {
  /**
   * Writes the representation of an entity as JSON text, by which equal ones are found. Null when the tree does not hold
   * what it takes: the name of its type, a whole key without nulls, and all that is required, which may be null but must
   * have been answered.
   */
  readonly write: (entity: Data) => string | null;
  /** The one field that tells entities of a type apart; null when there are several, and the text must be compared. */
  readonly onlyKey: (typeName: string) => string | null;
}

export function compileRepresentation(
  requires: readonly RequiresSelection[],
  rewrites: readonly InputRewrite[],
  { types, service }: { readonly types: TypeGraph; readonly service: string },
): Representation {
  const fieldsOf = fieldWritersByName(requires, types);
  const isWhole = wholeness(fieldsOf, { types, service });
  const plain: Representation['write'] = (entity) => {
    const name = entity['__typename'];
    if (typeof name !== 'string') return null;
    if (!isWhole(entity, name)) return null;
    return `{"__typename":${JSON.stringify(name)}${membersOf(entity, fieldsOf(name))}}`;
  };
  const onlyKey = (typeName: string): string | null => {
    const [only, ...more] = fieldsOf(typeName);
    return only?.nested === null && !only.isInherited && more.length === 0 ? only.key : null;
  };
  if (rewrites.length === 0) return { write: plain, onlyKey };
  const write: Representation['write'] = (entity) => {
    const text = plain(entity);
    if (text === null) return null;
    return JSON.stringify(rewriteInput(JSON.parse(text), rewrites, types));
  };
  return { write, onlyKey };
}

/** Whether an entity can be found by one of the subgraph's keys, with all that it requires known. */
function wholeness(
  fieldsOf: FieldWritersByName,
  { types, service }: { readonly types: TypeGraph; readonly service: string },
): (entity: Data, typeName: string) => boolean {
  const known = new Map<string, { keys: string[][]; required: string[] }>();
  const factsOf = (typeName: string) => {
    const fields = fieldsOf(typeName);
    const keyOf = new Map(fields.map(({ name, key }) => [name, key]));
    const keys = types
      .keysOf(service, typeName)
      .filter((names) => names.every((name) => keyOf.has(name)))
      .map((names) => names.flatMap((name) => keyOf.get(name) ?? []));
    const inKeys = new Set(keys.flat());
    // Where no key of the supergraph fits (an interface stands for the type), any field may be the key.
    const facts =
      keys.length === 0
        ? { keys: fields.map(({ key }) => [key]), required: [] }
        : { keys, required: fields.flatMap(({ key }) => (inKeys.has(key) ? [] : [key])) };
    known.set(typeName, facts);
    return facts;
  };
  return (entity, typeName) => {
    const { keys, required } = known.get(typeName) ?? factsOf(typeName);
    for (const field of required) if (entity[field] === undefined) return false;
    for (const key of keys) if (isComplete(entity, key)) return true;
    return false;
  };
}

function isComplete(entity: Data, key: readonly string[]): boolean {
  for (const field of key) {
    const value = entity[field];
    // What every object inherits is no value of a key.
    if (value === undefined || value === null || typeof value === 'function') return false;
  }
  return true;
}

interface FieldWriter {
  /** As the subgraph has it. */
  readonly name: string;
  /** `,"price":` */
  readonly prefix: string;
  readonly key: string;
  readonly isInherited: boolean;
  readonly nested: ((value: unknown) => string) | null;
}

type FieldWritersByName = (typeName: string) => readonly FieldWriter[];

function membersOf(data: Data, fields: readonly FieldWriter[]): string {
  let text = '';
  for (const { prefix, key, isInherited, nested } of fields) {
    const value = isInherited ? ownValue(data, key) : data[key];
    if (value !== undefined) text += prefix + (nested?.(value) ?? JSON.stringify(value));
  }
  return text;
}

function fieldWritersByName(
  selections: readonly RequiresSelection[],
  types: TypeGraph,
): FieldWritersByName {
  const known = new Map<string, readonly FieldWriter[]>();
  return (typeName) => {
    const fields = known.get(typeName) ?? fieldWriters(selections, typeName, types);
    known.set(typeName, fields);
    return fields;
  };
}

function fieldWriters(
  selections: readonly RequiresSelection[],
  name: string,
  types: TypeGraph,
): FieldWriter[] {
  const found = new Map<string, { key: string; selections: RequiresSelection[] | null }>();
  const collect = (set: readonly RequiresSelection[]): void => {
    for (const selection of set) {
      if (selection.kind === 'FragmentSpread')
        throw new Error(`A representation cannot spread the fragment ${selection.value}.`);
      if (selection.kind === 'InlineFragment') {
        if (name === '' || types.satisfies(name, selection.typeCondition))
          collect(selection.selections);
      } else if (selection.name !== '__typename') {
        const asked = selection.alias ?? selection.name;
        const known = found.get(asked) ?? { key: selection.name, selections: null };
        if (selection.selections !== undefined && selection.selections !== null)
          known.selections = [...(known.selections ?? []), ...selection.selections];
        found.set(asked, known);
      }
    }
  };
  collect(selections);
  return [...found].map(([asked, { key, selections: inner }]) => ({
    name: asked,
    prefix: `,${JSON.stringify(asked)}:`,
    key,
    isInherited: isInherited(key),
    nested: inner === null ? null : nestedWriter(inner, types),
  }));
}

function nestedWriter(
  selections: readonly RequiresSelection[],
  types: TypeGraph,
): (value: unknown) => string {
  const fieldsOf = fieldWritersByName(selections, types);
  const nested = (value: unknown): string => {
    if (Array.isArray(value)) return `[${value.map(nested).join(',')}]`;
    if (!isData(value)) return JSON.stringify(value ?? null);
    const name = value['__typename'];
    const isNamed = typeof name === 'string';
    const named = isNamed ? `,"__typename":${JSON.stringify(name)}` : '';
    return `{${`${named}${membersOf(value, fieldsOf(isNamed ? name : ''))}`.slice(1)}}`;
  };
  return nested;
}
