import { openBus } from './bus.ts';
import { systemClock } from './clock.ts';
import * as config from './config.ts';
import { migrate, openDatabase } from './database.ts';
import { createCallSigner, createCallVerifier } from './internal-token.ts';
import { isRecord } from './json.ts';
import { createLog, errorText } from './log.ts';
import { createShutdown, shutdownOnSignals } from './shutdown.ts';
import { startSweep, sweepKernelTables } from './sweep.ts';
import type { EventBus } from './bus.ts';
import type { Clock } from './clock.ts';
import type { Database } from './database.ts';
import type { CallSigner, CallVerifier, InternalKey, TrustedKeys } from './internal-token.ts';
import type { Log, LogLevel } from './log.ts';
import type { Schema } from './provision.ts';
import type { Shutdown } from './shutdown.ts';

/** What every service with a database is started with. */
export interface RoomOptions {
  readonly databaseUrl: string;
  readonly busDatabaseUrl: string;
  readonly redisUrl: string | null;
  readonly host: string;
  readonly port: number;
  readonly internalKey: InternalKey;
  readonly trustedKeys: TrustedKeys;
  readonly log: Log;
  readonly clock: Clock;
}

/** What a service gets to work with. Everything opened is closed by `shutdown`. */
export interface Room {
  readonly database: Database;
  readonly bus: EventBus;
  readonly sign: CallSigner;
  readonly verifyCall: CallVerifier;
  readonly shutdown: Shutdown;
  /** Names what is missing to serve. */
  readonly ready: () => Promise<readonly string[]>;
}

/** The event log belongs to no room, so whichever opens it first prepares it. */
const BUS_MIGRATIONS = new URL('./bus-migrations/', import.meta.url);
const POOL_SIZE = 10;
const BUS_POOL_SIZE = 3;

interface RoomPlan {
  readonly name: string;
  readonly schema: Schema;
  readonly migrations: URL;
  readonly poolSize?: number;
}

/** Opens database (migrated) and bus for a room and its keys; what was opened is closed again when that fails. */
export async function openRoom(options: RoomOptions, plan: RoomPlan): Promise<Room> {
  const { log } = options;
  const shutdown = createShutdown((step, error) =>
    log.warn({ event: 'shutdown.step-failed', step, error: errorText(error) }),
  );
  try {
    const database = await openOwnDatabase(options, plan, shutdown);
    const bus = await openRoomBus(options, shutdown);
    return {
      database,
      bus,
      shutdown,
      sign: createCallSigner(options.internalKey),
      verifyCall: createCallVerifier({ audience: plan.name, trusted: options.trustedKeys }),
      ready: async () => {
        const reachable = await database.query('select 1').then(
          () => true,
          () => false,
        );
        return reachable ? [] : ['database'];
      },
    };
  } catch (error) {
    await shutdown.run();
    throw error;
  }
}

async function openOwnDatabase(
  { databaseUrl, log }: RoomOptions,
  plan: RoomPlan,
  shutdown: Shutdown,
): Promise<Database> {
  const { schema, poolSize = POOL_SIZE } = plan;
  const database = openDatabase({ url: databaseUrl, schema, poolSize, log });
  shutdown.defer('database', database.close);
  await migrate(database, plan.migrations, log);
  const sweep = startSweep({
    name: schema,
    sweep: (stop) => sweepKernelTables(database, stop),
    log,
  });
  shutdown.defer('sweep', sweep.close);
  return database;
}

/** Where the bus of the installation is. */
export type BusAddress = Pick<RoomOptions, 'busDatabaseUrl' | 'redisUrl'>;

/** The bus for whoever is no room with a database; `close` ends its connections too. */
export async function openBusAt(address: BusAddress, log: Log): Promise<EventBus> {
  const shutdown = createShutdown((step, error) =>
    log.warn({ event: 'shutdown.step-failed', step, error: errorText(error) }),
  );
  try {
    return { ...(await openRoomBus({ ...address, log }, shutdown)), close: shutdown.run };
  } catch (error) {
    await shutdown.run();
    throw error;
  }
}

async function openRoomBus(
  options: BusAddress & Pick<RoomOptions, 'log'>,
  shutdown: Shutdown,
): Promise<EventBus> {
  const { log, redisUrl } = options;
  const database = openDatabase({
    url: options.busDatabaseUrl,
    schema: 'bus',
    poolSize: BUS_POOL_SIZE,
    log,
  });
  shutdown.defer('bus database', database.close);
  await migrate(database, BUS_MIGRATIONS, log);
  const bus = await openBus({ database, redisUrl, log });
  shutdown.defer('bus', bus.close);
  return bus;
}

/** The environment of every room; a room adds its own settings to these. */
export const ROOM_SETTINGS = {
  DATABASE_URL: config.url("the URL of the room's own PostgreSQL role"),
  BUS_DATABASE_URL: config.url('the URL of the event log in PostgreSQL'),
  REDIS_URL: config.optional(config.url('the URL of Redis')),
  HOST: config.text('the address to listen on', '127.0.0.1'),
  PORT: config.port('the port to listen on'),
  INTERNAL_KEY: config.json('this room\'s key as {"room","privateJwk"}', readInternalKey),
  INTERNAL_TRUSTED_KEYS: config.json('an object of room name → public JWK', readTrustedKeys),
  LOG_LEVEL: config.text('debug, info, warn, error or silent', 'info'),
} as const;

/** The options that the common settings give. */
export function roomOptions(settings: config.Config<typeof ROOM_SETTINGS>): RoomOptions {
  return {
    databaseUrl: settings.DATABASE_URL,
    busDatabaseUrl: settings.BUS_DATABASE_URL,
    redisUrl: settings.REDIS_URL,
    host: settings.HOST,
    port: settings.PORT,
    internalKey: settings.INTERNAL_KEY,
    trustedKeys: settings.INTERNAL_TRUSTED_KEYS,
    log: createLog({ level: settings.LOG_LEVEL as LogLevel }),
    clock: systemClock,
  };
}

/** Runs a room as its own process: prints what is wrong and ends with 1, or serves until it is told to stop. */
export async function runProcess(
  room: string,
  start: (shutdown: Shutdown) => Promise<{ readonly url: string; readonly log: Log }>,
): Promise<void> {
  const shutdown = createShutdown((step, error) =>
    process.stderr.write(`${step}: ${errorText(error)}\n`),
  );
  shutdownOnSignals(shutdown);
  try {
    const { url, log } = await start(shutdown);
    log.info({ event: 'process.started', room, url });
  } catch (error) {
    process.stderr.write(`${room} could not start. ${errorText(error)}\n`);
    await shutdown.run();
    process.exit(1);
  }
}

function readInternalKey(value: unknown): InternalKey {
  if (!isRecord(value) || typeof value['room'] !== 'string' || !isRecord(value['privateJwk']))
    throw new Error('not a key');
  return { room: value['room'], privateJwk: value['privateJwk'] };
}

function readTrustedKeys(value: unknown): TrustedKeys {
  if (!isRecord(value)) throw new Error('not an object of keys');
  return value as TrustedKeys;
}
