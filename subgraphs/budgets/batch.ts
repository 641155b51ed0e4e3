/** Runs requests of many callers together: one batch is under way at a time, and the next forms meanwhile. */
export interface Batcher<Request, Answer> {
  run(request: Request): Promise<Answer>;
  /** Resolves when everything that was handed in has been answered. */
  drain(): Promise<void>;
}

/** Too many requests wait already: the caller is asked to come again instead of waiting without end. */
export class BatchQueueFull extends Error {
  override readonly name = 'BatchQueueFull';
}

interface Waiting<Request, Answer> {
  readonly request: Request;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * No timer decides when a batch starts: it starts when the last one has ended. So a lone request waits for nobody, and
 * the busier it gets the larger the batches are. A batch that fails is repeated one by one, so that one bad request
 * fails alone; `isOutage` tells failures that repeating cannot cure.
 */
export function createBatcher<Request, Answer>(options: {
  readonly runBatch: (requests: readonly Request[]) => Promise<readonly Answer[]>;
  readonly isOutage: (error: unknown) => boolean;
  readonly batchMax: number;
  readonly queueMax: number;
}): Batcher<Request, Answer> {
  const queue: Waiting<Request, Answer>[] = [];
  let running: Promise<void> | null = null;
  async function runQueue(): Promise<void> {
    while (queue.length > 0) await settle(queue.splice(0, options.batchMax), options);
    running = null;
  }
  return {
    run: (request) => {
      if (queue.length >= options.queueMax)
        return Promise.reject(new BatchQueueFull(`${queue.length} requests wait already`));
      return new Promise((resolve, reject) => {
        queue.push({ request, resolve, reject });
        // The batch starts after the callers of this tick have joined it.
        running ??= Promise.resolve().then(runQueue);
      });
    },
    drain: async () => {
      await running;
    },
  };
}

interface Settling<Request, Answer> {
  readonly runBatch: (requests: readonly Request[]) => Promise<readonly Answer[]>;
  readonly isOutage: (error: unknown) => boolean;
}

async function settle<Request, Answer>(
  batch: readonly Waiting<Request, Answer>[],
  options: Settling<Request, Answer>,
): Promise<void> {
  try {
    const answers = await options.runBatch(batch.map((waiting) => waiting.request));
    batch.forEach((waiting, index) => {
      const answer = answers[index];
      if (answer === undefined)
        waiting.reject(
          new Error(`The batch gave ${answers.length} answers to ${batch.length} requests.`),
        );
      else waiting.resolve(answer);
    });
  } catch (error) {
    if (batch.length === 1 || options.isOutage(error)) {
      for (const waiting of batch) waiting.reject(error);
      return;
    }
    for (const waiting of batch) await settle([waiting], options);
  }
}
