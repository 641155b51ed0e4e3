import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PROCESS = fileURLToPath(new URL('./supergraph-trial-process.ts', import.meta.url));
/** A supergraph of 8 × 60 types loads in under a second; what takes longer than this would stall the gateway too. */
const TRIAL_TIMEOUT_MS = 30_000;
const TRIAL_HEAP_MB = 512;
const OUTPUT_MAX_CHARACTERS = 2_000;

/**
 * Loads a supergraph in a process of its own and rejects when that fails. The planner is native code that ends its whole
 * process when a supergraph surprises it (a Rust panic): that must be the process of the trial, never the gateway's. The
 * documents that clients ask are planned there too.
 */
export function trySupergraph(supergraphSdl: string, documents: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [`--max-old-space-size=${TRIAL_HEAP_MB}`, PROCESS], {
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: TRIAL_TIMEOUT_MS,
    killSignal: 'SIGKILL',
    env: {},
  });
  let output = '';
  const collect = (piece: Buffer): void => {
    output = `${output}${piece.toString('utf8')}`.slice(0, OUTPUT_MAX_CHARACTERS);
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  // A child that ended early closes its input; its exit says why.
  child.stdin.on('error', () => undefined);
  child.stdin.end(JSON.stringify({ supergraphSdl, documents }));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) return resolve();
      const how = code === 1 ? '' : ` (the trial ended with ${signal ?? code})`;
      reject(new Error(`It does not load${how}: ${output.trim()}`));
    });
  });
}
