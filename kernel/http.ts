import { createServer } from 'node:http';
import { errorText } from './log.ts';
import { monotonicMs } from './clock.ts';
import { newId } from './id.ts';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Log } from './log.ts';

export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly correlationId: string;
  readonly traceparent: string | null;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
  /** Ends the connection at once: for a reader that takes nothing of a long answer. */
  readonly hangUp: () => void;
}

export interface HttpReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A text, bytes, or pieces of text that are sent as they come; the next piece is asked for when the last has left. */
  readonly body: string | Uint8Array | AsyncIterable<string>;
}

export interface Route {
  /** GET answers HEAD as well, without the body. */
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'OPTIONS';
  readonly path: string;
  /** Largest body in bytes; counted while it arrives, whatever its headers say. */
  readonly bodyLimitBytes?: number;
  /** Refuses a request by its headers, before its body is read: for those who may not make us hold megabytes. */
  readonly admit?: (headers: IncomingHttpHeaders) => Promise<HttpReply | null>;
  readonly handle: (request: HttpRequest) => Promise<HttpReply> | HttpReply;
}

export interface HttpServer {
  readonly url: string;
  readonly port: number;
  readonly server: Server;
  /** Stops accepting, lets requests in flight end, then closes. */
  close(): Promise<void>;
}

/** Names what keeps a process from serving; empty when it is ready. */
export type Readiness = () => Promise<readonly string[]> | readonly string[];

const BODY_LIMIT_BYTES = 128 * 1024;
const REQUEST_TIMEOUT_MS = 30_000;
/** Requests in flight at shutdown get this long. */
const DRAIN_MS = 5_000;
const CORRELATION_ID = /^[A-Za-z0-9._:-]{1,64}$/;
const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Starts a server with the routes, `/livez` (the process runs) and `/readyz` (it can serve). */
export async function startHttp(options: {
  room: string;
  host: string;
  port: number;
  routes: readonly Route[];
  ready: Readiness;
  /** Answers `/readyz?verbose`; without it that is as `/readyz`. */
  verboseReadiness?: (request: HttpRequest) => Promise<HttpReply>;
  log: Log;
}): Promise<HttpServer> {
  const routes = [...options.routes, ...healthRoutes(options)];
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (incoming, outgoing) => {
    void serve(incoming, outgoing, { ...options, routes });
  });
  server.keepAliveTimeout = 60_000;
  await listen(server, options);
  const port = (server.address() as AddressInfo).port;
  return { url: `http://${options.host}:${port}`, port, server, close: () => drain(server) };
}

function listen(
  server: Server,
  options: { room: string; host: string; port: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const advice = 'Set PORT_BASE to shift all ports, or stop what listens there.';
      reject(
        new Error(
          `${options.room} cannot listen on ${options.host}:${options.port}: ${errorText(error)}. ${advice}`,
        ),
      );
    });
    server.listen(options.port, options.host, resolve);
  });
}

async function drain(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const deadline = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
  await closed;
  clearTimeout(deadline);
}

interface Serving {
  readonly room: string;
  readonly routes: readonly Route[];
  readonly log: Log;
}

async function serve(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  serving: Serving,
): Promise<void> {
  const startedMs = monotonicMs();
  const correlationId = correlationIdOf(incoming.headers);
  const path = (incoming.url ?? '/').split('?', 1)[0] ?? '/';
  let reply: HttpReply;
  try {
    reply = await answer(incoming, outgoing, { correlationId, path, routes: serving.routes });
  } catch (error) {
    serving.log.error({
      event: 'http.failed',
      room: serving.room,
      path,
      error: errorText(error),
      correlationId,
    });
    reply = httpProblem(
      500,
      'INTERNAL_SERVER_ERROR',
      `The request failed; quote correlation id ${correlationId}.`,
    );
  }
  await send(outgoing, reply, correlationId).catch(() => outgoing.destroy());
  const durationMs = Math.round(monotonicMs() - startedMs);
  serving.log.debug({
    event: 'http.request',
    room: serving.room,
    method: incoming.method ?? '',
    path,
    status: reply.status,
    durationMs,
    correlationId,
  });
}

async function answer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  context: { correlationId: string; path: string; routes: readonly Route[] },
): Promise<HttpReply> {
  const onPath = context.routes.filter((route) => matches(route.path, context.path));
  const method = incoming.method === 'HEAD' ? 'GET' : incoming.method;
  const route = onPath.find((candidate) => candidate.method === method);
  if (route === undefined) {
    const allow = onPath.map((candidate) => candidate.method).join(', ');
    if (onPath.length === 0)
      return httpProblem(404, 'NOT_FOUND', `Nothing is served at ${context.path}.`);
    return httpProblem(405, 'METHOD_NOT_ALLOWED', `Use ${allow} here.`, { allow });
  }
  const refusal = (await route.admit?.(incoming.headers)) ?? null;
  if (refusal !== null) return { ...refusal, headers: { ...refusal.headers, connection: 'close' } };
  const limitBytes = route.bodyLimitBytes ?? BODY_LIMIT_BYTES;
  const body = hasBody(incoming) ? await readBody(incoming, limitBytes) : NO_BODY;
  if (body === null) {
    return httpProblem(
      413,
      'BODY_TOO_LARGE',
      `At most ${limitBytes} bytes are read here; nothing was changed.`,
      { connection: 'close' },
    );
  }
  return route.handle({
    method: route.method,
    path: context.path,
    query: new URLSearchParams(incoming.url?.split('?', 2)[1] ?? ''),
    headers: incoming.headers,
    body,
    correlationId: context.correlationId,
    traceparent: traceparentOf(incoming.headers),
    signal: goneSignal(outgoing),
    hangUp: () => void outgoing.destroy(),
  });
}

function goneSignal(outgoing: ServerResponse): AbortSignal {
  const gone = new AbortController();
  outgoing.on('close', () => {
    // Whoever has the whole answer has not gone away.
    if (!outgoing.writableFinished) gone.abort();
  });
  return gone.signal;
}

const NO_BODY = Buffer.alloc(0);

/** A request has a body only when its headers say so (RFC 9112 §6.3); most that are answered from memory have none. */
function hasBody({ headers }: IncomingMessage): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
}

/** A path matches itself; one that ends in `/*` matches everything below. */
function matches(pattern: string, path: string): boolean {
  return pattern.endsWith('/*') ? path.startsWith(pattern.slice(0, -1)) : pattern === path;
}

/** The body, or null as soon as it is longer than allowed; the rest is then thrown away unread. */
function readBody(incoming: IncomingMessage, limitBytes: number): Promise<Buffer | null> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let bytes = 0;
    incoming.on('data', (piece: Buffer) => {
      bytes += piece.length;
      if (bytes <= limitBytes) return pieces.push(piece);
      incoming.removeAllListeners('data').resume();
      return resolve(null);
    });
    incoming.once('end', () => {
      const [only] = pieces;
      resolve(pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces));
    });
    incoming.once('error', reject);
    incoming.once('close', () =>
      reject(new Error('the client went away before its body had come')),
    );
  });
}

async function send(
  outgoing: ServerResponse,
  reply: HttpReply,
  correlationId: string,
): Promise<void> {
  const headers = { 'x-correlation-id': correlationId, ...reply.headers };
  if (typeof reply.body === 'string' || reply.body instanceof Uint8Array) {
    // Said here, because Node would send in pieces what it is not told the length of. A 204 and a 304 have none.
    const hasLength = reply.status !== 204 && reply.status !== 304;
    const length = hasLength ? { 'content-length': Buffer.byteLength(reply.body) } : {};
    outgoing.writeHead(reply.status, { ...headers, ...length });
    outgoing.end(reply.body);
    return;
  }
  outgoing.writeHead(reply.status, headers);
  if (outgoing.req.method === 'HEAD') {
    outgoing.end();
    return;
  }
  outgoing.flushHeaders();
  for await (const piece of reply.body) {
    if (outgoing.destroyed) return;
    if (!outgoing.write(piece)) await drained(outgoing);
  }
  outgoing.end();
}

function drained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      outgoing.off('drain', done);
      outgoing.off('close', done);
      resolve();
    };
    outgoing.on('drain', done);
    outgoing.on('close', done);
  });
}

/** An error of the HTTP layer as RFC 9457 problem details. */
export function httpProblem(
  status: number,
  code: string,
  detail: string,
  headers: Record<string, string> = {},
): HttpReply {
  return {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
    body: JSON.stringify({ type: 'about:blank', title: code, status, detail, code }),
  };
}

export function jsonReply(
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
): HttpReply {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(value),
  };
}

/** The caller's correlation id when it is a sane one, else a new one. */
export function correlationIdOf(headers: IncomingHttpHeaders): string {
  const given = headers['x-correlation-id'];
  return typeof given === 'string' && CORRELATION_ID.test(given) ? given : newId();
}

function traceparentOf(headers: IncomingHttpHeaders): string | null {
  const given = headers['traceparent'];
  return typeof given === 'string' && TRACEPARENT.test(given) ? given : null;
}

function healthRoutes({
  ready,
  verboseReadiness,
}: {
  ready: Readiness;
  verboseReadiness?: (request: HttpRequest) => Promise<HttpReply>;
}): Route[] {
  return [
    { method: 'GET', path: '/livez', handle: () => jsonReply(200, { status: 'alive' }) },
    {
      method: 'GET',
      path: '/readyz',
      handle: async (request) => {
        if (verboseReadiness !== undefined && request.query.has('verbose'))
          return verboseReadiness(request);
        const missing = await ready();
        return missing.length === 0
          ? jsonReply(200, { status: 'ready' })
          : jsonReply(503, { status: 'not ready', missing });
      },
    },
  ];
}
