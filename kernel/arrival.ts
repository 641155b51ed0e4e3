import { pause } from './shutdown.ts';
import type { Problem, Result } from './problem.ts';

/** Pauses between looks: short while an event is usually on its way, 1.3 s in all. */
const LOOK_AGAIN_MS = [20, 40, 80, 160, 320, 640];

/**
 * Runs a command that names a fact of another room. The caller may have seen that fact in the graph a moment before its
 * event has arrived here, so "not found" is only believed after a little while. A refusal changes nothing, so trying
 * again is safe.
 */
export async function onceArrived<Value, P extends Problem>(
  attempt: () => Promise<Result<Value, P>>,
): Promise<Result<Value, P>> {
  for (const waitMs of LOOK_AGAIN_MS) {
    const result = await attempt();
    if (result.ok || result.problem.code !== 'NOT_FOUND') return result;
    await pause(waitMs);
  }
  return attempt();
}
