import { Webhook } from 'standardwebhooks';
import { now } from './clock.ts';
import type { Change } from './document.ts';
import type { FaultPlan } from './fault-plan.ts';
import { renamed } from './presentation.ts';

/** Waits before the second, third … attempt. After the last the webhook is given up; the change feed still has it. */
const RETRY_DELAYS_MS = [250, 1000, 4000, 16_000] as const;
/** A receiver that needs longer than this should answer first and work later. */
const ATTEMPT_TIMEOUT_MS = 5000;
/** Changes of one external reference share a lane and leave in order; lanes keep one slow answer from holding up all. */
const LANE_COUNT = 8;
/** In mode out-of-order a change waits this long for a later one to overtake it. */
const OVERTAKE_WAIT_MS = 10_000;
/** More open webhooks than this are given up at once: the receiver is gone, and the change feed has them all. */
const OPEN_LIMIT = 10_000;
/** How often a sender that is down looks whether it is up again. */
const DOWN_POLL_MS = 100;

export type WebhookTarget = { readonly url: string; readonly secret: string };

export type WebhookSender = {
  readonly send: (changes: readonly Change[]) => void;
  readonly counts: () => {
    attempts: number;
    delivered: number;
    abandoned: number;
    suppressed: number;
  };
  readonly stop: () => void;
};

/** Announces changes. `onSettled` is told each sequence that needs no further attempt. */
export function webhookSender(
  target: WebhookTarget | undefined,
  plan: FaultPlan,
  onSettled: (sequence: number) => void,
): WebhookSender {
  if (target === undefined) return silentSender(onSettled);
  const stopping = new AbortController();
  const counts = { attempts: 0, delivered: 0, abandoned: 0, suppressed: 0 };
  let open = 0;
  const settle = (change: Change, outcome: 'delivered' | 'abandoned' | 'suppressed'): void => {
    open -= 1;
    counts[outcome] += 1;
    onSettled(change.Sequence);
  };
  const attempt = async (change: Change): Promise<boolean> => {
    while (plan.behaviour().mode === 'down' && !stopping.signal.aborted) await pause(DOWN_POLL_MS);
    if (stopping.signal.aborted) return false;
    counts.attempts += 1;
    const body = JSON.stringify(renamed(change, plan.behaviour().renameFields));
    return post(target, change, { body, stop: stopping.signal });
  };
  const deliver = deliverer(plan, attempt, {
    settle,
    isStopped: () => stopping.signal.aborted,
  });
  const queue = orderedQueue(deliver);

  const announce = (change: Change): void => {
    open += 1;
    const mode = plan.behaviour().webhooks;
    if (mode === 'never' || plan.losesWebhook()) settle(change, 'suppressed');
    else if (open > OPEN_LIMIT) settle(change, 'abandoned');
    else if (mode === 'out-of-order') queue.overtake(change);
    else queue.enqueue(change);
  };
  return {
    send: (changes) => changes.forEach(announce),
    counts: () => ({ ...counts }),
    stop: () => {
      queue.stop();
      stopping.abort();
    },
  };
}

/** Delivers one change; a failed first attempt is retried beside the lane, so that it does not hold up the next change. */
function deliverer(
  plan: FaultPlan,
  attempt: (change: Change) => Promise<boolean>,
  end: {
    settle: (change: Change, outcome: 'delivered' | 'abandoned') => void;
    isStopped: () => boolean;
  },
): (change: Change) => Promise<void> {
  const retry = async (change: Change): Promise<void> => {
    for (const delayMs of RETRY_DELAYS_MS) {
      await pause(delayMs);
      if (await attempt(change)) return end.settle(change, 'delivered');
      // Left open: the next start sends it again.
      if (end.isStopped()) return;
    }
    end.settle(change, 'abandoned');
  };
  return async (change) => {
    const copies = plan.behaviour().webhooks === 'twice' ? 2 : 1;
    const taken = await Promise.all(Array.from({ length: copies }, () => attempt(change)));
    if (taken.includes(true)) end.settle(change, 'delivered');
    else if (!end.isStopped()) void retry(change);
  };
}

/** Who leaves before whom: in order per external reference, or, when asked, each second change before the first. */
function orderedQueue(deliver: (change: Change) => Promise<void>): {
  enqueue: (...changes: readonly Change[]) => void;
  overtake: (change: Change) => void;
  stop: () => void;
} {
  const lanes = Array.from({ length: LANE_COUNT }, () => Promise.resolve());
  let held: { change: Change; timer: NodeJS.Timeout } | undefined;

  const enqueue = (...changes: readonly Change[]): void => {
    const lane = laneOf(changes[0]?.ExternalReference ?? '');
    const before = lanes[lane] ?? Promise.resolve();
    lanes[lane] = changes.reduce((tail, change) => tail.then(() => deliver(change)), before);
  };
  const overtake = (change: Change): void => {
    if (held !== undefined) {
      clearTimeout(held.timer);
      enqueue(change, held.change);
      held = undefined;
      return;
    }
    const timer = setTimeout(() => {
      held = undefined;
      enqueue(change);
    }, OVERTAKE_WAIT_MS);
    held = { change, timer };
  };
  return { enqueue, overtake, stop: () => clearTimeout(held?.timer) };
}

/** Without a target nothing is sent, and nothing stays open for a later start. */
function silentSender(onSettled: (sequence: number) => void): WebhookSender {
  const counts = { attempts: 0, delivered: 0, abandoned: 0, suppressed: 0 };
  const send = (changes: readonly Change[]): void => {
    counts.suppressed += changes.length;
    for (const change of changes) onSettled(change.Sequence);
  };
  return { send, counts: () => ({ ...counts }), stop: () => undefined };
}

/** One attempt, signed afresh since the signature covers the time; true when the receiver answered 2xx. */
async function post(
  target: WebhookTarget,
  change: Change,
  message: { readonly body: string; readonly stop: AbortSignal },
): Promise<boolean> {
  const at = now();
  try {
    const answer = await fetch(target.url, {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.any([AbortSignal.timeout(ATTEMPT_TIMEOUT_MS), message.stop]),
      headers: {
        'content-type': 'application/json',
        'webhook-id': change.EventId,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
        'webhook-signature': new Webhook(target.secret).sign(change.EventId, at, message.body),
      },
      body: message.body,
    });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    // No connection, a cut one or a time-out: the same to a sender, it tries again.
    return false;
  }
}

function laneOf(reference: string): number {
  let sum = 0;
  for (const character of reference) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 65_521;
  return sum % LANE_COUNT;
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
