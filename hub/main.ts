import { createWriteStream } from 'node:fs';
import { mkdir, rename, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as config from '#kernel/config.ts';
import { createLog, errorText } from '#kernel/log.ts';
import { createShutdown, shutdownOnSignals } from '#kernel/shutdown.ts';
import { askAsDemoPrograms, DEMO_OWNERS } from './demo/registry.ts';
import { seedDemo } from './demo/seed.ts';
import { startHub } from './hub.ts';
import { PORT_BASE } from './ports.ts';
import { welcome } from './welcome.ts';
import type { LogLevel } from '#kernel/log.ts';
import type { Shutdown } from '#kernel/shutdown.ts';

const CHECKOUT = fileURLToPath(new URL('../', import.meta.url));

const SETTINGS = {
  PORT_BASE: config.wholeNumber(
    'the first of the ports, which shifts all others,',
    { min: 1024, max: 65_000 },
    PORT_BASE,
  ),
  CONCORD_DATA: config.text('a folder for the embedded data', join(CHECKOUT, '.data')),
  DATABASE_URL: config.optional(
    config.url('a PostgreSQL superuser URL instead of the embedded server'),
  ),
  REDIS_URL: config.optional(config.url('the URL of Redis')),
  HOST: config.text('the address to listen on', '127.0.0.1'),
  LOG_LEVEL: config.text('debug, info, warn, error or silent', 'info'),
  TARGET: config.text(
    "development, staging or production: which of the registry's targets is published to and served",
    'production',
  ),
  DEMO: config.flag('whether to seed the demonstration data', true),
  DURABLE: config.flag('whether writes survive a power cut', true),
};

/** The all-in-one process: everything starts, the demo is seeded once, and Ctrl-C ends everything. */
async function main(shutdown: Shutdown): Promise<void> {
  const environment = config.processEnvironment();
  const settings = config.readConfig(environment, SETTINGS);
  const dataFolder = resolve(settings.CONCORD_DATA);
  await mkdir(dataFolder, { recursive: true });
  const logFile = join(dataFolder, 'concord.log');
  const log = createLog({
    level: settings.LOG_LEVEL as LogLevel,
    destination: await openLogFile(logFile),
  });
  say(`Concord is starting; its log is ${logFile}`);
  const hub = await startHub({
    portBase: settings.PORT_BASE,
    host: settings.HOST,
    dataFolder,
    databaseUrl: settings.DATABASE_URL,
    redisUrl: settings.REDIS_URL,
    nodeEnvironment: environment['NODE_ENV'],
    durable: settings.DURABLE,
    target: settings.TARGET,
    owners: settings.DEMO ? DEMO_OWNERS : [],
    erpBehaviour: {},
    log,
    say,
  });
  shutdown.defer('hub', hub.close);
  if (settings.DEMO) {
    const graphUrl = `${hub.urls.gateway}/graphql`;
    const tokenOf = (login: string): Promise<string> => hub.identity.issueToken(login);
    await seedDemo({
      graphUrl,
      erpUrl: hub.urls['erp-simulator'],
      erpApiKey: hub.secrets.erpApiKey,
      tokenOf,
      log,
      say,
    });
    await askAsDemoPrograms({ graphUrl, tokenOf, say });
  }
  say(welcome(hub.urls, settings.PORT_BASE, settings.TARGET));
}

/** A longer log is put aside at the next start, and the one put aside before is forgotten. */
const LOG_BYTES_MAX = 50 * 1024 * 1024;

async function openLogFile(path: string): Promise<NodeJS.WritableStream> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size > LOG_BYTES_MAX) await rename(path, `${path}.previous`);
  const file = createWriteStream(path, { flags: 'a' });
  // A full disk must not end the house for want of a log.
  file.on('error', (error) =>
    process.stderr.write(`The log ${path} cannot be written: ${errorText(error)}\n`),
  );
  return file;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

const shutdown = createShutdown((step, error) =>
  process.stderr.write(`While stopping ${step}: ${errorText(error)}\n`),
);
shutdownOnSignals(shutdown);
try {
  await main(shutdown);
} catch (error) {
  process.stderr.write(`Concord could not start. ${errorText(error)}\n`);
  await shutdown.run();
  process.exit(1);
}
