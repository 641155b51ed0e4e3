import { describe, expect, it } from '@jest/globals';
import { createTestDatabase } from '../../tests/support/test-database.ts';
import { systemClock } from '#kernel/clock.ts';
import { createCallSigner, generateInternalKey } from '#kernel/internal-token.ts';
import { silentLog } from '#kernel/log.ts';
import { schemaUrl } from '#kernel/provision.ts';
import { viewer } from './graph-world.ts';
import { startApprovals } from './main.ts';

describe('the running room', () => {
  it('answers signed calls only, and publishes its contract', async () => {
    await using db = await createTestDatabase();
    const gateway = generateInternalKey('gateway');
    const room = await startApprovals({
      databaseUrl: schemaUrl(db.adminUrl, 'approvals', db.password),
      busDatabaseUrl: schemaUrl(db.adminUrl, 'bus', db.password),
      redisUrl: null,
      host: '127.0.0.1',
      port: 0,
      internalKey: generateInternalKey('approvals'),
      trustedKeys: { gateway: gateway.publicJwk },
      log: silentLog,
      clock: systemClock,
    });
    try {
      const body = JSON.stringify({ query: '{ approvalPolicies(first: 1) { nodes { id } } }' });
      const call = (headers: Record<string, string>) =>
        fetch(`${room.url}/graphql`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body,
        });
      expect((await call({})).status).toBe(401);
      const token = await createCallSigner(gateway)({
        audience: 'approvals',
        body,
        viewer: viewer('femi', 'auditor'),
      });
      const answer = await call({ 'x-concord-call': token });
      expect(await answer.json()).toEqual({ data: { approvalPolicies: { nodes: [] } } });
      expect((await fetch(`${room.url}/readyz`)).status).toBe(200);
      expect(room.sdl).toContain('union ApprovableDocument ');
    } finally {
      await room.close();
    }
  });
});
