import type { TypeGraph } from './type-graph.ts';

/** An object of a subgraph's answer, and of the tree that answers are merged into. */
export type Data = Record<string, unknown>;

/**
 * Reads what the object has itself. Every object inherits a few names that fields may have too (`constructor`); for all
 * others plain access is as good, and faster.
 */
export function ownValue(data: Data, key: string): unknown {
  return Object.hasOwn(data, key) ? data[key] : undefined;
}

/** Is it one of the names that every object inherits? */
export function isInherited(key: string): boolean {
  return key in Object.prototype;
}

export function isData(value: unknown): value is Data {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Adds what a subgraph answered to an object of the tree. Objects and lists of the same length are merged within; a null
 * never takes the place of something that another subgraph knew, and the name of an interface never that of a type.
 * `__proto__` is the one key that would reach beyond the object: no field has that name, so it is left out.
 */
export function mergeInto(types: TypeGraph, target: Data, addition: Data): void {
  for (const key in addition) {
    if (key === '__proto__') continue;
    const value = addition[key];
    const present = target[key];
    if (present === undefined || present === null) target[key] = value;
    else if (value === null || present === value) continue;
    else if (typeof present === 'object' && typeof value === 'object')
      target[key] = merged(types, present, value);
    else if (key !== '__typename' || types.isObject(value)) target[key] = value;
  }
}

function merged(types: TypeGraph, present: object, value: unknown): unknown {
  if (Array.isArray(present) && Array.isArray(value)) {
    if (present.length !== value.length) return value;
    for (let index = 0; index < present.length; index += 1)
      present[index] = mergedItem(types, present[index], value[index]);
    return present;
  }
  if (isData(present) && isData(value)) {
    mergeInto(types, present, value);
    return present;
  }
  return value;
}

function mergedItem(types: TypeGraph, present: unknown, value: unknown): unknown {
  if (typeof present !== 'object' || present === null) return value ?? present;
  return typeof value === 'object' && value !== null ? merged(types, present, value) : present;
}
