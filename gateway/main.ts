import { createAccessTokenVerifier, letEverybodyIn } from '#kernel/access-token.ts';
import { processEnvironment, readConfig } from '#kernel/config.ts';
import { startHttp } from '#kernel/http.ts';
import { createCallSigner } from '#kernel/internal-token.ts';
import { errorText } from '#kernel/log.ts';
import { runProcess } from '#kernel/room.ts';
import { createShutdown } from '#kernel/shutdown.ts';
import { crossOrigin } from './cross-origin.ts';
import { graphqlRoutes } from './gateway-http.ts';
import { DEFAULT_LIMITS } from './gateway-limits.ts';
import { GATEWAY_SETTINGS, gatewayOptions } from './settings.ts';
import { openLiveDoors } from './subscription/live-doors.ts';
import { createSupergraph, warmUp } from './supergraph.ts';
import { createInFlightReads } from './in-flight.ts';
import { propagation } from './propagation.ts';
import { registryDocuments } from './persisted-document.ts';
import { registrySource } from './registry-source.ts';
import { fileSource } from './supergraph-source.ts';
import { watchSupergraph } from './supergraph-watch.ts';
import { createUpstream } from './upstream.ts';
import { startUsageReporting } from './usage.ts';
import type { AccessTokenRules } from '#kernel/access-token.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Route } from '#kernel/http.ts';
import type { InternalKey } from '#kernel/internal-token.ts';
import type { Log } from '#kernel/log.ts';
import type { GatewayLimits } from './gateway-limits.ts';
import type { InProcessSubgraph } from './in-process-subgraph.ts';
import type { DocumentPolicy } from './graphql-request.ts';
import type { PersistedMode } from './persisted-document.ts';
import type { RegistrySupergraph } from './registry-source.ts';
import type { Supergraph } from './supergraph.ts';
import type { SupergraphSource } from './supergraph-source.ts';
import type { Upstream } from './upstream.ts';
import type { UsageReporting, UsageOptions } from './usage.ts';

/** What a gateway is started with. */
export interface GatewayOptions {
  readonly host: string;
  readonly port: number;
  /** Where the supergraph comes from: a registry, which signs it, or an operator's own file; exactly one of them. */
  readonly supergraph: {
    readonly registry: RegistrySupergraph | null;
    readonly file: string | null;
    /** Where the last good one is kept, to start from when the registry is down; null to keep none. */
    readonly cacheFile: string | null;
  };
  /** Null lets everybody in as one viewer who may do what the gateway decides about: for local use. */
  readonly accessTokens: AccessTokenRules | null;
  /** Must be the key of the room `gateway`, which alone may speak for people; null leaves calls unsigned. */
  readonly internalKey: InternalKey | null;
  /** Web origins that may use the graph from a browser, beside the gateway's own. Never `*`. */
  readonly corsOrigins: readonly string[];
  /** How the registry is told what is used; null to tell nobody, and then nothing can be removed from the graph safely. */
  readonly usage: UsageOptions | null;
  readonly limits?: GatewayLimits;
  /** Subgraphs that live in this process, by name; they are called without HTTP and without a signature. */
  readonly inProcess?: ReadonlyMap<string, InProcessSubgraph>;
  /** Names of client headers that go on to subgraphs. */
  readonly passedHeaders?: readonly string[];
  /** Whether identical reads of one viewer that are under way together are executed once. */
  readonly deduplicateReads?: boolean;
  /** Whether operations come by ids of persisted documents; these are a registry's. */
  readonly persisted?: PersistedMode;
  /** Further routes on the same server, such as the console's files. */
  readonly routes?: readonly Route[];
  readonly log: Log;
  readonly clock: Clock;
}

/** A running gateway. */
export interface Gateway {
  readonly url: string;
  readonly port: number;
  /** Names what keeps it from serving; empty when it is ready. The same as `/readyz`. */
  ready(): Promise<readonly string[]>;
  /** Version of the supergraph that is served, or null. */
  supergraphVersion(): string | null;
  /** Ends the connections and event streams of a viewer or a token now; says how many. It does not keep them out. */
  revoke(whom: { readonly viewerId: string } | { readonly token: string }): number;
  /** Tells subscribers to reconnect, lets requests in flight end, then closes. */
  close(): Promise<void>;
}

/**
 * Starts the graph's front door. It listens at once and is ready when a supergraph is loaded and a subgraph has answered;
 * a registry that is down delays only the first start without a kept supergraph.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { clock, log, limits = DEFAULT_LIMITS } = options;
  const source = sourceOf(options.supergraph);
  const shutdown = createShutdown((step, error) =>
    log.warn({ event: 'shutdown.step-failed', step, error: errorText(error) }),
  );
  // Closed after both doors, so that the last answers are counted too.
  const usage = await reportingOf(options);
  shutdown.defer('usage reporting', usage.close);
  const sign = options.internalKey === null ? null : createCallSigner(options.internalKey);
  const upstream = createUpstream({
    sign,
    log,
    callTimeoutMs: limits.upstreamMs,
    ...(options.inProcess === undefined ? {} : { inProcess: options.inProcess }),
  });
  shutdown.defer('upstream', upstream.close);
  const supergraph = createSupergraph({ upstream, limits, log });
  const ready = readiness(supergraph, upstream);
  const verifyToken =
    options.accessTokens === null
      ? letEverybodyIn
      : createAccessTokenVerifier(options.accessTokens);
  const ownOrigins: string[] = [];
  const origins = crossOrigin(() => [...options.corsOrigins, ...ownOrigins]);
  const entrance = { verifyToken, origins, limits, recordUsage: usage.record, log };
  const documentPolicy = documentPolicyOf(options);
  const propagate = propagation(options.passedHeaders ?? []);
  const inside = { ...entrance, supergraph, documentPolicy, propagate };
  const live = openLiveDoors({ ...inside, upstream, clock });
  const inFlight = options.deduplicateReads === true ? createInFlightReads() : null;
  const routes = graphqlRoutes({ ...inside, ...live, inFlight });
  const http = await startHttp({
    room: 'gateway',
    host: options.host,
    port: options.port,
    routes: [...routes, ...(options.routes ?? [])],
    ready,
    log,
  });
  shutdown.defer('http', http.close);
  ownOrigins.push(http.url, `http://localhost:${http.port}`);
  live.serveSockets(http.server);
  shutdown.defer('sockets', live.close);
  const { cacheFile } = options.supergraph;
  const { pollMs } = limits;
  const watch = await watchSupergraph({ supergraph, source, cacheFile, pollMs, log });
  shutdown.defer('supergraph watch', watch.stop);
  return {
    url: http.url,
    port: http.port,
    ready,
    revoke: live.revoke,
    supergraphVersion: () => supergraph.current?.version ?? null,
    close: shutdown.run,
  };
}

function sourceOf({ registry, file }: GatewayOptions['supergraph']): SupergraphSource {
  if (registry !== null && file === null) return registrySource(registry);
  if (registry === null && file !== null) return fileSource(file);
  throw new Error('Exactly one of a registry and a supergraph file is expected.');
}

function documentPolicyOf({
  persisted = 'allowed',
  supergraph,
  clock,
}: GatewayOptions): DocumentPolicy {
  const { registry } = supergraph;
  return { mode: persisted, documents: registry && registryDocuments(registry, clock) };
}

async function reportingOf({ usage, clock, log }: GatewayOptions): Promise<UsageReporting> {
  if (usage === null) return { record: () => undefined, close: () => Promise.resolve() };
  return startUsageReporting({ ...usage, clock, log });
}

/** Ready once a supergraph is served and any subgraph has answered a signed call; checked until it has. */
function readiness(supergraph: Supergraph, upstream: Upstream): () => Promise<readonly string[]> {
  let isWarm = false;
  return async () => {
    const { current } = supergraph;
    if (current === null) return ['supergraph'];
    isWarm ||= (await warmUp(current.engine, upstream)).length > 0;
    return isWarm ? [] : ['warm-up: no subgraph has answered yet'];
  };
}

if (import.meta.main) {
  await runProcess('gateway', async (shutdown) => {
    const options = gatewayOptions(readConfig(processEnvironment(), GATEWAY_SETTINGS));
    const gateway = await startGateway(options);
    shutdown.defer('gateway', gateway.close);
    return { url: gateway.url, log: options.log };
  });
}
