import { PgBoss } from 'pg-boss';
import { errorText } from '#kernel/log.ts';
import { JOBS_SCHEMA } from '#kernel/provision.ts';
import type { Database, Transaction } from '#kernel/database.ts';
import type { Log } from '#kernel/log.ts';

/** The queue: pg-boss in its own schema. A job only names a delivery; everything else is in our tables. */
export interface Jobs {
  /** Makes the delivery's job, in the caller's transaction. The job has the delivery's id. */
  enqueue(
    tx: Transaction,
    job: { erp: string; deliveryId: string; documentId: string },
  ): Promise<void>;
  /** Settles the running attempt as done. */
  complete(tx: Transaction, job: RunningJob): Promise<void>;
  /** Lets the running attempt be taken again at `until`; later jobs of the document wait behind it. */
  postpone(tx: Transaction, job: RunningJob, until: Date): Promise<void>;
  /** Makes a waiting job due at once. */
  wake(tx: Transaction, erp: string, deliveryIds: readonly string[]): Promise<void>;
  /** Takes a dead job up again; false when it is not (or not yet) dead. */
  revive(tx: Transaction, erp: string, deliveryId: string): Promise<boolean>;
  /** Has the queue put the job aside? */
  isDead(tx: Transaction, erp: string, deliveryId: string): Promise<boolean>;
  /** Forgets a dead job, so that later jobs of its document go on. */
  forget(tx: Transaction, erp: string, deliveryId: string): Promise<void>;
  /** Starts workers on the queue of one ERP. `dead`: put the job aside and tell the dead-letter worker. */
  work(
    erp: string,
    options: WorkerOptions,
    handle: (job: RunningJob) => Promise<'settled' | 'dead'>,
  ): Promise<void>;
  /** Starts the worker that is told of every dead job. */
  workDead(handle: (tx: Transaction, deliveryId: string) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

export interface RunningJob {
  readonly erp: string;
  readonly deliveryId: string;
  /** Names the attempt: settling an attempt that was taken away does nothing. */
  readonly retryCount: number;
  /** Aborted when the attempt was taken away from this worker. */
  readonly signal: AbortSignal;
}

export interface WorkerOptions {
  /** Jobs in one batch; each of another document. */
  readonly batchSize: number;
  /** Batches at once in this process, so that one slow document does not hold up all. */
  readonly workers: number;
}

const DEAD_LETTERS = 'erp-dead-letters';
/** Signalled after each commit that made a job due. */
const JOBS_CHANNEL = 'concord_jobs';
/** How often an idle worker looks by itself: a signal can be lost, a job cannot. */
const POLL_SECONDS = 1;
/** A worker that was killed is noticed after this; pg-boss takes nothing shorter. */
const HEARTBEAT_SECONDS = 10;
const SUPERVISE_SECONDS = 5;
/** A round makes at most five calls of five seconds. */
const EXPIRE_SECONDS = 120;
/** Our own count of attempts ends a delivery long before; this only bounds a job that we never understood. */
const RETRY_LIMIT = 100_000;
const RETRY_DELAY_MAX_SECONDS = 60;
/** A job may wait behind a dead one for as long as people need to look at it. */
const RETENTION_SECONDS = 365 * 24 * 3600;
const POOL_SIZE = 5;
/** What a worker in the middle of a call gets at shutdown. */
const STOP_TIMEOUT_MS = 8_000;

export async function startJobs(options: {
  readonly url: string;
  readonly database: Database;
  readonly erps: readonly string[];
  readonly log: Log;
}): Promise<Jobs> {
  const boss = new PgBoss({
    connectionString: options.url,
    schema: JOBS_SCHEMA,
    createSchema: false,
    application_name: 'concord-integration-jobs',
    max: POOL_SIZE,
    schedule: false,
    superviseIntervalSeconds: SUPERVISE_SECONDS,
    monitorIntervalSeconds: SUPERVISE_SECONDS,
    monitorVacuum: false,
    openTelemetry: { enabled: false },
  });
  boss.on('error', (error) => {
    options.log.warn({
      event: 'database.connection-lost',
      schema: JOBS_SCHEMA,
      error: errorText(error),
    });
  });
  await boss.start();
  await boss.createQueue(DEAD_LETTERS, {
    retryLimit: RETRY_LIMIT,
    retryBackoff: true,
    retryDelay: 1,
    retryDelayMax: RETRY_DELAY_MAX_SECONDS,
    retentionSeconds: RETENTION_SECONDS,
  });
  for (const erp of options.erps) await boss.createQueue(queueOf(erp), QUEUE);
  const workerIds: string[] = [];
  const listener = await options.database.listen(JOBS_CHANNEL, () =>
    workerIds.forEach((id) => boss.notifyWorker(id)),
  );
  return {
    ...commandsOf(boss),
    work: async (erp, workerOptions, handle) => {
      for (let count = 0; count < workerOptions.workers; count += 1)
        workerIds.push(await workOn(boss, { erp, batchSize: workerOptions.batchSize, handle }));
    },
    workDead: async (handle) =>
      void workerIds.push(await workOnDead(boss, options.database, handle)),
    close: async () => {
      await listener.close();
      await boss.stop({ graceful: true, timeout: STOP_TIMEOUT_MS });
    },
  };
}

const QUEUE = {
  policy: 'key_strict_fifo',
  deadLetter: DEAD_LETTERS,
  retryLimit: RETRY_LIMIT,
  retryDelay: 1,
  retryBackoff: true,
  retryDelayMax: RETRY_DELAY_MAX_SECONDS,
  expireInSeconds: EXPIRE_SECONDS,
  heartbeatSeconds: HEARTBEAT_SECONDS,
  retentionSeconds: RETENTION_SECONDS,
  deleteAfterSeconds: RETENTION_SECONDS,
} as const;

function queueOf(erp: string): string {
  return `erp-${erp}`;
}

interface JobData {
  readonly erp: string;
  readonly deliveryId: string;
}

/** pg-boss's statements on the connection of our transaction. */
function within(tx: Transaction) {
  return {
    db: {
      executeSql: async (text: string, values?: unknown[]) => ({
        rows: await tx.query<Record<string, unknown>>(text, values),
      }),
    },
  };
}

function commandsOf(boss: PgBoss): Omit<Jobs, 'work' | 'workDead' | 'close'> {
  return {
    enqueue: async (tx, { erp, deliveryId, documentId }) => {
      const data: JobData = { erp, deliveryId };
      await boss.insert(
        queueOf(erp),
        [{ id: deliveryId, data, singletonKey: documentId }],
        within(tx),
      );
      tx.signalOnCommit(JOBS_CHANNEL);
    },
    complete: async (tx, job) => {
      await boss.complete(queueOf(job.erp), attemptOf(job), null, within(tx));
      tx.signalOnCommit(JOBS_CHANNEL);
    },
    postpone: async (tx, job, until) => {
      const settled = await boss.fail(queueOf(job.erp), attemptOf(job), { until }, within(tx));
      if (affectedBy(settled) === 0) return;
      await boss.update(queueOf(job.erp), undefined, {
        id: job.deliveryId,
        startAfter: until,
        ...within(tx),
      });
    },
    wake: async (tx, erp, deliveryIds) => {
      for (const id of deliveryIds)
        await boss.update(queueOf(erp), undefined, { id, startAfter: 0, ...within(tx) });
      tx.signalOnCommit(JOBS_CHANNEL);
    },
    revive: async (tx, erp, deliveryId) => {
      const answer = await boss.retry(queueOf(erp), deliveryId, within(tx));
      if (affectedBy(answer) === 0) return false;
      // pg-boss keeps the back-off that the dead job would have had next; a person has waited long enough.
      await boss.update(queueOf(erp), undefined, { id: deliveryId, startAfter: 0, ...within(tx) });
      tx.signalOnCommit(JOBS_CHANNEL);
      return true;
    },
    isDead: async (tx, erp, deliveryId) => {
      const [job] = await boss.findJobs(queueOf(erp), { id: deliveryId, ...within(tx) });
      return job?.state === 'failed';
    },
    forget: async (tx, erp, deliveryId) => {
      await boss.deleteJob(queueOf(erp), deliveryId, within(tx));
      tx.signalOnCommit(JOBS_CHANNEL);
    },
  };
}

function attemptOf(job: RunningJob) {
  return { id: job.deliveryId, retryCount: job.retryCount };
}

/** pg-boss types its answers as empty objects; the count is there. */
function affectedBy(answer: object): number {
  return 'affected' in answer ? Number(answer.affected) : 0;
}

async function workOn(
  boss: PgBoss,
  options: { erp: string; batchSize: number; handle: Parameters<Jobs['work']>[2] },
): Promise<string> {
  const settings = {
    batchSize: options.batchSize,
    pollingIntervalSeconds: POLL_SECONDS,
    burstWhenBatchFull: true,
    perJobResults: true,
    heartbeatRefreshSeconds: 3,
  } as const;
  return boss.work<JobData, unknown, typeof settings>(queueOf(options.erp), settings, (jobs) =>
    Promise.all(
      jobs.map(async (job) => {
        const { erp, deliveryId } = job.data;
        const running = { erp, deliveryId, retryCount: job.retryCount, signal: job.signal };
        try {
          const outcome = await options.handle(running);
          // A settled attempt is settled already, in the transaction of its outcome; this answer then changes nothing.
          return {
            id: job.id,
            status: outcome === 'dead' ? ('deadletter' as const) : ('completed' as const),
          };
        } catch (error) {
          return { id: job.id, status: 'failed' as const, output: { error: errorText(error) } };
        }
      }),
    ),
  );
}

async function workOnDead(
  boss: PgBoss,
  database: Database,
  handle: Parameters<Jobs['workDead']>[0],
): Promise<string> {
  const settings = {
    batchSize: 20,
    pollingIntervalSeconds: POLL_SECONDS,
    burstWhenBatchFull: true,
    perJobResults: true,
  } as const;
  return boss.work<JobData, unknown, typeof settings>(DEAD_LETTERS, settings, (jobs) =>
    Promise.all(
      jobs.map(async (job) => {
        try {
          await database.transaction((tx) => handle(tx, job.data.deliveryId));
          return { id: job.id, status: 'completed' as const };
        } catch (error) {
          return { id: job.id, status: 'failed' as const, output: { error: errorText(error) } };
        }
      }),
    ),
  );
}
