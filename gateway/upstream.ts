import { GraphQLError } from 'graphql';
import { monotonicMs } from '#kernel/clock.ts';
import { INTERNAL_TOKEN_HEADER } from '#kernel/internal-token.ts';
import { isRecord } from '#kernel/json.ts';
import { errorText } from '#kernel/log.ts';
import { startDeadline } from './call-deadline.ts';
import { readEventStream } from './event-stream.ts';
import {
  ClientGone,
  OutOfTime,
  createLane,
  isConnectionLost,
  laneOutcome,
  laneProblem,
} from './upstream-lane.ts';
import type { Readable } from 'node:stream';
import type { ExecutionResult } from 'graphql';
import type { CallSigner } from '#kernel/internal-token.ts';
import type { Log } from '#kernel/log.ts';
import type { InProcessSubgraph } from './in-process-subgraph.ts';
import type { OperationContext } from './operation-context.ts';
import type { SubgraphAddress } from './subgraph-directory.ts';
import type { FetchEnd } from './telemetry/telemetry.ts';
import type { Lane, LaneAnswer, LaneStream } from './upstream-lane.ts';

/** One GraphQL operation for one subgraph, ready to be sent. */
export interface UpstreamOperation {
  readonly subgraph: SubgraphAddress;
  readonly kind: 'query' | 'mutation' | 'subscription';
  readonly query: string;
  readonly operationName: string | null;
  /** A JSON object. */
  readonly variables: string;
}

/** How the gateway reaches subgraphs. */
export interface Upstream {
  /** Failures are results with a coded error, so that the rest of the client's answer survives. */
  call(operation: UpstreamOperation, context: OperationContext): Promise<ExecutionResult>;
  /** The results of a subscription. Throws a coded GraphQLError when it cannot be opened, or breaks. */
  open(
    operation: UpstreamOperation,
    context: OperationContext,
  ): Promise<AsyncGenerator<ExecutionResult>>;
  close(): void;
}

interface UpstreamOptions {
  /** Null leaves calls unsigned: for subgraphs that do not ask for it. */
  readonly sign: CallSigner | null;
  readonly log: Log;
  readonly callTimeoutMs: number;
  /** Subgraphs that live in this process, by name; all others are called over HTTP. */
  readonly inProcess?: ReadonlyMap<string, InProcessSubgraph>;
}

export function createUpstream(options: UpstreamOptions): Upstream {
  const lanes = new Map<string, Lane>();
  const laneOf = ({ name }: SubgraphAddress): Lane => {
    const lane = lanes.get(name) ?? createLane();
    lanes.set(name, lane);
    return lane;
  };
  return {
    call: (operation, context) => callOnce(options, laneOf(operation.subgraph), operation, context),
    open: (operation, context) =>
      openStream(options, laneOf(operation.subgraph), operation, context),
    close: () => {
      for (const lane of lanes.values()) lane.close();
    },
  };
}

async function callOnce(
  options: UpstreamOptions,
  lane: Lane,
  operation: UpstreamOperation,
  context: OperationContext,
): Promise<ExecutionResult> {
  // A mutation under way is let finish when its client goes away: half of it would help nobody.
  const gone = operation.kind === 'mutation' ? null : context.gone;
  const leftMs = timeLeftMs(context, options);
  const deadline = startDeadline(gone, leftMs);
  const { name } = operation.subgraph;
  const trace = context.trace.fetch(operation.subgraph, operation.kind);
  let status: number | null = null;
  const answered = async (): Promise<ExecutionResult> => {
    const inProcess = options.inProcess?.get(name);
    if (inProcess !== undefined) return callHere(inProcess, operation, context, deadline.signal);
    const asking = { operation, context, traceparent: trace.traceparent };
    const post = async (): Promise<LaneAnswer> => {
      const message = await requestFor(options, asking, 'application/json');
      return lane.post({ ...message, signal: deadline.signal });
    };
    // A read can simply be sent again; its signature cannot, since it counts once.
    const answer = await post().catch((error: unknown) => {
      if (operation.kind === 'mutation' || deadline.signal.aborted || !isConnectionLost(error))
        throw error;
      return post();
    });
    ({ status } = answer);
    return readAnswer(answer);
  };
  const attempt = async (): Promise<ExecutionResult> => {
    try {
      if (deadline.signal.aborted) throw new Error('its time was up before its turn came');
      return named(name, await answered());
    } catch (error) {
      if (gone?.aborted === true) throw new ClientGone('The client went away.');
      // Whoever had less time than a call may take says nothing of the subgraph.
      throw deadline.timedOut() && leftMs < options.callTimeoutMs
        ? new OutOfTime('The operation had no time left.')
        : error;
    }
  };
  try {
    const result = await untilAborted(lane.run(attempt, deadline.signal), deadline.signal);
    trace.end({ ...outcomeOf(result), status });
    return result;
  } catch (error) {
    if (error instanceof ClientGone || gone?.aborted === true) {
      trace.end({ outcome: 'gone', status });
      throw error instanceof ClientGone ? error : new ClientGone('The client went away.');
    }
    const late = deadline.timedOut();
    const reason = late ? 'time-out' : laneProblem(error);
    trace.end({ outcome: late ? 'time-out' : laneOutcome(error), status });
    logFailure(options.log, operation, context, late ? 'time-out' : errorText(error));
    return { data: null, errors: [unavailable(operation, reason)] };
  } finally {
    deadline.release();
  }
}

/** Waiting for a turn ends with the time, too; what is under way then ends by its own signal. */
function untilAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => {
      // What is under way is ended by the same signal, and says better why.
      setImmediate(() => reject(new Error('the call was given up')));
    };
    signal.addEventListener('abort', giveUp, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
}

/** A call may take its own time, and no longer than its operation. */
function timeLeftMs({ endsAtMs }: OperationContext, { callTimeoutMs }: UpstreamOptions): number {
  if (endsAtMs === null) return callTimeoutMs;
  return Math.max(0, Math.min(callTimeoutMs, endsAtMs - monotonicMs()));
}

function outcomeOf({ errors }: ExecutionResult): Pick<FetchEnd, 'outcome' | 'code'> {
  if (errors === undefined) return { outcome: 'ok' };
  const code = errors[0]?.extensions['code'];
  return { outcome: 'errors', code: typeof code === 'string' ? code : null };
}

/** A subgraph in this process can hang as any other, and is given up then. */
async function callHere(
  subgraph: InProcessSubgraph,
  { query, operationName, variables }: UpstreamOperation,
  { viewer, correlationId }: OperationContext,
  signal: AbortSignal,
): Promise<ExecutionResult> {
  const givenUp = Promise.withResolvers<never>();
  const giveUp = (): void => givenUp.reject(new Error('the call was given up'));
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    const parsed = JSON.parse(variables) as Record<string, unknown>;
    const call = { query, operationName, variables: parsed, viewer, correlationId, signal };
    return await Promise.race([subgraph(call), givenUp.promise]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

async function openStream(
  options: UpstreamOptions,
  lane: Lane,
  operation: UpstreamOperation,
  context: OperationContext,
): Promise<AsyncGenerator<ExecutionResult>> {
  const connecting = startDeadline(context.gone, options.callTimeoutMs);
  const trace = context.trace.fetch(operation.subgraph, operation.kind);
  let status: number | null = null;
  try {
    const asking = { operation, context, traceparent: trace.traceparent };
    const message = await requestFor(options, asking, 'text/event-stream');
    const answer = await lane.stream({ ...message, signal: connecting.signal });
    ({ status } = answer);
    if (!answer.contentType.startsWith('text/event-stream')) {
      const refused = { status: answer.status, text: await shortText(answer.body) };
      const [error] = named(operation.subgraph.name, readAnswer(refused)).errors ?? [];
      throw error ?? new Error(`an event stream was expected, status ${answer.status}`);
    }
    trace.end({ outcome: 'ok', status });
    return resultsOf(answer, operation, context.gone);
  } catch (error) {
    if (error instanceof GraphQLError) {
      trace.end({ ...outcomeOf({ errors: [error] }), status });
      throw error;
    }
    trace.end({ outcome: connecting.timedOut() ? 'time-out' : laneOutcome(error), status });
    logFailure(options.log, operation, context, errorText(error));
    throw unavailable(operation, connecting.timedOut() ? 'time-out' : laneProblem(error));
  } finally {
    connecting.release();
  }
}

async function requestFor(
  options: UpstreamOptions,
  asking: {
    readonly operation: UpstreamOperation;
    readonly context: OperationContext;
    readonly traceparent: string;
  },
  accept: string,
) {
  const { context, traceparent } = asking;
  const { subgraph, query, operationName, variables } = asking.operation;
  const named = operationName === null ? '' : `,"operationName":${JSON.stringify(operationName)}`;
  const body = `{"query":${JSON.stringify(query)},"variables":${variables}${named}}`;
  const token = await options.sign?.({ audience: subgraph.name, body, viewer: context.viewer });
  return {
    url: new URL(subgraph.url),
    body,
    headers: {
      ...context.passedOn,
      'content-type': 'application/json',
      accept,
      'x-correlation-id': context.correlationId,
      traceparent,
      ...(token === undefined ? {} : { [INTERNAL_TOKEN_HEADER]: token }),
    },
  };
}

function resultsOf(
  { body }: LaneStream,
  operation: UpstreamOperation,
  gone: AbortSignal,
): AsyncGenerator<ExecutionResult> {
  const stop = (): void => {
    gone.removeEventListener('abort', stop);
    body.destroy();
  };
  // At once: a generator that nobody has asked yet does nothing at its end.
  gone.addEventListener('abort', stop, { once: true });
  if (gone.aborted) stop();
  return readResults(body, operation, stop);
}

async function* readResults(
  body: Readable,
  operation: UpstreamOperation,
  stop: () => void,
): AsyncGenerator<ExecutionResult> {
  try {
    for await (const { event, data } of readEventStream(body)) {
      if (event === 'complete') return;
      if (event === 'next') yield named(operation.subgraph.name, resultOf(JSON.parse(data)));
    }
  } catch (error) {
    throw unavailable(operation, laneProblem(error));
  } finally {
    stop();
  }
  throw unavailable(operation, 'the stream ended early');
}

function readAnswer({ status, text }: LaneAnswer): ExecutionResult {
  const value: unknown = JSON.parse(text);
  if (isRecord(value) && typeof value['detail'] === 'string')
    throw new Error(`status ${status}: ${value['detail']}`);
  return resultOf(value);
}

/** An answer in place of a stream says why there is none; it needs no more than this. */
const REFUSAL_MAX_CHARACTERS = 64 * 1024;

async function shortText(body: Readable): Promise<string> {
  let text = '';
  for await (const piece of body.setEncoding('utf8')) {
    text += String(piece);
    if (text.length > REFUSAL_MAX_CHARACTERS) break;
  }
  return text;
}

function resultOf(value: unknown): ExecutionResult {
  if (!isRecord(value) || !('data' in value || 'errors' in value)) {
    throw new Error('a GraphQL answer was expected');
  }
  const { errors, ...rest } = value;
  // No errors are none, however a server writes that.
  if (!Array.isArray(errors) || errors.length === 0) return rest;
  return { ...rest, errors: errors.map(readError) };
}

/** What other servers put into an error is not always what the specification says. */
function readError(value: unknown): GraphQLError {
  const { message, path, extensions } = isRecord(value) ? value : {};
  return new GraphQLError(typeof message === 'string' ? message : 'An error without a message.', {
    path: Array.isArray(path) ? path.filter(isPathStep) : null,
    extensions: isRecord(extensions) ? extensions : {},
  });
}

function isPathStep(step: unknown): step is string | number {
  return typeof step === 'string' || typeof step === 'number';
}

/** Every error says which service it came from. */
function named(service: string, result: ExecutionResult): ExecutionResult {
  if (result.errors === undefined) return result;
  const errors = result.errors.map(({ message, path, extensions }) => {
    const code = extensions?.['code'] ?? 'INTERNAL_SERVER_ERROR';
    return new GraphQLError(message, {
      path: path ?? null,
      extensions: { ...extensions, code, service },
    });
  });
  return { ...result, errors };
}

/** The reason goes to the client, so it names the kind of failure and never an address or a stack. */
function unavailable({ subgraph, kind }: UpstreamOperation, reason: string): GraphQLError {
  const advice =
    kind === 'mutation'
      ? 'It may or may not have done it: repeat it with the same idempotency key.'
      : 'Try again later.';
  return new GraphQLError(`The ${subgraph.name} service did not answer (${reason}). ${advice}`, {
    extensions: { code: 'UPSTREAM_UNAVAILABLE', service: subgraph.name, retryable: true },
  });
}

function logFailure(
  log: Log,
  operation: UpstreamOperation,
  { correlationId }: OperationContext,
  error: string,
): void {
  log.warn({ event: 'peer.failed', service: operation.subgraph.name, error, correlationId });
}
