import {
  Kind,
  getNamedType,
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
import type { CostWeights } from '../cost-weight.ts';
import type { Guard } from './authorization.ts';
import type { Conditions } from './condition.ts';
import type { Data } from './data.ts';
import type { KeyPlace, ResponseKeys } from './response-key.ts';

/**
 * Shapes what subgraphs answered as the client asked: its fields in its order under its keys, nothing that only the plan
 * needed, and a null that is not allowed takes its nearest nullable parent with it.
 */
export type Project = (value: unknown) => unknown;

/** What one projection is compiled for. */
export interface Projecting {
  readonly schema: GraphQLSchema;
  readonly weights: CostWeights;
  readonly keys: ResponseKeys;
  /** The values of the variables in conditions: another choice is another projection. */
  readonly conditions: Conditions;
  /** What the viewer must not see; null when everything that is asked may be seen. */
  readonly guard: Guard | null;
}

/** What the client gets of the merged tree. */
export interface Projection {
  readonly data: Data | null;
  /** Where something was left out because the viewer must not see it; lists on the way have no index. */
  readonly denied: readonly Denial[];
  /** What the contract says that the objects of the answer cost. */
  readonly cost: number;
}

export interface Denial {
  readonly path: readonly string[];
  readonly coordinate: string;
}

/** Collects during one projection, which never waits for anything; a place is told once, however many objects stand there. */
type Denials = Map<string, Denial>;

interface Compiling extends Projecting {
  readonly path: readonly string[];
  readonly deny: (denial: Denial) => void;
  readonly meter: Meter;
  /** What one object of the type that is compiled next costs. */
  readonly weight: number;
}

/** Counts during one projection. */
interface Meter {
  cost: number;
}

/** Expects the merged tree. */
export function compileProjection(
  operation: OperationDefinitionNode,
  projecting: Projecting,
): (tree: Data) => Projection {
  const root = projecting.schema.getRootType(operation.operation);
  if (!root) throw new Error(`The schema has no root for a ${operation.operation}.`);
  let denials: Denials = new Map();
  const deny = (denial: Denial): void => {
    denials.set(`${denial.path.join('.')} ${denial.coordinate}`, denial);
  };
  const meter: Meter = { cost: 0 };
  const compiling = { ...projecting, path: [], deny, meter, weight: 0 };
  const project = compileObject(root, [operation.selectionSet.selections], compiling);
  return (tree) => {
    if (denials.size > 0) denials = new Map();
    meter.cost = 0;
    const data = project(tree);
    const { cost } = meter;
    return { data, denied: denials.size === 0 ? NOTHING_DENIED : [...denials.values()], cost };
  };
}

const NOTHING_DENIED: readonly Denial[] = [];

type Selections = readonly (readonly SelectionNode[])[];

function compileType(
  type: GraphQLOutputType,
  selections: Selections,
  compiling: Compiling,
): Project {
  if (isNonNullType(type)) return compileType(type.ofType, selections, compiling);
  if (isListType(type)) {
    const item = compileType(type.ofType, selections, compiling);
    return listOf(item, isNonNullType(type.ofType));
  }
  if (isCompositeType(type)) return compileComposite(type, selections, compiling);
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
  compiling: Compiling,
): Project {
  if (isObjectType(type)) {
    // Compiled when the first one comes: a type can stand below itself at any depth that the client asks for.
    let only: ProjectObject | null = null;
    return (value) => {
      if (!isData(value)) return null;
      only ??= compileObject(type, selections, compiling);
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
      project = compileNamed(name, type, selections, compiling);
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
  compiling: Compiling,
): ProjectObject | null {
  const { schema, guard, path, deny } = compiling;
  const named = typeof name === 'string' ? schema.getType(name) : undefined;
  // Where only the interface's own fields are asked for the plan wants no name, and an `@interfaceObject` subgraph has none.
  if (isInterfaceType(declared) && (name === undefined || named === declared))
    return compileObject(declared, selections, compiling);
  if (!isObjectType(named) || !isAbstractType(declared) || !schema.isSubType(declared, named))
    return null;
  if (guard?.deniesType(named.name) === true) return denied({ path, coordinate: named.name }, deny);
  return compileObject(named, selections, compiling);
}

interface FieldProjection {
  readonly responseKey: string;
  readonly key: string;
  readonly read: KeyPlace['read'];
  readonly project: Project;
  readonly isRequired: boolean;
  /** What having the field costs, beside the objects below it. */
  readonly ownCost: number;
}

function compileObject(
  type: GraphQLObjectType | GraphQLInterfaceType,
  selections: Selections,
  compiling: Compiling,
): ProjectObject {
  const fields = [...collect(type, selections, compiling)].map(([responseKey, nodes]) =>
    compileField(type, responseKey, nodes, compiling),
  );
  const { meter } = compiling;
  const cost = fields.reduce((sum, field) => sum + field.ownCost, compiling.weight);
  return (data) => {
    meter.cost += cost;
    const result: Data = {};
    for (const { responseKey, key, read, project, isRequired } of fields) {
      const projected = project(read === null ? data[key] : read(data));
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
  compiling: Compiling,
): FieldProjection {
  const name = nodes[0]?.name.value ?? '';
  const place = compiling.keys.place(responseKey, name);
  if (name === '__typename') {
    const project: Project = isObjectType(type) ? () => type.name : () => null;
    return { responseKey, ...place, project, isRequired: true, ownCost: 0 };
  }
  // The introspection of the schema was answered and shaped elsewhere.
  if (name === '__schema' || name === '__type') {
    const project: Project = (value) => value ?? null;
    return { responseKey, ...place, project, isRequired: name === '__schema', ownCost: 0 };
  }
  const field = type.getFields()[name];
  if (field === undefined) throw new Error(`The type ${type.name} has no field ${name}.`);
  const path = [...compiling.path, responseKey];
  const { guard, deny } = compiling;
  const valueType = getNamedType(field.type).name;
  const isRequired = isNonNullType(field.type);
  if (guard?.deniesField(type.name, name) === true || guard?.deniesType(valueType) === true) {
    const project = denied({ path, coordinate: `${type.name}.${name}` }, deny);
    return { responseKey, ...place, project, isRequired, ownCost: 0 };
  }
  const selections = nodes.flatMap(({ selectionSet }) =>
    selectionSet ? [selectionSet.selections] : [],
  );
  const isObject = selections.length > 0;
  const weight = compiling.weights.value(type.name, name, { name: valueType, isObject });
  const given = nodes[0]?.arguments?.map((argument) => argument.name.value) ?? [];
  const ownCost = compiling.weights.given(type.name, name, given) + (isObject ? 0 : weight);
  const project = compileType(field.type, selections, { ...compiling, path, weight });
  return { responseKey, ...place, project, isRequired, ownCost };
}

/** Gives nothing, and says so. */
function denied(denial: Denial, deny: Compiling['deny']): () => null {
  return () => {
    deny(denial);
    return null;
  };
}

/** The fields that are asked of an object of the type, by response key, in the client's order. */
function collect(
  type: GraphQLObjectType | GraphQLInterfaceType,
  selections: Selections,
  { schema, conditions }: Compiling,
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
