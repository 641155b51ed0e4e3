import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  eventually,
  invoiceBody,
  listed,
  orderBody,
  releasedOrder,
  simulatorWorld,
} from './simulator-process.ts';
import type { SimulatorProcess, SimulatorWorld, WireDocument } from './simulator-process.ts';

let world: SimulatorWorld;
let erp: SimulatorProcess;

beforeAll(async () => {
  world = await simulatorWorld();
  erp = await world.start();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

describe('a purchase order', () => {
  it('is answered IN_PROCESS with its own number, totals and version, and released later', async () => {
    const created = await erp.call('POST', '/erp/PurchaseOrders', orderBody());
    expect(created.status).toBe(201);
    expect(created.headers.get('etag')).toBe('W/"1"');
    expect(created.body).toMatchObject({
      PurchaseOrder: expect.stringMatching(/^45\d{8}$/),
      PurchaseOrderStatus: 'IN_PROCESS',
      TotalNetAmount: '75.00',
      PurchaseOrderItem: [
        { PurchaseOrderItem: '00010', NetAmount: '75.00', NetPriceQuantity: '1' },
      ],
    });
    const path = `/erp/PurchaseOrders/${String(created.body['PurchaseOrder'])}`;
    const released = await eventually(async () => {
      const read = await erp.call('GET', path);
      return read.body['PurchaseOrderStatus'] === 'RELEASED' && read;
    });
    expect(released).toMatchObject({ body: { Version: 2, '@odata.etag': 'W/"2"' } });
  });

  it('is made twice by two identical posts, and both are found by their reference', async () => {
    const body = orderBody({ ExternalReference: 'twice' });
    const answers = [
      await erp.call('POST', '/erp/PurchaseOrders', body),
      await erp.call('POST', '/erp/PurchaseOrders', body),
    ];
    const numbers = answers.map((answer) => answer.body['PurchaseOrder']);
    expect(new Set(numbers).size).toBe(2);
    const found = await erp.call('GET', '/erp/PurchaseOrders?externalReference=twice');
    expect(listed(found).map((order) => order['PurchaseOrder'])).toEqual(numbers);
  });

  it('is changed only by a caller that names its current version', async () => {
    const number = await releasedOrder(erp, { ExternalReference: 'changed' });
    const path = `/erp/PurchaseOrders/${number}`;
    const change = {
      PaymentTerms: '0030',
      PurchaseOrderItem: [
        { PurchaseOrderItem: '00010', OrderQuantity: '4' },
        {
          PurchaseOrderItem: '00020',
          PurchaseOrderItemText: 'Chair',
          OrderQuantity: '1',
          PurchaseOrderQuantityUnit: 'C62',
          NetPriceAmount: '1.25',
        },
      ],
    };
    const patch = (ifMatch?: string) =>
      erp.call(
        'PATCH',
        path,
        change,
        ifMatch === undefined ? {} : { headers: { 'if-match': ifMatch } },
      );
    expect((await patch()).status).toBe(428);
    expect((await patch('W/"1"')).status).toBe(412);
    const changed = await patch('W/"2"');
    expect(changed).toMatchObject({
      status: 200,
      body: { PurchaseOrderStatus: 'IN_PROCESS', TotalNetAmount: '31.25', PaymentTerms: '0030' },
    });
    await eventually(async () => {
      const { body } = await erp.call('GET', path);
      return body['PurchaseOrderStatus'] === 'RELEASED' && body['Version'] === 4;
    });
  });

  it('keeps its supplier', async () => {
    const number = await releasedOrder(erp);
    const headers = { 'if-match': '*' };
    const path = `/erp/PurchaseOrders/${number}`;
    const refused = await erp.call('PATCH', path, { Supplier: '7' }, { headers });
    expect(refused).toMatchObject({
      status: 422,
      body: { error: { code: 'ME/664', target: 'Supplier' } },
    });
  });

  it('is cancelled once', async () => {
    const path = `/erp/PurchaseOrders/${await releasedOrder(erp)}/Cancel`;
    expect(await erp.call('POST', path)).toMatchObject({
      status: 200,
      body: { PurchaseOrderStatus: 'CANCELLED' },
    });
    expect(await erp.call('POST', path)).toMatchObject({
      status: 422,
      body: { error: { code: 'ME/011' } },
    });
  });

  it('is cancelled only after the receipts against it', async () => {
    const PurchaseOrder = await releasedOrder(erp);
    const receipt = await erp.call('POST', '/erp/GoodsReceipts', {
      CompanyCode: 'DE01',
      PostingDate: '20261123',
      ExternalReference: 'GR-1',
      GoodsReceiptItem: [
        { PurchaseOrder, PurchaseOrderItem: '00010', QuantityInEntryUnit: '6', EntryUnit: 'C62' },
      ],
    });
    expect(receipt.body['MaterialDocument']).toMatch(/^50\d{8}$/);
    const cancel = `/erp/PurchaseOrders/${PurchaseOrder}/Cancel`;
    expect(await erp.call('POST', cancel)).toMatchObject({
      status: 422,
      body: { error: { code: 'ME/162' } },
    });
    const reversed = await erp.call(
      'POST',
      `/erp/GoodsReceipts/${String(receipt.body['MaterialDocument'])}/Cancel`,
    );
    expect(reversed).toMatchObject({
      status: 200,
      body: { MaterialDocumentStatus: 'CANCELLED', ReversalDocument: expect.stringMatching(/^50/) },
    });
    expect((await erp.call('POST', cancel)).status).toBe(200);
  });
});

describe('a supplier invoice', () => {
  it('is posted at once with a number per fiscal year', async () => {
    const first = await erp.call(
      'POST',
      '/erp/SupplierInvoices',
      invoiceBody({ PostingDate: '20240131' }),
    );
    const second = await erp.call(
      'POST',
      '/erp/SupplierInvoices',
      invoiceBody({ PostingDate: '20250131' }),
    );
    expect(first.body).toMatchObject({
      SupplierInvoice: '5100000001',
      FiscalYear: '2024',
      SupplierInvoiceStatus: 'POSTED',
      ClearingStatus: 'OPEN',
    });
    expect(second.body).toMatchObject({ SupplierInvoice: '5100000001', FiscalYear: '2025' });
    const read = await erp.call('GET', '/erp/SupplierInvoices/5100000001/2025');
    expect(read.body).toEqual(second.body);
  });

  it('is cancelled by a reversing document with a reason', async () => {
    const { body } = await erp.call('POST', '/erp/SupplierInvoices', invoiceBody());
    const path = `/erp/SupplierInvoices/${String(body['SupplierInvoice'])}/2026/Cancel`;
    const order = { ReversalReason: '01', PostingDate: '20261124' };
    expect(await erp.call('POST', path, order)).toMatchObject({
      status: 200,
      body: { SupplierInvoiceStatus: 'CANCELLED', ReverseDocument: expect.stringMatching(/^51/) },
    });
    expect(await erp.call('POST', path, order)).toMatchObject({
      body: { error: { code: 'M8/414' } },
    });
  });

  it('is paid by a payment run, returned by the bank, and paid again', async () => {
    const { body } = await erp.call(
      'POST',
      '/erp/SupplierInvoices',
      invoiceBody({ ExternalReference: 'paid', PaymentBlockingReason: 'R' }),
    );
    const SupplierInvoice = String(body['SupplierInvoice']);
    const path = `/erp/SupplierInvoices/${SupplierInvoice}/2026`;
    const run = async () =>
      listed(await erp.call('POST', '/erp/PaymentRuns', { SupplierInvoice, FiscalYear: '2026' }));
    const payments = async () =>
      listed(await erp.call('GET', '/erp/Payments?externalReference=paid'));
    const paid = (count: number) =>
      eventually(
        async () =>
          (await payments()).filter((payment) => payment['PaymentStatus'] === 'PAID').length ===
          count,
      );
    expect(await run()).toEqual([]);
    expect((await erp.call('POST', `${path}/Release`)).status).toBe(200);
    const [payment] = await run();
    expect(payment).toMatchObject({ PaymentStatus: 'SCHEDULED', PaymentAmount: '89.25' });
    await paid(1);
    expect((await erp.call('GET', path)).body['ClearingStatus']).toBe('CLEARED');
    await erp.call('POST', `/control/payments/${String(payment?.['Payment'])}/return`, {
      reason: 'AC04',
    });
    expect((await erp.call('GET', path)).body).toMatchObject({
      ClearingStatus: 'OPEN',
      PaymentReturnReasonCode: 'AC04',
    });
    await run();
    await paid(1);
    expect((await payments()).map((each) => each['PaymentStatus'])).toEqual(['RETURNED', 'PAID']);
  });
});

describe('a refusal', () => {
  const cases: readonly [string, string, object, number, string, string][] = [
    [
      'an unknown company code',
      'PurchaseOrders',
      orderBody({ CompanyCode: 'XX99' }),
      422,
      'F5/165',
      'CompanyCode',
    ],
    [
      'an unknown currency',
      'PurchaseOrders',
      orderBody({ DocumentCurrency: 'EEK' }),
      422,
      'SG/105',
      'DocumentCurrency',
    ],
    ['no supplier', 'PurchaseOrders', orderBody({ Supplier: '' }), 422, 'ME/083', 'Supplier'],
    [
      'no items',
      'PurchaseOrders',
      orderBody({ PurchaseOrderItem: [] }),
      422,
      'ME/083',
      'PurchaseOrderItem',
    ],
    [
      'quantity zero',
      'PurchaseOrders',
      orderBody({}, { OrderQuantity: '0.000' }),
      422,
      'ME/060',
      'PurchaseOrderItem[0]/OrderQuantity',
    ],
    [
      'an amount sent as a number',
      'PurchaseOrders',
      orderBody({}, { NetPriceAmount: 7.5 }),
      400,
      'SY/530',
      'PurchaseOrderItem[0]/NetPriceAmount',
    ],
    [
      'a reference of 41 characters',
      'PurchaseOrders',
      orderBody({ ExternalReference: 'x'.repeat(41) }),
      400,
      'SY/530',
      'ExternalReference',
    ],
    [
      'an unknown property',
      'PurchaseOrders',
      orderBody({ supplierId: '1' }),
      400,
      'SY/005',
      'supplierId',
    ],
    [
      'an order that does not exist',
      'SupplierInvoices',
      invoiceBody({}, { PurchaseOrder: '4599999999', PurchaseOrderItem: '00010' }),
      422,
      'M8/321',
      'SupplierInvoiceItem[0]/PurchaseOrder',
    ],
    [
      'a posting that does not balance',
      'SupplierInvoices',
      invoiceBody({ TaxAmount: '14.24' }),
      422,
      'M8/534',
      'InvoiceGrossAmount',
    ],
    [
      'a date that is none',
      'SupplierInvoices',
      invoiceBody({ PostingDate: '20260231' }),
      400,
      'SY/530',
      'PostingDate',
    ],
    [
      'more decimals than the currency has',
      'SupplierInvoices',
      invoiceBody({ DocumentCurrency: 'JPY' }),
      422,
      'F5/286',
      'InvoiceGrossAmount',
    ],
  ];
  it.each(cases)('answers %s', async (_name, resource, body, status, code, target) => {
    const before = await erp.call('GET', '/control/documents');
    const answer = await erp.call('POST', `/erp/${resource}`, body);
    expect(answer).toMatchObject({ status, body: { error: { code, target, innererror: {} } } });
    const after = await erp.call('GET', '/control/documents');
    expect(countsOf(after.body)).toEqual(countsOf(before.body));
  });

  it('answers a closed period, of all company codes or of one', async () => {
    await erp.behave({ closedPeriods: ['202512', 'US01/202611'] });
    const december = await erp.call(
      'POST',
      '/erp/SupplierInvoices',
      invoiceBody({ PostingDate: '20251231' }),
    );
    const germany = await erp.call('POST', '/erp/SupplierInvoices', invoiceBody());
    const america = await erp.call(
      'POST',
      '/erp/SupplierInvoices',
      invoiceBody({ CompanyCode: 'US01' }),
    );
    expect(december).toMatchObject({
      status: 422,
      body: { error: { code: 'F5/201', target: 'PostingDate' } },
    });
    expect(germany.status).toBe(201);
    expect(america).toMatchObject({ status: 422, body: { error: { code: 'F5/201' } } });
  });

  it('answers a blocked supplier', async () => {
    await erp.behave({ blockedSuppliers: ['666'] });
    const refused = await erp.call('POST', '/erp/PurchaseOrders', orderBody({ Supplier: '666' }));
    expect(refused).toMatchObject({ status: 422, body: { error: { code: 'ME/027' } } });
  });

  it('answers an order that is not released yet', async () => {
    await erp.behave({ confirmDelayMs: 60_000 });
    const { body } = await erp.call('POST', '/erp/PurchaseOrders', orderBody());
    const item = { PurchaseOrder: body['PurchaseOrder'], PurchaseOrderItem: '00010' };
    const post = () => erp.call('POST', '/erp/SupplierInvoices', invoiceBody({}, item));
    expect(await post()).toMatchObject({ status: 422, body: { error: { code: 'ME/390' } } });
    await erp.behave({ confirmDelayMs: 50 });
    await eventually(async () => (await post()).status === 201);
  });

  it('answers a wrong key, a wrong path and unreadable JSON', async () => {
    const wrongKey = await erp.call('GET', '/erp/Changes', undefined, {
      headers: { 'x-api-key': 'wrong' },
    });
    expect(wrongKey.status).toBe(401);
    expect((await erp.call('GET', '/erp/Nothing')).status).toBe(404);
    expect((await erp.call('PUT', '/erp/PurchaseOrders', {})).status).toBe(405);
    expect(await erp.call('POST', '/erp/PurchaseOrders', [])).toMatchObject({
      status: 400,
      body: { error: { code: 'SY/002' } },
    });
  });
});

function countsOf(report: WireDocument): unknown[] {
  const documents = report['documents'] as Readonly<Record<string, WireDocument>>;
  return Object.values(documents).map((summary) => summary['count']);
}
