import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { errorText } from '#kernel/log.ts';
import type { ChildProcess } from 'node:child_process';
import type { Job, JobValues, WorkshopAnswer } from './jobs.ts';

/** Does the heavy work on schemas in a process of its own, so that a hostile one can stop neither the registry nor its memory. */
export interface Workshop {
  /** The value, or `WorkshopExhausted` when the work took more time or memory than it may. */
  run<Kind extends keyof JobValues>(
    job: Extract<Job, { kind: Kind }>,
    textsOf: TextsOf,
  ): Promise<JobValues[Kind]>;
  /** Ends the work that is being done and that waits, with an error. */
  close(): Promise<void>;
}

/** Looks up texts by hash; asked only for those that the worker does not remember. */
export type TextsOf = (hashes: readonly string[]) => Promise<Readonly<Record<string, string>>>;

export interface WorkshopLimits {
  readonly timeoutMs: number;
  readonly memoryMegabytes: number;
}

/** Thirty subgraphs with 3,000 types need about 4 s of CPU and 770 MB to be composed; ours need a tenth. */
export const WORKSHOP_LIMITS: WorkshopLimits = { timeoutMs: 60_000, memoryMegabytes: 1536 };
/** Composition follows types from one to the next on the stack: four times the default takes chains of some thousand types. */
const STACK_KILOBYTES = 4_000;
/** Composition makes millions of short-lived objects; with V8's 16 MB they are copied again and again before they die. */
const NURSERY_MEGABYTES = 96;
/** A worker that nobody asked for so long is ended: at rest the registry holds no more than it needs. */
const IDLE_MS = 5 * 60_000;

/** The work was ended because it needed more time or memory than it may have, or because a library fell over it. */
export class WorkshopExhausted extends Error {
  override readonly name = 'WorkshopExhausted';
  readonly code: 'COMPOSITION_TIMEOUT' | 'COMPOSITION_ABORTED' | 'COMPOSITION_CRASHED';
  constructor(code: WorkshopExhausted['code'], message: string) {
    super(message);
    this.code = code;
  }
}

const TOO_DEEP =
  'Composition was ended: the types lead on to one another further than it can follow. Break the longest chain of types.';

const CRASHED =
  'The schema could not be worked on, which is a fault of the registry and not of the schema:';
const CLOSED = 'The workshop is closed.';

interface Waiting {
  readonly answered: (answer: WorkshopAnswer) => void;
  readonly failed: (error: Error) => void;
}

/** Asks with the texts that the worker lacks, until it lacks none. */
async function withTexts(
  ask: (texts: Readonly<Record<string, string>>) => Promise<WorkshopAnswer>,
  textsOf: TextsOf,
): Promise<Exclude<WorkshopAnswer, { kind: 'missing' }>> {
  const sent = new Set<string>();
  let answer = await ask({});
  while (answer.kind === 'missing') {
    const wanted = answer.hashes.filter((hash) => !sent.has(hash));
    if (wanted.length === 0) throw new Error(`No text for ${answer.hashes.join(', ')} is kept.`);
    for (const hash of wanted) sent.add(hash);
    // All of them again: what came earlier may have gone from its memory for the sake of the others.
    answer = await ask(await textsOf([...sent]));
  }
  return answer;
}

const PROCESS = fileURLToPath(new URL('./workshop-process.ts', import.meta.url));

export function createWorkshop(limits: WorkshopLimits = WORKSHOP_LIMITS): Workshop {
  const worker = createWorker(limits);
  let idle: NodeJS.Timeout | undefined;
  let isClosed = false;
  let last: Promise<unknown> = Promise.resolve();

  async function perform(job: Job, textsOf: TextsOf): Promise<unknown> {
    clearTimeout(idle);
    try {
      const answer = await withTexts((texts) => {
        if (isClosed) throw new Error(CLOSED);
        return worker.ask(job, texts);
      }, textsOf);
      if (answer.kind === 'too-deep') throw new WorkshopExhausted('COMPOSITION_ABORTED', TOO_DEEP);
      if (answer.kind === 'failed')
        throw new WorkshopExhausted('COMPOSITION_CRASHED', `${CRASHED} ${answer.error}`);
      return answer.value;
    } finally {
      if (!isClosed) idle = setTimeout(worker.stop, IDLE_MS).unref();
    }
  }

  return {
    // One job at a time: two at once would share the memory that each may have.
    run: (job, textsOf) => {
      const mine = last.then(() => perform(job as Job, textsOf));
      last = mine.catch(() => undefined);
      return mine as Promise<JobValues[typeof job.kind]>;
    },
    close: async () => {
      isClosed = true;
      clearTimeout(idle);
      worker.stop(new Error(CLOSED));
      await last;
    },
  };
}

/** The process that does the work: started when it is asked, and again after it was ended. */
interface Worker {
  readonly ask: (job: Job, texts: Readonly<Record<string, string>>) => Promise<WorkshopAnswer>;
  /** Ends the process; what it was asked fails with `why`. */
  readonly stop: (why?: Error) => void;
}

function createWorker(limits: WorkshopLimits): Worker {
  let worker: ChildProcess | null = null;
  let nextId = 1;
  const waiting = new Map<number, Waiting>();

  function stop(why?: Error): void {
    worker?.kill('SIGKILL');
    worker = null;
    for (const { failed } of waiting.values()) failed(why ?? new Error(CLOSED));
    waiting.clear();
  }

  function started(): ChildProcess {
    if (worker !== null) return worker;
    const child = forked(limits);
    worker = child;
    const gone = (how: string): void => {
      if (worker !== child) return;
      stop(new WorkshopExhausted('COMPOSITION_ABORTED', `Composition was ended: ${how}.`));
    };
    child.on('message', (answer: WorkshopAnswer) => waiting.get(answer.id)?.answered(answer));
    child.on('error', (error) => gone(errorText(error)));
    child.on('exit', (code, signal) =>
      gone(`it needed more than ${limits.memoryMegabytes} MB, or failed (${signal ?? code})`),
    );
    return child;
  }

  async function ask(job: Job, texts: Readonly<Record<string, string>>): Promise<WorkshopAnswer> {
    const id = nextId++;
    const timer = setTimeout(() => {
      const message = `Composition took longer than ${limits.timeoutMs} ms and was ended.`;
      stop(new WorkshopExhausted('COMPOSITION_TIMEOUT', message));
    }, limits.timeoutMs);
    try {
      return await new Promise<WorkshopAnswer>((resolve, reject) => {
        waiting.set(id, { answered: resolve, failed: reject });
        started().send({ id, texts, job });
      });
    } finally {
      clearTimeout(timer);
      waiting.delete(id);
    }
  }

  return { ask, stop };
}

function forked({ memoryMegabytes }: WorkshopLimits): ChildProcess {
  return fork(PROCESS, {
    execArgv: [
      `--max-old-space-size=${memoryMegabytes}`,
      `--stack-size=${STACK_KILOBYTES}`,
      `--max-semi-space-size=${NURSERY_MEGABYTES}`,
    ],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: {},
  });
}
