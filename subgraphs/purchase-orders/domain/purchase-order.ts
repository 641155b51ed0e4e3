import {
  addDecimals,
  compareDecimals,
  decimalOf,
  multiplyDecimals,
  signOf,
  subtractDecimals,
} from '#kernel/decimal.ts';
import { step } from '#kernel/lifecycle.ts';
import { accepted, refused } from '#kernel/problem.ts';
import type { Decimal } from '#kernel/decimal.ts';
import type { Lifecycle } from '#kernel/lifecycle.ts';
import type { Money } from '#kernel/money.ts';
import type { IllegalTransition, Problem, Result } from '#kernel/problem.ts';
import type { DocumentLine } from './document-line.ts';
import type { Requisition } from './requisition.ts';

export type PurchaseOrderStatus =
  | 'APPROVED'
  | 'DISPATCHED'
  | 'CHANGE_PENDING'
  | 'CLOSED'
  | 'CANCELLED';

export type PurchaseOrderAction =
  | 'erpConfirm'
  | 'applyChange'
  | 'submitChange'
  | 'approveChange'
  | 'rejectChange'
  | 'receive'
  | 'reverseReceipt'
  | 'cancel'
  | 'close';

/**
 * An order's life. It is dispatched when the ERP has confirmed it; a change within tolerance is applied at once,
 * one beyond it waits for approval while goods may still arrive. Receipt and invoice status are derived from the
 * lines and never set.
 */
export const PURCHASE_ORDER_LIFECYCLE = {
  entity: 'purchase order',
  initial: 'APPROVED',
  transitions: {
    APPROVED: { erpConfirm: 'DISPATCHED', cancel: 'CANCELLED' },
    DISPATCHED: {
      applyChange: 'DISPATCHED',
      submitChange: 'CHANGE_PENDING',
      receive: 'DISPATCHED',
      reverseReceipt: 'DISPATCHED',
      cancel: 'CANCELLED',
      close: 'CLOSED',
    },
    CHANGE_PENDING: {
      approveChange: 'DISPATCHED',
      rejectChange: 'DISPATCHED',
      receive: 'CHANGE_PENDING',
      reverseReceipt: 'CHANGE_PENDING',
    },
    CLOSED: {},
    CANCELLED: {},
  },
} as const satisfies Lifecycle<PurchaseOrderStatus, PurchaseOrderAction>;

/** What was ordered from a supplier. Its lines and its immutable versions are kept beside it. */
export interface PurchaseOrder {
  readonly id: string;
  readonly number: string;
  /** Counts up by one per change of any kind. */
  readonly version: number;
  readonly status: PurchaseOrderStatus;
  readonly requisitionId: string;
  readonly companyCode: string;
  readonly costCentreId: string;
  readonly category: string;
  readonly requesterId: string;
  readonly supplierId: string;
  readonly total: Money;
  readonly documentHash: string;
  readonly correlationId: string;
  /** The ERP's number once it has confirmed. */
  readonly erpNumber: string | null;
  /** The newest document version that the ERP has confirmed. */
  readonly erpVersion: number | null;
  /** Number of the order version in force, and of the last one an approver decided on. */
  readonly orderVersion: number;
  readonly approvedOrderVersion: number;
  /** Why it was closed or cancelled. */
  readonly endReason: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A line of an order, with what has happened to it. */
export interface OrderLine extends DocumentLine {
  readonly purchaseOrderId: string;
  /** Received and not reversed. */
  readonly receivedQuantity: Decimal;
  /** Invoiced and posted, credits taken off. */
  readonly invoicedQuantity: Decimal;
}

export type ReceiptStatus = 'NOT_RECEIVED' | 'PARTIALLY_RECEIVED' | 'FULLY_RECEIVED';
export type InvoiceStatus = 'NOT_INVOICED' | 'PARTIALLY_INVOICED' | 'FULLY_INVOICED';

const HUNDRED = decimalOf('100');
const PER_CENT = decimalOf('0.01');

/** The order that an approved requisition becomes, with the requisition's own lines under new ids. */
export function orderOf(
  requisition: Requisition,
  facts: { readonly id: string; readonly number: string; readonly now: Date },
): PurchaseOrder {
  const {
    companyCode,
    costCentreId,
    category,
    requesterId,
    supplierId,
    total,
    documentHash,
    correlationId,
  } = requisition;
  return {
    id: facts.id,
    number: facts.number,
    version: 1,
    status: PURCHASE_ORDER_LIFECYCLE.initial,
    requisitionId: requisition.id,
    companyCode,
    costCentreId,
    category,
    requesterId,
    supplierId,
    total,
    documentHash,
    correlationId,
    erpNumber: null,
    erpVersion: null,
    orderVersion: 1,
    approvedOrderVersion: 1,
    endReason: null,
    createdAt: facts.now,
    updatedAt: facts.now,
  };
}

export function orderLineOf(
  line: DocumentLine,
  facts: { readonly id: string; readonly purchaseOrderId: string },
): OrderLine {
  const none = { units: 0n, scale: 0 };
  return { ...line, ...facts, receivedQuantity: none, invoicedQuantity: none };
}

/** One step of the table, one version on. */
export function moveOrder(
  order: PurchaseOrder,
  action: PurchaseOrderAction,
  now: Date,
): Result<PurchaseOrder, IllegalTransition> {
  const next = step<PurchaseOrderStatus, PurchaseOrderAction>(
    PURCHASE_ORDER_LIFECYCLE,
    order.status,
    action,
  );
  if (!next.ok) return next;
  return accepted({ ...order, status: next.value, version: order.version + 1, updatedAt: now });
}

/** Goods or invoices refer to the order, so it cannot vanish; it can be closed. */
export interface OrderInUse extends Problem<'ORDER_IN_USE'> {
  /** Lines of which something was received or invoiced. */
  readonly lineIds: readonly string[];
}

/** Cancelled as if never sent: only while nothing was received or invoiced. */
export function cancelOrder(
  order: PurchaseOrder,
  lines: readonly OrderLine[],
  facts: { readonly reason: string; readonly now: Date },
): Result<PurchaseOrder, IllegalTransition | OrderInUse> {
  const moved = moveOrder(order, 'cancel', facts.now);
  if (!moved.ok) return moved;
  const used = lines.filter(
    (line) => signOf(line.receivedQuantity) > 0 || signOf(line.invoicedQuantity) > 0,
  );
  if (used.length > 0) return refused(orderInUse(order, used));
  return accepted({ ...moved.value, endReason: facts.reason });
}

/** Closed: nothing more is expected. */
export function closeOrder(
  order: PurchaseOrder,
  facts: { readonly reason: string; readonly now: Date },
): Result<PurchaseOrder, IllegalTransition> {
  const moved = moveOrder(order, 'close', facts.now);
  return moved.ok ? accepted({ ...moved.value, endReason: facts.reason }) : moved;
}

function orderInUse(order: PurchaseOrder, used: readonly OrderLine[]): OrderInUse {
  const numbers = used.map((line) => line.lineNumber).join(', ');
  return {
    code: 'ORDER_IN_USE',
    message: `Of ${order.number}, line(s) ${numbers} were received or invoiced, so it cannot be cancelled. Close it instead: what is open is then no longer expected.`,
    retryable: false,
    lineIds: used.map((line) => line.id),
  };
}

/** The most of a line that may be received in all: ordered × (1 + over-delivery tolerance). */
export function receivableQuantity(
  line: Pick<OrderLine, 'quantity' | 'overDeliveryPercent'>,
): Decimal {
  return multiplyDecimals(
    line.quantity,
    multiplyDecimals(addDecimals(HUNDRED, line.overDeliveryPercent), PER_CENT),
  );
}

/** The least of a line that counts as complete: ordered × (1 − under-delivery tolerance). */
export function completeQuantity(
  line: Pick<OrderLine, 'quantity' | 'underDeliveryPercent'>,
): Decimal {
  return multiplyDecimals(
    line.quantity,
    multiplyDecimals(subtractDecimals(HUNDRED, line.underDeliveryPercent), PER_CENT),
  );
}

export function receiptStatusOf(lines: readonly OrderLine[]): ReceiptStatus {
  if (lines.every((line) => signOf(line.receivedQuantity) <= 0)) return 'NOT_RECEIVED';
  return lines.every(isComplete) ? 'FULLY_RECEIVED' : 'PARTIALLY_RECEIVED';
}

/** Invoiced counts against the larger of what is complete and what was received: more goods mean a larger invoice. */
export function invoiceStatusOf(lines: readonly OrderLine[]): InvoiceStatus {
  if (lines.every((line) => signOf(line.invoicedQuantity) <= 0)) return 'NOT_INVOICED';
  const isFull = lines.every(
    (line) =>
      compareDecimals(line.invoicedQuantity, completeQuantity(line)) >= 0 &&
      compareDecimals(line.invoicedQuantity, line.receivedQuantity) >= 0,
  );
  return isFull ? 'FULLY_INVOICED' : 'PARTIALLY_INVOICED';
}

/** Fully received and invoiced: nothing more is expected, so the order closes by itself. */
export function isFulfilled(lines: readonly OrderLine[]): boolean {
  return receiptStatusOf(lines) === 'FULLY_RECEIVED' && invoiceStatusOf(lines) === 'FULLY_INVOICED';
}

function isComplete(line: OrderLine): boolean {
  return (
    signOf(line.receivedQuantity) > 0 &&
    compareDecimals(line.receivedQuantity, completeQuantity(line)) >= 0
  );
}
