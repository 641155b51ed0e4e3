import {
  Kind,
  getNamedType,
  getOperationAST,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isInputType,
  isListType,
  isNonNullType,
  isScalarType,
  isSpecifiedScalarType,
  isUnionType,
  typeFromAST,
} from 'graphql';
import { fragmentsOf } from './fragments.ts';
import type {
  ArgumentNode,
  DocumentNode,
  FieldNode,
  FragmentDefinitionNode,
  GraphQLArgument,
  GraphQLCompositeType,
  GraphQLField,
  GraphQLInputField,
  GraphQLInputObjectType,
  GraphQLInputType,
  GraphQLNamedType,
  GraphQLSchema,
  ObjectFieldNode,
  ObjectValueNode,
  OperationDefinitionNode,
  OperationTypeNode,
  SelectionSetNode,
  ValueNode,
  VariableDefinitionNode,
} from 'graphql';

/** Bit of a coordinate that takes a value: the operation mentions it. */
export const USED = 1;
/** Bit of the same: some place leaves it out or may hand in null, so it cannot become required without breaking the operation. */
export const MAY_BE_NULL = 2;

/**
 * What an operation's text alone says of the schema it uses. Coordinates are in the notation of usage reports: `Type`,
 * `Type.field`, `Type.field.argument`, `Input.field`, `Enum.VALUE`. What stands under `@skip` or `@include` counts, since
 * without it the document would not be valid; introspection and `__typename` do not.
 */
export interface DocumentUse {
  readonly kind: OperationTypeNode;
  readonly name: string | null;
  /** Types, fields and enum values. All values of an enum count when it is selected, or declared for a variable. */
  readonly plain: ReadonlySet<string>;
  /** Arguments and input fields with their bits. Those that are never mentioned lack `USED`. */
  readonly inputs: ReadonlyMap<string, number>;
  /** Nullable variables with a default, and the coordinates they feed: an explicit null decides, request by request. */
  readonly defaulted: readonly { readonly variable: string; readonly coordinate: string }[];
  /** Variables whose values hold input objects: which fields they give is only known request by request. */
  readonly objects: readonly {
    readonly variable: string;
    readonly type: GraphQLInputObjectType;
  }[];
}

interface Walk {
  readonly schema: GraphQLSchema;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly variables: ReadonlyMap<string, VariableDefinitionNode>;
  readonly visited: Set<string>;
  readonly plain: Set<string>;
  readonly inputs: Map<string, number>;
  readonly defaulted: { variable: string; coordinate: string }[];
  readonly objects: { variable: string; type: GraphQLInputObjectType }[];
}

/** Reads a validated operation, each of its fragments once; null when it asks for nothing but introspection. */
export function usesOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | null,
): DocumentUse | null {
  const operation = getOperationAST(document, operationName);
  const root = operation && schema.getRootType(operation.operation);
  if (!operation || !root) return null;
  const walk = walkOf(schema, document, operation);
  walkSelections(walk, operation.selectionSet, root);
  if (walk.plain.size === 0) return null;
  for (const definition of walk.variables.values()) walkVariable(walk, definition);
  return { ...walk, kind: operation.operation, name: operation.name?.value ?? null };
}

function walkOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  { variableDefinitions = [] }: OperationDefinitionNode,
): Walk {
  return {
    schema,
    fragments: fragmentsOf(document),
    variables: new Map(variableDefinitions.map((node) => [node.variable.name.value, node])),
    visited: new Set(),
    plain: new Set(),
    inputs: new Map(),
    defaulted: [],
    objects: [],
  };
}

function walkSelections(walk: Walk, set: SelectionSetNode, parent: GraphQLCompositeType): void {
  for (const node of set.selections) {
    if (node.kind === Kind.FIELD) {
      walkField(walk, node, parent);
    } else if (node.kind === Kind.INLINE_FRAGMENT) {
      walkFragment(walk, node.selectionSet, node.typeCondition?.name.value ?? parent.name);
    } else if (!walk.visited.has(node.name.value)) {
      walk.visited.add(node.name.value);
      const fragment = walk.fragments.get(node.name.value);
      if (fragment) walkFragment(walk, fragment.selectionSet, fragment.typeCondition.name.value);
    }
  }
}

function walkFragment(walk: Walk, set: SelectionSetNode, condition: string): void {
  const type = walk.schema.getType(condition);
  if (!isCompositeType(type)) return;
  // A condition on the root alone would make introspection look like use.
  if (!isRoot(walk.schema, type)) walk.plain.add(type.name);
  walkSelections(walk, set, type);
}

function isRoot(schema: GraphQLSchema, type: GraphQLNamedType): boolean {
  return [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].some(
    (root) => root === type,
  );
}

function walkField(walk: Walk, node: FieldNode, parent: GraphQLCompositeType): void {
  const name = node.name.value;
  const field = isUnionType(parent) ? undefined : parent.getFields()[name];
  // Names that begin with two underscores are introspection's.
  if (field === undefined) return;
  walk.plain.add(parent.name).add(`${parent.name}.${name}`);
  walkArguments(walk, node, { coordinate: `${parent.name}.${name}`, field });
  const type = getNamedType(field.type);
  markType(walk, type);
  if (node.selectionSet && isCompositeType(type)) walkSelections(walk, node.selectionSet, type);
}

function walkArguments(
  walk: Walk,
  node: FieldNode,
  { coordinate, field }: { coordinate: string; field: GraphQLField<unknown, unknown> },
): void {
  for (const argument of field.args) {
    const given = node.arguments?.find(({ name }) => name.value === argument.name);
    walkInput(walk, { coordinate: `${coordinate}.${argument.name}`, input: argument, given });
  }
}

function walkInputObject(walk: Walk, node: ObjectValueNode, type: GraphQLInputObjectType): void {
  walk.plain.add(type.name);
  for (const input of Object.values(type.getFields())) {
    const given = node.fields.find(({ name }) => name.value === input.name);
    walkInput(walk, { coordinate: `${type.name}.${input.name}`, input, given });
  }
}

/** One place where an argument or an input field is given in the text, or could have been. */
function walkInput(
  walk: Walk,
  place: {
    readonly coordinate: string;
    readonly input: GraphQLArgument | GraphQLInputField;
    readonly given: ArgumentNode | ObjectFieldNode | undefined;
  },
): void {
  const { coordinate, input, given } = place;
  const before = walk.inputs.get(coordinate) ?? 0;
  if (given === undefined) {
    walk.inputs.set(coordinate, before | MAY_BE_NULL);
    return;
  }
  walk.inputs.set(coordinate, before | USED | nullness(walk, given.value, coordinate));
  walkValue(walk, given.value, input.type);
}

/**
 * A variable that is declared nullable may not stand where the schema comes to demand a value, whatever its value is today;
 * one with a default may.
 */
function nullness(walk: Walk, value: ValueNode, coordinate: string): number {
  if (value.kind === Kind.NULL) return MAY_BE_NULL;
  if (value.kind !== Kind.VARIABLE) return 0;
  const variable = value.name.value;
  const definition = walk.variables.get(variable);
  if (definition?.type.kind === Kind.NON_NULL_TYPE) return 0;
  const fallback = definition?.defaultValue;
  if (fallback === undefined || fallback.kind === Kind.NULL) return MAY_BE_NULL;
  walk.defaulted.push({ variable, coordinate });
  return 0;
}

function walkValue(walk: Walk, value: ValueNode, type: GraphQLInputType): void {
  const named = getNamedType(type);
  if (value.kind === Kind.LIST) {
    const nullable = isNonNullType(type) ? type.ofType : type;
    const item = isListType(nullable) ? nullable.ofType : nullable;
    for (const one of value.values) walkValue(walk, one, item);
  } else if (value.kind === Kind.OBJECT && isInputObjectType(named)) {
    walkInputObject(walk, value, named);
  } else if (value.kind === Kind.ENUM && isEnumType(named)) {
    walk.plain.add(named.name).add(`${named.name}.${value.value}`);
  } else if (value.kind !== Kind.VARIABLE && isScalarType(named)) {
    markType(walk, named);
  }
}

function walkVariable(walk: Walk, node: VariableDefinitionNode): void {
  const type = typeFromAST(walk.schema, node.type);
  if (!isInputType(type)) return;
  const named = getNamedType(type);
  markType(walk, named);
  const variable = node.variable.name.value;
  if (isInputObjectType(named)) walk.objects.push({ variable, type: named });
  if (node.defaultValue) walkValue(walk, node.defaultValue, type);
}

function markType(walk: Walk, type: GraphQLNamedType): void {
  for (const coordinate of wholeTypeOf(type)) walk.plain.add(coordinate);
}

/** The coordinates that stand for a type as such: its name, and the values of an enum. The five scalars of GraphQL cannot change. */
export function wholeTypeOf(type: GraphQLNamedType): readonly string[] {
  if (isSpecifiedScalarType(type)) return [];
  if (!isEnumType(type)) return [type.name];
  return [type.name, ...type.getValues().map(({ name }) => `${type.name}.${name}`)];
}
