import { errorText } from '#kernel/log.ts';
import { createAnalysisCache, MissingText } from './analysis-cache.ts';
import { JOBS } from './jobs.ts';
import type { Outcome, WorkshopAnswer, WorkshopRequest } from './jobs.ts';

/** Does one job after the other for the registry that started it, and remembers texts between them. */
const cache = createAnalysisCache();
let last: Promise<void> = Promise.resolve();

process.on('message', (request: WorkshopRequest) => {
  last = last.then(() => answer(request));
});
process.once('disconnect', () => process.exit(0));

async function answer({ id, texts, job }: WorkshopRequest): Promise<void> {
  cache.put(texts);
  process.send?.({ id, ...(await outcome(job)) } satisfies WorkshopAnswer);
}

async function outcome(job: WorkshopRequest['job']): Promise<Outcome> {
  try {
    const missing = cache.missing(job.kind === 'analyse' ? job.members.map((m) => m.sha256) : []);
    if (missing.length > 0) throw new MissingText(missing);
    return { kind: 'done', value: await JOBS[job.kind](job as never, cache) };
  } catch (error) {
    if (error instanceof MissingText) return { kind: 'missing', hashes: error.hashes };
    if (error instanceof RangeError) return { kind: 'too-deep' };
    return { kind: 'failed', error: errorText(error) };
  }
}
