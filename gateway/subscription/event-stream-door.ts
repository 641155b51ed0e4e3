import { OperationTypeNode } from 'graphql';
import { newTraceparent } from '../operation-context.ts';
import { answerReply } from '../answer.ts';
import { refusal } from '../graphql-refusal.ts';
import { answerOnce, noteSubscription } from './admitted-operation.ts';
import { EventStream } from './event-stream-outlet.ts';
import type { HttpReply, HttpRequest } from '#kernel/http.ts';
import type { AccessVerdict } from '#kernel/access-token.ts';
import type { GatewayLimits } from '../gateway-limits.ts';
import type { AdmittedOperation, Bookkeeping } from './admitted-operation.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { Session, Sessions } from './viewer-sessions.ts';

/** An operation that HTTP has let in: verified, parsed, admitted, and asked for as `text/event-stream`. */
export interface StreamedOperation {
  readonly admitted: AdmittedOperation;
  readonly verdict: Extract<AccessVerdict, { ok: true }>;
  /** Ends the connection at once: for a reader that takes nothing. Without it only its place is freed. */
  readonly hangUp?: () => void;
}

/** Answers over HTTP as an event stream (graphql-sse, distinct connections mode). */
export type AnswerEventStream = (request: HttpRequest, operation: StreamedOperation) => HttpReply;

interface EventStreamOptions extends Bookkeeping {
  readonly subscriptions: Subscriptions;
  readonly sessions: Sessions;
  readonly limits: GatewayLimits;
}

/** Does the client ask for an event stream? Only by name: whoever takes anything is answered with JSON. */
export function wantsEventStream({ headers: { accept } }: HttpRequest): boolean {
  return accept?.includes('text/event-stream') === true;
}

export function eventStreamDoor(door: EventStreamOptions): AnswerEventStream {
  return (request, operation) => {
    const stream = new EventStream({
      stallMs: door.limits.stallMs,
      ...(operation.hangUp === undefined ? {} : { hangUp: operation.hangUp }),
    });
    const session = door.sessions.enter({
      verdict: operation.verdict,
      authorization: request.headers.authorization,
      end: (cause) => stream.endBecause(cause),
    });
    if (session === null) return tooMany(request, door.limits.connectionsPerViewer);
    stream.onEnd(() => session.leave());
    request.signal.addEventListener('abort', () => stream.close('client'), { once: true });
    if (request.signal.aborted) stream.close('client');
    begin(door, { request, stream, session }, operation.admitted);
    return {
      status: 200,
      headers: {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        // Proxies that collect answers would hold events back.
        'x-accel-buffering': 'no',
      },
      body: stream,
    };
  };
}

interface Opened {
  readonly request: HttpRequest;
  readonly stream: EventStream;
  readonly session: Session;
}

function begin(
  door: EventStreamOptions,
  { request, stream, session }: Opened,
  admitted: AdmittedOperation,
): void {
  if (admitted.kind !== OperationTypeNode.SUBSCRIPTION) {
    const context = {
      viewer: admitted.viewer,
      correlationId: request.correlationId,
      traceparent: request.traceparent ?? newTraceparent(),
      gone: request.signal,
      deadline: AbortSignal.timeout(door.limits.operationMs),
    };
    void stream.answer(answerOnce(admitted, context, door));
    return;
  }
  const outlet = stream.outletFor(session);
  const membership = door.subscriptions.join(admitted, outlet);
  stream.attach(membership.subscriber);
  const noteEnd = noteSubscription(admitted, membership, door);
  stream.onEnd((reason) => {
    noteEnd(reason);
    membership.leave();
  });
}

function tooMany(request: HttpRequest, limit: number): HttpReply {
  const message = `One viewer may have ${limit} connections and event streams open. Close others.`;
  const errors = [refusal('TOO_MANY_CONNECTIONS', message, { limit, retryable: true })];
  return { ...answerReply(request, { errors }), status: 429 };
}
