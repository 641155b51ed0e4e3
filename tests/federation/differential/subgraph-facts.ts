import { Kind, parse } from 'graphql';
import type { DocumentNode, FieldDefinitionNode, SelectionSetNode, ValueNode } from 'graphql';

/** What a subgraph's SDL says of a type. */
export interface TypeFacts {
  readonly fields: Set<string>;
  readonly external: Set<string>;
  readonly keys: { readonly selection: SelectionSetNode; readonly resolvable: boolean }[];
  readonly keyFields: Set<string>;
  readonly requires: Map<string, SelectionSetNode>;
  readonly provides: Map<string, SelectionSetNode>;
  /** Field → the subgraph from which it was moved here. */
  readonly overrides: Map<string, string>;
}

export type SubgraphFacts = ReadonlyMap<string, TypeFacts>;

export function subgraphFacts(document: DocumentNode): SubgraphFacts {
  const facts = new Map<string, TypeFacts>();
  for (const node of document.definitions) {
    if (!('fields' in node) || !('interfaces' in node)) continue;
    const known = facts.get(node.name.value) ?? noFacts();
    facts.set(node.name.value, known);
    for (const { name, arguments: given = [] } of node.directives ?? []) {
      if (name.value !== 'key') continue;
      const resolvable = given.find((argument) => argument.name.value === 'resolvable')?.value;
      const selection = selectionOf(given.find(({ name: { value } }) => value === 'fields')?.value);
      known.keys.push({
        selection,
        resolvable: resolvable?.kind !== Kind.BOOLEAN || resolvable.value,
      });
      for (const field of fieldsOf(selection)) known.keyFields.add(field.name.value);
    }
    for (const field of node.fields ?? []) addField(known, field);
  }
  return facts;
}

/** The fields of a selection that has no fragments, as those of `@key` have none. */
export function fieldsOf(selection: SelectionSetNode) {
  return selection.selections.filter((node) => node.kind === Kind.FIELD);
}

/** Does this subgraph alone know the field? */
export function isOwn(type: TypeFacts | undefined, field: string): boolean {
  return (
    type !== undefined &&
    type.fields.has(field) &&
    !type.external.has(field) &&
    !type.keyFields.has(field)
  );
}

function noFacts(): TypeFacts {
  return {
    fields: new Set(),
    external: new Set(),
    keys: [],
    keyFields: new Set(),
    requires: new Map(),
    provides: new Map(),
    overrides: new Map(),
  };
}

function addField(type: TypeFacts, field: FieldDefinitionNode): void {
  const name = field.name.value;
  type.fields.add(name);
  for (const { name: directive, arguments: given = [] } of field.directives ?? []) {
    const value = given[0]?.value;
    if (directive.value === 'external') type.external.add(name);
    if (directive.value === 'requires') type.requires.set(name, selectionOf(value));
    if (directive.value === 'provides') type.provides.set(name, selectionOf(value));
    if (directive.value === 'override' && value?.kind === Kind.STRING)
      type.overrides.set(name, value.value);
  }
}

function selectionOf(value: ValueNode | undefined): SelectionSetNode {
  if (value?.kind !== Kind.STRING) throw new Error('A field set is expected as a string.');
  const [definition] = parse(`{ ${value.value} }`, { noLocation: true }).definitions;
  if (definition?.kind !== Kind.OPERATION_DEFINITION) throw new Error('A field set is expected.');
  return definition.selectionSet;
}

/** The part of a selection that lies below a field. */
export function below(
  selection: SelectionSetNode | null,
  field: string,
): { readonly found: boolean; readonly rest: SelectionSetNode | null } {
  for (const node of selection?.selections ?? []) {
    if (node.kind === Kind.FIELD && node.name.value === field)
      return { found: true, rest: node.selectionSet ?? null };
    if (node.kind === Kind.INLINE_FRAGMENT) {
      const inner = below(node.selectionSet, field);
      if (inner.found) return inner;
    }
  }
  return { found: false, rest: null };
}
