import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase } from '../../tests/support/test-database.ts';
import { DOCUMENT_LIMIT_BYTES } from './domain/document-content.ts';
import { CLERK, MIGRATIONS, createGraphWorld } from './graph-world.ts';
import type { TestDatabase } from '../../tests/support/test-database.ts';
import type { GraphWorld } from './graph-world.ts';

const DATA = new URL('../../../shared/data/', import.meta.url);
const hasData = existsSync(DATA);
const UBL = 'urn:oasis:names:specification:ubl:schema:xsd';
const TINY = `<Invoice xmlns="${UBL}:Invoice-2"/>`;

let testDatabase: TestDatabase;
let world: GraphWorld;
beforeAll(async () => {
  testDatabase = await createTestDatabase();
  world = await createGraphWorld(await testDatabase.open('invoices', MIGRATIONS, 24));
});
afterAll(async () => {
  await testDatabase[Symbol.asyncDispose]();
});

/** A UBL invoice over 100.00 net; replace what matters. */
function ubl(number: string, change: (xml: string) => string = (xml) => xml): string {
  return change(`<?xml version="1.0" encoding="UTF-8"?>
<Invoice xmlns="${UBL}:Invoice-2" xmlns:a="${UBL}:CommonAggregateComponents-2" xmlns:b="${UBL}:CommonBasicComponents-2">
  <b:ID>${number}</b:ID><b:IssueDate>2026-11-20</b:IssueDate><b:DueDate>2026-12-20</b:DueDate>
  <b:InvoiceTypeCode>380</b:InvoiceTypeCode><b:DocumentCurrencyCode>EUR</b:DocumentCurrencyCode>
  <a:AccountingSupplierParty><a:Party><a:PostalAddress><a:Country><b:IdentificationCode>DE</b:IdentificationCode></a:Country></a:PostalAddress>
    <a:PartyTaxScheme><b:CompanyID>DE136695976</b:CompanyID></a:PartyTaxScheme>
    <a:PartyLegalEntity><b:RegistrationName>Kessel GmbH</b:RegistrationName></a:PartyLegalEntity></a:Party></a:AccountingSupplierParty>
  <a:PaymentMeans><b:PaymentMeansCode>58</b:PaymentMeansCode><a:PayeeFinancialAccount><b:ID>DE89370400440532013000</b:ID></a:PayeeFinancialAccount></a:PaymentMeans>
  <a:TaxTotal><b:TaxAmount currencyID="EUR">19.00</b:TaxAmount><a:TaxSubtotal><b:TaxableAmount currencyID="EUR">100.00</b:TaxableAmount>
    <b:TaxAmount currencyID="EUR">19.00</b:TaxAmount><a:TaxCategory><b:ID>S</b:ID><b:Percent>19</b:Percent></a:TaxCategory></a:TaxSubtotal></a:TaxTotal>
  <a:LegalMonetaryTotal><b:LineExtensionAmount currencyID="EUR">100.00</b:LineExtensionAmount><b:TaxExclusiveAmount currencyID="EUR">100.00</b:TaxExclusiveAmount>
    <b:TaxInclusiveAmount currencyID="EUR">119.00</b:TaxInclusiveAmount><b:PayableAmount currencyID="EUR">119.00</b:PayableAmount></a:LegalMonetaryTotal>
  <a:InvoiceLine><b:ID>1</b:ID><b:InvoicedQuantity unitCode="C62">1</b:InvoicedQuantity><b:LineExtensionAmount currencyID="EUR">100.00</b:LineExtensionAmount>
    <a:Item><b:Name>Item 1</b:Name><a:ClassifiedTaxCategory><b:ID>S</b:ID><b:Percent>19</b:Percent></a:ClassifiedTaxCategory></a:Item>
    <a:Price><b:PriceAmount currencyID="EUR">100.00</b:PriceAmount></a:Price></a:InvoiceLine>
</Invoice>`);
}

function captureDocument(content: string | { base64: string }, select = '') {
  const body = typeof content === 'string' ? { content } : { contentBase64: content.base64 };
  return world.mutate(CLERK, 'captureInvoiceDocument', { companyCode: 'DE01', ...body }, select);
}

async function countInvoices(): Promise<bigint> {
  const [row] = await world.database.query<{ count: bigint }>(
    'select count(*) as count from invoice',
  );
  return row?.count ?? 0n;
}

describe('the real e-invoices', () => {
  it('are all captured with exactly the totals their XML states, and an invoice that comes twice is a duplicate', async () => {
    if (!hasData && process.env['CI'] !== 'true') {
      process.stderr.write(
        `The real documents are not at ${DATA.href}; their capture is not shown.\n`,
      );
      return;
    }
    let captured = 0;
    for (const [folder, pattern] of [
      ['xrechnung/business-cases/standard/', /_ubl\.xml$/],
      ['en16931/ubl/examples/', /\.xml$/i],
    ] as const) {
      for (const name of (await readdir(new URL(folder, DATA))).filter((file) =>
        pattern.test(file),
      )) {
        const bytes = await readFile(new URL(folder + encodeURIComponent(name), DATA));
        const answer = await captureDocument({ base64: bytes.toString('base64') });
        const totals =
          /LegalMonetaryTotal>[\s\S]*?LegalMonetaryTotal>/.exec(bytes.toString('utf8'))?.[0] ?? '';
        const stated = (element: string) =>
          Number(new RegExp(`${element}[^>]*>\\s*(-?[\\d.]+)`).exec(totals)?.[1]).toFixed(2);
        expect({ name, answer }).toMatchObject({
          name,
          answer: {
            __typename: 'Invoice',
            status: 'SUPPLIER_UNKNOWN',
            netAmount: { amount: stated('TaxExclusiveAmount') },
            grossAmount: { amount: stated('TaxInclusiveAmount') },
            payableAmount: { amount: stated('PayableAmount') },
          },
        });
        captured += 1;
      }
    }
    expect(captured).toBe(33 + 19);
    const { queue } = await world.query(
      CLERK,
      '{ queue: supplierUnknownInvoices(first: 100) { nodes { status } } }',
    );
    expect((queue as { nodes: unknown[] }).nodes.length).toBeGreaterThan(20);
  });
});

describe('a document', () => {
  it('is captured with its source, and its bank account nowhere in full', async () => {
    const answer = await captureDocument(ubl('UBL-1'));
    expect(answer).toMatchObject({
      __typename: 'Invoice',
      status: 'SUPPLIER_UNKNOWN',
      number: expect.stringMatching(/^INV-DE01-\d{6}$/),
      grossAmount: { amount: '119.00', currency: 'EUR' },
    });
    const { invoice } = await world.query(
      CLERK,
      `{ invoice(id: "${String(answer['id'])}") { sourceDocument { format sha256 sizeBytes } paymentMeans { code maskedAccount } seller { legalName taxNumbers } taxes { category percent taxAmount { amount } } } }`,
    );
    expect(invoice).toMatchObject({
      sourceDocument: { format: 'UBL', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      paymentMeans: [{ code: '58', maskedAccount: '••••3000' }],
    });
    const traces = await world.database.query(
      `select 1 from outbox where cloud_event::text like '%DE8937%' union all select 1 from idempotency where answer::text like '%DE8937%' union all select 1 from invoice where details::text like '%DE8937%'`,
    );
    expect(traces).toEqual([]);
  });

  const refusals: readonly {
    name: string;
    content: () => string | { base64: string };
    answer: Record<string, unknown>;
    totals?: readonly object[];
  }[] = [
    {
      name: 'malformed XML',
      content: () => ubl('BAD-1').slice(0, -20),
      answer: { __typename: 'XmlMalformedProblem', line: expect.any(Number) },
    },
    {
      name: 'bytes that are not in their encoding',
      content: () => ({ base64: Buffer.from([0x3c, 0xff, 0xc3]).toString('base64') }),
      answer: { __typename: 'XmlMalformedProblem' },
    },
    {
      name: 'an external entity',
      content: () => `<!DOCTYPE Invoice [<!ENTITY x SYSTEM "file:///etc/passwd">]>${TINY}`,
      answer: { __typename: 'XmlExternalEntityProblem' },
    },
    {
      name: 'a wrong namespace',
      content: () => '<Invoice xmlns="urn:other"/>',
      answer: { __typename: 'XmlNotUblProblem', rootNamespace: 'urn:other' },
    },
    {
      name: 'nesting without end',
      content: () => TINY.replace('/>', `>${'<x>'.repeat(100)}${'</x>'.repeat(100)}</Invoice>`),
      answer: { __typename: 'XmlTooComplexProblem', limit: 'depth' },
    },
    {
      name: 'more than 5 MB',
      content: () => `${TINY}<!--${'x'.repeat(DOCUMENT_LIMIT_BYTES)}-->`,
      answer: { __typename: 'DocumentTooLargeProblem', limitBytes: DOCUMENT_LIMIT_BYTES },
    },
    {
      name: '50 MB as base64',
      content: () => ({ base64: 'A'.repeat(50_000_000) }),
      answer: { __typename: 'DocumentTooLargeProblem' },
    },
    {
      name: 'no base64',
      content: () => ({ base64: 'no base64!' }),
      answer: { __typename: 'InvalidInputProblem' },
    },
    {
      name: 'an empty invoice',
      content: () => TINY,
      answer: {
        __typename: 'DocumentRulesProblem',
        violations: expect.arrayContaining([expect.objectContaining({ rule: 'BR-16' })]),
      },
    },
    {
      name: 'an amount that is no number',
      content: () => ubl('BAD-2', (xml) => xml.replace('>19.00<', '>19,00<')),
      answer: { __typename: 'DocumentRulesProblem' },
    },
    {
      name: 'a total that does not add up',
      content: () => ubl('BAD-3', (xml) => xml.replaceAll('>119.00<', '>118.00<')),
      answer: { __typename: 'TotalsMismatchProblem' },
      totals: [{ rule: 'BR-CO-15', stated: '118.00', computed: '119.00' }],
    },
    {
      name: 'an unknown currency',
      content: () => ubl('BAD-4', (xml) => xml.replaceAll('EUR', 'EEK')),
      answer: { __typename: 'UnknownCurrencyProblem', currency: 'EEK' },
    },
  ];
  it.each(refusals)(
    'with $name is refused and changes nothing',
    async ({ content, answer, totals }) => {
      const before = await countInvoices();
      const refused = await captureDocument(
        content(),
        `... on XmlMalformedProblem { line column } ... on XmlNotUblProblem { rootName rootNamespace } ... on XmlTooComplexProblem { limit allowed }
       ... on DocumentTooLargeProblem { sizeBytes limitBytes } ... on DocumentRulesProblem { violations { rule message } }
       ... on TotalsMismatchProblem { totals: violations { rule figure stated computed } } ... on UnknownCurrencyProblem { currency }`,
      );
      expect(refused).toMatchObject({ ...answer, correlationId: 'request-1', retryable: false });
      if (totals !== undefined) expect(refused['totals']).toMatchObject([...totals]);
      expect(String(refused['message']).length).toBeGreaterThan(40);
      expect(await countInvoices()).toBe(before);
    },
  );

  it('finds its supplier by tax number, and its order by number', async () => {
    const supplier = await world.supplier({
      taxRegistrations: [{ countryCode: 'DE', scheme: 'VAT', number: 'DE111111125' }],
    });
    const order = await world.order({
      supplierId: supplier.supplierId,
      lines: [{ quantity: '1', unitPrice: '100.00', netAmount: '100.00' }],
    });
    await world.receive(order, '1');
    const xml = ubl('UBL-2', (text) =>
      text
        .replace('DE136695976', 'DE 111.111.125')
        .replace(
          '<a:AccountingSupplierParty>',
          `<a:OrderReference><b:ID>${order.number}</b:ID></a:OrderReference><a:AccountingSupplierParty>`,
        ),
    );
    const answer = await captureDocument(xml);
    expect(answer).toMatchObject({
      status: 'POSTING',
      correlationId: order.correlationId,
      lines: [{ purchaseOrderLineId: order.lines[0]?.purchaseOrderLineId }],
      holds: [],
    });
    expect(await world.told(String(answer['id']))).toEqual([
      'invoice.captured',
      'invoice.matched',
      'invoice.posting-requested',
    ]);
  });
});
