import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { ChildProcess } from 'node:child_process';

/** Where a process runs: a server under test has a core of its own, everything else shares another. */
export type Core = 'server' | 'rest';

/** A process of the benchmark that offers something. */
export interface Running<Offer> extends AsyncDisposable {
  readonly pid: number;
  readonly offer: Offer;
  send(message: string): void;
  /** The first message after the offer for which this holds. Rejects when the process ends before. */
  message(is: (message: unknown) => boolean): Promise<unknown>;
}

const CORES: Readonly<Record<Core, string>> = { server: '0', rest: '1' };
const START_LIMIT_MS = 60_000;
/** Long enough to write a profile. */
const STOP_LIMIT_MS = 20_000;

/** Can processes be kept to a core? Without it load and server disturb each other, and only rough figures come out. */
export const pinned: boolean =
  availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0;

/** Starts a program of this folder and waits for what it announces. */
export async function start<Offer extends { readonly url: string }>(
  file: string,
  options: {
    readonly core: Core;
    readonly env?: Readonly<Record<string, string>>;
    /** It announces something by then. */
    readonly limitMs?: number;
    /** Such as `--cpu-prof`. */
    readonly nodeOptions?: readonly string[];
  },
): Promise<Running<Offer>> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const words = [process.execPath, ...(options.nodeOptions ?? []), path];
  const [command = '', ...rest] = pinned ? ['taskset', '-c', CORES[options.core], ...words] : words;
  const child = spawn(command, rest, {
    env: { PATH: process.env['PATH'], NODE_ENV: 'production', ...options.env },
    // Standard output takes a gateway's log, which costs it what it costs in production and is read by nobody.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const limit = setTimeout(() => child.kill('SIGKILL'), options.limitMs ?? START_LIMIT_MS);
  const offer = await new Promise<Offer>((resolve, reject) => {
    child.once('message', (message) => resolve(message as Offer));
    child.once('error', reject);
    child.once('exit', (code) =>
      reject(new Error(`${file} ended with ${code} before it was ready`)),
    );
  });
  clearTimeout(limit);
  return {
    pid: child.pid ?? 0,
    offer,
    send: (message) => void child.send(message),
    message: (is) => messageOf(child, is),
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const deadline = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
      await ended;
      clearTimeout(deadline);
    },
  };
}

function messageOf(child: ChildProcess, is: (message: unknown) => boolean): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const take = (message: unknown): void => {
      if (is(message)) settle(() => resolve(message));
    };
    const end = (): void => settle(() => reject(new Error('the process ended')));
    const settle = (how: () => void): void => {
      child.off('message', take).off('exit', end);
      how();
    };
    child.on('message', take).on('exit', end);
  });
}

/** The kernel counts in hundredths of a second on every Linux there is (USER_HZ). */
const TICK_MS = 10;

/** CPU time that a process has used so far, all its threads together. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is a name in parentheses that may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** The most memory that a process has held, in MB. */
export function peakMemoryMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
}
