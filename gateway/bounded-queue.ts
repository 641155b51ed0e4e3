/** The reader stood still for longer than the queue waits. */
export class ReaderStalled extends Error {
  override readonly name = 'ReaderStalled';
}

export interface QueueOptions {
  /** Items held for the reader. When there are that many, the source is not read further: it feels the back-pressure. */
  readonly capacity: number;
  /** How long a full queue waits for its reader before it gives up. */
  readonly stallMs: number;
  /** Called once, when the source is no longer wanted; must make a pending `source.next()` settle. */
  readonly onClose: (stalled: boolean) => void;
}

/** Reads ahead of a reader within bounds of space and time. Closing it never waits for the source. */
export function boundedQueue<Item>(
  source: AsyncIterator<Item>,
  options: QueueOptions,
): AsyncGenerator<Item, void, void> {
  const items: Item[] = [];
  let ended = false;
  let failure: { readonly error: unknown } | null = null;
  let arrival: PromiseWithResolvers<void> | null = null;
  let space: PromiseWithResolvers<void> | null = null;

  const end = (cause: { readonly error: unknown } | null): void => {
    if (ended) return;
    ended = true;
    failure = cause;
    arrival?.resolve();
    space?.resolve();
    options.onClose(cause?.error instanceof ReaderStalled);
    void source.return?.().catch(() => undefined);
  };
  const awaitSpace = async (): Promise<void> => {
    space = Promise.withResolvers();
    const stalled = new ReaderStalled(`Nothing was read for ${options.stallMs} ms.`);
    const timer = setTimeout(() => end({ error: stalled }), options.stallMs);
    await space.promise;
    clearTimeout(timer);
    space = null;
  };
  const pump = async (): Promise<void> => {
    try {
      for (;;) {
        const next = await source.next();
        if (ended || next.done === true) return end(null);
        items.push(next.value);
        arrival?.resolve();
        if (items.length >= options.capacity) await awaitSpace();
      }
    } catch (error) {
      end({ error });
    }
  };
  void pump();

  const next = async (): Promise<IteratorResult<Item, void>> => {
    if (items.length === 0 && !ended) {
      arrival ??= Promise.withResolvers();
      await arrival.promise;
      arrival = null;
      return next();
    }
    const item = items.shift();
    space?.resolve();
    if (item !== undefined) return { done: false, value: item };
    if (failure === null) return { done: true, value: undefined };
    const { error } = failure;
    failure = null;
    throw error;
  };
  return generatorOf(next, () => {
    items.length = 0;
    end(null);
  });
}

/** An async generator from its parts. A generator function's own `return` would wait behind a pending `next`. */
export function generatorOf<Item>(
  next: () => Promise<IteratorResult<Item, void>>,
  close: () => void,
): AsyncGenerator<Item, void, void> {
  const stop = (): Promise<IteratorResult<Item, void>> => {
    close();
    return Promise.resolve({ done: true, value: undefined });
  };
  return {
    next,
    return: stop,
    throw: stop,
    [Symbol.asyncIterator]() {
      return this;
    },
    [Symbol.asyncDispose]() {
      close();
      return Promise.resolve();
    },
  };
}
