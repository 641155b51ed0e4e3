import { httpProblem } from '#kernel/http.ts';
import { monotonicMs } from '#kernel/clock.ts';
import { clientOfHeaders } from './client-identity.ts';
import { answerReply, isAcceptable } from './answer.ts';
import { refusal } from './graphql-refusal.ts';
import { landingPage } from './landing-page.ts';
import { documentOf, readGraphqlRequest } from './graphql-request.ts';
import { newTraceparent } from './operation-context.ts';
import { acceptsEventStream, wantsEventStream } from './subscription/event-stream-door.ts';
import { scopeOf } from './viewer-scope.ts';
import type { IncomingHttpHeaders } from 'node:http';
import type { ExecutionResult, GraphQLError } from 'graphql';
import type { AccessTokenVerifier } from '#kernel/access-token.ts';
import type { HttpReply, HttpRequest, Route } from '#kernel/http.ts';
import type { Viewer } from '#kernel/identity.ts';
import type { Log } from '#kernel/log.ts';
import type { Admission } from './admission.ts';
import type { CrossOrigin } from './cross-origin.ts';
import type { ClientOperation } from './engine.ts';
import type { DocumentPolicy } from './graphql-request.ts';
import type { GatewayLimits } from './gateway-limits.ts';
import type { InFlightReads } from './in-flight.ts';
import type { OperationContext } from './operation-context.ts';
import type { Propagate } from './propagation.ts';
import type { Generation, Supergraph } from './supergraph.ts';
import type { AnswerEventStream } from './subscription/event-stream-door.ts';
import type { RecordUsage } from './usage-recorder.ts';

export const GRAPHQL_PATH = '/graphql';

interface FrontDoor {
  readonly supergraph: Supergraph;
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
  const line = { operation: '', kind: '', viewer: '', outcome: 'ok' };
  const reply = await answerOperation(door, request, line);
  const durationMs = Math.round(monotonicMs() - startedMs);
  const { correlationId } = request;
  door.log.info({
    event: 'graphql.operation',
    room: 'gateway',
    ...line,
    durationMs,
    correlationId,
  });
  return { ...reply, headers: { ...reply.headers, ...door.origins.headers(request) } };
}

/** What the log line of a request says; filled in as it becomes known. Never holds variables or query text. */
interface OperationLine {
  operation: string;
  kind: string;
  viewer: string;
  outcome: string;
}

async function answerOperation(
  door: FrontDoor,
  request: HttpRequest,
  line: OperationLine,
): Promise<HttpReply> {
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
  const generation = door.supergraph.current;
  if (generation === null) return refuse([notReady()], { 'retry-after': '1' });
  const { viewer } = verdict;
  const client = clientOfHeaders(request.headers);
  const asked = readGraphqlRequest(parseJson(request.body), client);
  if ('refused' in asked) return refuse([asked.refused]);
  const { documentId, operationName, variables } = asked;
  line.operation = operationName ?? '';
  const query = await documentOf(asked, viewer, door.documentPolicy);
  if (typeof query !== 'string') return refuse([query.refused]);
  const admission = generation.admissions.admit({ query, variables, operationName, viewer });
  if (!admission.ok) return refuse(admission.errors);
  line.kind = admission.kind;
  const wrongKind = refuseKind(request, admission.kind, door.limits);
  if (wrongKind) return refuse([wrongKind]);
  const startedMs = monotonicMs();
  const { engine } = generation;
  const operation = { variables, operationName, document: admission.document };
  if (wantsEventStream(request, admission.kind)) {
    const { kind, cost } = admission;
    const passedOn = door.propagate(request.headers);
    const of = { text: query, viewer, passedOn, operation, generation, cost, kind };
    const admitted = { ...of, documentId, client };
    return door.answerEventStream(request, { admitted, verdict, hangUp: request.hangUp });
  }
  const context = contextOf(door, request, viewer);
  const result = await executeOnce(door, { generation, admission, query, operation }, context);
  const errors = result.errors ?? [];
  if (errors.length > 0) line.outcome = String(errors[0]?.extensions['code']);
  door.recordUsage({
    ...operation,
    schema: engine.schema,
    documentId,
    client,
    durationMs: monotonicMs() - startedMs,
    errors: errors.length,
  });
  return answerReply(request, result, { extensions: { cost: admission.cost } });
}

/** One execution for reads that are the same, where that is wanted; nobody's going away ends it for the others. */
async function executeOnce(
  { inFlight }: FrontDoor,
  asked: {
    readonly generation: Generation;
    readonly admission: Extract<Admission, { ok: true }>;
    readonly query: string;
    readonly operation: ClientOperation;
  },
  context: OperationContext,
): Promise<ExecutionResult> {
  const { generation, operation, query } = asked;
  const { engine, version } = generation;
  if (inFlight === null) return engine.execute(operation, context);
  const scope = scopeOf(context.viewer);
  if (asked.admission.kind === 'query') {
    const { operationName, variables } = operation;
    const key = JSON.stringify([version, operationName, variables, context.passedOn, query]);
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
  { limits: { operationMs }, propagate }: FrontDoor,
  request: HttpRequest,
  viewer: Viewer,
): OperationContext {
  return {
    viewer,
    correlationId: request.correlationId,
    traceparent: request.traceparent ?? newTraceparent(),
    passedOn: propagate(request.headers),
    gone: request.signal,
    deadline: AbortSignal.timeout(operationMs),
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

export function notReady(): GraphQLError {
  return refusal('NOT_READY', 'The gateway has no supergraph yet. Try again in a second.', {
    retryable: true,
  });
}
