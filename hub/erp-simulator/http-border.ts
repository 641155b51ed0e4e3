import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { now } from './clock.ts';
import type { Simulation } from './erp-simulator.ts';
import { isJsonObject } from './field-table.ts';
import type { JsonObject } from './field-table.ts';
import { overviewPage } from './overview-page.ts';
import { renamed } from './presentation.ts';
import { reportError } from './report.ts';
import { errorBody, malformed, messageCodes } from './refusal.ts';
import type { Refusal } from './refusal.ts';
import { findRoute } from './route.ts';
import type { Route, RouteAnswer } from './route.ts';

/** Above the largest document that its item limit allows in practice. */
const BODY_LIMIT_BYTES = 2_000_000;
/** An answer that hangs on purpose is dropped after this; any sane client gave up long before. */
const HANG_LIMIT_MS = 120_000;

type Routes = { readonly erp: readonly Route[]; readonly control: readonly Route[] };
type Exchange = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  readonly url: URL;
};

/** The HTTP side: whom to answer, which planned fault strikes, and how an answer is written. */
export function requestListener(simulation: Simulation, routes: Routes, apiKey: string) {
  const isKey = keyCheck(apiKey);
  return (request: IncomingMessage, response: ServerResponse): void => {
    const method = request.method ?? 'GET';
    const url = new URL(request.url ?? '/', 'http://erp-simulator');
    const exchange = { request, response, method, url };
    const answered = serve(simulation, exchange, { routes, isKey });
    answered.catch((error: unknown) => {
      reportError('request-failed', error);
      if (response.headersSent) response.destroy();
      else sendJson(exchange, 500, { error: { code: 'SY/500', message: 'Internal error.' } });
    });
  };
}

async function serve(
  simulation: Simulation,
  exchange: Exchange,
  door: { routes: Routes; isKey: (request: IncomingMessage) => boolean },
): Promise<void> {
  const { url, request } = exchange;
  if (url.pathname === '/livez' || url.pathname === '/readyz') {
    sendJson(exchange, 200, { status: 'ok' });
  } else if (url.pathname === '/' && isLocal(request)) {
    sendPage(exchange, overviewPage(simulation.ledger.books));
  } else if (url.pathname.startsWith('/control/') && door.isKey(request)) {
    const answer = await handle(door.routes.control, exchange);
    await simulation.ledger.durable();
    sendAnswer(exchange, answer, {});
  } else if (url.pathname.startsWith('/erp/')) {
    await serveErp(simulation, exchange, door);
  } else {
    sendRefusals(exchange, [keyRefusal], {});
  }
}

/** The order of the faults is that of a real way: network, latency, key, overload, work, lost answer. */
async function serveErp(
  simulation: Simulation,
  exchange: Exchange,
  door: { routes: Routes; isKey: (request: IncomingMessage) => boolean },
): Promise<void> {
  const { plan, ledger } = simulation;
  const { request, response, method, url } = exchange;
  if (isDown(simulation, exchange)) return;
  await pause(plan.behaviour().latencyMs);
  if (isDown(simulation, exchange)) return;
  if (!door.isKey(request)) return sendRefusals(exchange, [keyRefusal], {});
  const addressed = { method, path: url.pathname };
  const failure = plan.failureOf(addressed);
  if (failure !== undefined) {
    const seconds = failure.retryAfterSeconds;
    const headers = seconds === undefined ? {} : { 'retry-after': String(seconds) };
    const message = `Planned failure ${failure.status}; nothing was written.`;
    return sendJson(
      exchange,
      failure.status,
      { error: { code: `SY/${failure.status}`, message } },
      headers,
    );
  }
  const answer = await handle(door.routes.erp, exchange);
  await ledger.durable();
  const cut = answer.kind === 'answered' && answer.committed ? plan.cutOf(addressed) : undefined;
  if (cut?.how === 'destroy') request.socket.destroy();
  else if (cut?.how === 'hang') setTimeout(() => response.destroy(), HANG_LIMIT_MS).unref();
  else sendAnswer(exchange, answer, plan.behaviour().renameFields);
}

function isDown({ plan }: Simulation, exchange: Exchange): boolean {
  const { mode, downAs } = plan.behaviour();
  if (mode === 'up') return false;
  if (downAs === 'connection-destroyed') exchange.request.socket.destroy();
  else sendJson(exchange, 503, { error: { code: 'SY/503', message: 'The system is down.' } });
  return true;
}

async function handle(routes: readonly Route[], exchange: Exchange): Promise<RouteAnswer> {
  const { request, method, url } = exchange;
  const found = findRoute(routes, method, url.pathname);
  if (found.kind === 'refused') return found;
  const content = await readBody(request);
  if (content.kind === 'refused') return content;
  return found.route.handle({
    method,
    path: url.pathname,
    parameters: found.parameters,
    query: url.searchParams,
    body: content.body,
    ifMatch: request.headers['if-match'],
  });
}

async function readBody(
  request: IncomingMessage,
): Promise<{ kind: 'read'; body: JsonObject } | { kind: 'refused'; refusals: readonly Refusal[] }> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= BODY_LIMIT_BYTES) chunks.push(chunk);
  }
  if (size > BODY_LIMIT_BYTES) {
    const message = `The body has ${size} bytes, at most ${BODY_LIMIT_BYTES} are taken.`;
    const refusal = { status: 413, code: messageCodes.bodyTooLarge, message, target: '' } as const;
    return { kind: 'refused', refusals: [refusal] };
  }
  const body = parseJson(Buffer.concat(chunks).toString('utf8') || '{}');
  if (isJsonObject(body)) return { kind: 'read', body };
  const message = 'The body must be one JSON object in UTF-8.';
  return { kind: 'refused', refusals: [malformed('bodyUnreadable', message)] };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const keyRefusal: Refusal = {
  status: 401,
  code: messageCodes.apiKeyInvalid,
  message: 'Send the API key of this system in the header X-Api-Key.',
  target: 'X-Api-Key',
};

function keyCheck(apiKey: string): (request: IncomingMessage) => boolean {
  const expected = Buffer.from(apiKey);
  return (request) => {
    const given = Buffer.from(String(request.headers['x-api-key'] ?? ''));
    return given.length === expected.length && timingSafeEqual(given, expected);
  };
}

/** The page needs no key, so it is for this machine only; the Host check keeps out pages that rebind a name to it. */
function isLocal(request: IncomingMessage): boolean {
  const address = request.socket.remoteAddress ?? '';
  const host = (request.headers.host ?? '').replace(/:\d+$/, '');
  const local = ['127.0.0.1', '::1', '::ffff:127.0.0.1'].includes(address);
  return local && ['127.0.0.1', 'localhost', '[::1]'].includes(host);
}

function sendAnswer(
  exchange: Exchange,
  answer: RouteAnswer,
  names: Readonly<Record<string, string>>,
): void {
  if (answer.kind === 'refused') return sendRefusals(exchange, answer.refusals, names);
  sendJson(exchange, answer.status, renamed(answer.body, names), answer.headers);
}

function sendRefusals(
  exchange: Exchange,
  refusals: readonly Refusal[],
  names: Readonly<Record<string, string>>,
): void {
  const inner = { transactionId: randomBytes(12).toString('hex'), timestamp: now().toISOString() };
  const { status, body } = errorBody(refusals, inner);
  sendJson(exchange, status, renamed(body, names));
}

function sendJson(
  { request, response }: Exchange,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    ...headers,
  });
  response.end(JSON.stringify(body));
  // An unread body would be taken for the next request of the connection.
  request.resume();
}

function sendPage({ response }: Exchange, page: string): void {
  response.writeHead(200, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
  });
  response.end(page);
}

function pause(delayMs: number): Promise<void> {
  if (delayMs === 0) return Promise.resolve();
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
