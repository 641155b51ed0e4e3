import { OperationTypeNode } from 'graphql';
import { monotonicMs } from '#kernel/clock.ts';
import { httpProblem } from '#kernel/http.ts';
import { may } from '#kernel/identity.ts';
import { answerReply, isAcceptable } from './answer.ts';
import { clientOfHeaders } from './client-identity.ts';
import { documentOf, readGraphqlRequest } from './graphql-request.ts';
import { refusal } from './graphql-refusal.ts';
import { landingPage } from './landing-page.ts';
import { acceptsEventStream, wantsEventStream } from './subscription/event-stream-door.ts';
import { planText } from './telemetry/plan-text.ts';
import { scopeOf } from './viewer-scope.ts';
import type { IncomingHttpHeaders } from 'node:http';
import type { ExecutionResult, GraphQLError } from 'graphql';
import type { AccessTokenVerifier } from '#kernel/access-token.ts';
import type { HttpReply, HttpRequest, Route } from '#kernel/http.ts';
import type { Viewer } from '#kernel/identity.ts';
import type { Log } from '#kernel/log.ts';
import type { CrossOrigin } from './cross-origin.ts';
import type { GatewayLimits } from './gateway-limits.ts';
import type { DocumentPolicy } from './graphql-request.ts';
import type { InFlightReads } from './in-flight.ts';
import type { OperationContext } from './operation-context.ts';
import type { Propagate } from './propagation.ts';
import type { ServedGraphs } from './served-graphs.ts';
import type { AdmittedOperation } from './subscription/admitted-operation.ts';
import type { AnswerEventStream } from './subscription/event-stream-door.ts';
import type { OperationTrace, Telemetry } from './telemetry/telemetry.ts';
import type { RecordUsage } from './usage-recorder.ts';

export const GRAPHQL_PATH = '/graphql';

interface FrontDoor {
  readonly graphs: ServedGraphs;
  readonly telemetry: Telemetry;
  readonly verifyToken: AccessTokenVerifier;
  readonly origins: CrossOrigin;
  readonly limits: GatewayLimits;
  readonly recordUsage: RecordUsage;
  readonly documentPolicy: DocumentPolicy;
  readonly propagate: Propagate;
  readonly answerEventStream: AnswerEventStream;
  /** Null when every read is executed for itself. */
  readonly inFlight: InFlightReads | null;
  readonly log: Log;
}

/** `/graphql` over HTTP: queries and mutations by POST, the browser's preflight, and a page for people. */
export function graphqlRoutes(door: FrontDoor): Route[] {
  const preflight = (request: HttpRequest): HttpReply => ({
    status: 204,
    headers: door.origins.preflightHeaders(request),
    body: '',
  });
  return [
    {
      method: 'POST',
      path: GRAPHQL_PATH,
      bodyLimitBytes: door.limits.mutationBodyBytes,
      admit: (headers) => refuseLargeFromStranger(door, headers),
      handle: (request) => answerPost(door, request),
    },
    { method: 'OPTIONS', path: GRAPHQL_PATH, handle: preflight },
    { method: 'GET', path: GRAPHQL_PATH, handle: answerGet },
  ];
}

/** A body that is larger than a query, or does not say how large it is, is read only for whom the token knows. */
async function refuseLargeFromStranger(
  door: FrontDoor,
  headers: IncomingHttpHeaders,
): Promise<HttpReply | null> {
  const declaredBytes = Number(headers['content-length'] ?? Number.POSITIVE_INFINITY);
  if (declaredBytes <= door.limits.queryBodyBytes) return null;
  const verdict = await door.verifyToken(headers.authorization);
  return verdict.ok
    ? null
    : httpProblem(401, 'UNAUTHENTICATED', verdict.message, { 'www-authenticate': 'Bearer' });
}

/** Queries by GET would be found in logs and caches, and could be made by any page; only people get an answer here. */
function answerGet(request: HttpRequest): HttpReply {
  if (request.headers.accept?.includes('text/html') === true) return landingPage();
  return httpProblem(405, 'METHOD_NOT_ALLOWED', 'Send operations by POST, as application/json.', {
    allow: 'POST, OPTIONS',
  });
}

async function answerPost(door: FrontDoor, request: HttpRequest): Promise<HttpReply> {
  const startedMs = monotonicMs();
  const line: OperationLine = { operation: '', kind: '', viewer: '', outcome: 'ok' };
  const reply = await answerOperation(door, { request, line, startedMs });
  const durationMs = monotonicMs() - startedMs;
  // What was refused before it was known what it asks has no kind.
  if (line.kind === '') door.telemetry.refused(line.outcome, durationMs);
  door.log.info({
    event: 'graphql.operation',
    room: 'gateway',
    ...line,
    durationMs: Math.round(durationMs),
    correlationId: request.correlationId,
  });
  return { ...reply, headers: { ...reply.headers, ...door.origins.headers(request) } };
}

/** A request on its way through the door. */
interface Visit {
  readonly request: HttpRequest;
  readonly line: OperationLine;
  readonly startedMs: number;
}

/** What the log line of a request says; filled in as it becomes known. Never holds variables or query text. */
interface OperationLine {
  operation: string;
  kind: string;
  viewer: string;
  outcome: string;
}

async function answerOperation(door: FrontDoor, visit: Visit): Promise<HttpReply> {
  const { request, line } = visit;
  const refuse = (errors: readonly GraphQLError[], headers = {}): HttpReply => {
    line.outcome = String(errors[0]?.extensions['code']);
    return answerReply(request, { errors }, { headers });
  };
  const wrongForm = refuseForm(request);
  if (wrongForm) return refuse([wrongForm]);
  const verdict = await door.verifyToken(request.headers.authorization);
  if (!verdict.ok) {
    const challenge = verdict.code === 'TOKEN_MISSING' ? 'Bearer' : 'Bearer error="invalid_token"';
    return refuse([unauthenticated(verdict)], { 'www-authenticate': challenge });
  }
  line.viewer = verdict.viewer.id;
  const admitted = await admit(door, visit, verdict.viewer);
  if ('refused' in admitted) return refuse(admitted.refused, admitted.headers);
  if (wantsEventStream(request, admitted.kind))
    return door.answerEventStream(request, { admitted, verdict, hangUp: request.hangUp });
  return answerOnce(door, visit, admitted);
}

interface Refusal {
  readonly refused: readonly GraphQLError[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** Whether the operation may be asked at all, of the graph that the viewer sees. */
async function admit(
  door: FrontDoor,
  { request, line }: Visit,
  viewer: Viewer,
): Promise<AdmittedOperation | Refusal> {
  const graph = door.graphs.of(viewer);
  if (graph === null) return { refused: [contractNotServed(viewer)] };
  const generation = graph.current;
  if (generation === null) return { refused: [notReady()], headers: { 'retry-after': '1' } };
  if (wantsPlan(request) && !may(viewer, 'introspect')) return { refused: [noPlan()] };
  const client = clientOfHeaders(request.headers);
  const asked = readGraphqlRequest(parseJson(request.body), client);
  if ('refused' in asked) return { refused: [asked.refused] };
  const { documentId, operationName, variables } = asked;
  line.operation = operationName ?? '';
  const text = await documentOf(asked, viewer, door.documentPolicy);
  if (typeof text !== 'string') return { refused: [text.refused] };
  const applicant = { query: text, variables, operationName, viewer };
  const admission = generation.admissions.admit(applicant);
  if (!admission.ok) return { refused: admission.errors };
  const { kind, cost, document } = admission;
  const wrongKind = refuseKind(request, kind, door.limits);
  if (wrongKind) return { refused: [wrongKind] };
  line.kind = kind;
  const operation = { variables, operationName, document };
  const passedOn = door.propagate(request.headers);
  return { text, viewer, passedOn, operation, generation, cost, kind, documentId, client };
}

async function answerOnce(
  door: FrontDoor,
  { request, line, startedMs }: Visit,
  admitted: AdmittedOperation,
): Promise<HttpReply> {
  const { operation, generation, documentId, client, kind } = admitted;
  const { schema } = generation.engine;
  const { correlationId, traceparent } = request;
  const asked = { ...operation, schema, client };
  const start = { ...asked, kind, correlationId, traceparent, startedMs };
  const trace = door.telemetry.operation(start);
  const executedMs = monotonicMs();
  const result = await executeOnce(door, admitted, contextOf(door, request, { admitted, trace }));
  const errors = result.errors?.length ?? 0;
  const code = errors === 0 ? null : String(result.errors?.[0]?.extensions['code']);
  line.outcome = code ?? 'ok';
  trace.end({ code, errors });
  const durationMs = monotonicMs() - executedMs;
  door.recordUsage({ ...asked, documentId, durationMs, errors });
  const plan = wantsPlan(request) ? { queryPlan: await shownPlan(admitted) } : {};
  return answerReply(request, result, { extensions: { cost: admitted.cost, ...plan } });
}

/** The header by which somebody who may read the schema sees the plan of an operation beside its answer. */
const PLAN_HEADER = 'x-concord-plan';

function wantsPlan({ headers }: HttpRequest): boolean {
  return headers[PLAN_HEADER] === 'show';
}

/** Null for an operation that cannot be planned, which its answer says. */
async function shownPlan({
  generation,
  operation,
  viewer,
}: AdmittedOperation): Promise<string | null> {
  const plan = generation.engine.explain(operation, viewer);
  return plan.then(planText, () => null);
}

function noPlan(): GraphQLError {
  return refusal('INTROSPECTION_DISABLED', 'Plans are shown to those who may "introspect" only.');
}

/** One execution for reads that are the same, where that is wanted; nobody's going away ends it for the others. */
async function executeOnce(
  { inFlight }: FrontDoor,
  { generation, operation, text, kind }: AdmittedOperation,
  context: OperationContext,
): Promise<ExecutionResult> {
  const { engine, id } = generation;
  if (inFlight === null) return engine.execute(operation, context);
  const scope = scopeOf(context.viewer);
  if (kind === OperationTypeNode.QUERY) {
    const { operationName, variables } = operation;
    const key = JSON.stringify([id, operationName, variables, context.passedOn, text]);
    const shared = { ...context, gone: NEVER };
    return inFlight.share({ scope, key }, () => engine.execute(operation, shared));
  }
  inFlight.forget(scope);
  const result = await engine.execute(operation, context);
  inFlight.forget(scope);
  return result;
}

const NEVER = new AbortController().signal;

function contextOf(
  { limits: { operationMs } }: FrontDoor,
  request: HttpRequest,
  { admitted, trace }: { readonly admitted: AdmittedOperation; readonly trace: OperationTrace },
): OperationContext {
  return {
    viewer: admitted.viewer,
    correlationId: request.correlationId,
    trace,
    passedOn: admitted.passedOn,
    gone: request.signal,
    endsAtMs: monotonicMs() + operationMs,
  };
}

/** JSON only: every other content type can be sent by a form on any page, or needs another parser. */
function refuseForm(request: HttpRequest): GraphQLError | null {
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/json(\s*;\s*charset="?utf-8"?)?\s*$/i.test(type)) {
    const message = `"content-type: application/json" is expected, not "${type.slice(0, 60)}".`;
    return refusal('UNSUPPORTED_MEDIA_TYPE', message);
  }
  if (isAcceptable(request) || acceptsEventStream(request)) return null;
  const message =
    'Answers are application/graphql-response+json, application/json or text/event-stream.';
  return refusal('NOT_ACCEPTABLE', message);
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return null;
  }
}

function refuseKind(
  request: HttpRequest,
  kind: string,
  limits: GatewayLimits,
): GraphQLError | null {
  if (kind === 'subscription') {
    if (wantsEventStream(request, kind)) return null;
    const message =
      'Subscriptions are answered as text/event-stream, or over the WebSocket at the same path (graphql-transport-ws).';
    return refusal('BAD_REQUEST', message);
  }
  const most = limits.queryBodyBytes;
  if (kind === 'mutation' || request.body.length <= most) return null;
  const message = `A query may have ${most} bytes with its variables, this one has ${request.body.length}.`;
  return refusal('BODY_TOO_LARGE', message, { limit: most, measured: request.body.length });
}

/** Why nobody is let in without a token that is accepted now. */
export function unauthenticated(verdict: {
  readonly code: string;
  readonly message: string;
}): GraphQLError {
  if (verdict.code === 'IDENTITY_UNAVAILABLE') {
    return refusal(verdict.code, verdict.message, { retryable: true });
  }
  return refusal('UNAUTHENTICATED', verdict.message, { reason: verdict.code });
}

/** A token for a part of the graph opens nothing but that part. */
export function contractNotServed({ contract = '' }: Viewer): GraphQLError {
  const message = `Your token is for the contract "${contract.slice(0, 100)}", which is not served here. Ask where it is, or for another token.`;
  return refusal('CONTRACT_NOT_SERVED', message);
}

export function notReady(): GraphQLError {
  return refusal('NOT_READY', 'The gateway has no supergraph yet. Try again in a second.', {
    retryable: true,
  });
}
