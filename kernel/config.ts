import { inspect } from 'node:util';

/** A value that must never be printed; `reveal()` is the one way to it. */
export class Secret {
  readonly #value: string;
  constructor(value: string) {
    this.#value = value;
  }
  reveal(): string {
    return this.#value;
  }
  toString(): string {
    return '[secret]';
  }
  toJSON(): string {
    return '[secret]';
  }
  [inspect.custom](): string {
    return '[secret]';
  }
}

/** One setting: how to read it, and what a person is told when it is missing or wrong. */
export interface Setting<Value> {
  readonly parse: (text: string) => Value;
  /** What is expected, to complete "… is expected". */
  readonly expected: string;
  readonly fallback: { readonly value: Value } | null;
  readonly secret: boolean;
}

export type Settings = Readonly<Record<string, Setting<unknown>>>;
export type Config<S extends Settings> = {
  readonly [Key in keyof S]: S[Key] extends Setting<infer V> ? V : never;
};
export type Environment = Readonly<Record<string, string | undefined>>;

/** Thrown once, with every problem of the environment in it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(
      `The configuration has ${problems.length} problem(s):\n${problems.map((line) => `  - ${line}`).join('\n')}`,
    );
    this.problems = problems;
  }
}

/** Reads all settings, or throws one `ConfigError` that names every problem. A secret's value is never repeated. */
export function readConfig<S extends Settings>(environment: Environment, settings: S): Config<S> {
  const problems: string[] = [];
  const entries = Object.entries(settings).map(([name, setting]) => {
    const text = environment[name];
    if (text === undefined || text === '') {
      if (setting.fallback !== null) return [name, setting.fallback.value];
      problems.push(`${name} is missing: ${setting.expected} is expected.`);
      return [name, undefined];
    }
    try {
      return [name, setting.parse(text)];
    } catch {
      problems.push(
        `${name}${setting.secret ? '' : `="${text}"`} cannot be used: ${setting.expected} is expected.`,
      );
      return [name, undefined];
    }
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze(Object.fromEntries(entries)) as Config<S>;
}

/** This process's environment; the only reading of it outside the composition roots. */
export function processEnvironment(): Environment {
  return process.env;
}

export function text(expected: string, fallback?: string): Setting<string> {
  return setting({ parse: (value) => value, expected, fallback });
}

/** One of a few words. */
export function choice<Value extends string>(
  expected: string,
  values: readonly Value[],
  fallback: Value,
): Setting<Value> {
  return setting({
    parse: (value) => {
      const found = values.find((one) => one === value);
      if (found === undefined) throw new Error('none of them');
      return found;
    },
    expected: `${expected}: ${values.join(', ')}`,
    fallback,
  });
}

export function wholeNumber(
  expected: string,
  range: { min: number; max: number },
  fallback?: number,
): Setting<number> {
  return setting({
    parse: (value) => {
      const number = Number(value);
      if (!Number.isInteger(number) || number < range.min || number > range.max)
        throw new Error('out of range');
      return number;
    },
    expected: `${expected} from ${range.min} to ${range.max}`,
    fallback,
  });
}

export function port(expected: string, fallback?: number): Setting<number> {
  return wholeNumber(expected, { min: 0, max: 65_535 }, fallback);
}

export function flag(expected: string, fallback: boolean): Setting<boolean> {
  return setting({
    parse: (value) => {
      if (value !== 'true' && value !== 'false') throw new Error('not a flag');
      return value === 'true';
    },
    expected: `${expected}, "true" or "false",`,
    fallback,
  });
}

export function url(expected: string, fallback?: string): Setting<string> {
  return setting({ parse: (value) => new URL(value).href.replace(/\/$/, ''), expected, fallback });
}

/** A comma-separated list; empty entries are dropped. */
export function list(expected: string, fallback?: readonly string[]): Setting<readonly string[]> {
  return setting({
    parse: (value) =>
      value
        .split(',')
        .map((entry) => entry.trim())
        .filter((entry) => entry !== ''),
    expected,
    fallback,
  });
}

/** JSON read into a checked shape by `parse`, which throws when it does not fit. */
export function json<Value>(
  expected: string,
  parse: (value: unknown) => Value,
  fallback?: Value,
): Setting<Value> {
  return setting({ parse: (value) => parse(JSON.parse(value)), expected, fallback });
}

export function secret(expected: string, fallback?: Secret): Setting<Secret> {
  return {
    ...setting({ parse: (value: string) => new Secret(value), expected, fallback }),
    secret: true,
  };
}

/** A setting that may be absent. */
export function optional<Value>(inner: Setting<Value>): Setting<Value | null> {
  return { ...inner, fallback: inner.fallback ?? { value: null } };
}

function setting<Value>(parts: {
  parse: (text: string) => Value;
  expected: string;
  fallback: Value | undefined;
}): Setting<Value> {
  const fallback = parts.fallback === undefined ? null : { value: parts.fallback };
  return { parse: parts.parse, expected: parts.expected, fallback, secret: false };
}
