/** A JSON Schema after reading: `true` takes everything, `false` nothing. */
export type Schema = boolean | SchemaObject;

/** A schema with keywords, in the form of draft 2020-12 whatever the document was written in. */
export interface SchemaObject {
  readonly [keyword: string]: unknown;
}

interface KeywordShape {
  /** What lies below the keyword: one schema, a list or a map of them, or something that is no schema. */
  readonly holds: 'schema' | 'schemas' | 'named-schemas' | 'value';
  /** Whether the schemas below speak of the same instance, rather than of a part of it. */
  readonly inPlace: boolean;
}

const VALUE: KeywordShape = { holds: 'value', inPlace: false };
const ONE: KeywordShape = { holds: 'schema', inPlace: false };
const ONE_IN_PLACE: KeywordShape = { holds: 'schema', inPlace: true };
const LIST_IN_PLACE: KeywordShape = { holds: 'schemas', inPlace: true };
const NAMED: KeywordShape = { holds: 'named-schemas', inPlace: false };

/** Every keyword of draft 2020-12, and what a walker finds below it. */
export const VOCABULARY = {
  $schema: VALUE,
  $id: VALUE,
  $anchor: VALUE,
  $dynamicAnchor: VALUE,
  $vocabulary: VALUE,
  $comment: VALUE,
  $ref: VALUE,
  $dynamicRef: VALUE,
  $defs: NAMED,
  definitions: NAMED,
  type: VALUE,
  enum: VALUE,
  const: VALUE,
  multipleOf: VALUE,
  minimum: VALUE,
  exclusiveMinimum: VALUE,
  maximum: VALUE,
  exclusiveMaximum: VALUE,
  minLength: VALUE,
  maxLength: VALUE,
  pattern: VALUE,
  format: VALUE,
  properties: NAMED,
  patternProperties: NAMED,
  additionalProperties: ONE,
  unevaluatedProperties: ONE,
  propertyNames: ONE,
  required: VALUE,
  minProperties: VALUE,
  maxProperties: VALUE,
  dependentRequired: VALUE,
  dependentSchemas: { holds: 'named-schemas', inPlace: true },
  prefixItems: { holds: 'schemas', inPlace: false },
  items: ONE,
  unevaluatedItems: ONE,
  contains: ONE,
  minContains: VALUE,
  maxContains: VALUE,
  minItems: VALUE,
  maxItems: VALUE,
  uniqueItems: VALUE,
  allOf: LIST_IN_PLACE,
  anyOf: LIST_IN_PLACE,
  oneOf: LIST_IN_PLACE,
  not: ONE_IN_PLACE,
  if: ONE_IN_PLACE,
  then: ONE_IN_PLACE,
  else: ONE_IN_PLACE,
  contentEncoding: VALUE,
  contentMediaType: VALUE,
  contentSchema: ONE,
  title: VALUE,
  description: VALUE,
  default: VALUE,
  examples: VALUE,
  deprecated: VALUE,
  readOnly: VALUE,
  writeOnly: VALUE,
} as const satisfies Readonly<Record<string, KeywordShape>>;

export type Keyword = keyof typeof VOCABULARY;

/** Keywords that say nothing of which instances are valid. */
const SILENT: ReadonlySet<string> = new Set<Keyword>([
  '$schema',
  '$id',
  '$anchor',
  '$dynamicAnchor',
  '$vocabulary',
  '$comment',
  '$defs',
  'definitions',
  'title',
  'description',
  'default',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
]);

export function isKeyword(name: string): name is Keyword {
  return Object.hasOwn(VOCABULARY, name);
}

/** Annotations, identifiers and definitions; and whatever begins with `x-`, such as `x-graphql`. */
export function isSilent(name: string): boolean {
  return SILENT.has(name) || name.startsWith('x-');
}

/** The schemas right below a schema, with the path to each of them. */
export function childrenOf(
  schema: SchemaObject,
): { readonly keyword: Keyword; readonly path: readonly string[]; readonly schema: Schema }[] {
  return Object.entries(schema).flatMap(([keyword, value]) => {
    if (!isKeyword(keyword)) return [];
    switch (VOCABULARY[keyword].holds) {
      case 'schema':
        return [{ keyword, path: [keyword], schema: value as Schema }];
      case 'schemas':
        return (value as readonly Schema[]).map((child, index) => ({
          keyword,
          path: [keyword, String(index)],
          schema: child,
        }));
      case 'named-schemas':
        return Object.entries(value as Readonly<Record<string, Schema>>).map(([name, child]) => ({
          keyword,
          path: [keyword, name],
          schema: child,
        }));
      case 'value':
        return [];
    }
  });
}

/** The form that a keyword's value has, once its document was read against the metaschema. */
interface KeywordValues {
  readonly required: readonly string[];
  readonly enum: readonly unknown[];
  readonly dependentRequired: Readonly<Record<string, readonly string[]>>;
  readonly properties: Readonly<Record<string, Schema>>;
  readonly patternProperties: Readonly<Record<string, Schema>>;
  readonly dependentSchemas: Readonly<Record<string, Schema>>;
  readonly additionalProperties: Schema;
  readonly unevaluatedProperties: Schema;
  readonly propertyNames: Schema;
  readonly prefixItems: readonly Schema[];
  readonly items: Schema;
  readonly unevaluatedItems: Schema;
  readonly contains: Schema;
  readonly allOf: readonly Schema[];
  readonly anyOf: readonly Schema[];
  readonly oneOf: readonly Schema[];
  readonly not: Schema;
  readonly if: Schema;
  readonly then: Schema;
  readonly else: Schema;
  readonly multipleOf: number;
  readonly minimum: number;
  readonly exclusiveMinimum: number;
  readonly maximum: number;
  readonly exclusiveMaximum: number;
  readonly minLength: number;
  readonly maxLength: number;
  readonly minItems: number;
  readonly maxItems: number;
  readonly minContains: number;
  readonly maxContains: number;
  readonly minProperties: number;
  readonly maxProperties: number;
}

/** What a schema says by a keyword. */
export function valueOf<Name extends keyof KeywordValues>(
  schema: SchemaObject,
  keyword: Name,
): KeywordValues[Name] | undefined {
  return schema[keyword] as KeywordValues[Name] | undefined;
}

/** An RFC 6901 pointer one step further down. */
export function pointerTo(pointer: string, ...steps: readonly string[]): string {
  return [pointer, ...steps.map((step) => step.replaceAll('~', '~0').replaceAll('/', '~1'))].join(
    '/',
  );
}
