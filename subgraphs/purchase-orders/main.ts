import { readConfig, url } from '#kernel/config.ts';
import { createPeer } from '#kernel/peer.ts';
import { ROOM_SETTINGS, openRoom, roomOptions, runProcess } from '#kernel/room.ts';
import { readSubgraphSdl, serveSubgraph } from '#kernel/subgraph.ts';
import { startRoomConsumer } from './consumer.ts';
import { createContext } from './context.ts';
import { createFunds } from './funds.ts';
import { resolvers } from './resolvers.ts';
import { startSweeper } from './submission-sweeper.ts';
import { createSupplierStanding } from './supplier-standing.ts';
import type { Room, RoomOptions } from '#kernel/room.ts';
import type { SubgraphServer } from '#kernel/subgraph.ts';
import type { Dependencies } from './context.ts';

const NAME = 'purchase-orders';
const MIGRATIONS = new URL('./migrations/', import.meta.url);
const SCHEMA = new URL('./schema.graphql', import.meta.url);

const SETTINGS = {
  ...ROOM_SETTINGS,
  BUDGETS_URL: url('the URL of the budgets service'),
  SUPPLIERS_URL: url('the URL of the suppliers service'),
} as const;

export interface PurchaseOrdersOptions extends RoomOptions {
  readonly budgetsUrl: string;
  readonly suppliersUrl: string;
}

/** Starts the room: database, consumer, sweeper, then its graph. `close` ends what was started, in reverse. */
export async function startPurchaseOrders(options: PurchaseOrdersOptions): Promise<{
  readonly url: string;
  readonly sdl: string;
  readonly close: () => Promise<void>;
}> {
  const room = await openRoom(options, {
    name: NAME,
    schema: 'purchase_orders',
    migrations: MIGRATIONS,
  });
  try {
    const { clock, log } = options;
    const dependencies = dependenciesOf(options, room);
    const consumer = await startRoomConsumer({ database: room.database, clock, log }, room.bus);
    room.shutdown.defer('consumer', consumer.close);
    const sweeper = startSweeper({ ...dependencies, log });
    room.shutdown.defer('sweeper', sweeper.close);
    const server = await serve(options, room, dependencies);
    room.shutdown.defer('server', server.close);
    return { url: server.url, sdl: server.sdl, close: () => room.shutdown.run() };
  } catch (error) {
    await room.shutdown.run();
    throw error;
  }
}

function dependenciesOf(
  { clock, log, budgetsUrl, suppliersUrl }: PurchaseOrdersOptions,
  room: Room,
): Dependencies {
  const { database, sign } = room;
  return {
    database,
    clock,
    funds: createFunds(createPeer({ service: 'budgets', url: budgetsUrl, sign, log })),
    standing: createSupplierStanding(
      createPeer({ service: 'suppliers', url: suppliersUrl, sign, log }),
    ),
  };
}

async function serve(
  { host, port, log }: PurchaseOrdersOptions,
  room: Room,
  dependencies: Dependencies,
): Promise<SubgraphServer> {
  return serveSubgraph({
    name: NAME,
    sdl: await readSubgraphSdl(SCHEMA),
    resolvers,
    createContext: (request) => createContext(dependencies, request),
    verifyCall: room.verifyCall,
    host,
    port,
    ready: room.ready,
    log,
  });
}

if (import.meta.main) {
  await runProcess(NAME, async (shutdown) => {
    const settings = readConfig(process.env, SETTINGS);
    const options = {
      ...roomOptions(settings),
      budgetsUrl: settings.BUDGETS_URL,
      suppliersUrl: settings.SUPPLIERS_URL,
    };
    const { url: address, close } = await startPurchaseOrders(options);
    shutdown.defer(NAME, close);
    return { url: address, log: options.log };
  });
}
