import { readConfig } from '#kernel/config.ts';
import { startConsumer } from '#kernel/inbox.ts';
import { ROOM_SETTINGS, openRoom, roomOptions, runProcess } from '#kernel/room.ts';
import { readSubgraphSdl, serveSubgraph } from '#kernel/subgraph.ts';
import { createHandlers } from './consumer.ts';
import { createContextFactory } from './context.ts';
import { resolvers } from './resolvers.ts';
import type { RoomOptions } from '#kernel/room.ts';

const NAME = 'invoices';
const MIGRATIONS = new URL('./migrations/', import.meta.url);
const SCHEMA = new URL('./schema.graphql', import.meta.url);

/** Starts the invoices: their database, the consumer of other rooms' events, then the graph. `close` ends all, in reverse. */
export async function startInvoices(options: RoomOptions): Promise<{
  readonly url: string;
  readonly sdl: string;
  readonly close: () => Promise<void>;
}> {
  const { clock, log } = options;
  const room = await openRoom(options, { name: NAME, schema: 'invoices', migrations: MIGRATIONS });
  try {
    const { database, bus } = room;
    const handlers = createHandlers(clock);
    const consumer = await startConsumer({ name: NAME, database, bus, handlers, log, clock });
    room.shutdown.defer('consumer', consumer.close);
    const server = await serveSubgraph({
      name: NAME,
      sdl: await readSubgraphSdl(SCHEMA),
      resolvers,
      createContext: createContextFactory({ database, clock }),
      verifyCall: room.verifyCall,
      host: options.host,
      port: options.port,
      ready: room.ready,
      log,
    });
    room.shutdown.defer('server', server.close);
    return { url: server.url, sdl: server.sdl, close: () => room.shutdown.run() };
  } catch (error) {
    await room.shutdown.run();
    throw error;
  }
}

if (import.meta.main) {
  await runProcess(NAME, async (shutdown) => {
    const options = roomOptions(readConfig(process.env, ROOM_SETTINGS));
    const { url, close } = await startInvoices(options);
    shutdown.defer(NAME, close);
    return { url, log: options.log };
  });
}
