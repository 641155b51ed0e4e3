import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '#kernel/id.ts';
import { orderEvent } from '../tests/support/house-events.ts';
import { startIntegrationWorld, until } from '../tests/support/integration-world.ts';
import { listed } from '../hub/erp-simulator/simulator-process.ts';
import type { ChildProcess } from 'node:child_process';
import type { IntegrationWorld } from '../tests/support/integration-world.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

let world: IntegrationWorld;
const children: ChildProcess[] = [];
beforeAll(async () => {
  world = await startIntegrationWorld();
  await world.stopRoom();
});
afterAll(async () => {
  for (const child of children) await kill(child);
  await world[Symbol.asyncDispose]();
});

/** Runs the room as its own process, from its environment alone; ready when it resolves. */
async function startProcess(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [MAIN], {
    env: { ...world.environment },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  children.push(child);
  await until(() =>
    fetch(`${world.url}/readyz`).then(
      (answer) => answer.ok,
      () => false,
    ),
  );
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

describe('a process that is killed while the ERP holds its answers back', () => {
  it('leaves exactly one document per order, found by the next process', async () => {
    await world.erp.behave({ commitThenTimeout: { how: 'hang', count: 5 } });
    const orderIds = Array.from({ length: 8 }, () => newId());
    const first = await startProcess();
    await world.publish(...orderIds.map((id) => orderEvent('created', id)));
    const documents = async (id: string): Promise<number> =>
      listed(await world.erp.call('GET', `/erp/PurchaseOrders?externalReference=PO-${id}`)).length;
    const count = async (): Promise<number> =>
      (await Promise.all(orderIds.map(documents))).reduce((total, number) => total + number, 0);
    await until(async () => (await count()) >= 5);
    await kill(first);
    await startProcess();
    await until(async () => {
      const rows = await world.rows("select 1 from delivery where status = 'CONFIRMED'");
      return rows.length === orderIds.length;
    });
    expect(await Promise.all(orderIds.map(documents))).toEqual(orderIds.map(() => 1));
  });
});
