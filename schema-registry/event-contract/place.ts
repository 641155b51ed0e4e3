import { canonicalJson, isRecord } from '#kernel/json.ts';
import { patternMatches } from './name-pattern.ts';
import { valueOf } from './schema-vocabulary.ts';
import type { Schema, SchemaObject } from './schema-vocabulary.ts';

/**
 * What is known of the values that a writer may put at one place: they are valid under every one of these schemas.
 * References and `allOf` are already opened up. Leaving a schema out would only make more values possible, never fewer,
 * so whatever a rule cannot use it may ignore.
 */
export interface Place {
  readonly schemas: readonly SchemaObject[];
  /** False when a `false` schema is among them: nothing can be written here. */
  readonly possible: boolean;
  /** The branchings whose branches are already among the schemas. */
  readonly opened: ReadonlySet<string>;
  /** What was found out of the schemas before. */
  readonly known: Known;
}

interface Known {
  types?: ReadonlySet<ValueType>;
  values?: readonly unknown[] | null;
  texts?: readonly string[] | null;
}

/** Where the references of a schema lead, in whichever document it stands. */
export type Targets = (schema: SchemaObject) => readonly Schema[];

/** The JSON types, with `number` parted in `integer` and the numbers that are none. */
export type ValueType = 'null' | 'boolean' | 'object' | 'array' | 'string' | 'integer' | 'fraction';

const ALL_TYPES: readonly ValueType[] = [
  'null',
  'boolean',
  'object',
  'array',
  'string',
  'integer',
  'fraction',
];

/** The place that all of these schemas describe together. */
export function placeOf(
  schemas: readonly Schema[],
  targets: Targets,
  opened: ReadonlySet<string> = new Set(),
): Place {
  const open = new Set<SchemaObject>();
  const descriptions = new Set<SchemaObject>();
  let possible = true;
  const add = (schema: Schema): void => {
    if (schema === false) possible = false;
    if (typeof schema === 'boolean' || open.has(schema)) return;
    open.add(schema);
    targets(schema).forEach(add);
    valueOf(schema, 'allOf')?.forEach(add);
    if (!('const' in schema) || descriptions.has(schema)) return;
    const description = described(schema['const']);
    descriptions.add(description);
    add(description);
  };
  schemas.forEach(add);
  // What a required property brings with it may require further ones, until nothing is added any more. Only objects have
  // properties: where something else may stand, what is required of objects brings nothing with it.
  for (let before = -1; before !== open.size && mayBringAlong([...open]);) {
    before = open.size;
    const required = requiredOf([...open]);
    for (const schema of open) {
      for (const [name, dependent] of Object.entries(namedSchemas(schema, 'dependentSchemas')))
        if (required.has(name)) add(dependent);
    }
  }
  return { schemas: [...open], possible, opened, known: {} };
}

function mayBringAlong(schemas: readonly SchemaObject[]): boolean {
  return (
    schemas.some((schema) => schema['dependentSchemas'] !== undefined) &&
    [...typesUnder(schemas)].every((type) => type === 'object')
  );
}

/** A schema that only this value satisfies, said in words that every rule understands. */
export function described(value: unknown): SchemaObject {
  if (typeof value === 'string') {
    const length = Array.from(value).length;
    return { const: value, type: 'string', minLength: length, maxLength: length };
  }
  if (typeof value === 'number')
    return {
      const: value,
      type: Number.isInteger(value) ? 'integer' : 'number',
      minimum: value,
      maximum: value,
    };
  if (Array.isArray(value))
    return {
      const: value,
      type: 'array',
      prefixItems: value.map(described),
      items: false,
      minItems: value.length,
    };
  if (isRecord(value)) {
    const names = Object.keys(value);
    const properties = Object.fromEntries(names.map((name) => [name, described(value[name])]));
    return {
      const: value,
      type: 'object',
      properties,
      required: names,
      additionalProperties: false,
    };
  }
  return { const: value, type: value === null ? 'null' : 'boolean' };
}

/** The types that a value here may have. */
export function typesOf({ schemas, known }: Place): ReadonlySet<ValueType> {
  return (known.types ??= typesUnder(schemas));
}

function typesUnder(schemas: readonly SchemaObject[]): Set<ValueType> {
  const possible = new Set(ALL_TYPES);
  for (const schema of schemas) {
    const allowed = new Set(allowedTypes(schema['type']));
    const isWhole = Number.isInteger(schema['multipleOf']);
    for (const type of ALL_TYPES) {
      if (!allowed.has(type) || (type === 'fraction' && isWhole)) possible.delete(type);
    }
  }
  return possible;
}

/** The types that a `type` keyword lets through. */
export function allowedTypes(type: unknown): readonly ValueType[] {
  if (type === undefined) return ALL_TYPES;
  return (Array.isArray(type) ? type : [type]).flatMap((name: unknown): ValueType[] =>
    name === 'number' ? ['integer', 'fraction'] : [name as ValueType],
  );
}

export function typeOfValue(value: unknown): ValueType {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'fraction';
  return typeof value as 'boolean' | 'object' | 'string';
}

/** All values that may stand here, when they can be listed; null when they cannot. */
export function valuesOf(place: Place): readonly unknown[] | null {
  if (place.known.values === undefined) place.known.values = listedValues(place);
  return place.known.values;
}

/** The same values as canonical JSON, by which they are compared. */
export function valueTexts(place: Place): readonly string[] | null {
  if (place.known.texts === undefined)
    place.known.texts = valuesOf(place)?.map((value) => canonicalJson(value)) ?? null;
  return place.known.texts;
}

function listedValues(place: Place): readonly unknown[] | null {
  const types = typesOf(place);
  const lists = place.schemas.flatMap((schema) => [
    ...('const' in schema ? [[schema['const']]] : []),
    ...('enum' in schema ? [valueOf(schema, 'enum') ?? []] : []),
  ]);
  const [first, ...others] = lists;
  if (first === undefined) {
    const isListable = [...types].every((type) => type === 'null' || type === 'boolean');
    if (!isListable) return null;
    return [...(types.has('null') ? [null] : []), ...(types.has('boolean') ? [true, false] : [])];
  }
  const texts = others.map((list) => new Set(list.map(canonicalJson)));
  return first.filter(
    (value) =>
      types.has(typeOfValue(value)) && texts.every((list) => list.has(canonicalJson(value))),
  );
}

/** Can nothing at all be written here? A false answer may be wrong, a true one never is. */
export function isImpossible(place: Place): boolean {
  return !place.possible || typesOf(place).size === 0 || valuesOf(place)?.length === 0;
}

/** Is a value here an object (an array, a number …) or nothing? */
export function mayBe(place: Place, ...types: readonly ValueType[]): boolean {
  const possible = typesOf(place);
  return types.some((type) => possible.has(type));
}

/** The names that every object here has. */
export function requiredOf(schemas: readonly SchemaObject[]): Set<string> {
  const required = new Set(schemas.flatMap((schema) => valueOf(schema, 'required') ?? []));
  for (let before = -1; before !== required.size;) {
    before = required.size;
    for (const schema of schemas) {
      const dependents = valueOf(schema, 'dependentRequired');
      for (const [name, others] of Object.entries(dependents ?? {}))
        if (required.has(name)) others.forEach((other) => required.add(other));
    }
  }
  return required;
}

export function namedSchemas(
  schema: SchemaObject,
  keyword: 'properties' | 'patternProperties' | 'dependentSchemas',
): Readonly<Record<string, Schema>> {
  return valueOf(schema, keyword) ?? {};
}

/** The largest (or smallest) number that a keyword has in any of the schemas. */
export function boundOf(
  place: Place,
  keyword: 'minLength' | 'maxLength' | 'minItems' | 'maxItems' | 'minProperties' | 'maxProperties',
): number {
  const values = place.schemas.flatMap((schema) => valueOf(schema, keyword) ?? []);
  return keyword.startsWith('min') ? Math.max(0, ...values) : Math.min(Infinity, ...values);
}

/** The numbers that may stand here lie above `value`, or at it unless `exclusive`. */
export interface Edge {
  readonly value: number;
  readonly exclusive: boolean;
}

export function lowerEdge(place: Place): Edge {
  const edges = place.schemas.flatMap((schema) => edgesOf(schema, 'minimum', 'exclusiveMinimum'));
  const tightest = edges.reduce(
    (best, edge) =>
      edge.value > best.value || (edge.value === best.value && edge.exclusive) ? edge : best,
    { value: -Infinity, exclusive: false },
  );
  return mayBe(place, 'fraction') ? tightest : wholeEdge(tightest, 1);
}

export function upperEdge(place: Place): Edge {
  const edges = place.schemas.flatMap((schema) => edgesOf(schema, 'maximum', 'exclusiveMaximum'));
  const tightest = edges.reduce(
    (best, edge) =>
      edge.value < best.value || (edge.value === best.value && edge.exclusive) ? edge : best,
    { value: Infinity, exclusive: false },
  );
  return mayBe(place, 'fraction') ? tightest : wholeEdge(tightest, -1);
}

function edgesOf(
  schema: SchemaObject,
  inclusive: 'minimum' | 'maximum',
  exclusive: 'exclusiveMinimum' | 'exclusiveMaximum',
): Edge[] {
  const at = valueOf(schema, inclusive);
  const beyond = valueOf(schema, exclusive);
  return [
    ...(at === undefined ? [] : [{ value: at, exclusive: false }]),
    ...(beyond === undefined ? [] : [{ value: beyond, exclusive: true }]),
  ];
}

/** Where only integers may stand, the edge is the first integer inside. */
function wholeEdge(edge: Edge, inwards: 1 | -1): Edge {
  if (!Number.isSafeInteger(Math.trunc(edge.value))) return edge;
  const first = inwards === 1 ? Math.ceil(edge.value) : Math.floor(edge.value);
  const value = edge.exclusive && first === edge.value ? first + inwards : first;
  return { value, exclusive: false };
}

/** Whether a name matches one of the patterns; null when that cannot be told safely. */
export function matchesAny(patterns: readonly string[], name: string): boolean | null {
  const answers = patterns.map((pattern) => patternMatches(pattern, name));
  if (answers.includes(true)) return true;
  return answers.includes(null) ? null : false;
}
