import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '#kernel/clock.ts';
import type { SharedEvent } from './shared-event.ts';
import type { Subscriber } from './subscriber.ts';

/** Deliveries in one turn of the event loop, about two milliseconds: queries must not wait for ten thousand subscribers. */
const SLICE = 256;

/** Hands each event of a source to all its subscribers. */
export class FanOut {
  readonly #clock: Clock;
  readonly #subscribers = new Set<Subscriber>();
  #room: PromiseWithResolvers<void> | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#subscribers.size;
  }

  add(subscriber: Subscriber): void {
    subscriber.tellTaken(() => this.#onRoom());
    this.#subscribers.add(subscriber);
    this.#onRoom();
  }

  remove(subscriber: Subscriber): void {
    subscriber.leave();
    this.#subscribers.delete(subscriber);
    this.#onRoom();
  }

  /** Resolves when everybody has the event or has it waiting; never later because somebody reads slowly. */
  async publish(event: SharedEvent): Promise<void> {
    let nowMs = this.#clock.now().getTime();
    let left = SLICE;
    for (const subscriber of this.#subscribers) {
      subscriber.offer(event, nowMs);
      left -= 1;
      if (left > 0) continue;
      await nextTurn();
      nowMs = this.#clock.now().getTime();
      left = SLICE;
    }
  }

  /**
   * Resolves when at least one subscriber keeps up. So the fastest reader sets the pace: a source feels back-pressure
   * only when all its readers are behind, and a slow one among fast ones runs full and is cut off.
   */
  async room(): Promise<void> {
    while (this.size > 0 && !this.#subscribers.values().some((one) => !one.isBehind)) {
      this.#room ??= Promise.withResolvers();
      await this.#room.promise;
    }
  }

  /** Tells everybody that nothing more comes. */
  end(reason: string): void {
    const all = [...this.#subscribers];
    this.#subscribers.clear();
    for (const subscriber of all) subscriber.end(reason);
    this.#onRoom();
  }

  #onRoom(): void {
    this.#room?.resolve();
    this.#room = null;
  }
}
