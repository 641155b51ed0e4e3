import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { ibanOf } from '../../hub/demo/identifiers.ts';
import { startHubProcess } from '../support/hub-process.ts';
import { createWorld } from '../support/world.ts';
import type { HubProcess } from '../support/hub-process.ts';
import type { World } from '../support/world.ts';

/** An IBAN that occurs nowhere else, so that every trace of it is a leak. */
const CANARY = ibanOf('DE', '370400449876543210');
const SUPPLIER = 'query ($id: ID!) { supplier(id: $id) { bankAccounts { iban maskedNumber } } }';

describe('bank data', () => {
  let hub: HubProcess;
  let world: World;
  let supplierId: string;
  beforeAll(async () => {
    hub = await startHubProcess({ LOG_LEVEL: 'debug' });
    world = await createWorld(hub.graph);
    supplierId = world.suppliers[0]?.id ?? '';
  });
  afterAll(async () => hub[Symbol.asyncDispose]());

  it('change by two people only, and are whole only for whom they are meant', async () => {
    const { graph } = world;
    const { id: bankChangeId } = await graph.change<{ id: string }>(
      'supplier-steward',
      'proposeBankChange',
      {
        input: {
          idempotencyKey: 'canary',
          supplierId,
          reason: 'New bank',
          account: { holderName: 'Canary', currency: 'EUR', iban: CANARY },
        },
        on: 'BankChange',
        select: 'id',
      },
    );
    const approve = (login: string) =>
      graph.change(login, 'approveBankChange', {
        input: { idempotencyKey: `canary-${login}`, bankChangeId },
        on: 'BankChange',
        select: 'status',
      });
    await expect(approve('supplier-steward')).rejects.toMatchObject({
      code: 'SEGREGATION_OF_DUTIES',
    });
    await expect(approve('buyer')).rejects.toThrow('FORBIDDEN');
    await expect(approve('second-supplier-steward')).resolves.toMatchObject({ status: 'APPROVED' });
    const seenBy = async (login: string): Promise<string> =>
      JSON.stringify(
        await graph
          .ask(login, SUPPLIER, { id: supplierId })
          .catch((error: unknown) => String(error)),
      );
    expect(await seenBy('supplier-steward')).toContain(CANARY);
    for (const login of ['requestor', 'buyer', 'approver', 'ap-clerk', 'auditor'])
      expect(await seenBy(login)).not.toContain(CANARY);
  });

  it('and tokens are in no log, event, thread or stored answer', async () => {
    const log = await readFile(join(hub.dataFolder, 'concord.log'), 'utf8');
    const { databasePassword } = JSON.parse(
      await readFile(join(hub.dataFolder, 'secrets.json'), 'utf8'),
    ) as { databasePassword: string };
    expect(log.length).toBeGreaterThan(10_000);
    expect(log).not.toContain(CANARY);
    expect(log).not.toContain(databasePassword);
    expect(log).not.toContain((await hub.tokenOf('supplier-steward')).slice(0, 60));
    const client = new Client({
      connectionString: `postgres://postgres:${databasePassword}@127.0.0.1:${hub.portBase + 32}/postgres`,
    });
    await client.connect();
    const { rows } = await client.query<{ place: string }>(PLACES_THAT_HOLD, [`%${CANARY}%`]);
    await client.end();
    expect(rows.map((row) => row.place)).toEqual([]);
  });
});

/** Everything that travels or is kept beside the account itself. */
const PLACES_THAT_HOLD = `
  select 'event log' as place from bus.event where cloud_event::text like $1
  union all select 'outbox' from suppliers.outbox where cloud_event::text like $1
  union all select 'idempotency' from suppliers.idempotency where answer like $1
  union all select 'thread' from integration.thread_entry where thread_entry::text like $1`;
