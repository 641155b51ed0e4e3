import { Client, escapeIdentifier } from 'pg';
import { errorText } from './log.ts';
import { pause } from './shutdown.ts';
import type { Log } from './log.ts';

export interface Listener {
  close(): Promise<void>;
}

export interface ListenOptions {
  readonly url: string;
  readonly schema: string;
  readonly channel: string;
  /** Called at every signal and after each reconnection. */
  readonly onSignal: () => void;
  readonly log: Log;
}

/** How long a lost listening connection waits before it tries again. */
const RELISTEN_MS = 500;
const CONNECT_TIMEOUT_MS = 5_000;

/** Listens on a connection of its own; a lost one is replaced. The first connection must succeed. */
export async function startListener(options: ListenOptions): Promise<Listener> {
  const stop = new AbortController();
  const running = keepListening(options, await openListening(options), stop.signal);
  return {
    close: async () => {
      stop.abort();
      await running;
    },
  };
}

interface Listening {
  readonly client: Client;
  readonly ended: Promise<void>;
}

async function openListening(options: ListenOptions): Promise<Listening> {
  const client = new Client({
    connectionString: options.url,
    application_name: `concord-listen-${options.channel}`,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
  });
  const ended = new Promise<void>((resolve) => void client.once('end', () => resolve()));
  client.on('notification', options.onSignal);
  client.on('error', (error) => {
    options.log.warn({
      event: 'database.connection-lost',
      schema: options.schema,
      error: errorText(error),
    });
  });
  try {
    await client.connect();
    await client.query(`listen ${escapeIdentifier(options.channel)}`);
    return { client, ended };
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
}

/** One connection at a time: a server that comes back after an outage must not meet a crowd. */
async function keepListening(
  options: ListenOptions,
  first: Listening,
  stop: AbortSignal,
): Promise<void> {
  const stopped = new Promise<void>((resolve) => {
    stop.addEventListener('abort', () => resolve(), { once: true });
  });
  let listening: Listening | null = first;
  while (listening !== null) {
    await Promise.race([listening.ended, stopped]);
    if (stop.aborted) return listening.client.end().catch(() => undefined);
    listening = await listenAgain(options, stop);
    if (listening !== null) options.onSignal();
  }
}

async function listenAgain(options: ListenOptions, stop: AbortSignal): Promise<Listening | null> {
  while (!stop.aborted) {
    await pause(RELISTEN_MS, stop);
    const fresh = stop.aborted ? null : await openListening(options).catch(() => null);
    if (fresh !== null) return fresh;
  }
  return null;
}
