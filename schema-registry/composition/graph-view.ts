import { coordinateNodes, isTypeNode, textArgument } from './coordinates.ts';
import type { ConstDirectiveNode, DocumentNode } from 'graphql';
import type { CoordinateNode, TypeNode } from './coordinates.ts';

/** A composed supergraph as contracts look at it: read once, asked once per contract. */
export interface GraphView {
  /** Without the types that composition itself adds. */
  readonly nodes: readonly CoordinateNode[];
  readonly types: ReadonlyMap<string, TypeNode>;
  /** The coordinate that each lies within; null for types. */
  readonly parents: ReadonlyMap<string, string | null>;
  /** Tags of a coordinate itself. */
  readonly tags: ReadonlyMap<string, readonly string[]>;
  /** What is `@inaccessible` to everybody. */
  readonly inaccessible: ReadonlySet<string>;
  readonly document: DocumentNode;
}

export function graphView(document: DocumentNode): GraphView {
  const nodes = [...coordinateNodes(document)].filter(
    ({ coordinate }) => !isFederationType(coordinate),
  );
  return {
    nodes,
    document,
    types: new Map(
      document.definitions
        .filter(isTypeNode)
        .filter(({ name }) => !isFederationType(name.value))
        .map((type) => [type.name.value, type]),
    ),
    parents: new Map(nodes.map(({ coordinate, parent }) => [coordinate, parent])),
    tags: new Map(
      nodes.flatMap(({ coordinate, node }) => {
        const tags = tagsOf(node.directives);
        return tags.length === 0 ? [] : [[coordinate, tags]];
      }),
    ),
    inaccessible: new Set(
      nodes
        .filter(({ node }) => node.directives?.some(({ name }) => name.value === 'inaccessible'))
        .map(({ coordinate }) => coordinate),
    ),
  };
}

/** Types that composition itself adds, such as `join__Graph`. */
function isFederationType(name: string): boolean {
  return /^(join|link|core|federation|policy|requiresScopes|context|connect)__/.test(name);
}

function tagsOf(directives: readonly ConstDirectiveNode[] | undefined): string[] {
  return (directives ?? []).flatMap((directive) => {
    const name = directive.name.value === 'tag' ? textArgument(directive, 'name') : null;
    return name === null ? [] : [name];
  });
}
