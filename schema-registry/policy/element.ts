import { Kind } from 'graphql';
import type {
  ConstDirectiveNode,
  DefinitionNode,
  DirectiveDefinitionNode,
  DocumentNode,
  EnumValueDefinitionNode,
  FieldDefinitionNode,
  InputValueDefinitionNode,
  TypeDefinitionNode,
  TypeExtensionNode,
  TypeNode,
} from 'graphql';

export type TypePart = TypeDefinitionNode | TypeExtensionNode;
export type TypeBase = 'OBJECT' | 'INTERFACE' | 'UNION' | 'ENUM' | 'SCALAR' | 'INPUT';

/** Everything that a document says of one type: its definition, and every extension. */
export interface TypeParts {
  readonly name: string;
  readonly base: TypeBase;
  readonly parts: readonly TypePart[];
}

/** Something with a coordinate, as one place of the document defines it. */
export type Element =
  | {
      readonly kind: 'TYPE';
      readonly coordinate: string;
      readonly node: TypePart;
      readonly type: TypeParts;
    }
  | {
      readonly kind: 'FIELD';
      readonly coordinate: string;
      readonly node: FieldDefinitionNode;
      readonly type: TypeParts;
    }
  | {
      readonly kind: 'INPUT_FIELD' | 'ARGUMENT';
      readonly coordinate: string;
      readonly node: InputValueDefinitionNode;
      readonly type: TypeParts;
    }
  | {
      readonly kind: 'VALUE';
      readonly coordinate: string;
      readonly node: EnumValueDefinitionNode;
      readonly type: TypeParts;
    }
  | {
      readonly kind: 'DIRECTIVE';
      readonly coordinate: string;
      readonly node: DirectiveDefinitionNode;
    }
  | {
      readonly kind: 'DIRECTIVE_ARGUMENT';
      readonly coordinate: string;
      readonly node: InputValueDefinitionNode;
    };

const BASE: Readonly<Record<TypePart['kind'], TypeBase>> = {
  [Kind.OBJECT_TYPE_DEFINITION]: 'OBJECT',
  [Kind.OBJECT_TYPE_EXTENSION]: 'OBJECT',
  [Kind.INTERFACE_TYPE_DEFINITION]: 'INTERFACE',
  [Kind.INTERFACE_TYPE_EXTENSION]: 'INTERFACE',
  [Kind.UNION_TYPE_DEFINITION]: 'UNION',
  [Kind.UNION_TYPE_EXTENSION]: 'UNION',
  [Kind.ENUM_TYPE_DEFINITION]: 'ENUM',
  [Kind.ENUM_TYPE_EXTENSION]: 'ENUM',
  [Kind.SCALAR_TYPE_DEFINITION]: 'SCALAR',
  [Kind.SCALAR_TYPE_EXTENSION]: 'SCALAR',
  [Kind.INPUT_OBJECT_TYPE_DEFINITION]: 'INPUT',
  [Kind.INPUT_OBJECT_TYPE_EXTENSION]: 'INPUT',
};

export function isTypePart(node: DefinitionNode): node is TypePart {
  return node.kind in BASE;
}

/** Type name → what the document says of it, in the order of first appearance. */
export function typesOf(document: DocumentNode): ReadonlyMap<string, TypeParts> {
  const types = new Map<string, { name: string; base: TypeBase; parts: TypePart[] }>();
  for (const node of document.definitions) {
    if (!isTypePart(node)) continue;
    const name = node.name.value;
    const known = types.get(name);
    if (known === undefined) types.set(name, { name, base: BASE[node.kind], parts: [node] });
    else known.parts.push(node);
  }
  return types;
}

/** Every element of a type, the type first. */
export function* elementsOfType(type: TypeParts): Generator<Element> {
  for (const node of type.parts) {
    yield { kind: 'TYPE', coordinate: type.name, node, type };
    yield* membersOf(node, type);
  }
}

function* membersOf(part: TypePart, type: TypeParts): Generator<Element> {
  if ('values' in part)
    for (const node of part.values ?? [])
      yield { kind: 'VALUE', coordinate: `${type.name}.${node.name.value}`, node, type };
  if (!('fields' in part)) return;
  for (const node of part.fields ?? []) {
    const coordinate = `${type.name}.${node.name.value}`;
    if (node.kind === Kind.INPUT_VALUE_DEFINITION) {
      yield { kind: 'INPUT_FIELD', coordinate, node, type };
      continue;
    }
    yield { kind: 'FIELD', coordinate, node, type };
    for (const argument of node.arguments ?? [])
      yield {
        kind: 'ARGUMENT',
        coordinate: `${coordinate}(${argument.name.value}:)`,
        node: argument,
        type,
      };
  }
}

/** A directive's definition and its arguments. */
export function* elementsOfDirective(node: DirectiveDefinitionNode): Generator<Element> {
  const coordinate = `@${node.name.value}`;
  yield { kind: 'DIRECTIVE', coordinate, node };
  for (const argument of node.arguments ?? [])
    yield {
      kind: 'DIRECTIVE_ARGUMENT',
      coordinate: `${coordinate}(${argument.name.value}:)`,
      node: argument,
    };
}

export function* elementsOf(document: DocumentNode): Generator<Element> {
  for (const type of typesOf(document).values()) yield* elementsOfType(type);
  for (const node of document.definitions)
    if (node.kind === Kind.DIRECTIVE_DEFINITION) yield* elementsOfDirective(node);
}

/** Every coordinate that a document defines, such as all that a contract's API schema lets through. */
export function coordinatesOf(document: DocumentNode): ReadonlySet<string> {
  return new Set([...elementsOf(document)].map((element) => element.coordinate));
}

/** The fields of an object or interface, from all of its parts. */
export function fieldsOf(parts: readonly TypePart[]): FieldDefinitionNode[] {
  return parts.flatMap((part) =>
    'fields' in part
      ? [...(part.fields ?? [])].filter((field) => field.kind === Kind.FIELD_DEFINITION)
      : [],
  );
}

/** The fields of an input, from all of its parts. */
export function inputFieldsOf(parts: readonly TypePart[]): InputValueDefinitionNode[] {
  return parts.flatMap((part) =>
    'fields' in part
      ? [...(part.fields ?? [])].filter((field) => field.kind === Kind.INPUT_VALUE_DEFINITION)
      : [],
  );
}

/** Names of the interfaces that a type implements. */
export function interfacesOf({ parts }: TypeParts): string[] {
  return parts.flatMap((part) =>
    'interfaces' in part ? (part.interfaces ?? []).map(({ name }) => name.value) : [],
  );
}

/** Names of the members of a union. */
export function unionMembersOf({ parts }: TypeParts): string[] {
  return parts.flatMap((part) =>
    'types' in part ? (part.types ?? []).map(({ name }) => name.value) : [],
  );
}

/** Interface → the types that implement it. */
export function implementationsOf(
  types: ReadonlyMap<string, TypeParts>,
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const type of types.values())
    for (const name of interfacesOf(type)) {
      const known = found.get(name);
      if (known === undefined) found.set(name, [type.name]);
      else known.push(type.name);
    }
  return found;
}

/** The name of the type or directive that a coordinate starts with: `Invoice` of `Invoice.lines(first:)`. */
export function definitionOf(coordinate: string): string {
  return /^@?[^.(]*/.exec(coordinate)?.[0] ?? coordinate;
}

/** The type inside all lists and non-nulls. */
export function namedType(type: TypeNode): string {
  let inner = type;
  while (inner.kind !== Kind.NAMED_TYPE) inner = inner.type;
  return inner.name.value;
}

export function isList(type: TypeNode): boolean {
  return (type.kind === Kind.NON_NULL_TYPE ? type.type : type).kind === Kind.LIST_TYPE;
}

/** The directives of that name (or of one of those names) on a node. */
export function directivesOf(
  node: { readonly directives?: readonly ConstDirectiveNode[] | undefined },
  names: ReadonlySet<string>,
): readonly ConstDirectiveNode[] {
  return (node.directives ?? []).filter((directive) => names.has(directive.name.value));
}
