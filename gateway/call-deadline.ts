/** The time one upstream call may take. */
export interface CallDeadline {
  /** Fires on the time-out, or when the client goes away. */
  readonly signal: AbortSignal;
  readonly timedOut: () => boolean;
  /** Forgets the timer and leaves nothing behind at the client's signal, which may live for hours. */
  release(): void;
}

/** `gone` is null where the call is finished whatever its client does. */
export function startDeadline(gone: AbortSignal | null, timeoutMs: number): CallDeadline {
  const controller = new AbortController();
  let timedOut = false;
  const abort = (): void => controller.abort();
  const timer = setTimeout(() => {
    timedOut = true;
    abort();
  }, timeoutMs);
  if (gone?.aborted === true) abort();
  gone?.addEventListener('abort', abort, { once: true });
  return {
    signal: controller.signal,
    timedOut: () => timedOut,
    release: () => {
      clearTimeout(timer);
      gone?.removeEventListener('abort', abort);
    },
  };
}
