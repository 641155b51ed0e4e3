import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DEFAULT_CLAIMS } from '#kernel/access-token.ts';
import { Secret } from '#kernel/config.ts';
import { systemClock } from '#kernel/clock.ts';
import { generateInternalKey } from '#kernel/internal-token.ts';
import { errorText } from '#kernel/log.ts';
import { OUTBOX_SCHEMAS, provision, relayUrl, schemaUrl } from '#kernel/provision.ts';
import { createShutdown } from '#kernel/shutdown.ts';
import { startGateway } from '../gateway/main.ts';
import { startIntegration } from '../integration/main.ts';
import { startSchemaRegistry } from '../schema-registry/main.ts';
import { startApprovals } from '../subgraphs/approvals/main.ts';
import { startBudgets } from '../subgraphs/budgets/main.ts';
import { startInvoices } from '../subgraphs/invoices/main.ts';
import { startPurchaseOrders } from '../subgraphs/purchase-orders/main.ts';
import { startSuppliers } from '../subgraphs/suppliers/main.ts';
import { startErpProcess } from './erp-process.ts';
import { publishHouse } from './house-publication.ts';
import { startIdentityProvider } from './identity-provider.ts';
import { CLIENTS, PEOPLE } from './people.ts';
import { portsFrom } from './ports.ts';
import { startPostgres } from './postgres.ts';
import { keptSecrets } from './secrets.ts';
import type { AccessTokenRules } from '#kernel/access-token.ts';
import type { InternalKey, TrustedKeys } from '#kernel/internal-token.ts';
import type { Log } from '#kernel/log.ts';
import type { Schema } from '#kernel/provision.ts';
import type { RoomOptions } from '#kernel/room.ts';
import type { HousePublication } from './house-publication.ts';
import type { Shutdown } from '#kernel/shutdown.ts';
import type { IdentityProvider } from './identity-provider.ts';
import type { Listener } from './ports.ts';
import type { HubSecrets } from './secrets.ts';

export interface HubOptions {
  readonly portBase: number;
  readonly host: string;
  /** Where the embedded data, the secrets and the log lie. */
  readonly dataFolder: string;
  /** Another PostgreSQL's superuser URL, instead of the embedded one. */
  readonly databaseUrl: string | null;
  readonly redisUrl: string | null;
  readonly nodeEnvironment: string | undefined;
  /** Whether the embedded PostgreSQL survives a power cut; tests may do without. */
  readonly durable: boolean;
  /** The target of the graph `finance` that the hub publishes to and its gateway serves. */
  readonly target: string;
  /** Who answers for which part of that target's graph. */
  readonly owners: HousePublication['owners'];
  /** Environment of the ERP simulator, such as `CONFIRM_DELAY_MS`. */
  readonly erpBehaviour: Readonly<Record<string, string>>;
  readonly log: Log;
  /** Tells the person who started it. */
  readonly say: (text: string) => void;
}

export interface Hub {
  readonly urls: Readonly<Record<Listener, string>>;
  readonly identity: IdentityProvider;
  readonly secrets: HubSecrets;
  close(): Promise<void>;
}

/** What the parts of a starting hub share. */
interface Foundation {
  readonly options: HubOptions;
  readonly shutdown: Shutdown;
  readonly urls: Readonly<Record<Listener, string>>;
  readonly ports: Readonly<Record<Listener, number>>;
  readonly secrets: HubSecrets;
  readonly adminUrl: string;
  readonly keys: ReadonlyMap<string, InternalKey>;
  readonly trustedKeys: TrustedKeys;
  readonly accessTokens: AccessTokenRules;
  readonly identity: IdentityProvider;
}

const SIGNING_ROOMS = [
  'gateway',
  'schema-registry',
  'suppliers',
  'budgets',
  'approvals',
  'purchase-orders',
  'invoices',
  'integration',
] as const;
type SigningRoom = (typeof SIGNING_ROOMS)[number];

/** Starts every room in this process, with PostgreSQL and the ERP simulator as its children; ready when it resolves. */
export async function startHub(options: HubOptions): Promise<Hub> {
  const shutdown = createShutdown((step, error) =>
    options.log.warn({ event: 'shutdown.step-failed', step, error: errorText(error) }),
  );
  try {
    const foundation = await layFoundation(options, shutdown);
    await startRooms(foundation);
    return {
      urls: foundation.urls,
      identity: foundation.identity,
      secrets: foundation.secrets,
      close: shutdown.run,
    };
  } catch (error) {
    await shutdown.run();
    throw error;
  }
}

async function layFoundation(options: HubOptions, shutdown: Shutdown): Promise<Foundation> {
  await mkdir(options.dataFolder, { recursive: true });
  const secrets = await keptSecrets(options.dataFolder);
  const ports = portsFrom(options.portBase);
  const urls = urlsOf(options.host, ports);
  const adminUrl =
    options.databaseUrl ??
    (await embeddedDatabase(options, { shutdown, secrets, port: ports.postgres }));
  await provision(adminUrl, secrets.databasePassword);
  const identity = await startIdentityProvider({
    issuer: `http://localhost:${ports.identity}`,
    host: options.host,
    port: ports.identity,
    people: PEOPLE,
    clients: CLIENTS,
    gatewayOrigin: `http://localhost:${ports.gateway}`,
    keyFile: join(options.dataFolder, 'identity-keys.json'),
    nodeEnvironment: options.nodeEnvironment,
  });
  shutdown.defer('identity', identity.close);
  const generated = SIGNING_ROOMS.map((room) => generateInternalKey(room));
  return {
    options,
    shutdown,
    secrets,
    ports,
    urls,
    adminUrl,
    identity,
    keys: new Map(generated.map((key) => [key.room, key])),
    trustedKeys: Object.fromEntries(generated.map((key) => [key.room, key.publicJwk])),
    accessTokens: {
      issuer: identity.issuer,
      audience: identity.audience,
      jwksUrl: `${urls.identity}/jwks`,
      tokenType: 'at+jwt',
      algorithms: ['ES256'],
      claims: DEFAULT_CLAIMS,
    },
  };
}

async function embeddedDatabase(
  options: HubOptions,
  needs: { shutdown: Shutdown; secrets: HubSecrets; port: number },
): Promise<string> {
  const postgres = await startPostgres({
    dataFolder: options.dataFolder,
    port: needs.port,
    password: needs.secrets.databasePassword.reveal(),
    durable: options.durable,
    log: (event) => options.log.info(event),
  });
  needs.shutdown.defer('postgres', postgres.stop);
  return postgres.url;
}

async function startRooms(foundation: Foundation): Promise<void> {
  const { options, shutdown, urls, accessTokens } = foundation;
  const { log } = options;
  const registry = await startSchemaRegistry({
    ...roomOf(foundation, 'schema-registry', 'schema_registry'),
    accessTokens,
    registrySecret: foundation.secrets.registrySecret,
  });
  shutdown.defer('schema-registry', registry.close);
  await startErp(foundation);
  const contracts = await startSubgraphs(foundation);
  const { target: name, owners, say } = options;
  const target = await publishHouse(registry, { target: name, subgraphs: contracts, owners, say });
  const token = new Secret(
    await registry.issueToken(target, 'gateway of the hub', ['artifact:read', 'usage:report']),
  );
  const door = { url: urls['schema-registry'], targetId: target.id, token };
  const gateway = await startGateway({
    host: options.host,
    port: foundation.ports.gateway,
    supergraph: {
      registry: { ...door, trustedKeys: await registry.keyIds(), variant: { kind: 'LATEST' } },
      file: null,
      cacheFile: join(options.dataFolder, 'supergraph.graphql'),
    },
    usage: {
      ...door,
      gatewayId: 'hub',
      flushMs: USAGE_FLUSH_MS,
      spoolFile: join(options.dataFolder, 'usage-reports.jsonl'),
    },
    accessTokens,
    bus: busOf(foundation),
    internalKey: keyOf(foundation, 'gateway'),
    corsOrigins: [`http://localhost:${foundation.ports.gateway}`],
    log,
    clock: systemClock,
  });
  shutdown.defer('gateway', gateway.close);
}

/** Soon enough that an architect sees in a check what was asked a moment ago. */
const USAGE_FLUSH_MS = 5_000;

async function startErp({ options, shutdown, secrets, ports, urls }: Foundation): Promise<void> {
  const erp = await startErpProcess({
    host: options.host,
    port: ports['erp-simulator'],
    stateFile: join(options.dataFolder, 'erp-simulator.journal'),
    apiKey: secrets.erpApiKey,
    webhookUrl: `${urls.integration}/webhooks/erp`,
    webhookSecret: secrets.erpWebhookSecret,
    behaviour: options.erpBehaviour,
    log: options.log,
  });
  shutdown.defer('erp-simulator', erp.close);
}

/** Starts the six subgraphs together and returns what they publish. */
async function startSubgraphs(
  foundation: Foundation,
): Promise<{ subgraph: string; url: string; sdl: string }[]> {
  const { shutdown, urls, adminUrl, secrets } = foundation;
  const named = <Room extends StartedRoom>(name: string, starting: Promise<Room>) =>
    deferred(shutdown, name, starting);
  const integration = roomOf(foundation, 'integration', 'integration');
  const started = await Promise.all([
    named('suppliers', startSuppliers(roomOf(foundation, 'suppliers', 'suppliers'))),
    named('budgets', startBudgets(roomOf(foundation, 'budgets', 'budgets'))),
    named('approvals', startApprovals(roomOf(foundation, 'approvals', 'approvals'))),
    named(
      'purchase-orders',
      startPurchaseOrders({
        ...roomOf(foundation, 'purchase-orders', 'purchase_orders'),
        budgetsUrl: urls.budgets,
        suppliersUrl: urls.suppliers,
      }),
    ),
    named('invoices', startInvoices(roomOf(foundation, 'invoices', 'invoices'))),
    named(
      'operations',
      startIntegration({
        ...integration,
        jobsDatabaseUrl: integration.databaseUrl,
        relays: OUTBOX_SCHEMAS.map((schema) => ({
          schema,
          databaseUrl: relayUrl(adminUrl, schema, secrets.databasePassword),
        })),
        erps: [
          {
            name: 'erp-simulator',
            companies: ['*'],
            url: urls['erp-simulator'],
            apiKey: secrets.erpApiKey,
            webhookSecrets: [secrets.erpWebhookSecret],
          },
        ],
      }),
    ),
  ]);
  return started.map(({ name, room }) => ({
    subgraph: name,
    url: `${room.url}/graphql`,
    sdl: room.sdl,
  }));
}

interface StartedRoom {
  readonly url: string;
  readonly sdl: string;
  close(): Promise<void>;
}

/** Registers the room's closing as soon as it runs, so that a neighbour that fails to start leaves nothing behind. */
async function deferred<Room extends StartedRoom>(
  shutdown: Shutdown,
  name: string,
  starting: Promise<Room>,
): Promise<{ name: string; room: Room }> {
  const room = await starting;
  shutdown.defer(name, () => room.close());
  return { name, room };
}

function roomOf(foundation: Foundation, room: SigningRoom, schema: Schema): RoomOptions {
  const { options, adminUrl, secrets, ports, trustedKeys } = foundation;
  return {
    databaseUrl: schemaUrl(adminUrl, schema, secrets.databasePassword),
    ...busOf(foundation),
    host: options.host,
    port: ports[room],
    internalKey: keyOf(foundation, room),
    trustedKeys,
    log: options.log,
    clock: systemClock,
  };
}

function busOf({ options, adminUrl, secrets }: Foundation) {
  return {
    busDatabaseUrl: schemaUrl(adminUrl, 'bus', secrets.databasePassword),
    redisUrl: options.redisUrl,
  };
}

function keyOf({ keys }: Foundation, room: SigningRoom): InternalKey {
  const key = keys.get(room);
  if (key === undefined) throw new Error(`The room "${room}" has no key of its own.`);
  return key;
}

function urlsOf(host: string, ports: Readonly<Record<Listener, number>>): Record<Listener, string> {
  const entries = Object.entries(ports).map(([name, port]) => [name, `http://${host}:${port}`]);
  return Object.fromEntries(entries) as Record<Listener, string>;
}
