/** The time one upstream call may take. */
export interface CallDeadline {
  /** Fires on the time-out, or when one of the parents does. */
  readonly signal: AbortSignal;
  readonly timedOut: () => boolean;
  /** Forgets the timer and leaves nothing behind at the parents, which may live for hours. */
  release(): void;
}

export function startDeadline(
  parents: readonly (AbortSignal | null)[],
  timeoutMs: number,
): CallDeadline {
  const controller = new AbortController();
  let timedOut = false;
  const abort = (): void => controller.abort();
  const timer = setTimeout(() => {
    timedOut = true;
    abort();
  }, timeoutMs);
  const living = parents.filter((parent) => parent !== null);
  for (const parent of living) {
    if (parent.aborted) abort();
    parent.addEventListener('abort', abort, { once: true });
  }
  return {
    signal: controller.signal,
    timedOut: () => timedOut,
    release: () => {
      clearTimeout(timer);
      for (const parent of living) parent.removeEventListener('abort', abort);
    },
  };
}
