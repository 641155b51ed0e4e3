import { pause } from './shutdown.ts';

/** Lets a loop sleep until it is woken, its time is over, or it is told to stop. A wake-up while awake is kept for the next sleep. */
export interface WakeUp {
  readonly wake: () => void;
  readonly sleep: (ms: number) => Promise<void>;
}

export function createWakeUp(stop: AbortSignal): WakeUp {
  let woken = false;
  let current: AbortController | null = null;
  return {
    wake: () => {
      woken = true;
      current?.abort();
    },
    sleep: async (ms) => {
      if (!woken && !stop.aborted) {
        const sleeping = new AbortController();
        current = sleeping;
        await pause(ms, AbortSignal.any([stop, sleeping.signal]));
        current = null;
      }
      woken = false;
    },
  };
}
