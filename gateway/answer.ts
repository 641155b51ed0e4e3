import type { ExecutionResult, GraphQLError } from 'graphql';
import type { HttpReply, HttpRequest } from '#kernel/http.ts';

/** Media types of answers, by the GraphQL over HTTP specification. */
const MODERN = 'application/graphql-response+json';
const LEGACY = 'application/json';
const ACCEPTED = /application\/(graphql-response\+json|json|\*)|\*\/\*/;

/** HTTP status by the code of an answer's first error, where there is no data; every other such answer is 400. */
const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  UNAUTHENTICATED: 401,
  INTROSPECTION_DISABLED: 403,
  CONTRACT_NOT_SERVED: 403,
  PERSISTED_DOCUMENT_REQUIRED: 403,
  PERSISTED_DOCUMENT_NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  NOT_ACCEPTABLE: 406,
  BODY_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  INTERNAL_SERVER_ERROR: 500,
  IDENTITY_UNAVAILABLE: 503,
  PERSISTED_DOCUMENTS_UNAVAILABLE: 503,
  NOT_READY: 503,
};

/** Whether the client reads one of the types that we write. */
export function isAcceptable({ headers: { accept } }: HttpRequest): boolean {
  return accept === undefined || accept === '' || ACCEPTED.test(accept);
}

export function answerReply(
  request: HttpRequest,
  result: ExecutionResult,
  options: {
    readonly extensions?: Readonly<Record<string, unknown>>;
    readonly headers?: Readonly<Record<string, string>>;
  } = {},
): HttpReply {
  const { errors, data } = result;
  const type = request.headers.accept?.includes(MODERN) === true ? MODERN : LEGACY;
  const { correlationId } = request;
  const extensions = { correlationId, ...options.extensions, ...result.extensions };
  return {
    status: data === undefined ? statusOf(errors) : 200,
    headers: {
      'content-type': `${type}; charset=utf-8`,
      'cache-control': 'no-store',
      ...options.headers,
    },
    body: JSON.stringify({ errors, data, extensions }),
  };
}

function statusOf(errors: readonly GraphQLError[] = []): number {
  return STATUS_OF_CODE[String(errors[0]?.extensions['code'])] ?? 400;
}
