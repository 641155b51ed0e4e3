import { formatDecimal } from '#kernel/decimal.ts';
import { totalOf } from './document-line.ts';
import type { Decimal } from '#kernel/decimal.ts';
import type { Money } from '#kernel/money.ts';
import type { OrderLine, PurchaseOrder } from './purchase-order.ts';

/** APPLIED without an approver, within tolerance; PENDING until an approver decides. */
export type OrderVersionStatus = 'APPLIED' | 'PENDING' | 'APPROVED' | 'REJECTED';

/** A line as it stood in one version. */
export interface VersionLine {
  readonly lineId: string;
  readonly lineNumber: number;
  readonly description: string;
  readonly quantity: Decimal;
  readonly unitCode: string;
  readonly unitPrice: Decimal;
  readonly priceQuantity: Decimal;
  readonly netAmount: Money;
  readonly neededBy: string | null;
}

/** One difference to the version in force when it was made. */
export interface LineDifference {
  readonly lineId: string;
  readonly lineNumber: number;
  readonly field: 'quantity' | 'unitPrice' | 'neededBy';
  readonly before: string | null;
  readonly after: string | null;
}

/** What an order said at one time. Its content never changes; only the decision on it is added once. */
export interface OrderVersion {
  readonly purchaseOrderId: string;
  /** Counts from 1, the version that the requisition's approval made. */
  readonly number: number;
  readonly status: OrderVersionStatus;
  readonly lines: readonly VersionLine[];
  readonly differences: readonly LineDifference[];
  readonly total: Money;
  /** Distance from the last approved version, line by line. */
  readonly cumulativeChange: Money;
  readonly documentHash: string;
  /** The order's version (optimistic lock) that this made: approvals bind to it. */
  readonly documentVersion: number;
  readonly reason: string | null;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly decidedBy: string | null;
  readonly decidedAt: Date | null;
  readonly decisionComment: string | null;
}

export function versionLineOf(line: OrderLine): VersionLine {
  const {
    id,
    lineNumber,
    description,
    quantity,
    unitCode,
    unitPrice,
    priceQuantity,
    netAmount,
    neededBy,
  } = line;
  return {
    lineId: id,
    lineNumber,
    description,
    quantity,
    unitCode,
    unitPrice,
    priceQuantity,
    netAmount,
    neededBy,
  };
}

/** The version that the requisition's approval made. */
export function firstVersion(
  order: PurchaseOrder,
  lines: readonly OrderLine[],
  decidedBy: string,
): OrderVersion {
  return {
    purchaseOrderId: order.id,
    number: 1,
    status: 'APPROVED',
    lines: lines.map(versionLineOf),
    differences: [],
    total: totalOf(lines, order.total.currency),
    cumulativeChange: { amountMinor: 0n, currency: order.total.currency },
    documentHash: order.documentHash,
    documentVersion: order.version,
    reason: null,
    createdBy: order.requesterId,
    createdAt: order.createdAt,
    decidedBy,
    decidedAt: order.createdAt,
    decisionComment: null,
  };
}

export function differencesOf(
  before: readonly OrderLine[],
  after: readonly OrderLine[],
): LineDifference[] {
  const old = new Map(before.map((line) => [line.id, describe(line)]));
  return after.flatMap((line) => {
    const was = old.get(line.id);
    const is = describe(line);
    if (was === undefined) return [];
    const fields = ['quantity', 'unitPrice', 'neededBy'] as const;
    return fields
      .filter((field) => was[field] !== is[field])
      .map((field) => ({
        lineId: line.id,
        lineNumber: line.lineNumber,
        field,
        before: was[field],
        after: is[field],
      }));
  });
}

function describe(line: OrderLine): Record<LineDifference['field'], string | null> {
  return {
    quantity: formatDecimal(line.quantity),
    unitPrice: formatDecimal(line.unitPrice),
    neededBy: line.neededBy,
  };
}
