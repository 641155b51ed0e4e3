import {
  Kind,
  TypeInfo,
  getNamedType,
  isEnumType,
  isInputObjectType,
  print,
  separateOperations,
  stripIgnoredCharacters,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import type { ASTNode, DocumentNode, GraphQLSchema, NameNode, ValueNode } from 'graphql';

/**
 * An operation's text as it may be shown to others: the chosen operation alone with its fragments, no aliases, no literal's value
 * (`0` and `""` stand for numbers and texts, lists keep one of equal entries, objects inside a custom scalar are empty), in
 * a fixed order, so that texts that ask for the same are the same. Enum values and booleans of the schema's own stay.
 */
export function reportedText(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | null,
): string {
  const alone = separateOperations(document)[operationName ?? ''] ?? document;
  const ordered = visit(withoutLiterals(schema, alone), {
    Document: { leave: (node) => ({ ...node, definitions: sorted(node.definitions) }) },
    OperationDefinition: {
      leave: (node) => ({
        ...node,
        variableDefinitions: sorted(node.variableDefinitions),
        directives: sorted(node.directives),
      }),
    },
    FragmentDefinition: { leave: (node) => ({ ...node, directives: sorted(node.directives) }) },
    FragmentSpread: { leave: (node) => ({ ...node, directives: sorted(node.directives) }) },
    InlineFragment: { leave: (node) => ({ ...node, directives: sorted(node.directives) }) },
    SelectionSet: { leave: (node) => ({ ...node, selections: sorted(node.selections) }) },
    Directive: { leave: (node) => ({ ...node, arguments: sorted(node.arguments) }) },
    Field: {
      leave: ({ alias: _alias, ...node }) => ({
        ...node,
        arguments: sorted(node.arguments),
        directives: sorted(node.directives),
      }),
    },
  });
  return stripIgnoredCharacters(print(ordered));
}

const EMPTY_TEXT: ValueNode = { kind: Kind.STRING, value: '', block: false };

function withoutLiterals(schema: GraphQLSchema, document: DocumentNode): DocumentNode {
  const types = new TypeInfo(schema);
  const expected = () => getNamedType(types.getInputType());
  return visit(
    document,
    visitWithTypeInfo(types, {
      IntValue: (node) => ({ ...node, value: '0' }),
      FloatValue: (node) => ({ ...node, value: '0' }),
      StringValue: (node) => ({ ...node, value: '', block: false }),
      // Inside a custom scalar names are data as well.
      EnumValue: (node) => (isEnumType(expected()) ? node : EMPTY_TEXT),
      ObjectValue: (node) => (isInputObjectType(expected()) ? node : { ...node, fields: [] }),
      ListValue: { leave: (node) => ({ ...node, values: distinct(node.values) }) },
    }),
  );
}

function distinct(values: readonly ValueNode[]): readonly ValueNode[] {
  return [...new Map(values.map((value) => [print(value), value])).values()];
}

/** By kind, then by name; what has neither stays where it is. */
function sorted<Node extends ASTNode>(nodes: readonly Node[] | undefined): readonly Node[] {
  const keyed = (nodes ?? []).map((node) => ({ node, key: `${node.kind} ${nameOf(node)}` }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ node }) => node);
}

function nameOf(node: ASTNode): string {
  if (node.kind === Kind.VARIABLE_DEFINITION) return node.variable.name.value;
  const named = node as { readonly name?: NameNode };
  return named.name?.value ?? '';
}
