import { errorText } from '#kernel/log.ts';
import { pause } from '#kernel/shutdown.ts';
import type { Secret } from '#kernel/config.ts';
import type { Log } from '#kernel/log.ts';
import type { UsageQueue } from './usage-queue.ts';
import type { PackedReport } from './usage-report.ts';

/** The registry's door for usage reports. */
export interface UsageDoor {
  /** The registry's base address. */
  readonly url: string;
  readonly targetId: string;
  readonly token: Secret;
  /** Names this gateway in the registry's account of who reported; the same after a restart. */
  readonly gatewayId: string;
}

/** Sends what waits, one report after the other. */
export interface UsageDelivery {
  /** Something waits now. */
  wake(): void;
  /** Tries what is left until it has gone, or fails, or the deadline has come. */
  stop(deadlineMs: number): Promise<void>;
}

const SEND_TIMEOUT_MS = 10_000;
const BACK_OFF_MIN_MS = 500;
/** A registry that is back is told within a minute. */
const BACK_OFF_MAX_MS = 60_000;

export function startUsageDelivery(door: UsageDoor, queue: UsageQueue, log: Log): UsageDelivery {
  const stopped = new AbortController();
  const cut = new AbortController();
  let woken = Promise.withResolvers<void>();
  let failures = 0;
  /** Whether the head has been dealt with. */
  const sendHead = async (head: PackedReport): Promise<boolean> => {
    const outcome = await send(door, head, cut.signal);
    if (outcome.state === 'FAILED') {
      failures += 1;
      if (failures === 1) complain(log, outcome.reason, head.id);
      await queue.persist();
      await pause(backOffMs(failures, outcome.retryAfterMs), stopped.signal);
      return false;
    }
    failures = 0;
    if (outcome.state === 'REFUSED') {
      complain(log, `${head.operations} operations were refused: ${outcome.reason}`, head.id);
    }
    await queue.shift();
    return true;
  };
  const loop = (async () => {
    while (!stopped.signal.aborted) {
      if (queue.head === undefined) await woken.promise;
      else await sendHead(queue.head);
    }
    // At the end all that waits is tried once more, until something fails.
    let isTaken = true;
    while (isTaken && queue.head !== undefined) isTaken = await sendHead(queue.head);
  })();
  const wake = (): void => {
    woken.resolve();
    woken = Promise.withResolvers();
  };
  return {
    wake,
    stop: async (deadlineMs) => {
      const deadline = setTimeout(() => cut.abort(), deadlineMs);
      stopped.abort();
      wake();
      await loop;
      clearTimeout(deadline);
      await queue.persist();
    },
  };
}

type Outcome =
  | { readonly state: 'DELIVERED' }
  /** The report itself is not wanted: it would be refused again. */
  | { readonly state: 'REFUSED'; readonly reason: string }
  | { readonly state: 'FAILED'; readonly reason: string; readonly retryAfterMs: number };

/** What the registry says of the report, not of us or of itself. */
const REFUSING: readonly number[] = [400, 413, 415, 422];

async function send(door: UsageDoor, report: PackedReport, cut: AbortSignal): Promise<Outcome> {
  const url = `${door.url.replace(/\/$/, '')}/usage/${encodeURIComponent(door.targetId)}`;
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${door.token.reveal()}`,
        'content-type': 'application/json',
        'content-encoding': 'gzip',
        'x-usage-api-version': '2',
        'x-concord-gateway': door.gatewayId,
        'x-report-id': report.id,
      },
      body: new Uint8Array(report.gzip),
      signal: AbortSignal.any([AbortSignal.timeout(SEND_TIMEOUT_MS), cut]),
      redirect: 'error',
    });
    const answer = (await response.text()).slice(0, 200);
    if (response.ok) return { state: 'DELIVERED' };
    const reason = `status ${response.status}: ${answer}`;
    if (REFUSING.includes(response.status)) return { state: 'REFUSED', reason };
    const retryAfterMs = Number(response.headers.get('retry-after') ?? 0) * 1000;
    return { state: 'FAILED', reason, retryAfterMs };
  } catch (error) {
    return { state: 'FAILED', reason: errorText(error), retryAfterMs: 0 };
  }
}

/** Between half and all of it, so that gateways do not come back together. */
function backOffMs(failures: number, retryAfterMs: number): number {
  const grown = BACK_OFF_MIN_MS * 2 ** Math.min(failures - 1, 10);
  const wished = Number.isFinite(retryAfterMs) ? Math.max(grown, retryAfterMs) : grown;
  return Math.min(wished, BACK_OFF_MAX_MS) * (0.5 + Math.random() / 2);
}

function complain(log: Log, error: string, correlationId: string): void {
  log.warn({ event: 'peer.failed', service: 'schema-registry usage', error, correlationId });
}
