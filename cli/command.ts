import { usageFailure } from './failure.ts';
import type { Clock } from '#kernel/clock.ts';
import type { ConfiguredSubgraph, TargetName } from './configuration.ts';
import type { ExitCode } from './exit-code.ts';
import type { RegistryClient } from './registry-client.ts';
import type { Report } from './render/report.ts';
import type { Style } from './render/style.ts';
import type { Provenance } from './source-control.ts';

/** In which a command can answer. */
export const FORMATS = ['text', 'json', 'github', 'sarif', 'junit'] as const;
export type Format = (typeof FORMATS)[number];

/** One command: how it is called, what it says of itself, and what it does. */
export interface Command {
  /** Its words, such as `schema check`. */
  readonly path: string;
  readonly aliases?: readonly string[];
  /** A verb phrase. */
  readonly summary: string;
  readonly arguments?: readonly Argument[];
  readonly options?: readonly Option[];
  /** What to copy and paste, without the program's name. */
  readonly examples: readonly string[];
  /** Whether it finds things in files, so that it answers pipelines in their own formats. */
  readonly reports?: boolean;
  readonly run: (context: CommandContext, words: Words) => Promise<Outcome>;
}

/** A word of the command line; written `<name>` when it must be there, `[name]` when it may, and `<name...>` for several. */
export interface Argument {
  readonly name: string;
  readonly about: string;
}

export interface Option {
  /** Such as `--subgraph <name=file>`. */
  readonly flags: string;
  readonly about: string;
  /** May be given more than once. */
  readonly many?: boolean;
  readonly required?: boolean;
  readonly choices?: readonly string[];
}

/** What a command may use of the world. */
export interface CommandContext {
  /** Throws a `CommandFailure` when no registry is configured. */
  readonly registry: RegistryClient;
  /** The graph and target; throws a `CommandFailure` when none is configured. */
  target(): TargetName;
  readonly configured: {
    readonly file: string | null;
    readonly registry: string | null;
    readonly graph: TargetName | null;
    readonly hasToken: boolean;
    readonly subgraphs: readonly ConfiguredSubgraph[];
  };
  /** What the token says of itself where it says something; never the token. */
  readonly tokenClaims: Readonly<Record<string, unknown>> | null;
  readonly clock: Clock;
  readonly nodeVersion: string;
  /** The text of a file in the working folder, `-` for standard input; throws a `CommandFailure`. */
  readText(file: string): Promise<string>;
  /** The same piece by piece, for files that may be larger than memory. */
  readPieces(file: string): AsyncIterable<string>;
  provenance(): Promise<Provenance>;
  gitVersion(): Promise<string | null>;
  /** Tells a person how it goes; never part of the answer. */
  progress(text: string): void;
  /** The whole command tree, for what speaks of commands. */
  readonly commands: readonly Command[];
}

/** What a command answers. */
export type Outcome = Answer | RawText;

export interface Answer {
  /** For programs, as JSON. */
  readonly data: unknown;
  /** False when a check failed. */
  readonly ok: boolean;
  /** How the program ends, where `ok` does not say it all. */
  readonly exitCode?: ExitCode;
  /** For people. */
  readonly text: (style: Style) => string;
  readonly report?: Report;
}

/** Something that is itself what was asked for, such as SDL; written as it is, in the format `text`. */
export interface RawText {
  readonly data: unknown;
  readonly ok: boolean;
  readonly raw: string | AsyncIterable<Uint8Array>;
  /** It is lines of JSON already, and written as it is in the format `json` too. */
  readonly lines?: boolean;
}

export function answer(data: unknown, text: (style: Style) => string): Answer {
  return { data, ok: true, text };
}

/** The words of one call, read by name. */
export interface Words {
  argument(name: string): string;
  optionalArgument(name: string): string | null;
  /** The words of an argument that takes several. */
  arguments(name: string): readonly string[];
  text(option: string): string | null;
  /** Throws a `CommandFailure` when it was not given. */
  required(option: string): string;
  list(option: string): readonly string[];
  flag(option: string): boolean;
  /** A whole number, or the fallback. */
  count(option: string, range: CountRange): number;
}

export interface CountRange {
  readonly min: number;
  readonly max: number;
  readonly fallback: number;
}

/** What was given for each argument. */
export type CallValues = Readonly<Record<string, string | readonly string[] | undefined>>;

export function createWords(values: CallValues, options: Readonly<Record<string, unknown>>): Words {
  const text = (option: string): string | null => {
    const value = options[option];
    return typeof value === 'string' ? value : null;
  };
  const required = (value: string | null | undefined, what: string): string => {
    if (value === null || value === undefined) throw usageFailure(`${what} is missing.`);
    return value;
  };
  return {
    argument: (name) => required(single(values[name]), `<${name}>`),
    optionalArgument: (name) => single(values[name]),
    arguments: (name) => [values[name] ?? []].flat(),
    text,
    required: (option) => required(text(option), `--${option}`),
    list: (option) => {
      const value = options[option];
      return Array.isArray(value) ? (value as string[]) : [];
    },
    flag: (option) => options[option] === true,
    count: (option, range) => countOf(text(option), { option, ...range }),
  };
}

function single(value: CallValues[string]): string | null {
  return typeof value === 'string' ? value : null;
}

function countOf(
  value: string | null,
  { option, min, max, fallback }: CountRange & { readonly option: string },
): number {
  if (value === null) return fallback;
  return wholeNumber(value, { what: `--${option}`, min, max });
}

/** Reads a whole number of the command line. */
export function wholeNumber(
  value: string,
  { what, min, max }: { readonly what: string; readonly min: number; readonly max: number },
): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= min && number <= max) return number;
  throw usageFailure(`${what} takes a whole number from ${min} to ${max}, not "${value}".`);
}

/** The choice of a closed set that a word names; case and hyphens do not matter. */
export function choiceOf<Choice extends string>(
  value: string,
  choices: readonly Choice[],
  what: string,
): Choice {
  const wanted = value.toUpperCase().replaceAll('-', '_');
  const found = choices.find((choice) => choice === wanted);
  if (found !== undefined) return found;
  const list = choices.map((choice) => choice.toLowerCase().replaceAll('_', '-')).join(', ');
  throw usageFailure(`${what} is one of ${list}, not "${value}".`);
}
