/**
 * How long one upstream call may take: until its time is up, or its client goes away. Every call has one, so it is no
 * AbortSignal, which is dear.
 */
export class CallDeadline {
  /** Why the call is given up; null as long as it is not. */
  ended: 'time-out' | 'gone' | null = null;
  readonly #gone: AbortSignal | null;
  readonly #timer: NodeJS.Timeout;
  readonly #clientLeft = (): void => this.#end('gone');
  #listeners: (() => void)[] = [];

  /** `gone` is null where the call is finished whatever its client does. */
  constructor(gone: AbortSignal | null, timeoutMs: number) {
    this.#gone = gone;
    this.#timer = setTimeout(() => this.#end('time-out'), timeoutMs);
    if (gone?.aborted === true) this.ended = 'gone';
    else gone?.addEventListener('abort', this.#clientLeft, { once: true });
  }

  /** Tells the listener when the call is given up, at once if it has been; nobody is told after the release. */
  onEnd(listener: () => void): void {
    if (this.ended === null) this.#listeners.push(listener);
    else listener();
  }

  /** A new signal of the same, for who takes nothing else. */
  makeSignal(): AbortSignal {
    const controller = new AbortController();
    this.onEnd(() => controller.abort());
    return controller.signal;
  }

  /** Forgets the timer and leaves nothing behind at the client's signal, which may live for hours. */
  release(): void {
    clearTimeout(this.#timer);
    this.#gone?.removeEventListener('abort', this.#clientLeft);
    this.#listeners = [];
  }

  #end(reason: 'time-out' | 'gone'): void {
    if (this.ended !== null) return;
    this.ended = reason;
    for (const listener of this.#listeners) listener();
  }
}
