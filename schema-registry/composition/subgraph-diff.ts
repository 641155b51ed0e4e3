import { Kind, buildASTSchema, print, specifiedScalarTypes, visit } from 'graphql';
import { definitionsOf, diffSchemas } from './schema-diff.ts';
import { isTypeNode } from './coordinates.ts';
import type { DocumentNode, TypeDefinitionNode } from 'graphql';
import type { DetectedChange, SchemaView } from './schema-diff.ts';
import type { TypeNode } from './coordinates.ts';

/** What a version number has to say of a change. */
export type VersionLevel = 'MAJOR' | 'MINOR' | 'PATCH';

export interface LevelProof {
  readonly level: VersionLevel;
  /** The change that asks for this level, in words. */
  readonly because: string;
}

/** The level that these changes ask for: breaking → major, added or dangerous → minor, else patch. */
export function levelOf(changes: readonly DetectedChange[]): LevelProof {
  const breaking = changes.find(({ severity }) => severity === 'BREAKING');
  if (breaking !== undefined) return { level: 'MAJOR', because: breaking.message };
  const added = changes.find(
    ({ severity, type }) =>
      severity === 'DANGEROUS' || (type.endsWith('_ADDED') && !SILENT.test(type)),
  );
  if (added !== undefined) return { level: 'MINOR', because: added.message };
  return { level: 'PATCH', because: changes[0]?.message ?? 'Nothing that a client sees changed.' };
}

/** Additions that add nothing to ask for. */
const SILENT = /DESCRIPTION|DIRECTIVE_USAGE|DEPRECATION/;

/** How a subgraph's own contract changed; a key that changed is breaking, because other subgraphs stand on it. */
export async function diffSubgraphs(
  before: DocumentNode,
  after: DocumentNode,
): Promise<{ readonly changes: readonly DetectedChange[]; readonly proof: LevelProof }> {
  const changes = await diffSchemas(subgraphView(before), subgraphView(after));
  const key = changedKey(before, after);
  if (key !== null) return { changes, proof: { level: 'MAJOR', because: key } };
  return { changes, proof: levelOf(changes) };
}

function changedKey(before: DocumentNode, after: DocumentNode): string | null {
  const now = keysOf(after);
  for (const [type, keys] of keysOf(before)) {
    const left = now.get(type);
    const lost = left === undefined ? undefined : [...keys].find((key) => !left.has(key));
    if (lost !== undefined) return `The key "${lost}" of the entity "${type}" was taken away.`;
  }
  return null;
}

function keysOf(document: DocumentNode): Map<string, Set<string>> {
  const keys = new Map<string, Set<string>>();
  for (const type of document.definitions.filter(isTypeNode)) {
    for (const directive of type.directives ?? []) {
      if (!/^(federation__)?key$/.test(directive.name.value)) continue;
      const own = keys.get(type.name.value) ?? new Set();
      keys.set(type.name.value, own.add(directive.arguments?.map(print).join(' ') ?? ''));
    }
  }
  return keys;
}

/** A subgraph's types as a schema by themselves: extensions joined, what only federation knows made up. */
export function subgraphView(document: DocumentNode): SchemaView {
  const own = joined(document);
  const view: DocumentNode = { kind: Kind.DOCUMENT, definitions: own };
  const schema = buildASTSchema(view, { assumeValid: true, assumeValidSDL: true });
  return { document: view, schema, definitions: definitionsOf(view) };
}

function joined(document: DocumentNode): TypeDefinitionNode[] {
  const types = new Map<string, TypeDefinitionNode>();
  const names = new Set<string>();
  for (const type of document.definitions.filter(isTypeNode)) {
    const name = type.name.value;
    const before = types.get(name);
    types.set(name, before === undefined ? definitionOf(type) : joinedTypes(before, type));
    visit(type, { Directive: () => false, NamedType: (node) => void names.add(node.name.value) });
  }
  for (const name of names)
    if (!types.has(name) && !BUILT_IN.has(name))
      types.set(name, {
        kind: Kind.SCALAR_TYPE_DEFINITION,
        name: { kind: Kind.NAME, value: name },
      });
  return [...types.values()];
}

const BUILT_IN: ReadonlySet<string> = new Set(specifiedScalarTypes.map(({ name }) => name));

function definitionOf(type: TypeNode): TypeDefinitionNode {
  const definition: object = { ...type, kind: type.kind.replace('Extension', 'Definition') };
  return definition as TypeDefinitionNode;
}

const LISTS = ['fields', 'values', 'types', 'interfaces'] as const;

function joinedTypes(first: TypeDefinitionNode, more: TypeNode): TypeDefinitionNode {
  const lists = LISTS.flatMap((list) => {
    const all = [first, more].flatMap(
      (type) => (type as { readonly [key in typeof list]?: readonly unknown[] })[list] ?? [],
    );
    return all.length === 0 ? [] : [[list, all]];
  });
  return { ...first, ...Object.fromEntries(lists) } as TypeDefinitionNode;
}
