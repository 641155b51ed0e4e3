import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRegistryWorld } from '../support/registry-world.ts';
import type { RegistryAction } from '#kernel/identity.ts';

const PROGRAM = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

/** What a run of the program left behind. */
export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Sent as soon as the program has written something to standard error. */
  readonly interrupt?: NodeJS.Signals;
}

/** The real registry, and the command line as people start it. */
export interface CliWorld extends AsyncDisposable {
  readonly url: string;
  readonly folder: string;
  /** An access token of somebody with these roles. */
  person(sub: string, ...roles: readonly string[]): Promise<string>;
  /** A graph of its own, whose target `production` the program is pointed at, with a token for it. */
  graph(slug: string): Promise<CliGraph>;
  /** The same, with the shop published, not by the program. */
  shop(slug: string): Promise<CliGraph>;
  file(name: string, text: string): Promise<string>;
  read(name: string): Promise<string>;
  run(words: readonly string[], options?: RunOptions): Promise<Run>;
}

export interface CliGraph {
  /** What the program is told by its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** A token of the registry's own for these actions in the target. */
  token(...actions: readonly RegistryAction[]): Promise<string>;
  /** Runs as an architect. */
  run(words: readonly string[], options?: RunOptions): Promise<Run>;
}

export async function createCliWorld(): Promise<CliWorld> {
  const [world, folder] = await Promise.all([
    createRegistryWorld(),
    mkdtemp(join(tmpdir(), 'concord-cli-')),
  ]);
  const { registry, person } = world;
  const run = (words: readonly string[], options: RunOptions = {}): Promise<Run> =>
    runProgram(words, { folder, ...options });
  const graph = async (slug: string): Promise<CliGraph> => {
    const target = await registry.ensureTarget({ graph: slug, target: 'production' });
    const env = {
      CONCORD_REGISTRY: registry.url,
      CONCORD_GRAPH: `${slug}@production`,
      CONCORD_TOKEN: await person('architect', 'architect'),
    };
    return {
      env,
      token: (...actions) => registry.issueToken(target, 'pipeline', actions),
      run: (words, options = {}) => run(words, { ...options, env: { ...env, ...options.env } }),
    };
  };
  return {
    url: registry.url,
    folder,
    person,
    run,
    graph,
    shop: async (slug) => {
      const target = await registry.ensureTarget({ graph: slug, target: 'production' });
      const { refusals } = await registry.publishAll(target, [
        { subgraph: 'orders', url: 'http://orders:4001/graphql', sdl: ORDERS },
        { subgraph: 'invoices', url: 'http://invoices:4001/graphql', sdl: INVOICES },
      ]);
      if (refusals.length > 0) throw new Error(refusals.join('\n'));
      return graph(slug);
    },
    file: async (name, text) => {
      await writeFile(join(folder, name), text);
      return name;
    },
    read: (name) => readFile(join(folder, name), 'utf8'),
    [Symbol.asyncDispose]: async () => {
      await world[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** No command takes a tenth of it; a hanging one must not hold the tests. */
const RUN_LIMIT_MS = 60_000;

/** Runs the program as a child process with nothing in its environment but what is given. */
export async function runProgram(
  words: readonly string[],
  { folder, env = {}, input = '', interrupt }: RunOptions & { readonly folder: string },
): Promise<Run> {
  const child = spawn(process.execPath, [PROGRAM, ...words], {
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', HOME: folder, ...env },
  });
  const heard = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8');
    child[name].on('data', (piece: string) => void (heard[name] += piece));
  }
  if (interrupt !== undefined) child.stderr.once('data', () => child.kill(interrupt));
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const limit = setTimeout(() => child.kill('SIGKILL'), RUN_LIMIT_MS);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(limit);
  return { code, ...heard };
}

/** A small shop of two subgraphs. */
export const ORDERS = `extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])

"What is asked for."
type Query {
  "An order, or null."
  order("Its id." id: ID!): Order
}

"What somebody bought."
type Order @key(fields: "id") {
  "Its id."
  id: ID!
  "What it costs."
  total: String
  "What was said."
  note: String
}
`;
export const INVOICES = `extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])

"What somebody bought."
type Order @key(fields: "id") {
  "Its id."
  id: ID!
  "What was billed."
  invoices("How many, 1 to 100." first: Int! = 10): [Invoice!]
}

"A bill."
type Invoice {
  "Its number."
  number: String
}
`;
