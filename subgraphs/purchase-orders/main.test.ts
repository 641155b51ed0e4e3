import { describe, expect, it } from '@jest/globals';
import { systemClock } from '#kernel/clock.ts';
import { createCallSigner, generateInternalKey } from '#kernel/internal-token.ts';
import { silentLog } from '#kernel/log.ts';
import { schemaUrl } from '#kernel/provision.ts';
import { createTestDatabase } from '../../tests/support/test-database.ts';
import { startPurchaseOrders } from './main.ts';
import { startTestPeers } from './test-world/peers.ts';
import { BUYER } from './test-world/room.ts';

describe('the running room', () => {
  it('migrates, answers signed calls, refuses others, and ends cleanly', async () => {
    await using database = await createTestDatabase();
    await using peers = await startTestPeers();
    const gateway = generateInternalKey('gateway');
    const room = await startPurchaseOrders({
      databaseUrl: schemaUrl(database.adminUrl, 'purchase_orders', database.password),
      busDatabaseUrl: await busUrl(database),
      redisUrl: null,
      host: '127.0.0.1',
      port: 0,
      internalKey: generateInternalKey('purchase-orders'),
      trustedKeys: { gateway: gateway.publicJwk },
      log: silentLog,
      clock: systemClock,
      budgetsUrl: peers.budgetsUrl,
      suppliersUrl: peers.suppliersUrl,
    });
    try {
      const body = JSON.stringify({ query: '{ requisitions(first: 1) { nodes { id } } }' });
      const headers = { 'content-type': 'application/json' };
      const unsigned = await fetch(`${room.url}/graphql`, { method: 'POST', headers, body });
      expect(unsigned.status).toBe(401);
      const token = await createCallSigner(gateway)({
        audience: 'purchase-orders',
        body,
        viewer: BUYER,
      });
      const signed = await fetch(`${room.url}/graphql`, {
        method: 'POST',
        headers: { ...headers, 'x-concord-call': token },
        body,
      });
      expect(await signed.json()).toEqual({ data: { requisitions: { nodes: [] } } });
      expect((await fetch(`${room.url}/readyz`)).status).toBe(200);
      expect(room.sdl).toContain('type PurchaseOrder @key(fields: "id")');
    } finally {
      await room.close();
    }
    await expect(fetch(`${room.url}/livez`)).rejects.toThrow();
  });
});

/** The bus's tables must be there before a room follows it; the hub migrates them first. */
async function busUrl(database: Awaited<ReturnType<typeof createTestDatabase>>): Promise<string> {
  const bus = await database.openBus();
  await bus.bounds();
  return schemaUrl(database.adminUrl, 'bus', database.password);
}
