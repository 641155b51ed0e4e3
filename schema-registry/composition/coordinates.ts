import { Kind } from 'graphql';
import type {
  ConstDirectiveNode,
  DefinitionNode,
  DocumentNode,
  EnumValueDefinitionNode,
  FieldDefinitionNode,
  InputValueDefinitionNode,
  TypeDefinitionNode,
  TypeExtensionNode,
} from 'graphql';

export type TypeNode = TypeDefinitionNode | TypeExtensionNode;
export type MemberNode = FieldDefinitionNode | InputValueDefinitionNode | EnumValueDefinitionNode;

/** One named thing of a schema, where it is defined. A type that is extended comes once per definition. */
export interface CoordinateNode {
  readonly coordinate: string;
  /** The coordinate that it lies within: a field's type, an argument's field; null for a type. */
  readonly parent: string | null;
  readonly kind: 'TYPE' | 'FIELD' | 'ARGUMENT' | 'INPUT_FIELD' | 'ENUM_VALUE';
  readonly node: TypeNode | MemberNode;
}

/** Every type, field, argument, input field and enum value of a document, types first and in the order of the text. */
export function* coordinateNodes(document: DocumentNode): Generator<CoordinateNode> {
  for (const definition of document.definitions) {
    if (!isTypeNode(definition)) continue;
    const parent = definition.name.value;
    yield { coordinate: parent, parent: null, kind: 'TYPE', node: definition };
    yield* memberNodes(definition, parent);
  }
}

function* memberNodes(type: TypeNode, parent: string): Generator<CoordinateNode> {
  if ('values' in type) {
    for (const node of type.values ?? [])
      yield { coordinate: `${parent}.${node.name.value}`, parent, kind: 'ENUM_VALUE', node };
  }
  if (!('fields' in type)) return;
  for (const node of type.fields ?? []) {
    const coordinate = `${parent}.${node.name.value}`;
    if (node.kind === Kind.INPUT_VALUE_DEFINITION) {
      yield { coordinate, parent, kind: 'INPUT_FIELD', node };
      continue;
    }
    yield { coordinate, parent, kind: 'FIELD', node };
    for (const argument of node.arguments ?? []) {
      const name = `${coordinate}(${argument.name.value}:)`;
      yield { coordinate: name, parent: coordinate, kind: 'ARGUMENT', node: argument };
    }
  }
}

const TYPE_KINDS: ReadonlySet<string> = new Set([
  Kind.SCALAR_TYPE_DEFINITION,
  Kind.OBJECT_TYPE_DEFINITION,
  Kind.INTERFACE_TYPE_DEFINITION,
  Kind.UNION_TYPE_DEFINITION,
  Kind.ENUM_TYPE_DEFINITION,
  Kind.INPUT_OBJECT_TYPE_DEFINITION,
  Kind.SCALAR_TYPE_EXTENSION,
  Kind.OBJECT_TYPE_EXTENSION,
  Kind.INTERFACE_TYPE_EXTENSION,
  Kind.UNION_TYPE_EXTENSION,
  Kind.ENUM_TYPE_EXTENSION,
  Kind.INPUT_OBJECT_TYPE_EXTENSION,
]);

export function isTypeNode(definition: DefinitionNode): definition is TypeNode {
  return TYPE_KINDS.has(definition.kind);
}

/** The text of a directive's argument, or null when it is absent or not a string. */
export function textArgument(directive: ConstDirectiveNode, name: string): string | null {
  const value = directive.arguments?.find((argument) => argument.name.value === name)?.value;
  return value?.kind === Kind.STRING ? value.value : null;
}

/** Where each coordinate stands in a text, counted from 1; the definition comes before its extensions. */
export function placesOf(
  document: DocumentNode,
): ReadonlyMap<string, { readonly line: number; readonly column: number }> {
  const places = new Map<string, { line: number; column: number }>();
  for (const { coordinate, node } of coordinateNodes(document)) {
    const start = node.name.loc?.startToken;
    if (start !== undefined && !places.has(coordinate))
      places.set(coordinate, { line: start.line, column: start.column });
  }
  return places;
}
