import { COMPANIES, SUPPLIERS } from '../../hub/demo/master-data.ts';
import { seedApprovalPolicy, seedBudgets, seedSuppliers } from '../../hub/demo/foundation.ts';
import {
  createRequisition,
  decide,
  dispatchedOrder,
  submitRequisition,
} from '../../hub/demo/procurement.ts';
import type { SeededSupplier } from '../../hub/demo/foundation.ts';
import type { GraphClient } from '../../hub/demo/graph-client.ts';
import type { Order, WantedRequisition } from '../../hub/demo/procurement.ts';

export const TODAY = new Date().toISOString().slice(0, 10);

/** One company with budgets, a policy and a few suppliers. */
export interface World {
  readonly graph: GraphClient;
  readonly suppliers: readonly SeededSupplier[];
  /** A requisition of the requestor in plant maintenance; only what matters needs to be named. */
  wanted(key: string, overrides?: Partial<WantedRequisition>): WantedRequisition;
  /** Creates, submits and approves; returns the order once the ERP has confirmed it. */
  ordered(
    key: string,
    overrides?: Partial<WantedRequisition>,
  ): Promise<{ requisitionId: string; order: Order }>;
}

export async function createWorld(graph: GraphClient): Promise<World> {
  const companies = COMPANIES.filter((company) => company.code === 'DE01');
  await seedBudgets(graph, Number(TODAY.slice(0, 4)), companies);
  await seedApprovalPolicy(graph, TODAY, companies);
  const suppliers = await seedSuppliers(
    graph,
    SUPPLIERS.filter((supplier) => supplier.currency === 'EUR').slice(0, 3),
  );
  const [first] = suppliers;
  if (first === undefined) throw new Error('A supplier is expected.');
  const wanted: World['wanted'] = (key, overrides = {}) => ({
    key,
    requestor: 'requestor',
    title: 'Seal kits',
    costCentreId: 'DE01-4100',
    supplierId: first.id,
    category: 'MRO',
    currency: 'EUR',
    lines: [
      {
        description: 'Hydraulic seal kit 80 mm',
        quantity: '10',
        unitCode: 'C62',
        unitPrice: '12.50',
      },
    ],
    ...overrides,
  });
  return {
    graph,
    suppliers,
    wanted,
    ordered: async (key, overrides) => {
      const requisition = wanted(key, overrides);
      const id = await createRequisition(graph, requisition);
      await submitRequisition(graph, requisition.requestor, { id, key });
      await decide(graph, { id, key }, 'approveTask');
      return { requisitionId: id, order: await dispatchedOrder(graph, { id, key }) };
    },
  };
}
