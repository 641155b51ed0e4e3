import { HOUR_MS } from '#kernel/clock.ts';
import { errorText } from '#kernel/log.ts';
import { startUsageDelivery } from './usage-delivery.ts';
import { openUsageQueue } from './usage-queue.ts';
import { createUsageRecorder } from './usage-recorder.ts';
import { HEARTBEAT, packed } from './usage-report.ts';
import { createUsageSpool } from './usage-spool.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Log } from '#kernel/log.ts';
import type { UsageDoor } from './usage-delivery.ts';
import type { RecordUsage } from './usage-recorder.ts';
import type { UsageReport } from './usage-report.ts';

/** How a gateway tells the registry what is used. */
export interface UsageOptions extends UsageDoor {
  /** A report is sent after this time, if there is anything to tell. */
  readonly flushMs: number;
  /** Where reports wait that could not be sent, over a restart too; null to lose them with the process. */
  readonly spoolFile: string | null;
}

/** Tells the registry which coordinates of the schema were used, by which client. */
export interface UsageReporting {
  readonly record: RecordUsage;
  /** Reports that wait to be sent. */
  waiting(): number;
  /** Sends what was collected, or keeps it for the next start. */
  close(): Promise<void>;
}

/** As many as Hive's own clients send at once: 300 KB of JSON, and ten to twenty compressed. */
const REPORT_OPERATIONS_MAX = 1_500;
/** Half an hour of 500 operations a second, compressed; beyond it reports are folded. */
const WAITING_MAX_BYTES = 16 * 1024 * 1024;
/** The registry counts a gateway that is silent for a day as one that did not report; an empty report is 60 bytes. */
const HEARTBEAT_MS = HOUR_MS;
/** Closing the gateway waits this long for the registry; a step of shutting down has ten seconds. */
const CLOSE_MS = 3_000;

/** Starts reporting: with a first, empty report, so that the registry knows who will report. */
export async function startUsageReporting(
  options: UsageOptions & { readonly clock: Clock; readonly log: Log },
): Promise<UsageReporting> {
  const { clock, log, spoolFile } = options;
  const complain = (error: string): void =>
    log.warn({ event: 'peer.failed', service: 'schema-registry usage', error, correlationId: '' });
  const spool = spoolFile === null ? null : createUsageSpool(spoolFile);
  const queue = await openUsageQueue({ spool, maxBytes: WAITING_MAX_BYTES, complain });
  const delivery = startUsageDelivery(options, queue, log);
  const recorder = createUsageRecorder(clock);
  let toldAt = clock.now().getTime();
  let telling = Promise.resolve();
  const tell = (report: UsageReport): void => {
    toldAt = clock.now().getTime();
    telling = telling.then(async () => {
      await queue.push(await packed(report));
      delivery.wake();
    });
  };
  const flush = (): void => {
    const report = recorder.take();
    if (report !== null) return tell(report);
    // What waits already will tell that this gateway lives.
    if (clock.now().getTime() - toldAt >= HEARTBEAT_MS && queue.length === 0) tell(HEARTBEAT);
  };
  tell(HEARTBEAT);
  const timer = setInterval(flush, options.flushMs).unref();
  return {
    waiting: () => queue.length,
    record: (operation) => {
      try {
        if (recorder.record(operation) >= REPORT_OPERATIONS_MAX) flush();
      } catch (error) {
        // An answer is worth more than the note that it was given.
        complain(`an operation was not counted: ${errorText(error)}`);
      }
    },
    close: async () => {
      clearInterval(timer);
      flush();
      await telling;
      await delivery.stop(CLOSE_MS);
      if (spool === null && queue.length > 0) complain(`${queue.length} reports were lost`);
    },
  };
}
