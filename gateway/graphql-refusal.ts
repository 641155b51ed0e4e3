import { GraphQLError } from 'graphql';

/** Something the gateway refuses before any subgraph is asked. */
export function refusal(
  code: string,
  message: string,
  extensions: Readonly<Record<string, unknown>> = {},
): GraphQLError {
  return new GraphQLError(message, { extensions: { code, ...extensions } });
}
