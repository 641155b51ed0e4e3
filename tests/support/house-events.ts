import { createEventFactory } from '#kernel/event.ts';
import { systemClock } from '#kernel/clock.ts';
import type { Audience, DomainEvent } from '#kernel/event.ts';

const make = createEventFactory('/tests', systemClock);
const AUDIENCE: Audience = { companyCode: 'DE01', costCentreId: 'DE01-4100', ownerId: 'requestor' };

interface EventDetails {
  readonly sequence?: number;
  readonly status?: string;
  readonly correlationId?: string;
  readonly audience?: Partial<Audience>;
}

/** An event of another room, as its outbox would carry it. */
export function happened(
  type: string,
  document: { readonly type: string; readonly id: string; readonly number?: string },
  data: unknown,
  details: EventDetails = {},
): DomainEvent {
  const correlationId = details.correlationId ?? `c-${document.id}`;
  return make(
    { correlationId, causationId: 'test', traceparent: null, actorId: 'requestor' },
    {
      type,
      document: {
        type: document.type,
        id: document.id,
        number: document.number ?? `N-${document.id.slice(0, 8)}`,
        status: details.status ?? 'OPEN',
      },
      sequence: details.sequence ?? 1,
      audience: { ...AUDIENCE, ...details.audience },
      data,
    },
  );
}

/** An order of two lines, as purchase-orders tells of it. */
export function orderEvent(
  fact: 'created' | 'changed' | 'cancelled',
  orderId: string,
  details: EventDetails & { quantity?: string; supplierId?: string } = {},
): DomainEvent {
  const companyCode = details.audience?.companyCode ?? 'DE01';
  const eur = (amount: string) => ({ amount, currency: 'EUR' });
  const data = {
    purchaseOrderId: orderId,
    number: `PO-${orderId.slice(-6)}`,
    requisitionId: `req-${orderId}`,
    companyCode,
    costCentreId: 'DE01-4100',
    category: 'IT',
    requesterId: 'requestor',
    supplierId: details.supplierId ?? 'supplier-1',
    total: eur('100.00'),
    lines: [
      orderLine(orderId, 1, {
        description: 'Desk',
        quantity: details.quantity ?? '10',
        unitPrice: '7.50',
        netAmount: eur('75.00'),
      }),
      orderLine(orderId, 2, {
        description: 'Lamp',
        quantity: '1',
        unitPrice: '25',
        netAmount: eur('25.00'),
      }),
    ],
    version: details.sequence ?? 1,
    documentHash: 'hash',
    erpNumber: null,
  };
  return happened(
    `concord.purchase-order.${fact}.v1`,
    { type: 'PurchaseOrder', id: orderId, number: data.number },
    data,
    details,
  );
}

function orderLine(orderId: string, lineNumber: number, line: object) {
  return {
    purchaseOrderLineId: `${orderId}-l${lineNumber}`,
    lineNumber,
    unitCode: 'C62',
    priceQuantity: '1',
    receivedQuantity: '0',
    ...line,
  };
}

export function receiptEvent(
  fact: 'posted' | 'reversed',
  receiptId: string,
  orderId: string,
  details: EventDetails = {},
): DomainEvent {
  const data = {
    goodsReceiptId: receiptId,
    number: `GR-${receiptId.slice(-6)}`,
    purchaseOrderId: orderId,
    companyCode: 'DE01',
    postedOn: '2026-11-20',
    lines: [{ purchaseOrderLineId: `${orderId}-l1`, quantity: '10', unitCode: 'C62' }],
  };
  return happened(
    `concord.goods-receipt.${fact}.v1`,
    { type: 'GoodsReceipt', id: receiptId, number: data.number },
    data,
    details,
  );
}

export function invoiceEvent(
  fact: string,
  invoiceId: string,
  details: EventDetails & {
    orderId?: string | null;
    supplierId?: string | null;
    tax?: string;
    gross?: string;
  } = {},
): DomainEvent {
  const { orderId = null } = details;
  const eur = (amount: string) => ({ amount, currency: 'EUR' });
  const data = {
    invoiceId,
    number: `INV-${invoiceId.slice(-6)}`,
    supplierInvoiceNumber: `R-${invoiceId.slice(-12)}`,
    kind: 'STANDARD',
    companyCode: 'DE01',
    costCentreId: 'DE01-4100',
    supplierId: details.supplierId === undefined ? 'supplier-1' : details.supplierId,
    purchaseOrderId: orderId,
    issuedOn: '2026-11-18',
    dueOn: '2026-12-18',
    netAmount: eur('75.00'),
    taxAmount: eur(details.tax ?? '14.25'),
    grossAmount: eur(details.gross ?? '89.25'),
    lines: [
      {
        invoiceLineId: `${invoiceId}-l1`,
        purchaseOrderLineId: orderId === null ? null : `${orderId}-l1`,
        description: 'Desk',
        quantity: '10',
        unitCode: 'C62',
        unitPrice: '7.50',
        netAmount: eur('75.00'),
      },
    ],
    holds: [],
    paymentStatus: 'NOT_DUE',
    erpNumber: null,
    version: details.sequence ?? 1,
  };
  return happened(
    `concord.invoice.${fact}.v1`,
    { type: 'Invoice', id: invoiceId, number: data.number },
    data,
    details,
  );
}
