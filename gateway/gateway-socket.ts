import { STATUS_CODES } from 'node:http';
import { GraphQLError, OperationTypeNode } from 'graphql';
import { handleProtocols, makeServer } from 'graphql-ws';
import { WebSocketServer } from 'ws';
import { newId } from '#kernel/id.ts';
import { errorText } from '#kernel/log.ts';
import { monotonicMs } from '#kernel/clock.ts';
import { pause } from '#kernel/shutdown.ts';
import { clientOfParameters } from './client-identity.ts';
import { GRAPHQL_PATH, notReady } from './gateway-http.ts';
import { refusal } from './graphql-refusal.ts';
import { newTraceparent } from './operation-context.ts';
import { CLOSE, openConnection } from './socket-connection.ts';
import { subscribe } from './subscription.ts';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ExecutionArgs, ExecutionResult } from 'graphql';
import type { Context, SubscribePayload } from 'graphql-ws';
import type { AccessTokenVerifier } from '#kernel/access-token.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Log } from '#kernel/log.ts';
import type { ClientIdentity } from './client-identity.ts';
import type { CrossOrigin } from './cross-origin.ts';
import type { GatewayLimits } from './gateway-limits.ts';
import type { OperationContext } from './operation-context.ts';
import type { Connection, Visitors } from './socket-connection.ts';
import type { Generation, Supergraph } from './supergraph.ts';
import type { Upstream } from './upstream.ts';
import type { RecordUsage } from './usage-recorder.ts';

/** One message is an operation's text and its variables; a larger one is refused with close code 1009. */
const MESSAGE_MAX_BYTES = 64 * 1024;

export interface SocketOptions {
  readonly server: Server;
  readonly supergraph: Supergraph;
  readonly upstream: Upstream;
  readonly verifyToken: AccessTokenVerifier;
  readonly origins: CrossOrigin;
  readonly limits: GatewayLimits;
  readonly recordUsage: RecordUsage;
  readonly clock: Clock;
  readonly log: Log;
}

export interface GatewaySockets {
  /** Tells every client to reconnect and resume elsewhere, and waits until they have gone. */
  close(): Promise<void>;
}

type SocketContext = Context<Record<string, unknown>, Connection>;

/** What an admitted operation carries through graphql-ws. */
interface AdmittedOperation {
  readonly source: string;
  readonly name: string;
  readonly kind: string;
  readonly generation: Generation;
  readonly context: OperationContext;
  readonly connection: Connection;
  readonly client: ClientIdentity | null;
  readonly cost: number;
}

/** Serves operations over WebSocket (graphql-transport-ws), on the HTTP server's own port and path. */
export function serveSockets(options: SocketOptions): GatewaySockets {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MESSAGE_MAX_BYTES,
    handleProtocols,
    perMessageDeflate: false,
  });
  const visitors: Visitors = new Map();
  const answering = new Set<Promise<unknown>>();
  const protocol = makeServer<Record<string, unknown>, Connection>({
    connectionInitWaitTimeout: options.limits.connectionInitMs,
    onConnect: ({ extra, connectionParams }) =>
      extra.identify(authorizationOf(connectionParams ?? {})),
    onSubscribe: (context, _id, payload) => admit(options, context, payload),
    execute: (args) => {
      const answer = execute(options, args);
      answering.add(answer);
      return answer.finally(() => answering.delete(answer));
    },
    subscribe: (args) => startSubscription(options, args),
  });
  let isClosing = false;
  options.server.on('upgrade', (request, socket, head) => {
    const status = isClosing ? 503 : refuseUpgrade(options, request, sockets.clients.size);
    if (status !== null) return refuseSocket(socket, status);
    sockets.handleUpgrade(request, socket, head, (client) =>
      openConnection(client, { ...options, protocol, visitors }),
    );
  });
  return {
    close: async () => {
      isClosing = true;
      const drained = new AbortController();
      await Promise.race([Promise.allSettled(answering), pause(DRAIN_MS, drained.signal)]);
      drained.abort();
      // The last answers are handed to their sockets in this turn of the loop; the close frame must come after them.
      await new Promise((resolve) => setImmediate(resolve));
      await closeAll(sockets);
    },
  };
}

/** The HTTP status that refuses an upgrade, or null. Browsers always send an Origin; other clients need none. */
function refuseUpgrade(
  options: SocketOptions,
  request: IncomingMessage,
  open: number,
): number | null {
  const path = (request.url ?? '').split('?', 1)[0];
  if (path !== GRAPHQL_PATH) return 404;
  const { origin } = request.headers;
  if (origin !== undefined && !options.origins.allows(origin)) return 403;
  if (options.supergraph.current === null || open >= options.limits.connections) return 503;
  return null;
}

function refuseSocket(socket: Duplex, status: number): void {
  socket.on('error', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`,
  );
}

/** `{"authorization": "Bearer …"}`, as HTTP has it, or `{"accessToken": "…"}`. */
function authorizationOf(parameters: Readonly<Record<string, unknown>>): string | undefined {
  const header = parameters['authorization'] ?? parameters['Authorization'];
  if (typeof header === 'string') return header;
  const token = parameters['accessToken'];
  return typeof token === 'string' ? `Bearer ${token}` : undefined;
}

/** The same door as over HTTP, and a cap on what one connection may have open. */
function admit(
  { supergraph, limits }: SocketOptions,
  { extra, subscriptions, connectionParams }: SocketContext,
  { query, variables, operationName }: SubscribePayload,
): ExecutionArgs | readonly GraphQLError[] {
  const { viewer } = extra;
  const generation = supergraph.current;
  if (viewer === null || generation === null) return [notReady()];
  const most = limits.operationsPerConnection;
  if (Object.keys(subscriptions).length > most) {
    const message = `A connection may have ${most} operations open. Complete one, or open another connection.`;
    return [refusal('TOO_MANY_OPERATIONS', message, { limit: most })];
  }
  const applicant = {
    query,
    variables: variables ?? {},
    operationName: operationName ?? null,
    viewer,
  };
  const admission = generation.admissions.admit(applicant);
  if (!admission.ok) return admission.errors;
  const isStream = admission.kind === OperationTypeNode.SUBSCRIPTION;
  const contextValue: AdmittedOperation = {
    source: query,
    name: operationName ?? '',
    kind: admission.kind,
    generation,
    connection: extra,
    client: clientOfParameters(connectionParams),
    cost: admission.cost,
    context: {
      viewer,
      correlationId: newId(),
      traceparent: newTraceparent(),
      gone: extra.gone,
      deadline: isStream ? null : AbortSignal.timeout(limits.operationMs),
    },
  };
  return {
    schema: generation.engine.schema,
    document: admission.document,
    operationName: applicant.operationName,
    variableValues: applicant.variables,
    contextValue,
  };
}

/** A query or a mutation. */
async function execute(
  { log, recordUsage }: SocketOptions,
  args: ExecutionArgs,
): Promise<ExecutionResult> {
  const startedMs = monotonicMs();
  const admitted = args.contextValue as AdmittedOperation;
  const { context, generation, kind, name } = admitted;
  const result = await generation.engine.execute(operationOf(args), context);
  const code = result.errors?.[0]?.extensions['code'];
  const durationMs = monotonicMs() - startedMs;
  recordUsage({ ...usageOf(args), durationMs, errors: result.errors?.length ?? 0 });
  log.info({
    event: 'graphql.operation',
    room: 'gateway',
    operation: name,
    kind,
    viewer: context.viewer.id,
    outcome: typeof code === 'string' ? code : 'ok',
    durationMs: Math.round(durationMs),
    correlationId: context.correlationId,
  });
  return extended(admitted, result);
}

async function startSubscription(
  options: SocketOptions,
  args: ExecutionArgs,
): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult> {
  const admitted = args.contextValue as AdmittedOperation;
  const { context, connection, name: operation, generation, source } = admitted;
  const { correlationId } = context;
  const viewer = context.viewer.id;
  const subscribing = { ...options, stallMs: options.limits.stallMs };
  try {
    const events = await subscribe(subscribing, {
      source,
      operation: operationOf(args),
      generation,
      context,
      onStalled: () => connection.close(CLOSE.tooSlow),
    });
    options.recordUsage({ ...usageOf(args), durationMs: 0, errors: 0 });
    options.log.info({ event: 'subscription.opened', operation, viewer, correlationId });
    return logged(events, admitted, (reason) =>
      options.log.info({ event: 'subscription.closed', operation, viewer, reason, correlationId }),
    );
  } catch (error) {
    const known = error instanceof GraphQLError;
    if (!known) {
      options.log.error({
        event: 'graphql.error',
        room: 'gateway',
        path: '',
        error: errorText(error),
        correlationId,
      });
    }
    const message = `The gateway failed to subscribe; quote correlation id ${correlationId}.`;
    return extended(admitted, {
      errors: [known ? error : refusal('INTERNAL_SERVER_ERROR', message)],
    });
  }
}

/** Passes results on with their correlation id, and says once why the stream ended. */
function logged(
  events: AsyncGenerator<ExecutionResult, void, void>,
  admitted: AdmittedOperation,
  onClose: (reason: string) => void,
): AsyncGenerator<ExecutionResult, void, void> {
  let isOpen = true;
  const closeOnce = (reason: string): void => {
    if (isOpen) onClose(reason);
    isOpen = false;
  };
  return {
    ...events,
    next: async () => {
      const result = await events.next();
      if (result.done === true) {
        closeOnce('complete');
        return result;
      }
      const code = result.value.errors?.[0]?.extensions['code'];
      if (result.value.data === undefined) closeOnce(String(code));
      return { done: false, value: extended(admitted, result.value) };
    },
    return: () => {
      closeOnce('client');
      return events.return();
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function extended({ context, cost }: AdmittedOperation, result: ExecutionResult): ExecutionResult {
  return {
    ...result,
    extensions: { ...result.extensions, correlationId: context.correlationId, cost },
  };
}

function operationOf({ document, operationName, variableValues }: ExecutionArgs) {
  return { document, operationName: operationName ?? null, variables: variableValues ?? {} };
}

function usageOf(args: ExecutionArgs) {
  const { generation, client } = args.contextValue as AdmittedOperation;
  return { ...operationOf(args), schema: generation.engine.schema, client };
}

/** Queries and mutations that are being answered at shut-down get this long. */
const DRAIN_MS = 3_000;
/** Clients get this long to answer the close frame; then their sockets are ended. */
const CLOSE_GRACE_MS = 2_000;

async function closeAll(sockets: WebSocketServer): Promise<void> {
  const clients = [...sockets.clients];
  const gone = clients.map((client) => new Promise((resolve) => client.once('close', resolve)));
  for (const client of clients) client.close(CLOSE.goingAway.code, CLOSE.goingAway.reason);
  const deadline = setTimeout(
    () => clients.forEach((client) => client.terminate()),
    CLOSE_GRACE_MS,
  );
  await Promise.all(gone);
  clearTimeout(deadline);
  sockets.close();
}
