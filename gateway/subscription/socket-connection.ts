import { WebSocket } from 'ws';
import { CLOSE } from './socket-protocol.ts';
import type { Duplex } from 'node:stream';
import type { AccessTokenVerifier } from '#kernel/access-token.ts';
import type { Clock } from '#kernel/clock.ts';
import type { GatewayLimits } from '../gateway-limits.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { CloseCause } from './socket-protocol.ts';
import type { EndCause, Session, Sessions } from './viewer-sessions.ts';

/** An operation that a connection has open. */
export interface OpenOperation {
  /** The client wants no more of it, or has gone or has to. */
  stop(reason: string): void;
  /** The connection takes messages again. */
  flush(nowMs: number): void;
}

/** What came with the upgrade of a connection. */
export interface Upgraded {
  readonly socket: WebSocket;
  /** Below the WebSocket: only it says when it takes no more, and when it does again. */
  readonly raw: Duplex;
  /** Headers of the client's that go on to subgraphs. */
  readonly passedOn: Readonly<Record<string, string>> | undefined;
}

interface ConnectionOptions {
  readonly sessions: Sessions;
  readonly verifyToken: AccessTokenVerifier;
  readonly limits: GatewayLimits;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
}

/** Answers and events of one connection that wait; one that takes longer to read them than they take to come is cut off here. */
const UNSENT_MAX_BYTES = 8 * 1024 * 1024;
/** After a close frame the peer gets this long to answer it. */
const CLOSE_GRACE_MS = 5_000;
/** Finds peers that vanished without a word, and keeps proxies from ending a silent connection. */
const PING_EVERY_MS = 20_000;

/**
 * One client's connection, from its upgrade to its close: who it is, what it has open, and whether it reads. It is said
 * to stand still from the moment its socket takes no more until everything that was given to it has left.
 */
export class SocketConnection {
  readonly operations = new Map<string, OpenOperation>();
  readonly passedOn: Upgraded['passedOn'];
  /** Fires when the connection is closed. */
  readonly gone: AbortSignal;
  /** What `connection_init` brought; null before. */
  parameters: Readonly<Record<string, unknown>> | null = null;
  readonly #socket: WebSocket;
  readonly #raw: Duplex;
  readonly #options: ConnectionOptions;
  readonly #gone = new AbortController();
  #session: Session | null = null;
  #heldBytes = 0;
  #stall: NodeJS.Timeout | null = null;

  constructor({ socket, raw, passedOn }: Upgraded, options: ConnectionOptions) {
    this.passedOn = passedOn;
    this.#socket = socket;
    this.#raw = raw;
    this.#options = options;
    this.gone = this.#gone.signal;
    // Too large a message, a broken frame: the library closes with the fitting code; without a listener it would throw.
    socket.on('error', () => undefined);
    raw.on('drain', () => this.#onDrain());
    socket.once('close', () => this.#onClose());
    this.#watchPeer();
  }

  /** Null until a token was accepted. */
  get session(): Session | null {
    return this.#session;
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** What is sent now waits in memory. */
  get isFull(): boolean {
    return this.#raw.writableNeedDrain;
  }

  /** Sends and never reads: that fills our memory with answers. */
  get isChoked(): boolean {
    return this.#socket.bufferedAmount > UNSENT_MAX_BYTES;
  }

  /** Takes the token of connection_init; null when the connection is being closed instead. */
  async identify(authorization: string | undefined): Promise<Session | null> {
    const { sessions, verifyToken } = this.#options;
    const verdict = await verifyToken(authorization);
    if (!this.isOpen) return null;
    if (!verdict.ok) {
      const isOutage = verdict.code === 'IDENTITY_UNAVAILABLE';
      this.close(isOutage ? CLOSE.identityUnavailable : { code: 4403, reason: verdict.code });
      return null;
    }
    const end = (cause: EndCause): void => this.close(closeCauseOf(cause));
    this.#session = sessions.enter({ verdict, authorization, end });
    if (this.#session === null) this.close(CLOSE.tooManyConnections);
    return this.#session;
  }

  send(message: string): void {
    if (!this.isOpen) return;
    this.#socket.send(message);
    this.#watchReading();
  }

  /** Sends a frame that is complete, past the WebSocket: it writes what it sends at once, so nothing can fall in between. */
  sendFrame(frame: Buffer): void {
    if (!this.isOpen) return;
    this.#raw.write(frame);
    this.#watchReading();
  }

  /** Counts what waits for the connection outside its socket. */
  hold(bytes: number): void {
    this.#heldBytes += bytes;
    if (this.#heldBytes > UNSENT_MAX_BYTES) this.close(CLOSE.tooSlow);
  }

  /** Closes once; a peer that does not answer the close frame in time is cut off. What is open ends now. */
  close({ code, reason }: CloseCause): void {
    if (!this.isOpen) return;
    this.#options.telemetry.closed(code);
    this.#socket.close(code, reason);
    const deadline = setTimeout(() => this.#socket.terminate(), CLOSE_GRACE_MS);
    this.#socket.once('close', () => clearTimeout(deadline));
    this.#stopAll(reason);
  }

  #watchReading(): void {
    if (this.#stall !== null || !this.isFull) return;
    this.#stall = setTimeout(() => this.close(CLOSE.tooSlow), this.#options.limits.stallMs);
  }

  #onDrain(): void {
    if (this.#stall !== null) clearTimeout(this.#stall);
    this.#stall = null;
    const nowMs = this.#options.clock.now().getTime();
    for (const operation of this.operations.values()) operation.flush(nowMs);
  }

  #onClose(): void {
    if (this.#stall !== null) clearTimeout(this.#stall);
    this.#stopAll('client');
  }

  #stopAll(reason: string): void {
    this.#session?.leave();
    this.#gone.abort();
    for (const operation of this.operations.values()) operation.stop(reason);
    this.operations.clear();
  }

  /** Pings; a peer that neither answers nor reads is gone. One that reads slowly is the stall timer's business. */
  #watchPeer(): void {
    let isAnswered = true;
    this.#socket.on('pong', () => (isAnswered = true));
    const timer = setInterval(() => {
      if (!isAnswered && this.#socket.bufferedAmount === 0) return this.#socket.terminate();
      isAnswered = false;
      this.#socket.ping();
    }, PING_EVERY_MS);
    this.#socket.once('close', () => clearInterval(timer));
  }
}

function closeCauseOf(cause: EndCause): CloseCause {
  return cause === 'GOING_AWAY' ? CLOSE.goingAway : { code: 4403, reason: cause };
}

/** A message as text, in whichever of its forms the library hands it out. */
export function textOf(data: WebSocket.RawData): string {
  if (Buffer.isBuffer(data)) return data.toString('utf8');
  return Array.isArray(data)
    ? Buffer.concat(data).toString('utf8')
    : Buffer.from(data).toString('utf8');
}
