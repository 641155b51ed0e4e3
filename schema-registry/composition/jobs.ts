import { analyse } from './analysis.ts';
import { diffSchemas } from './schema-diff.ts';
import { searchSchema } from './schema-search.ts';
import type { Analysis, AnalysisJob } from './analysis.ts';
import type { AnalysisCache } from './analysis-cache.ts';
import type { DetectedChange } from './schema-diff.ts';
import type { SearchHit, SearchJob } from './schema-search.ts';

/** The differences between two schemas that were published. */
export interface DiffJob {
  readonly beforeSha256: string;
  readonly afterSha256: string;
}

/** What the workshop does, by kind: heavy work on schemas that must not hold up the registry's own process. */
export type Job =
  | ({ readonly kind: 'analyse' } & AnalysisJob)
  | ({ readonly kind: 'diff' } & DiffJob)
  | ({ readonly kind: 'search' } & SearchJob);

export interface JobValues {
  readonly analyse: Analysis;
  readonly diff: readonly DetectedChange[];
  readonly search: readonly SearchHit[];
}

export const JOBS: {
  readonly [Kind in keyof JobValues]: (
    job: Extract<Job, { kind: Kind }>,
    cache: AnalysisCache,
  ) => Promise<JobValues[Kind]>;
} = {
  analyse: (job, cache) => analyse(job, cache),
  diff: (job, cache) =>
    diffSchemas(cache.storedView(job.beforeSha256), cache.storedView(job.afterSha256)),
  search: (job, cache) => Promise.resolve(searchSchema(job, cache)),
};

export interface WorkshopRequest {
  readonly id: number;
  /** Texts by hash that the worker said it lacks. */
  readonly texts: Readonly<Record<string, string>>;
  readonly job: Job;
}

export type WorkshopAnswer = { readonly id: number } & Outcome;

export type Outcome =
  | { readonly kind: 'done'; readonly value: JobValues[keyof JobValues] }
  | { readonly kind: 'missing'; readonly hashes: readonly string[] }
  /** The schema's types lead on to one another further than the stack reaches. */
  | { readonly kind: 'too-deep' }
  | { readonly kind: 'failed'; readonly error: string };
