import { DEFAULT_CLAIMS } from '#kernel/access-token.ts';
import { systemClock } from '#kernel/clock.ts';
import * as config from '#kernel/config.ts';
import { createLog } from '#kernel/log.ts';
import { ROOM_SETTINGS } from '#kernel/room.ts';
import { DEFAULT_LIMITS } from './gateway-limits.ts';
import { REGISTRY_SETTINGS, registryOptions } from './registry-settings.ts';
import { TRACING_SETTINGS, tracingOptions } from './telemetry/tracing-settings.ts';
import type { LogLevel } from '#kernel/log.ts';
import type { BusAddress } from '#kernel/room.ts';
import type { GatewayLimits } from './gateway-limits.ts';

const { query: QUERY, ...LIMITS } = DEFAULT_LIMITS;

function limit(expected: string, fallback: number, max: number): config.Setting<number> {
  return config.wholeNumber(expected, { min: 1, max }, fallback);
}

/** The environment of a gateway that runs as its own process. */
export const GATEWAY_SETTINGS = {
  HOST: ROOM_SETTINGS.HOST,
  PORT: config.port('the port to listen on', 4000),
  GATEWAY_PORT: config.optional(config.port('the port to listen on, instead of PORT')),
  NODE_ENV: config.text('"production" where people depend on it', 'development'),
  AUTH: config.choice('who is let in; "none" lets everybody in', ['oidc', 'none'], 'oidc'),
  INTERNAL_KEY: config.optional(ROOM_SETTINGS.INTERNAL_KEY),
  BUS_DATABASE_URL: config.optional(ROOM_SETTINGS.BUS_DATABASE_URL),
  REDIS_URL: ROOM_SETTINGS.REDIS_URL,
  LOG_LEVEL: ROOM_SETTINGS.LOG_LEVEL,
  ...REGISTRY_SETTINGS,
  ...TRACING_SETTINGS,
  OIDC_ISSUER: config.optional(config.url('the issuer of access tokens')),
  OIDC_AUDIENCE: config.text(
    'the audience that tokens must carry',
    'https://concord.example/graph',
  ),
  OIDC_JWKS_URL: config.optional(config.url("the issuer's key set")),
  OIDC_TOKEN_TYPE: config.text("the tokens' JOSE type", 'at+jwt'),
  OIDC_CONTRACT_CLAIM: config.text(
    'the claim that names the contract its bearer sees',
    DEFAULT_CLAIMS.contract,
  ),
  OIDC_ALGORITHMS: config.list('the signature algorithms that are accepted', [
    'ES256',
    'EdDSA',
    'RS256',
    'PS256',
  ]),
  CORS_ORIGINS: config.list('web origins that may use the graph', []),
  PASSED_HEADERS: config.list('names of client headers that go on to subgraphs', []),
  DEDUPLICATE_READS: config.flag(
    'whether identical reads of one viewer that are under way together are executed once',
    false,
  ),
  QUERY_TOKENS_MAX: limit('tokens of one operation', QUERY.tokens, 20_000),
  QUERY_DEPTH_MAX: limit('nested fields', QUERY.depth, 30),
  QUERY_ALIASES_MAX: limit('aliases', QUERY.aliases, 500),
  QUERY_COST_MAX: limit('objects in an answer', QUERY.cost, 1_000_000),
  UPSTREAM_TIMEOUT_MS: limit('milliseconds for one call of a subgraph', LIMITS.upstreamMs, 60_000),
  OPERATION_TIMEOUT_MS: limit('milliseconds for one operation', LIMITS.operationMs, 120_000),
  CONNECTIONS_MAX: limit('WebSocket connections', LIMITS.connections, 100_000),
  CONNECTIONS_PER_VIEWER_MAX: limit(
    'WebSocket connections of one viewer',
    LIMITS.connectionsPerViewer,
    10_000,
  ),
} as const;

type GatewaySettings = config.Config<typeof GATEWAY_SETTINGS>;

/** The options of `startGateway` that the settings give. Throws a `ConfigError` for settings that do not go together. */
export function gatewayOptions(settings: GatewaySettings) {
  return {
    host: settings.HOST,
    port: settings.GATEWAY_PORT ?? settings.PORT,
    ...registryOptions(settings),
    ...identityOf(settings),
    bus: busOf(settings),
    corsOrigins: settings.CORS_ORIGINS,
    passedHeaders: settings.PASSED_HEADERS,
    deduplicateReads: settings.DEDUPLICATE_READS,
    tracing: tracingOptions(settings),
    limits: limitsOf(settings),
    log: createLog({ level: settings.LOG_LEVEL as LogLevel }),
    clock: systemClock,
  };
}

function busOf(settings: GatewaySettings): BusAddress | null {
  const { BUS_DATABASE_URL: busDatabaseUrl, REDIS_URL: redisUrl } = settings;
  return busDatabaseUrl === null ? null : { busDatabaseUrl, redisUrl };
}

/** Whose tokens count, and how calls of subgraphs are signed; with AUTH=none neither is needed. */
function identityOf(settings: GatewaySettings) {
  const { OIDC_ISSUER: issuer, OIDC_JWKS_URL: jwksUrl, INTERNAL_KEY: internalKey } = settings;
  if (settings.AUTH === 'none') {
    if (settings.NODE_ENV !== 'production') return { accessTokens: null, internalKey };
    throw new config.ConfigError([
      'AUTH=none lets everybody in, so it is refused with NODE_ENV=production. Set AUTH=oidc, OIDC_ISSUER and OIDC_JWKS_URL.',
    ]);
  }
  if (issuer === null || jwksUrl === null || internalKey === null) {
    const missing = Object.entries({
      OIDC_ISSUER: issuer,
      OIDC_JWKS_URL: jwksUrl,
      INTERNAL_KEY: internalKey,
    });
    throw new config.ConfigError(
      missing
        .filter(([, value]) => value === null)
        .map(([name]) => `${name} is missing: AUTH=oidc needs it.`),
    );
  }
  const accessTokens = {
    issuer,
    audience: settings.OIDC_AUDIENCE,
    jwksUrl,
    tokenType: settings.OIDC_TOKEN_TYPE,
    algorithms: settings.OIDC_ALGORITHMS,
    claims: { ...DEFAULT_CLAIMS, contract: settings.OIDC_CONTRACT_CLAIM },
  };
  return { accessTokens, internalKey };
}

function limitsOf(settings: GatewaySettings): GatewayLimits {
  return {
    ...DEFAULT_LIMITS,
    query: {
      ...QUERY,
      tokens: settings.QUERY_TOKENS_MAX,
      depth: settings.QUERY_DEPTH_MAX,
      aliases: settings.QUERY_ALIASES_MAX,
      cost: settings.QUERY_COST_MAX,
    },
    upstreamMs: settings.UPSTREAM_TIMEOUT_MS,
    operationMs: settings.OPERATION_TIMEOUT_MS,
    connections: settings.CONNECTIONS_MAX,
    connectionsPerViewer: settings.CONNECTIONS_PER_VIEWER_MAX,
  };
}
