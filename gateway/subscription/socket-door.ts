import { STATUS_CODES } from 'node:http';
import { WebSocketServer } from 'ws';
import { errorText } from '#kernel/log.ts';
import { pause } from '#kernel/shutdown.ts';
import { GRAPHQL_PATH } from '../gateway-http.ts';
import { SocketConnection, textOf } from './socket-connection.ts';
import { beginOperation } from './socket-operation.ts';
import {
  CLOSE,
  SUBPROTOCOL,
  invalidMessage,
  readClientMessage,
  subscriberExists,
} from './socket-protocol.ts';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { AccessTokenVerifier } from '#kernel/access-token.ts';
import type { Clock } from '#kernel/clock.ts';
import type { CrossOrigin } from '../cross-origin.ts';
import type { Propagate } from '../propagation.ts';
import type { Upgraded } from './socket-connection.ts';
import type { OperationDoor } from './socket-operation.ts';
import type { Sessions } from './viewer-sessions.ts';

/** One message is an operation's text and its variables; a larger one is refused with close code 1009. */
const MESSAGE_MAX_BYTES = 64 * 1024;

export interface SocketOptions extends Omit<OperationDoor, 'answering'> {
  readonly server: Server;
  readonly sessions: Sessions;
  readonly verifyToken: AccessTokenVerifier;
  readonly origins: CrossOrigin;
  readonly propagate: Propagate;
  readonly clock: Clock;
}

export interface SocketDoor {
  /** Lets nobody in any more; tells every client to reconnect and resume elsewhere, and waits until they have gone. */
  close(): Promise<void>;
}

type Door = SocketOptions & OperationDoor;

/** Serves operations over WebSocket (graphql-transport-ws), on the HTTP server's own port and path. */
export function serveSockets(options: SocketOptions): SocketDoor {
  const door: Door = { ...options, answering: new Set() };
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MESSAGE_MAX_BYTES,
    handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
    perMessageDeflate: false,
  });
  let isClosing = false;
  options.server.on('upgrade', (request, socket, head) => {
    const status = isClosing ? 503 : refuseUpgrade(options, request, sockets.clients.size);
    if (status !== null) return refuseSocket(socket, status);
    sockets.handleUpgrade(request, socket, head, (client) =>
      openConnection(door, {
        socket: client,
        raw: socket,
        passedOn: options.propagate(request.headers),
      }),
    );
  });
  return {
    close: async () => {
      isClosing = true;
      const drained = new AbortController();
      await Promise.race([Promise.allSettled(door.answering), pause(DRAIN_MS, drained.signal)]);
      drained.abort();
      // The last answers are handed to their sockets in this turn of the loop; the close frame must come after them.
      await new Promise((resolve) => setImmediate(resolve));
      options.sessions.endAll('GOING_AWAY');
      await closeAll(sockets);
    },
  };
}

/** The HTTP status that refuses an upgrade, or null. Browsers always send an Origin; other clients need none. */
function refuseUpgrade(
  options: SocketOptions,
  request: IncomingMessage,
  open: number,
): number | null {
  const path = (request.url ?? '').split('?', 1)[0];
  if (path !== GRAPHQL_PATH) return 404;
  const { origin } = request.headers;
  if (origin !== undefined && !options.origins.allows(origin)) return 403;
  if (options.graphs.common.current === null || open >= options.limits.connections) return 503;
  return null;
}

function refuseSocket(socket: Duplex, status: number): void {
  socket.on('error', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`,
  );
}

/** Takes over a socket that was just upgraded. */
function openConnection(door: Door, upgraded: Upgraded): void {
  const { socket } = upgraded;
  const connection = new SocketConnection(upgraded, door);
  if (socket.protocol !== SUBPROTOCOL) return connection.close(CLOSE.otherProtocol);
  const late = setTimeout(() => {
    if (connection.parameters === null) connection.close(CLOSE.initialisedLate);
  }, door.limits.connectionInitMs);
  connection.gone.addEventListener('abort', () => clearTimeout(late));
  socket.on('message', (data, isBinary) => {
    // What was sent before the close frame arrived counts no more.
    if (!connection.isOpen) return;
    if (connection.isChoked) return connection.close(CLOSE.tooSlow);
    if (isBinary) return connection.close(invalidMessage('a text is expected'));
    try {
      take(door, connection, textOf(data));
    } catch (error) {
      fail(door, connection, error);
    }
  });
}

function take(door: Door, connection: SocketConnection, text: string): void {
  const message = readClientMessage(text);
  switch (message.type) {
    case 'connection_init':
      if (connection.parameters !== null) return connection.close(CLOSE.initialisedTwice);
      connection.parameters = message.payload;
      acknowledge(connection).catch((error: unknown) => fail(door, connection, error));
      return;
    case 'ping':
      return connection.send(JSON.stringify({ type: 'pong', payload: message.payload }));
    case 'pong':
      return;
    case 'subscribe': {
      const { session, operations } = connection;
      if (session === null) return connection.close(CLOSE.unauthorized);
      if (operations.has(message.id)) return connection.close(subscriberExists(message.id));
      return beginOperation(door, { connection, session }, message);
    }
    case 'complete':
      connection.operations.get(message.id)?.stop('client');
      connection.operations.delete(message.id);
      return;
    case 'invalid':
      return connection.close(message.cause);
  }
}

async function acknowledge(connection: SocketConnection): Promise<void> {
  const session = await connection.identify(authorizationOf(connection.parameters ?? {}));
  if (session !== null) connection.send(JSON.stringify({ type: 'connection_ack' }));
}

/** `{"authorization": "Bearer …"}`, as HTTP has it, or `{"accessToken": "…"}`. */
function authorizationOf(parameters: Readonly<Record<string, unknown>>): string | undefined {
  const header = parameters['authorization'] ?? parameters['Authorization'];
  if (typeof header === 'string') return header;
  const token = parameters['accessToken'];
  return typeof token === 'string' ? `Bearer ${token}` : undefined;
}

function fail({ log }: Door, connection: SocketConnection, error: unknown): void {
  if (!connection.isOpen) return;
  const text = errorText(error);
  log.warn({
    event: 'http.failed',
    room: 'gateway',
    path: 'websocket',
    error: text,
    correlationId: '',
  });
  connection.close(CLOSE.failed);
}

/** Queries and mutations that are being answered at shut-down get this long. */
const DRAIN_MS = 3_000;
/** Clients get this long to answer the close frame; then their sockets are ended. */
const CLOSE_GRACE_MS = 2_000;

async function closeAll(sockets: WebSocketServer): Promise<void> {
  const clients = [...sockets.clients];
  const gone = clients.map((client) => new Promise((resolve) => client.once('close', resolve)));
  for (const client of clients) client.close(CLOSE.goingAway.code, CLOSE.goingAway.reason);
  const deadline = setTimeout(
    () => clients.forEach((client) => client.terminate()),
    CLOSE_GRACE_MS,
  );
  await Promise.all(gone);
  clearTimeout(deadline);
  sockets.close();
}
