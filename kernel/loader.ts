import DataLoader from 'dataloader';
import { canonicalJson } from './json.ts';

/** Keys asked for in one statement: far above a page, below what makes a statement slow. */
const LOADER_BATCH_MAX = 1000;

/** Loads one thing by its key. Made per request; a missing thing is null. */
export interface Loader<Key, Value> {
  load(key: Key): Promise<Value | null>;
}

/**
 * Collects the keys asked for in one tick and fetches them with one call of `fetchByKeys`, which may answer
 * in any order and leave out what does not exist or may not be seen.
 */
export function createLoader<Value>(
  fetchByKeys: (keys: readonly string[]) => Promise<readonly Value[]>,
  keyOf: (value: Value) => string,
): Loader<string, Value> {
  return new DataLoader<string, Value | null>(
    async (keys) => {
      const rows = await fetchByKeys(keys);
      const byKey = new Map(rows.map((row) => [keyOf(row), row]));
      return keys.map((key) => byKey.get(key) ?? null);
    },
    { maxBatchSize: LOADER_BATCH_MAX },
  );
}

/** Loads the list that belongs to a key, such as the lines of an order; no rows is an empty list. */
export interface ListLoader<Value> {
  load(key: string): Promise<readonly Value[]>;
}

/** As `createLoader`, for many rows per key; rows keep the order of the statement. */
export function createListLoader<Value>(
  fetchByKeys: (keys: readonly string[]) => Promise<readonly Value[]>,
  keyOf: (value: Value) => string,
): ListLoader<Value> {
  return new DataLoader<string, readonly Value[]>(
    async (keys) => {
      const grouped = Map.groupBy(await fetchByKeys(keys), keyOf);
      return keys.map((key) => grouped.get(key) ?? []);
    },
    { maxBatchSize: LOADER_BATCH_MAX },
  );
}

/** Loads per key with further arguments; keys that share the arguments share one statement. */
export interface ArgumentLoader<Arguments, Value> {
  load(key: string, args: Arguments): Promise<Value>;
}

export function createArgumentLoader<Arguments, Value>(
  fetchByKeys: (keys: readonly string[], args: Arguments) => Promise<ReadonlyMap<string, Value>>,
  empty: (args: Arguments) => Value,
): ArgumentLoader<Arguments, Value> {
  const byArguments = new Map<string, DataLoader<string, Value>>();
  return {
    load: (key, args) => {
      const name = canonicalJson(args);
      const existing = byArguments.get(name);
      if (existing !== undefined) return existing.load(key);
      const loader = new DataLoader<string, Value>(
        async (keys) => {
          const found = await fetchByKeys(keys, args);
          return keys.map((wanted) => found.get(wanted) ?? empty(args));
        },
        { maxBatchSize: LOADER_BATCH_MAX },
      );
      byArguments.set(name, loader);
      return loader.load(key);
    },
  };
}
