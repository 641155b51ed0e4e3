import { readConfig } from '#kernel/config.ts';
import { startConsumer } from '#kernel/inbox.ts';
import { ROOM_SETTINGS, openRoom, roomOptions, runProcess } from '#kernel/room.ts';
import { readSubgraphSdl, serveSubgraph } from '#kernel/subgraph.ts';
import { CONSUMER_NAME, createHandlers } from './consumer.ts';
import { createContextFactory } from './context.ts';
import { resolvers } from './resolvers.ts';
import type { RoomOptions } from '#kernel/room.ts';

const NAME = 'approvals';
const MIGRATIONS = new URL('./migrations/', import.meta.url);
const SCHEMA = new URL('./schema.graphql', import.meta.url);

/** Starts approvals: database, consumer of the other rooms' events, graph. `close` ends what was started, in reverse. */
export async function startApprovals(options: RoomOptions): Promise<{
  readonly url: string;
  readonly sdl: string;
  readonly close: () => Promise<void>;
}> {
  const { clock, log } = options;
  const room = await openRoom(options, { name: NAME, schema: 'approvals', migrations: MIGRATIONS });
  try {
    const consumer = await startConsumer({
      name: CONSUMER_NAME,
      database: room.database,
      bus: room.bus,
      handlers: createHandlers(clock),
      clock,
      log,
    });
    room.shutdown.defer('consumer', consumer.close);
    const server = await serveSubgraph({
      name: NAME,
      sdl: await readSubgraphSdl(SCHEMA),
      resolvers,
      createContext: createContextFactory({ database: room.database, clock }),
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
    const { url, close } = await startApprovals(options);
    shutdown.defer(NAME, close);
    return { url, log: options.log };
  });
}
