import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret } from '#kernel/config.ts';
import { silentLog } from '#kernel/log.ts';
import { pause } from '#kernel/shutdown.ts';
import { startErpProcess } from './erp-process.ts';
import { until } from '../tests/support/until.ts';
import type { AddressInfo } from 'node:net';
import type { LogEvent } from '#kernel/log.ts';

let folder: string | null = null;
afterEach(async () => {
  if (folder !== null) await rm(folder, { recursive: true, force: true });
  folder = null;
});

async function start(port: number) {
  folder = await mkdtemp(join(tmpdir(), 'concord-erp-'));
  const events: LogEvent[] = [];
  const erp = await startErpProcess({
    host: '127.0.0.1',
    port,
    stateFile: join(folder, 'journal'),
    apiKey: new Secret('key-of-sixteen-characters-or-more'),
    webhookUrl: 'http://127.0.0.1:1/webhooks/erp',
    webhookSecret: new Secret(`whsec_${Buffer.from('a'.repeat(32)).toString('base64')}`),
    log: { ...silentLog, warn: (event) => void events.push(event) },
  });
  return { erp, events };
}

const isAnswering = (url: string): Promise<boolean> =>
  fetch(`${url}/readyz`).then(
    (response) => response.ok,
    () => false,
  );

/** The processes are found in /proc. */
const suite = process.platform === 'linux' ? describe : describe.skip;

suite('the ERP simulator', () => {
  it('is started again when it is killed, and stays away when it is closed', async () => {
    const port = await freePort();
    const { erp, events } = await start(port);
    const killed = await simulatorAt(port);
    process.kill(killed, 'SIGKILL');
    await until(async () => {
      const pid = await simulatorAt(port).catch(() => killed);
      return pid !== killed && (await isAnswering(erp.url));
    });
    expect(events).toMatchObject([
      {
        event: 'process.failed',
        room: 'erp-simulator',
        error: expect.stringMatching(/It ended with SIGKILL\.$/),
      },
    ]);
    await erp.close();
    await pause(800);
    expect(await isAnswering(erp.url)).toBe(false);
  });

  it('is ended even when it does not listen', async () => {
    const port = await freePort();
    const { erp } = await start(port);
    process.kill(await simulatorAt(port), 'SIGSTOP');
    await erp.close();
    await expect(simulatorAt(port)).rejects.toThrow('no simulator');
  });
});

/** The process id of this process's child that serves the port. */
async function simulatorAt(port: number): Promise<number> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    const words = environment.split('\0');
    if (words.includes(`PORT=${port}`) && words.includes(`ERP_PARENT_PID=${process.pid}`))
      return Number(pid);
  }
  throw new Error('no simulator');
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
