import { createServer } from 'node:net';
import { Secret } from '../../kernel/config.ts';
import { ensureRoles } from '../../kernel/provision.ts';
import { createDataFolder, removeDataFolder } from './data-folder.ts';

/** Starts one PostgreSQL for the whole run, without fsync; every test file makes its own database on it. */
export default async function setup() {
  if (process.env.TEST_DATABASE_URL === undefined) {
    const { startPostgres } = await import('../../hub/postgres.ts');
    const dataFolder = await createDataFolder();
    const server = await startPostgres({
      dataFolder,
      port: await freePort(),
      password: 'test',
      durable: false,
      log: () => undefined,
    });
    process.env.TEST_DATABASE_URL = server.url;
    globalThis.stopTestServer = async () => {
      await server.stop();
      await removeDataFolder(dataFolder);
    };
  }
  await ensureRoles(process.env.TEST_DATABASE_URL, new Secret('test'));
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
