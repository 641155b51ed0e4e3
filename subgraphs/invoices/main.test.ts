import { describe, expect, it } from '@jest/globals';
import { systemClock } from '#kernel/clock.ts';
import { createCallSigner, generateInternalKey } from '#kernel/internal-token.ts';
import { silentLog } from '#kernel/log.ts';
import { schemaUrl } from '#kernel/provision.ts';
import { createTestDatabase } from '../../tests/support/test-database.ts';
import { CLERK } from './graph-world.ts';
import { startInvoices } from './main.ts';

describe('the running room', () => {
  it('answers signed calls only, also with large documents, and publishes its contract', async () => {
    await using testDatabase = await createTestDatabase();
    const gateway = generateInternalKey('gateway');
    const room = await startInvoices({
      databaseUrl: schemaUrl(testDatabase.adminUrl, 'invoices', testDatabase.password),
      busDatabaseUrl: schemaUrl(testDatabase.adminUrl, 'bus', testDatabase.password),
      redisUrl: null,
      host: '127.0.0.1',
      port: 0,
      internalKey: generateInternalKey('invoices'),
      trustedKeys: { gateway: gateway.publicJwk },
      log: silentLog,
      clock: systemClock,
    });
    try {
      const sign = createCallSigner(gateway);
      const call = async (body: string, signed: boolean) =>
        fetch(`${room.url}/graphql`, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            ...(signed
              ? { 'x-concord-call': await sign({ audience: 'invoices', body, viewer: CLERK }) }
              : {}),
          },
          body,
        });
      const question = JSON.stringify({ query: '{ invoices(first: 1) { nodes { id } } }' });
      expect((await call(question, false)).status).toBe(401);
      expect(await (await call(question, true)).json()).toEqual({
        data: { invoices: { nodes: [] } },
      });
      const query =
        'mutation ($input: CaptureInvoiceDocumentInput!) { answer: captureInvoiceDocument(input: $input) { __typename } }';
      const content = `<!--${'x'.repeat(6_000_000)}--><Invoice/>`;
      const large = JSON.stringify({
        query,
        variables: { input: { idempotencyKey: 'k', companyCode: 'DE01', content } },
      });
      expect(await (await call(large, true)).json()).toEqual({
        data: { answer: { __typename: 'DocumentTooLargeProblem' } },
      });
      expect((await fetch(`${room.url}/readyz`)).status).toBe(200);
      expect(room.sdl).toContain('union CaptureInvoiceResult =');
    } finally {
      await room.close();
    }
  });
});
