import { Kind } from 'graphql';
import { isTypeNode } from './coordinates.ts';
import { typeName } from './inaccessible.ts';
import type {
  ConstDirectiveNode,
  DocumentNode,
  FieldDefinitionNode,
  InputValueDefinitionNode,
} from 'graphql';
import type { TypeNode } from './coordinates.ts';

const ROOTS = ['Query', 'Mutation', 'Subscription'];

/** The types that a client can get to from the root types through what is visible; interfaces lead to who implements them. */
export function reachableTypes(supergraph: DocumentNode): ReadonlySet<string> {
  const types = new Map<string, TypeNode>();
  const implementors = new Map<string, string[]>();
  for (const definition of supergraph.definitions) {
    if (!isTypeNode(definition) || !isVisible(definition)) continue;
    types.set(definition.name.value, definition);
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION) continue;
    for (const name of interfacesOf(definition))
      implementors.set(name, [...(implementors.get(name) ?? []), definition.name.value]);
  }
  const reached = new Set<string>();
  const queue = [...ROOTS, ...clientDirectiveTypes(supergraph)];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    const type = types.get(name);
    if (type === undefined || reached.has(name)) continue;
    reached.add(name);
    queue.push(...neighbours(type, implementors));
  }
  return reached;
}

function neighbours(
  type: TypeNode,
  implementors: ReadonlyMap<string, readonly string[]>,
): string[] {
  const members = 'fields' in type ? (type.fields ?? []).filter(isVisible) : [];
  return [
    ...members.flatMap(typesOfMember),
    ...interfacesOf(type),
    ...(implementors.get(type.name.value) ?? []),
    ...('types' in type ? (type.types ?? []).map((member) => member.name.value) : []),
  ];
}

function typesOfMember(member: FieldDefinitionNode | InputValueDefinitionNode): string[] {
  const inputs = 'arguments' in member ? (member.arguments ?? []).filter(isVisible) : [];
  return [typeName(member.type), ...inputs.map((input) => typeName(input.type))];
}

/** Types of the arguments of directives that stay in the API schema: composed ones, not those of federation. */
function clientDirectiveTypes(supergraph: DocumentNode): string[] {
  return supergraph.definitions.flatMap((definition) =>
    definition.kind === Kind.DIRECTIVE_DEFINITION
      ? (definition.arguments ?? []).map((argument) => typeName(argument.type))
      : [],
  );
}

function interfacesOf(type: TypeNode): string[] {
  return 'interfaces' in type ? (type.interfaces ?? []).map(({ name }) => name.value) : [];
}

function isVisible(node: { readonly directives?: readonly ConstDirectiveNode[] }): boolean {
  return node.directives?.some(({ name }) => name.value === 'inaccessible') !== true;
}
