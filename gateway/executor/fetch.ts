import { GraphQLError, Kind, parse } from 'graphql';
import { isData, mergeInto } from './data.ts';
import { representationIndex } from './representation-index.ts';
import { compileRepresentation } from './representation.ts';
import { rewriteOutput } from './rewrite.ts';
import type {
  BatchFetchNode,
  FetchNode,
  FlattenNodePathSegment,
  InputRewrite,
  OutputRewrite,
  RequiresSelection,
} from '@graphql-hive/router-query-planner';
import type { ExecutionResult } from 'graphql';
import type { BusFields } from '../bus-field.ts';
import type { SubgraphAddress } from '../subgraph-directory.ts';
import type { UpstreamOperation } from '../upstream.ts';
import type { Data } from './data.ts';
import type { Representation } from './representation.ts';
import type { ResponseKeys } from './response-key.ts';
import type { ResponsePath, TargetPath } from './target-path.ts';
import type { TypeGraph } from './type-graph.ts';

/** One execution of a compiled plan. */
export interface Run {
  /** What the subgraphs have answered so far, merged. */
  data: Data;
  /** The objects at a path, as long as nothing is merged: parallel fetches look at the same ones. */
  readonly targets: Map<TargetPath, readonly Data[]>;
  readonly errors: GraphQLError[];
  /** Coerced. */
  readonly variables: Readonly<Record<string, unknown>>;
  call(operation: UpstreamOperation): Promise<ExecutionResult>;
  /** The event of a subscription, in place of its upstream operation's answer. */
  readonly event: ExecutionResult | null;
}

/** A step of a plan; what is done at once returns nothing. */
export type Step = (run: Run) => Promise<void> | void;

/** What fetches of one plan are compiled against. */
export interface Compilation {
  readonly types: TypeGraph;
  readonly keys: ResponseKeys;
  readonly targetPath: (segments: readonly FlattenNodePathSegment[]) => TargetPath;
  readonly addressOf: (serviceName: string) => SubgraphAddress;
  readonly busFields: BusFields;
}

/** Prepares an upstream operation once; its variables are JSON text. */
export type PrepareOperation = (variables: string) => UpstreamOperation;

function prepare(node: FetchNode | BatchFetchNode, { addressOf }: Compilation): PrepareOperation {
  const common = {
    subgraph: addressOf(node.serviceName),
    kind: node.operationKind ?? ('query' as const),
    query: node.operation,
    operationName: node.operationName ?? null,
  };
  return (variables) => ({ ...common, variables });
}

/** `{"first":10}`, with further members; variables that were not given are left out, so that defaults of the subgraph hold. */
function variablesText(run: Run, usages: readonly string[], members: string): string {
  let text = members;
  for (const name of usages) {
    const value = run.variables[name];
    if (value === undefined) continue;
    text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${JSON.stringify(value)}`;
  }
  return `{${text}}`;
}

/** The operation that a fetch at the root would send; for a subscription, what its source is opened with. */
export function compileRootOperation(
  node: FetchNode,
  compilation: Compilation,
): (run: Run) => UpstreamOperation {
  const operation = prepare(node, compilation);
  const usages = node.variableUsages ?? [];
  return (run) => operation(variablesText(run, usages, ''));
}

/** A fetch of root fields; with `feeds`, of a subscription's event. */
export function compileRootFetch(node: FetchNode, compilation: Compilation, feeds = false): Step {
  const operationOf = compileRootOperation(node, compilation);
  const rewrites = node.outputRewrites ?? [];
  const { keys, types } = compilation;
  const rootKeys = rootKeysOf(node.operation);
  const absorb = (run: Run, { data, errors }: ExecutionResult): void => {
    for (const error of errors ?? []) {
      // What is said of the whole call is said of each field that was asked.
      const paths = error.path === undefined ? rootKeys.map((key) => [key]) : [error.path];
      for (const path of paths) run.errors.push(placed(error, clientPath(path, keys)));
    }
    if (!isData(data)) return;
    rewriteOutput(data, rewrites, compilation);
    run.targets.clear();
    if (Object.keys(run.data).length === 0) run.data = data;
    else mergeInto(types, run.data, data);
  };
  if (feeds) return (run) => absorb(run, run.event ?? { data: null });
  return async (run) => absorb(run, await run.call(operationOf(run)));
}

/** Where entities of one input stand, and how they are told to the subgraph. */
interface EntityInput {
  readonly paths: readonly TargetPath[];
  readonly representation: Representation;
  readonly rewrites: readonly OutputRewrite[];
}

function compileInput(
  of: {
    readonly paths: readonly (readonly FlattenNodePathSegment[])[];
    readonly requires: readonly RequiresSelection[] | undefined;
    readonly inputRewrites: readonly InputRewrite[] | undefined;
    readonly outputRewrites: readonly OutputRewrite[] | undefined;
  },
  service: string,
  compilation: Compilation,
): EntityInput {
  return {
    paths: of.paths.map(compilation.targetPath),
    representation: compileRepresentation(of.requires ?? [], of.inputRewrites ?? [], {
      types: compilation.types,
      service,
    }),
    rewrites: (of.outputRewrites ?? []).map(withinEntity),
  };
}

/** Paths of rewrites begin at the answer's root; entities are rewritten one by one. */
function withinEntity(rewrite: OutputRewrite): OutputRewrite {
  if (!('KeyRenamer' in rewrite)) return rewrite;
  const { path, renameKeyTo } = rewrite.KeyRenamer;
  const [first, ...rest] = path;
  const startsAtRoot = first !== undefined && 'Key' in first && first.Key === '_entities';
  return startsAtRoot ? { KeyRenamer: { path: rest, renameKeyTo } } : rewrite;
}

/** Entities of the tree by the representation that stands for them; equal ones are sent once. */
interface Gathered {
  readonly representations: string[];
  readonly targets: Data[];
  /** Per target, which representation is its own. */
  readonly indexes: number[];
}

/** Adds to the representations that are given, which other inputs may share. */
function gather(
  run: Run,
  { paths, representation }: EntityInput,
  representations: string[] = [],
): Gathered {
  const indexOf = representationIndex(representation, representations);
  const targets: Data[] = [];
  const indexes: number[] = [];
  for (const path of paths) {
    for (const entity of targetsAt(run, path)) {
      const index = indexOf(entity);
      if (index === null) continue;
      targets.push(entity);
      indexes.push(index);
    }
  }
  return { representations, targets, indexes };
}

function targetsAt({ data, targets }: Run, path: TargetPath): readonly Data[] {
  const found = targets.get(path) ?? path.collect(data);
  targets.set(path, found);
  return found;
}

function spread(
  run: Run,
  { targets, indexes }: Gathered,
  entities: readonly unknown[],
  { rewrites }: EntityInput,
  compilation: Compilation,
): void {
  if (rewrites.length > 0) rewriteOutput(entities, rewrites, compilation);
  run.targets.clear();
  for (let at = 0; at < targets.length; at += 1) {
    const entity = entities[indexes[at] ?? -1];
    const target = targets[at];
    if (target !== undefined && isData(entity)) mergeInto(compilation.types, target, entity);
  }
}

/** Completes the entities at a path. */
export function compileEntityFetch(
  node: FetchNode,
  path: readonly FlattenNodePathSegment[],
  compilation: Compilation,
): Step {
  const { keys } = compilation;
  const operation = prepare(node, compilation);
  const usages = node.variableUsages ?? [];
  const input = compileInput(
    {
      ...node,
      paths: [path],
      requires: node.requires,
      inputRewrites: node.inputRewrites,
      outputRewrites: node.outputRewrites,
    },
    node.serviceName,
    compilation,
  );
  return (run) => {
    const gathered = gather(run, input);
    if (gathered.targets.length === 0) return undefined;
    const members = `"representations":[${gathered.representations.join(',')}]`;
    return run.call(operation(variablesText(run, usages, members))).then(({ data, errors }) => {
      if (errors !== undefined) {
        const locate = locator(run, input, gathered, keys);
        for (const error of errors) run.errors.push(...locate(error, '_entities'));
      }
      const entities = isData(data) ? data['_entities'] : null;
      if (Array.isArray(entities)) spread(run, gathered, entities, input, compilation);
    });
  };
}

/** Completes entities at several places with one call, each place under an alias of its own. */
export function compileBatchFetch(node: BatchFetchNode, compilation: Compilation): Step {
  const operation = prepare(node, compilation);
  const usages = node.variableUsages ?? [];
  const parts = node.entityBatch.aliases.map((alias) => ({
    alias: alias.alias,
    variable: alias.representationsVariableName,
    input: compileInput(
      { ...alias, inputRewrites: alias.inputRewrites, outputRewrites: alias.outputRewrites },
      node.serviceName,
      compilation,
    ),
  }));
  return (run) => {
    const variables = new Map<string, string[]>();
    const gathered = parts.map(({ input, variable }) => {
      // Aliases may share a variable; their representations stand in it one after the other.
      const shared = variables.get(variable) ?? [];
      variables.set(variable, shared);
      return gather(run, input, shared);
    });
    if (gathered.every(({ targets }) => targets.length === 0)) return undefined;
    const members = [...variables]
      .map(([variable, texts]) => `${JSON.stringify(variable)}:[${texts.join(',')}]`)
      .join(',');
    return run.call(operation(variablesText(run, usages, members))).then(({ data, errors }) => {
      for (const error of errors ?? []) {
        const named = parts.findIndex(({ alias }) => alias === error.path?.[0]);
        for (const [at, { alias, input }] of parts.entries()) {
          const own = gathered[at];
          const concerns = named === -1 ? own?.targets.length !== 0 : named === at;
          if (own === undefined || !concerns) continue;
          run.errors.push(...locator(run, input, own, compilation.keys)(error, alias));
        }
      }
      if (!isData(data)) return;
      for (const [at, part] of parts.entries()) {
        const entities = data[part.alias];
        const own = gathered[at];
        if (own !== undefined && Array.isArray(entities))
          spread(run, own, entities, part.input, compilation);
      }
    });
  };
}

type Locate = (error: GraphQLError, entitiesKey: string) => GraphQLError[];

/** Turns a subgraph's path into the client's: one error for each place at which the entity stands. */
function locator(
  run: Run,
  { paths }: EntityInput,
  { targets, indexes }: Gathered,
  keys: ResponseKeys,
): Locate {
  const places = new Map<number, ResponsePath[]>();
  const indexByTarget = new Map<Data, number>();
  targets.forEach((target, at) => indexByTarget.set(target, indexes[at] ?? -1));
  for (const path of paths) {
    path.locate(run.data, (target, place) => {
      const index = indexByTarget.get(target);
      if (index === undefined) return;
      places.set(index, [...(places.get(index) ?? []), place]);
    });
  }
  return (error, entitiesKey) => {
    const [key, index, ...rest] = error.path ?? [];
    const found = key === entitiesKey && typeof index === 'number' ? places.get(index) : undefined;
    if (found !== undefined)
      return found.map((place) => placed(error, [...place, ...clientPath(rest, keys)]));
    return paths.map(({ fieldNames }) => placed(error, fieldNames));
  };
}

function clientPath(path: ResponsePath, keys: ResponseKeys): ResponsePath {
  return path.map((step) => (typeof step === 'string' ? keys.clientKey(step) : step));
}

function placed({ message, extensions }: GraphQLError, path: ResponsePath): GraphQLError {
  return new GraphQLError(message, { path: path.length === 0 ? null : path, extensions });
}

/** Keys of the fields that an operation asks for at its root. */
function rootKeysOf(operation: string): string[] {
  const [first] = parse(operation, { noLocation: true }).definitions;
  if (first?.kind !== Kind.OPERATION_DEFINITION) return [];
  return first.selectionSet.selections.flatMap((node) =>
    node.kind === Kind.FIELD ? [node.alias?.value ?? node.name.value] : [],
  );
}
