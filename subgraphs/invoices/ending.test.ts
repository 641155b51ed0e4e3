import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase } from '../../tests/support/test-database.ts';
import { createBilling } from './billing-world.ts';
import { CLERK, MIGRATIONS, captureInput, createGraphWorld, viewer } from './graph-world.ts';
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

describe('an unknown supplier', () => {
  it('is named by a clerk; the invoice is then matched', async () => {
    const order = await billing.orderOf();
    const invoice = await world.mutate(
      CLERK,
      'captureInvoice',
      captureInput({ orderReference: order.number }),
    );
    expect(invoice).toMatchObject({
      status: 'SUPPLIER_UNKNOWN',
      correlationId: order.correlationId,
    });
    const answer = await world.mutate(CLERK, 'resolveInvoiceSupplier', {
      invoiceId: invoice['id'],
      supplierId: supplier.supplierId,
    });
    expect(answer).toMatchObject({ __typename: 'Invoice', status: 'POSTING' });
    expect(await world.told(String(invoice['id']))).toEqual([
      'invoice.captured',
      'invoice.supplier-resolved',
      'invoice.matched',
      'invoice.posting-requested',
    ]);
    const again = await world.mutate(CLERK, 'resolveInvoiceSupplier', {
      invoiceId: invoice['id'],
      supplierId: supplier.supplierId,
    });
    expect(again).toMatchObject({ __typename: 'IllegalTransitionProblem' });
  });

  it('is told by its master record as soon as there is one', async () => {
    const invoice = await world.mutate(
      CLERK,
      'captureInvoice',
      captureInput({ sellerTaxNumber: 'DE 811 907 980' }),
    );
    expect(invoice).toMatchObject({ status: 'SUPPLIER_UNKNOWN' });
    await world.supplier({
      taxRegistrations: [{ countryCode: 'DE', scheme: 'VAT', number: 'DE811907980' }],
    });
    expect(await billing.read(invoice)).toMatchObject({
      status: 'HELD',
      holds: [{ code: 'NO_PO' }],
    });
  });

  it('may not turn out to be one who sent the number before', async () => {
    const number = { supplierInvoiceNumber: 'TWICE-1' };
    const first = await billing.capture(number);
    const second = await world.mutate(
      CLERK,
      'captureInvoice',
      captureInput({ ...number, sellerName: 'The same under another name' }),
    );
    const answer = await world.mutate(
      CLERK,
      'resolveInvoiceSupplier',
      { invoiceId: second['id'], supplierId: supplier.supplierId },
      '... on DuplicateInvoiceProblem { existingInvoice { id } }',
    );
    expect(answer).toMatchObject({
      __typename: 'DuplicateInvoiceProblem',
      existingInvoice: { id: first['id'] },
    });
  });

  it('is refused when nobody knows that one either', async () => {
    const invoice = await world.mutate(CLERK, 'captureInvoice', captureInput());
    expect(
      await world.mutate(CLERK, 'resolveInvoiceSupplier', {
        invoiceId: invoice['id'],
        supplierId: 'nobody',
      }),
    ).toMatchObject({ __typename: 'NotFoundProblem' });
  });
});

describe('ending an invoice', () => {
  it('lets another invoice go on that waited for what it took', async () => {
    const order = await billing.orderOf();
    const first = await billing.capture({
      purchaseOrderId: order.purchaseOrderId,
      ...billing.priced(110),
    });
    const second = await billing.capture({ purchaseOrderId: order.purchaseOrderId });
    expect(second).toMatchObject({ status: 'HELD' });
    await world.mutate(CLERK, 'rejectInvoice', { invoiceId: first['id'], reason: 'Wrong price.' });
    expect(await billing.read(second)).toMatchObject({ status: 'POSTING' });
  });

  it.each([
    ['rejectInvoice', 'REJECTED'],
    ['cancelInvoice', 'CANCELLED'],
  ])('%s frees its number and what it took', async (mutation, status) => {
    const order = await billing.orderOf();
    const over = {
      purchaseOrderId: order.purchaseOrderId,
      ...billing.priced(110),
      supplierInvoiceNumber: `END-${mutation}`,
    };
    const invoice = await billing.capture(over);
    expect(
      await world.mutate(CLERK, mutation, { invoiceId: invoice['id'], reason: 'Wrong price.' }),
    ).toMatchObject({
      status,
      paymentStatus: 'VOIDED',
      endReason: 'Wrong price.',
      holds: [{ status: 'LIFTED' }],
    });
    expect(await billing.capture({ ...over, ...billing.priced(100) })).toMatchObject({
      status: 'POSTING',
    });
    expect(
      await world.mutate(CLERK, mutation, { invoiceId: invoice['id'], reason: 'Again.' }),
    ).toMatchObject({ __typename: 'IllegalTransitionProblem' });
  });

  it.each(['rejectInvoice', 'cancelInvoice', 'retryPosting', 'rematchInvoice'])(
    '%s is refused without permission, without a visible invoice, and with an old version',
    async (mutation) => {
      const invoice = await billing.held();
      const reason =
        mutation.endsWith('Invoice') && mutation !== 'rematchInvoice' ? { reason: 'No.' } : {};
      await expect(
        world.mutate(viewer('r', 'requestor'), mutation, { invoiceId: invoice['id'], ...reason }),
      ).rejects.toThrow('FORBIDDEN');
      await expect(
        world.mutate(viewer('r', 'requestor'), mutation, { invoiceId: 'nothing', ...reason }),
      ).rejects.toThrow('FORBIDDEN');
      const elsewhere = viewer('elsewhere', 'ap-clerk', { companies: ['US01'] });
      expect(
        await world.mutate(elsewhere, mutation, { invoiceId: invoice['id'], ...reason }),
      ).toMatchObject({ __typename: 'NotFoundProblem' });
      expect(
        await world.mutate(CLERK, mutation, {
          invoiceId: invoice['id'],
          expectedVersion: 7,
          ...reason,
        }),
      ).toMatchObject({ __typename: 'VersionConflictProblem', retryable: true });
    },
  );

  it('is refused without a reason', async () => {
    const invoice = await billing.held();
    for (const mutation of ['rejectInvoice', 'cancelInvoice']) {
      expect(
        await world.mutate(CLERK, mutation, { invoiceId: invoice['id'], reason: '' }),
      ).toMatchObject({ __typename: 'InvalidInputProblem' });
    }
  });
});
