import { OperationTypeNode } from 'graphql';
import { newId } from '#kernel/id.ts';
import { errorText } from '#kernel/log.ts';
import { clientOfParameters } from '../client-identity.ts';
import { notReady } from '../gateway-http.ts';
import { refusal } from '../graphql-refusal.ts';
import { newTraceparent } from '../operation-context.ts';
import { answerOnce, noteSubscription } from './admitted-operation.ts';
import { CLOSE } from './socket-protocol.ts';
import type { GraphQLError } from 'graphql';
import type { Viewer } from '#kernel/identity.ts';
import type { GatewayLimits } from '../gateway-limits.ts';
import type { Supergraph } from '../supergraph.ts';
import type { AdmittedOperation, Bookkeeping } from './admitted-operation.ts';
import type { SharedEvent } from './shared-event.ts';
import type { SocketConnection } from './socket-connection.ts';
import type { SubscribePayload } from './socket-protocol.ts';
import type { Outlet } from './subscriber.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { Session } from './viewer-sessions.ts';

export interface OperationDoor extends Bookkeeping {
  readonly supergraph: Supergraph;
  readonly subscriptions: Subscriptions;
  readonly limits: GatewayLimits;
  /** Answers under way, which a shut-down waits for. */
  readonly answering: Set<Promise<unknown>>;
}

/** Begins what a `subscribe` message asks for: a subscription, a query or a mutation. Its id is not in use. */
export function beginOperation(
  door: OperationDoor,
  { connection, session }: { readonly connection: SocketConnection; readonly session: Session },
  { id, payload }: { readonly id: string; readonly payload: SubscribePayload },
): void {
  const admitted = admit(door, connection, { ...payload, viewer: session.viewer });
  if ('refused' in admitted) {
    connection.send(JSON.stringify({ id, type: 'error', payload: admitted.refused }));
  } else if (admitted.kind === OperationTypeNode.SUBSCRIPTION) {
    subscribe(door, { connection, session, id }, admitted);
  } else {
    const answer = sendAnswer(door, { connection, id }, admitted).catch((error: unknown) => {
      const text = errorText(error);
      door.log.error({ event: 'graphql.error', room: 'gateway', path: '', error: text, correlationId: '' });
      connection.close(CLOSE.failed);
    });
    door.answering.add(answer);
    void answer.finally(() => door.answering.delete(answer));
  }
}

/** The same door as over HTTP, and a cap on what one connection may have open. */
function admit(
  { supergraph, limits }: OperationDoor,
  { operations, parameters }: SocketConnection,
  { query, variables, operationName, viewer }: SubscribePayload & { readonly viewer: Viewer },
): AdmittedOperation | { readonly refused: readonly GraphQLError[] } {
  const generation = supergraph.current;
  if (generation === null) return { refused: [notReady()] };
  const limit = limits.operationsPerConnection;
  if (operations.size >= limit) {
    const message = `A connection may have ${limit} operations open. Complete one, or open another connection.`;
    return { refused: [refusal('TOO_MANY_OPERATIONS', message, { limit })] };
  }
  const admission = generation.admissions.admit({ query, variables, operationName, viewer });
  if (!admission.ok) return { refused: admission.errors };
  return {
    text: query,
    viewer,
    operation: { document: admission.document, operationName, variables },
    generation,
    cost: admission.cost,
    kind: admission.kind,
    client: clientOfParameters(parameters ?? {}),
  };
}

interface Place {
  readonly connection: SocketConnection;
  readonly id: string;
}

function subscribe(
  door: OperationDoor,
  place: Place & { readonly session: Session },
  admitted: AdmittedOperation,
): void {
  const { connection, id } = place;
  const outlet = new SocketOutlet(place, (reason) => noteEnd(reason));
  const membership = door.subscriptions.join(admitted, outlet);
  const noteEnd = noteSubscription(admitted, membership, door);
  connection.operations.set(id, {
    stop: () => {
      noteEnd(outlet.isCutOff ? 'too-slow' : 'client');
      membership.leave();
    },
    flush: (nowMs) => membership.subscriber.flush(nowMs),
  });
}

/** One subscription's way out over its connection. */
class SocketOutlet implements Outlet {
  isCutOff = false;
  readonly #connection: SocketConnection;
  readonly #session: Session;
  readonly #id: string;
  /** Everything of a message before its payload, the same for each. */
  readonly #messageStart: Buffer;
  readonly #onComplete: (reason: string) => void;

  constructor(
    { connection, session, id }: Place & { readonly session: Session },
    onComplete: (reason: string) => void,
  ) {
    this.#connection = connection;
    this.#session = session;
    this.#id = id;
    this.#messageStart = Buffer.from(`{"id":${JSON.stringify(id)},"type":"next","payload":`);
    this.#onComplete = onComplete;
  }

  isFull(): boolean {
    return this.#connection.isFull;
  }

  mayReceive(nowMs: number): boolean {
    return this.#session.isCurrent(nowMs);
  }

  /** Two pieces of bytes that exist already become one message: nothing is serialised or encoded for one reader alone. */
  write(event: SharedEvent): void {
    const start = this.#messageStart;
    const end = event.messageEnd;
    const message = Buffer.allocUnsafe(start.length + end.length);
    message.set(start);
    message.set(end, start.length);
    this.#connection.send(message);
  }

  hold(bytes: number): void {
    this.#connection.hold(bytes);
  }

  complete(reason: string): void {
    this.#onComplete(reason);
    this.#connection.operations.delete(this.#id);
    this.#connection.send(JSON.stringify({ id: this.#id, type: 'complete' }));
  }

  cutOff(): void {
    this.isCutOff = true;
    this.#connection.close(CLOSE.tooSlow);
  }
}

/** A query or a mutation: one result, unless the client has changed its mind. */
async function sendAnswer(
  door: OperationDoor,
  { connection, id }: Place,
  admitted: AdmittedOperation,
): Promise<void> {
  const gone = new AbortController();
  const operation = { stop: () => gone.abort(), flush: () => undefined };
  connection.operations.set(id, operation);
  const result = await answerOnce(admitted, {
    viewer: admitted.viewer,
    correlationId: newId(),
    traceparent: newTraceparent(),
    gone: gone.signal,
    deadline: AbortSignal.timeout(door.limits.operationMs),
  }, door);
  if (connection.operations.get(id) !== operation) return;
  connection.operations.delete(id);
  connection.send(JSON.stringify({ id, type: 'next', payload: result }));
  connection.send(JSON.stringify({ id, type: 'complete' }));
}
