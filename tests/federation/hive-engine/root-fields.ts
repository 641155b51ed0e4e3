import { Kind, getOperationAST } from 'graphql';
import type {
  DirectiveNode,
  DocumentNode,
  FragmentDefinitionNode,
  SelectionSetNode,
} from 'graphql';

/** What an operation's root asks for under its variables. Hive's executor handles `data` and the pure forms only. */
export type RootRequest = 'nothing' | 'introspection' | 'data' | 'mixed';

type Variables = Readonly<Record<string, unknown>>;

/** `__typename` alone counts as introspection: no subgraph needs to be asked. */
export function rootRequest(
  document: DocumentNode,
  operationName: string | null,
  variables: Variables,
): RootRequest {
  const operation = getOperationAST(document, operationName);
  if (!operation) return 'nothing';
  const seen = { schema: false, typename: false, data: false };
  for (const name of rootNames(fragmentsOf(document), operation.selectionSet, variables)) {
    seen[name === '__typename' ? 'typename' : name.startsWith('__') ? 'schema' : 'data'] = true;
  }
  if (seen.schema) return seen.data ? 'mixed' : 'introspection';
  if (seen.data) return 'data';
  return seen.typename ? 'introspection' : 'nothing';
}

export function fragmentsOf(document: DocumentNode): Map<string, FragmentDefinitionNode> {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  }
  return fragments;
}

function* rootNames(
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  set: SelectionSetNode,
  variables: Variables,
  visited = new Set<string>(),
): Generator<string> {
  for (const node of set.selections) {
    if (!isIncluded(node.directives ?? [], variables)) continue;
    if (node.kind === Kind.FIELD) {
      yield node.name.value;
    } else if (node.kind === Kind.INLINE_FRAGMENT) {
      yield* rootNames(fragments, node.selectionSet, variables, visited);
    } else if (!visited.has(node.name.value)) {
      visited.add(node.name.value);
      const fragment = fragments.get(node.name.value);
      if (fragment) yield* rootNames(fragments, fragment.selectionSet, variables, visited);
    }
  }
}

function isIncluded(directives: readonly DirectiveNode[], variables: Variables): boolean {
  return directives.every(({ name, arguments: given }) => {
    if (name.value !== 'skip' && name.value !== 'include') return true;
    const value = given?.[0]?.value;
    const condition =
      value?.kind === Kind.VARIABLE
        ? variables[value.name.value]
        : value?.kind === Kind.BOOLEAN
          ? value.value
          : null;
    // A missing variable may have a default; the executor decides then.
    return typeof condition === 'boolean' ? condition === (name.value === 'include') : true;
  });
}
