import { INTERNAL_TOKEN_HEADER } from './internal-token.ts';
import { errorText } from './log.ts';
import { isRecord } from './json.ts';
import type { CallSigner } from './internal-token.ts';
import type { Log } from './log.ts';

/** A current fact asked of the service that owns it, on our own account and with a deadline. */
export interface Peer {
  /** The operation's `data`, or `PeerUnavailable` when there is none in time. */
  call<Data>(call: {
    query: string;
    variables: Readonly<Record<string, unknown>>;
    correlationId: string;
  }): Promise<Data>;
}

/** The service did not answer in time, or answered with an error: an outage, not a refusal. */
export class PeerUnavailable extends Error {
  override readonly name = 'PeerUnavailable';
  readonly service: string;
  constructor(service: string, detail: string) {
    super(`${service} did not answer: ${detail}`);
    this.service = service;
  }
}

/** A person waits for this answer; beyond it the caller refuses as unavailable and can be asked again. */
const DEADLINE_MS = 5_000;

export function createPeer(options: {
  service: string;
  url: string;
  sign: CallSigner;
  log: Log;
  deadlineMs?: number;
}): Peer {
  return {
    call: async <Data>(call: Parameters<Peer['call']>[0]) => {
      try {
        return (await post(options, call)) as Data;
      } catch (error) {
        const detail = errorText(error);
        options.log.warn({
          event: 'peer.failed',
          service: options.service,
          error: detail,
          correlationId: call.correlationId,
        });
        throw new PeerUnavailable(options.service, detail);
      }
    },
  };
}

async function post(
  options: Parameters<typeof createPeer>[0],
  call: { query: string; variables: Readonly<Record<string, unknown>>; correlationId: string },
): Promise<unknown> {
  const body = JSON.stringify({ query: call.query, variables: call.variables });
  const response = await fetch(`${options.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-correlation-id': call.correlationId,
      [INTERNAL_TOKEN_HEADER]: await options.sign({
        audience: options.service,
        body,
        viewer: null,
      }),
    },
    body,
    signal: AbortSignal.timeout(options.deadlineMs ?? DEADLINE_MS),
  });
  const answer: unknown = await response.json();
  if (!isRecord(answer)) throw new Error(`an object was expected, status ${response.status}`);
  if (Array.isArray(answer['errors']))
    throw new Error(JSON.stringify(answer['errors']).slice(0, 500));
  if (!response.ok)
    throw new Error(`status ${response.status}: ${JSON.stringify(answer).slice(0, 300)}`);
  return answer['data'];
}
