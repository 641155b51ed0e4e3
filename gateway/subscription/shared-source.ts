import { GraphQLError } from 'graphql';
import { monotonicMs } from '#kernel/clock.ts';
import { newId } from '#kernel/id.ts';
import { errorText } from '#kernel/log.ts';
import { refusal } from '../graphql-refusal.ts';
import { OperationTypeNode } from 'graphql';
import { isNews, positionIn } from './event-source.ts';
import { FanOut } from './fan-out.ts';
import { cursorOf, givenCursor } from './resume-cursor.ts';
import { SharedEvent } from './shared-event.ts';
import { firstRoute, routeAfter, succession } from './source-route.ts';
import type { ExecutionResult } from 'graphql';
import type { Clock } from '#kernel/clock.ts';
import type { Log } from '#kernel/log.ts';
import type { OperationContext } from '../operation-context.ts';
import type { Generation } from '../supergraph.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { EventSource } from './event-source.ts';
import type { Cursor } from './resume-cursor.ts';
import type { Admitted, Route } from './source-route.ts';
import type { Subscriber } from './subscriber.ts';

export interface SourceOptions {
  readonly source: EventSource;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  readonly log: Log;
  /** Nobody may join any more: it has ended, or goes on only for those who are here. */
  readonly onClosedToOthers: () => void;
  /** It has ended. */
  readonly onEnd: () => void;
}

/** One open stream of the source. */
interface Leg {
  readonly events: AsyncIterator<ExecutionResult>;
  isClosed: boolean;
  close(): void;
}

/** A hand-over that could not be opened is tried again at the first event after this. */
const HAND_OVER_AGAIN_MS = 5_000;

/**
 * One upstream operation for everybody who asked for the same with the same rights: each event is completed once and
 * serialised once. All that moves it on (an event, a new supergraph, its end) happens one after the other, so that a
 * change falls between two events and never into one.
 */
export class SharedSource {
  readonly context: OperationContext;
  /** Whether it could be opened; those who have joined are told by their outlets why not. */
  readonly opened: Promise<boolean>;
  readonly #options: SourceOptions;
  readonly #fanOut: FanOut;
  readonly #gone = new AbortController();
  /** The newest supergraph that it has heard of; its route may still be by an older one. */
  #generation: Generation;
  #route: Route | null = null;
  #leg: Leg | null = null;
  /** Where subscribers stand; null when the last event does not say. */
  #cursor: Cursor | null;
  /** What a newer supergraph would feed it with, as soon as it is known from where on. */
  #successor: Admitted | null = null;
  #triedAtMs = Number.NEGATIVE_INFINITY;
  #turns: Promise<unknown> = Promise.resolve();
  #isEnded = false;

  constructor(admitted: Admitted, options: SourceOptions) {
    this.#options = options;
    this.#fanOut = new FanOut(options.clock);
    this.#generation = admitted.generation;
    this.#cursor = givenCursor(admitted.operation);
    const correlationId = newId();
    const trace = options.telemetry.operation({
      ...admitted.operation,
      kind: OperationTypeNode.SUBSCRIPTION,
      schema: admitted.generation.engine.schema,
      client: null,
      correlationId,
      traceparent: null,
      startedMs: monotonicMs(),
    });
    this.context = {
      viewer: admitted.viewer,
      correlationId,
      trace,
      passedOn: admitted.passedOn,
      gone: this.#gone.signal,
      endsAtMs: null,
    };
    this.opened = this.#inTurn(() => this.#begin(admitted));
    void this.opened.then((isOpen) =>
      trace.end({ code: isOpen ? null : 'SUBSCRIPTION_FAILED', errors: isOpen ? 0 : 1 }),
    );
  }

  join(subscriber: Subscriber): void {
    this.#fanOut.add(subscriber);
  }

  get subscribers(): number {
    return this.#fanOut.size;
  }

  /** The last one to leave ends it. */
  leave(subscriber: Subscriber): void {
    this.#fanOut.remove(subscriber);
    if (this.#fanOut.size === 0) this.#end('client');
  }

  /** Whether it is up to date with a supergraph: opened or continued by it. */
  follows(generation: Generation): boolean {
    return this.#generation === generation;
  }

  /** Goes on by a new supergraph where that is possible; see `Succession`. */
  follow(generation: Generation): Promise<void> {
    return this.#inTurn(async () => {
      const route = this.#route;
      if (this.#isEnded || route === null || this.follows(generation)) return;
      this.#generation = generation;
      const next = await succession(route, generation);
      if (next.kind === 'invalid') return this.#fail(next.error);
      if (next.kind === 'same feed') {
        this.#route = next.route;
        this.#successor = null;
        return;
      }
      this.#successor = next.admitted;
      this.#triedAtMs = Number.NEGATIVE_INFINITY;
      // Who comes now must not be served by what is on its way out.
      this.#options.onClosedToOthers();
      await this.#handOver();
    });
  }

  async #begin(admitted: Admitted): Promise<boolean> {
    try {
      const route = await firstRoute(admitted);
      this.#proceed(route, await this.#open(route));
      return !this.#isEnded;
    } catch (error) {
      await this.#fail(error);
      return false;
    }
  }

  async #open({ feed }: Route): Promise<Leg> {
    const abort = new AbortController();
    const stop = (): void => abort.abort();
    const { signal } = this.#gone;
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    const forget = (): void => signal.removeEventListener('abort', stop);
    const context = { ...this.context, gone: abort.signal };
    const events = await this.#options.source.open(feed, context).catch((error: unknown) => {
      forget();
      throw error;
    });
    const close = (): void => {
      leg.isClosed = true;
      forget();
      stop();
      // A generator that waits for its next event returns when the signal has ended that wait.
      void events.return?.().catch(() => undefined);
    };
    const leg: Leg = { events, isClosed: false, close };
    return leg;
  }

  #proceed(route: Route, leg: Leg): void {
    this.#leg?.close();
    if (this.#isEnded) return leg.close();
    this.#route = route;
    this.#leg = leg;
    this.#successor = null;
    this.#read(leg).catch((error: unknown) => {
      this.#log(error);
      this.#end('INTERNAL_SERVER_ERROR');
    });
  }

  async #read(leg: Leg): Promise<void> {
    try {
      for (;;) {
        await this.#fanOut.room();
        if (leg.isClosed) return;
        const next = await leg.events.next();
        // While a hand-over is being opened an event waits here. If it succeeds, the event comes again from there.
        await this.#inTurn(() => (leg.isClosed ? undefined : this.#take(next)));
        if (leg.isClosed) return;
      }
    } catch (error) {
      await this.#inTurn(() => (leg.isClosed ? undefined : this.#break(error)));
    }
  }

  /** What a supergraph has left behind may end before its successor was opened: then that is tried now or never. */
  async #break(error: unknown): Promise<void> {
    this.#triedAtMs = Number.NEGATIVE_INFINITY;
    if (!(await this.#handOver())) await this.#fail(error);
  }

  async #take(next: IteratorResult<ExecutionResult, void>): Promise<void> {
    if (next.done === true) {
      this.#triedAtMs = Number.NEGATIVE_INFINITY;
      if (!(await this.#handOver())) this.#end('complete');
      return;
    }
    if (this.#route === null) return;
    const { operation, admitted, feed } = this.#route;
    const { engine } = admitted.generation;
    const result = await engine.executeEvent(operation, this.context, next.value);
    const position = positionIn(feed, next.value);
    this.#cursor = position ?? cursorOf(operation, result);
    if (position === null) await this.#publish(result);
    else if (isNews(result)) await this.#publish(withCursor(result, position));
    await this.#handOver();
  }

  /**
   * Opens what the newer supergraph feeds the subscription with behind the last event, then lets the old stream go. What
   * that still brings is not used: it comes again. Where no cursor is known the old one goes on, completed by the old
   * engine, until it ends by itself or an event brings a cursor.
   */
  async #handOver(): Promise<boolean> {
    const successor = this.#successor;
    const isEarly = monotonicMs() - this.#triedAtMs < HAND_OVER_AGAIN_MS;
    if (successor === null || this.#cursor === null || this.#isEnded || isEarly) return false;
    this.#triedAtMs = monotonicMs();
    try {
      const route = await routeAfter(successor, this.#cursor);
      if (route === null) return false;
      this.#proceed(route, await this.#open(route));
      return true;
    } catch (error) {
      // What cannot be reached was logged by who tried; anything else is ours.
      if (!(error instanceof GraphQLError)) this.#log(error);
      return false;
    }
  }

  async #publish(result: ExecutionResult): Promise<void> {
    const { correlationId } = this.context;
    const cost = this.#route?.admitted.cost;
    const extensions = { ...result.extensions, correlationId, cost };
    this.#options.telemetry.delivered(this.#fanOut.size);
    await this.#fanOut.publish(new SharedEvent({ ...result, extensions }));
  }

  /** One last result with the reason, and the end. */
  async #fail(error: unknown): Promise<void> {
    if (this.#isEnded) return;
    const isKnown = error instanceof GraphQLError;
    if (!isKnown) this.#log(error);
    const message = `The gateway failed to subscribe; quote correlation id ${this.context.correlationId}.`;
    const told = isKnown ? error : refusal('INTERNAL_SERVER_ERROR', message);
    await this.#publish({ errors: [told] });
    this.#end(String(told.extensions['code']));
  }

  #end(reason: string): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#options.onClosedToOthers();
    this.#options.onEnd();
    this.#leg?.close();
    this.#gone.abort();
    this.#fanOut.end(reason);
  }

  #log(error: unknown): void {
    const { correlationId } = this.context;
    const text = errorText(error);
    this.#options.log.error({
      event: 'graphql.error',
      room: 'gateway',
      path: '',
      error: text,
      correlationId,
    });
  }

  /** Whatever is done in a turn, the next turn comes. */
  #inTurn<Value>(work: () => Promise<Value> | Value): Promise<Value> {
    const turn = this.#turns.then(work);
    this.#turns = turn.catch(() => undefined);
    return turn;
  }
}

function withCursor(result: ExecutionResult, cursor: Cursor): ExecutionResult {
  return { ...result, extensions: { ...result.extensions, cursor } };
}
