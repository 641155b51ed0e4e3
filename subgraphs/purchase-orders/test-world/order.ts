import { decimalOf } from '#kernel/decimal.ts';
import { money } from '#kernel/money.ts';
import { netAmountOf, totalOf } from '../domain/document-line.ts';
import { firstVersion } from '../domain/order-version.ts';
import type { ChangeFacts, OrderWithLines } from '../domain/order-change.ts';
import type { OrderLine, PurchaseOrder } from '../domain/purchase-order.ts';

export const NOW = new Date('2026-11-23T09:00:00Z');

/** A dispatched order of 10 pieces at 1,000.00 each; `changes` are what a test is about. */
export function order(changes: Partial<PurchaseOrder> = {}): PurchaseOrder {
  const who = {
    companyCode: 'DE01',
    costCentreId: 'DE01-4100',
    category: 'IT_HARDWARE',
    requesterId: 'ada',
    supplierId: 's',
  };
  const erp = { erpNumber: '4500001', erpVersion: 1 };
  const versions = { orderVersion: 1, approvedOrderVersion: 1 };
  const made = {
    id: 'o',
    number: 'PO-DE01-000001',
    version: 2,
    requisitionId: 'r',
    correlationId: 'c',
    documentHash: 'h',
  };
  return {
    ...made,
    ...who,
    ...erp,
    ...versions,
    status: 'DISPATCHED',
    total: money(1_000_000n, 'EUR'),
    endReason: null,
    createdAt: NOW,
    updatedAt: NOW,
    ...changes,
  };
}

interface LineTexts {
  readonly id?: string;
  readonly quantity?: string;
  readonly unitPrice?: string;
  readonly over?: string;
  readonly under?: string;
  readonly received?: string;
  readonly invoiced?: string;
}

export function orderLine(texts: LineTexts = {}): OrderLine {
  const priced = {
    quantity: decimalOf(texts.quantity ?? '10'),
    unitPrice: decimalOf(texts.unitPrice ?? '1000'),
    priceQuantity: decimalOf('1'),
  };
  return {
    id: texts.id ?? 'l1',
    purchaseOrderId: 'o',
    lineNumber: 1,
    description: 'Laptop',
    category: 'IT_HARDWARE',
    unitCode: 'C62',
    ...priced,
    netAmount: netAmountOf(priced, 'EUR'),
    overDeliveryPercent: decimalOf(texts.over ?? '0'),
    underDeliveryPercent: decimalOf(texts.under ?? '0'),
    neededBy: null,
    receivedQuantity: decimalOf(texts.received ?? '0'),
    invoicedQuantity: decimalOf(texts.invoiced ?? '0'),
  };
}

export function orderWith(
  lines: readonly OrderLine[],
  changes: Partial<PurchaseOrder> = {},
): OrderWithLines {
  return { order: order({ total: totalOf(lines, 'EUR'), ...changes }), lines };
}

/** Facts of a change against the lines that were approved. */
export function changeFacts(approved: OrderWithLines, number = 2): ChangeFacts {
  return {
    approved: firstVersion(approved.order, approved.lines, 'bob'),
    number,
    reason: 'price list',
    actorId: 'buyer',
    now: NOW,
  };
}
