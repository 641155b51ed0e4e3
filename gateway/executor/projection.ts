import {
  Kind,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  isSpecifiedScalarType,
} from 'graphql';
import { isIncluded } from './condition.ts';
import { isData } from './data.ts';
import { mayBe } from './operation-form.ts';
import type {
  FieldNode,
  GraphQLCompositeType,
  GraphQLInterfaceType,
  GraphQLObjectType,
  GraphQLOutputType,
  GraphQLSchema,
  OperationDefinitionNode,
  SelectionNode,
} from 'graphql';
import type { Conditions } from './condition.ts';
import type { Data } from './data.ts';
import type { ResponseKeys } from './response-key.ts';

/**
 * Shapes what subgraphs answered as the client asked: its fields in its order under its keys, nothing that only the plan
 * needed, and a null that is not allowed takes its nearest nullable parent with it.
 */
export type Project = (value: unknown) => unknown;

/** What one projection is compiled for. */
export interface Projecting {
  readonly schema: GraphQLSchema;
  readonly keys: ResponseKeys;
  /** The values of the variables in conditions: another choice is another projection. */
  readonly conditions: Conditions;
}

/** Expects the merged tree, and answers `data`. */
export function compileProjection(
  operation: OperationDefinitionNode,
  projecting: Projecting,
): (tree: Data) => Data | null {
  const root = projecting.schema.getRootType(operation.operation);
  if (!root) throw new Error(`The schema has no root for a ${operation.operation}.`);
  const project = compileObject(root, [operation.selectionSet.selections], projecting);
  return (tree) => project(tree);
}

type Selections = readonly (readonly SelectionNode[])[];

function compileType(
  type: GraphQLOutputType,
  selections: Selections,
  projecting: Projecting,
): Project {
  if (isNonNullType(type)) return compileType(type.ofType, selections, projecting);
  if (isListType(type)) {
    const item = compileType(type.ofType, selections, projecting);
    return listOf(item, isNonNullType(type.ofType));
  }
  if (isCompositeType(type)) return compileComposite(type, selections, projecting);
  if (isEnumType(type)) {
    // A value that clients do not see is no value for them.
    const visible = new Set<unknown>(type.getValues().map(({ name }) => name));
    return (value) => (visible.has(value) ? value : null);
  }
  if (isSpecifiedScalarType(type))
    return (value) => (value === undefined || typeof value === 'object' ? null : value);
  return (value) => value ?? null;
}

function listOf(item: Project, isItemRequired: boolean): Project {
  return (value) => {
    if (!Array.isArray(value)) return null;
    const items: unknown[] = [];
    for (let index = 0; index < value.length; index += 1) {
      const projected = item(value[index]);
      if (projected === null && isItemRequired) return null;
      items.push(projected);
    }
    return items;
  };
}

type ProjectObject = (data: Data) => Data | null;

function compileComposite(
  type: GraphQLCompositeType,
  selections: Selections,
  projecting: Projecting,
): Project {
  if (isObjectType(type)) {
    let only: ProjectObject | null = null;
    return (value) => {
      if (!isData(value)) return null;
      only ??= compileObject(type, selections, projecting);
      return only(value);
    };
  }
  // Compiled for the types that really come, when they do.
  const byName = new Map<unknown, ProjectObject | null>();
  return (value) => {
    if (!isData(value)) return null;
    const name = value['__typename'];
    let project = byName.get(name);
    if (project === undefined) {
      project = compileNamed(name, type, selections, projecting);
      byName.set(name, project);
    }
    return project === null ? null : project(value);
  };
}

/** Null for a type that clients do not see, or that cannot stand here. */
function compileNamed(
  name: unknown,
  declared: GraphQLCompositeType,
  selections: Selections,
  projecting: Projecting,
): ProjectObject | null {
  const { schema } = projecting;
  const named = typeof name === 'string' ? schema.getType(name) : undefined;
  // Where only the interface's own fields are asked for the plan wants no name, and an `@interfaceObject` subgraph has none.
  if (isInterfaceType(declared) && (name === undefined || named === declared))
    return compileObject(declared, selections, projecting);
  if (!isObjectType(named) || !isAbstractType(declared) || !schema.isSubType(declared, named))
    return null;
  return compileObject(named, selections, projecting);
}

interface FieldProjection {
  readonly responseKey: string;
  readonly primary: string;
  readonly fallback: string | null;
  readonly project: Project;
  readonly isRequired: boolean;
}

function compileObject(
  type: GraphQLObjectType | GraphQLInterfaceType,
  selections: Selections,
  projecting: Projecting,
): ProjectObject {
  const fields = [...collect(type, selections, projecting)].map(([responseKey, nodes]) =>
    compileField(type, responseKey, nodes, projecting),
  );
  return (data) => {
    const result: Data = {};
    for (const { responseKey, primary, fallback, project, isRequired } of fields) {
      let value = data[primary];
      if (value === undefined && fallback !== null) value = data[fallback];
      const projected = project(value);
      if (projected === null && isRequired) return null;
      result[responseKey] = projected;
    }
    return result;
  };
}

function compileField(
  type: GraphQLObjectType | GraphQLInterfaceType,
  responseKey: string,
  nodes: readonly FieldNode[],
  projecting: Projecting,
): FieldProjection {
  const name = nodes[0]?.name.value ?? '';
  const place = projecting.keys.place(responseKey, name);
  if (name === '__typename') {
    const project: Project = isObjectType(type) ? () => type.name : () => null;
    return { responseKey, ...place, project, isRequired: true };
  }
  // The introspection of the schema was answered and shaped elsewhere.
  if (name === '__schema' || name === '__type') {
    const project: Project = (value) => value ?? null;
    return { responseKey, ...place, project, isRequired: name === '__schema' };
  }
  const field = type.getFields()[name];
  if (field === undefined) throw new Error(`The type ${type.name} has no field ${name}.`);
  const selections = nodes.flatMap(({ selectionSet }) =>
    selectionSet ? [selectionSet.selections] : [],
  );
  const project = compileType(field.type, selections, projecting);
  return { responseKey, ...place, project, isRequired: isNonNullType(field.type) };
}

/** The fields that are asked of an object of the type, by response key, in the client's order. */
function collect(
  type: GraphQLObjectType | GraphQLInterfaceType,
  selections: Selections,
  { schema, conditions }: Projecting,
): Map<string, FieldNode[]> {
  const found = new Map<string, FieldNode[]>();
  const visit = (set: readonly SelectionNode[]): void => {
    for (const node of set) {
      if (isIncluded(node.directives, conditions) === false) continue;
      if (node.kind === Kind.FIELD) {
        const key = node.alias?.value ?? node.name.value;
        const known = found.get(key);
        if (known === undefined) found.set(key, [node]);
        else known.push(node);
      } else if (node.kind === Kind.INLINE_FRAGMENT) {
        const condition = node.typeCondition?.name.value;
        if (condition === undefined || mayBe(schema, type.name, condition))
          visit(node.selectionSet.selections);
      }
    }
  };
  for (const set of selections) visit(set);
  return found;
}
