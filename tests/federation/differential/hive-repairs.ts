import {
  Kind,
  TypeInfo,
  getNamedType,
  getOperationAST,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  isUnionType,
  print,
  valueFromAST,
  typeFromAST,
  isInputType,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { fragmentsOf } from '../hive-engine/root-fields.ts';
import { fieldsOf } from './subgraph-facts.ts';
import { isThing } from './world-view.ts';
import type {
  DirectiveNode,
  DocumentNode,
  ExecutionResult,
  FieldNode,
  FragmentDefinitionNode,
  GraphQLNamedType,
  GraphQLSchema,
  InlineFragmentNode,
  SelectionSetNode,
  ValueNode,
} from 'graphql';
import type { SubgraphCall } from '../hive-engine/subgraph-call.ts';
import type { Answer } from './comparison.ts';
import type { SubgraphFacts } from './subgraph-facts.ts';
import type { GatewayOperation } from './subject.ts';

/**
 * What takes a known fault of Hive's out of its way without changing the right answer. Where Hive's answer is right
 * with a repair and wrong without, it was that fault.
 */
export type Repair = 'distinct keys' | 'typenames' | 'conditions' | 'merged fields' | 'nulls';

export interface Repaired {
  readonly operation: GatewayOperation;
  restore(answer: Answer): Answer;
}

export function repairOperation(
  schema: GraphQLSchema,
  { document, operationName, variables }: GatewayOperation,
  repairs: ReadonlySet<Repair>,
): Repaired {
  let repaired = document;
  if (repairs.has('conditions')) {
    repaired = decideConditions(schema, { document, operationName, variables });
  }
  if (repairs.has('merged fields')) repaired = mergeFields(schema, repaired, operationName);
  if (repairs.has('distinct keys')) repaired = distinguishKeys(repaired);
  if (repairs.has('typenames')) repaired = askTypenames(schema, repaired);
  return { operation: { document: repaired, operationName, variables }, restore: restoreKeys };
}

const PREFIX = 'own__';
const FILLER = 'filler__';

/** Gives every response key a prefix that no field of a schema has. */
function distinguishKeys(document: DocumentNode): DocumentNode {
  return visit(document, {
    Field: (node): FieldNode => {
      const value = `${PREFIX}${node.alias?.value ?? node.name.value}`;
      return { ...node, alias: { kind: Kind.NAME, value } };
    },
  });
}

/** Asks for `__typename` wherever a type is abstract. */
function askTypenames(schema: GraphQLSchema, document: DocumentNode): DocumentNode {
  const types = new TypeInfo(schema);
  return visit(
    document,
    visitWithTypeInfo(types, {
      SelectionSet: (node) =>
        isAbstractType(types.getParentType())
          ? { ...node, selections: [...node.selections, typename(null)] }
          : undefined,
    }),
  );
}

function typename(alias: string | null): FieldNode {
  const name = { kind: Kind.NAME, value: '__typename' } as const;
  if (alias === null) return { kind: Kind.FIELD, name };
  return { kind: Kind.FIELD, name, alias: { kind: Kind.NAME, value: alias } };
}

/** Leaves out what `@skip` and `@include` leave out under these variables, and the directives. */
function decideConditions(schema: GraphQLSchema, operation: GatewayOperation): DocumentNode {
  const values = conditionValues(schema, operation);
  const holds = ({ name, arguments: given }: DirectiveNode): boolean => {
    const value = given?.[0]?.value;
    if (value === undefined) return true;
    const truth = value.kind === Kind.VARIABLE ? values[value.name.value] : valueFromBoolean(value);
    return truth === (name.value === 'include');
  };
  const decide = <Node extends { readonly directives?: readonly DirectiveNode[] }>(node: Node) => {
    const directives = node.directives ?? [];
    if (directives.length === 0) return undefined;
    return directives.every(holds) ? { ...node, directives: [] } : null;
  };
  const cut: DocumentNode = visit(operation.document, {
    Field: decide,
    InlineFragment: decide,
    FragmentSpread: decide,
  });
  return visit(cut, {
    SelectionSet: (node) =>
      node.selections.length === 0 ? { ...node, selections: [typename(FILLER)] } : undefined,
  });
}

/** Asks for every response key of a selection once, as far as that can be seen without knowing the objects. */
function mergeFields(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | null,
): DocumentNode {
  const operation = getOperationAST(document, operationName);
  const root = operation && schema.getRootType(operation.operation);
  if (!operation || !root) return document;
  const scope = { schema, fragments: fragmentsOf(document) };
  const selectionSet = mergeSelections(scope, root, [operation.selectionSet]);
  return { kind: Kind.DOCUMENT, definitions: [{ ...operation, selectionSet }] };
}

interface MergeScope {
  readonly schema: GraphQLSchema;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
}

function mergeSelections(
  scope: MergeScope,
  type: GraphQLNamedType,
  sets: readonly SelectionSetNode[],
): SelectionSetNode {
  const fields = new Map<string, FieldNode[]>();
  const fragments = new Map<string, SelectionSetNode[]>();
  const collect = (set: SelectionSetNode): void => {
    for (const node of set.selections) {
      if (node.kind === Kind.FIELD) {
        // A directive that was not decided keeps a field apart.
        const key = `${node.alias?.value ?? node.name.value} ${(node.directives ?? []).map(print).join()}`;
        fields.set(key, [...(fields.get(key) ?? []), node]);
        continue;
      }
      const fragment =
        node.kind === Kind.FRAGMENT_SPREAD ? scope.fragments.get(node.name.value) : node;
      const condition = fragment?.typeCondition?.name.value ?? type.name;
      if (fragment === undefined) continue;
      if (applies(scope.schema, condition, type)) collect(fragment.selectionSet);
      else fragments.set(condition, [...(fragments.get(condition) ?? []), fragment.selectionSet]);
    }
  };
  for (const set of sets) collect(set);
  const merged = [...fields.values()].map((nodes) => mergeNodes(scope, type, nodes));
  const inline = [...fragments].map(([condition, inner]): InlineFragmentNode => {
    const on = scope.schema.getType(condition) ?? type;
    return {
      kind: Kind.INLINE_FRAGMENT,
      typeCondition: { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: condition } },
      selectionSet: mergeSelections(scope, on, inner),
    };
  });
  return { kind: Kind.SELECTION_SET, selections: [...merged, ...inline] };
}

function mergeNodes(
  scope: MergeScope,
  type: GraphQLNamedType,
  nodes: readonly FieldNode[],
): FieldNode {
  const [first] = nodes;
  if (first === undefined) throw new Error('A field is expected.');
  const sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
  const fields = isUnionType(type) || !isCompositeType(type) ? {} : type.getFields();
  const field = fields[first.name.value];
  if (sets.length === 0 || field === undefined) return first;
  return { ...first, selectionSet: mergeSelections(scope, getNamedType(field.type), sets) };
}

function applies(schema: GraphQLSchema, condition: string, type: GraphQLNamedType): boolean {
  if (condition === type.name) return true;
  const abstract = schema.getType(condition);
  return (
    isAbstractType(abstract) &&
    (isObjectType(type) || isInterfaceType(type)) &&
    schema.isSubType(abstract, type)
  );
}

function valueFromBoolean(value: ValueNode): unknown {
  return value.kind === Kind.BOOLEAN ? value.value : null;
}

function conditionValues(
  schema: GraphQLSchema,
  { document, operationName, variables }: GatewayOperation,
): Readonly<Record<string, unknown>> {
  const values: Record<string, unknown> = { ...variables };
  for (const node of getOperationAST(document, operationName)?.variableDefinitions ?? []) {
    const name = node.variable.name.value;
    const type = typeFromAST(schema, node.type);
    if (name in values || node.defaultValue === undefined || !isInputType(type)) continue;
    values[name] = valueFromAST(node.defaultValue, type);
  }
  return values;
}

function restoreKeys({ data, errors }: Answer): Answer {
  const rename = (key: string): string => (key.startsWith(PREFIX) ? key.slice(PREFIX.length) : key);
  const restore = (value: unknown, distinct: boolean): unknown => {
    if (Array.isArray(value)) return value.map((item) => restore(item, distinct));
    if (!isThing(value)) return value;
    const kept = Object.entries(value).filter(
      ([key]) => key !== FILLER && key !== PREFIX + FILLER && !(distinct && key === '__typename'),
    );
    return Object.fromEntries(kept.map(([key, inner]) => [rename(key), restore(inner, distinct)]));
  };
  const distinct = isThing(data) && Object.keys(data).some((key) => key.startsWith(PREFIX));
  return {
    data: restore(data, distinct),
    errors: errors.map((error) => {
      const { path } = error;
      if (!path) return error;
      return { ...error, path: path.map((key) => (typeof key === 'string' ? rename(key) : key)) };
    }),
  };
}

/** Puts the nulls back that Hive leaves out of representations. */
export function restoreNulls(
  call: SubgraphCall,
  facts: ReadonlyMap<string, SubgraphFacts>,
): SubgraphCall {
  return async (subgraph, request): Promise<ExecutionResult> => {
    const types = facts.get(subgraph);
    const restore = (given: unknown): unknown => {
      if (Array.isArray(given)) return given.map(restore);
      if (!isThing(given)) return given;
      const requires = types?.get(String(given['__typename']))?.requires.values() ?? [];
      return [...requires].reduce(withNulls, given);
    };
    const variables = Object.fromEntries(
      Object.entries(request.variables).map(([name, value]) => [name, restore(value)]),
    );
    return call(subgraph, { ...request, variables });
  };
}

function withNulls(given: unknown, selection: SelectionSetNode): unknown {
  // Of an object with nothing but nulls Hive leaves a null in a list.
  if (Array.isArray(given)) return given.map((item) => withNulls(item ?? {}, selection));
  if (!isThing(given)) return given;
  const complete: Record<string, unknown> = { ...given };
  for (const { name, selectionSet } of fieldsOf(selection)) {
    const value = complete[name.value] ?? null;
    complete[name.value] = selectionSet === undefined ? value : withNulls(value, selectionSet);
  }
  return complete;
}
