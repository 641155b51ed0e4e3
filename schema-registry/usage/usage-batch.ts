import type { CatalogOperation } from './operation-catalog.ts';
import type { UsageAggregate, UsageSum } from './usage-aggregate.ts';
import type {
  PersistedDocument,
  ReportDetail,
  ReportedOperation,
  UsageReport,
} from './usage-report.ts';

/** A report that was summed up and waits to be counted. */
export interface SummedReport {
  readonly gateway: string;
  /** The report's own name, or null. */
  readonly name: string | null;
  readonly report: UsageReport;
  readonly sums: UsageAggregate;
  /** Operation key → the operation, for those that are used. */
  readonly operations: ReadonlyMap<string, KnownOperation>;
}

/** An operation with the hash of its stored form, and that form where it is at hand. */
export interface KnownOperation {
  readonly hash: string;
  readonly entry: CatalogOperation | null;
  readonly reported: ReportedOperation;
}

/** What several reports of one target come to together, each row once. */
export interface UsageBatch {
  /** By the hash of their stored form. */
  readonly operations: ReadonlyMap<string, KnownOperation>;
  readonly sums: readonly BatchSum[];
  readonly documents: readonly (PersistedDocument & { readonly lastUsedMs: number })[];
  readonly coverage: readonly CoverageSum[];
}

export interface BatchSum {
  readonly hash: string;
  readonly client: string;
  readonly clientVersion: string;
  readonly day: string;
  requests: number;
  errors: number;
  lastSeenMs: number;
}

/** What one gateway told of one day. */
export interface CoverageSum {
  readonly gateway: string;
  readonly day: string;
  reports: number;
  requests: number;
  /** The weaker one of the reports. */
  detail: ReportDetail;
}

/** Adds reports up. Gateways tell of the same operations and clients, so many reports come to hardly more rows than one. */
export function batchOf(reports: readonly SummedReport[]): UsageBatch {
  const operations = new Map<string, KnownOperation>();
  const sums = new Map<string, BatchSum>();
  const coverage = new Map<string, CoverageSum>();
  for (const { report, sums: summed, gateway, operations: known } of reports) {
    for (const operation of known.values()) {
      if (operation.entry !== null || !operations.has(operation.hash))
        operations.set(operation.hash, operation);
    }
    for (const sum of summed.sums) addSum(sums, hashOf(known, sum), sum);
    for (const [day, requests] of summed.days)
      addDay(coverage, { gateway, day, requests, reports: 1, detail: report.detail });
  }
  return {
    operations,
    sums: [...sums.values()],
    documents: newest(reports.flatMap(({ sums: { documents } }) => documents)),
    coverage: [...coverage.values()],
  };
}

function hashOf(known: SummedReport['operations'], { operationKey }: UsageSum): string {
  const operation = known.get(operationKey);
  if (operation === undefined) throw new Error('Sums are of operations that their report holds.');
  return operation.hash;
}

function addSum(sums: Map<string, BatchSum>, hash: string, sum: UsageSum): void {
  const { client, clientVersion, day, requests, errors, lastSeenMs } = sum;
  // Names hold no character 0: reports with it are refused.
  const key = `${hash}\0${client}\0${clientVersion}\0${day}`;
  const row = sums.get(key);
  if (row === undefined) {
    sums.set(key, { hash, client, clientVersion, day, requests, errors, lastSeenMs });
    return;
  }
  row.requests += requests;
  row.errors += errors;
  row.lastSeenMs = Math.max(row.lastSeenMs, lastSeenMs);
}

function addDay(coverage: Map<string, CoverageSum>, told: CoverageSum): void {
  const key = `${told.gateway}\0${told.day}`;
  const row = coverage.get(key);
  if (row === undefined) {
    coverage.set(key, told);
    return;
  }
  row.reports += told.reports;
  row.requests += told.requests;
  if (told.detail === 'OUTPUT_FIELDS_ONLY') row.detail = told.detail;
}

function newest(
  documents: readonly (PersistedDocument & { readonly lastUsedMs: number })[],
): UsageBatch['documents'] {
  const found = new Map<string, PersistedDocument & { readonly lastUsedMs: number }>();
  for (const document of documents) {
    const key = `${document.app}~${document.version}~${document.hash}`;
    if ((found.get(key)?.lastUsedMs ?? 0) < document.lastUsedMs) found.set(key, document);
  }
  return [...found.values()];
}
