import { Kind, parse } from 'graphql';
import type {
  DocumentNode,
  InterfaceTypeDefinitionNode,
  NamedTypeNode,
  ObjectTypeDefinitionNode,
} from 'graphql';

/** Which type can stand for which, over the whole supergraph: types that clients do not see count as well. */
export interface TypeGraph {
  /** Does an object that calls itself `name` satisfy `... on condition`? */
  satisfies(name: unknown, condition: string): boolean;
  /** Names an object can really have; an interface is no such name, though `@interfaceObject` makes subgraphs say it. */
  isObject(name: unknown): boolean;
  /** Object types that can stand for an interface or a union. */
  membersOf(name: string): readonly string[];
  /** The fields of each key by which a subgraph finds entities of the type. */
  keysOf(service: string, name: string): readonly (readonly string[])[];
}

/** `directory` says what the subgraphs of the supergraph are really called, as plans call them. */
export function typeGraphOf(
  supergraph: DocumentNode,
  directory: ReadonlyMap<string, { readonly name: string }>,
): TypeGraph {
  const objects = new Set<string>();
  const above = new Map<string, Set<string>>();
  const link = (name: string, supertypes: readonly NamedTypeNode[] | undefined): void => {
    const known = above.get(name) ?? new Set([name]);
    for (const supertype of supertypes ?? []) known.add(supertype.name.value);
    above.set(name, known);
  };
  const keys = new Map<string, string[][]>();
  for (const node of supergraph.definitions) {
    if (node.kind === Kind.OBJECT_TYPE_DEFINITION) {
      objects.add(node.name.value);
      link(node.name.value, node.interfaces);
      noteKeys(node, keys, directory);
    } else if (node.kind === Kind.INTERFACE_TYPE_DEFINITION) {
      link(node.name.value, node.interfaces);
      noteKeys(node, keys, directory);
    } else if (node.kind === Kind.UNION_TYPE_DEFINITION) {
      for (const member of node.types ?? []) link(member.name.value, [asNamed(node.name.value)]);
    }
  }
  return {
    satisfies: (name, condition) =>
      name === condition || (typeof name === 'string' && above.get(name)?.has(condition) === true),
    isObject: (name) => typeof name === 'string' && objects.has(name),
    keysOf: (service, name) => keys.get(`${service} ${name}`) ?? [],
    membersOf: (name) => [...objects].filter((object) => above.get(object)?.has(name) === true),
  };
}

function noteKeys(
  { name, directives }: ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode,
  keys: Map<string, string[][]>,
  directory: ReadonlyMap<string, { readonly name: string }>,
): void {
  for (const directive of directives ?? []) {
    if (directive.name.value !== 'join__type') continue;
    const given = new Map(
      directive.arguments?.map((argument) => [argument.name.value, argument.value]),
    );
    const [graph, key] = [given.get('graph'), given.get('key')];
    if (graph?.kind !== Kind.ENUM || key?.kind !== Kind.STRING) continue;
    const service = directory.get(graph.value)?.name ?? graph.value;
    const place = `${service} ${name.value}`;
    keys.set(place, [...(keys.get(place) ?? []), fieldsIn(key.value)]);
  }
}

/** The names at the top of a field set such as `id owner { id }`. */
function fieldsIn(fieldSet: string): string[] {
  const [definition] = parse(`{ ${fieldSet} }`, { noLocation: true }).definitions;
  if (definition?.kind !== Kind.OPERATION_DEFINITION) return [];
  return definition.selectionSet.selections.flatMap((node) =>
    node.kind === Kind.FIELD ? [node.name.value] : [],
  );
}

function asNamed(value: string): NamedTypeNode {
  return { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value } };
}
