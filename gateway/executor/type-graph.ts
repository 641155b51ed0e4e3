import { Kind } from 'graphql';
import type { DocumentNode, NamedTypeNode } from 'graphql';

/** Which type can stand for which, over the whole supergraph: types that clients do not see count as well. */
export interface TypeGraph {
  /** Does an object that calls itself `name` satisfy `... on condition`? */
  satisfies(name: unknown, condition: string): boolean;
  /** Names an object can really have; an interface is no such name, though `@interfaceObject` makes subgraphs say it. */
  isObject(name: unknown): boolean;
  /** Object types that can stand for an interface or a union. */
  membersOf(name: string): readonly string[];
}

export function typeGraphOf(supergraph: DocumentNode): TypeGraph {
  const objects = new Set<string>();
  const above = new Map<string, Set<string>>();
  const link = (name: string, supertypes: readonly NamedTypeNode[] | undefined): void => {
    const known = above.get(name) ?? new Set([name]);
    for (const supertype of supertypes ?? []) known.add(supertype.name.value);
    above.set(name, known);
  };
  for (const node of supergraph.definitions) {
    if (node.kind === Kind.OBJECT_TYPE_DEFINITION) {
      objects.add(node.name.value);
      link(node.name.value, node.interfaces);
    } else if (node.kind === Kind.INTERFACE_TYPE_DEFINITION) {
      link(node.name.value, node.interfaces);
    } else if (node.kind === Kind.UNION_TYPE_DEFINITION) {
      for (const member of node.types ?? []) link(member.name.value, [asNamed(node.name.value)]);
    }
  }
  return {
    satisfies: (name, condition) =>
      name === condition || (typeof name === 'string' && above.get(name)?.has(condition) === true),
    isObject: (name) => typeof name === 'string' && objects.has(name),
    membersOf: (name) => [...objects].filter((object) => above.get(object)?.has(name) === true),
  };
}

function asNamed(value: string): NamedTypeNode {
  return { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value } };
}
