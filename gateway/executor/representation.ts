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
  /** The keys of the tree that are read of a type's entities, beside the name: entities that have the same there are told alike. */
  readonly fieldsOf: (typeName: unknown) => readonly string[];
  /** Entities that differ in what is read may be told alike, even if their types differ. */
  readonly isRewritten: boolean;
}

interface TypeRepresentation {
  readonly prefix: string;
  readonly fields: readonly FieldWriter[];
  readonly keysRead: readonly string[];
  readonly isWhole: (entity: Data) => boolean;
}

export function compileRepresentation(
  requires: readonly RequiresSelection[],
  rewrites: readonly InputRewrite[],
  { types, service }: { readonly types: TypeGraph; readonly service: string },
): Representation {
  const known = new Map<unknown, TypeRepresentation>();
  const ofType = (name: unknown): TypeRepresentation | null => {
    const found = known.get(name);
    if (found !== undefined) return found;
    if (typeof name !== 'string') return null;
    const fields = fieldWriters(requires, name, types);
    const compiled = {
      prefix: `{"__typename":${JSON.stringify(name)}`,
      fields,
      keysRead: fields.map(({ key }) => key),
      isWhole: wholeness(fields, types.keysOf(service, name)),
    };
    known.set(name, compiled);
    return compiled;
  };
  const plain: Representation['write'] = (entity) => {
    const type = ofType(entity['__typename']);
    if (type === null || !type.isWhole(entity)) return null;
    return `${type.prefix}${membersOf(entity, type.fields)}}`;
  };
  const fieldsOf = (name: unknown): readonly string[] => ofType(name)?.keysRead ?? NO_FIELDS;
  if (rewrites.length === 0) return { write: plain, fieldsOf, isRewritten: false };
  const write: Representation['write'] = (entity) => {
    const text = plain(entity);
    if (text === null) return null;
    return JSON.stringify(rewriteInput(JSON.parse(text), rewrites, types));
  };
  return { write, fieldsOf, isRewritten: true };
}

const NO_FIELDS: readonly string[] = [];

/** Whether an entity can be found by one of the subgraph's keys, with all that it requires known. */
function wholeness(
  fields: readonly FieldWriter[],
  keysOfType: readonly (readonly string[])[],
): (entity: Data) => boolean {
  const keyOf = new Map(fields.map(({ name, key }) => [name, key]));
  const fitting = keysOfType
    .filter((names) => names.every((name) => keyOf.has(name)))
    .map((names) => names.flatMap((name) => keyOf.get(name) ?? []));
  const inKeys = new Set(fitting.flat());
  // Where no key of the supergraph fits (an interface stands for the type), any field may be the key.
  const isLoose = fitting.length === 0;
  const keys = isLoose ? fields.map(({ key }) => [key]) : fitting;
  const required = isLoose ? [] : fields.flatMap(({ key }) => (inKeys.has(key) ? [] : [key]));
  return (entity) => {
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
