import { describe, expect, it } from '@jest/globals';
import { composeServices } from '@theguild/federation-composition';
import { buildSchema, isObjectType, parse } from 'graphql';
import { readSubgraphSdl } from '#kernel/subgraph.ts';

const ROOMS: Readonly<Record<string, string>> = {
  suppliers: 'subgraphs/suppliers',
  budgets: 'subgraphs/budgets',
  approvals: 'subgraphs/approvals',
  'purchase-orders': 'subgraphs/purchase-orders',
  invoices: 'subgraphs/invoices',
  operations: 'integration',
};

async function compose() {
  const services = await Promise.all(
    Object.entries(ROOMS).map(async ([name, folder]) => ({
      name,
      url: `http://127.0.0.1/${name}`,
      typeDefs: parse(
        await readSubgraphSdl(new URL(`../../${folder}/schema.graphql`, import.meta.url)),
      ),
    })),
  );
  return composeServices(services);
}

describe('the six contracts', () => {
  it('compose to one supergraph', async () => {
    const result = await compose();
    expect(result.errors ?? []).toEqual([]);
    expect(result.supergraphSdl).toContain('join__Graph');
  });

  it('lead from a requisition to everything around it, and from supplier and cost centre down again', async () => {
    const { publicSdl } = await compose();
    const schema = buildSchema(publicSdl ?? '');
    const fieldsOf = (name: string): string[] => {
      const type = schema.getType(name);
      return isObjectType(type) ? Object.keys(type.getFields()) : [];
    };
    expect(fieldsOf('Requisition')).toEqual(
      expect.arrayContaining([
        'supplier',
        'costCentre',
        'fundsReservations',
        'approval',
        'purchaseOrders',
        'invoices',
        'payments',
        'timeline',
      ]),
    );
    expect(fieldsOf('PurchaseOrder')).toEqual(
      expect.arrayContaining([
        'supplier',
        'requisition',
        'goodsReceipts',
        'fundsReservations',
        'approval',
        'invoices',
        'payments',
        'timeline',
      ]),
    );
    expect(fieldsOf('Supplier')).toEqual(
      expect.arrayContaining(['requisitions', 'purchaseOrders', 'invoices']),
    );
    expect(fieldsOf('CostCentre')).toEqual(
      expect.arrayContaining(['budgetLines', 'requisitions', 'purchaseOrders', 'invoices']),
    );
  });

  it('ask every mutation for an idempotency key and answer it with a union that has problems', async () => {
    const { publicSdl } = await compose();
    const schema = buildSchema(publicSdl ?? '');
    const mutations = Object.values(schema.getMutationType()?.getFields() ?? {});
    expect(mutations.length).toBeGreaterThan(40);
    for (const mutation of mutations) {
      const input = publicSdl?.match(
        new RegExp(`input ${String(mutation.args[0]?.type).replace('!', '')} \\{[^}]*\\}`),
      )?.[0];
      expect([mutation.name, input?.includes('idempotencyKey: ID!')]).toEqual([
        mutation.name,
        true,
      ]);
      expect([mutation.name, String(mutation.type)]).toEqual([
        mutation.name,
        expect.stringMatching(/Result!$/),
      ]);
    }
  });
});
