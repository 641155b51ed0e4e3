/** What a process must close before it ends, closed last-opened first. */
export interface Shutdown {
  /** Registers a closing step; steps run in reverse order of registration. */
  defer(name: string, close: () => Promise<void> | void): void;
  /** Runs all steps once; later calls wait for the first. */
  run(): Promise<void>;
}

/** A step that has not ended by then is given up, so that one stuck connection cannot keep a process alive. */
const STEP_TIMEOUT_MS = 10_000;

export function createShutdown(onProblem: (step: string, error: unknown) => void): Shutdown {
  const steps: { name: string; close: () => Promise<void> | void }[] = [];
  let running: Promise<void> | null = null;
  async function runAll(): Promise<void> {
    for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
      try {
        await withTimeout(Promise.resolve(step.close()), STEP_TIMEOUT_MS, `closing ${step.name}`);
      } catch (error) {
        onProblem(step.name, error);
      }
    }
  }
  return {
    defer: (name, close) => void steps.push({ name, close }),
    run: () => (running ??= runAll()),
  };
}

/** One press of Ctrl-C can reach a process twice, from the terminal and from its parent; only a later one means "at once". */
const SAME_SIGNAL_MS = 1_000;

/** Ends the process after a clean shutdown when it is asked to stop; a second signal ends it at once. */
export function shutdownOnSignals(shutdown: Shutdown): void {
  let askedAtMs: number | null = null;
  const stop = (): void => {
    const nowMs = performance.now();
    if (askedAtMs !== null && nowMs - askedAtMs > SAME_SIGNAL_MS) process.exit(130);
    if (askedAtMs !== null) return;
    askedAtMs = nowMs;
    void shutdown.run().then(() => process.exit(0));
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
  // The parent that holds our message channel has died without a word.
  process.once('disconnect', stop);
}

/** Something did not end in its time. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

/** `work`, or an error that names what took longer than `timeoutMs`. */
export async function withTimeout<Value>(
  work: Promise<Value>,
  timeoutMs: number,
  what: string,
): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new TimeoutError(`${what} took longer than ${timeoutMs} ms`)),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves after `ms`, or at once when the signal aborts. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
}
