import { readConfig } from '#kernel/config.ts';
import { openRoom, roomOptions, runProcess } from '#kernel/room.ts';
import { assemble } from './assembly.ts';
import { INTEGRATION_SETTINGS } from './settings.ts';
import type { IntegrationOptions } from './settings.ts';

const NAME = 'operations';
const MIGRATIONS = new URL('./migrations/', import.meta.url);
/** Workers, consumers, webhooks and the graph share this pool. */
const POOL_SIZE = 20;

/** Starts the relays, the deliveries, the way in for confirmations, the live feed and the subgraph `operations`. */
export async function startIntegration(options: IntegrationOptions): Promise<{
  readonly url: string;
  readonly sdl: string;
  readonly close: () => Promise<void>;
}> {
  const room = await openRoom(options, {
    name: NAME,
    schema: 'integration',
    migrations: MIGRATIONS,
    poolSize: POOL_SIZE,
  });
  try {
    const { url, sdl } = await assemble(NAME, options, room);
    return { url, sdl, close: () => room.shutdown.run() };
  } catch (error) {
    await room.shutdown.run();
    throw error;
  }
}

if (import.meta.main) {
  await runProcess(NAME, async (shutdown) => {
    const settings = readConfig(process.env, INTEGRATION_SETTINGS);
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
