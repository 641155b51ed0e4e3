import { Kind } from 'graphql';
import { typeName } from './inaccessible.ts';
import type { FieldDefinitionNode, InputValueDefinitionNode } from 'graphql';
import type { TypeNode } from './coordinates.ts';
import type { GraphView } from './graph-view.ts';

const ROOTS = ['Query', 'Mutation', 'Subscription'];

/** The types that a client can get to from the root types through what is visible; interfaces lead to who implements them. */
export function reachableTypes(
  { types, document }: GraphView,
  hidden: ReadonlySet<string>,
): ReadonlySet<string> {
  const implementors = new Map<string, string[]>();
  for (const [name, type] of types) {
    if (hidden.has(name) || type.kind !== Kind.OBJECT_TYPE_DEFINITION) continue;
    for (const implemented of interfacesOf(type))
      implementors.set(implemented, [...(implementors.get(implemented) ?? []), name]);
  }
  const reached = new Set<string>();
  const queue = [...ROOTS, ...clientDirectiveTypes(document)];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    const type = types.get(name);
    if (type === undefined || hidden.has(name) || reached.has(name)) continue;
    reached.add(name);
    queue.push(...membersLeadTo(type, hidden), ...interfacesOf(type));
    queue.push(...(implementors.get(name) ?? []));
    if ('types' in type) queue.push(...(type.types ?? []).map((member) => member.name.value));
  }
  return reached;
}

function membersLeadTo(type: TypeNode, hidden: ReadonlySet<string>): string[] {
  if (!('fields' in type)) return [];
  return (type.fields ?? []).flatMap((member: FieldDefinitionNode | InputValueDefinitionNode) => {
    const coordinate = `${type.name.value}.${member.name.value}`;
    if (hidden.has(coordinate)) return [];
    const inputs = 'arguments' in member ? (member.arguments ?? []) : [];
    const visible = inputs.filter(({ name }) => !hidden.has(`${coordinate}(${name.value}:)`));
    return [typeName(member.type), ...visible.map((input) => typeName(input.type))];
  });
}

/** Types of the arguments of directives that stay in the API schema: composed ones, not those of federation. */
export function clientDirectiveTypes(supergraph: GraphView['document']): string[] {
  return supergraph.definitions.flatMap((definition) =>
    definition.kind === Kind.DIRECTIVE_DEFINITION
      ? (definition.arguments ?? []).map((argument) => typeName(argument.type))
      : [],
  );
}

function interfacesOf(type: TypeNode): string[] {
  return 'interfaces' in type ? (type.interfaces ?? []).map(({ name }) => name.value) : [];
}
