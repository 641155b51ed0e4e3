import { Kind, getNamedType, isAbstractType, isInterfaceType, isObjectType, print } from 'graphql';
import { isIncluded } from './condition.ts';
import { rootSelections, setOf, withSelections } from './operation-form.ts';
import type {
  DirectiveNode,
  FieldNode,
  GraphQLNamedType,
  GraphQLSchema,
  InlineFragmentNode,
  OperationDefinitionNode,
  SelectionNode,
} from 'graphql';
import type { Guard } from './authorization.ts';
import type { Conditions } from './condition.ts';
import type { AliasRule } from './response-key.ts';

/** What the planner is given is made for. */
export interface Planning {
  readonly schema: GraphQLSchema;
  /** What the viewer must not see is not asked for. */
  readonly guard: Guard | null;
  /** The values of condition variables; null leaves them to the plan. */
  readonly conditions: Conditions | null;
  /** Under which key a client's field is asked for. */
  readonly aliases: AliasRule;
  /** Abstract types of which a member is hidden from clients: the name of each object must be known, to hide it. */
  readonly partlyHidden: ReadonlySet<string>;
}

/**
 * An operation as the planner answers it best, which changes no answer: what conditions and the guard leave of it, each
 * field once, no fragment on the type that it stands on, and no alias that the plan could take for a field that it needs
 * itself. Null when no subgraph needs to be asked.
 */
export function plannedForm(
  operation: OperationDefinitionNode,
  planning: Planning,
): OperationDefinitionNode | null {
  const root = planning.schema.getRootType(operation.operation) ?? null;
  const asked = rootSelections(operation.selectionSet.selections, (name) => !name.startsWith('__'));
  const selections = formOf(asked, root, planning);
  return selections.length === 0 ? null : withSelections(operation, selections);
}

/** Selections of one set that become one. */
interface Merged {
  readonly node: FieldNode | InlineFragmentNode;
  readonly directives: readonly DirectiveNode[];
  readonly type: GraphQLNamedType | null;
  readonly inner: SelectionNode[];
}

function formOf(
  selections: readonly SelectionNode[],
  parent: GraphQLNamedType | null,
  planning: Planning,
): SelectionNode[] {
  const merged = new Map<string, Merged>();
  collect(selections, parent, planning, merged);
  return [...merged.values()].flatMap(({ node, directives, type, inner }): SelectionNode[] => {
    if (node.kind === Kind.FIELD) {
      const field = { ...node, directives };
      return [
        node.selectionSet
          ? { ...field, selectionSet: setOf(filled(inner, type, planning)) }
          : field,
      ];
    }
    const selectionsOfType = formOf(inner, type, planning);
    if (selectionsOfType.length === 0) return [];
    return [{ ...node, directives, selectionSet: setOf(selectionsOfType) }];
  });
}

const TYPENAME: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };

function isNoTypename(node: SelectionNode): boolean {
  return (
    node.kind !== Kind.FIELD || node.name.value !== '__typename' || node.directives?.length !== 0
  );
}

/** An object without members has no text: its name is asked for in their place. */
function filled(
  inner: readonly SelectionNode[],
  type: GraphQLNamedType | null,
  planning: Planning,
): readonly SelectionNode[] {
  const selections = formOf(inner, type, planning);
  const isNeeded = selections.length === 0 || planning.partlyHidden.has(type?.name ?? '');
  return isNeeded ? [TYPENAME, ...selections.filter(isNoTypename)] : selections;
}

function collect(
  selections: readonly SelectionNode[],
  parent: GraphQLNamedType | null,
  planning: Planning,
  merged: Map<string, Merged>,
): void {
  for (const node of selections) {
    const included = isIncluded(node.directives, planning.conditions);
    if (included === false || node.kind === Kind.FRAGMENT_SPREAD) continue;
    const directives = included === true ? [] : (node.directives ?? []);
    if (node.kind === Kind.FIELD) collectField(node, { directives, parent }, planning, merged);
    else collectFragment(node, { directives, parent }, planning, merged);
  }
}

interface Place {
  readonly directives: readonly DirectiveNode[];
  readonly parent: GraphQLNamedType | null;
}

function collectField(
  node: FieldNode,
  { directives, parent }: Place,
  { guard, aliases }: Planning,
  merged: Map<string, Merged>,
): void {
  const name = node.name.value;
  const hasFields = isObjectType(parent) || isInterfaceType(parent);
  const field = hasFields ? parent.getFields()[name] : undefined;
  const type = field ? getNamedType(field.type) : null;
  const owner = parent?.name ?? '';
  if (guard?.deniesType(owner) === true || guard?.deniesField(owner, name) === true) return;
  if (type !== null && guard?.deniesType(type.name) === true) return;
  const alias = aliases.planned(node.alias?.value ?? name, name);
  const { alias: _own, ...unnamed } = node;
  const renamed: FieldNode =
    alias === name ? unnamed : { ...unnamed, alias: { kind: Kind.NAME, value: alias } };
  merge(merged, `field ${alias}`, {
    node: renamed,
    directives,
    type,
    inner: [...(node.selectionSet?.selections ?? [])],
  });
}

function collectFragment(
  node: InlineFragmentNode,
  { directives, parent }: Place,
  planning: Planning,
  merged: Map<string, Merged>,
): void {
  const condition = node.typeCondition?.name.value;
  const isOwn = condition === undefined || condition === parent?.name;
  if (condition !== undefined && planning.guard?.deniesType(condition) === true) return;
  if (isOwn && directives.length === 0)
    return collect(node.selectionSet.selections, parent, planning, merged);
  const type = isOwn ? parent : (planning.schema.getType(condition) ?? null);
  const { typeCondition: _, ...untyped } = node;
  merge(merged, `fragment ${isOwn ? '' : condition}`, {
    node: isOwn ? untyped : node,
    directives,
    type,
    inner: [...node.selectionSet.selections],
  });
}

/** What stands under other conditions is another selection. */
function merge(merged: Map<string, Merged>, name: string, selection: Merged): void {
  const key = [name, ...selection.directives.map((directive) => print(directive))].join(' ');
  const known = merged.get(key);
  if (known === undefined) merged.set(key, selection);
  else known.inner.push(...selection.inner);
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
