import type { SharedEvent } from './shared-event.ts';

/** The way out to one subscriber: its WebSocket, or its event stream. */
export interface Outlet {
  /** What is written now would only lie in a buffer; the outlet says when that is over by `Subscriber.flush`. */
  isFull(): boolean;
  /** Asked before every event: whoever's token no longer counts gets nothing more. */
  mayReceive(nowMs: number): boolean;
  write(event: SharedEvent): void;
  /** Told how many bytes more (or fewer) wait for it. */
  hold(bytes: number): void;
  /** There is nothing more; `reason` is `complete` or the code of the last result's error. */
  complete(reason: string): void;
  /** It reads too slowly; its connection has to go. */
  cutOff(): void;
}

/** Events that may wait for one subscriber while others read on: a burst of a large approval run. */
const WAITING_MAX = 1_024;
/** The same in bytes; one event may be larger. */
const WAITING_MAX_BYTES = 1024 * 1024;
/** A source is read on while somebody has less than this waiting; below the bounds above, so that it pauses before it cuts. */
const BEHIND_AT = 64;
const BEHIND_AT_BYTES = 256 * 1024;

/** One reader of a shared source, with a queue of its own for the time in which its connection takes nothing. */
export class Subscriber {
  readonly #outlet: Outlet;
  #onTaken: () => void = () => undefined;
  #waiting: SharedEvent[] = [];
  #waitingBytes = 0;
  #ending: string | null = null;
  #isGone = false;

  constructor(outlet: Outlet) {
    this.#outlet = outlet;
  }

  get hasLeft(): boolean {
    return this.#isGone;
  }

  /** Whom to tell that something of what waited was taken. */
  tellTaken(onTaken: () => void): void {
    this.#onTaken = onTaken;
  }

  /** So many events wait that a source with no faster reader should pause. */
  get isBehind(): boolean {
    return this.#waiting.length >= BEHIND_AT || this.#waitingBytes >= BEHIND_AT_BYTES;
  }

  /** Writes the event, or lets it wait behind those before it. Never waits itself, so nobody waits for this reader. */
  offer(event: SharedEvent, nowMs: number): void {
    if (this.#isGone || !this.#outlet.mayReceive(nowMs)) return;
    if (this.#waiting.length === 0 && !this.#outlet.isFull()) return this.#outlet.write(event);
    this.#waiting.push(event);
    this.#count(event.size);
    const isTooMuch = this.#waitingBytes > WAITING_MAX_BYTES && this.#waiting.length > 1;
    if (this.#waiting.length > WAITING_MAX || isTooMuch) this.#outlet.cutOff();
  }

  /** Writes what waits, as far as the outlet takes it. */
  flush(nowMs: number): void {
    let taken = 0;
    while (!this.#isGone && taken < this.#waiting.length && !this.#outlet.isFull()) {
      if (!this.#outlet.mayReceive(nowMs)) break;
      const event = this.#waiting[taken];
      if (event === undefined) break;
      taken += 1;
      this.#count(-event.size);
      this.#outlet.write(event);
    }
    if (taken > 0 && !this.#isGone) this.#waiting = this.#waiting.slice(taken);
    this.#endWhenEmpty();
    if (taken > 0) this.#onTaken();
  }

  /** Nothing comes any more; told to the outlet behind what waits. */
  end(reason: string): void {
    this.#ending ??= reason;
    this.#endWhenEmpty();
  }

  /** Forgets what waits. */
  leave(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#waiting = [];
    this.#count(-this.#waitingBytes);
  }

  #endWhenEmpty(): void {
    if (this.#ending === null || this.#isGone || this.#waiting.length > 0) return;
    this.leave();
    this.#outlet.complete(this.#ending);
  }

  #count(bytes: number): void {
    this.#waitingBytes += bytes;
    this.#outlet.hold(bytes);
  }
}
