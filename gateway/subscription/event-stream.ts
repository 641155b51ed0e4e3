import { systemClock } from '#kernel/clock.ts';
import { refusal } from '../graphql-refusal.ts';
import { SharedEvent } from './shared-event.ts';
import type { ExecutionResult, GraphQLError } from 'graphql';
import type { Outlet, Subscriber } from './subscriber.ts';
import type { EndCause, Session } from './viewer-sessions.ts';

interface EventStreamOptions {
  readonly session: Session;
  readonly correlationId: string;
  /** A reader that takes nothing for this long, while something waits, is cut off. */
  readonly stallMs: number;
  /** Ends the connection at once. */
  readonly hangUp: () => void;
  /** Told once why it ended. */
  readonly onEnd: (reason: string) => void;
}

/** Keeps proxies from ending a silent stream, and finds readers that vanished. */
const HEARTBEAT_MS = 15_000;
const COMMENT = ':\n\n';
const COMPLETE = 'event: complete\ndata:\n\n';

/**
 * One event stream of graphql-sse (distinct connections mode), as the pieces of an HTTP body. The body asks for a piece
 * when the last one has left, so a stream on which nobody waits is full.
 */
export class EventStream implements AsyncIterableIterator<string>, Outlet {
  readonly #options: EventStreamOptions;
  /** What goes out before anything of the subscriber: the opening, or the end. */
  readonly #pieces: string[] = [COMMENT];
  readonly #heartbeat: NodeJS.Timeout;
  #subscriber: Subscriber | null = null;
  #reader: PromiseWithResolvers<IteratorResult<string, undefined>> | null = null;
  #stall: NodeJS.Timeout | null = null;
  #isEnded = false;

  constructor(options: EventStreamOptions) {
    this.#options = options;
    this.#heartbeat = setInterval(() => {
      if (this.#reader !== null) this.#give(COMMENT);
    }, HEARTBEAT_MS);
  }

  attach(subscriber: Subscriber): void {
    this.#subscriber = subscriber;
  }

  next(): Promise<IteratorResult<string, undefined>> {
    this.#stopStall();
    const value = this.#pieces.shift();
    if (value !== undefined) return Promise.resolve({ done: false, value });
    if (this.#isEnded) return Promise.resolve({ done: true, value: undefined });
    const reader = Promise.withResolvers<IteratorResult<string, undefined>>();
    this.#reader = reader;
    this.#subscriber?.flush(systemClock.now().getTime());
    return reader.promise;
  }

  return(): Promise<IteratorResult<string, undefined>> {
    this.close('client');
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  isFull(): boolean {
    return this.#reader === null;
  }

  mayReceive(nowMs: number): boolean {
    return this.#options.session.isCurrent(nowMs);
  }

  write(event: SharedEvent): void {
    this.#give(event.streamPiece);
  }

  hold(bytes: number): void {
    if (bytes > 0) this.#startStall();
  }

  complete(reason: string): void {
    this.#give(COMPLETE);
    this.#end(reason);
  }

  cutOff(): void {
    this.close('too-slow');
    this.#options.hangUp();
  }

  /** One result and the end: a query's or a mutation's answer, or why there is nothing more. */
  finish(result: ExecutionResult, reason: string): void {
    if (this.#isEnded) return;
    this.#give(new SharedEvent(result).streamPiece);
    this.complete(reason);
  }

  /** The viewer has to go: says so, and drops what waits. */
  endBecause(cause: EndCause): void {
    const { correlationId } = this.#options;
    this.finish({ errors: [endError(cause)], extensions: { correlationId } }, cause);
  }

  /** The connection is gone, or must go. */
  close(reason: string): void {
    this.#pieces.length = 0;
    this.#end(reason);
    this.#stopStall();
  }

  #give(piece: string): void {
    if (this.#isEnded) return;
    if (this.#reader === null) {
      this.#pieces.push(piece);
      return this.#startStall();
    }
    this.#reader.resolve({ done: false, value: piece });
    this.#reader = null;
  }

  #end(reason: string): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    clearInterval(this.#heartbeat);
    this.#reader?.resolve({ done: true, value: undefined });
    this.#reader = null;
    this.#options.onEnd(reason);
  }

  #startStall(): void {
    this.#stall ??= setTimeout(() => this.cutOff(), this.#options.stallMs);
  }

  #stopStall(): void {
    if (this.#stall !== null) clearTimeout(this.#stall);
    this.#stall = null;
  }
}

function endError(cause: EndCause): GraphQLError {
  if (cause === 'GOING_AWAY') {
    const message = 'The gateway goes away: subscribe again, behind the last event.';
    return refusal('GOING_AWAY', message, { retryable: true });
  }
  const message = 'The token no longer counts: get another, then subscribe again.';
  return refusal('UNAUTHENTICATED', message, { reason: cause });
}
