import type { FlattenNodePathSegment } from '@graphql-hive/router-query-planner';
import { isData } from './data.ts';
import type { Data } from './data.ts';
import type { KeyPlace, ResponseKeys } from './response-key.ts';
import type { TypeGraph } from './type-graph.ts';

export type ResponsePath = readonly (string | number)[];

/** The objects of the tree that an entity fetch completes. */
export interface TargetPath {
  collect(root: Data): readonly Data[];
  /** The same objects in the same order with their places in the client's answer; slow, for errors only. */
  locate(root: Data, found: (target: Data, path: ResponsePath) => void): void;
  /** Names of the fields on the way, for an error of the fetch as a whole. */
  readonly fieldNames: readonly string[];
}

/** The same path is compiled once, so that what one fetch found there is known to the next. */
export function targetPaths(
  options: Parameters<typeof compileTargetPath>[1],
): (segments: readonly FlattenNodePathSegment[]) => TargetPath {
  const known = new Map<string, TargetPath>();
  return (segments) => {
    const key = JSON.stringify(segments);
    const path = known.get(key) ?? compileTargetPath(segments, options);
    known.set(key, path);
    return path;
  };
}

function compileTargetPath(
  segments: readonly FlattenNodePathSegment[],
  { types, keys }: { readonly types: TypeGraph; readonly keys: ResponseKeys },
): TargetPath {
  const steps = segments.flatMap((segment) => stepOf(segment, keys));
  const walk = (value: unknown, at: number, found: Data[]): void => {
    if (typeof value !== 'object' || value === null) return;
    if (Array.isArray(value)) {
      for (let index = 0; index < value.length; index += 1) walk(value[index], at, found);
      return;
    }
    const data = value as Data;
    const step = steps[at];
    if (step === undefined) found.push(data);
    else if (step.conditions === null)
      walk(step.read === null ? data[step.name] : step.read(data), at + 1, found);
    else if (passes(types, data, step.conditions)) walk(data, at + 1, found);
  };
  const trace = (
    value: unknown,
    at: number,
    path: ResponsePath,
    found: (target: Data, path: ResponsePath) => void,
  ): void => {
    if (Array.isArray(value)) {
      value.forEach((item: unknown, index) => trace(item, at, [...path, index], found));
      return;
    }
    if (!isData(value)) return;
    const step = steps[at];
    if (step === undefined) found(value, path);
    else if (step.conditions === null)
      trace(keys.read(value, step.name), at + 1, [...path, keys.clientKey(step.name)], found);
    else if (passes(types, value, step.conditions)) trace(value, at + 1, path, found);
  };
  return {
    collect: (root) => {
      const found: Data[] = [];
      walk(root, 0, found);
      return found;
    },
    locate: (root, found) => trace(root, 0, [], found),
    fieldNames: steps.flatMap(({ name, conditions }) =>
      conditions === null ? [keys.clientKey(name)] : [],
    ),
  };
}

interface PathStep {
  readonly name: string;
  readonly read: KeyPlace['read'];
  /** The types that go on, for a step that is no field. */
  readonly conditions: readonly string[] | null;
}

/** Lists are crossed wherever they are met, so "@" says nothing. */
function stepOf(segment: FlattenNodePathSegment, keys: ResponseKeys): PathStep[] {
  if (segment === '@') return [];
  if ('Field' in segment) {
    return [{ name: segment.Field, read: keys.reader(segment.Field), conditions: null }];
  }
  return [{ name: '', read: null, conditions: segment.TypeCondition }];
}

/** An object without a name was not asked for one, because it can only be of one type. */
function passes(types: TypeGraph, value: Data, conditions: readonly string[]): boolean {
  const name = value['__typename'];
  return name === undefined || conditions.some((condition) => types.satisfies(name, condition));
}
