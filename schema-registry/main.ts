import * as config from '#kernel/config.ts';
import { createAccessTokenVerifier, DEFAULT_CLAIMS } from '#kernel/access-token.ts';
import { httpProblem } from '#kernel/http.ts';
import { openRoom, ROOM_SETTINGS, roomOptions, runProcess } from '#kernel/room.ts';
import { readSubgraphSdl, serveGraph } from '#kernel/subgraph.ts';
import { COMPOSITION_LIMITS, createCompose } from './composition.ts';
import { publish } from './publication.ts';
import { resolvers } from './resolvers.ts';
import * as store from './store.ts';
import type { AccessTokenRules, AccessTokenVerifier } from '#kernel/access-token.ts';
import type { HttpReply, HttpRequest } from '#kernel/http.ts';
import type { RoomOptions } from '#kernel/room.ts';
import type { Authenticate } from '#kernel/subgraph.ts';
import type { Sql } from '#kernel/database.ts';
import type { Context } from './context.ts';
import type { Contract } from './publication.ts';

const SCHEMA = new URL('./schema.graphql', import.meta.url);
const MIGRATIONS = new URL('./migrations/', import.meta.url);

export interface SchemaRegistry {
  readonly url: string;
  /** Publishes contracts together, as the hub does with its own rooms at start. */
  publishAll(contracts: readonly Contract[], publishedBy: string): Promise<void>;
  close(): Promise<void>;
}

/** Starts the registry: GraphQL at `/graphql` for people and pipelines, the supergraph at `/supergraph` for gateways. */
export async function startSchemaRegistry(
  options: RoomOptions & { readonly accessTokens: AccessTokenRules },
): Promise<SchemaRegistry> {
  const room = await openRoom(options, {
    name: 'schema-registry',
    schema: 'schema_registry',
    migrations: MIGRATIONS,
  });
  const { database } = room;
  const compose = createCompose(COMPOSITION_LIMITS);
  const server = await serveGraph({
    name: 'schema-registry',
    sdl: await readSubgraphSdl(SCHEMA),
    resolvers,
    introspection: true,
    createContext: (request): Context => ({
      ...request,
      database,
      compose,
      clock: options.clock,
      log: options.log,
    }),
    authenticate: accessTokensOnly(createAccessTokenVerifier(options.accessTokens)),
    routes: [
      {
        method: 'GET',
        path: '/supergraph',
        handle: (request) => serveSupergraph(database, request),
      },
    ],
    host: options.host,
    port: options.port,
    ready: room.ready,
    log: options.log,
  });
  room.shutdown.defer('http', server.close);
  return {
    url: server.url,
    close: room.shutdown.run,
    publishAll: async (contracts, publishedBy) => {
      const result = await publish(
        { database, compose, clock: options.clock, publishedBy },
        contracts,
      );
      if (result.ok) return;
      const errors =
        'errors' in result.problem
          ? result.problem.errors.map((error) => `${error.code}: ${error.message}`)
          : [];
      throw new Error([result.problem.message, ...errors].join('\n'));
    },
  };
}

/** The current supergraph, or 304 to a gateway that has it. It holds no data, only the contract that gateways serve anyway. */
async function serveSupergraph(sql: Sql, request: HttpRequest): Promise<HttpReply> {
  const current = await store.currentSupergraph(sql);
  if (current === null) return httpProblem(404, 'NO_SUPERGRAPH', 'Nothing was published yet.');
  const headers = {
    etag: `"${current.sha256}"`,
    'x-concord-version': String(current.version),
    'cache-control': 'no-cache',
  };
  if (request.headers['if-none-match'] === headers.etag) return { status: 304, headers, body: '' };
  return {
    status: 200,
    headers: { ...headers, 'content-type': 'application/graphql' },
    body: current.sdl,
  };
}

function accessTokensOnly(verify: AccessTokenVerifier): Authenticate {
  return async (request) => {
    const verdict = await verify(request.headers.authorization);
    if (verdict.ok) return { ok: true, viewer: verdict.viewer, caller: 'access-token' };
    const status = verdict.code === 'IDENTITY_UNAVAILABLE' ? 503 : 401;
    return {
      ok: false,
      reply: httpProblem(status, verdict.code, verdict.message, { 'www-authenticate': 'Bearer' }),
    };
  };
}

if (import.meta.main) {
  await runProcess('schema-registry', async (shutdown) => {
    const settings = config.readConfig(config.processEnvironment(), {
      ...ROOM_SETTINGS,
      OIDC_ISSUER: config.url('the issuer of access tokens'),
      OIDC_JWKS_URL: config.url("the issuer's key set"),
      OIDC_AUDIENCE: config.text(
        'the audience that tokens must carry',
        'https://concord.example/graph',
      ),
      OIDC_TOKEN_TYPE: config.text("the tokens' JOSE type", 'at+jwt'),
      OIDC_ALGORITHMS: config.list('the signature algorithms that are accepted', [
        'ES256',
        'EdDSA',
        'RS256',
        'PS256',
      ]),
    });
    const options = roomOptions(settings);
    const registry = await startSchemaRegistry({
      ...options,
      accessTokens: {
        issuer: settings.OIDC_ISSUER,
        audience: settings.OIDC_AUDIENCE,
        jwksUrl: settings.OIDC_JWKS_URL,
        tokenType: settings.OIDC_TOKEN_TYPE,
        algorithms: settings.OIDC_ALGORITHMS,
        claims: DEFAULT_CLAIMS,
      },
    });
    shutdown.defer('schema-registry', registry.close);
    return { url: registry.url, log: options.log };
  });
}
