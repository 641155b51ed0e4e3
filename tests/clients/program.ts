import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';

/** Real programs, as their makers ship them; `npm ci` in the folder fetches them, and nothing else does. */
const MODULES = fileURLToPath(new URL('./programs/node_modules/', import.meta.url));

export interface Program {
  readonly command: string;
  readonly words: readonly string[];
}

export const HIVE: Program = nodeProgram('@graphql-hive/cli/bin/run');
export const HIVE_GATEWAY: Program = nodeProgram('@graphql-hive/gateway/dist/bin.js');
/** A gateway's way to follow a supergraph, in a process that says what it is given. */
export const SUPERGRAPH_MANAGER: Program = {
  command: process.execPath,
  words: [fileURLToPath(new URL('./programs/supergraph-manager.mjs', import.meta.url))],
};
export const ROVER: Program = { command: `${MODULES}@apollo/rover-linux-x64/rover`, words: [] };

function nodeProgram(file: string): Program {
  return { command: process.execPath, words: [`${MODULES}${file}`] };
}

/** What a program left behind. `text` is without colours, quotation marks and line breaks, which programs set as terminals are. */
export interface Outcome {
  readonly code: number | null;
  readonly text: string;
  /** As it came, for what is read by programs. */
  readonly stdout: string;
}

export interface RunOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** No call of a command line takes a tenth of it. */
const RUN_LIMIT_MS = 60_000;

/** Runs a program to its end. */
export async function run(
  program: Program,
  words: readonly string[],
  options: RunOptions,
): Promise<Outcome> {
  const child = launch(program, words, options);
  const pieces = { stdout: '', all: '' };
  child.stdout.on('data', (piece: Buffer) => {
    pieces.stdout += piece.toString();
    pieces.all += piece.toString();
  });
  child.stderr.on('data', (piece: Buffer) => void (pieces.all += piece.toString()));
  child.stdin.end(options.input ?? '');
  const limit = setTimeout(() => child.kill('SIGKILL'), RUN_LIMIT_MS);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(limit);
  return { code, text: plain(pieces.all), stdout: pieces.stdout };
}

/** A program that goes on until it is stopped. */
export interface RunningProgram extends AsyncDisposable {
  /** Everything it printed so far. */
  text(): string;
  isRunning(): boolean;
}

/** A server that was asked to stop has ended by then, or is ended. */
const STOP_LIMIT_MS = 5_000;

export function start(
  program: Program,
  words: readonly string[],
  options: RunOptions,
): RunningProgram {
  const child = launch(program, words, options);
  const ended = once(child, 'close');
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (piece: Buffer) => void (printed += piece.toString()));
  child.stdin.end();
  return {
    text: () => plain(printed),
    isRunning: () => child.exitCode === null && child.signalCode === null,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM');
      const limit = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
      await ended;
      clearTimeout(limit);
    },
  };
}

function launch(program: Program, words: readonly string[], { cwd, env }: RunOptions) {
  const { command } = program;
  const file = program.words[0] ?? command;
  if (!existsSync(file))
    throw new Error(`${file} is missing: run "npm ci" in tests/clients/programs, as .ci/run does.`);
  // npm leaves out the mark that makes the binary executable on some file systems.
  if (file === command) chmodSync(command, 0o755);
  return spawn(command, [...program.words, ...words], {
    cwd,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: cwd,
      NO_COLOR: '1',
      HIVE_NO_ERROR_TIP: '1',
      HIVE_DISABLE_AUTOUPDATE: '1',
      APOLLO_TELEMETRY_DISABLED: '1',
      ...env,
    },
  });
}

function plain(text: string): string {
  return stripVTControlCharacters(text)
    .replaceAll('"', '')
    .replace(/[\s›│]+/g, ' ')
    .trim();
}
