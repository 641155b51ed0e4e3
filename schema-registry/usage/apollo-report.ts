import { Report } from '@apollo/usage-reporting-protobuf';
import { accepted, refused } from '#kernel/problem.ts';
import { readCoordinate } from './coordinate.ts';
import { REPORT_LIMITS, UNKNOWN_CLIENT } from './usage-report.ts';
import type { Trace } from '@apollo/usage-reporting-protobuf';
import type { Problem, Result } from '#kernel/problem.ts';
import type { ReportedOperation, ReportedUse, UsageReport } from './usage-report.ts';

export interface ApolloReport {
  /** Of `graph@variant`; null when the reporter did not say. */
  readonly graph: string | null;
  readonly variant: string | null;
  readonly report: UsageReport;
}

export type ApolloReportProblem = Problem<'MALFORMED_REPORT' | 'REPORT_TOO_LARGE'>;

/** Keys of requests that never became an operation, such as `## GraphQLParseFailure`. */
const FAILED_REQUEST = /^## /;
const REPORT_KEY = /^# ([^\n]*)\n([\s\S]*)$/;
/** How Apollo writes the name of an operation without one. */
const NO_NAME = '-';

/**
 * Reads a usage report as Apollo's servers send it. It names output fields and nothing else, so it can prove no argument, input
 * field or enum value to be unused.
 */
export function readApolloReport(body: Uint8Array): Result<ApolloReport, ApolloReportProblem> {
  let report: Report;
  try {
    report = Report.decode(body);
  } catch {
    return refused(problem('MALFORMED_REPORT', 'The body is no Apollo usage report'));
  }
  if (!report.header) return refused(problem('MALFORMED_REPORT', 'The report has no header'));
  const entries = Object.entries(report.tracesPerQuery ?? {}).filter(
    ([key]) => !FAILED_REQUEST.test(key),
  );
  const operations = new Map(entries.map(([key, entry]) => [key, operationOf(key, entry)]));
  const preaggregated = report.tracesPreAggregated;
  const endMs = millisecondsOf(report.endTime);
  const uses = entries.flatMap(([key, entry]) => [
    ...statsOf(key, entry, endMs),
    // Traces repeat what is counted already when the reporter says that it has aggregated them.
    ...(preaggregated ? [] : tracesOf(key, entry, endMs)),
  ]);
  const tooLarge =
    operations.size > REPORT_LIMITS.operations ||
    uses.length > REPORT_LIMITS.uses ||
    [...operations.values()].some(
      ({ coordinates }) => coordinates.length > REPORT_LIMITS.coordinatesPerOperation,
    );
  if (tooLarge) return refused(problem('REPORT_TOO_LARGE', 'The report holds too much'));
  const [graph = '', variant = ''] = (report.header.graphRef ?? '').split('@', 2);
  return accepted({
    graph: graph === '' ? null : graph,
    variant: variant === '' ? null : variant,
    report: { detail: 'OUTPUT_FIELDS_ONLY', operations, uses },
  });
}

type Entry = Report['tracesPerQuery'][string];

function operationOf(key: string, entry: Entry): ReportedOperation {
  const [, name = NO_NAME, text = ''] = REPORT_KEY.exec(key) ?? [];
  const coordinates = Object.entries(entry.referencedFieldsByType ?? {}).flatMap(
    ([type, { fieldNames }]) =>
      (fieldNames ?? []).map((field) => readCoordinate(`${type}.${field}`)),
  );
  return {
    name: name === NO_NAME ? '' : cut(name),
    text: text.replaceAll('\0', ''),
    coordinates: coordinates.filter((coordinate) => coordinate !== null),
  };
}

function statsOf(key: string, entry: Entry, endMs: number): ReportedUse[] {
  const stats = entry.statsWithContext ?? [];
  return (Array.isArray(stats) ? stats : stats.toArray()).flatMap(
    ({ context, queryLatencyStats }) => {
      const requests = counted(queryLatencyStats?.requestCount);
      if (requests === 0) return [];
      const errors = Math.min(counted(queryLatencyStats?.requestsWithErrorsCount), requests);
      return [use(key, { atMs: endMs, requests, errors, context: context ?? {} })];
    },
  );
}

function tracesOf(key: string, entry: Entry, endMs: number): ReportedUse[] {
  return (entry.trace ?? []).flatMap((trace) => {
    // The package can keep traces as bytes that it has encoded before; what it decodes is never that.
    if (trace instanceof Uint8Array) return [];
    const errors = hasErrors(trace.root) ? 1 : 0;
    const atMs = trace.endTime ? millisecondsOf(trace.endTime) : endMs;
    return [use(key, { atMs, requests: 1, errors, context: trace })];
  });
}

function hasErrors(root: Trace.INode | null | undefined): boolean {
  const nodes = [root];
  for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
    if ((node?.error?.length ?? 0) > 0) return true;
    nodes.push(...(node?.child ?? []));
  }
  return false;
}

function use(
  operationKey: string,
  seen: {
    atMs: number;
    requests: number;
    errors: number;
    context: { clientName?: string | null; clientVersion?: string | null };
  },
): ReportedUse {
  const client = cut(seen.context.clientName ?? '').trim();
  return {
    operationKey,
    atMs: seen.atMs,
    requests: seen.requests,
    errors: seen.errors,
    client: client === '' ? UNKNOWN_CLIENT : client,
    clientVersion: cut(seen.context.clientVersion ?? '').trim(),
    document: null,
  };
}

function counted(value: number | null | undefined): number {
  return Math.min(Math.max(value ?? 0, 0), REPORT_LIMITS.requests);
}

function millisecondsOf(
  time: { seconds?: number | null; nanos?: number | null } | null | undefined,
): number {
  return (time?.seconds ?? 0) * 1000 + Math.floor((time?.nanos ?? 0) / 1e6);
}

function cut(text: string): string {
  return text.replaceAll('\0', '').slice(0, REPORT_LIMITS.nameLength);
}

function problem(code: ApolloReportProblem['code'], what: string): ApolloReportProblem {
  return {
    code,
    message: `${what}; nothing was stored. Send one gzipped \`Report\` message of usage reporting per request.`,
    retryable: false,
  };
}
