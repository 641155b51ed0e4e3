/** How a call of a subgraph went: `errors` is an answer with errors, `gone` a client that no longer listens. */
export type FetchOutcome =
  | 'ok'
  | 'errors'
  | 'time-out'
  | 'circuit-open'
  | 'overloaded'
  | 'unreachable'
  | 'unusable'
  | 'gone';

/** Whether the subgraph is to blame, as far as can be told from here. */
export function isFailure(outcome: FetchOutcome): boolean {
  return outcome !== 'ok' && outcome !== 'errors' && outcome !== 'gone';
}

/** Codes of the gateway's own, and those that every subgraph of ours may answer; a metric's label is one of them or `OTHER`. */
const CODES: ReadonlySet<string> = new Set([
  'BAD_REQUEST',
  'BAD_USER_INPUT',
  'BATCHING_REFUSED',
  'BODY_TOO_LARGE',
  'CONFLICT',
  'CONTRACT_NOT_SERVED',
  'EVENTS_NO_LONGER_KEPT',
  'EVENT_SOURCE_UNAVAILABLE',
  'FIELD_REPEATED',
  'FORBIDDEN',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'IDENTITY_UNAVAILABLE',
  'INTERNAL_SERVER_ERROR',
  'INTROSPECTION_DISABLED',
  'NOT_ACCEPTABLE',
  'NOT_FOUND',
  'NOT_READY',
  'OPERATION_RESOLUTION_FAILURE',
  'PAGE_TOO_LARGE',
  'PERSISTED_DOCUMENTS_OFF',
  'PERSISTED_DOCUMENTS_UNAVAILABLE',
  'PERSISTED_DOCUMENT_AND_QUERY',
  'PERSISTED_DOCUMENT_NOT_FOUND',
  'PERSISTED_DOCUMENT_REQUIRED',
  'QUERY_NOT_PLANNED',
  'QUERY_TOO_COSTLY',
  'QUERY_TOO_DEEP',
  'QUERY_TOO_LONG',
  'RATE_LIMITED',
  'SLICING_ARGUMENT_EXPECTED',
  'SUBSCRIPTION_INVALIDATED',
  'TOO_MANY_ALIASES',
  'TOO_MANY_DIRECTIVES',
  'TOO_MANY_FIELDS',
  'TOO_MANY_FRAGMENTS',
  'TOO_MANY_OPERATIONS',
  'TOO_MANY_ROOT_FIELDS',
  'UNAUTHENTICATED',
  'UNAUTHORIZED_FIELD_OR_TYPE',
  'UNSUPPORTED_MEDIA_TYPE',
  'UPSTREAM_UNAVAILABLE',
  'UPSTREAM_UNFIT',
]);

/** The label of an operation's first error. Subgraphs choose codes freely, and a label must not grow with them. */
export function operationOutcome(code: string | null): string {
  if (code === null) return 'ok';
  return CODES.has(code) ? code : 'OTHER';
}

/** Reasons why a subscription ends, beside the codes above and the close codes of WebSockets. */
const ENDINGS: ReadonlySet<string> = new Set([
  'complete',
  'left',
  'GOING_AWAY',
  'MEANING_CHANGED',
  'TOKEN_EXPIRED',
  'TOKEN_INVALID',
  'TOKEN_REVOKED',
  'TOO_MANY_CONNECTIONS',
]);

export function closeOutcome(code: string | number): string {
  if (typeof code === 'number') return code >= 1000 && code <= 4999 ? String(code) : 'OTHER';
  return ENDINGS.has(code) ? code : operationOutcome(code);
}

/** A code as it may stand in a span: words alone, since what has digits in it could be somebody's account. */
export function codedReason(code: string | null | undefined): string | null {
  if (code === null || code === undefined) return null;
  return /^[A-Z_]{1,64}$/.test(code) ? code : 'OTHER';
}
