import { accepted, refused, unavailable } from '#kernel/problem.ts';
import type { Result, Unavailable } from '#kernel/problem.ts';

/** Runs what comes for one key together with whatever else came for it while the run before was busy. */
export type IngestQueue<Item, Answer> = (
  key: string,
  item: Item,
) => Promise<Result<Answer, Unavailable>>;

interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** Reports of one run: bounds its memory and how long its rows are locked. */
const BATCH_MAX = 16;
/** Reports of one target that wait, each of some megabytes at the most; whoever comes then may come again. */
const WAITING_MAX = 64;

/**
 * Reports of one target touch the same rows, so written one by one they would wait for each other's commit. Written together
 * they cost little more than one. When a run fails, each of its items is tried alone, so that none suffers for another.
 */
export function createIngestQueue<Item, Answer>(
  run: (key: string, items: readonly Item[]) => Promise<readonly Answer[]>,
): IngestQueue<Item, Answer> {
  const queues = new Map<string, Waiting<Item, Answer>[]>();
  const drain = async (key: string, waiting: Waiting<Item, Answer>[]): Promise<void> => {
    while (waiting.length > 0) await settle(key, waiting.splice(0, BATCH_MAX));
    queues.delete(key);
  };
  const settle = async (key: string, batch: readonly Waiting<Item, Answer>[]): Promise<void> => {
    try {
      const answers = await run(
        key,
        batch.map(({ item }) => item),
      );
      for (const [index, { resolve }] of batch.entries()) resolve(answerAt(answers, index));
    } catch (error) {
      if (batch.length === 1) batch[0]?.reject(error);
      else for (const one of batch) await settle(key, [one]);
    }
  };
  return async (key, item) => {
    const running = queues.get(key);
    const waiting = running ?? [];
    if (waiting.length >= WAITING_MAX)
      return refused(unavailable('The registry', `${WAITING_MAX} usage reports wait already`));
    const answer = new Promise<Answer>((resolve, reject) => {
      waiting.push({ item, resolve, reject });
    });
    if (running === undefined) {
      queues.set(key, waiting);
      void drain(key, waiting);
    }
    return accepted(await answer);
  };
}

function answerAt<Answer>(answers: readonly Answer[], index: number): Answer {
  const answer = answers[index];
  if (answer === undefined) throw new Error('Every item of a run has an answer.');
  return answer;
}
