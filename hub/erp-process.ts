import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { monotonicMs } from '#kernel/clock.ts';
import { pause, withTimeout } from '#kernel/shutdown.ts';
import type { ChildProcess } from 'node:child_process';
import type { Secret } from '#kernel/config.ts';
import type { Log } from '#kernel/log.ts';

const MAIN = fileURLToPath(new URL('./erp-simulator/main.ts', import.meta.url));
const READY_TRIES = 200;
const READY_PAUSE_MS = 50;
/** The first wait before a simulator that ended is started again; it doubles while they end soon. */
const RESTART_MS = 250;
const RESTART_MAX_MS = 10_000;
/** One that ran this long had no trouble with starting. */
const STEADY_MS = 30_000;
/** The simulator gives itself 3 s to stop; one that does not is not waited for. */
const STOP_TIMEOUT_MS = 4_000;
/** What is kept of its last words, to say why it ended. */
const COMPLAINT_LENGTH_MAX = 2_000;

export interface ErpProcess {
  readonly url: string;
  close(): Promise<void>;
}

export interface ErpProcessOptions {
  readonly host: string;
  readonly port: number;
  readonly stateFile: string;
  readonly apiKey: Secret;
  readonly webhookUrl: string;
  readonly webhookSecret: Secret;
  /** Further environment, such as the delays of confirmation and payment. */
  readonly behaviour?: Readonly<Record<string, string>>;
  readonly log: Log;
}

/**
 * Starts the ERP simulator as a process of its own, and again from its journal whenever it ends by itself. It ends with
 * its parent, however that ends.
 */
export async function startErpProcess(options: ErpProcessOptions): Promise<ErpProcess> {
  const url = `http://${options.host}:${options.port}`;
  const first = spawnSimulator(options);
  try {
    await answering(url, first);
  } catch (error) {
    await first.end();
    throw error;
  }
  const stop = new AbortController();
  const running = supervise(first, options, stop.signal);
  return {
    url,
    close: async () => {
      stop.abort();
      await running;
    },
  };
}

interface Simulator {
  readonly ended: Promise<void>;
  readonly hasEnded: () => boolean;
  readonly complaint: () => string;
  readonly end: () => Promise<void>;
}

function spawnSimulator(options: ErpProcessOptions): Simulator {
  const child = spawn(process.execPath, [MAIN], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      HOST: options.host,
      PORT: String(options.port),
      ERP_STATE_FILE: options.stateFile,
      ERP_API_KEY: options.apiKey.reveal(),
      ERP_WEBHOOK_URL: options.webhookUrl,
      ERP_WEBHOOK_SECRET: options.webhookSecret.reveal(),
      ERP_PARENT_PID: String(process.pid),
      ...options.behaviour,
    },
  });
  let complaint = '';
  const complain = (text: string): void => {
    complaint = `${complaint}${text}`.slice(-COMPLAINT_LENGTH_MAX);
  };
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (piece: Buffer) => complain(piece.toString('utf8')));
  let over = false;
  const ended = new Promise<void>((resolve) => {
    const finish = (): void => {
      over = true;
      resolve();
    };
    child.once('exit', (code, signal) => {
      complain(`It ended with ${signal ?? `exit code ${code}`}.`);
      finish();
    });
    // A process that could not even be started has no exit.
    child.once('error', (error) => {
      complain(error.message);
      if (child.pid === undefined) finish();
    });
  });
  return {
    ended,
    hasEnded: () => over,
    complaint: () => complaint.trim(),
    end: () => endChild(child, ended),
  };
}

async function endChild(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.kill('SIGTERM');
  await withTimeout(ended, STOP_TIMEOUT_MS, 'stopping the ERP simulator').catch(() => {
    child.kill('SIGKILL');
    return ended;
  });
}

async function answering(url: string, simulator: Simulator): Promise<void> {
  for (let tries = 0; tries < READY_TRIES && !simulator.hasEnded(); tries += 1) {
    const ready = await fetch(`${url}/readyz`).then(
      (response) => response.ok,
      () => false,
    );
    if (ready) return;
    await pause(READY_PAUSE_MS);
  }
  throw new Error(`The ERP simulator did not start at ${url}. ${simulator.complaint()}`);
}

async function supervise(
  first: Simulator,
  options: ErpProcessOptions,
  stop: AbortSignal,
): Promise<void> {
  const stopped = new Promise<void>((resolve) => {
    stop.addEventListener('abort', () => resolve(), { once: true });
  });
  const room = 'erp-simulator';
  let simulator = first;
  for (let early = 0; ;) {
    const startedMs = monotonicMs();
    await Promise.race([simulator.ended, stopped]);
    if (stop.aborted) return simulator.end();
    options.log.warn({ event: 'process.failed', room, error: simulator.complaint() });
    early = monotonicMs() - startedMs > STEADY_MS ? 0 : early + 1;
    await pause(Math.min(RESTART_MS * 2 ** early, RESTART_MAX_MS), stop);
    if (stop.aborted) return;
    simulator = spawnSimulator(options);
    options.log.info({
      event: 'process.started',
      room,
      url: `http://${options.host}:${options.port}`,
    });
  }
}
