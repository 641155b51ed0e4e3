import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase } from '../../tests/support/test-database.ts';
import { CLERK, MIGRATIONS, captureInput, createGraphWorld, viewer } from './graph-world.ts';
import type { TestDatabase } from '../../tests/support/test-database.ts';
import type { GraphWorld } from './graph-world.ts';

let testDatabase: TestDatabase;
let world: GraphWorld;
beforeAll(async () => {
  testDatabase = await createTestDatabase();
  world = await createGraphWorld(await testDatabase.open('invoices', MIGRATIONS, 24));
});
afterAll(async () => {
  await testDatabase[Symbol.asyncDispose]();
});

describe('an invoice as data', () => {
  it.each([
    [
      'a negative quantity',
      {
        lines: [
          {
            description: 'x',
            quantity: { value: '-1', unitCode: 'C62' },
            unitPrice: '1',
            taxPercent: '0',
          },
        ],
      },
      'NEGATIVE_QUANTITY',
    ],
    [
      'a negative price',
      {
        lines: [
          {
            description: 'x',
            quantity: { value: '1', unitCode: 'C62' },
            unitPrice: '-1',
            taxPercent: '0',
          },
        ],
      },
      'NEGATIVE_PRICE',
    ],
    [
      'no quantity',
      {
        lines: [
          {
            description: 'x',
            quantity: { value: '0', unitCode: 'C62' },
            unitPrice: '1',
            taxPercent: '0',
          },
        ],
      },
      'ZERO_QUANTITY',
    ],
    ['no line', { lines: [] }, 'BAD_LENGTH'],
    ['no seller', { sellerName: null }, 'SELLER_MISSING'],
    ['a negative total', { grossTotal: '-1' }, 'NEGATIVE_AMOUNT'],
    ['a company that is none', { companyCode: 'de' }, 'UNKNOWN_COMPANY'],
  ])('with %s is refused by field', async (_name, over, code) => {
    const answer = await world.mutate(
      CLERK,
      'captureInvoice',
      captureInput(over),
      '... on InvalidInputProblem { fields { field code } }',
    );
    expect(answer).toMatchObject({ __typename: 'InvalidInputProblem', fields: [{ code }] });
  });

  it.each([
    ['a wrong total', { grossTotal: '1191.00' }, 'TotalsMismatchProblem'],
    ['a wrong net total', { netTotal: '999.00', grossTotal: '1189.00' }, 'TotalsMismatchProblem'],
    [
      'a tax that its rate does not give',
      { taxTotal: '150.00', grossTotal: '1150.00' },
      'TotalsMismatchProblem',
    ],
    ['an unknown currency', { currency: 'XXX' }, 'UnknownCurrencyProblem'],
    ['an unknown supplier id', { supplierId: 'nobody' }, 'NotFoundProblem'],
    ['an unknown order id', { purchaseOrderId: 'nothing' }, 'NotFoundProblem'],
    [
      'more decimals than the currency has',
      {
        currency: 'JPY',
        lines: [
          {
            description: 'x',
            quantity: { value: '1', unitCode: 'C62' },
            unitPrice: '0.5',
            netAmount: '0.5',
            taxPercent: '0',
          },
        ],
        netTotal: '0.5',
        taxTotal: '0',
        grossTotal: '0.5',
      },
      'DocumentRulesProblem',
    ],
  ])('with %s is refused', async (_name, over, type) => {
    expect(await world.mutate(CLERK, 'captureInvoice', captureInput(over))).toMatchObject({
      __typename: type,
    });
  });

  it('is captured once of twenty at once, whoever sends it and however it is written', async () => {
    const supplier = await world.supplier();
    const writings = ['INV 0042', 'INV-42', '42', 'inv0042', '0042'];
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_unused, index) =>
        world.mutate(
          viewer(`clerk-${index}`, 'ap-clerk'),
          'captureInvoice',
          captureInput({
            supplierId: supplier.supplierId,
            supplierInvoiceNumber: writings[index % writings.length],
          }),
          '... on DuplicateInvoiceProblem { existingInvoice { id } }',
        ),
      ),
    );
    const [first, ...others] = answers.filter((answer) => answer['__typename'] === 'Invoice');
    expect(others).toEqual([]);
    const duplicates = answers.filter(
      (answer) => answer['__typename'] === 'DuplicateInvoiceProblem',
    );
    expect(duplicates).toHaveLength(19);
    for (const duplicate of duplicates)
      expect(duplicate).toMatchObject({
        code: 'DUPLICATE_INVOICE',
        existingInvoice: { id: first?.['id'] },
      });
    const rows = await world.database.query('select 1 from invoice where supplier_id = $1', [
      supplier.supplierId,
    ]);
    expect(rows).toHaveLength(1);
  });

  it('is captured once of twenty at once while its supplier is unknown', async () => {
    const input = captureInput({ sellerTaxNumber: 'DE129273398', supplierInvoiceNumber: 'U-1' });
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => world.mutate(CLERK, 'captureInvoice', input)),
    );
    expect(answers.filter((answer) => answer['__typename'] === 'Invoice')).toHaveLength(1);
  });

  it('numbers without gaps, also when captures are refused', async () => {
    const number = (answer: Record<string, unknown>) => Number(String(answer['number']).slice(-6));
    const first = await world.mutate(
      CLERK,
      'captureInvoice',
      captureInput({ supplierInvoiceNumber: 'GAP-1' }),
    );
    await world.mutate(CLERK, 'captureInvoice', captureInput({ supplierInvoiceNumber: 'GAP-1' }));
    const second = await world.mutate(
      CLERK,
      'captureInvoice',
      captureInput({ supplierInvoiceNumber: 'GAP-2' }),
    );
    expect(number(second)).toBe(number(first) + 1);
  });

  it('is answered the same for the same key, and refused for the same key with another input', async () => {
    const input = { ...captureInput(), idempotencyKey: 'key-1' };
    const first = await world.mutate(CLERK, 'captureInvoice', input);
    expect(await world.mutate(CLERK, 'captureInvoice', input)).toEqual(first);
    expect(
      await world.mutate(CLERK, 'captureInvoice', { ...input, supplierInvoiceNumber: 'other' }),
    ).toMatchObject({ __typename: 'IdempotencyKeyReusedProblem' });
  });

  it.each([
    'requestor',
    'approver',
    'buyer',
    'receiver',
    'auditor',
    'finance-operations',
    'architect',
    'supplier-steward',
  ])('is not captured by the role %s', async (role) => {
    await expect(
      world.mutate(viewer('someone', role), 'captureInvoice', captureInput()),
    ).rejects.toThrow('FORBIDDEN');
  });

  it('is not captured for a company that the clerk does not work for', async () => {
    const clerk = viewer('clerk', 'ap-clerk', { companies: ['US01'] });
    await expect(world.mutate(clerk, 'captureInvoice', captureInput())).rejects.toThrow(
      'FORBIDDEN',
    );
  });
});
