import * as config from '#kernel/config.ts';
import { openDatabase } from '#kernel/database.ts';
import { startConsumer } from '#kernel/inbox.ts';
import { isRecord } from '#kernel/json.ts';
import { startRelay } from '#kernel/outbox.ts';
import { ROOM_SETTINGS, openRoom, roomOptions, runProcess } from '#kernel/room.ts';
import { readSubgraphSdl, serveSubgraph } from '#kernel/subgraph.ts';
import { createSimulatorConnector } from './connectors/simulator.ts';
import { createConfirmationDesk } from './confirmation.ts';
import { deliveryHandlers } from './consumer.ts';
import { createContext } from './context.ts';
import { DEFAULT_RETRY_POLICY } from './delivery.ts';
import { DEFAULT_GUARD_LIMITS, createErpGuard } from './erp-guard.ts';
import { createExceptionCommands } from './exception-command.ts';
import { exceptionHandlers, raiseForParked } from './exception-consumer.ts';
import { createExceptionDesk } from './exception-desk.ts';
import { createIntegrationEvents } from './fact.ts';
import { startFeed } from './feed.ts';
import { createInbound } from './inbound.ts';
import { startJobs } from './jobs.ts';
import { startPoller } from './poller.ts';
import { resolvers } from './resolvers.ts';
import { buryDelivery, deliver } from './sender.ts';
import { threadHandlers } from './thread-consumer.ts';
import { webhookRoute } from './webhook.ts';
import type { Consumer, EventHandlers } from '#kernel/inbox.ts';
import type { Room, RoomOptions } from '#kernel/room.ts';
import type { Connector } from './connector.ts';
import type { ConfirmationDesk } from './confirmation.ts';
import type { RetryPolicy } from './delivery.ts';
import type { GuardLimits } from './erp-guard.ts';
import type { ExceptionDesk } from './exception-desk.ts';
import type { IntegrationEventFactory } from './fact.ts';
import type { Inbound } from './inbound.ts';
import type { Jobs, WorkerOptions } from './jobs.ts';

const NAME = 'operations';
const MIGRATIONS = new URL('./migrations/', import.meta.url);
const SCHEMA = new URL('./schema.graphql', import.meta.url);
/** A relay needs one connection for its round and one to spare. */
const RELAY_POOL_SIZE = 2;
/** Workers, consumers, webhooks and the graph share this pool. */
const POOL_SIZE = 20;
const POLL_INTERVAL_MS = 5_000;
/** Each job of a batch is of another document; two batches at once keep a slow one from holding up all. */
const DEFAULT_WORKERS: WorkerOptions = { batchSize: 10, workers: 2 };

/** One outside system. */
export interface ErpOptions {
  /** Names the system in deliveries, queues and exceptions; never changes once used. */
  readonly name: string;
  /** Company codes whose documents go there; `*` for all that no other system has. */
  readonly companies: readonly string[];
  readonly url: string;
  readonly apiKey: config.Secret;
  /** Standard Webhooks secrets: one, and a second while they are rotated. */
  readonly webhookSecrets: readonly config.Secret[];
}

export interface IntegrationOptions extends RoomOptions {
  /** Every outbox to relay, as the relay's own role sees it. */
  readonly relays: readonly { readonly schema: string; readonly databaseUrl: string }[];
  /** Where pg-boss keeps its jobs: the same database and role as `databaseUrl`. */
  readonly jobsDatabaseUrl: string;
  readonly erps: readonly ErpOptions[];
  readonly pollIntervalMs?: number;
  readonly retry?: Partial<RetryPolicy>;
  readonly guard?: Partial<GuardLimits>;
  readonly workers?: Partial<WorkerOptions>;
  readonly callTimeoutMs?: number;
  /** Events kept per subscriber that is busy. */
  readonly feedQueueMax?: number;
}

/** Starts the relays, the deliveries, the way in for confirmations, the live feed and the subgraph `operations`. */
export async function startIntegration(options: IntegrationOptions): Promise<{
  readonly url: string;
  readonly sdl: string;
  readonly close: () => Promise<void>;
}> {
  const room = await openRoom(options, { name: NAME, schema: 'integration', migrations: MIGRATIONS, poolSize: POOL_SIZE });
  try {
    const { url, sdl } = await build(options, room);
    return { url, sdl, close: () => room.shutdown.run() };
  } catch (error) {
    await room.shutdown.run();
    throw error;
  }
}

/** What the parts below share. */
interface Parts {
  readonly options: IntegrationOptions;
  readonly room: Room;
  readonly jobs: Jobs;
  readonly event: IntegrationEventFactory;
  readonly exceptions: ExceptionDesk;
  readonly confirmations: ConfirmationDesk;
  readonly connectors: ReadonlyMap<string, Connector>;
  readonly inbound: Inbound;
}

async function build(options: IntegrationOptions, room: Room) {
  const parts = await assemble(options, room);
  const consumers = await startConsumers(parts);
  await startWorkers(parts);
  startPollers(parts);
  const feed = await startFeed({
    bus: room.bus,
    ...(options.feedQueueMax === undefined ? {} : { queueMax: options.feedQueueMax }),
  });
  room.shutdown.defer('feed', feed.close);
  const { database, bus } = room;
  const commands = createExceptionCommands({
    ...parts,
    database,
    clock: options.clock,
    retryOwnParked: (consumer, documentId) => consumers.get(consumer)?.retryParked(documentId) ?? null,
  });
  const server = await serveSubgraph({
    name: NAME,
    sdl: await readSubgraphSdl(SCHEMA),
    resolvers,
    createContext: createContext({ database, bus, feed, commands }),
    verifyCall: room.verifyCall,
    host: options.host,
    port: options.port,
    // An ERP that is down does not make this room unready: what it is for is to bridge that.
    ready: room.ready,
    log: options.log,
    routes: [webhookRoute({ secrets: secretsOf(options), database, inbound: parts.inbound, log: options.log })],
  });
  room.shutdown.defer('server', server.close);
  await startRelays(options, room);
  return server;
}

async function assemble(options: IntegrationOptions, room: Room): Promise<Parts> {
  const { clock, log } = options;
  const event = createIntegrationEvents(clock);
  const exceptions = createExceptionDesk({ event, clock, log });
  const erps = options.erps.map((erp) => erp.name);
  const jobs = await startJobs({ url: options.jobsDatabaseUrl, database: room.database, erps, log });
  room.shutdown.defer('jobs', jobs.close);
  const confirmations = createConfirmationDesk({ event, exceptions, jobs, clock });
  const connectors = new Map(options.erps.map((erp) => [erp.name, connectorOf(options, erp)]));
  const inbound = createInbound({ readers: connectors, confirmations, exceptions, event, clock, log });
  return { options, room, jobs, event, exceptions, confirmations, connectors, inbound };
}

function connectorOf(options: IntegrationOptions, erp: ErpOptions): Connector {
  return createSimulatorConnector({
    url: erp.url,
    apiKey: erp.apiKey,
    guard: createErpGuard(erp.name, { ...DEFAULT_GUARD_LIMITS, ...options.guard }),
    ...(options.callTimeoutMs === undefined ? {} : { timeoutMs: options.callTimeoutMs }),
  });
}

/** Three consumers, so that a thread that cannot be written never holds up a delivery. */
async function startConsumers(parts: Parts): Promise<ReadonlyMap<string, Consumer>> {
  const { options, room, exceptions } = parts;
  const { clock, log } = options;
  const handlers: Readonly<Record<string, EventHandlers>> = {
    'integration-delivery': deliveryHandlers({ ...parts, erpOf: (company) => erpOf(options.erps, company), clock }),
    'integration-exception': exceptionHandlers(exceptions),
    'integration-thread': threadHandlers(),
  };
  const started = new Map<string, Consumer>();
  for (const [name, table] of Object.entries(handlers)) {
    const { database, bus } = room;
    const onParked = raiseForParked(exceptions, name);
    const consumer = await startConsumer({ name, database, bus, handlers: table, log, onParked });
    room.shutdown.defer(name, consumer.close);
    started.set(name, consumer);
  }
  return started;
}

function erpOf(erps: readonly ErpOptions[], companyCode: string): string | undefined {
  const exact = erps.find((erp) => erp.companies.includes(companyCode));
  return (exact ?? erps.find((erp) => erp.companies.includes('*')))?.name;
}

async function startWorkers(parts: Parts): Promise<void> {
  const { options, room } = parts;
  const sending = {
    ...parts,
    database: room.database,
    policy: { ...DEFAULT_RETRY_POLICY, ...options.retry },
    clock: options.clock,
    random: Math.random,
    log: options.log,
  };
  const workers = { ...DEFAULT_WORKERS, ...options.workers };
  for (const erp of options.erps)
    await parts.jobs.work(erp.name, workers, (job) => deliver(sending, job));
  await parts.jobs.workDead((tx, deliveryId) => buryDelivery(sending, tx, deliveryId));
}

function startPollers({ options, room, connectors, inbound }: Parts): void {
  const { clock, log } = options;
  const intervalMs = options.pollIntervalMs ?? POLL_INTERVAL_MS;
  for (const [erp, connector] of connectors) {
    const poller = startPoller({ erp, connector, database: room.database, inbound, intervalMs, clock, log });
    room.shutdown.defer(`poller of ${erp}`, poller.close);
  }
}

async function startRelays(options: IntegrationOptions, room: Room): Promise<void> {
  const { log } = options;
  for (const { schema, databaseUrl } of options.relays) {
    const database = openDatabase({ url: databaseUrl, schema, poolSize: RELAY_POOL_SIZE, log });
    room.shutdown.defer(`outbox of ${schema}`, database.close);
    const relay = await startRelay({ database, bus: room.bus, log });
    room.shutdown.defer(`relay of ${schema}`, relay.close);
  }
}

function secretsOf(options: IntegrationOptions): ReadonlyMap<string, readonly config.Secret[]> {
  return new Map(options.erps.map((erp) => [erp.name, erp.webhookSecrets]));
}

const SETTINGS = {
  ...ROOM_SETTINGS,
  RELAYS: config.json('a list of {"schema","databaseUrl"} for the relay role', readRelays),
  JOBS_DATABASE_URL: config.optional(config.url("the URL of the jobs' database; DATABASE_URL when absent")),
  ERPS: config.json('a list of {"name","companies","url","apiKey","webhookSecrets"}', readErps),
  POLL_INTERVAL_MS: config.wholeNumber('milliseconds between two polls', { min: 100, max: 3_600_000 }, POLL_INTERVAL_MS),
} as const;

function readRelays(value: unknown): IntegrationOptions['relays'] {
  return listOf(value).map((relay) => ({ schema: textOf(relay, 'schema'), databaseUrl: textOf(relay, 'databaseUrl') }));
}

function readErps(value: unknown): readonly ErpOptions[] {
  return listOf(value).map((erp) => ({
    name: textOf(erp, 'name'),
    companies: textsOf(erp, 'companies'),
    url: textOf(erp, 'url'),
    apiKey: new config.Secret(textOf(erp, 'apiKey')),
    webhookSecrets: textsOf(erp, 'webhookSecrets').map((secret) => new config.Secret(secret)),
  }));
}

function listOf(value: unknown): readonly Record<string, unknown>[] {
  if (!Array.isArray(value) || !value.every(isRecord)) throw new Error('not a list of objects');
  return value;
}

function textOf(record: Record<string, unknown>, name: string): string {
  const value = record[name];
  if (typeof value !== 'string') throw new Error(`${name} is not a text`);
  return value;
}

function textsOf(record: Record<string, unknown>, name: string): readonly string[] {
  const value = record[name];
  if (!Array.isArray(value) || !value.every((entry) => typeof entry === 'string'))
    throw new Error(`${name} is not a list of texts`);
  return value;
}

if (import.meta.main) {
  await runProcess(NAME, async (shutdown) => {
    const settings = config.readConfig(process.env, SETTINGS);
    const options = roomOptions(settings);
    const { url, close } = await startIntegration({
      ...options,
      relays: settings.RELAYS,
      jobsDatabaseUrl: settings.JOBS_DATABASE_URL ?? settings.DATABASE_URL,
      erps: settings.ERPS,
      pollIntervalMs: settings.POLL_INTERVAL_MS,
    });
    shutdown.defer(NAME, close);
    return { url, log: options.log };
  });
}
