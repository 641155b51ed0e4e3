import { MINUTE_MS } from '#kernel/clock.ts';
import { errorText } from '#kernel/log.ts';
import { pause } from '#kernel/shutdown.ts';
import { makeCheckpoint } from './checkpoint.ts';
import type { Log } from '#kernel/log.ts';
import type { CheckpointMaking } from './checkpoint.ts';

/** An entry is covered by a signed checkpoint after so long at the most. */
const CHECKPOINT_EVERY_MS = MINUTE_MS;

/** Signs a checkpoint every minute in which the history has grown. */
export function startCheckpoints(
  making: CheckpointMaking & { readonly log: Log; readonly everyMs?: number },
): { close(): Promise<void> } {
  const stop = new AbortController();
  const running = checkpointUntil(stop.signal, making);
  return {
    close: async () => {
      stop.abort();
      await running;
    },
  };
}

async function checkpointUntil(
  stop: AbortSignal,
  making: Parameters<typeof startCheckpoints>[0],
): Promise<void> {
  while (!stop.aborted) {
    try {
      await makeCheckpoint(making);
    } catch (error) {
      making.log.warn({
        event: 'sweep.failed',
        name: 'history-checkpoint',
        error: errorText(error),
      });
    }
    await pause(making.everyMs ?? CHECKPOINT_EVERY_MS, stop);
  }
}
