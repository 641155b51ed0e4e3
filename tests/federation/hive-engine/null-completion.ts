import {
  Kind,
  getOperationAST,
  isAbstractType,
  isCompositeType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import { isRecord } from '#kernel/json.ts';
import { fragmentsOf } from './root-fields.ts';
import type {
  DocumentNode,
  FragmentDefinitionNode,
  GraphQLObjectType,
  GraphQLOutputType,
  GraphQLSchema,
  SelectionSetNode,
} from 'graphql';

type Data = Record<string, unknown>;
/** Marks a null that must go on to the nearest nullable parent. */
const INVALID = Symbol('null at a non-null position');

/**
 * Gives a partial answer the shape the schema promises: fields whose subgraph failed become null, and a null at a
 * non-null position removes its nearest nullable parent. Hive's executor leaves both undone. Runs only on answers with
 * errors. Objects of abstract types need `__typename` in the data; without it they are left as they are.
 */
export function completeNulls(
  schema: GraphQLSchema,
  request: { readonly document: DocumentNode; readonly operationName: string | null },
  data: Data,
): Data | null {
  const operation = getOperationAST(request.document, request.operationName);
  const root = operation && schema.getRootType(operation.operation);
  if (!operation || !root) return null;
  const scope = { schema, fragments: fragmentsOf(request.document) };
  const completed = completeObject(scope, root, [operation.selectionSet], data);
  return completed === INVALID ? null : completed;
}

interface Scope {
  readonly schema: GraphQLSchema;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
}

function completeObject(
  scope: Scope,
  type: GraphQLObjectType,
  sets: readonly SelectionSetNode[],
  data: Data,
): Data | typeof INVALID {
  const fields = type.getFields();
  for (const [key, selected] of collect(scope, type, sets)) {
    const field = fields[selected.name];
    if (field === undefined || (selected.conditional && !(key in data))) continue;
    const value = completeValue(scope, field.type, selected.sets, data[key] ?? null);
    if (value === INVALID) return INVALID;
    data[key] = value;
  }
  return data;
}

function completeValue(
  scope: Scope,
  type: GraphQLOutputType,
  sets: readonly SelectionSetNode[],
  value: unknown,
): unknown {
  if (isNonNullType(type)) {
    const inner = completeValue(scope, type.ofType, sets, value);
    return inner === null ? INVALID : inner;
  }
  if (value === null || value === undefined) return null;
  if (isListType(type)) {
    if (!Array.isArray(value)) return null;
    const items = value.map((item) => completeValue(scope, type.ofType, sets, item));
    return items.includes(INVALID) ? null : items;
  }
  if (!isCompositeType(type) || !isRecord(value)) return value;
  const named = isAbstractType(type) ? scope.schema.getType(String(value['__typename'])) : type;
  if (!isObjectType(named)) return value;
  const completed = completeObject(scope, named, sets, value);
  return completed === INVALID ? null : completed;
}

interface SelectedField {
  readonly name: string;
  readonly sets: SelectionSetNode[];
  /** Under `@skip` or `@include`: its absence may be wanted. */
  readonly conditional: boolean;
}

/** The fields that the selections ask of the type, by response key, with fragments that apply to it spread. */
function collect(
  scope: Scope,
  type: GraphQLObjectType,
  sets: readonly SelectionSetNode[],
): Map<string, SelectedField> {
  const found = new Map<string, SelectedField>();
  const visited = new Set<string>();
  const visit = (set: SelectionSetNode, outerConditional: boolean): void => {
    for (const node of set.selections) {
      const conditional = outerConditional || (node.directives?.length ?? 0) > 0;
      if (node.kind === Kind.FIELD) {
        const key = node.alias?.value ?? node.name.value;
        const known = found.get(key) ?? { name: node.name.value, sets: [], conditional };
        if (node.selectionSet) known.sets.push(node.selectionSet);
        found.set(key, known);
        continue;
      }
      const isSpread = node.kind === Kind.FRAGMENT_SPREAD;
      if (isSpread && visited.has(node.name.value)) continue;
      if (isSpread) visited.add(node.name.value);
      const fragment = isSpread ? scope.fragments.get(node.name.value) : node;
      if (fragment && applies(scope, fragment.typeCondition?.name.value, type)) {
        visit(fragment.selectionSet, conditional);
      }
    }
  };
  for (const set of sets) visit(set, false);
  return found;
}

function applies(scope: Scope, condition: string | undefined, type: GraphQLObjectType): boolean {
  if (condition === undefined || condition === type.name) return true;
  const abstract = scope.schema.getType(condition);
  return isAbstractType(abstract) && scope.schema.isSubType(abstract, type);
}
