import { errorText } from '#kernel/log.ts';
import { isRecord } from '#kernel/json.ts';
import { sha256 } from '#kernel/id.ts';
import { canonicalJson } from '#kernel/json.ts';
import { pause } from '#kernel/shutdown.ts';
import { moveWatermark, watermarkOf } from './store/erp-message.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Database } from '#kernel/database.ts';
import type { Log } from '#kernel/log.ts';
import type { ChangePage, Connector } from './connector.ts';
import type { Inbound } from './inbound.ts';

export interface PollerOptions {
  readonly erp: string;
  readonly connector: Pick<Connector, 'changesSince'>;
  readonly database: Database;
  readonly inbound: Inbound;
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Poller {
  close(): Promise<void>;
}

/** Changes taken in one transaction: few enough that a webhook never waits long for a row that the poll holds. */
const PAGE_SIZE = 100;

/** Reads the ERP's change feed from a durable watermark, again and again: what no webhook told is found here. */
export function startPoller(options: PollerOptions): Poller {
  const stop = new AbortController();
  const running = pollUntil(stop.signal, options);
  return {
    close: async () => {
      stop.abort();
      await running;
    },
  };
}

async function pollUntil(stop: AbortSignal, options: PollerOptions): Promise<void> {
  while (!stop.aborted) {
    try {
      while (!stop.aborted && (await pollOnce(options))) continue;
    } catch (error) {
      if (!stop.aborted)
        options.log.warn({
          event: 'peer.failed',
          service: options.erp,
          error: errorText(error),
          correlationId: '',
        });
    }
    await pause(options.intervalMs, stop);
  }
}

/** Takes one page; returns whether there is more. */
export async function pollOnce(options: PollerOptions): Promise<boolean> {
  const { erp, database } = options;
  const known = await watermarkOf(database, erp);
  const answer = await options.connector.changesSince(known?.watermark ?? 0n, PAGE_SIZE);
  if (!answer.ok) throw new Error(answer.problem.message);
  const page = answer.value;
  if (known !== null && known.systemId !== page.systemId) {
    // Another system answers now; our watermark means nothing to it.
    await database.transaction((tx) =>
      moveWatermark(tx, { erp, systemId: page.systemId, watermark: 0n }, options.clock.now()),
    );
    return true;
  }
  const taken = await takePage(options, page);
  if (taken > 0) options.log.info({ event: 'erp.polled', erp, changes: taken });
  return page.hasMore && page.messages.length > 0;
}

async function takePage(options: PollerOptions, page: ChangePage): Promise<number> {
  const { erp } = options;
  return options.database.transaction(async (tx) => {
    let taken = 0;
    for (const body of page.messages) {
      const raw = { erp, messageId: messageIdOf(body), body, receivedBy: 'POLL' } as const;
      if ((await options.inbound.take(tx, raw)) !== null) taken += 1;
    }
    await moveWatermark(
      tx,
      { erp, systemId: page.systemId, watermark: page.nextWatermark },
      options.clock.now(),
    );
    return taken;
  });
}

/** The feed has no header: a message without an id of its own is known by its content. */
function messageIdOf(body: unknown): string {
  return isRecord(body) && typeof body['EventId'] === 'string'
    ? body['EventId']
    : sha256(canonicalJson(body));
}
