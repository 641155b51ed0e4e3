import { readFileSync } from 'node:fs';
import { GraphQLError, OperationTypeNode } from 'graphql';
import { callerOf } from './caller.ts';
import { graphqlRoute } from './graphql-door.ts';
import { roverGraph, roverVariant } from './rover-graph.ts';
import { roverGraphMutation } from './rover-publication.ts';
import { targetsInReach } from './target-selection.ts';
import type { GraphQLResolveInfo } from 'graphql';
import type { Route } from '#kernel/http.ts';
import type { Result } from '#kernel/problem.ts';
import type { Caller } from './caller.ts';
import type { ProtocolDeps } from './protocol-deps.ts';
import type { Target } from '../target.ts';

const SDL = readFileSync(new URL('./rover-api.graphql', import.meta.url), 'utf8');
/** The graph in a key; that it is the token's own was seen to when the key was believed. */
const KEY = /^service:([^:]+):/;
const GRAPH_REF = /^([^@/]+)@([^@/]+)$/;

/** Whose key it was, of which graph, and the address that the client used; or why nobody's. */
interface RoverContext {
  readonly asked: Result<Caller>;
  readonly keyGraph: string | null;
  readonly root: string;
}

/** POST `/apollo`: what Rover speaks, with a key as in `service:finance:hvo1/…`. */
export function roverRoute(deps: ProtocolDeps): Route {
  return graphqlRoute<RoverContext>({
    name: 'schema-registry',
    path: '/apollo',
    sdl: SDL,
    root: roverRoot(deps),
    open: async (request) => {
      const key = request.headers['x-api-key'];
      const [, keyGraph = null] = KEY.exec(typeof key === 'string' ? key : '') ?? [];
      const asked = await callerOf(deps.authenticator, request.headers);
      const root = `http://${request.headers.host ?? 'localhost'}`;
      return { context: { asked, keyGraph, root } };
    },
    log: deps.log,
  });
}

/** Rover shows an error only beside data, so a refused key is an error of each field that needs one. */
function knownCaller({ asked }: RoverContext): Caller {
  if (asked.ok) return asked.value;
  const { retryable, code, message } = asked.problem;
  throw new GraphQLError(message, { extensions: { code: retryable ? code : 'UNAUTHENTICATED' } });
}

function roverRoot(deps: ProtocolDeps): object {
  const { database } = deps;
  const targetsOf = async (slug: string, context: RoverContext): Promise<Target[]> => {
    const caller = knownCaller(context);
    // A key of a graph is a key of that graph alone, as with the service that Rover was made for.
    if (context.keyGraph !== null && context.keyGraph !== slug) return [];
    return (await targetsInReach(database, caller)).filter((target) => target.graphSlug === slug);
  };
  return {
    frontendUrlRoot: (_args: unknown, context: RoverContext) => context.root,
    me: (_args: unknown, context: RoverContext) => {
      const { principal } = knownCaller(context);
      return {
        __typename: 'Graph',
        id: context.keyGraph ?? principal.id,
        title: principal.name,
        asActor: { type: 'GRAPH' },
      };
    },
    graph: async (args: { id: string }, context: RoverContext, info: GraphQLResolveInfo) => {
      const targets = await targetsOf(args.id, context);
      if (targets.length === 0) return null;
      return info.operation.operation === OperationTypeNode.MUTATION
        ? roverGraphMutation(deps, targets, knownCaller(context))
        : roverGraph(database, targets, knownCaller(context));
    },
    variant: async (args: { ref: string }, context: RoverContext) => {
      const [, graph = '', variant = ''] = GRAPH_REF.exec(args.ref) ?? [];
      if (graph === '') {
        const message = `A graph reference is written as "graph@target", not "${args.ref}".`;
        return { __typename: 'InvalidRefFormat', message };
      }
      const target = (await targetsOf(graph, context)).find(({ slug }) => slug === variant);
      return target === undefined ? null : roverVariant(database, target, knownCaller(context));
    },
  };
}
