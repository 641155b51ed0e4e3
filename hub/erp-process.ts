import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { pause } from '#kernel/shutdown.ts';
import type { Secret } from '#kernel/config.ts';

const MAIN = fileURLToPath(new URL('./erp-simulator/main.ts', import.meta.url));
const READY_TRIES = 200;
const READY_PAUSE_MS = 50;

export interface ErpProcess {
  readonly url: string;
  close(): Promise<void>;
}

/** Starts the ERP simulator as a process of its own; it ends with its parent, however that ends. */
export async function startErpProcess(options: {
  host: string;
  port: number;
  stateFile: string;
  apiKey: Secret;
  webhookUrl: string;
  webhookSecret: Secret;
  /** Further environment, such as the delays of confirmation and payment. */
  behaviour?: Readonly<Record<string, string>>;
}): Promise<ErpProcess> {
  const child = spawn(process.execPath, [MAIN], {
    stdio: ['ignore', 'ignore', 'pipe'],
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
  const complaints: string[] = [];
  child.stderr.on('data', (piece: Buffer) => complaints.push(piece.toString('utf8')));
  const url = `http://${options.host}:${options.port}`;
  await answering(url, () => child.exitCode === null, complaints);
  return {
    url,
    close: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function answering(
  url: string,
  alive: () => boolean,
  complaints: readonly string[],
): Promise<void> {
  for (let tries = 0; tries < READY_TRIES && alive(); tries += 1) {
    const ready = await fetch(`${url}/readyz`).then(
      (response) => response.ok,
      () => false,
    );
    if (ready) return;
    await pause(READY_PAUSE_MS);
  }
  throw new Error(`The ERP simulator did not start at ${url}. ${complaints.join('').trim()}`);
}
