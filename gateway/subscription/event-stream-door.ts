import { OperationTypeNode } from 'graphql';
import { monotonicMs } from '#kernel/clock.ts';
import { errorText } from '#kernel/log.ts';
import { answerReply, isAcceptable } from '../answer.ts';
import { refusal } from '../graphql-refusal.ts';
import { answerOnce, noteSubscription } from './admitted-operation.ts';
import { EventStream } from './event-stream.ts';
import type { AccessVerdict } from '#kernel/access-token.ts';
import type { HttpReply, HttpRequest } from '#kernel/http.ts';
import type { Viewer } from '#kernel/identity.ts';
import type { GatewayLimits } from '../gateway-limits.ts';
import type { AdmittedOperation, Bookkeeping } from './admitted-operation.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { Session, Sessions } from './viewer-sessions.ts';

/** An operation that HTTP has let in: verified, parsed, admitted, and asked for as `text/event-stream`. */
export interface StreamedOperation {
  readonly admitted: AdmittedOperation;
  readonly verdict: Extract<AccessVerdict, { ok: true }>;
  /** Ends the connection at once: for a reader that takes nothing. */
  readonly hangUp: () => void;
}

/** Answers over HTTP as an event stream (graphql-sse, distinct connections mode). */
export type AnswerEventStream = (request: HttpRequest, streamed: StreamedOperation) => HttpReply;

interface EventStreamOptions extends Bookkeeping {
  readonly subscriptionsOf: (viewer: Viewer) => Subscriptions;
  readonly sessions: Sessions;
  readonly limits: GatewayLimits;
}

export function acceptsEventStream({ headers: { accept } }: HttpRequest): boolean {
  return accept?.includes('text/event-stream') === true;
}

/**
 * Whether an operation is answered as an event stream. Some clients say for every operation that they would take one:
 * a query of theirs is answered with JSON where they take that as well.
 */
export function wantsEventStream(request: HttpRequest, kind: string): boolean {
  if (!acceptsEventStream(request)) return false;
  return kind === 'subscription' || !isAcceptable(request);
}

export function eventStreamDoor(door: EventStreamOptions): AnswerEventStream {
  return (request, { admitted, verdict, hangUp }) => {
    const session: Session | null = door.sessions.enter({
      verdict,
      authorization: request.headers.authorization,
      end: (cause) => stream.endBecause(cause),
    });
    if (session === null) return tooMany(request, door.limits.connectionsPerViewer);
    let whenEnded: (reason: string) => void = () => undefined;
    const stream = new EventStream({
      session,
      correlationId: request.correlationId,
      stallMs: door.limits.stallMs,
      hangUp,
      onEnd: (reason) => {
        session.leave();
        whenEnded(reason);
      },
    });
    whenEnded =
      admitted.kind === OperationTypeNode.SUBSCRIPTION
        ? subscribe(door, stream, admitted)
        : answer(door, { request, stream }, admitted);
    request.signal.addEventListener('abort', () => stream.close('client'), { once: true });
    if (request.signal.aborted) stream.close('client');
    return { status: 200, headers: HEADERS, body: stream };
  };
}

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // Proxies that collect answers would hold events back.
  'x-accel-buffering': 'no',
} as const;

/** Returns what must be done at the end of the stream. */
function subscribe(
  door: EventStreamOptions,
  stream: EventStream,
  admitted: AdmittedOperation,
): (reason: string) => void {
  const membership = door.subscriptionsOf(admitted.viewer).join(admitted, stream);
  stream.attach(membership.subscriber);
  const noteEnd = noteSubscription(admitted, membership.opened, door);
  return (reason) => {
    noteEnd(reason);
    membership.leave();
  };
}

/** A query or a mutation: one result, and the end. */
function answer(
  door: EventStreamOptions,
  { request, stream }: { readonly request: HttpRequest; readonly stream: EventStream },
  admitted: AdmittedOperation,
): () => void {
  const context = {
    viewer: admitted.viewer,
    correlationId: request.correlationId,
    traceparent: request.traceparent,
    passedOn: admitted.passedOn,
    gone: request.signal,
    endsAtMs: monotonicMs() + door.limits.operationMs,
  };
  answerOnce(admitted, context, door).then(
    (result) => stream.finish(result, 'complete'),
    (error: unknown) => {
      const { correlationId } = context;
      const text = errorText(error);
      door.log.error({
        event: 'graphql.error',
        room: 'gateway',
        path: '',
        error: text,
        correlationId,
      });
      stream.cutOff();
    },
  );
  return () => undefined;
}

function tooMany(request: HttpRequest, limit: number): HttpReply {
  const message = `One viewer may have ${limit} connections and event streams open. Close others.`;
  const errors = [refusal('TOO_MANY_CONNECTIONS', message, { limit, retryable: true })];
  return { ...answerReply(request, { errors }), status: 429 };
}
