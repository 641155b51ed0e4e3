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
import { createInFlightReads } from './in-flight.ts';
import { registryDocuments } from './persisted-document.ts';
import { propagation } from './propagation.ts';
import { registrySource } from './registry-source.ts';
import { createServedGraphs } from './served-graphs.ts';
import { GATEWAY_SETTINGS, gatewayOptions } from './settings.ts';
import { openLiveDoors } from './subscription/live-doors.ts';
import { warmUp } from './supergraph.ts';
import { fileSource } from './supergraph-source.ts';
import { createHealthChecks, verboseReadiness } from './telemetry/health-checks.ts';
import { createTelemetry } from './telemetry/live-telemetry.ts';
import { createUpstream } from './upstream.ts';
import { startUsageReporting } from './usage.ts';
import type { AccessTokenRules } from '#kernel/access-token.ts';
import type { Clock } from '#kernel/clock.ts';
import type { HttpReply, HttpRequest, Route } from '#kernel/http.ts';
import type { InternalKey } from '#kernel/internal-token.ts';
import type { Log } from '#kernel/log.ts';
import type { BusAddress } from '#kernel/room.ts';
import type { GatewayLimits } from './gateway-limits.ts';
import type { DocumentPolicy } from './graphql-request.ts';
import type { InProcessSubgraph } from './in-process-subgraph.ts';
import type { PersistedMode } from './persisted-document.ts';
import type { RegistrySupergraph } from './registry-source.ts';
import type { ServedGraphs } from './served-graphs.ts';
import type { LiveDoors } from './subscription/live-doors.ts';
import type { Gauges } from './telemetry/gateway-metrics.ts';
import type { TracingOptions } from './telemetry/span-export.ts';
import type { Telemetry } from './telemetry/telemetry.ts';
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
    /** Contracts that are served beside it, each to those whose token names it. */
    readonly contracts?: readonly string[];
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
  /** Where spans are sent; null makes none. Operations are counted all the same, see `/metrics`. */
  readonly tracing?: TracingOptions | null;
  /** Subgraphs that live in this process, by name; they are called without HTTP and without a signature. */
  readonly inProcess?: ReadonlyMap<string, InProcessSubgraph>;
  /** Where fields with `@busEvents` get their events; without it nobody can subscribe to them. */
  readonly bus?: BusAddress | null;
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
  const shutdown = createShutdown((step, error) =>
    log.warn({ event: 'shutdown.step-failed', step, error: errorText(error) }),
  );
  const figures: { -readonly [Name in keyof Gauges]: Gauges[Name] } = { ...NO_FIGURES };
  const telemetry = createTelemetry({
    tracing: options.tracing ?? null,
    gauges: figures,
    clock,
    log,
  });
  shutdown.defer('telemetry', telemetry.close);
  // Closed after both doors, so that the last answers are counted too.
  const usage = await reportingOf(options);
  shutdown.defer('usage reporting', usage.close);
  const upstream = upstreamOf(options, limits);
  shutdown.defer('upstream', upstream.close);
  const graphs = graphsOf(options, { upstream, limits, telemetry, log });
  const inside = {
    ...entranceOf(options),
    graphs,
    telemetry,
    recordUsage: usage.record,
    inFlight: options.deduplicateReads === true ? createInFlightReads() : null,
    limits,
    log,
  };
  const live = openLiveDoors({ ...inside, upstream, bus: options.bus ?? null, clock });
  const routes = graphqlRoutes({ ...inside, ...live });
  const ready = readiness(graphs, upstream);
  const http = await startHttp({
    room: 'gateway',
    host: options.host,
    port: options.port,
    routes: [...routes, ...telemetry.routes, ...(options.routes ?? [])],
    ready,
    verboseReadiness: verboseChecks({ ready, telemetry, clock }),
    log,
  });
  shutdown.defer('http', http.close);
  inside.ownOrigins.push(http.url, `http://localhost:${http.port}`);
  live.serveSockets(http.server);
  shutdown.defer('sockets', live.close);
  Object.assign(figures, figuresOf({ graphs, live, usage, clock }));
  shutdown.defer('supergraph watch', await graphs.watch({ pollMs: limits.pollMs, log }));
  return {
    url: http.url,
    port: http.port,
    ready,
    revoke: live.revoke,
    supergraphVersion: () => graphs.common.current?.version ?? null,
    close: shutdown.run,
  };
}

/** Looked at once the gateway is open; nothing is, before. */
const NO_FIGURES: Gauges = {
  subscriptions: () => 0,
  upstreamSubscriptions: () => 0,
  connections: () => 0,
  supergraph: () => null,
  usageReportsWaiting: () => 0,
};

function figuresOf(of: {
  readonly graphs: ServedGraphs;
  readonly live: LiveDoors;
  readonly usage: UsageReporting;
  readonly clock: Clock;
}): Gauges {
  let served: { readonly version: string; readonly loadedAt: Date } | null = null;
  of.graphs.common.onSwap(({ version }) => {
    served = { version, loadedAt: of.clock.now() };
  });
  return {
    subscriptions: () => of.live.figures().subscriptions,
    upstreamSubscriptions: () => of.live.figures().upstreamSubscriptions,
    connections: () => of.live.figures().connections,
    supergraph: () => served,
    usageReportsWaiting: of.usage.waiting,
  };
}

/** Who is let in, how operations are named, and what of a request goes on to subgraphs. */
function entranceOf(options: GatewayOptions) {
  const { accessTokens, passedHeaders = [], corsOrigins } = options;
  const ownOrigins: string[] = [];
  return {
    ownOrigins,
    verifyToken: accessTokens === null ? letEverybodyIn : createAccessTokenVerifier(accessTokens),
    origins: crossOrigin(() => [...corsOrigins, ...ownOrigins]),
    documentPolicy: documentPolicyOf(options),
    propagate: propagation(passedHeaders),
  };
}

function upstreamOf(
  { internalKey, inProcess, log }: GatewayOptions,
  limits: GatewayLimits,
): Upstream {
  return createUpstream({
    sign: internalKey === null ? null : createCallSigner(internalKey),
    log,
    callTimeoutMs: limits.upstreamMs,
    ...(inProcess === undefined ? {} : { inProcess }),
  });
}

function graphsOf(
  { supergraph: { registry, file, cacheFile, contracts = [] } }: GatewayOptions,
  options: Parameters<typeof createServedGraphs>[2],
): ServedGraphs {
  if (registry !== null && file === null) {
    const origins = contracts.map((contract) => ({
      contract,
      source: registrySource({ ...registry, variant: { kind: 'CONTRACT', name: contract } }),
      cacheFile: cacheFile && `${cacheFile}.${contract}`,
    }));
    return createServedGraphs({ source: registrySource(registry), cacheFile }, origins, options);
  }
  if (registry === null && file !== null && contracts.length === 0)
    return createServedGraphs({ source: fileSource(file), cacheFile }, [], options);
  throw new Error(
    'Exactly one of a registry and a supergraph file is expected; contracts come from a registry.',
  );
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
  if (usage !== null) return startUsageReporting({ ...usage, clock, log });
  return { record: () => undefined, waiting: () => 0, close: () => Promise.resolve() };
}

/** Ready once the common graph is served and any subgraph has answered a call; checked until it has. */
function readiness(graphs: ServedGraphs, upstream: Upstream): () => Promise<readonly string[]> {
  let isWarm = false;
  return async () => {
    const { current } = graphs.common;
    // A contract that does not load keeps its own clients waiting, and nobody else.
    if (current === null) return ['supergraph'];
    isWarm ||= (await warmUp(current.engine, upstream)).length > 0;
    return isWarm ? [] : ['warm-up: no subgraph has answered yet'];
  };
}

function verboseChecks(of: {
  readonly ready: () => Promise<readonly string[]>;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
}): (request: HttpRequest) => Promise<HttpReply> {
  const gateway = {
    name: 'supergraph and warm-up',
    isRequired: true,
    look: async () => {
      const [reason] = await of.ready();
      return reason === undefined ? null : { reason };
    },
  };
  // A subgraph that fails is shown; the gateway answers for all others without it.
  const subgraphs = () =>
    of.telemetry.subgraphs().map(({ name, outcome, failingSince }) => ({
      name: `subgraph ${name}`,
      isRequired: false,
      look: () => (failingSince === null ? null : { reason: outcome, since: failingSince }),
    }));
  const checks = createHealthChecks(() => [gateway, ...subgraphs()], of.clock);
  return async (request) => verboseReadiness(await checks.findings(), request);
}

if (import.meta.main) {
  await runProcess('gateway', async (shutdown) => {
    const options = gatewayOptions(readConfig(processEnvironment(), GATEWAY_SETTINGS));
    const gateway = await startGateway(options);
    shutdown.defer('gateway', gateway.close);
    return { url: gateway.url, log: options.log };
  });
}
