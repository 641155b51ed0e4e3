import {
  TypeInfo,
  getNamedType,
  isInterfaceType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import type { DocumentNode, GraphQLOutputType, GraphQLSchema } from 'graphql';

/**
 * Says which field of a document, valid in both schemas, would answer with another type than before; null when all mean
 * the same. A promise may be kept more strictly (never null any more); a scalar or an enum must stay the one it was.
 */
export function changedMeaning(
  document: DocumentNode,
  before: GraphQLSchema,
  after: GraphQLSchema,
): string | null {
  const types = new TypeInfo(before);
  let change: string | null = null;
  const Field = (): void => {
    const [parent, field] = [types.getParentType(), types.getFieldDef()];
    if (change !== null || !parent || !field || field.name.startsWith('__')) return;
    const now = outputType(after, parent.name, field.name);
    if (now === null || isKept(field.type, now)) return;
    change = `"${parent.name}.${field.name}" was ${String(field.type)} and is now ${String(now)}.`;
  };
  visit(document, visitWithTypeInfo(types, { Field }));
  return change;
}

function outputType(
  schema: GraphQLSchema,
  typeName: string,
  fieldName: string,
): GraphQLOutputType | null {
  const type = schema.getType(typeName);
  if (!isObjectType(type) && !isInterfaceType(type)) return null;
  return type.getFields()[fieldName]?.type ?? null;
}

function isKept(before: GraphQLOutputType, after: GraphQLOutputType): boolean {
  if (isNonNullType(before)) return isNonNullType(after) && isKept(before.ofType, after.ofType);
  if (isNonNullType(after)) return isKept(before, after.ofType);
  if (isListType(before)) return isListType(after) && isKept(before.ofType, after.ofType);
  if (isListType(after)) return false;
  const [one, other] = [getNamedType(before), getNamedType(after)];
  return isLeafType(one) || isLeafType(other) ? one.name === other.name : true;
}
