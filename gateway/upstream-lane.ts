import {
  BrokenCircuitError,
  BulkheadRejectedError,
  ConsecutiveBreaker,
  bulkhead,
  circuitBreaker,
  handleWhen,
  wrap,
} from 'cockatiel';
import { Agent } from 'undici';
import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { CallDeadline } from './call-deadline.ts';
import type { FetchOutcome } from './telemetry/outcome.ts';

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
/** Shorter than servers keep idle connections (Node's five seconds), so that we rarely write to one that is being closed. */
const IDLE_CONNECTION_MS = 4_000;
/** An answer larger than this is a bug of the subgraph or an attack on the gateway's memory. */
const ANSWER_MAX_BYTES = 16 * 1024 * 1024;

export interface LaneRequest {
  readonly url: URL;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly deadline: CallDeadline;
}

export interface LaneAnswer {
  readonly status: number;
  readonly text: string;
}

export interface LaneStream {
  readonly status: number;
  readonly contentType: string;
  readonly body: Readable;
}

/** The way to one subgraph: its own connections, its own limit and its own circuit breaker, so that it can harm no other. */
export interface Lane {
  /** Runs a call when there is room for it and the circuit is closed. */
  run<Value>(work: () => Promise<Value>): Promise<Value>;
  post(request: LaneRequest): Promise<LaneAnswer>;
  /** As `post`, on a connection of its own: streams live for hours and must not starve the calls. */
  stream(request: LaneRequest): Promise<LaneStream>;
  close(): void;
}

export function createLane(): Lane {
  const connect = { keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_PROBE_MS };
  // HTTP/2 where TLS offers it; times are ours to keep.
  const common = { connect, allowH2: true, headersTimeout: 0, bodyTimeout: 0 };
  const calls = new Agent({
    ...common,
    connections: CALLS_MAX,
    keepAliveTimeout: IDLE_CONNECTION_MS,
  });
  const streams = new Agent({ ...common, pipelining: 0 });
  const policy = wrap(
    bulkhead(CALLS_MAX, WAITING_MAX),
    circuitBreaker(
      handleWhen((error) => !(error instanceof ClientGone || error instanceof OutOfTime)),
      { halfOpenAfter: HALF_OPEN_AFTER_MS, breaker: new ConsecutiveBreaker(FAILURES_TO_OPEN) },
    ),
  );
  return {
    run: (work) => policy.execute(work),
    post: (request) => send(request, calls),
    stream: async (request) => {
      const { statusCode, headers, body } = await streams.request({
        ...optionsOf(request),
        signal: request.deadline.makeSignal(),
      });
      return { status: statusCode, contentType: String(headers['content-type'] ?? ''), body };
    },
    close: () => {
      for (const agent of [calls, streams]) void agent.destroy().catch(() => undefined);
    },
  };
}

/** The client that asked no longer listens: nothing is answered, and nothing is counted against the subgraph. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';
}

/** The operation's own time was up; nothing is counted against the subgraph. */
export class OutOfTime extends Error {
  override readonly name = 'OutOfTime';
}

function optionsOf({ url, headers, body }: LaneRequest) {
  return { origin: url.origin, path: url.pathname + url.search, method: 'POST', headers, body };
}

/** Sends on undici's lowest level: one closure per call and no stream. */
function send(request: LaneRequest, agent: Agent): Promise<LaneAnswer> {
  return new Promise((resolve, reject) => {
    const { deadline } = request;
    const pieces: Buffer[] = [];
    let status = 0;
    let bytes = 0;
    let abort: (reason: Error) => void = reject;
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: (controller) => {
        abort = (reason) => controller.abort(reason);
        if (deadline.ended !== null) giveUp();
      },
      onResponseStart: (_controller, statusCode) => {
        // Informational answers come before the one.
        status = statusCode;
      },
      onResponseData: (controller, piece) => {
        bytes += piece.length;
        if (bytes <= ANSWER_MAX_BYTES) pieces.push(piece);
        else controller.abort(new Error(`the answer has more than ${ANSWER_MAX_BYTES} bytes`));
      },
      onResponseEnd: () => resolve({ status, text: textOf(pieces) }),
      onResponseError: (_controller, error) => reject(error),
    };
    const giveUp = (): void => abort(new Error('the call was given up'));
    deadline.onEnd(giveUp);
    agent.dispatch(optionsOf(request), handler);
  });
}

function textOf(pieces: readonly Buffer[]): string {
  const [only] = pieces;
  if (pieces.length === 1 && only !== undefined) return only.toString('utf8');
  return Buffer.concat(pieces).toString('utf8');
}

/** The other side closed an open connection, as it may when one was idle for long; whether it had read the call is not known. */
export function isConnectionLost(error: unknown): boolean {
  return ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'].includes(codeOf(error) ?? '');
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : null;
}

/** The kind of failure, for what is counted. */
export function laneOutcome(error: unknown): FetchOutcome {
  if (error instanceof BrokenCircuitError) return 'circuit-open';
  if (error instanceof BulkheadRejectedError) return 'overloaded';
  return codeOf(error) === null ? 'unusable' : 'unreachable';
}

/** The kind of failure in words that may go to a client. */
export function laneProblem(error: unknown): string {
  if (error instanceof BrokenCircuitError) return 'it failed repeatedly; the circuit is open';
  if (error instanceof BulkheadRejectedError) return 'it is overloaded';
  return codeOf(error) ?? 'an unusable answer';
}
