import type { ExecutionResult } from 'graphql';

/**
 * One result as everybody gets it, serialised once. It is held by reference, however many wait for it: what a stalled
 * reader costs is a pointer.
 */
export class SharedEvent {
  /** The result as JSON. */
  readonly payload: string;
  #messageEnd: Buffer | null = null;
  #streamPiece: string | null = null;

  constructor(result: ExecutionResult) {
    this.payload = JSON.stringify(result);
  }

  /** How much it counts in queues; characters, which is near enough to bytes for a bound. */
  get size(): number {
    return this.payload.length;
  }

  /** The end of a WebSocket message of the protocol: the payload, and the brace that the message began with. */
  get messageEnd(): Buffer {
    return (this.#messageEnd ??= Buffer.from(`${this.payload}}`));
  }

  /** The same as an event of an event stream. JSON has no line breaks, so it is one line. */
  get streamPiece(): string {
    return (this.#streamPiece ??= `event: next\ndata: ${this.payload}\n\n`);
  }
}
