import { GraphQLError } from 'graphql';
import { errorText } from './log.ts';
import type { GraphQLFormattedError } from 'graphql';
import type { Log } from './log.ts';

export type GraphErrorFormat = (
  formatted: GraphQLFormattedError,
  error: unknown,
) => GraphQLFormattedError;

const SUGGESTION = / Did you mean [^?]*\?/g;

/**
 * Errors as callers see them: coded ones as they are, without suggestions that would spell out the schema;
 * anything else is a bug or an outage, logged here and masked.
 */
export function createGraphErrorFormat(room: string, log: Log): GraphErrorFormat {
  return (formatted, error) => {
    const code = formatted.extensions?.['code'];
    if (code !== undefined && code !== 'INTERNAL_SERVER_ERROR') {
      return { ...formatted, message: formatted.message.replace(SUGGESTION, '') };
    }
    const original = error instanceof GraphQLError ? (error.originalError ?? error) : error;
    const path = (formatted.path ?? []).join('.');
    log.error({
      event: 'graphql.error',
      room,
      path,
      error: errorText(original),
      correlationId: '',
    });
    return {
      ...formatted,
      message: `The ${room} service failed while it answered "${path}". Nothing can be said of the cause here; quote the correlation id.`,
      extensions: { code: 'INTERNAL_SERVER_ERROR' },
    };
  };
}
