import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { buildSchema, isEnumType, isInputObjectType, isInterfaceType, isObjectType } from 'graphql';
import { systemClock } from '#kernel/clock.ts';
import { createCallSigner, generateInternalKey } from '#kernel/internal-token.ts';
import { silentLog } from '#kernel/log.ts';
import { createPeer } from '#kernel/peer.ts';
import { schemaUrl } from '#kernel/provision.ts';
import { createTestDatabase } from '../../tests/support/test-database.ts';
import { startSuppliers } from './main.ts';
import type { TestDatabase } from '../../tests/support/test-database.ts';

const own = generateInternalKey('suppliers');
const orders = generateInternalKey('purchase-orders');

let testDatabase: TestDatabase;
let room: Awaited<ReturnType<typeof startSuppliers>>;
beforeAll(async () => {
  testDatabase = await createTestDatabase();
  await testDatabase.openBus();
  room = await startSuppliers({
    databaseUrl: schemaUrl(testDatabase.adminUrl, 'suppliers', testDatabase.password),
    busDatabaseUrl: schemaUrl(testDatabase.adminUrl, 'bus', testDatabase.password),
    redisUrl: null,
    host: '127.0.0.1',
    port: 0,
    internalKey: own,
    trustedKeys: { 'purchase-orders': orders.publicJwk },
    log: silentLog,
    clock: systemClock,
  });
});
afterAll(async () => {
  await room.close();
  await testDatabase[Symbol.asyncDispose]();
});

describe('the suppliers service', () => {
  it('says that it lives and is ready', async () => {
    for (const path of ['/livez', '/readyz'])
      expect((await fetch(`${room.url}${path}`)).status).toBe(200);
  });

  it('refuses a call that is not signed', async () => {
    const response = await fetch(`${room.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"query":"{__typename}"}',
    });
    expect(response.status).toBe(401);
  });

  it('answers another service’s signed call', async () => {
    const peer = createPeer({
      service: 'suppliers',
      url: room.url,
      sign: createCallSigner(orders),
      log: silentLog,
    });
    const query =
      'query ($id: ID!) { supplierStanding(id: $id) { status blocks currency legalName } }';
    expect(await peer.call({ query, variables: { id: 'x' }, correlationId: 'c' })).toEqual({
      supplierStanding: null,
    });
  });

  it('describes every type, field, argument and value of its contract', () => {
    const sdl = room.sdl.replace(/extend schema[^{]*?\)\s*(?=\n\n)/, '');
    const schema = buildSchema(sdl, { assumeValidSDL: true });
    const missing: string[] = [];
    const look = (name: string, thing: { description?: string | null | undefined }): void =>
      void (thing.description || missing.push(name));
    for (const type of Object.values(schema.getTypeMap()).filter(
      ({ name }) => !/^(__|String$|Int$|Boolean$|ID$|Float$)/.test(name),
    )) {
      look(type.name, type);
      if (isEnumType(type))
        for (const value of type.getValues()) look(`${type.name}.${value.name}`, value);
      if (!isObjectType(type) && !isInterfaceType(type) && !isInputObjectType(type)) continue;
      for (const field of Object.values(type.getFields())) {
        look(`${type.name}.${field.name}`, field);
        for (const argument of 'args' in field ? field.args : [])
          look(`${type.name}.${field.name}.${argument.name}`, argument);
      }
    }
    expect(missing).toEqual([]);
  });
});
