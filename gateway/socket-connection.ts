import { WebSocket } from 'ws';
import { errorText } from '#kernel/log.ts';
import type { Server as ProtocolServer } from 'graphql-ws';
import type { AccessTokenVerifier } from '#kernel/access-token.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Viewer } from '#kernel/identity.ts';
import type { Log } from '#kernel/log.ts';
import type { GatewayLimits } from './gateway-limits.ts';

/** Why the gateway closes a connection. Those of the protocol itself (4400 to 4409) come from graphql-ws. */
export const CLOSE = {
  /** Shut-down or deployment: reconnect at once and resume with `after`. */
  goingAway: { code: 1012, reason: 'Going away: reconnect and resume' },
  failed: { code: 1011, reason: 'The connection failed' },
  identityUnavailable: { code: 1013, reason: 'The identity provider cannot be reached' },
  /** Get a new token, then reconnect and resume. */
  tokenExpired: { code: 4403, reason: 'TOKEN_EXPIRED' },
  /** Read faster, or ask for less; then reconnect and resume. */
  tooSlow: { code: 4413, reason: 'Reading too slowly: reconnect and resume' },
  tooManyConnections: { code: 4429, reason: 'Too many connections of this viewer' },
} as const;

interface CloseCause {
  readonly code: number;
  readonly reason: string;
}

/** One client's connection, from its upgrade to its close. */
export interface Connection {
  /** Null until connection_init brought a token that is accepted. */
  readonly viewer: Viewer | null;
  /** Fires when the connection is closed. */
  readonly gone: AbortSignal;
  /** Takes the token of connection_init; false when the connection is being closed instead. */
  identify(authorization: string | undefined): Promise<boolean>;
  close(cause: CloseCause): void;
}

/** Open connections by viewer. */
export type Visitors = Map<string, number>;

interface ConnectionOptions {
  readonly protocol: ProtocolServer<Connection>;
  readonly visitors: Visitors;
  readonly verifyToken: AccessTokenVerifier;
  readonly limits: GatewayLimits;
  readonly clock: Clock;
  readonly log: Log;
}

/** Unsent answers of one connection; a client that sends without reading is cut off here. */
const UNSENT_MAX_BYTES = 8 * 1024 * 1024;
/** After a close frame the peer gets this long to answer it. */
const CLOSE_GRACE_MS = 5_000;
/** Finds peers that vanished without a word, and keeps proxies from ending a silent connection. */
const PING_EVERY_MS = 20_000;
/** The longest a timer can wait; later expiries are looked at again then. */
const TIMER_MAX_MS = 2 ** 31 - 1;

/** Takes over a socket that was just upgraded. */
export function openConnection(socket: WebSocket, options: ConnectionOptions): void {
  const gone = new AbortController();
  const close = closerOf(socket);
  let viewer: Viewer | null = null;
  const connection: Connection = {
    get viewer() {
      return viewer;
    },
    gone: gone.signal,
    close,
    identify: async (authorization) => {
      const verdict = await options.verifyToken(authorization);
      if (socket.readyState !== WebSocket.OPEN) return false;
      if (!verdict.ok) {
        const isOutage = verdict.code === 'IDENTITY_UNAVAILABLE';
        close(isOutage ? CLOSE.identityUnavailable : { code: 4403, reason: verdict.code });
        return false;
      }
      if (!enter(options, verdict.viewer, gone.signal)) {
        close(CLOSE.tooManyConnections);
        return false;
      }
      viewer = verdict.viewer;
      closeAt(verdict.expiresAt, options.clock, gone.signal, () => close(CLOSE.tokenExpired));
      return true;
    },
  };
  const closed = options.protocol.opened(
    {
      protocol: socket.protocol,
      send: (text) => send(socket, text, options.limits.stallMs, () => close(CLOSE.tooSlow)),
      close: (code = 1000, reason = '') => close({ code, reason }),
      onMessage: (handle) =>
        socket.on('message', (data) => {
          if (socket.bufferedAmount > UNSENT_MAX_BYTES) return close(CLOSE.tooSlow);
          handle(textOf(data)).catch((error: unknown) => fail(error));
        }),
    },
    connection,
  );
  const fail = (error: unknown): void => {
    if (socket.readyState !== WebSocket.OPEN) return;
    options.log.warn({
      event: 'http.failed',
      room: 'gateway',
      path: 'websocket',
      error: errorText(error),
      correlationId: '',
    });
    close(CLOSE.failed);
  };
  // Too large a message, a broken frame: the library closes with the fitting code; without a listener it would throw.
  socket.on('error', () => undefined);
  watchPeer(socket, gone.signal);
  socket.once('close', (code, reason) => {
    gone.abort();
    Promise.resolve(closed(code, String(reason))).catch(fail);
  });
}

/** Counts the viewer in until the connection is gone; false when it has too many already. */
function enter(
  { visitors, limits }: ConnectionOptions,
  { id }: Viewer,
  gone: AbortSignal,
): boolean {
  const open = visitors.get(id) ?? 0;
  if (open >= limits.connectionsPerViewer) return false;
  visitors.set(id, open + 1);
  gone.addEventListener('abort', () => {
    const left = (visitors.get(id) ?? 1) - 1;
    if (left === 0) visitors.delete(id);
    else visitors.set(id, left);
  });
  return true;
}

/** Closes once; a peer that does not answer the close frame in time is cut off. */
function closerOf(socket: WebSocket): (cause: CloseCause) => void {
  return ({ code, reason }) => {
    if (socket.readyState !== WebSocket.OPEN) return;
    socket.close(code, reason);
    const deadline = setTimeout(() => socket.terminate(), CLOSE_GRACE_MS);
    socket.once('close', () => clearTimeout(deadline));
  };
}

/** Resolves when the text has left, so that the next result is only made then; a socket that stands still is closed. */
function send(
  socket: WebSocket,
  text: string,
  stallMs: number,
  onStalled: () => void,
): Promise<void> {
  return new Promise((resolve) => {
    if (socket.readyState !== WebSocket.OPEN) return resolve();
    const deadline = setTimeout(onStalled, stallMs);
    // An error here means that the socket is closing; the close event tells everybody.
    socket.send(text, () => {
      clearTimeout(deadline);
      resolve();
    });
  });
}

function closeAt(instant: Date, clock: Clock, gone: AbortSignal, close: () => void): void {
  const wait = (): void => {
    const leftMs = instant.getTime() - clock.now().getTime();
    if (leftMs <= 0) return close();
    timer = setTimeout(wait, Math.min(leftMs, TIMER_MAX_MS));
  };
  let timer: NodeJS.Timeout | undefined;
  wait();
  gone.addEventListener('abort', () => clearTimeout(timer));
}

/** Pings; a peer that neither answers nor reads is gone. One that reads slowly is the send deadline's business. */
function watchPeer(socket: WebSocket, gone: AbortSignal): void {
  let isAnswered = true;
  socket.on('pong', () => (isAnswered = true));
  const timer = setInterval(() => {
    if (!isAnswered && socket.bufferedAmount === 0) return socket.terminate();
    isAnswered = false;
    socket.ping();
  }, PING_EVERY_MS);
  gone.addEventListener('abort', () => clearInterval(timer));
}

/** A message as text, in whichever of its forms the library hands it out. */
export function textOf(data: WebSocket.RawData): string {
  if (Buffer.isBuffer(data)) return data.toString('utf8');
  return Array.isArray(data)
    ? Buffer.concat(data).toString('utf8')
    : Buffer.from(data).toString('utf8');
}
