import { GraphQLError } from 'graphql';
import type { HttpReply, HttpRequest } from '#kernel/http.ts';

/** HTTP status of a refusal by its code; every other request error is 400. */
const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  UNAUTHENTICATED: 401,
  INTROSPECTION_DISABLED: 403,
  METHOD_NOT_ALLOWED: 405,
  BODY_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  IDENTITY_UNAVAILABLE: 503,
  NOT_READY: 503,
};

const RESPONSE_TYPE = 'application/graphql-response+json';

/** Something the gateway refuses before any subgraph is asked. */
export function refusal(
  code: string,
  message: string,
  extensions: Readonly<Record<string, unknown>> = {},
): GraphQLError {
  return new GraphQLError(message, { extensions: { code, ...extensions } });
}

/** A GraphQL answer of errors only, in the media type that the client accepts. */
export function refusalReply(
  request: HttpRequest,
  errors: readonly GraphQLError[],
  headers: Readonly<Record<string, string>> = {},
): HttpReply {
  const isModern = request.headers.accept?.includes(RESPONSE_TYPE) === true;
  const code = String(errors[0]?.extensions['code']);
  return {
    status: STATUS_OF_CODE[code] ?? 400,
    headers: {
      'content-type': `${isModern ? RESPONSE_TYPE : 'application/json'}; charset=utf-8`,
      'cache-control': 'no-store',
      ...headers,
    },
    body: JSON.stringify({ errors, extensions: { correlationId: request.correlationId } }),
  };
}
