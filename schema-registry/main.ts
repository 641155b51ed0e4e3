import * as config from '#kernel/config.ts';
import { createAccessTokenVerifier, DEFAULT_CLAIMS } from '#kernel/access-token.ts';
import { httpProblem } from '#kernel/http.ts';
import { openRoom, ROOM_SETTINGS, roomOptions, runProcess } from '#kernel/room.ts';
import { startSweep } from '#kernel/sweep.ts';
import { readSubgraphSdl, serveGraph } from '#kernel/subgraph.ts';
import { createAuthenticator } from './access/authenticator.ts';
import { openSigningKeys } from './artifact/signing-key.ts';
import { createWorkshop } from './composition/workshop.ts';
import { excessOfCall } from './document-bounds.ts';
import { startCheckpoints } from './history/checkpoint-schedule.ts';
import { createHousehold } from './household.ts';
import { errorReply } from './protocol/graphql-door.ts';
import { admitLarge } from './large-body.ts';
import { createCommands } from './registry-commands.ts';
import { registryRoutes, schemaFiles, startChores } from './registry.ts';
import { resolvers } from './resolvers.ts';
import { sweepUsage } from './usage/usage-sweep.ts';
import { SDL_MAX_BYTES } from './check/proposed.ts';
import { sweepDeliveries } from './webhook/webhook-delivery.ts';
import type { IncomingHttpHeaders } from 'node:http';
import type { AccessTokenRules } from '#kernel/access-token.ts';
import type { Secret } from '#kernel/config.ts';
import type { HttpReply } from '#kernel/http.ts';
import type { RoomOptions } from '#kernel/room.ts';
import type { Asked, Authenticate } from '#kernel/subgraph.ts';
import type { AccessRefused, Authenticator } from './access/authenticator.ts';
import type { Principal } from './access/principal.ts';
import type { WorkshopLimits } from './composition/workshop.ts';
import type { Context } from './context.ts';
import type { Household } from './household.ts';
import type { RegistryParts } from './registry.ts';

export interface SchemaRegistryOptions extends RoomOptions {
  readonly accessTokens: AccessTokenRules;
  /** Seals signing keys and webhook secrets at rest; 32 characters at least. */
  readonly registrySecret: Secret;
  readonly workshop?: WorkshopLimits;
}

export interface SchemaRegistry extends Household {
  readonly url: string;
  close(): Promise<void>;
}

/** One deployment may bring some dozens of contracts at once. */
const GRAPHQL_BODY_MAX_BYTES = 24 * SDL_MAX_BYTES;

/** Starts the registry: GraphQL at `/graphql`, artefacts, usage, and the doors of other registries' clients. */
export async function startSchemaRegistry(options: SchemaRegistryOptions): Promise<SchemaRegistry> {
  const { clock, log, registrySecret } = options;
  const room = await openRoom(options, {
    name: 'schema-registry',
    schema: 'schema_registry',
    migrations: new URL('./migrations/', import.meta.url),
  });
  const { database, shutdown } = room;
  try {
    const keys = await openSigningKeys({ database, clock, secret: registrySecret });
    const workshop = createWorkshop(options.workshop);
    shutdown.defer('workshop', workshop.close);
    const verifyAccessToken = createAccessTokenVerifier(options.accessTokens);
    const parts: RegistryParts = {
      database,
      clock,
      log,
      registrySecret,
      keys,
      workshop,
      commands: createCommands({ database, workshop, clock }),
      authenticator: createAuthenticator({ database, clock, verifyAccessToken }),
    };
    const server = await serveRegistry(options, parts, room.ready);
    shutdown.defer('http', server.close);
    shutdown.defer('chores', startChores(parts).close);
    const sweeps: Readonly<Record<string, (stop: AbortSignal) => Promise<number>>> = {
      usage: (stop) => sweepUsage({ database, clock }, stop),
      deliveries: () => sweepDeliveries({ database, clock }),
    };
    for (const [what, sweep] of Object.entries(sweeps))
      shutdown.defer(
        `${what} sweep`,
        startSweep({ name: `schema_registry ${what}`, log, sweep }).close,
      );
    shutdown.defer('checkpoints', startCheckpoints({ database, keys, clock, log }).close);
    return { url: server.url, close: shutdown.run, ...createHousehold(parts) };
  } catch (error) {
    await shutdown.run();
    throw error;
  }
}

async function serveRegistry(
  options: SchemaRegistryOptions,
  parts: RegistryParts,
  ready: Parameters<typeof serveGraph>[0]['ready'],
): ReturnType<typeof serveGraph> {
  return serveGraph<KnownCaller>({
    name: 'schema-registry',
    sdl: await readSubgraphSdl(...schemaFiles()),
    resolvers,
    introspection: true,
    bodyLimitBytes: GRAPHQL_BODY_MAX_BYTES,
    admit: admitLarge((headers) => refusalOf(parts.authenticator, headers)),
    createContext: (request, { principal }): Context => ({ ...request, ...parts, principal }),
    authenticate: callersOf(parts.authenticator),
    routes: registryRoutes(parts, async (headers) => {
      const asked = await parts.authenticator.authenticate(headers);
      return asked.ok
        ? { ok: true, principal: asked.value.principal }
        : { ok: false, reply: refusal(asked.problem) };
    }),
    host: options.host,
    port: options.port,
    ready,
    log: options.log,
  });
}

interface KnownCaller extends Asked {
  readonly principal: Principal;
}

async function refusalOf(
  authenticator: Authenticator,
  headers: IncomingHttpHeaders,
): Promise<HttpReply | null> {
  const asked = await authenticator.authenticate(headers);
  return asked.ok ? null : refusal(asked.problem);
}

function callersOf(authenticator: Authenticator): Authenticate<KnownCaller> {
  return async (request) => {
    const asked = await authenticator.authenticate(request.headers);
    if (!asked.ok) return { ok: false, reply: refusal(asked.problem) };
    const excess = excessOfCall(request.body);
    if (excess !== null) return { ok: false, reply: errorReply(400, excess) };
    const { principal, viewer } = asked.value;
    return { ok: true, viewer, caller: principal.kind, principal };
  };
}

function refusal({ status, code, message }: AccessRefused): HttpReply {
  return httpProblem(status, code, message, { 'www-authenticate': 'Bearer' });
}

if (import.meta.main) {
  await runProcess('schema-registry', async (shutdown) => {
    const settings = config.readConfig(config.processEnvironment(), {
      ...ROOM_SETTINGS,
      REGISTRY_SECRET: config.secret('what seals signing keys at rest, 32 characters at least,'),
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
      registrySecret: settings.REGISTRY_SECRET,
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
