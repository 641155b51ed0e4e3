import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { systemClock } from '#kernel/clock.ts';
import { generateInternalKey } from '#kernel/internal-token.ts';
import { DEFAULT_LIMITS } from '../gateway-limits.ts';
import { startGateway } from '../main.ts';
import { startRegistry } from './registry.ts';
import { startSubgraphs } from './subgraphs.ts';
import { startTokenIssuer } from './token-issuer.ts';
import { textOf } from '../subscription/socket-connection.ts';
import type { Client } from 'graphql-ws';
import type { InternalKey } from '#kernel/internal-token.ts';
import type { Log, LogEvent } from '#kernel/log.ts';
import type { Gateway, GatewayOptions } from '../main.ts';
import type { TestRegistry } from './registry.ts';
import type { TestSubgraphs } from './subgraphs.ts';
import type { TokenIssuer } from './token-issuer.ts';

/** A gateway with everything around it, each behind its own port. */
export interface World extends AsyncDisposable {
  readonly gateway: Gateway;
  readonly registry: TestRegistry;
  readonly subgraphs: TestSubgraphs;
  readonly issuer: TokenIssuer;
  readonly internalKey: InternalKey;
  readonly logged: LogEvent[];
  /** Starts another gateway over the same parts; closed by whoever starts it. */
  startAnother(changes?: Partial<GatewayOptions>): Promise<Gateway>;
  post(query: string, request?: PostRequest): Promise<Answer>;
  send(init: RequestInit, url?: string): Promise<Response>;
  client(parameters?: Record<string, unknown>): Promise<Client>;
  socket(options?: { readonly origin?: string; readonly url?: string }): WebSocket;
}

interface PostRequest {
  /** Of another gateway. */
  readonly url?: string;
  readonly variables?: Record<string, unknown>;
  readonly operationName?: string;
  readonly token?: string | null;
  readonly headers?: Record<string, string>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // The tests look into answers of any shape.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly data?: any;
  readonly errors?: readonly {
    readonly message: string;
    readonly path?: readonly (string | number)[];
    readonly extensions: Readonly<Record<string, unknown>>;
  }[];
  readonly extensions?: Readonly<Record<string, unknown>>;
}

/** Limits of number as low as tests want them. Limits of time that a busy machine does not exceed by itself. */
export const TEST_LIMITS = {
  ...DEFAULT_LIMITS,
  stallMs: 5_000,
  connectionInitMs: 20_000,
  connectionsPerViewer: 3,
  operationsPerConnection: 5,
  pollMs: 30,
};

export async function createWorld(changes: Partial<GatewayOptions> = {}): Promise<World> {
  const { publicJwk, ...internalKey } = generateInternalKey('gateway');
  const [issuer, registry, subgraphs] = await Promise.all([
    startTokenIssuer(),
    startRegistry(),
    startSubgraphs({ gateway: publicJwk }),
  ]);
  registry.publish(subgraphs.compose());
  const logged: LogEvent[] = [];
  const startAnother = (more: Partial<GatewayOptions> = {}): Promise<Gateway> =>
    startGateway({
      host: '127.0.0.1',
      port: 0,
      supergraph: { registry: registry.following, file: null, cacheFile: null },
      usage: null,
      accessTokens: issuer.rules,
      internalKey,
      corsOrigins: ['https://portal.example'],
      limits: TEST_LIMITS,
      log: logInto(logged),
      clock: systemClock,
      ...more,
    });
  const gateway = await startAnother(changes);
  const send = (init: RequestInit, url = gateway.url): Promise<Response> =>
    fetch(`${url}/graphql`, { method: 'POST', ...init });
  return {
    gateway,
    registry,
    subgraphs,
    issuer,
    internalKey,
    logged,
    startAnother,
    send,
    post: (query, request = {}) => post({ send, issuer }, query, request),
    client: async (parameters) =>
      createClient({
        url: `${gateway.url.replace('http', 'ws')}/graphql`,
        webSocketImpl: WebSocket,
        connectionParams: parameters ?? { authorization: `Bearer ${await issuer.token()}` },
        retryAttempts: 0,
      }),
    socket: ({ origin, url = gateway.url } = {}) =>
      new WebSocket(
        `${url.replace('http', 'ws')}/graphql`,
        'graphql-transport-ws',
        origin === undefined ? {} : { origin },
      ),
    [Symbol.asyncDispose]: async () => {
      await gateway.close();
      await Promise.all([subgraphs.close(), registry.close(), issuer.close()]);
    },
  };
}

async function post(
  to: Pick<World, 'send' | 'issuer'>,
  query: string,
  { url, variables, operationName, token, headers }: PostRequest,
): Promise<Answer> {
  const bearer = token === undefined ? await to.issuer.token() : token;
  const init = {
    headers: {
      'content-type': 'application/json',
      ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
      ...headers,
    },
    body: JSON.stringify({ query, variables, operationName }),
  };
  const response = await to.send(init, url);
  const answer: unknown = await response.json();
  return { ...(answer as Answer), status: response.status, headers: response.headers };
}

function logInto(events: LogEvent[]): Log {
  const push = (event: LogEvent): void => void events.push(event);
  return { debug: () => undefined, info: push, warn: push, error: push };
}

/** The close code and reason of a socket, with the messages that came before. */
export function closing(
  socket: WebSocket,
): Promise<{ code: number; reason: string; messages: string[] }> {
  const messages: string[] = [];
  return new Promise((resolve) => {
    socket.on('message', (data) => messages.push(textOf(data)));
    socket.on('error', () => undefined);
    socket.once('close', (code, reason) => resolve({ code, reason: String(reason), messages }));
  });
}
