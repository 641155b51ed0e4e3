import { errorText } from '#kernel/log.ts';
import { folded } from './usage-report.ts';
import type { PackedReport } from './usage-report.ts';
import type { UsageSpool } from './usage-spool.ts';

/** Reports that wait to be sent, oldest first; bounded, and on disk while the registry cannot be reached. */
export interface UsageQueue {
  /** The one to be sent next; it stays the same until it is shifted. */
  readonly head: PackedReport | undefined;
  readonly length: number;
  push(report: PackedReport): Promise<void>;
  /** The head has been dealt with. */
  shift(): Promise<void>;
  /** Writes what waits to disk, and what comes later too, until nothing waits. */
  persist(): Promise<void>;
}

interface QueueOptions {
  /** Null keeps everything in memory only. */
  readonly spool: UsageSpool | null;
  readonly maxBytes: number;
  /** Told of what was lost, and of a disk that does not take reports; nothing of this stops the queue. */
  readonly complain: (problem: string) => void;
}

interface State {
  waiting: PackedReport[];
  /** How many of those that wait, from the head on, are on disk. */
  onDisk: number;
  /** What the file holds, with reports that were sent since. */
  fileBytes: number;
  isPersisting: boolean;
}

/** Opens a queue with what an earlier process left in the spool. */
export async function openUsageQueue(options: QueueOptions): Promise<UsageQueue> {
  const state: State = { waiting: [], onDisk: 0, fileBytes: 0, isPersisting: false };
  await onDisk(options, async (spool) => {
    state.waiting = await spool.load();
    state.onDisk = state.waiting.length;
    state.fileBytes = bytesOf(state.waiting);
    state.isPersisting = state.onDisk > 0;
  });
  let turn = Promise.resolve();
  /** Each change of the queue ends before the next begins, on disk as well. */
  const inTurn = (change: () => Promise<void>): Promise<void> => (turn = turn.then(change));
  return {
    get head() {
      return state.waiting[0];
    },
    get length() {
      return state.waiting.length;
    },
    push: (report) =>
      inTurn(async () => {
        state.waiting.push(report);
        await shrink(state, options);
        await save(state, options);
      }),
    shift: () =>
      inTurn(async () => {
        state.waiting.shift();
        state.onDisk = Math.max(0, state.onDisk - 1);
        if (state.waiting.length === 0) await clear(state, options);
      }),
    persist: () =>
      inTurn(async () => {
        state.isPersisting = true;
        await save(state, options);
      }),
  };
}

/** Folds what waits when it is too much, but for the head, which may be on its way under its id. Drops the oldest when even that is too much. */
async function shrink(state: State, { maxBytes, complain }: QueueOptions): Promise<void> {
  if (bytesOf(state.waiting) <= maxBytes) return;
  const [head, ...rest] = state.waiting;
  const fewer = await folded(rest);
  let lost = 0;
  // Half of the most, so that folding is not the next report's work again.
  while (bytesOf(fewer) > maxBytes / 2) lost += fewer.shift()?.operations ?? 0;
  if (lost > 0) complain(`${lost} operations were dropped; the registry was away for too long`);
  state.waiting = head === undefined ? fewer : [head, ...fewer];
  forgetFile(state);
}

/** The file is not what waits, so that the next time it is written anew. */
function forgetFile(state: State): void {
  state.onDisk = 0;
  state.fileBytes = Infinity;
}

async function save(state: State, options: QueueOptions): Promise<void> {
  const fresh = state.waiting.slice(state.onDisk);
  if (!state.isPersisting || fresh.length === 0) return;
  const freshBytes = bytesOf(fresh);
  const isFull = state.fileBytes + freshBytes > 2 * options.maxBytes;
  const isSaved = await onDisk(options, (spool) =>
    isFull ? spool.replace(state.waiting) : spool.append(fresh),
  );
  // What was written in part is written over by the next report's turn.
  if (!isSaved) return forgetFile(state);
  state.fileBytes = isFull ? bytesOf(state.waiting) : state.fileBytes + freshBytes;
  state.onDisk = state.waiting.length;
}

/** Only when all are sent: a process that is killed before sends some of them again, under the same ids. */
async function clear(state: State, options: QueueOptions): Promise<void> {
  state.isPersisting = false;
  if (state.fileBytes > 0) await onDisk(options, (spool) => spool.replace([]));
  state.fileBytes = 0;
}

async function onDisk(
  { spool, complain }: QueueOptions,
  work: (spool: UsageSpool) => Promise<void>,
): Promise<boolean> {
  if (spool === null) return true;
  try {
    await work(spool);
    return true;
  } catch (error) {
    complain(`the file of reports that wait cannot be used: ${errorText(error)}`);
    return false;
  }
}

function bytesOf(reports: readonly PackedReport[]): number {
  return reports.reduce((sum, { gzip }) => sum + gzip.length, 0);
}
