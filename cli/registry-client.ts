import { isRecord } from '#kernel/json.ts';
import { EXIT_CODES } from './exit-code.ts';
import { CommandFailure, configurationFailure } from './failure.ts';
import type { Secret } from '#kernel/config.ts';
import type { Operation } from './operation.ts';

/** The registry, asked through its GraphQL API and the files that it serves beside it. */
export interface RegistryClient {
  readonly url: string;
  /** Sends an operation; throws a `CommandFailure` when it is not answered. */
  ask<Data, Variables>(operation: Operation<Data, Variables>, variables: Variables): Promise<Data>;
  /** Sends an operation to the door of Hive's clients: for what only that tells. */
  askHive(operation: string): Promise<unknown>;
  /** Gets a file such as `/history/export`. */
  get(path: string, options?: GetOptions): Promise<Fetched>;
}

export interface GetOptions {
  /** Whether the token is sent with it; not for what everybody may read. */
  readonly anonymous?: boolean;
  /** Statuses that are answered instead of thrown. */
  readonly also?: readonly number[];
}

export interface Fetched {
  readonly status: number;
  readonly headers: Headers;
  readonly pieces: AsyncIterable<Uint8Array>;
  text(): Promise<string>;
}

export interface ClientOptions {
  readonly url: string;
  readonly token: Secret | null;
  readonly timeoutMs: number;
  /** Aborted when the person who started the command has interrupted it. */
  readonly interrupted: AbortSignal;
  readonly version: string;
}

export function createRegistryClient(options: ClientOptions): RegistryClient {
  const deadline = AbortSignal.timeout(options.timeoutMs);
  const signal = AbortSignal.any([deadline, options.interrupted]);
  const send = async (path: string, init: RequestInit): Promise<Response> => {
    try {
      return await fetch(`${options.url}${path}`, { ...init, signal, redirect: 'error' });
    } catch (error) {
      throw unanswered(options, error);
    }
  };
  return {
    url: options.url,
    ask: (operation, variables) =>
      ask({ options, send }, '/graphql', { query: operation.text, variables }),
    askHive: (operation) => ask({ options, send }, '/hive', { query: operation }),
    get: (path, getting = {}) => get({ options, send }, path, getting),
  };
}

interface Sending {
  readonly options: ClientOptions;
  readonly send: (path: string, init: RequestInit) => Promise<Response>;
}

async function ask<Data>({ options, send }: Sending, path: string, body: object): Promise<Data> {
  const response = await send(path, {
    method: 'POST',
    headers: {
      ...headersOf(options),
      'content-type': 'application/json',
      accept: 'application/json',
    },
    body: JSON.stringify(body),
  });
  const text = await textOf(options, response);
  const answer = parsed(text);
  const failure = failureOf(response, answer);
  if (failure !== null) throw failure;
  return answer['data'] as Data;
}

async function get(
  { options, send }: Sending,
  path: string,
  { anonymous = false, also = [] }: GetOptions,
): Promise<Fetched> {
  const headers = anonymous ? agentOf(options) : headersOf(options);
  const response = await send(path, { headers });
  if (!response.ok && !also.includes(response.status)) {
    const text = await textOf(options, response);
    throw failureOf(response, parsed(text)) ?? notARegistry(response.status);
  }
  return {
    status: response.status,
    headers: response.headers,
    pieces: piecesOf(options, response),
    text: () => textOf(options, response),
  };
}

function headersOf(options: ClientOptions): Record<string, string> {
  if (options.token === null)
    throw new CommandFailure(
      'TOKEN_MISSING',
      'There is no token: set CONCORD_TOKEN, or name a file with --token-file.',
    );
  return { ...agentOf(options), authorization: `Bearer ${options.token.reveal()}` };
}

function agentOf({ version }: ClientOptions): Record<string, string> {
  return { 'user-agent': `concord/${version}` };
}

async function textOf(options: ClientOptions, response: Response): Promise<string> {
  try {
    return await response.text();
  } catch (error) {
    throw unanswered(options, error);
  }
}

async function* piecesOf(options: ClientOptions, response: Response): AsyncGenerator<Uint8Array> {
  if (response.body === null) return;
  try {
    yield* response.body;
  } catch (error) {
    throw unanswered(options, error);
  }
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

/** Why the answer is none; null when it has data. */
function failureOf(response: Response, answer: Record<string, unknown>): CommandFailure | null {
  const correlationId = response.headers.get('x-correlation-id');
  const [error] = Array.isArray(answer['errors']) ? (answer['errors'] as unknown[]) : [];
  if (isRecord(error)) {
    const extensions = isRecord(error['extensions']) ? error['extensions'] : {};
    const { code } = extensions;
    const known = typeof code === 'string' ? code : 'INTERNAL_SERVER_ERROR';
    return new CommandFailure(known, String(error['message']), { correlationId });
  }
  if (response.ok && isRecord(answer['data'])) return null;
  const { code, detail } = answer;
  if (typeof code === 'string' && typeof detail === 'string')
    return new CommandFailure(code, detail, { correlationId, ...exitBy(response.status) });
  return notARegistry(response.status);
}

/** Beside its code, the status tells an outage. */
function exitBy(status: number): { exitCode?: typeof EXIT_CODES.UNREACHABLE } {
  return status >= 500 || status === 429 ? { exitCode: EXIT_CODES.UNREACHABLE } : {};
}

function notARegistry(status: number): CommandFailure {
  if (status >= 500)
    return new CommandFailure('UNREACHABLE', `The registry answers with the status ${status}.`, {
      exitCode: EXIT_CODES.UNREACHABLE,
    });
  return configurationFailure(
    `What answers there is no registry (status ${status}). Check CONCORD_REGISTRY or --registry.`,
  );
}

function unanswered({ url, timeoutMs, interrupted }: ClientOptions, error: unknown): Error {
  if (interrupted.aborted)
    return new CommandFailure('INTERRUPTED', 'Interrupted.', { exitCode: EXIT_CODES.INTERRUPTED });
  const exitCode = EXIT_CODES.UNREACHABLE;
  if (error instanceof Error && error.name === 'TimeoutError')
    return new CommandFailure(
      'TIMEOUT',
      `The registry at ${url} did not answer within ${timeoutMs / 1_000} s. What was sent may still be done; look before you repeat it, or raise --timeout.`,
      { exitCode },
    );
  return new CommandFailure(
    'UNREACHABLE',
    `The registry at ${url} cannot be reached (${reasonOf(error)}). Check CONCORD_REGISTRY or --registry, and that it runs.`,
    { exitCode },
  );
}

/** Node says "fetch failed" and hides why in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause: unknown = error.cause;
  if (isRecord(cause) && typeof cause['code'] === 'string') return cause['code'];
  return cause instanceof Error ? cause.message : error.message;
}
