import { readFileSync } from 'node:fs';
import { GraphQLError, OperationTypeNode } from 'graphql';
import { parseServiceKey } from './caller.ts';
import { errorReply, graphqlRoute } from './graphql-door.ts';
import { roverGraph, roverVariant } from './rover-graph.ts';
import { roverGraphMutation } from './rover-publication.ts';
import { targetsInReach } from './target-selection.ts';
import type { GraphQLResolveInfo } from 'graphql';
import type { HttpReply, HttpRequest, Route } from '#kernel/http.ts';
import type { Caller } from './caller.ts';
import type { ProtocolDeps } from './protocol-deps.ts';
import type { Target } from '../target.ts';

const SDL = readFileSync(new URL('./rover-api.graphql', import.meta.url), 'utf8');
const GRAPH_REF = /^([^@/]+)@([^@/]+)$/;

/** Whose key it was, of which graph, and the address that the client used. */
interface RoverCaller extends Caller {
  readonly keyGraph: string | null;
  readonly root: string;
}

/** POST `/apollo`: what Rover speaks, with a key as in `service:finance:hvo1/…`. */
export function roverRoute(deps: ProtocolDeps): Route {
  return graphqlRoute<RoverCaller>({
    name: 'schema-registry',
    path: '/apollo',
    sdl: SDL,
    root: roverRoot(deps),
    open: (request) => open(deps, request),
    log: deps.log,
  });
}

async function open(
  deps: ProtocolDeps,
  request: HttpRequest,
): Promise<{ context: RoverCaller } | { reply: HttpReply }> {
  const header = request.headers['x-api-key'];
  const key = parseServiceKey(typeof header === 'string' ? header : '');
  const asked = await deps.authenticateToken(key.token);
  if (asked.ok) {
    const root = `http://${request.headers.host ?? 'localhost'}`;
    return { context: { ...asked.value, keyGraph: key.graph, root } };
  }
  const { retryable, code, message } = asked.problem;
  const extensions = { code: retryable ? code : 'UNAUTHENTICATED' };
  // Rover shows the errors of an answer only when its status is 200.
  return { reply: errorReply(retryable ? 503 : 200, new GraphQLError(message, { extensions })) };
}

function roverRoot(deps: ProtocolDeps): object {
  const { database } = deps;
  const targetsOf = async (slug: string, caller: RoverCaller): Promise<Target[]> => {
    // A key of a graph is a key of that graph alone, as with the service that Rover was made for.
    if (caller.keyGraph !== null && caller.keyGraph !== slug) return [];
    return (await targetsInReach(database, caller)).filter((target) => target.graphSlug === slug);
  };
  return {
    frontendUrlRoot: (_args: unknown, caller: RoverCaller) => caller.root,
    me: (_args: unknown, caller: RoverCaller) => ({
      __typename: 'Graph',
      id: caller.keyGraph ?? caller.principal.id,
      title: caller.principal.name,
      asActor: { type: 'GRAPH' },
    }),
    graph: async (args: { id: string }, caller: RoverCaller, info: GraphQLResolveInfo) => {
      const targets = await targetsOf(args.id, caller);
      if (targets.length === 0) return null;
      return info.operation.operation === OperationTypeNode.MUTATION
        ? roverGraphMutation(deps, targets, caller)
        : roverGraph(database, targets, caller);
    },
    variant: async (args: { ref: string }, caller: RoverCaller) => {
      const [, graph = '', variant = ''] = GRAPH_REF.exec(args.ref) ?? [];
      if (graph === '') {
        const message = `A graph reference is written as "graph@target", not "${args.ref}".`;
        return { __typename: 'InvalidRefFormat', message };
      }
      const target = (await targetsOf(graph, caller)).find(({ slug }) => slug === variant);
      return target === undefined ? null : roverVariant(database, target, caller);
    },
  };
}
