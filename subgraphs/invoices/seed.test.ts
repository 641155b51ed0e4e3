import { describe, expect, it } from '@jest/globals';
import { newId } from '#kernel/id.ts';
import { createTestDatabase } from '../../tests/support/test-database.ts';
import { captureDocument } from './domain/captured-document.ts';
import { captured } from './domain/invoice.ts';
import { stateManualInvoice } from './domain/manual-invoice.ts';
import { CLERK, MIGRATIONS, createGraphWorld } from './graph-world.ts';
import { seedInvoices } from './seed.ts';
import type { Dossier } from './domain/invoice.ts';

const ONE = { units: 1n, scale: 0 };
const HUNDRED = { units: 100n, scale: 0 };

function dossier(index: number): Dossier {
  const stated = stateManualInvoice({
    kind: 'STANDARD',
    supplierInvoiceNumber: `S-${index}`,
    issuedOn: '2026-11-01',
    currency: 'EUR',
    sellerName: 'Kessel GmbH',
    lines: [
      {
        description: 'Seal',
        quantity: { value: ONE, unitCode: 'C62' },
        unitPrice: HUNDRED,
        taxCategory: 'Z',
        taxPercent: { units: 0n, scale: 0 },
      },
    ],
    netTotal: HUNDRED,
    taxTotal: { units: 0n, scale: 0 },
    grossTotal: HUNDRED,
  });
  const document = stated.ok ? captureDocument(stated.value) : stated;
  if (!document.ok) throw new Error(document.problem.message);
  const id = newId();
  const { invoice, lines, holds } = captured(document.value, {
    id,
    number: `INV-DE01-${String(index).padStart(6, '0')}`,
    companyCode: 'DE01',
    costCentreId: null,
    supplierId: 's-1',
    correlationId: newId(),
    order: null,
    lineIds: [newId()],
    source: { format: 'MANUAL', sha256: 'x', sizeBytes: 1 },
    capturedBy: 'demo-seeder',
    now: new Date(),
  });
  return { invoice: { ...invoice, status: 'POSTED', paymentStatus: 'PAID' }, lines, holds };
}

describe('seeding', () => {
  it('writes thousands of invoices with a handful of statements, once', async () => {
    await using testDatabase = await createTestDatabase();
    const world = await createGraphWorld(await testDatabase.open('invoices', MIGRATIONS));
    const invoices = Array.from({ length: 2_500 }, (_unused, index) => dossier(index));
    const payments = invoices.map(({ invoice }) => ({
      id: newId(),
      invoiceId: invoice.id,
      erp: 'simulator',
      number: `P-${invoice.number}`,
      amountMinor: 10_000n,
      currency: 'EUR',
      status: 'PAID' as const,
      valueOn: '2026-11-20',
      erpSequence: 2,
      version: 1,
      reportedAt: new Date(),
    }));
    const suppliers = [
      {
        id: 's-1',
        number: 'SUP-000001',
        legalName: 'Kessel GmbH',
        status: 'ACTIVE',
        blocks: [],
        sequence: 1,
        keys: [{ kind: 'NAME' as const, value: 'kessel gmbh' }],
      },
    ];
    const seed = { suppliers, orders: [], receipts: [], invoices, payments };
    expect(await seedInvoices(world.database, seed)).toBe(2_500);
    expect(await seedInvoices(world.database, seed)).toBe(0);
    const answer = await world.query(
      CLERK,
      '{ invoices(last: 1) { nodes { number supplierInvoiceNumber grossAmount { amount } lines { description } payments { status } } } }',
    );
    expect(answer).toMatchObject({
      invoices: {
        nodes: [
          {
            number: expect.stringMatching(/^INV-DE01-/),
            grossAmount: { amount: '100.00' },
            lines: [{ description: 'Seal' }],
            payments: [{ status: 'PAID' }],
          },
        ],
      },
    });
    expect(await world.database.query('select 1 from outbox')).toEqual([]);
  });
});
