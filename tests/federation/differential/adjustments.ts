import { isDeepStrictEqual } from 'node:util';
import { completeNulls } from '../hive-engine/null-completion.ts';
import { repairOperation } from './hive-repairs.ts';
import { isThing } from './world-view.ts';
import type { Answer } from './comparison.ts';
import type { Adjust } from './known-differences.ts';
import type { Trial } from './trial.ts';

/** A null without an error, where no null may be, goes up; and what was not answered at all is null. */
export const completeSilentNulls: Adjust = ({ expected, actual }, trial) => {
  if (!isFaulty(trial)) return { expected, actual };
  const { schema, operation } = trial;
  // Not `structuredClone`: under Jest its objects are of another realm, and equal to none of ours.
  const given = JSON.parse(JSON.stringify(actual.data ?? {}));
  const decided = repairOperation(schema, operation, new Set(['conditions'])).operation;
  const data = completeNulls(schema, decided, given);
  return {
    expected,
    actual: { data, errors: [...actual.errors, ...expected.errors.filter(isSilent)] },
  };
};

/** The error of a call that failed counts for all that was lost. */
export const spreadCallErrors: Adjust = ({ expected, actual }, trial) => ({
  expected,
  actual: {
    ...actual,
    errors: actual.errors.map((error) =>
      isFaulty(trial) && error.message.endsWith(' did not answer.')
        ? { ...error, path: [] }
        : error,
    ),
  },
});

/** The root's `__typename` is put back where nothing else came. */
export const nameFailedRoot: Adjust = ({ expected, actual }) => {
  if (!isThing(expected.data) || !isThing(actual.data)) return { expected, actual };
  const given = Object.entries(actual.data);
  if (given.some(([, value]) => value !== null)) return { expected, actual };
  const names = Object.entries(expected.data).filter(([, value]) => value === 'Query');
  return { expected, actual: { ...actual, data: Object.fromEntries([...names, ...given]) } };
};

/** Enum values and types that clients may not see are null without an error. */
export const forgiveInaccessible: Adjust = ({ expected, actual }) => ({
  expected: {
    ...expected,
    errors: expected.errors.filter(
      ({ message }) =>
        !/^Enum .* cannot represent|that does not exist inside the schema/.test(message),
    ),
  },
  actual,
});

/** Errors at keys that the answer does not have are left out. */
export const dropUnaskedErrors: Adjust = ({ expected, actual }) => ({
  expected,
  actual: {
    ...actual,
    errors: actual.errors.filter(({ path }) => !leadsNowhere(actual.data, path ?? [])),
  },
});

/** Errors below a list in which one goes on without an index are left out on both sides. */
export const dropErrorsWithoutIndex: Adjust = ({ expected, actual }) => {
  const lists = actual.errors.flatMap(({ path }) => listWithoutIndex(actual.data, path ?? []));
  const isBelow = ({ path }: Answer['errors'][number]): boolean =>
    lists.some((list) => list.every((key, index) => key === path?.[index]));
  return {
    expected: { ...expected, errors: expected.errors.filter((error) => !isBelow(error)) },
    actual: { ...actual, errors: actual.errors.filter((error) => !isBelow(error)) },
  };
};

/** Fields may be missing where the graph has an interface object. */
export const forgiveMissingMembers: Adjust = ({ expected, actual }, { federated }) =>
  federated.constructs.includes('@interfaceObject') && isPartOf(actual.data, expected.data)
    ? { expected: { ...expected, data: actual.data }, actual }
    : { expected, actual };

export function says(errors: Answer['errors'], pattern: RegExp): boolean {
  return errors.some(({ message }) => pattern.test(message));
}

function isFaulty({ federated }: Trial): boolean {
  return (federated.faults ?? []).length > 0;
}

function isSilent({ message }: Answer['errors'][number]): boolean {
  return message.startsWith('Cannot return null');
}

/** Equal but for fields that are missing. */
function isPartOf(part: unknown, whole: unknown): boolean {
  if (Array.isArray(part) && Array.isArray(whole)) {
    return (
      part.length === whole.length && part.every((item, index) => isPartOf(item, whole[index]))
    );
  }
  if (isThing(part) && isThing(whole))
    return Object.entries(part).every(([key, value]) => isPartOf(value, whole[key]));
  return isDeepStrictEqual(part, whole);
}

function leadsNowhere(data: unknown, path: readonly (string | number)[]): boolean {
  const key = path[0];
  if (key === undefined || !isThing(data)) {
    return Array.isArray(data) && typeof key === 'number' && leadsNowhere(data[key], path.slice(1));
  }
  return !(key in data) || leadsNowhere(data[key], path.slice(1));
}

/** The path to the list in which a path goes on without an index; none where it does not. */
function listWithoutIndex(
  data: unknown,
  path: readonly (string | number)[],
): (readonly (string | number)[])[] {
  let value = data;
  for (const [index, key] of path.entries()) {
    if (Array.isArray(value) && typeof key === 'string') return [path.slice(0, index)];
    if (typeof value !== 'object' || value === null) return [];
    value = Reflect.get(value, key);
  }
  return [];
}
