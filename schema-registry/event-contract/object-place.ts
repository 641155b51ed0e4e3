import { childrenOf, valueOf, VOCABULARY } from './schema-vocabulary.ts';
import { matchesAny, namedSchemas, requiredOf } from './place.ts';
import type { Place, Targets } from './place.ts';
import type { Schema, SchemaObject } from './schema-vocabulary.ts';

/** The schemas that a property of this name is surely subject to. */
export function propertyAt(place: Place, name: string, targets: Targets): Schema[] {
  return place.schemas.flatMap((schema) => {
    const own = propertyOf(schema, name);
    const patterns = Object.entries(namedSchemas(schema, 'patternProperties'));
    const matching = patterns.filter(([pattern]) => matchesAny([pattern], name) === true);
    const isOther =
      own === undefined && patterns.every(([pattern]) => matchesAny([pattern], name) === false);
    return [
      ...(own === undefined ? [] : [own]),
      ...matching.map(([, found]) => found),
      ...(isOther ? othersOf(schema, targets, name) : []),
    ];
  });
}

/** The schemas that properties of all names are subject to which no `properties` and no pattern of the writer knows. */
export function otherPropertiesAt(place: Place, targets: Targets): Schema[] {
  return place.schemas.flatMap((schema) => othersOf(schema, targets, null));
}

/** What a schema says of properties that it does not name itself; `name` null stands for all of them. */
function othersOf(schema: SchemaObject, targets: Targets, name: string | null): Schema[] {
  const additional = schema['additionalProperties'] as Schema | undefined;
  if (additional !== undefined) return [additional];
  const unevaluated = schema['unevaluatedProperties'] as Schema | undefined;
  if (unevaluated === undefined) return [];
  return inPlaceOf(schema, targets).some((inner) => mayEvaluate(inner, targets, name))
    ? []
    : [unevaluated];
}

/** Might a schema at the same place already have taken the property, so that `unevaluatedProperties` does not see it? */
function mayEvaluate(schema: Schema, targets: Targets, name: string | null): boolean {
  if (typeof schema === 'boolean') return false;
  if (schema['additionalProperties'] !== undefined || schema['unevaluatedProperties'] !== undefined)
    return true;
  const patterns = Object.keys(namedSchemas(schema, 'patternProperties'));
  const named = name !== null && propertyOf(schema, name) !== undefined;
  const matched = name === null ? patterns.length > 0 : matchesAny(patterns, name) !== false;
  return (
    named ||
    matched ||
    inPlaceOf(schema, targets).some((inner) => mayEvaluate(inner, targets, name))
  );
}

/** What a writer says of its own properties anywhere at the place, in whichever branch. */
export interface Declared {
  readonly names: ReadonlySet<string>;
  readonly patterns: readonly string[];
  /** Whether it says of all other properties what they are, instead of leaving them open. */
  readonly others: boolean;
}

export function declaredAt(place: Place, targets: Targets): Declared {
  const names = new Set<string>(requiredOf(place.schemas));
  const patterns = new Set<string>();
  let others = false;
  const seen = new Set<SchemaObject>();
  const visit = (schema: Schema): void => {
    if (typeof schema === 'boolean' || seen.has(schema)) return;
    seen.add(schema);
    Object.keys(namedSchemas(schema, 'properties')).forEach((name) => names.add(name));
    requiredOf([schema]).forEach((name) => names.add(name));
    for (const [name, others] of Object.entries(valueOf(schema, 'dependentRequired') ?? {}))
      [name, ...others].forEach((dependent) => names.add(dependent));
    Object.keys(namedSchemas(schema, 'patternProperties')).forEach((name) => patterns.add(name));
    const rest = [schema['additionalProperties'], schema['unevaluatedProperties']];
    if (rest.some((other) => typeof other === 'object')) others = true;
    inPlaceOf(schema, targets).forEach(visit);
  };
  place.schemas.forEach(visit);
  return { names, patterns: [...patterns], others };
}

/** Whether a writer that sends only what it declares may send a property of this name. */
export function declares(declared: Declared, name: string): boolean {
  return (
    declared.names.has(name) || declared.others || matchesAny(declared.patterns, name) !== false
  );
}

export function propertyOf(schema: SchemaObject, name: string): Schema | undefined {
  const properties = namedSchemas(schema, 'properties');
  return Object.hasOwn(properties, name) ? properties[name] : undefined;
}

/** The schemas that speak of the same instance as this one. */
export function inPlaceOf(schema: SchemaObject, targets: Targets): Schema[] {
  const below = childrenOf(schema).filter(({ keyword }) => VOCABULARY[keyword].inPlace);
  return [...below.map((child) => child.schema), ...targets(schema)];
}
