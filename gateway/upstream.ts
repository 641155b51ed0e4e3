import { GraphQLError } from 'graphql';
import { monotonicMs } from '#kernel/clock.ts';
import { INTERNAL_TOKEN_HEADER } from '#kernel/internal-token.ts';
import { isRecord } from '#kernel/json.ts';
import { errorText } from '#kernel/log.ts';
import { CallDeadline } from './call-deadline.ts';
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
import type { Lane, LaneAnswer, LaneRequest, LaneStream } from './upstream-lane.ts';

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
  const deadline = new CallDeadline(gone, leftMs);
  const trace = context.trace.fetch(operation.subgraph, operation.kind);
  const call: Call = { operation, context, deadline, traceparent: trace.traceparent, status: null };
  const attempt = async (): Promise<ExecutionResult> => {
    try {
      if (deadline.ended !== null) throw new OutOfTime('Its time was up before its turn came.');
      return named(operation.subgraph.name, await answerTo(options, lane, call));
    } catch (error) {
      if (gone?.aborted === true) throw new ClientGone('The client went away.');
      // Whoever had less time than a call may take says nothing of the subgraph.
      throw deadline.ended === 'time-out' && leftMs < options.callTimeoutMs
        ? new OutOfTime('The operation had no time left.')
        : error;
    }
  };
  try {
    const result = await within(deadline, lane.run(attempt));
    trace.end({ ...outcomeOf(result), status: call.status });
    return result;
  } catch (error) {
    const { status } = call;
    if (error instanceof ClientGone || gone?.aborted === true) {
      trace.end({ outcome: 'gone', status });
      throw error instanceof ClientGone ? error : new ClientGone('The client went away.');
    }
    const late = deadline.ended === 'time-out';
    const reason = late ? 'time-out' : laneProblem(error);
    trace.end({ outcome: late ? 'time-out' : laneOutcome(error), status });
    logFailure(options.log, operation, context, late ? 'time-out' : errorText(error));
    return { data: null, errors: [unavailable(operation, reason)] };
  } finally {
    deadline.release();
  }
}

/** One call under way. */
interface Call {
  readonly operation: UpstreamOperation;
  readonly context: OperationContext;
  readonly deadline: CallDeadline;
  readonly traceparent: string;
  /** Of the answer, once there is one. */
  status: number | null;
}

async function answerTo(
  options: UpstreamOptions,
  lane: Lane,
  call: Call,
): Promise<ExecutionResult> {
  const inProcess = options.inProcess?.get(call.operation.subgraph.name);
  if (inProcess !== undefined) return callHere(inProcess, call);
  const answer = await post(options, lane, call);
  call.status = answer.status;
  return readAnswer(answer);
}

/** A read can simply be sent again; its signature cannot, since it counts once. */
async function post(options: UpstreamOptions, lane: Lane, call: Call): Promise<LaneAnswer> {
  try {
    return await lane.post(await requestFor(options, call, 'application/json'));
  } catch (error) {
    const isOver = call.operation.kind === 'mutation' || call.deadline.ended !== null;
    if (isOver || !isConnectionLost(error)) throw error;
    return lane.post(await requestFor(options, call, 'application/json'));
  }
}

/** Waiting for a turn ends with the time, too; what is under way then ends by the same deadline, and says better why. */
function within<Value>(deadline: CallDeadline, work: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    deadline.onEnd(() => setImmediate(() => reject(new Error('the call was given up'))));
    work.then(resolve, reject);
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
function callHere(
  subgraph: InProcessSubgraph,
  { operation, context, deadline }: Call,
): Promise<ExecutionResult> {
  const { query, operationName, variables } = operation;
  const { viewer, correlationId } = context;
  return new Promise((resolve, reject) => {
    deadline.onEnd(() => reject(new Error('the call was given up')));
    subgraph({
      query,
      operationName,
      variables: JSON.parse(variables) as Record<string, unknown>,
      viewer,
      correlationId,
      get signal() {
        return deadline.makeSignal();
      },
    }).then(resolve, reject);
  });
}

async function openStream(
  options: UpstreamOptions,
  lane: Lane,
  operation: UpstreamOperation,
  context: OperationContext,
): Promise<AsyncGenerator<ExecutionResult>> {
  const deadline = new CallDeadline(context.gone, options.callTimeoutMs);
  const trace = context.trace.fetch(operation.subgraph, operation.kind);
  let status: number | null = null;
  try {
    const call = { operation, context, deadline, traceparent: trace.traceparent };
    const answer = await lane.stream(await requestFor(options, call, 'text/event-stream'));
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
    const late = deadline.ended === 'time-out';
    trace.end({ outcome: late ? 'time-out' : laneOutcome(error), status });
    logFailure(options.log, operation, context, errorText(error));
    throw unavailable(operation, late ? 'time-out' : laneProblem(error));
  } finally {
    deadline.release();
  }
}

async function requestFor(
  options: UpstreamOptions,
  { operation, context, deadline, traceparent }: Omit<Call, 'status'>,
  accept: string,
): Promise<LaneRequest> {
  const { subgraph, query, operationName, variables } = operation;
  const named = operationName === null ? '' : `,"operationName":${JSON.stringify(operationName)}`;
  const body = `{"query":${JSON.stringify(query)},"variables":${variables}${named}}`;
  const token = await options.sign?.({ audience: subgraph.name, body, viewer: context.viewer });
  return {
    url: new URL(subgraph.url),
    body,
    deadline,
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
