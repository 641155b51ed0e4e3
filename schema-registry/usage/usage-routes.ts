import { httpProblem, jsonReply } from '#kernel/http.ts';
import { scopeOf } from '../access/principal.ts';
import { findTarget } from '../target.ts';
import { readApolloReport } from './apollo-report.ts';
import { readHiveReport } from './hive-report.ts';
import { inflated } from './inflation.ts';
import { createIngest, reportName } from './ingestion.ts';
import { REPORT_LIMITS } from './usage-report.ts';
import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '#kernel/clock.ts';
import type { Database } from '#kernel/database.ts';
import type { HttpReply, HttpRequest, Route } from '#kernel/http.ts';
import type { Problem } from '#kernel/problem.ts';
import type { Principal } from '../access/principal.ts';
import type { Target, TargetReference } from '../target.ts';
import type { Ingest, ReportSource } from './ingestion.ts';
import type { UsageReport } from './usage-report.ts';

/** Who reports, or the reply that refuses to listen. Told by the headers alone, so that it comes before the body. */
export type AuthenticateReporter = (
  headers: IncomingHttpHeaders,
) => Promise<
  | { readonly ok: true; readonly principal: Principal }
  | { readonly ok: false; readonly reply: HttpReply }
>;

export interface UsageRouteOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly authenticate: AuthenticateReporter;
}

/** The header in which a gateway says its name; without it, token and program stand for it. */
const GATEWAY_HEADER = 'x-concord-gateway';
/**
 * Where senders put a report's name. Hive's clients keep `x-client-action-id` over their retries and make a new
 * `x-request-id` for each, so the former comes first.
 */
const REPORT_HEADERS = ['x-report-id', 'x-client-action-id', 'x-request-id'] as const;
const GATEWAY_NAME = /^[\x21-\x7e][\x20-\x7e]{0,199}$/;

/**
 * Where usage is reported: `POST /usage/<organisation>/<graph>/<target>` or `/usage/<target id>` as Hive's clients do, and
 * `POST /api/ingress/traces` as Apollo's servers do. A report that says its name is counted once; one without may be counted
 * twice when its sender repeats it after a lost answer, which makes a number too large and never a use unseen.
 */
export function usageRoutes(options: UsageRouteOptions): Route[] {
  const principals = new WeakMap<IncomingHttpHeaders, Principal>();
  const door: Door = { ...options, principals, ingest: createIngest(options) };
  const route = { method: 'POST', bodyLimitBytes: REPORT_LIMITS.bytes } as const;
  const admit = (headers: IncomingHttpHeaders): Promise<HttpReply | null> =>
    admitted(door, headers);
  return [
    { ...route, admit, path: '/usage/*', handle: (request) => takeHiveReport(door, request) },
    {
      ...route,
      admit,
      path: '/api/ingress/traces',
      handle: (request) => takeApolloReport(door, request),
    },
  ];
}

interface Door extends UsageRouteOptions {
  readonly ingest: Ingest;
  /** Of requests that were let in and whose body is being read. */
  readonly principals: WeakMap<IncomingHttpHeaders, Principal>;
}

async function admitted(door: Door, headers: IncomingHttpHeaders): Promise<HttpReply | null> {
  const verdict = await door.authenticate(headers);
  if (!verdict.ok) return verdict.reply;
  door.principals.set(headers, verdict.principal);
  return null;
}

async function takeHiveReport(door: Door, request: HttpRequest): Promise<HttpReply> {
  const version = request.headers['x-usage-api-version'] ?? '2';
  if (version !== '2') {
    return httpProblem(
      400,
      'UNSUPPORTED_USAGE_VERSION',
      `Version 2 of the usage format is taken here, not "${String(version).slice(0, 20)}"; update the reporting client.`,
    );
  }
  const reference = hiveTarget(request.path);
  if (reference === null) return unknownTarget(request.path);
  const target = await allowedTarget(door, request, reference);
  if ('status' in target) return target;
  const body = await inflated(request.body, encodingOf(request), REPORT_LIMITS.bytes);
  if (!body.ok) return problemReply(body.problem);
  const report = readHiveReport(body.value);
  if (!report.ok) {
    const errors = report.problem.fields.map(({ field, code, message }) => ({
      path: field,
      code,
      message: `${field}: ${message}`,
    }));
    return jsonReply(400, {
      code: report.problem.code,
      message: report.problem.message,
      operations: { accepted: 0, rejected: report.problem.fields.length },
      errors,
    });
  }
  const source = sourceOf(door, request, target);
  return ingested(door, { report: report.value, source, extra: {} });
}

async function takeApolloReport(door: Door, request: HttpRequest): Promise<HttpReply> {
  const body = await inflated(request.body, encodingOf(request), REPORT_LIMITS.bytes);
  if (!body.ok) return problemReply(body.problem);
  const read = readApolloReport(body.value);
  if (!read.ok) return problemReply(read.problem);
  const { graph, variant, report } = read.value;
  if (graph === null || variant === null) return unknownTarget(`${graph ?? ''}@${variant ?? ''}`);
  const target = await allowedTarget(door, request, { graph, target: variant });
  if ('status' in target) return target;
  const source = sourceOf(door, request, target);
  // Traces are not kept, so the sender may spare them and send sums.
  return ingested(door, { report, source, extra: { tracesIgnored: true } });
}

/** `/usage/<id>`, `/usage/<graph>/<target>` or `/usage/<organisation>/<graph>/<target>`; there is one organisation. */
function hiveTarget(path: string): TargetReference | null {
  const parts = path
    .split('/')
    .slice(2)
    .filter((part) => part !== '');
  const [target, graph] = parts.toReversed();
  if (target === undefined || parts.length > 3) return null;
  return graph === undefined ? { id: target } : { graph, target };
}

/** The target, if it exists and the principal may report its usage. */
async function allowedTarget(
  door: Door,
  request: HttpRequest,
  reference: TargetReference,
): Promise<Target | HttpReply> {
  const principal = principalOf(door, request);
  const target = await findTarget(door.database, reference);
  if (target === null)
    return unknownTarget(
      'id' in reference ? reference.id : `${reference.graph}/${reference.target}`,
    );
  if (principal.allows('usage:report', scopeOf(target))) return target;
  return httpProblem(
    403,
    'FORBIDDEN',
    `${principal.name} may not report usage of ${target.graphSlug}/${target.slug}: "usage:report" is needed. Use a token with that action.`,
  );
}

function principalOf(door: Door, request: HttpRequest): Principal {
  const principal = door.principals.get(request.headers);
  if (principal === undefined) throw new Error('Every request was let in with a principal.');
  return principal;
}

function sourceOf(door: Door, request: HttpRequest, target: Target): ReportSource {
  const { headers } = request;
  const name = REPORT_HEADERS.map((header) => headers[header]).find(
    (value) => typeof value === 'string' && value !== '',
  );
  return {
    targetId: target.id,
    gateway: gatewayOf(headers, principalOf(door, request)),
    report: reportName(typeof name === 'string' ? name : undefined, request.body),
  };
}

/**
 * Neither the program's version nor its host is part of the name: an update or a new container must not look like a gateway
 * that fell silent. Who runs several gateways with one token tells them apart by the header.
 */
function gatewayOf(headers: IncomingHttpHeaders, principal: Principal): string {
  const given = headers[GATEWAY_HEADER];
  if (typeof given === 'string' && GATEWAY_NAME.test(given)) return given;
  const program = (headers['user-agent'] ?? '').split(/[/ ]/, 1)[0] ?? '';
  return [principal.id, program]
    .filter((part) => part !== '')
    .join(' ')
    .replaceAll(/[^\x20-\x7e]/g, '?')
    .slice(0, REPORT_LIMITS.nameLength);
}

async function ingested(
  door: Door,
  taken: { readonly report: UsageReport; readonly source: ReportSource; readonly extra: object },
): Promise<HttpReply> {
  const result = await door.ingest(taken.report, taken.source);
  if (!result.ok)
    return httpProblem(503, result.problem.code, result.problem.message, { 'retry-after': '5' });
  const { accepted, rejections, repeated } = result.value;
  const rejected = rejections.reduce((sum, rejection) => sum + rejection.count, 0);
  return jsonReply(200, {
    ...taken.extra,
    id: taken.source.report,
    repeated,
    operations: { accepted, rejected },
    ...(rejections.length > 0 ? { errors: rejections } : {}),
  });
}

function encodingOf({ headers }: HttpRequest): string | undefined {
  const encoding = headers['content-encoding'];
  return typeof encoding === 'string' ? encoding : undefined;
}

const STATUS: Readonly<Record<string, number>> = {
  UNSUPPORTED_ENCODING: 415,
  REPORT_TOO_LARGE: 413,
};

function problemReply({ code, message }: Problem): HttpReply {
  return httpProblem(STATUS[code] ?? 400, code, message);
}

function unknownTarget(name: string): HttpReply {
  return httpProblem(
    404,
    'UNKNOWN_TARGET',
    `There is no target "${name.slice(0, 200)}". Report to /usage/<organisation>/<graph>/<target> or /usage/<target id>.`,
  );
}
