import { appendFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  eventually,
  invoiceBody,
  listed,
  orderBody,
  releasedOrder,
  simulatorWorld,
} from './simulator-process.ts';
import type { SimulatorProcess, SimulatorWorld } from './simulator-process.ts';

let world: SimulatorWorld;
let erp: SimulatorProcess;

beforeEach(async () => {
  world = await simulatorWorld();
  erp = await world.start();
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const orders = async (reference: string) =>
  listed(await erp.call('GET', `/erp/PurchaseOrders?externalReference=${reference}`));

describe('a commit whose answer is lost', () => {
  it.each([
    ['destroy', {}],
    ['hang', { timeoutMs: 3_000 }],
  ])('leaves exactly one document, found by reference (%s)', async (how, limit) => {
    await erp.behave({ commitThenTimeout: { count: 1, how } });
    const posted = erp.call('POST', '/erp/PurchaseOrders', orderBody(), limit);
    await expect(posted).rejects.toThrow();
    expect(await orders('PO-1')).toHaveLength(1);
    expect((await erp.call('POST', '/erp/PurchaseOrders', orderBody())).status).toBe(201);
    expect(await orders('PO-1')).toHaveLength(2);
  });

  it('does not touch refusals and reads', async () => {
    await erp.behave({ commitThenTimeout: { count: 1 } });
    const refused = await erp.call(
      'POST',
      '/erp/PurchaseOrders',
      orderBody({ CompanyCode: 'XX99' }),
    );
    expect(refused.status).toBe(422);
    expect(await orders('PO-1')).toEqual([]);
    await expect(erp.call('POST', '/erp/PurchaseOrders', orderBody())).rejects.toThrow();
  });
});

describe('planned failures', () => {
  it('answer the counted number of matching requests and write nothing', async () => {
    const match = { method: 'POST', path: '/erp/PurchaseOrders' };
    await erp.behave({ failures: [{ match, status: 429, retryAfterSeconds: 3, count: 2 }] });
    const answers = [
      await erp.call('POST', '/erp/PurchaseOrders', orderBody()),
      await erp.call('GET', '/erp/PurchaseOrders'),
      await erp.call('POST', '/erp/PurchaseOrders', orderBody()),
      await erp.call('POST', '/erp/PurchaseOrders', orderBody()),
    ];
    expect(answers.map((answer) => answer.status)).toEqual([429, 200, 429, 201]);
    expect(answers[0]?.headers.get('retry-after')).toBe('3');
    expect(await orders('PO-1')).toHaveLength(1);
  });

  it('strike the same requests for the same seed', async () => {
    const run = async (): Promise<number[]> => {
      await erp.behave({ seed: 7, failures: [{ match: {}, status: 503, probability: 0.5 }] });
      const statuses: number[] = [];
      for (let turn = 0; turn < 20; turn += 1)
        statuses.push((await erp.call('GET', '/erp/Payments')).status);
      return statuses;
    };
    const first = await run();
    expect(new Set(first)).toEqual(new Set([200, 503]));
    expect(await run()).toEqual(first);
  });

  it('refuse a good document with the given message', async () => {
    await erp.behave({
      refuse: { resource: 'PurchaseOrders', code: 'ME/083', message: 'Enter plant.', count: 1 },
    });
    expect(await erp.call('POST', '/erp/PurchaseOrders', orderBody())).toMatchObject({
      status: 422,
      body: { error: { code: 'ME/083', message: 'Enter plant.' } },
    });
    expect((await erp.call('POST', '/erp/PurchaseOrders', orderBody())).status).toBe(201);
  });

  it('take the whole system down and up', async () => {
    await erp.behave({ mode: 'down' });
    await expect(erp.call('GET', '/erp/PurchaseOrders')).rejects.toThrow();
    await erp.behave({ downAs: 'service-unavailable' });
    expect((await erp.call('GET', '/erp/PurchaseOrders')).status).toBe(503);
    expect((await erp.call('GET', '/livez')).status).toBe(200);
    await erp.call('POST', '/control/reset');
    expect((await erp.call('GET', '/erp/PurchaseOrders')).status).toBe(200);
  });

  it('slow every request down', async () => {
    await erp.behave({ latencyMs: 300 });
    const startedMs = Date.now();
    await erp.call('GET', '/erp/PurchaseOrders');
    expect(Date.now() - startedMs).toBeGreaterThanOrEqual(290);
  });

  it('rename fields of answers', async () => {
    await erp.behave({ renameFields: { PurchaseOrderStatus: 'Status' } });
    const { body } = await erp.call('POST', '/erp/PurchaseOrders', orderBody());
    expect(body).toMatchObject({ Status: 'IN_PROCESS' });
    expect(body).not.toHaveProperty('PurchaseOrderStatus');
  });

  it('are refused as a whole when one setting is unreadable', async () => {
    const answer = await erp.call('PUT', '/control/behaviour', { latencyMs: 5, mode: 'sideways' });
    expect(answer.status).toBe(400);
    expect((await erp.call('GET', '/control/behaviour')).body).toMatchObject({
      latencyMs: 0,
      mode: 'up',
    });
  });
});

describe('the state file', () => {
  it.each([
    ['SIGKILL', [null, 'SIGKILL']],
    ['SIGTERM', [0, null]],
  ] as const)('loses nothing answered to %s under load; numbers run on', async (signal, exit) => {
    const answered: unknown[] = [];
    const writers = Array.from({ length: 4 }, async () => {
      for (;;) {
        const answer = await erp.call('POST', '/erp/PurchaseOrders', orderBody());
        answered.push(answer.body['PurchaseOrder']);
      }
    });
    const stopped = Promise.allSettled(writers);
    await eventually(() => answered.length >= 40);
    await erp.kill(signal);
    expect(await erp.exited).toEqual(exit);
    await stopped;
    await appendFile(world.stateFile, '{"kind":"entered","docum');
    const before = answered.length;
    erp = await world.start();
    const found = listed(await erp.call('GET', '/erp/PurchaseOrders?$top=1000'));
    const numbers = found.map((order) => order['PurchaseOrder']);
    expect(numbers).toEqual(expect.arrayContaining(answered));
    expect(numbers.length - before).toBeLessThanOrEqual(4);
    const next = await erp.call('POST', '/erp/PurchaseOrders', orderBody());
    expect(numbers).not.toContain(next.body['PurchaseOrder']);
  });

  it('goes on after a restart with releases and payments that were due', async () => {
    await erp.behave({ confirmDelayMs: 60_000, paymentDelayMs: 60_000 });
    await erp.call('POST', '/erp/PurchaseOrders', orderBody());
    await erp.call('POST', '/erp/SupplierInvoices', invoiceBody());
    await erp.kill('SIGKILL');
    erp = await world.start({ AUTO_PAY: 'true' });
    await eventually(async () => (await orders('PO-1'))[0]?.['PurchaseOrderStatus'] === 'RELEASED');
    await eventually(async () => {
      const [payment] = listed(await erp.call('GET', '/erp/Payments?externalReference=INV-1'));
      return payment?.['PaymentStatus'] === 'PAID';
    });
  });

  it('is emptied by a reset, yet never reuses a number or a sequence', async () => {
    const first = await releasedOrder(erp);
    await erp.call('POST', '/control/reset?state=true');
    expect(await orders('PO-1')).toEqual([]);
    const second = await erp.call('POST', '/erp/PurchaseOrders', orderBody());
    expect(Number(second.body['PurchaseOrder'])).toBe(Number(first) + 1);
    await erp.kill('SIGKILL');
    erp = await world.start();
    expect(await orders('PO-1')).toHaveLength(1);
    const changes = await erp.call('GET', '/erp/Changes?since=0');
    expect(listed(changes)[0]?.['Sequence']).toBe(3);
  });
});

describe('the process', () => {
  it('ends on SIGTERM, also with a hanging answer', async () => {
    await erp.behave({ commitThenTimeout: { how: 'hang' } });
    const hanging = erp.call('POST', '/erp/PurchaseOrders', orderBody()).catch(() => 'cut');
    await eventually(async () => (await orders('PO-1')).length === 1);
    await erp.kill('SIGTERM');
    expect(await erp.exited).toEqual([0, null]);
    expect(await hanging).toBe('cut');
  });

  it('ends soon after its parent has ended', async () => {
    const parent = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await once(parent, 'spawn');
    await erp.kill('SIGKILL');
    erp = await world.start({ ERP_PARENT_PID: String(parent.pid) });
    parent.kill('SIGKILL');
    expect(await erp.exited).toEqual([0, null]);
  });
});
