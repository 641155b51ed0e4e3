import { Kind, OperationTypeNode } from 'graphql';
import { elementsOfDirective, elementsOfType, typesOf } from './element.ts';
import { directiveNames } from './known-directives.ts';
import type { ASTNode, DocumentNode } from 'graphql';
import type { Element } from './element.ts';
import type { LintSource } from './lint-schema.ts';

/** Who answers for a subgraph and for its types; a type without an owner of its own has the subgraph's. */
export interface Owners {
  readonly subgraph: string | null;
  /** Type name → owner. */
  readonly types: Readonly<Record<string, string>>;
}

/** What a rule of ours finds: on which coordinate, where in the SDL, and what is wrong with it. */
export interface Report {
  readonly coordinate: string;
  readonly node: ASTNode;
  readonly message: string;
}

/** What rules of ours look at. */
export interface LintContext extends LintSource {
  readonly subgraph: string;
  readonly owners: Owners;
  /** Elements of the definitions that changed, changed or not themselves. */
  readonly elements: readonly Element[];
  readonly isChanged: (coordinate: string) => boolean;
}

/** One rule of ours: pure, over the definitions that changed. */
export type Check = (context: LintContext) => Iterable<Report>;

/** What a document says of itself that every linter of it needs. */
export function lintSource(document: DocumentNode): LintSource {
  const types = typesOf(document);
  return { document, types, directives: directiveNames(document), roots: rootsOf(document, types) };
}

const DEFAULT_ROOTS: readonly (readonly [string, OperationTypeNode])[] = [
  ['Query', OperationTypeNode.QUERY],
  ['Mutation', OperationTypeNode.MUTATION],
  ['Subscription', OperationTypeNode.SUBSCRIPTION],
];

function rootsOf(
  document: DocumentNode,
  types: ReadonlyMap<string, unknown>,
): ReadonlyMap<string, OperationTypeNode> {
  const roots = new Map<string, OperationTypeNode>();
  for (const node of document.definitions)
    if (node.kind === Kind.SCHEMA_DEFINITION || node.kind === Kind.SCHEMA_EXTENSION)
      for (const { type, operation } of node.operationTypes ?? [])
        roots.set(type.name.value, operation);
  const stated = new Set(roots.values());
  for (const [name, operation] of DEFAULT_ROOTS)
    if (!stated.has(operation) && types.has(name)) roots.set(name, operation);
  return roots;
}

/** The elements of those definitions (types by name, directives with `@`); of all when null. */
export function elementsWithin(
  { document, types }: LintSource,
  definitions: ReadonlySet<string> | null,
): Element[] {
  const elements: Element[] = [];
  for (const type of types.values())
    if (definitions === null || definitions.has(type.name)) elements.push(...elementsOfType(type));
  for (const node of document.definitions)
    if (
      node.kind === Kind.DIRECTIVE_DEFINITION &&
      (definitions === null || definitions.has(`@${node.name.value}`))
    )
      elements.push(...elementsOfDirective(node));
  return elements;
}
