import { DAY_MS, dateOf } from '#kernel/clock.ts';
import { REPORT_LIMITS } from './usage-report.ts';
import type { PersistedDocument, Rejection, ReportedUse, UsageReport } from './usage-report.ts';

/** Requests of one operation by one client version on one day, summed up before the database sees them. */
export interface UsageSum {
  readonly operationKey: string;
  readonly client: string;
  readonly clientVersion: string;
  readonly day: string;
  requests: number;
  errors: number;
  lastSeenMs: number;
}

export interface UsageAggregate {
  readonly sums: readonly UsageSum[];
  /** When each persisted document was last asked for. */
  readonly documents: readonly (PersistedDocument & { readonly lastUsedMs: number })[];
  /** Requests by day: the days that the report tells of. An empty report tells of the day on which it came. */
  readonly days: ReadonlyMap<string, number>;
  readonly accepted: number;
  readonly rejections: readonly Rejection[];
}

const REASONS: Readonly<Record<Rejection['code'], string>> = {
  UNKNOWN_OPERATION_KEY: 'name an operation that is not in the report',
  TIME_TOO_OLD: `are older than ${REPORT_LIMITS.ageMs / DAY_MS} days`,
  TIME_IN_FUTURE: `are more than ${REPORT_LIMITS.aheadMs / 60_000} minutes ahead of the registry's clock`,
};

/** Sums a report up. Entries that name nothing or a time outside the window are left out and counted as rejected, by reason. */
export function aggregate(report: UsageReport, now: Date): UsageAggregate {
  const sums = new Map<string, UsageSum>();
  const documents = new Map<string, PersistedDocument & { lastUsedMs: number }>();
  const days = new Map<string, number>();
  const rejected = new Map<Rejection['code'], number>();
  const dayNames = new Map<number, string>();
  let accepted = 0;
  for (const use of report.uses) {
    const code = rejectionOf(use, report, now);
    if (code !== null) {
      rejected.set(code, (rejected.get(code) ?? 0) + use.requests);
      continue;
    }
    const atMs = Math.min(use.atMs, now.getTime());
    const day = dayOf(atMs, dayNames);
    accepted += use.requests;
    days.set(day, (days.get(day) ?? 0) + use.requests);
    add(sums, { ...use, atMs }, day);
    if (use.document !== null) remember(documents, use.document, atMs);
  }
  if (report.uses.length === 0) days.set(dateOf(now), 0);
  return {
    sums: [...sums.values()],
    documents: [...documents.values()],
    days,
    accepted,
    rejections: [...rejected].map(([rejectedFor, count]) => ({
      code: rejectedFor,
      count,
      message: `${count} entries ${REASONS[rejectedFor]} and were not counted.`,
    })),
  };
}

function rejectionOf(use: ReportedUse, report: UsageReport, now: Date): Rejection['code'] | null {
  if (!report.operations.has(use.operationKey)) return 'UNKNOWN_OPERATION_KEY';
  const aheadMs = use.atMs - now.getTime();
  if (aheadMs > REPORT_LIMITS.aheadMs) return 'TIME_IN_FUTURE';
  return -aheadMs > REPORT_LIMITS.ageMs ? 'TIME_TOO_OLD' : null;
}

/** The day's name, made once per day: a report has thousands of entries and a few days. */
function dayOf(atMs: number, names: Map<number, string>): string {
  const number = Math.floor(atMs / DAY_MS);
  const name = names.get(number) ?? dateOf(new Date(number * DAY_MS));
  names.set(number, name);
  return name;
}

function add(sums: Map<string, UsageSum>, use: ReportedUse, day: string): void {
  const key = JSON.stringify([use.operationKey, use.client, use.clientVersion, day]);
  const sum = sums.get(key);
  if (sum === undefined) {
    sums.set(key, {
      operationKey: use.operationKey,
      client: use.client,
      clientVersion: use.clientVersion,
      day,
      requests: use.requests,
      errors: use.errors,
      lastSeenMs: use.atMs,
    });
    return;
  }
  sum.requests += use.requests;
  sum.errors += use.errors;
  sum.lastSeenMs = Math.max(sum.lastSeenMs, use.atMs);
}

function remember(
  documents: Map<string, PersistedDocument & { lastUsedMs: number }>,
  document: PersistedDocument,
  atMs: number,
): void {
  const key = `${document.app}~${document.version}~${document.hash}`;
  const known = documents.get(key);
  if (known === undefined) documents.set(key, { ...document, lastUsedMs: atMs });
  else known.lastUsedMs = Math.max(known.lastUsedMs, atMs);
}
