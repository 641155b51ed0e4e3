import { readConfig, processEnvironment } from '#kernel/config.ts';
import { startConsumer } from '#kernel/inbox.ts';
import { ROOM_SETTINGS, openRoom, roomOptions, runProcess } from '#kernel/room.ts';
import { readSubgraphSdl, serveSubgraph } from '#kernel/subgraph.ts';
import { CONSUMER_NAME, createHandlers } from './consumer.ts';
import { createContextFactory } from './context.ts';
import { createReservationBatcher } from './reserve-funds.ts';
import { resolvers } from './resolvers.ts';
import type { RoomOptions } from '#kernel/room.ts';

/** The room as a running server. */
export interface Budgets {
  readonly url: string;
  readonly sdl: string;
  close(): Promise<void>;
}

const NAME = 'budgets';
export const MIGRATIONS = new URL('./migrations/', import.meta.url);
export const SCHEMA_FILE = new URL('./schema.graphql', import.meta.url);

/** Opens the database, follows the other rooms' events and serves the subgraph. */
export async function startBudgets(options: RoomOptions): Promise<Budgets> {
  const { clock, log, host, port } = options;
  const room = await openRoom(options, { name: NAME, schema: 'budgets', migrations: MIGRATIONS });
  const { database, bus, shutdown } = room;
  try {
    const consumer = await startConsumer({
      name: CONSUMER_NAME,
      database,
      bus,
      handlers: createHandlers(clock),
      log,
    });
    shutdown.defer('consumer', consumer.close);
    const reservations = createReservationBatcher({ database, clock });
    shutdown.defer('reservations', reservations.drain);
    const server = await serveSubgraph({
      name: NAME,
      sdl: await readSubgraphSdl(SCHEMA_FILE),
      resolvers,
      createContext: createContextFactory({ database, clock, reservations }),
      verifyCall: room.verifyCall,
      host,
      port,
      ready: room.ready,
      log,
    });
    shutdown.defer('server', server.close);
    return { url: server.url, sdl: server.sdl, close: shutdown.run };
  } catch (error) {
    await shutdown.run();
    throw error;
  }
}

if (import.meta.main) {
  await runProcess(NAME, async (shutdown) => {
    const options = roomOptions(readConfig(processEnvironment(), ROOM_SETTINGS));
    const budgets = await startBudgets(options);
    shutdown.defer(NAME, budgets.close);
    return { url: budgets.url, log: options.log };
  });
}
