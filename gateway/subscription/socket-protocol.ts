import { isRecord } from '#kernel/json.ts';

/** The subprotocol of graphql-ws, which every current client speaks. */
export const SUBPROTOCOL = 'graphql-transport-ws';

/** Why the gateway closes a connection: our own codes, and those of the protocol (4400, 4401, 4406, 4408, 4409, 4429). */
export const CLOSE = {
  /** Shut-down or deployment: reconnect at once and resume with `after`. */
  goingAway: { code: 1012, reason: 'Going away: reconnect and resume' },
  failed: { code: 1011, reason: 'The connection failed' },
  identityUnavailable: { code: 1013, reason: 'The identity provider cannot be reached' },
  unauthorized: { code: 4401, reason: 'Unauthorized' },
  /** Get a new token, then reconnect and resume. */
  tokenExpired: { code: 4403, reason: 'TOKEN_EXPIRED' },
  otherProtocol: { code: 4406, reason: 'Subprotocol not acceptable' },
  initialisedLate: { code: 4408, reason: 'Connection initialisation timeout' },
  /** Read faster, or ask for less; then reconnect and resume. */
  tooSlow: { code: 4413, reason: 'Reading too slowly: reconnect and resume' },
  initialisedTwice: { code: 4429, reason: 'Too many initialisation requests' },
  tooManyConnections: { code: 4429, reason: 'Too many connections of this viewer' },
} as const;

export interface CloseCause {
  readonly code: number;
  readonly reason: string;
}

/** What a client may say. */
export type ClientMessage =
  | { readonly type: 'connection_init'; readonly payload: Readonly<Record<string, unknown>> }
  | { readonly type: 'ping'; readonly payload: unknown }
  | { readonly type: 'pong' }
  | {
      readonly type: 'subscribe';
      readonly id: string;
      readonly payload: Readonly<Record<string, unknown>>;
    }
  | { readonly type: 'complete'; readonly id: string }
  | { readonly type: 'invalid'; readonly cause: CloseCause };

/** Ids go into every message; a client's own are short. */
const ID_MAX_CHARACTERS = 128;

export function readClientMessage(text: string): ClientMessage {
  const value = parseJson(text);
  if (!isRecord(value)) return invalid('a JSON object is expected');
  const { type, id, payload } = value;
  switch (type) {
    case 'connection_init': {
      if (payload !== undefined && payload !== null && !isRecord(payload))
        return invalid('"payload" must be an object');
      return { type, payload: payload ?? {} };
    }
    case 'ping':
      return { type, payload };
    case 'pong':
      return { type };
    case 'complete':
      return isId(id) ? { type, id } : invalid('"id" is missing or too long');
    case 'subscribe': {
      if (!isId(id)) return invalid('"id" is missing or too long');
      if (!isRecord(payload)) return invalid('"payload" must be an object');
      const { extensions = null } = payload;
      if (extensions !== null && !isRecord(extensions))
        return invalid('"extensions" must be an object');
      return { type, id, payload };
    }
    default:
      return invalid('unknown "type"');
  }
}

/** A subscription of that id is open already: the client has lost count, so nothing it says can be trusted to be meant. */
export function subscriberExists(id: string): CloseCause {
  return { code: 4409, reason: fitting(`Subscriber for ${id} already exists`) };
}

/** Frames of control carry at most 123 bytes of reason. */
function fitting(reason: string): string {
  let text = reason.slice(0, 123);
  while (Buffer.byteLength(text) > 123) text = text.slice(0, -1);
  return text;
}

/** The client does not keep to the protocol. */
export function invalidMessage(what: string): CloseCause {
  return { code: 4400, reason: fitting(`Invalid message: ${what}`) };
}

function invalid(what: string): ClientMessage {
  return { type: 'invalid', cause: invalidMessage(what) };
}

function isId(id: unknown): id is string {
  return typeof id === 'string' && id !== '' && id.length <= ID_MAX_CHARACTERS;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
