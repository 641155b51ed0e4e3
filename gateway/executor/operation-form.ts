import {
  Kind,
  OperationTypeNode,
  getNamedType,
  getOperationAST,
  isAbstractType,
  isInterfaceType,
  isObjectType,
  isUnionType,
} from 'graphql';
import { fragmentsOf } from '../fragments.ts';
import { conditionNames, isIncluded } from './condition.ts';
import type {
  DirectiveNode,
  DocumentNode,
  FieldNode,
  FragmentDefinitionNode,
  GraphQLNamedType,
  GraphQLSchema,
  InlineFragmentNode,
  OperationDefinitionNode,
  SelectionNode,
  SelectionSetNode,
} from 'graphql';
import type { Guard } from './authorization.ts';
import type { Conditions } from './condition.ts';

/** One operation of a client's document, with its fragments written in place and its constant conditions resolved. */
export interface OperationForm {
  readonly operation: OperationDefinitionNode;
  /** Variables that decide about parts of the answer. */
  readonly conditionVariables: readonly string[];
  /** `__schema` and `__type` alone; null when they are not asked. */
  readonly introspection: OperationDefinitionNode | null;
}

/** Null for an operation that the document does not have, or a name that is missing. */
export function operationFormOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | null,
): OperationForm | null {
  const chosen = getOperationAST(document, operationName);
  if (!chosen) return null;
  const names = new Set<string>();
  const expanding = { schema, fragments: fragmentsOf(document), conditions: null, guard: null };
  const expand = expander(expanding, (directives) => {
    for (const name of conditionNames(directives)) names.add(name);
  });
  const root = schema.getRootType(chosen.operation) ?? null;
  const operation = withSelections(chosen, expand(chosen.selectionSet, root));
  return {
    operation,
    conditionVariables: [...names],
    introspection:
      chosen.operation === OperationTypeNode.QUERY
        ? partOf(operation, (name) => name === '__schema' || name === '__type')
        : null,
  };
}

/**
 * What of the operation subgraphs are asked for: nothing that the guard denies, and nothing that is left out by conditions
 * that are given. Null when nothing is left.
 */
export function plannedForm(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  { guard, conditions }: { readonly guard: Guard | null; readonly conditions: Conditions | null },
): OperationDefinitionNode | null {
  const isForSubgraphs = (name: string): boolean => !name.startsWith('__');
  if (guard === null && conditions === null) return partOf(operation, isForSubgraphs);
  const expand = expander({ schema, fragments: new Map(), conditions, guard }, () => undefined);
  const root = schema.getRootType(operation.operation) ?? null;
  const form = withSelections(operation, expand(operation.selectionSet, root));
  return partOf(form, isForSubgraphs);
}

type Expand = (set: SelectionSetNode, parent: GraphQLNamedType | null) => SelectionNode[];

const TYPENAME: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };

interface Expanding {
  readonly schema: GraphQLSchema;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly conditions: Conditions | null;
  readonly guard: Guard | null;
}

function expander(
  { schema, fragments, conditions, guard }: Expanding,
  note: (directives: readonly DirectiveNode[]) => void,
): Expand {
  const expand: Expand = (set, parent) =>
    set.selections.flatMap((node) => {
      const included = isIncluded(node.directives, conditions);
      if (included === false) return [];
      const directives = included === true ? [] : undecided(node.directives);
      note(directives);
      return node.kind === Kind.FIELD
        ? field(node, directives, parent)
        : spread(node, directives, parent);
    });
  const field = (
    node: FieldNode,
    directives: readonly DirectiveNode[],
    parent: GraphQLNamedType | null,
  ): FieldNode[] => {
    const hasFields = isObjectType(parent) || isInterfaceType(parent);
    const found = hasFields ? parent.getFields()[node.name.value] : undefined;
    const type = found ? getNamedType(found.type) : null;
    if (guard?.deniesField(parent?.name ?? '', node.name.value) === true) return [];
    if (type !== null && guard?.deniesType(type.name) === true) return [];
    if (!node.selectionSet) return [{ ...node, directives }];
    const inner = expand(node.selectionSet, type);
    // A set whose every field is left out asks for an object without members, which has no text of its own.
    const selections = inner.length === 0 ? [TYPENAME] : inner;
    return [{ ...node, directives, selectionSet: { kind: Kind.SELECTION_SET, selections } }];
  };
  const spread = (
    node: Exclude<SelectionNode, FieldNode>,
    directives: readonly DirectiveNode[],
    parent: GraphQLNamedType | null,
  ): SelectionNode[] => {
    const fragment = node.kind === Kind.FRAGMENT_SPREAD ? fragments.get(node.name.value) : node;
    if (fragment === undefined) return [];
    const condition = fragment.typeCondition?.name.value;
    const type = condition === undefined ? parent : (schema.getType(condition) ?? null);
    if (condition !== undefined && guard?.deniesType(condition) === true) return [];
    const selections = expand(fragment.selectionSet, type);
    if (selections.length === 0) return [];
    // The planner finds no path for a conditional fragment on the very union that it stands in.
    const isOwnUnion = isUnionType(parent) && parent.name === condition;
    const isNeeded = condition !== undefined && !isOwnUnion;
    if (!isNeeded && directives.length === 0) return selections;
    const inline: InlineFragmentNode = {
      kind: Kind.INLINE_FRAGMENT,
      directives,
      ...(isNeeded
        ? { typeCondition: { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: condition } } }
        : {}),
      selectionSet: { kind: Kind.SELECTION_SET, selections },
    };
    return [inline];
  };
  return expand;
}

/** Other directives than these two say nothing to us, nor to a subgraph. */
function undecided(directives: readonly DirectiveNode[] | undefined): DirectiveNode[] {
  return (directives ?? []).filter(({ name }) => name.value === 'skip' || name.value === 'include');
}

function partOf(
  operation: OperationDefinitionNode,
  isWanted: (fieldName: string) => boolean,
): OperationDefinitionNode | null {
  const selections = wantedOf(operation.selectionSet.selections, isWanted);
  return selections.length === 0 ? null : withSelections(operation, selections);
}

/** Looks into fragments of the root, and not into fields. */
function wantedOf(
  selections: readonly SelectionNode[],
  isWanted: (fieldName: string) => boolean,
): SelectionNode[] {
  return selections.flatMap((node): SelectionNode[] => {
    if (node.kind === Kind.FIELD) return isWanted(node.name.value) ? [node] : [];
    if (node.kind === Kind.FRAGMENT_SPREAD) return [node];
    const inner = wantedOf(node.selectionSet.selections, isWanted);
    if (inner.length === 0) return [];
    return [{ ...node, selectionSet: { kind: Kind.SELECTION_SET, selections: inner } }];
  });
}

function withSelections(
  operation: OperationDefinitionNode,
  selections: readonly SelectionNode[],
): OperationDefinitionNode {
  return { ...operation, directives: [], selectionSet: { kind: Kind.SELECTION_SET, selections } };
}

/** May an object of the type satisfy the condition? */
export function mayBe(schema: GraphQLSchema, typeName: string, condition: string): boolean {
  if (typeName === condition) return true;
  const type = schema.getType(typeName);
  const abstract = schema.getType(condition);
  return (
    isAbstractType(abstract) &&
    (isObjectType(type) || isInterfaceType(type)) &&
    schema.isSubType(abstract, type)
  );
}
