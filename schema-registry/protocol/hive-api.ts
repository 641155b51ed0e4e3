import { readFileSync } from 'node:fs';
import { GraphQLError } from 'graphql';
import { callerOf } from './caller.ts';
import { errorReply, graphqlRoute } from './graphql-door.ts';
import { hiveAppRoot } from './hive-apps.ts';
import { hiveCheckRoot } from './hive-check.ts';
import { hiveDeletionRoot } from './hive-deletion.ts';
import { hiveIdentityRoot } from './hive-identity.ts';
import { hivePublicationRoot } from './hive-publication.ts';
import { hiveSchemaRoot } from './hive-schema.ts';
import type { HttpReply, HttpRequest, Route } from '#kernel/http.ts';
import type { Problem } from '#kernel/problem.ts';
import type { Caller } from './caller.ts';
import type { ProtocolDeps } from './protocol-deps.ts';

const SDL = readFileSync(new URL('./hive-api.graphql', import.meta.url), 'utf8');

/** POST `/hive`: what the Hive CLI speaks. */
export function hiveRoute(deps: ProtocolDeps): Route {
  return graphqlRoute<Caller>({
    name: 'schema-registry',
    path: '/hive',
    sdl: SDL,
    root: {
      ...hiveIdentityRoot(deps),
      ...hiveSchemaRoot(deps),
      ...hiveCheckRoot(deps),
      ...hivePublicationRoot(deps),
      ...hiveDeletionRoot(deps),
      ...hiveAppRoot(deps.apps, deps.database),
    },
    open: (request) => open(deps, request),
    rename: missingPermission,
    log: deps.log,
  });
}

async function open(
  deps: ProtocolDeps,
  request: HttpRequest,
): Promise<{ context: Caller } | { reply: HttpReply }> {
  const asked = await callerOf(deps.authenticator, request.headers);
  return asked.ok ? { context: asked.value } : { reply: refusal(asked.problem) };
}

/** The CLI knows a wrong token by this text, and looks at no error of an answer whose status is not 200. */
function refusal(problem: Problem): HttpReply {
  if (problem.retryable) {
    const extensions = { code: problem.code };
    return errorReply(503, new GraphQLError(problem.message, { extensions }));
  }
  const extensions = { code: 'UNAUTHENTICATED', reason: problem.message };
  return errorReply(200, new GraphQLError('Invalid token provided', { extensions }));
}

/** The CLI reads the missing permission out of this sentence. */
function missingPermission(error: GraphQLError): GraphQLError {
  if (error.extensions['code'] !== 'FORBIDDEN') return error;
  const permission = String(error.extensions['permission']);
  return new GraphQLError(`Missing permission for performing '${permission}'. ${error.message}`, {
    path: error.path ?? null,
    extensions: { ...error.extensions, code: 'UNAUTHORISED' },
  });
}
