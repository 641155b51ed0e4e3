import { Kind, OperationTypeNode, getOperationAST } from 'graphql';
import { fragmentsOf } from '../fragments.ts';
import { conditionNames, isIncluded } from './condition.ts';
import type {
  DirectiveNode,
  DocumentNode,
  FragmentDefinitionNode,
  InlineFragmentNode,
  OperationDefinitionNode,
  SelectionNode,
  SelectionSetNode,
} from 'graphql';

/** One operation of a client's document, with its fragments written in place and its constant conditions resolved. */
export interface OperationForm {
  /** Selections may be empty, where constant conditions leave nothing of them. */
  readonly operation: OperationDefinitionNode;
  /** Variables that decide about parts of the answer. */
  readonly conditionVariables: readonly string[];
  /** `__schema` and `__type` alone; null when they are not asked. */
  readonly introspection: OperationDefinitionNode | null;
}

/** Null for an operation that the document does not have, or a name that is missing. */
export function operationFormOf(
  document: DocumentNode,
  operationName: string | null,
): OperationForm | null {
  const chosen = getOperationAST(document, operationName);
  if (!chosen) return null;
  const names = new Set<string>();
  const expand = expander(fragmentsOf(document), names);
  const operation = withSelections(chosen, expand(chosen.selectionSet));
  return {
    operation,
    conditionVariables: [...names],
    introspection: chosen.operation === OperationTypeNode.QUERY ? introspectionOf(operation) : null,
  };
}

/** Notes the names of condition variables on the way. */
function expander(
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  names: Set<string>,
): (set: SelectionSetNode) => SelectionNode[] {
  const expand = (set: SelectionSetNode): SelectionNode[] =>
    set.selections.flatMap((node): SelectionNode[] => {
      const included = isIncluded(node.directives, null);
      if (included === false) return [];
      const directives = included === true ? [] : conditionsOf(node.directives);
      for (const name of conditionNames(directives)) names.add(name);
      if (node.kind === Kind.FIELD) {
        const selectionSet = node.selectionSet && setOf(expand(node.selectionSet));
        return [selectionSet ? { ...node, directives, selectionSet } : { ...node, directives }];
      }
      const fragment = node.kind === Kind.FRAGMENT_SPREAD ? fragments.get(node.name.value) : node;
      const selections = fragment === undefined ? [] : expand(fragment.selectionSet);
      if (selections.length === 0) return [];
      const { typeCondition } = fragment ?? {};
      const inline: InlineFragmentNode = {
        kind: Kind.INLINE_FRAGMENT,
        directives,
        ...(typeCondition === undefined ? {} : { typeCondition }),
        selectionSet: setOf(selections),
      };
      return [inline];
    });
  return expand;
}

/** Other directives than these two say nothing to us, nor to a subgraph. */
function conditionsOf(directives: readonly DirectiveNode[] | undefined): DirectiveNode[] {
  return (directives ?? []).filter(({ name }) => name.value === 'skip' || name.value === 'include');
}

function introspectionOf(operation: OperationDefinitionNode): OperationDefinitionNode | null {
  const selections = rootSelections(
    operation.selectionSet.selections,
    (name) => name === '__schema' || name === '__type',
  );
  return selections.length === 0 ? null : withSelections(operation, selections);
}

/** The root's fields that are wanted; looks into fragments of the root, and not into fields. */
export function rootSelections(
  selections: readonly SelectionNode[],
  isWanted: (fieldName: string) => boolean,
): SelectionNode[] {
  return selections.flatMap((node): SelectionNode[] => {
    if (node.kind === Kind.FIELD) return isWanted(node.name.value) ? [node] : [];
    if (node.kind === Kind.FRAGMENT_SPREAD) return [node];
    const inner = rootSelections(node.selectionSet.selections, isWanted);
    return inner.length === 0 ? [] : [{ ...node, selectionSet: setOf(inner) }];
  });
}

export function withSelections(
  operation: OperationDefinitionNode,
  selections: readonly SelectionNode[],
): OperationDefinitionNode {
  return { ...operation, directives: [], selectionSet: setOf(selections) };
}

export function setOf(selections: readonly SelectionNode[]): SelectionSetNode {
  return { kind: Kind.SELECTION_SET, selections };
}
