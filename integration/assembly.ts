import { startFeed } from '#kernel/bus-feed.ts';
import { DAY_MS, shifted } from '#kernel/clock.ts';
import { openDatabase } from '#kernel/database.ts';
import { startConsumer } from '#kernel/inbox.ts';
import { startRelay } from '#kernel/outbox.ts';
import { EVENTS_KEPT_DAYS, startSweep } from '#kernel/sweep.ts';
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
import { EVENT_SOURCE, createIntegrationEvents } from './fact.ts';
import { createInbound } from './inbound.ts';
import { startJobs } from './jobs.ts';
import { startPoller } from './poller.ts';
import { resolvers } from './resolvers.ts';
import { buryDelivery, deliver } from './sender.ts';
import { POLL_INTERVAL_MS } from './settings.ts';
import { threadHandlers } from './thread-consumer.ts';
import { webhookRoute } from './webhook.ts';
import type { Secret } from '#kernel/config.ts';
import type { EventHandlers } from '#kernel/inbox.ts';
import type { Room } from '#kernel/room.ts';
import type { Connector } from './connector.ts';
import type { ConfirmationDesk } from './confirmation.ts';
import type { ExceptionDesk } from './exception-desk.ts';
import type { IntegrationEventFactory } from './fact.ts';
import type { Inbound } from './inbound.ts';
import type { Jobs, WorkerOptions } from './jobs.ts';
import type { ErpOptions, IntegrationOptions } from './settings.ts';

const SCHEMA = new URL('./schema.graphql', import.meta.url);
/** A relay needs one connection for its round and one to spare. */
const RELAY_POOL_SIZE = 2;
/** Each job of a batch is of another document; two batches at once keep a slow one from holding up all. */
const DEFAULT_WORKERS: WorkerOptions = { batchSize: 10, workers: 2 };

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

/** Starts every part of the room, in the order in which they need each other; `room.shutdown` ends them in reverse. */
export async function assemble(name: string, options: IntegrationOptions, room: Room) {
  const parts = await openParts(options, room);
  await startConsumers(parts);
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
  });
  const server = await serveSubgraph({
    name,
    sdl: await readSubgraphSdl(SCHEMA),
    resolvers,
    createContext: createContext({ database, bus, feed, commands }),
    verifyCall: room.verifyCall,
    host: options.host,
    port: options.port,
    // An ERP that is down does not make this room unready: what it is for is to bridge that.
    ready: room.ready,
    log: options.log,
    routes: [
      webhookRoute({
        secrets: secretsOf(options),
        database,
        inbound: parts.inbound,
        log: options.log,
      }),
    ],
  });
  room.shutdown.defer('server', server.close);
  // Streams are ended first: the server would wait for readers that wait for it.
  room.shutdown.defer('readers of the feed', feed.close);
  await startRelays(options, room);
  startBusSweep(options, room);
  return server;
}

async function openParts(options: IntegrationOptions, room: Room): Promise<Parts> {
  const { clock, log } = options;
  const event = createIntegrationEvents(clock);
  const exceptions = createExceptionDesk({ event, clock, log });
  const erps = options.erps.map((erp) => erp.name);
  const jobs = await startJobs({
    url: options.jobsDatabaseUrl,
    database: room.database,
    erps,
    log,
  });
  room.shutdown.defer('jobs', jobs.close);
  const confirmations = createConfirmationDesk({ event, exceptions, jobs, clock });
  const connectors = new Map(options.erps.map((erp) => [erp.name, connectorOf(options, erp)]));
  const inbound = createInbound({
    readers: connectors,
    confirmations,
    exceptions,
    event,
    clock,
    log,
  });
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
async function startConsumers(parts: Parts): Promise<void> {
  const { options, room, exceptions } = parts;
  const { clock, log } = options;
  const handlers: Readonly<Record<string, EventHandlers>> = {
    'integration-delivery': deliveryHandlers({
      ...parts,
      erpOf: (company) => erpOf(options.erps, company),
      clock,
    }),
    'integration-exception': exceptionHandlers(exceptions),
    'integration-thread': threadHandlers(),
  };
  for (const [name, table] of Object.entries(handlers)) {
    const { database, bus } = room;
    const consumer = await startConsumer({
      name,
      database,
      bus,
      handlers: table,
      log,
      clock,
      source: EVENT_SOURCE,
      // Raised here, because told as an event it could wait behind the very event that is parked.
      onParked: raiseForParked(exceptions, name),
    });
    room.shutdown.defer(name, consumer.close);
  }
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
    const poller = startPoller({
      erp,
      connector,
      database: room.database,
      inbound,
      intervalMs,
      clock,
      log,
    });
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

/** The log belongs to no room; the one that fills it also keeps it from growing without end. */
function startBusSweep({ clock, log }: IntegrationOptions, room: Room): void {
  const sweep = startSweep({
    name: 'bus',
    sweep: () => room.bus.trim(shifted(clock.now(), -EVENTS_KEPT_DAYS * DAY_MS)),
    log,
  });
  room.shutdown.defer('sweep of the bus', sweep.close);
}

function secretsOf(options: IntegrationOptions): ReadonlyMap<string, readonly Secret[]> {
  return new Map(options.erps.map((erp) => [erp.name, erp.webhookSecrets]));
}
