import { readFileSync } from 'node:fs';
import { scopeOf } from '../access/principal.ts';
import { findTarget } from '../target.ts';
import { callerOf } from './caller.ts';
import { graphqlRoute } from './graphql-door.ts';
import { currentContract, currentVersion } from './served-version.ts';
import type { Route } from '#kernel/http.ts';
import type { Target } from '../target.ts';
import type { ProtocolDeps } from './protocol-deps.ts';

const SDL = readFileSync(new URL('./uplink.graphql', import.meta.url), 'utf8');
/** No known client asks more often. */
const MIN_DELAY_SECONDS = 10;
/** Graph, target, and a contract (filtered schema) where one is wanted. */
/** One short question, whose sender is only known when it is read. */
const BODY_LIMIT_BYTES = 64 * 1024;
const REF = /^([^@/]+)@([^@/]+)(?:\/([^@/]+))?$/;

interface RouterConfigArguments {
  readonly ref: string;
  readonly apiKey: string;
  readonly ifAfterId?: string | null;
}

type FetchErrorCode = 'AUTHENTICATION_FAILED' | 'ACCESS_DENIED' | 'UNKNOWN_REF' | 'RETRY_LATER';

/** POST `/uplink`: where gateways in Apollo's way ask for their supergraph. The key is an argument, not a header. */
export function uplinkRoute(deps: ProtocolDeps): Route {
  return graphqlRoute<null>({
    name: 'schema-registry',
    path: '/uplink',
    sdl: SDL,
    root: { routerConfig: (args: RouterConfigArguments) => routerConfig(deps, args) },
    open: () => Promise.resolve({ context: null }),
    bodyLimitBytes: BODY_LIMIT_BYTES,
    log: deps.log,
  });
}

async function routerConfig(deps: ProtocolDeps, args: RouterConfigArguments): Promise<object> {
  const asked = await callerOf(deps.authenticator, { 'x-api-key': args.apiKey });
  if (!asked.ok) {
    const { retryable, code, message } = asked.problem;
    if (code === 'TOKEN_OF_ANOTHER_GRAPH') return fetchError('ACCESS_DENIED', message);
    return fetchError(retryable ? 'RETRY_LATER' : 'AUTHENTICATION_FAILED', message);
  }
  const [, graph = '', slug = '', contract = null] = REF.exec(args.ref) ?? [];
  const target = graph === '' ? null : await findTarget(deps.database, { graph, target: slug });
  if (target === null) return unknownRef(args.ref);
  if (!asked.value.principal.allows('artifact:read', scopeOf(target))) {
    return fetchError(
      'ACCESS_DENIED',
      `This key may not fetch "${args.ref}". Use one of that graph with the action "artifact:read".`,
    );
  }
  // What gateways ask nearly always; it needs no text.
  if (
    contract === null &&
    target.currentVersionId !== null &&
    args.ifAfterId === target.currentVersionId
  )
    return unchanged(target.currentVersionId);
  const supergraph = await supergraphOf(deps, target, contract);
  if (supergraph === null && contract !== null) return unknownRef(args.ref);
  if (supergraph === null)
    return fetchError('RETRY_LATER', `Nothing was published to "${args.ref}" yet.`);
  const { id, supergraphSdl } = supergraph;
  if (args.ifAfterId === id) return unchanged(id);
  return {
    __typename: 'RouterConfigResult',
    id,
    supergraphSDL: supergraphSdl,
    supergraphSdl,
    minDelaySeconds: MIN_DELAY_SECONDS,
    messages: [],
  };
}

function unchanged(id: string): object {
  return { __typename: 'Unchanged', id, minDelaySeconds: MIN_DELAY_SECONDS };
}

function supergraphOf(
  deps: ProtocolDeps,
  target: Target,
  contract: string | null,
): Promise<{ readonly id: string; readonly supergraphSdl: string } | null> {
  return contract === null
    ? currentVersion(deps.database, target.id)
    : currentContract(deps.database, target.id, contract);
}

function unknownRef(ref: string): object {
  return fetchError(
    'UNKNOWN_REF',
    `There is no "${ref}". A reference is written as "graph@target", or "graph@target/contract".`,
  );
}

function fetchError(code: FetchErrorCode, message: string): object {
  return { __typename: 'FetchError', code, message, minDelaySeconds: MIN_DELAY_SECONDS };
}
