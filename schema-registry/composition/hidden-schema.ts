import { Kind } from 'graphql';
import { isTypeNode } from './coordinates.ts';
import type {
  ConstDirectiveNode,
  DefinitionNode,
  DocumentNode,
  FieldDefinitionNode,
  NamedTypeNode,
} from 'graphql';
import type { MemberNode, TypeNode } from './coordinates.ts';

/** An API schema without what is hidden. Whatever is not touched is the same node as before. */
export function prunedApi(api: DocumentNode, hidden: ReadonlySet<string>): DocumentNode {
  return {
    ...api,
    definitions: api.definitions.flatMap((definition) => {
      if (!isTypeNode(definition)) return [definition];
      return hidden.has(definition.name.value) ? [] : [prunedType(definition, hidden)];
    }),
  };
}

function prunedType(type: TypeNode, hidden: ReadonlySet<string>): DefinitionNode {
  const name = type.name.value;
  const visible = ({ name: member }: MemberNode): boolean => !hidden.has(`${name}.${member.value}`);
  const known = ({ name: reference }: NamedTypeNode): boolean => !hidden.has(reference.value);
  if ('types' in type) return { ...type, types: type.types?.filter(known) ?? [] };
  if ('values' in type) return { ...type, values: type.values?.filter(visible) ?? [] };
  if (type.kind === Kind.OBJECT_TYPE_DEFINITION || type.kind === Kind.INTERFACE_TYPE_DEFINITION)
    return {
      ...type,
      interfaces: type.interfaces?.filter(known) ?? [],
      fields: type.fields?.filter(visible).map((field) => prunedField(name, field, hidden)) ?? [],
    };
  return type.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION
    ? { ...type, fields: type.fields?.filter(visible) ?? [] }
    : type;
}

function prunedField(
  type: string,
  field: FieldDefinitionNode,
  hidden: ReadonlySet<string>,
): FieldDefinitionNode {
  const inputs = field.arguments ?? [];
  const left = inputs.filter(
    ({ name }) => !hidden.has(`${type}.${field.name.value}(${name.value}:)`),
  );
  return left.length === inputs.length ? field : { ...field, arguments: left };
}

/**
 * A supergraph in which these coordinates are `@inaccessible`, for gateways of a contract. Tags are taken out, because
 * their names are not for the contract's readers.
 */
export function hiddenSupergraph(
  supergraph: DocumentNode,
  hidden: ReadonlySet<string>,
): DocumentNode {
  const marked = supergraph.definitions.map((definition) =>
    isTypeNode(definition) ? markedType(definition, hidden) : definition,
  );
  return withInaccessible({ ...supergraph, definitions: marked });
}

const INACCESSIBLE: ConstDirectiveNode = {
  kind: Kind.DIRECTIVE,
  name: { kind: Kind.NAME, value: 'inaccessible' },
};

function marked<Node extends { readonly directives?: readonly ConstDirectiveNode[] | undefined }>(
  node: Node,
  isHidden: boolean,
): Node {
  const given = node.directives ?? [];
  const directives = given.filter(({ name }) => name.value !== 'tag');
  const adds = isHidden && !directives.some(({ name }) => name.value === 'inaccessible');
  if (!adds && directives.length === given.length) return node;
  return { ...node, directives: adds ? [...directives, INACCESSIBLE] : directives };
}

function markedType(type: TypeNode, hidden: ReadonlySet<string>): DefinitionNode {
  const name = type.name.value;
  const own = marked(type, hidden.has(name));
  const member = <Node extends MemberNode>(node: Node): Node =>
    marked(node, hidden.has(`${name}.${node.name.value}`));
  if ('values' in own) return { ...own, values: own.values?.map(member) ?? [] };
  if (!('fields' in own)) return own;
  const fields = (own.fields ?? []).map((field) => {
    const node = member(field);
    if (node.kind === Kind.INPUT_VALUE_DEFINITION || (node.arguments ?? []).length === 0)
      return node;
    const coordinate = `${name}.${node.name.value}`;
    const inputs = node.arguments?.map((input) =>
      marked(input, hidden.has(`${coordinate}(${input.name.value}:)`)),
    );
    return { ...node, arguments: inputs ?? [] };
  });
  return { ...own, fields } as DefinitionNode;
}

const INACCESSIBLE_URL = 'https://specs.apollo.dev/inaccessible/v0.2';

/** Makes the directive known where nothing carried it before. */
function withInaccessible(document: DocumentNode): DocumentNode {
  const isDefined = document.definitions.some(
    (definition) =>
      definition.kind === Kind.DIRECTIVE_DEFINITION && definition.name.value === 'inaccessible',
  );
  if (isDefined) return document;
  return {
    ...document,
    definitions: [
      ...document.definitions.map((definition) =>
        definition.kind === Kind.SCHEMA_DEFINITION
          ? { ...definition, directives: [...(definition.directives ?? []), LINK] }
          : definition,
      ),
      DEFINITION,
    ],
  };
}

const LINK: ConstDirectiveNode = {
  kind: Kind.DIRECTIVE,
  name: { kind: Kind.NAME, value: 'link' },
  arguments: [
    {
      kind: Kind.ARGUMENT,
      name: { kind: Kind.NAME, value: 'url' },
      value: { kind: Kind.STRING, value: INACCESSIBLE_URL },
    },
    {
      kind: Kind.ARGUMENT,
      name: { kind: Kind.NAME, value: 'for' },
      value: { kind: Kind.ENUM, value: 'SECURITY' },
    },
  ],
};

const LOCATIONS = [
  'FIELD_DEFINITION',
  'OBJECT',
  'INTERFACE',
  'UNION',
  'ENUM',
  'ENUM_VALUE',
  'SCALAR',
  'INPUT_OBJECT',
  'INPUT_FIELD_DEFINITION',
  'ARGUMENT_DEFINITION',
];

const DEFINITION: DefinitionNode = {
  kind: Kind.DIRECTIVE_DEFINITION,
  name: { kind: Kind.NAME, value: 'inaccessible' },
  repeatable: false,
  locations: LOCATIONS.map((value) => ({ kind: Kind.NAME, value })),
};
