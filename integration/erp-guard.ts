import {
  BrokenCircuitError,
  CircuitState,
  ConsecutiveBreaker,
  TaskCancelledError,
  bulkhead,
  circuitBreaker,
  handleWhenResult,
  wrap,
} from 'cockatiel';
import { isRecord } from '#kernel/json.ts';
import { refused } from '#kernel/problem.ts';
import { failure } from './connector.ts';
import type { Result } from '#kernel/problem.ts';
import type { ErpFailure } from './connector.ts';

/** Stands between us and one ERP: so many calls at once, and none while it is known to be down. */
export interface ErpGuard {
  /** Runs the call, or answers CIRCUIT_OPEN without running it. */
  run<Value>(call: () => Promise<Result<Value, ErpFailure>>): Promise<Result<Value, ErpFailure>>;
  /** Whether a call made now would be turned away. */
  isOpen(): boolean;
}

export interface GuardLimits {
  /** Calls in flight at one ERP; more wait their turn. */
  readonly concurrency: number;
  /** Failures in a row after which the ERP is left alone. */
  readonly failuresMax: number;
  /** After this one call is let through as a probe; the others wait for what becomes of it. */
  readonly openMs: number;
}

export const DEFAULT_GUARD_LIMITS: GuardLimits = { concurrency: 8, failuresMax: 5, openMs: 10_000 };

/** Waiting calls are bounded by the batches of the workers; this only keeps a mistake from growing without end. */
const QUEUE_MAX = 1000;
/** Kinds that say the ERP is not well; a refusal or a conflict says that it is. */
const UNWELL = new Set<unknown>(['UNAVAILABLE', 'UNKNOWN_OUTCOME']);

export function createErpGuard(erp: string, limits: GuardLimits): ErpGuard {
  const breaker = circuitBreaker(handleWhenResult(isUnwell), {
    halfOpenAfter: limits.openMs,
    breaker: new ConsecutiveBreaker(limits.failuresMax),
  });
  const policy = wrap(bulkhead(limits.concurrency, QUEUE_MAX), breaker);
  return {
    run: async (call) => {
      try {
        return await policy.execute(call);
      } catch (error) {
        if (!(error instanceof BrokenCircuitError) && !(error instanceof TaskCancelledError))
          throw error;
        const message = `${erp} did not answer ${limits.failuresMax} times in a row and is left alone for a while`;
        return refused(failure('CIRCUIT_OPEN', 'ERP_UNAVAILABLE', message));
      }
    },
    isOpen: () => breaker.state === CircuitState.Open,
  };
}

function isUnwell(answer: unknown): boolean {
  return isRecord(answer) && isRecord(answer['problem']) && UNWELL.has(answer['problem']['kind']);
}
