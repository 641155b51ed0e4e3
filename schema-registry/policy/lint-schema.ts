import { buildASTSchema, Kind, OperationTypeNode } from 'graphql';
import { fieldsOf, inputFieldsOf, interfacesOf, namedType, unionMembersOf } from './element.ts';
import { borrowedDefinitions } from './known-directives.ts';
import type {
  DefinitionNode,
  DirectiveDefinitionNode,
  DocumentNode,
  FieldDefinitionNode,
  GraphQLSchema,
  InputValueDefinitionNode,
  NamedTypeNode,
  NameNode,
  OperationTypeDefinitionNode,
  TypeDefinitionNode,
  TypeNode,
} from 'graphql';
import type { TypeParts } from './element.ts';
import type { DirectiveNames } from './known-directives.ts';

/** What a linter of this document must know of it. */
export interface LintSource {
  readonly document: DocumentNode;
  readonly types: ReadonlyMap<string, TypeParts>;
  readonly directives: DirectiveNames;
  /** Type name → the operations that start there. */
  readonly roots: ReadonlyMap<string, OperationTypeNode>;
}

/**
 * A schema for rules that ask for one: the definitions of interest and what mutations answer as they are, and what those refer to by
 * name and kind only. An extension counts as a definition, since its definition is another subgraph's. References to types
 * that the document does not have become `String`: the rule for unknown names finds them in the document itself.
 */
export function lintSchema(source: LintSource, interest: ReadonlySet<string>): GraphQLSchema {
  const { types, roots } = source;
  const whole = new Set([...interest].filter((name) => types.has(name)));
  for (const name of interest)
    if (roots.get(name) === OperationTypeNode.MUTATION)
      for (const { type } of fieldsOf(types.get(name)?.parts ?? [])) whole.add(namedType(type));
  const edge = [...whole].flatMap((name) => referencesOf(types.get(name)));
  const named = new Set([...whole, ...edge, ...roots.keys()].filter((name) => types.has(name)));
  const definitions = [...named].flatMap((name) => {
    const type = types.get(name);
    return type === undefined ? [] : [definitionOf(type, whole.has(name), named)];
  });
  const document: DocumentNode = {
    kind: Kind.DOCUMENT,
    definitions: [...definitions, ...directivesFor(source, named), rootDefinition(roots, named)],
  };
  return buildASTSchema(document, { assumeValid: true, assumeValidSDL: true });
}

function referencesOf(type: TypeParts | undefined): string[] {
  if (type === undefined) return [];
  const fields = fieldsOf(type.parts);
  return [
    ...[
      ...fields,
      ...fields.flatMap((field) => field.arguments ?? []),
      ...inputFieldsOf(type.parts),
    ].map((member) => namedType(member.type)),
    ...interfacesOf(type),
    ...unionMembersOf(type),
  ];
}

/** One definition of all parts of a type; without its members when only its name and kind matter. */
function definitionOf(
  { name, base, parts }: TypeParts,
  whole: boolean,
  known: ReadonlySet<string>,
): TypeDefinitionNode {
  const nameNode: NameNode = { kind: Kind.NAME, value: name };
  const shown = whole ? parts : [];
  const isKnown = (node: NamedTypeNode): boolean => known.has(node.name.value);
  switch (base) {
    case 'OBJECT':
    case 'INTERFACE':
      return {
        kind: base === 'OBJECT' ? Kind.OBJECT_TYPE_DEFINITION : Kind.INTERFACE_TYPE_DEFINITION,
        name: nameNode,
        interfaces: shown
          .flatMap((part) => ('interfaces' in part ? (part.interfaces ?? []) : []))
          .filter(isKnown),
        fields: once(fieldsOf(shown)).map((field) => plainField(field, known)),
      };
    case 'UNION': {
      const members = shown.flatMap((part) => ('types' in part ? (part.types ?? []) : []));
      return { kind: Kind.UNION_TYPE_DEFINITION, name: nameNode, types: members.filter(isKnown) };
    }
    case 'ENUM':
      return {
        kind: Kind.ENUM_TYPE_DEFINITION,
        name: nameNode,
        values: once(shown.flatMap((part) => ('values' in part ? (part.values ?? []) : []))),
      };
    case 'SCALAR':
      return { kind: Kind.SCALAR_TYPE_DEFINITION, name: nameNode };
    case 'INPUT':
      return {
        kind: Kind.INPUT_OBJECT_TYPE_DEFINITION,
        name: nameNode,
        fields: once(inputFieldsOf(shown)).map((field) => plainValue(field, known)),
      };
  }
}

function once<Node extends { readonly name: NameNode }>(nodes: readonly Node[]): Node[] {
  return [...new Map(nodes.map((node) => [node.name.value, node])).values()];
}

function plainField(field: FieldDefinitionNode, known: ReadonlySet<string>): FieldDefinitionNode {
  return {
    kind: field.kind,
    name: field.name,
    type: knownType(field.type, known),
    arguments: once(field.arguments ?? []).map((argument) => plainValue(argument, known)),
  };
}

function plainValue(
  value: InputValueDefinitionNode,
  known: ReadonlySet<string>,
): InputValueDefinitionNode {
  const { kind, name, type, defaultValue } = value;
  // A default is kept for being there: it makes the argument optional. Its own value says nothing to a rule.
  const optional =
    defaultValue !== undefined && type.kind === Kind.NON_NULL_TYPE ? type.type : type;
  return { kind, name, type: knownType(optional, known) };
}

const BUILT_IN = new Set(['String', 'Int', 'Float', 'Boolean', 'ID']);

function knownType(type: TypeNode, known: ReadonlySet<string>): TypeNode {
  const name = namedType(type);
  if (known.has(name) || BUILT_IN.has(name)) return type;
  const text: NamedTypeNode = { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: 'String' } };
  return type.kind === Kind.NON_NULL_TYPE ? { kind: Kind.NON_NULL_TYPE, type: text } : text;
}

function directivesFor(source: LintSource, types: ReadonlySet<string>): DefinitionNode[] {
  const own = source.document.definitions.filter((node) => node.kind === Kind.DIRECTIVE_DEFINITION);
  const borrowed = borrowedDefinitions(source.document, source.directives);
  const named = new Set(types);
  for (const node of borrowed)
    if ('name' in node && node.name !== undefined) named.add(node.name.value);
  return [...once(own), ...borrowed]
    .filter(
      (node) =>
        node.kind === Kind.DIRECTIVE_DEFINITION ||
        !('name' in node && types.has(node.name?.value ?? '')),
    )
    .map((node) => (node.kind === Kind.DIRECTIVE_DEFINITION ? plainDirective(node, named) : node));
}

function plainDirective(
  node: DirectiveDefinitionNode,
  known: ReadonlySet<string>,
): DirectiveDefinitionNode {
  return {
    ...node,
    arguments: once(node.arguments ?? []).map((argument) => plainValue(argument, known)),
  };
}

function rootDefinition(
  roots: ReadonlyMap<string, OperationTypeNode>,
  known: ReadonlySet<string>,
): DefinitionNode {
  return {
    kind: Kind.SCHEMA_DEFINITION,
    operationTypes: [...roots]
      .filter(([name]) => known.has(name))
      .map(([name, operation]): OperationTypeDefinitionNode => ({
        kind: Kind.OPERATION_TYPE_DEFINITION,
        operation,
        type: { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: name } },
      })),
  };
}
