import { decimalOf, formatDecimal, multiplyDecimals } from '#kernel/decimal.ts';
import { add, extend, formatAmount, multiply, sum } from '#kernel/money.ts';
import { eventually } from './procurement.ts';
import type { GraphClient } from './graph-client.ts';
import type { Order } from './procurement.ts';

export interface WantedInvoice {
  readonly key: string;
  readonly companyCode: string;
  /** Null: the seller is somebody whom the supplier master does not know. */
  readonly supplierId: string | null;
  readonly sellerName?: string;
  readonly supplierInvoiceNumber: string;
  readonly issuedOn: string;
  /** What the supplier charges per ordered unit price: `1` charges the price that was agreed. */
  readonly priceFactor: string;
}

const TAX_PERCENT = '19';
const ONE = decimalOf('1');

/** Captures the supplier's invoice over a whole order, with totals that add up. */
export async function captureInvoice(
  graph: GraphClient,
  order: Order,
  wanted: WantedInvoice,
): Promise<string> {
  const { currency } = order.total;
  const lines = order.lines.map((line) => {
    const unitPrice = multiplyDecimals(decimalOf(line.unitPrice), decimalOf(wanted.priceFactor));
    const quantity = decimalOf(line.quantity.value);
    const net = extend({ quantity, unitPrice, priceQuantity: ONE, currency, rounding: 'half-up' });
    return { line, net, unitPrice: formatDecimal(unitPrice) };
  });
  const net = sum(
    lines.map((line) => line.net),
    currency,
  );
  const tax = multiply(net, decimalOf(`0.${TAX_PERCENT}`), 'half-up');
  const known =
    wanted.supplierId === null
      ? { sellerName: wanted.sellerName }
      : { supplierId: wanted.supplierId, purchaseOrderId: order.id };
  const { id } = await graph.change<{ id: string }>('ap-clerk', 'captureInvoice', {
    input: {
      idempotencyKey: wanted.key,
      companyCode: wanted.companyCode,
      ...known,
      supplierInvoiceNumber: wanted.supplierInvoiceNumber,
      issuedOn: wanted.issuedOn,
      currency,
      lines: lines.map(({ line, unitPrice }) => ({
        description: line.description,
        quantity: line.quantity,
        unitPrice,
        taxPercent: TAX_PERCENT,
        ...(wanted.supplierId === null ? {} : { purchaseOrderLineId: line.id }),
      })),
      netTotal: formatAmount(net),
      taxTotal: formatAmount(tax),
      grossTotal: formatAmount(add(net, tax)),
    },
    on: 'Invoice',
    select: 'id',
  });
  return id;
}

/** Waits until an invoice has one of the statuses. */
export async function invoiceReaches(
  graph: GraphClient,
  id: string,
  reached: (invoice: { status: string; paymentStatus: string }) => boolean,
): Promise<void> {
  await eventually(`the next status of invoice ${id}`, async () => {
    const query = 'query ($id: ID!) { invoice(id: $id) { status paymentStatus } }';
    const { invoice } = await graph.ask<{ invoice: { status: string; paymentStatus: string } }>(
      'ap-clerk',
      query,
      { id },
    );
    return reached(invoice) ? invoice : null;
  });
}
