import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase } from '../../tests/support/test-database.ts';
import { createBilling } from './billing-world.ts';
import {
  CLERK,
  MIGRATIONS,
  OPERATIONS,
  SECOND_CLERK,
  createGraphWorld,
  viewer,
} from './graph-world.ts';
import type { SupplierSnapshot } from '../suppliers/events.ts';
import type { TestDatabase } from '../../tests/support/test-database.ts';
import type { Billing } from './billing-world.ts';
import type { GraphWorld } from './graph-world.ts';

let testDatabase: TestDatabase;
let world: GraphWorld;
let supplier: SupplierSnapshot;
let billing: Billing;
beforeAll(async () => {
  testDatabase = await createTestDatabase();
  world = await createGraphWorld(await testDatabase.open('invoices', MIGRATIONS, 24));
  supplier = await world.supplier();
  billing = createBilling(world, supplier);
});
afterAll(async () => {
  await testDatabase[Symbol.asyncDispose]();
});

describe('releasing holds', () => {
  const reason = 'Agreed by telephone.';

  it('lets the invoice go on, and says who did it', async () => {
    const invoice = await billing.held();
    const answer = await world.mutate(SECOND_CLERK, 'releaseHolds', {
      invoiceId: invoice['id'],
      holdIds: billing.openIds(invoice),
      reason,
    });
    expect(answer).toMatchObject({
      status: 'POSTING',
      holds: [{ status: 'RELEASED', closedBy: 'second-clerk' }],
    });
    expect(await world.told(String(invoice['id']))).toEqual([
      'invoice.captured',
      'invoice.held',
      'invoice.released',
      'invoice.matched',
      'invoice.posting-requested',
    ]);
  });

  it('is refused to whoever captured the invoice', async () => {
    const invoice = await billing.held();
    const answer = await world.mutate(
      CLERK,
      'releaseHolds',
      { invoiceId: invoice['id'], holdIds: billing.openIds(invoice), reason },
      '... on SegregationOfDutiesProblem { rule }',
    );
    expect(answer).toMatchObject({
      __typename: 'SegregationOfDutiesProblem',
      rule: 'capturer-does-not-release',
    });
  });

  it('needs the permission that the hold names', async () => {
    const order = await billing.orderOf([{}], '0');
    const invoice = await billing.capture({ purchaseOrderId: order.purchaseOrderId });
    const input = { invoiceId: invoice['id'], holdIds: billing.openIds(invoice), reason };
    await expect(world.mutate(SECOND_CLERK, 'releaseHolds', input)).rejects.toThrow(
      'hold:release-payment',
    );
    expect(await billing.read(invoice)).toMatchObject({ status: 'AWAITING_RECEIPT' });
    expect(await world.mutate(OPERATIONS, 'releaseHolds', input)).toMatchObject({
      status: 'POSTING',
    });
  });

  it.each(['requestor', 'approver', 'buyer', 'auditor', 'receiver'])(
    'is not for the role %s',
    async (role) => {
      const invoice = await billing.held();
      await expect(
        world.mutate(viewer('someone', role), 'releaseHolds', {
          invoiceId: invoice['id'],
          holdIds: billing.openIds(invoice),
          reason,
        }),
      ).rejects.toThrow('FORBIDDEN');
    },
  );

  it('is refused for a hold whose cause must go', async () => {
    const blocked = await world.supplier({ blocks: ['POSTING'] });
    const order = await world.order({ supplierId: blocked.supplierId });
    await world.receive(order, '10');
    const invoice = await billing.capture({
      supplierId: blocked.supplierId,
      purchaseOrderId: order.purchaseOrderId,
    });
    expect(invoice).toMatchObject({
      status: 'HELD',
      holds: [{ code: 'SUPPLIER_BLOCKED', releasePermission: null }],
    });
    const answer = await world.mutate(
      OPERATIONS,
      'releaseHolds',
      { invoiceId: invoice['id'], holdIds: billing.openIds(invoice), reason },
      '... on HoldNotReleasableProblem { holdCode ownerRole }',
    );
    expect(answer).toMatchObject({
      __typename: 'HoldNotReleasableProblem',
      holdCode: 'SUPPLIER_BLOCKED',
      ownerRole: 'supplier-steward',
    });
    await world.supplier({ ...blocked, blocks: [] }, 2);
    expect(await billing.read(invoice)).toMatchObject({
      status: 'POSTING',
      holds: [{ status: 'LIFTED' }],
    });
  });

  it('does not let through what others have billed meanwhile', async () => {
    const order = await billing.orderOf();
    const first = await billing.capture({
      purchaseOrderId: order.purchaseOrderId,
      ...billing.priced(110),
    });
    expect(await billing.capture({ purchaseOrderId: order.purchaseOrderId })).toMatchObject({
      status: 'HELD',
      holds: [{ code: 'QTY_OVER_ORDERED' }, { code: 'QTY_OVER_RECEIVED' }],
    });
    await world.mutate(SECOND_CLERK, 'releaseHolds', {
      invoiceId: first['id'],
      holdIds: billing.openIds(first),
      reason,
    });
    const rest = await billing.capture({
      purchaseOrderId: order.purchaseOrderId,
      ...billing.priced(100, 1),
    });
    expect(rest).toMatchObject({ status: 'HELD' });
  });

  it.each([
    ['without a hold', { holdIds: [] }, 'InvalidInputProblem'],
    ['without a reason', { reason: ' ' }, 'InvalidInputProblem'],
    ['with an unknown hold', { holdIds: ['nothing'] }, 'NotFoundProblem'],
    ['with an unknown invoice', { invoiceId: 'nothing' }, 'NotFoundProblem'],
    ['with an old version', { expectedVersion: 1 }, 'VersionConflictProblem'],
  ])('%s is refused', async (_name, over, type) => {
    const invoice = await billing.held();
    const input = { invoiceId: invoice['id'], holdIds: billing.openIds(invoice), reason, ...over };
    expect(await world.mutate(SECOND_CLERK, 'releaseHolds', input)).toMatchObject({
      __typename: type,
    });
    expect(await billing.read(invoice)).toMatchObject({ status: 'HELD', version: 2 });
  });

  it('is refused where nothing is held, and repeats its answer for the same key', async () => {
    const invoice = await billing.held();
    const input = {
      idempotencyKey: 'release-1',
      invoiceId: invoice['id'],
      holdIds: billing.openIds(invoice),
      reason,
    };
    const first = await world.mutate(SECOND_CLERK, 'releaseHolds', input);
    expect(await world.mutate(SECOND_CLERK, 'releaseHolds', input)).toEqual(first);
    expect(
      await world.mutate(SECOND_CLERK, 'releaseHolds', { ...input, reason: 'another' }),
    ).toMatchObject({ __typename: 'IdempotencyKeyReusedProblem' });
    const other = { ...input, idempotencyKey: 'release-2' };
    expect(['IllegalTransitionProblem', 'NotFoundProblem']).toContain(
      (await world.mutate(SECOND_CLERK, 'releaseHolds', other))['__typename'],
    );
  });
});
