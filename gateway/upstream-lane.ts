import { Agent, request as httpRequest } from 'node:http';
import { Agent as SecureAgent, request as httpsRequest } from 'node:https';
import {
  BrokenCircuitError,
  BulkheadRejectedError,
  ConsecutiveBreaker,
  bulkhead,
  circuitBreaker,
  handleWhen,
  wrap,
} from 'cockatiel';
import type { IncomingMessage, RequestOptions } from 'node:http';

/** Calls to one subgraph at a time: above what one instance answers well, below what would drown it. */
const CALLS_MAX = 64;
/** Calls that wait for their turn; more are refused at once, since they would time out anyway. */
const WAITING_MAX = 512;
/** So many failures in a row are an outage and not bad luck. */
const FAILURES_TO_OPEN = 5;
/** How long an outage is answered at once before one call tries again; a restart takes about as long. */
const HALF_OPEN_AFTER_MS = 1_000;
/** Finds a peer that vanished without a word below a stream that is silent for good reasons. */
const KEEP_ALIVE_PROBE_MS = 30_000;

export interface LaneRequest {
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  /** May be sent twice: everything but a mutation. */
  readonly repeatable: boolean;
  readonly signal: AbortSignal;
}

/** The way to one subgraph: its own sockets, its own limit and its own circuit breaker, so that it can harm no other. */
export interface Lane {
  /** Runs a call when there is room for it and the circuit is closed. */
  run<Value>(work: () => Promise<Value>, signal: AbortSignal): Promise<Value>;
  post(request: LaneRequest): Promise<IncomingMessage>;
  /** As `post`, on a socket of its own: streams live for hours and must not starve the calls. */
  stream(request: LaneRequest): Promise<IncomingMessage>;
  close(): void;
}

export function createLane(): Lane {
  const keptAlive = { keepAlive: true, maxSockets: CALLS_MAX, scheduling: 'lifo' } as const;
  const calls = { http: new Agent(keptAlive), https: new SecureAgent(keptAlive) };
  const streams = { http: new Agent(), https: new SecureAgent() };
  const policy = wrap(
    bulkhead(CALLS_MAX, WAITING_MAX),
    circuitBreaker(
      handleWhen((error) => !(error instanceof ClientGone)),
      { halfOpenAfter: HALF_OPEN_AFTER_MS, breaker: new ConsecutiveBreaker(FAILURES_TO_OPEN) },
    ),
  );
  return {
    run: (work, signal) => policy.execute(work, signal),
    post: (request) =>
      send(request, calls).catch((error: unknown) => {
        // The subgraph may close an idle kept-alive socket just as we write to it; a query can simply be sent again.
        if (request.repeatable && error instanceof StaleSocket) return send(request, calls);
        throw error;
      }),
    stream: (request) => send(request, streams),
    close: () => {
      for (const agent of [...Object.values(calls), ...Object.values(streams)]) agent.destroy();
    },
  };
}

/** The client that asked no longer listens: nothing is answered, and nothing is counted against the subgraph. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';
}

class StaleSocket extends Error {
  override readonly name = 'StaleSocket';
}

interface Agents {
  readonly http: Agent;
  readonly https: SecureAgent;
}

function send(request: LaneRequest, agents: Agents): Promise<IncomingMessage> {
  const isSecure = request.url.startsWith('https:');
  const options: RequestOptions = {
    method: 'POST',
    headers: { ...request.headers, 'content-length': Buffer.byteLength(request.body) },
    agent: isSecure ? agents.https : agents.http,
    signal: request.signal,
  };
  return new Promise((resolve, reject) => {
    const outgoing = (isSecure ? httpsRequest : httpRequest)(request.url, options, resolve);
    outgoing.once('socket', (socket) => socket.setKeepAlive(true, KEEP_ALIVE_PROBE_MS));
    outgoing.once('error', (error) => {
      const code = 'code' in error ? error.code : '';
      const isStale = outgoing.reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE');
      reject(isStale ? new StaleSocket(error.message, { cause: error }) : error);
    });
    outgoing.end(request.body);
  });
}

/** The kind of failure in words that may go to a client. */
export function laneProblem(error: unknown): string {
  if (error instanceof BrokenCircuitError) return 'it failed repeatedly; the circuit is open';
  if (error instanceof BulkheadRejectedError) return 'it is overloaded';
  if (error instanceof StaleSocket) return 'ECONNRESET';
  if (error instanceof Error && 'code' in error && typeof error.code === 'string')
    return error.code;
  return 'an unusable answer';
}
