import { isRecord } from '#kernel/json.ts';
import { isKeyword, VOCABULARY } from './schema-vocabulary.ts';
import type { Schema, SchemaObject } from './schema-vocabulary.ts';

/** The drafts that are taken. A document that names none is read as 2020-12. */
export type Dialect = 'draft-07' | '2020-12';

const DIALECTS: Readonly<Record<string, Dialect>> = {
  'https://json-schema.org/draft/2020-12/schema': '2020-12',
  'http://json-schema.org/draft-07/schema': 'draft-07',
};

/** The draft that a document names, or null when it is one that is not taken. */
export function dialectOf(json: unknown): Dialect | null {
  const named = isRecord(json) ? json['$schema'] : undefined;
  if (named === undefined) return '2020-12';
  return typeof named === 'string' ? (DIALECTS[named.replace(/#$/, '')] ?? null) : null;
}

/** The same schema in the words of 2020-12, so that only one vocabulary has to be compared. */
export function modernised(json: Schema): Schema {
  return dialectOf(json) === 'draft-07'
    ? rewritten(json, draft07)
    : rewritten(json, (same) => same);
}

/** What draft-07 says otherwise: lists under `items`, `dependencies`, and a `$ref` that silences its neighbours. */
function draft07(schema: SchemaObject): SchemaObject {
  if (typeof schema['$ref'] === 'string') {
    const { $ref, $defs, definitions, $schema, $id } = schema;
    return present({ $ref, $defs, definitions, $schema, $id });
  }
  const { items, additionalItems, dependencies, ...rest } = schema;
  const tuple = Array.isArray(items) ? { prefixItems: items, items: additionalItems } : { items };
  return present({ ...rest, ...tuple, ...dependents(dependencies) });
}

function dependents(dependencies: unknown): SchemaObject {
  const entries = Object.entries(isRecord(dependencies) ? dependencies : {});
  const lists = entries.filter(([, value]) => Array.isArray(value));
  const schemas = entries.filter(([, value]) => !Array.isArray(value));
  return {
    dependentRequired: lists.length === 0 ? undefined : Object.fromEntries(lists),
    dependentSchemas: schemas.length === 0 ? undefined : Object.fromEntries(schemas),
  };
}

function present(schema: SchemaObject): SchemaObject {
  return Object.fromEntries(Object.entries(schema).filter(([, value]) => value !== undefined));
}

/** A copy with every schema rewritten; each place gets an object of its own, so that objects can stand for places. */
function rewritten(schema: Schema, rewrite: (schema: SchemaObject) => SchemaObject): Schema {
  if (typeof schema === 'boolean') return schema;
  return Object.fromEntries(
    Object.entries(rewrite(schema)).map(([keyword, value]) => [
      keyword,
      isKeyword(keyword) ? below(VOCABULARY[keyword].holds, value, rewrite) : value,
    ]),
  );
}

function below(
  holds: (typeof VOCABULARY)[keyof typeof VOCABULARY]['holds'],
  value: unknown,
  rewrite: (schema: SchemaObject) => SchemaObject,
): unknown {
  switch (holds) {
    case 'schema':
      return rewritten(value as Schema, rewrite);
    case 'schemas':
      return (value as readonly Schema[]).map((child) => rewritten(child, rewrite));
    case 'named-schemas':
      return Object.fromEntries(
        Object.entries(value as Readonly<Record<string, Schema>>).map(([name, child]) => [
          name,
          rewritten(child, rewrite),
        ]),
      );
    case 'value':
      return value;
  }
}
