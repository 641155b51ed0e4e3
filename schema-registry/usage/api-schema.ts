import {
  buildSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
} from 'graphql';
import type { GraphQLSchema } from 'graphql';
import type { Sql } from '#kernel/database.ts';

/** The schema that a target's clients see now, or null before its first publication. */
export type ApiSchemaReader = (sql: Sql, targetId: string) => Promise<GraphQLSchema | null>;

/** Built schemas kept per process: a large one takes a tenth of a second and some ten megabytes. */
const KEPT_MAX = 4;

/** Reads API schemas for all who ask in this process; each is built once, because it is named by its hash and never changes. */
export const apiSchemaOf = createApiSchemaReader();

function createApiSchemaReader(): ApiSchemaReader {
  const built = new Map<string, GraphQLSchema>();
  return async (sql, targetId) => {
    const hash = await currentHash(sql, targetId);
    if (hash === null) return null;
    const schema =
      built.get(hash) ??
      buildSchema(await documentOf(sql, hash), { assumeValid: true, noLocation: true });
    built.delete(hash);
    built.set(hash, schema);
    const [oldest] = built.keys();
    if (built.size > KEPT_MAX && oldest !== undefined) built.delete(oldest);
    return schema;
  };
}

async function currentHash(sql: Sql, targetId: string): Promise<string | null> {
  const [row] = await sql.query<{ hash: string }>(
    `select api_sha256 as hash from target join supergraph_version current on current.id = target.current_version_id
     where target.id = $1`,
    [targetId],
  );
  return row?.hash ?? null;
}

async function documentOf(sql: Sql, hash: string): Promise<string> {
  const [row] = await sql.query<{ body: string }>('select body from document where sha256 = $1', [
    hash,
  ]);
  if (row === undefined) throw new Error(`The document ${hash} is referred to, so it is kept.`);
  return row.body;
}

/** Every deprecated coordinate of a schema with the reason that its owner gave. */
export function deprecationsOf(schema: GraphQLSchema): Map<string, string> {
  const found = new Map<string, string>();
  const note = (
    coordinate: string,
    { deprecationReason }: { readonly deprecationReason?: string | null | undefined },
  ): void => {
    if (typeof deprecationReason === 'string') found.set(coordinate, deprecationReason);
  };
  for (const type of Object.values(schema.getTypeMap())) {
    if (isIntrospectionType(type)) continue;
    if (isEnumType(type)) {
      for (const value of type.getValues()) note(`${type.name}.${value.name}`, value);
    } else if (isInputObjectType(type)) {
      for (const field of Object.values(type.getFields()))
        note(`${type.name}.${field.name}`, field);
    } else if (isObjectType(type) || isInterfaceType(type)) {
      for (const field of Object.values(type.getFields())) {
        note(`${type.name}.${field.name}`, field);
        for (const argument of field.args)
          note(`${type.name}.${field.name}(${argument.name}:)`, argument);
      }
    }
  }
  return found;
}
