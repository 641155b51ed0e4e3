import { readFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { systemClock } from '#kernel/clock.ts';
import { processEnvironment } from '#kernel/config.ts';
import { isRecord } from '#kernel/json.ts';
import { EXIT_CODES } from './exit-code.ts';

/** How long an interrupted command may take to end by itself. */
const INTERRUPTED_MS = 2_000;

// Reading the sources takes longer than most commands. The cache lies where nobody else can write: a token is at stake.
enableCompileCache(join(homedir(), '.cache', 'concord'));
const { runProgram } = await import('./run.ts');

const environment = processEnvironment();
const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    interruption.abort();
    process.exitCode = EXIT_CODES.INTERRUPTED;
    setTimeout(() => process.exit(EXIT_CODES.INTERRUPTED), INTERRUPTED_MS).unref();
  });
// Whoever reads our output may stop reading, as "head" does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? EXIT_CODES.OK : EXIT_CODES.BUG);
});

const exitCode = await runProgram(process.argv.slice(2), {
  environment,
  folder: callersFolder(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  clock: systemClock,
  nodeVersion: process.versions.node,
  version: ownVersion(),
  interrupted: interruption.signal,
});
process.exitCode = interruption.signal.aborted ? EXIT_CODES.INTERRUPTED : exitCode;

/** "npm run concord" starts scripts at the top of the checkout and tells where it was called. */
function callersFolder(): string {
  const asScript = environment['npm_lifecycle_event'] === 'concord';
  return (asScript ? environment['INIT_CWD'] : undefined) ?? process.cwd();
}

function ownVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const value: unknown = JSON.parse(text);
  return isRecord(value) && typeof value['version'] === 'string' ? value['version'] : '0.0.0';
}
