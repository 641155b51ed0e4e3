import { isDeepStrictEqual } from 'node:util';
import type { ExecutionResult } from 'graphql';

/** A result as it goes over the wire. */
export interface Answer {
  readonly data: unknown;
  readonly errors: readonly {
    readonly message: string;
    readonly path?: readonly (string | number)[];
    readonly extensions?: Readonly<Record<string, unknown>>;
  }[];
}

/** `order` is that of the keys of objects; it is compared only where the data is equal. */
export type Aspect = 'data' | 'order' | 'errors';

export function answerOf(result: ExecutionResult): Answer {
  const { data = null, errors = [] } = JSON.parse(JSON.stringify(result));
  return { data, errors };
}

export function differences(expected: Answer, actual: Answer): Aspect[] {
  const found: Aspect[] = [];
  if (!isDeepStrictEqual(expected.data, actual.data)) found.push('data');
  else if (JSON.stringify(expected.data) !== JSON.stringify(actual.data)) found.push('order');
  if (!isDeepStrictEqual(errorPaths(expected), errorPaths(actual))) found.push('errors');
  return found;
}

/**
 * The paths of the errors, sorted, each once. Where a null went up to a parent, an error below it counts as the
 * parent's: the specification asks for one error there and leaves open which.
 */
export function errorPaths({ data, errors }: Answer): string[] {
  const paths = errors.map(({ path }) =>
    path === undefined || path === null ? 'no path' : `/${shownPart(data, path).join('/')}`,
  );
  return [...new Set(paths)].sort();
}

function shownPart(data: unknown, path: readonly (string | number)[]): (string | number)[] {
  const shown: (string | number)[] = [];
  let value = data;
  for (const key of path) {
    if (value === null || typeof value !== 'object') return shown;
    value = Reflect.get(value, key);
    shown.push(key);
  }
  return shown;
}
