import { OperationTypeNode } from 'graphql';
import { monotonicMs } from '#kernel/clock.ts';
import { newId } from '#kernel/id.ts';
import { errorText } from '#kernel/log.ts';
import { clientOfParameters } from '../client-identity.ts';
import { contractNotServed, notReady } from '../gateway-http.ts';
import { refusal } from '../graphql-refusal.ts';
import { documentOf, readGraphqlRequest } from '../graphql-request.ts';
import { answerOnce, noteSubscription } from './admitted-operation.ts';
import { CLOSE, invalidMessage } from './socket-protocol.ts';
import { textFrame } from './text-frame.ts';
import type { GraphQLError } from 'graphql';
import type { ClientIdentity } from '../client-identity.ts';
import type { DocumentPolicy, GraphqlRequest } from '../graphql-request.ts';
import type { Viewer } from '#kernel/identity.ts';
import type { GatewayLimits } from '../gateway-limits.ts';
import type { ServedGraphs } from '../served-graphs.ts';
import type { AdmittedOperation, Bookkeeping } from './admitted-operation.ts';
import type { SharedEvent } from './shared-event.ts';
import type { SocketConnection } from './socket-connection.ts';
import type { Outlet } from './subscriber.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { Session } from './viewer-sessions.ts';

export interface OperationDoor extends Bookkeeping {
  readonly graphs: ServedGraphs;
  readonly documentPolicy: DocumentPolicy;
  readonly subscriptionsOf: (viewer: Viewer) => Subscriptions;
  readonly limits: GatewayLimits;
  /** Answers under way, which a shut-down waits for. */
  readonly answering: Set<Promise<unknown>>;
}

/** Begins what a `subscribe` message asks for: a subscription, a query or a mutation. Its id is not in use. */
export function beginOperation(
  door: OperationDoor,
  { connection, session }: { readonly connection: SocketConnection; readonly session: Session },
  { id, payload }: { readonly id: string; readonly payload: Readonly<Record<string, unknown>> },
): void {
  const client = clientOfParameters(connection.parameters ?? {});
  const asked = readGraphqlRequest(payload, client);
  if ('refused' in asked) return connection.close(invalidMessage(asked.refused.message));
  const limit = door.limits.operationsPerConnection;
  if (connection.operations.size >= limit) {
    const message = `A connection may have ${limit} operations open. Complete one, or open another connection.`;
    return refuse({ connection, id }, [refusal('TOO_MANY_OPERATIONS', message, { limit })]);
  }
  const gone = new AbortController();
  // The id is taken from now on; its text may have to be fetched first.
  const beginning = { stop: () => gone.abort(), flush: () => undefined };
  connection.operations.set(id, beginning);
  const done = begin(door, { connection, session, id, gone: gone.signal }, { asked, client }).catch(
    (error: unknown) => {
      const text = errorText(error);
      door.log.error({
        event: 'graphql.error',
        room: 'gateway',
        path: '',
        error: text,
        correlationId: '',
      });
      connection.close(CLOSE.failed);
    },
  );
  door.answering.add(done);
  void done.finally(() => door.answering.delete(done));
}

interface Place {
  readonly connection: SocketConnection;
  readonly id: string;
}

/** Where an operation is begun, by whom, and until when it is wanted. */
interface Beginning extends Place {
  readonly session: Session;
  readonly gone: AbortSignal;
}

interface Asked {
  readonly asked: GraphqlRequest;
  readonly client: ClientIdentity | null;
}

/** Resolves when a query or a mutation is answered, or a subscription is under way. */
async function begin(door: OperationDoor, place: Beginning, asked: Asked): Promise<void> {
  const { viewer } = place.session;
  const { passedOn } = place.connection;
  const admitted = await admit(door, asked, { viewer, passedOn });
  if (place.gone.aborted) return;
  if ('refused' in admitted) {
    place.connection.operations.delete(place.id);
    refuse(place, admitted.refused);
  } else if (admitted.kind === OperationTypeNode.SUBSCRIPTION) {
    subscribe(door, place, admitted);
  } else {
    await sendAnswer(door, place, admitted);
  }
}

/** The same door as over HTTP. */
async function admit(
  { graphs, documentPolicy }: OperationDoor,
  { asked, client }: Asked,
  { viewer, passedOn }: Pick<AdmittedOperation, 'viewer' | 'passedOn'>,
): Promise<AdmittedOperation | { readonly refused: readonly GraphQLError[] }> {
  const query = await documentOf(asked, viewer, documentPolicy);
  if (typeof query !== 'string') return { refused: [query.refused] };
  const graph = graphs.of(viewer);
  if (graph === null) return { refused: [contractNotServed(viewer)] };
  const generation = graph.current;
  if (generation === null) return { refused: [notReady()] };
  const { operationName, variables, documentId } = asked;
  const admission = generation.admissions.admit({ query, variables, operationName, viewer });
  if (!admission.ok) return { refused: admission.errors };
  return {
    text: query,
    viewer,
    passedOn,
    operation: { document: admission.document, operationName, variables },
    generation,
    cost: admission.cost,
    kind: admission.kind,
    documentId,
    client,
  };
}

function refuse({ connection, id }: Place, errors: readonly GraphQLError[]): void {
  connection.send(JSON.stringify({ id, type: 'error', payload: errors }));
}

function subscribe(
  door: OperationDoor,
  place: Place & { readonly session: Session },
  admitted: AdmittedOperation,
): void {
  const { connection, id } = place;
  const outlet = new SocketOutlet(place, (reason) => noteEnd(reason));
  const membership = door.subscriptionsOf(admitted.viewer).join(admitted, outlet);
  const noteEnd = noteSubscription(admitted, membership.opened, door);
  connection.operations.set(id, {
    stop: (reason) => {
      noteEnd(reason);
      membership.leave();
    },
    flush: (nowMs) => membership.subscriber.flush(nowMs),
  });
}

/** One subscription's way out over its connection. */
class SocketOutlet implements Outlet {
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
    this.#connection.sendFrame(textFrame(this.#messageStart, event.messageEnd));
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
    this.#connection.close(CLOSE.tooSlow);
  }
}

/** A query or a mutation: one result, unless the client has changed its mind. */
async function sendAnswer(
  door: OperationDoor,
  { connection, id, gone }: Beginning,
  admitted: AdmittedOperation,
): Promise<void> {
  const context = {
    viewer: admitted.viewer,
    correlationId: newId(),
    traceparent: null,
    passedOn: admitted.passedOn,
    gone,
    endsAtMs: monotonicMs() + door.limits.operationMs,
  };
  const result = await answerOnce(admitted, context, door);
  if (gone.aborted) return;
  connection.operations.delete(id);
  connection.send(JSON.stringify({ id, type: 'next', payload: result }));
  connection.send(JSON.stringify({ id, type: 'complete' }));
}
