import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { Secret } from '#kernel/config.ts';
import { configurationFailure, usageFailure } from './failure.ts';
import type { Environment } from '#kernel/config.ts';

/** A graph's target, written `graph@target`. */
export interface TargetName {
  readonly graph: string;
  readonly target: string;
}

/** A subgraph of the repository, as the configuration file names it. */
export interface ConfiguredSubgraph {
  readonly name: string;
  /** As given, relative to the working folder where that is possible. */
  readonly file: string;
  readonly url: string | null;
}

/** What a command was told, wherever it was told; what is missing fails only the command that needs it. */
export interface Configuration {
  /** The file that was read, or null. */
  readonly file: string | null;
  readonly registry: string | null;
  readonly token: Secret | null;
  readonly graph: TargetName | null;
  readonly timeoutMs: number;
  readonly subgraphs: readonly ConfiguredSubgraph[];
}

/** What the command line says; it wins over the environment, and that over the file. */
export interface ConfigurationFlags {
  readonly config: string | null;
  readonly registry: string | null;
  readonly graph: string | null;
  readonly tokenFile: string | null;
  readonly timeout: string | null;
}

const FILE_NAME = 'concord.config.json';
const SCHEMA = new URL('./concord.config.schema.json', import.meta.url);
/** A check of a large graph takes seconds; whoever waits longer wants to know. */
const TIMEOUT_SECONDS = 60;
const TIMEOUT_SECONDS_MAX = 3_600;
const GRAPH = /^([a-z0-9][a-z0-9-]{0,39})@([a-z0-9][a-z0-9-]{0,39})$/;

/** Reads the configuration: flags, then `CONCORD_REGISTRY`, `CONCORD_GRAPH` and `CONCORD_TOKEN`, then the file. */
export function readConfiguration(
  flags: ConfigurationFlags,
  world: { readonly environment: Environment; readonly folder: string },
): Configuration {
  const { environment, folder } = world;
  const file = configurationFile(flags.config, folder);
  const read = file === null ? {} : readFile(file);
  const registry = flags.registry ?? valueOf(environment, 'CONCORD_REGISTRY') ?? read.registry;
  const graph = flags.graph ?? valueOf(environment, 'CONCORD_GRAPH') ?? read.graph;
  const token = tokenOf(flags.tokenFile, world);
  return {
    file,
    registry: registry === undefined ? null : readAddress(registry),
    token,
    graph: graph === undefined ? null : readTargetName(graph),
    timeoutMs: timeoutMs(flags.timeout, read.timeoutSeconds),
    subgraphs: Object.entries(read.subgraphs ?? {}).map(([name, subgraph]) => ({
      name,
      file: relative(folder, join(dirname(file ?? ''), subgraph.file)),
      url: subgraph.url ?? null,
    })),
  };
}

interface ConfigurationFile {
  readonly registry?: string;
  readonly graph?: string;
  readonly timeoutSeconds?: number;
  readonly subgraphs?: Readonly<Record<string, { readonly file: string; readonly url?: string }>>;
}

/** The file that is named, or the nearest one in the working folder and those above it. */
function configurationFile(named: string | null, folder: string): string | null {
  if (named !== null) {
    const file = resolve(folder, named);
    if (existsSync(file)) return file;
    throw configurationFailure(`There is no configuration file ${file}.`);
  }
  for (let place = resolve(folder); ; place = dirname(place)) {
    const file = join(place, FILE_NAME);
    if (existsSync(file)) return file;
    if (dirname(place) === place) return null;
  }
}

function readFile(file: string): ConfigurationFile {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw configurationFailure(`${file} cannot be read as JSON: ${reason}`);
  }
  const ajv = new Ajv2020({ allErrors: true });
  const isFile = ajv.compile<ConfigurationFile>(JSON.parse(readFileSync(SCHEMA, 'utf8')) as object);
  if (isFile(value)) return value;
  const problems = (isFile.errors ?? []).map(({ instancePath, message, params }) => {
    const extra: unknown = params['additionalProperty'];
    return `  ${instancePath || '/'}: ${message ?? 'is wrong'}${typeof extra === 'string' ? ` ("${extra}")` : ''}`;
  });
  throw configurationFailure(
    `${file} is not as its schema says; tokens belong into CONCORD_TOKEN.\n${problems.join('\n')}`,
  );
}

function tokenOf(
  tokenFile: string | null,
  { environment, folder }: { readonly environment: Environment; readonly folder: string },
): Secret | null {
  const token =
    tokenFile === null
      ? valueOf(environment, 'CONCORD_TOKEN')
      : readToken(resolve(folder, tokenFile));
  if (token === undefined) return null;
  // A header cannot hold anything else; the token itself is never repeated.
  if (!/^[\x21-\x7e]+$/.test(token))
    throw configurationFailure('The token has a character that no token has, such as a blank.');
  return new Secret(token);
}

function readToken(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    throw configurationFailure(`The token file ${file} cannot be read.`);
  }
}

function readAddress(text: string): string {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '')
    return url.href.replace(/\/+$/, '').replace(/\/graphql$/, '');
  throw configurationFailure(
    'The registry must be an http or https address without a password, such as https://registry.example.com.',
  );
}

/** Reads `graph@target`. */
export function readTargetName(text: string): TargetName {
  const [, graph, target] = GRAPH.exec(text) ?? [];
  if (graph !== undefined && target !== undefined) return { graph, target };
  throw configurationFailure(
    `A graph and its target are written like finance@production, not "${text}".`,
  );
}

function timeoutMs(flag: string | null, configured: number | undefined): number {
  if (flag === null) return (configured ?? TIMEOUT_SECONDS) * 1_000;
  const seconds = Number(flag);
  if (seconds > 0 && seconds <= TIMEOUT_SECONDS_MAX) return Math.ceil(seconds * 1_000);
  throw usageFailure(`--timeout takes seconds, at most ${TIMEOUT_SECONDS_MAX}, not "${flag}".`);
}

/** An empty variable is as good as none. */
function valueOf(environment: Environment, name: string): string | undefined {
  const value = environment[name];
  return value === undefined || value.trim() === '' ? undefined : value.trim();
}
