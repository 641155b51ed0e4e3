import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

/** A subscription that collects what it receives. */
export interface Collected<Item> {
  readonly items: readonly Item[];
  readonly ended: Promise<void>;
  /** Waits until the collection satisfies the condition, or fails with what came so far. */
  until(condition: (items: readonly Item[]) => boolean, timeoutMs?: number): Promise<void>;
  close(): Promise<void>;
}

const POLL_MS = 20;

/** Subscribes as a requestor portal does: token in `connection_init`, no retries of its own. */
export function subscribe<Item>(options: {
  socketUrl: string;
  token: string;
  query: string;
  variables?: Readonly<Record<string, unknown>>;
  /** Picks the item from the result's data. */
  pick: (data: Record<string, unknown>) => Item;
}): Collected<Item> {
  const items: Item[] = [];
  const problems: string[] = [];
  const client = createClient({
    url: options.socketUrl,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    lazy: false,
    onNonLazyError: (error) => problems.push(describe(error)),
    connectionParams: { authorization: `Bearer ${options.token}` },
  });
  const ended = new Promise<void>((resolve) => {
    client.subscribe(
      { query: options.query, variables: { ...options.variables } },
      {
        next: (result) => {
          if (result.errors !== undefined) problems.push(JSON.stringify(result.errors));
          if (result.data !== null && result.data !== undefined)
            items.push(options.pick(result.data));
        },
        error: (error) => {
          problems.push(describe(error));
          resolve();
        },
        complete: resolve,
      },
    );
  });
  return {
    items,
    ended,
    until: async (condition, timeoutMs = 20_000) => {
      const deadline = Date.now() + timeoutMs;
      while (!condition(items)) {
        if (problems.length > 0 || Date.now() > deadline) {
          throw new Error(
            `the subscription got ${items.length} item(s): ${JSON.stringify(items.slice(-5))}; problems: ${problems.join('; ')}`,
          );
        }
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    },
    close: async () => {
      await client.dispose();
    },
  };
}

function describe(error: unknown): string {
  if (error instanceof Error) return error.message;
  if (typeof error === 'object' && error !== null && 'code' in error)
    return `closed with ${String(error.code)} ${'reason' in error ? String(error.reason) : ''}`;
  return JSON.stringify(error);
}
