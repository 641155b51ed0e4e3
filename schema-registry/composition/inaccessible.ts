import { Kind } from 'graphql';
import type { InputValueDefinitionNode, TypeNode as TypeReference } from 'graphql';
import type { CompositionError } from './compose.ts';
import type { TypeNode } from './coordinates.ts';
import type { GraphView } from './graph-view.ts';

/** A graph as these rules look at it. */
interface View extends GraphView {
  readonly hidden: ReadonlySet<string>;
  /** Is a coordinate hidden by itself or by something that it lies within? */
  readonly isHidden: (coordinate: string) => boolean;
}

/**
 * What hiding may not do to an API schema, with the codes of the federation specification: hide what is still referred to,
 * required, or the last of its kind. Composition has most of these rules for subgraphs; a contract needs them again.
 */
export function inaccessibilityErrors(
  graph: GraphView,
  hidden: ReadonlySet<string>,
): CompositionError[] {
  if (hidden.size === 0) return [];
  const isHidden = (coordinate: string): boolean => {
    if (hidden.has(coordinate)) return true;
    const parent = graph.parents.get(coordinate) ?? null;
    return parent !== null && isHidden(parent);
  };
  const view: View = { ...graph, hidden, isHidden };
  return [
    ...hiddenReferences(view),
    ...hiddenRequirements(view),
    ...emptyTypes(view),
    ...hiddenImplementations(view),
    ...hiddenDefaults(view),
  ];
}

function* hiddenReferences({ nodes, hidden, isHidden }: View): Generator<CompositionError> {
  for (const { coordinate, node } of nodes) {
    if (!('type' in node) || isHidden(coordinate)) continue;
    const type = typeName(node.type);
    if (hidden.has(type)) {
      const message = `Type "${type}" is hidden but "${coordinate}", which is visible, refers to it.`;
      yield { code: 'REFERENCED_INACCESSIBLE', message, coordinate };
    }
  }
}

function* hiddenRequirements({ nodes, hidden, isHidden }: View): Generator<CompositionError> {
  for (const { coordinate, parent, node } of nodes) {
    if (node.kind !== Kind.INPUT_VALUE_DEFINITION || !hidden.has(coordinate)) continue;
    const isRequired = node.type.kind === Kind.NON_NULL_TYPE && node.defaultValue === undefined;
    if (isRequired && parent !== null && !isHidden(parent)) {
      const message = `"${coordinate}" is hidden but "${parent}" cannot be used without it.`;
      yield { code: 'REQUIRED_INACCESSIBLE', message, coordinate };
    }
  }
}

function* emptyTypes({ types, hidden }: View): Generator<CompositionError> {
  for (const [name, type] of types) {
    if (hidden.has(name)) continue;
    const members = membersOf(type);
    if (members.length === 0 || members.some((member) => !hidden.has(member))) continue;
    const message = `Type "${name}" is visible but everything in it is hidden.`;
    yield { code: 'ONLY_INACCESSIBLE_CHILDREN', message, coordinate: name };
  }
}

/** Coordinates of what a type is made of; a union is made of types. */
function membersOf(type: TypeNode): string[] {
  if ('types' in type) return (type.types ?? []).map(({ name }) => name.value);
  const members =
    'values' in type ? (type.values ?? []) : 'fields' in type ? (type.fields ?? []) : [];
  return members.map((member) => `${type.name.value}.${member.name.value}`);
}

function* hiddenImplementations({ types, hidden }: View): Generator<CompositionError> {
  for (const [name, type] of types) {
    if (hidden.has(name) || type.kind !== Kind.OBJECT_TYPE_DEFINITION) continue;
    for (const field of type.fields ?? []) {
      const coordinate = `${name}.${field.name.value}`;
      if (!hidden.has(coordinate)) continue;
      const implemented = (type.interfaces ?? [])
        .map((reference) => `${reference.name.value}.${field.name.value}`)
        .find((wanted) => hasMember(types, wanted) && !hidden.has(wanted));
      if (implemented === undefined) continue;
      const message = `"${coordinate}" is hidden but implements "${implemented}", which is visible.`;
      yield { code: 'IMPLEMENTED_BY_INACCESSIBLE', message, coordinate };
    }
  }
}

function* hiddenDefaults({ nodes, hidden, isHidden }: View): Generator<CompositionError> {
  for (const { coordinate, node } of nodes) {
    if (node.kind !== Kind.INPUT_VALUE_DEFINITION || isHidden(coordinate)) continue;
    const value = defaultEnumValue(node);
    if (value === null || !hidden.has(`${typeName(node.type)}.${value}`)) continue;
    const message = `The value "${typeName(node.type)}.${value}" is hidden but is the default of "${coordinate}".`;
    yield { code: 'DEFAULT_VALUE_USES_INACCESSIBLE', message, coordinate };
  }
}

function defaultEnumValue({ defaultValue }: InputValueDefinitionNode): string | null {
  return defaultValue?.kind === Kind.ENUM ? defaultValue.value : null;
}

function hasMember(types: ReadonlyMap<string, TypeNode>, coordinate: string): boolean {
  const [name = '', member] = coordinate.split('.');
  const type = types.get(name);
  return (
    type !== undefined &&
    'fields' in type &&
    (type.fields ?? []).some((field) => field.name.value === member)
  );
}

/** The name at the bottom of a type reference: `[Invoice!]!` is of `Invoice`. */
export function typeName(reference: TypeReference): string {
  return reference.kind === Kind.NAMED_TYPE ? reference.name.value : typeName(reference.type);
}
