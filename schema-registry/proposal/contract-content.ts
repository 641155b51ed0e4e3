import { Kind, parse, print, visit } from 'graphql';
import { sha256 } from '#kernel/id.ts';
import { canonicalJson } from '#kernel/json.ts';
import type { ASTNode, DocumentNode } from 'graphql';

/** A subgraph and the hash of what its contract says; null when it is taken out. */
export interface ContractContent {
  readonly subgraph: string;
  readonly sha256: string | null;
}

/**
 * The hash of what a contract says: two texts that differ in layout, in comments or in the order of what has none get the
 * same one. Descriptions and default values count. Throws GraphQL's syntax error for what is not GraphQL.
 */
export function contentHash(sdl: string): string {
  return contentHashOf(parse(sdl, { noLocation: true }));
}

/** As `contentHash`, of a document that is parsed already. */
export function contentHashOf(document: DocumentNode): string {
  return sha256(print(normalised(document)));
}

/** The hash of all contracts of a change together, in whatever order they come. */
export function contentHashOfAll(contents: readonly ContractContent[]): string {
  return sha256(
    canonicalJson(
      Object.fromEntries(contents.map((content) => [content.subgraph, content.sha256])),
    ),
  );
}

/** Lists of a document whose order says nothing. A list that is a value keeps its order. */
const UNORDERED: ReadonlySet<string> = new Set([
  'definitions',
  'fields',
  'arguments',
  'directives',
  'values',
  'types',
  'interfaces',
  'operationTypes',
  'locations',
]);

function normalised(document: DocumentNode): DocumentNode {
  return visit(document, {
    leave: (node) => {
      if (node.kind === Kind.LIST) return undefined;
      if (node.kind === Kind.STRING) return { kind: node.kind, value: node.value, block: false };
      const sorted = Object.entries(node).flatMap(([key, list]) =>
        UNORDERED.has(key) && Array.isArray(list) && list.length > 1
          ? [[key, sortedByText(list as readonly ASTNode[])] as const]
          : [],
      );
      return sorted.length === 0 ? undefined : { ...node, ...Object.fromEntries(sorted) };
    },
  });
}

function sortedByText(nodes: readonly ASTNode[]): ASTNode[] {
  return nodes
    .map((node) => ({ node, text: print(node) }))
    .sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0))
    .map(({ node }) => node);
}
