import {
  Kind,
  getNamedType,
  getNullableType,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  isScalarType,
  isSpecifiedScalarType,
} from 'graphql';
import { isIncluded } from './condition.ts';
import { isData } from './data.ts';
import { mayBe } from './planned-form.ts';
import type {
  FieldNode,
  GraphQLCompositeType,
  GraphQLInterfaceType,
  GraphQLLeafType,
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
type Project = (value: unknown, place: Place | null) => unknown;

/** A place in the answer, from the inside out; null while nobody asks where something is. */
interface Place {
  readonly above: Place | null;
  readonly key: string | number;
}

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
  /** What subgraphs answered against the schema. */
  readonly faults: readonly Fault[];
  /** What the contract says that the objects of the answer cost. */
  readonly cost: number;
}

export interface Denial {
  readonly path: readonly string[];
  readonly coordinate: string;
}

/** A value that became null because the schema does not allow it. */
export interface Fault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** What is noted during one projection, which never waits for anything. */
interface Notes {
  cost: number;
  /** A place is told once, however many objects stand there. */
  denied: Map<string, Denial>;
  hasFaults: boolean;
  faults: Fault[];
}

interface Compiling extends Projecting {
  readonly path: readonly string[];
  readonly notes: Notes;
  /** What one object of the type that is compiled next costs. */
  readonly weight: number;
  /** The field that is compiled. */
  readonly coordinate: string;
}

/** Nobody reads more of them, and each is a path and a text. */
const FAULTS_MAX = 100;
const NO_FAULTS: readonly Fault[] = [];
const NO_DENIALS: readonly Denial[] = [];

/** Expects the merged tree. */
export function compileProjection(
  operation: OperationDefinitionNode,
  projecting: Projecting,
): (tree: Data) => Projection {
  const root = projecting.schema.getRootType(operation.operation);
  if (!root) throw new Error(`The schema has no root for a ${operation.operation}.`);
  const notes: Notes = { cost: 0, denied: new Map(), hasFaults: false, faults: [] };
  const compiling = { ...projecting, path: [], notes, weight: 0, coordinate: '' };
  const project = compileObject(root, [operation.selectionSet.selections], compiling);
  return (tree) => {
    notes.cost = 0;
    notes.hasFaults = false;
    if (notes.denied.size > 0) notes.denied = new Map();
    const data = project(tree, null);
    const { cost, denied } = notes;
    const faults = notes.hasFaults ? faultsOf(() => project(tree, ROOT), notes) : NO_FAULTS;
    return { data, denied: denied.size === 0 ? NO_DENIALS : [...denied.values()], faults, cost };
  };
}

const ROOT: Place = { above: null, key: '' };

/** Projects once more to learn where: places are kept only then, since hardly any answer has a fault. */
function faultsOf(projectAgain: () => unknown, notes: Notes): readonly Fault[] {
  notes.faults = [];
  projectAgain();
  return notes.faults;
}

function fault({ notes }: Compiling, place: Place | null, message: string): null {
  notes.hasFaults = true;
  if (place !== null && notes.faults.length < FAULTS_MAX)
    notes.faults.push({ path: pathOf(place), message });
  return null;
}

function pathOf(place: Place): (string | number)[] {
  return place.above === null ? [] : [...pathOf(place.above), place.key];
}

type Selections = readonly (readonly SelectionNode[])[];

function compileType(
  type: GraphQLOutputType,
  selections: Selections,
  compiling: Compiling,
): Project {
  if (isNonNullType(type)) return compileType(type.ofType, selections, compiling);
  if (isListType(type)) return compileList(type.ofType, selections, compiling);
  if (isCompositeType(type)) return compileComposite(type, selections, compiling);
  const isShown = leafCheck(type);
  return (value, place) => {
    if (value === undefined || value === null) return null;
    return isShown(value) ? value : fault(compiling, place, `${type.name} has no such value.`);
  };
}

function leafCheck(type: GraphQLLeafType): (value: unknown) => boolean {
  if (isEnumType(type)) {
    // A value that clients do not see is no value for them.
    const visible = new Set<unknown>(type.getValues().map(({ name }) => name));
    return (value) => visible.has(value);
  }
  return isSpecifiedScalarType(type) ? (value) => typeof value !== 'object' : () => true;
}

function compileList(
  itemType: GraphQLOutputType,
  selections: Selections,
  compiling: Compiling,
): Project {
  const item = compileType(itemType, selections, compiling);
  const isRequired = isNonNullType(itemType);
  return (value, place) => {
    if (!Array.isArray(value)) return otherThan('list', value, compiling, place);
    const items: unknown[] = [];
    for (let index = 0; index < value.length; index += 1) {
      const known = compiling.notes.faults.length;
      const at = place && { above: place, key: index };
      const projected = item(value[index], at);
      if (projected === null && isRequired) return missing(compiling, at, known);
      items.push(projected);
    }
    return items;
  };
}

/** Null is nothing else than what was expected; whether it may be there is its field's to say. */
function otherThan(what: string, value: unknown, compiling: Compiling, place: Place | null): null {
  return value === undefined || value === null ? null : notOf(what, compiling, place);
}

function notOf(what: string, compiling: Compiling, place: Place | null): null {
  return fault(compiling, place, `A ${what} was expected for ${compiling.coordinate}.`);
}

/** A null where none is allowed; it is told where it came from, not at each parent that it takes with it. */
function missing(compiling: Compiling, place: Place | null, known: number): null {
  compiling.notes.hasFaults = true;
  if (compiling.notes.faults.length !== known) return null;
  return fault(compiling, place, `${compiling.coordinate} must not be null.`);
}

type ProjectObject = (data: Data, place: Place | null) => Data | null;

function compileComposite(
  type: GraphQLCompositeType,
  selections: Selections,
  compiling: Compiling,
): Project {
  if (isObjectType(type)) {
    // Compiled when the first one comes: a type can stand below itself at any depth that the client asks for.
    let only: ProjectObject | null = null;
    return (value, place) => {
      if (!isData(value)) return otherThan(type.name, value, compiling, place);
      only ??= compileObject(type, selections, compiling);
      return only(value, place);
    };
  }
  // Compiled for the types that really come, when they do.
  const byName = new Map<unknown, ProjectObject>();
  return (value, place) => {
    if (!isData(value)) return otherThan(type.name, value, compiling, place);
    const name = value['__typename'];
    let project = byName.get(name);
    if (project === undefined) {
      project = compileNamed(name, type, selections, compiling);
      byName.set(name, project);
    }
    return project(value, place);
  };
}

/** For a type that clients do not see, or that cannot stand here, there is nothing to show. */
function compileNamed(
  name: unknown,
  declared: GraphQLCompositeType,
  selections: Selections,
  compiling: Compiling,
): ProjectObject {
  const { schema, guard, path } = compiling;
  const named = typeof name === 'string' ? schema.getType(name) : undefined;
  // Where only the interface's own fields are asked for the plan wants no name, and an `@interfaceObject` subgraph has none.
  if (isInterfaceType(declared) && (name === undefined || named === declared))
    return compileObject(declared, selections, compiling);
  if (!isObjectType(named) || !isAbstractType(declared) || !schema.isSubType(declared, named))
    return (_data, place) => notOf(declared.name, compiling, place);
  if (guard?.deniesType(named.name) === true)
    return denied({ path, coordinate: named.name }, compiling);
  return compileObject(named, selections, compiling);
}

interface FieldProjection {
  readonly responseKey: string;
  readonly key: string;
  readonly read: KeyPlace['read'];
  readonly project: Project;
  /** A scalar, which is shown as it is unless it is an object. */
  readonly isScalar: boolean;
  readonly coordinate: string;
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
  const { notes } = compiling;
  const cost = fields.reduce((sum, field) => sum + field.ownCost, compiling.weight);
  return (data, place) => {
    notes.cost += cost;
    const result: Data = {};
    for (const field of fields) {
      const { responseKey, read } = field;
      const value = read === null ? data[field.key] : read(data);
      if (field.isScalar && typeof value !== 'object' && value !== undefined) {
        result[responseKey] = value;
        continue;
      }
      const known = notes.faults.length;
      const at = place && { above: place, key: responseKey };
      const projected = field.project(value, at);
      if (projected !== null || !field.isRequired) result[responseKey] = projected;
      else return missing({ ...compiling, coordinate: field.coordinate }, at, known);
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
  const coordinate = `${type.name}.${name}`;
  const common = {
    responseKey,
    coordinate,
    ownCost: 0,
    isScalar: false,
    ...compiling.keys.place(responseKey, name),
  };
  if (name === '__typename')
    return {
      ...common,
      project: isObjectType(type) ? () => type.name : () => null,
      isRequired: true,
    };
  // The introspection of the schema was answered and shaped elsewhere.
  if (name === '__schema' || name === '__type')
    return { ...common, project: (value) => value ?? null, isRequired: false };
  const field = type.getFields()[name];
  if (field === undefined) throw new Error(`The type ${type.name} has no field ${name}.`);
  const path = [...compiling.path, responseKey];
  const isRequired = isNonNullType(field.type);
  const { guard, weights } = compiling;
  const valueType = getNamedType(field.type).name;
  const isDenied =
    guard?.deniesType(type.name) === true ||
    guard?.deniesField(type.name, name) === true ||
    guard?.deniesType(valueType) === true;
  if (isDenied) return { ...common, project: denied({ path, coordinate }, compiling), isRequired };
  const selections = nodes.flatMap(({ selectionSet }) =>
    selectionSet ? [selectionSet.selections] : [],
  );
  const isObject = selections.length > 0;
  const weight = weights.value(type.name, name, { name: valueType, isObject });
  const given = nodes[0]?.arguments?.map((argument) => argument.name.value) ?? [];
  const ownCost = weights.given(type.name, name, given) + (isObject ? 0 : weight);
  const below = { ...compiling, path, weight, coordinate };
  const project = compileType(field.type, selections, below);
  const isScalar = isScalarType(getNullableType(field.type));
  return { ...common, project, isScalar, isRequired, ownCost };
}

/** Gives nothing, and says so. */
function denied(denial: Denial, { notes }: Compiling): () => null {
  const key = `${denial.path.join('.')} ${denial.coordinate}`;
  return () => {
    notes.denied.set(key, denial);
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
