import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase } from '../../tests/support/test-database.ts';
import { CLERK, MIGRATIONS, captureInput, createGraphWorld, viewer } from './graph-world.ts';
import type { SupplierSnapshot } from '../suppliers/events.ts';
import type { TestDatabase } from '../../tests/support/test-database.ts';
import type { Answer, GraphWorld, Order } from './graph-world.ts';

const INVOICES = 12;

let testDatabase: TestDatabase;
let world: GraphWorld;
let supplier: SupplierSnapshot;
const orders: Order[] = [];
const invoices: Answer[] = [];

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  world = await createGraphWorld(await testDatabase.open('invoices', MIGRATIONS));
  supplier = await world.supplier();
  for (let index = 0; index < INVOICES; index += 1) {
    const order = await world.order({
      supplierId: supplier.supplierId,
      costCentreId: index % 2 === 0 ? 'DE01-4100' : 'DE01-4200',
    });
    await world.receive(order, '10');
    const invoice = await world.mutate(
      CLERK,
      'captureInvoice',
      captureInput({ supplierId: supplier.supplierId, purchaseOrderId: order.purchaseOrderId }),
    );
    const id = String(invoice['id']);
    await world.tell('concord.erp.document-confirmed.v1', {
      id,
      data: {
        erp: 'simulator',
        documentType: 'INVOICE',
        documentId: id,
        action: 'CREATED',
        documentVersion: 1,
        erpNumber: `51-${index}`,
      },
    });
    await world.pay({ invoiceId: id, paymentNumber: `p-${index}` });
    orders.push(order);
    invoices.push(invoice);
  }
});
afterAll(async () => {
  await testDatabase[Symbol.asyncDispose]();
});

const DEEP = `id number supplier { id } purchaseOrder { id } requisition { id } costCentre { id } lines { id quantity { value unitCode } netAmount { amount } }
  holds { code ownerRole } payments { status amount { amount } invoice { id } } taxes { category taxAmount { amount currency } } legalSteps`;

/** Ids of the representations of another room's documents. */
function representations(typename: string, ids: readonly string[]): Record<string, unknown>[] {
  return ids.map((id) => ({ __typename: typename, id }));
}

describe('an invoice', () => {
  it('is read whole', async () => {
    const { invoice } = await world.query(
      CLERK,
      `query ($id: ID!) { invoice(id: $id) { ${DEEP} status paymentStatus netAmount { amount currency } sourceDocument { format } capturedBy capturedAt } }`,
      { id: invoices[0]?.['id'] },
    );
    expect(invoice).toMatchObject({
      status: 'POSTED',
      paymentStatus: 'PAID',
      supplier: { id: supplier.supplierId },
      purchaseOrder: { id: orders[0]?.purchaseOrderId },
      requisition: { id: orders[0]?.requisitionId },
      costCentre: { id: 'DE01-4100' },
      netAmount: { amount: '1000.00', currency: 'EUR' },
      lines: [{ quantity: { value: '10', unitCode: 'C62' }, netAmount: { amount: '1000.00' } }],
      payments: [{ status: 'PAID', amount: { amount: '1190.00' } }],
      taxes: [{ category: 'S', taxAmount: { amount: '190.00', currency: 'EUR' } }],
      sourceDocument: { format: 'MANUAL' },
      capturedBy: 'ap-clerk',
    });
  });

  it.each(['architect', 'receiver', 'supplier-steward'])('is not for the role %s', async (role) => {
    const asked = viewer('someone', role);
    await expect(world.query(asked, '{ invoice(id: "x") { id } }')).rejects.toThrow('FORBIDDEN');
    await expect(world.query(asked, '{ invoices(first: 1) { nodes { id } } }')).rejects.toThrow(
      'FORBIDDEN',
    );
    await expect(world.query(asked, '{ matchPolicies { companyCode } }')).rejects.toThrow(
      'FORBIDDEN',
    );
  });

  it('is seen by cost centre, and by whoever asked for the goods', async () => {
    const operation = '{ invoices(first: 100) { nodes { costCentre { id } } } }';
    const count = async (id: string, costCentres: string[], companies = ['DE01']) => {
      const answer = await world.query(
        viewer(id, 'requestor', { companies, costCentres }),
        operation,
      );
      return (answer['invoices'] as { nodes: unknown[] }).nodes.length;
    };
    expect(await count('somebody', ['DE01-4100'])).toBe(INVOICES / 2);
    expect(await count('somebody', ['*'])).toBe(INVOICES);
    expect(await count('somebody', [])).toBe(0);
    expect(await count('requestor', [])).toBe(INVOICES);
    expect(await count('requestor', ['*'], ['US01'])).toBe(0);
    const { invoice } = await world.query(
      viewer('somebody', 'requestor', { companies: ['DE01'], costCentres: [] }),
      `{ invoice(id: "${String(invoices[0]?.['id'])}") { id } }`,
    );
    expect(invoice).toBeNull();
  });

  it('is in the queue of unknown suppliers only for those who can name one', async () => {
    await world.mutate(CLERK, 'captureInvoice', captureInput({ companyCode: 'PL01' }));
    const operation = '{ supplierUnknownInvoices(first: 5) { nodes { status supplier { id } } } }';
    expect(await world.query(CLERK, operation)).toEqual({
      supplierUnknownInvoices: { nodes: [{ status: 'SUPPLIER_UNKNOWN', supplier: null }] },
    });
    await expect(world.query(viewer('a', 'auditor'), operation)).rejects.toThrow('FORBIDDEN');
  });
});

describe('lists', () => {
  it('are read page by page, forwards and backwards, without gap or repeat', async () => {
    const seen: string[] = [];
    for (let after: string | null = null; ;) {
      const answer: Answer = await world.query(
        CLERK,
        'query ($after: String) { invoices(filter: { companyCode: "DE01" }, first: 5, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } }',
        { after },
      );
      const { nodes, pageInfo } = answer['invoices'] as {
        nodes: { id: string }[];
        pageInfo: { hasNextPage: boolean; endCursor: string };
      };
      seen.push(...nodes.map(({ id }) => id));
      if (!pageInfo.hasNextPage) break;
      after = pageInfo.endCursor;
    }
    expect(seen).toEqual(invoices.map((invoice) => invoice['id']));
    const { invoices: last } = await world.query(
      CLERK,
      '{ invoices(filter: { companyCode: "DE01" }, last: 2) { nodes { id } } }',
    );
    expect((last as { nodes: { id: string }[] }).nodes.map(({ id }) => id)).toEqual(seen.slice(-2));
  });

  it.each([
    ['{ statuses: [POSTED] }', INVOICES],
    ['{ statuses: [HELD] }', 0],
    ['{ paymentStatuses: [PAID, SCHEDULED] }', INVOICES],
    ['{ kind: CREDIT_MEMO }', 0],
    ['{ costCentreId: "DE01-4200" }', INVOICES / 2],
    ['{ supplierInvoiceNumber: "nothing" }', 0],
    ['{ openHold: PRICE_VARIANCE }', 0],
    ['{ issuedFrom: "2026-11-20", issuedTo: "2026-11-20", companyCode: "DE01" }', INVOICES],
    ['{ issuedFrom: "2026-11-21" }', 0],
    ['{ dueTo: "2026-11-21" }', 0],
  ])('are filtered by %s', async (filter, expected) => {
    const answer = await world.query(
      CLERK,
      `{ invoices(filter: ${filter}, first: 100) { nodes { id } } }`,
    );
    expect((answer['invoices'] as { nodes: unknown[] }).nodes).toHaveLength(expected);
  });

  it.each([
    '{ invoices { nodes { id } } }',
    '{ invoices(first: 101) { nodes { id } } }',
    '{ invoices(first: 1, last: 1) { nodes { id } } }',
    '{ invoices(first: 1, after: "x") { nodes { id } } }',
  ])('have a known size: %s is refused', async (operation) => {
    await expect(world.query(CLERK, operation)).rejects.toThrow('BAD_USER_INPUT');
  });

  it('cost the same number of statements whatever their length', async () => {
    const ran = async (first: number) => {
      world.countStatements();
      await world.query(
        CLERK,
        `query ($first: Int) { invoices(first: $first) { nodes { ${DEEP} } } }`,
        { first },
      );
      return world.countStatements();
    };
    const one = await ran(1);
    expect(await ran(INVOICES)).toBe(one);
    expect(one).toBeLessThanOrEqual(6);
  });
});

describe("other rooms' documents", () => {
  const ids: Readonly<Record<string, () => string[]>> = {
    PurchaseOrder: () => orders.map((order) => order.purchaseOrderId),
    Requisition: () => orders.map((order) => order.requisitionId),
    Supplier: () => [supplier.supplierId],
    CostCentre: () => ['DE01-4100', 'DE01-4200'],
  };
  it.each(Object.keys(ids))('%s lists its invoices in one statement', async (typename) => {
    const operation = `query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on ${typename} { id invoices(first: 100) { nodes { id } } } } }`;
    const asked = ids[typename]?.() ?? [];
    world.countStatements();
    const { _entities } = await world.query(CLERK, operation, {
      representations: representations(typename, asked),
    });
    expect(world.countStatements()).toBe(1);
    const found = (_entities as { invoices: { nodes: { id: string }[] } }[]).flatMap((entity) =>
      entity.invoices.nodes.map(({ id }) => id),
    );
    expect(found.sort()).toEqual(invoices.map((invoice) => String(invoice['id'])).sort());
  });

  it.each(['PurchaseOrder', 'Requisition'])(
    '%s lists its payments in one statement, for those who may see payments',
    async (typename) => {
      const operation = `query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on ${typename} { payments { number } } } }`;
      const variables = { representations: representations(typename, ids[typename]?.() ?? []) };
      world.countStatements();
      const { _entities } = await world.query(CLERK, operation, variables);
      expect(world.countStatements()).toBe(1);
      expect(
        (_entities as { payments: { number: string }[] }[]).map(({ payments }) => payments.length),
      ).toEqual(orders.map(() => 1));
      await expect(world.query(viewer('r', 'receiver'), operation, variables)).rejects.toThrow(
        'FORBIDDEN',
      );
    },
  );

  it('give no invoice to those who may not see it', async () => {
    const operation =
      'query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on Invoice { id } ... on Payment { number } } }';
    const [payment] = await world.database.query<{ id: string }>('select id from payment limit 1');
    const asked = [
      ...representations('Invoice', [String(invoices[0]?.['id'])]),
      ...representations('Payment', [payment?.id ?? '']),
    ];
    expect(
      await world.query(viewer('x', 'requestor', { companies: ['US01'] }), operation, {
        representations: asked,
      }),
    ).toEqual({ _entities: [null, null] });
    expect(
      await world.query(viewer('x', 'receiver'), operation, { representations: asked }),
    ).toEqual({ _entities: [null, null] });
    expect(await world.query(CLERK, operation, { representations: asked })).toMatchObject({
      _entities: [{ id: invoices[0]?.['id'] }, { number: expect.any(String) }],
    });
  });
});

describe('match policies', () => {
  it('are read as data', async () => {
    const { matchPolicies } = await world.query(
      CLERK,
      '{ matchPolicies { companyCode category isThreeWay priceUpper { percent absolute } quantityUpper { percent } unorderedAmount amountLimit } }',
    );
    expect(matchPolicies).toContainEqual({
      companyCode: '*',
      category: 'SERVICES',
      isThreeWay: false,
      priceUpper: { percent: '2', absolute: '500' },
      quantityUpper: { percent: '0' },
      unorderedAmount: '250',
      amountLimit: '1000000',
    });
  });

  it('decide by company and category', async () => {
    const order = await world.order({ supplierId: supplier.supplierId, category: 'SERVICES' });
    expect(
      await world.mutate(
        CLERK,
        'captureInvoice',
        captureInput({ supplierId: supplier.supplierId, purchaseOrderId: order.purchaseOrderId }),
      ),
    ).toMatchObject({ status: 'POSTING' });
  });
});
