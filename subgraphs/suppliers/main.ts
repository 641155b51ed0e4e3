import { readConfig } from '#kernel/config.ts';
import { ROOM_SETTINGS, openRoom, roomOptions, runProcess } from '#kernel/room.ts';
import { readSubgraphSdl, serveSubgraph } from '#kernel/subgraph.ts';
import { createContextFactory } from './context.ts';
import { resolvers } from './resolvers.ts';
import type { RoomOptions } from '#kernel/room.ts';

const NAME = 'suppliers';
const MIGRATIONS = new URL('./migrations/', import.meta.url);
const SCHEMA = new URL('./schema.graphql', import.meta.url);

/** Starts the supplier master: its database, then its graph. `close` ends what was started, in reverse. */
export async function startSuppliers(options: RoomOptions): Promise<{
  readonly url: string;
  readonly sdl: string;
  readonly close: () => Promise<void>;
}> {
  const room = await openRoom(options, { name: NAME, schema: 'suppliers', migrations: MIGRATIONS });
  try {
    const server = await serveSubgraph({
      name: NAME,
      sdl: await readSubgraphSdl(SCHEMA),
      resolvers,
      createContext: createContextFactory({ database: room.database, clock: options.clock }),
      verifyCall: room.verifyCall,
      host: options.host,
      port: options.port,
      ready: room.ready,
      log: options.log,
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
    const { url, close } = await startSuppliers(options);
    shutdown.defer(NAME, close);
    return { url, log: options.log };
  });
}
