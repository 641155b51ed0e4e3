import {
  ZERO,
  addDecimals,
  compareDecimals,
  formatDecimal,
  signOf,
  subtractDecimals,
} from '#kernel/decimal.ts';
import { step } from '#kernel/lifecycle.ts';
import { accepted, invalidInput, refused, segregationOfDuties } from '#kernel/problem.ts';
import { unitOf } from './document-line.ts';
import { quantityInUse } from './order-change.ts';
import { moveOrder, receivableQuantity } from './purchase-order.ts';
import { positiveErrors } from './requisition-draft.ts';
import type { Decimal } from '#kernel/decimal.ts';
import type { Lifecycle } from '#kernel/lifecycle.ts';
import type {
  FieldError,
  IllegalTransition,
  InvalidInput,
  Problem,
  Result,
  SegregationOfDuties,
} from '#kernel/problem.ts';
import type { Quantity, QuantityInput } from './document-line.ts';
import type { OrderWithLines, QuantityInUse } from './order-change.ts';
import type { OrderLine } from './purchase-order.ts';

export type GoodsReceiptStatus = 'POSTED' | 'REVERSED';

export const GOODS_RECEIPT_LIFECYCLE = {
  entity: 'goods receipt',
  initial: 'POSTED',
  transitions: { POSTED: { reverse: 'REVERSED' }, REVERSED: {} },
} as const satisfies Lifecycle<GoodsReceiptStatus, 'reverse'>;

/** What arrived of an order, once. */
export interface GoodsReceipt {
  readonly id: string;
  readonly number: string;
  readonly version: number;
  readonly status: GoodsReceiptStatus;
  readonly purchaseOrderId: string;
  readonly companyCode: string;
  readonly costCentreId: string;
  /** Whose order it is; the receiver is somebody else. */
  readonly requesterId: string;
  readonly postedOn: string;
  readonly postedBy: string;
  readonly deliveryNote: string | null;
  readonly reversedBy: string | null;
  readonly reversalReason: string | null;
  readonly correlationId: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface GoodsReceiptLine {
  readonly id: string;
  readonly goodsReceiptId: string;
  readonly purchaseOrderLineId: string;
  readonly lineNumber: number;
  readonly quantity: Decimal;
  readonly unitCode: string;
}

/** A quantity of one order line that arrived. */
export interface ReceivedQuantity {
  readonly purchaseOrderLineId: string;
  readonly quantity: QuantityInput;
}

/** More arrived than was ordered and tolerated. */
export interface OverDelivery extends Problem<'OVER_DELIVERY'> {
  readonly purchaseOrderLineId: string;
  readonly ordered: Quantity;
  readonly received: Quantity;
  readonly requested: Quantity;
  /** What may still be received of the line. */
  readonly acceptable: Quantity;
}

export interface PostedReceipt extends OrderWithLines {
  readonly receipt: GoodsReceipt;
  readonly receiptLines: readonly GoodsReceiptLine[];
}

export interface ReceiptFacts {
  readonly id: string;
  readonly number: string;
  readonly actorId: string;
  readonly postedOn: string;
  readonly deliveryNote: string | null;
  readonly newId: () => string;
  readonly now: Date;
}

/** Decides on goods that arrived; `current` is the order as it is under its row lock, all receipts taken into account. */
export function postReceipt(
  current: OrderWithLines,
  received: readonly ReceivedQuantity[],
  facts: ReceiptFacts,
): Result<PostedReceipt, IllegalTransition | InvalidInput | SegregationOfDuties | OverDelivery> {
  const { order, lines } = current;
  if (order.requesterId === facts.actorId) return refused(receivedByRequester());
  const moved = moveOrder(order, 'receive', facts.now);
  if (!moved.ok) return moved;
  const errors = receiptErrors(lines, received);
  if (errors.length > 0) return refused(invalidInput(errors));
  const byLine = new Map(
    received.map((entry) => [entry.purchaseOrderLineId, entry.quantity.value]),
  );
  const over = lines.find((line) => isOver(line, byLine.get(line.id) ?? ZERO));
  if (over !== undefined) return refused(overDelivery(over, byLine.get(over.id) ?? ZERO));
  return accepted({
    order: moved.value,
    lines: lines.map((line) => ({
      ...line,
      receivedQuantity: addDecimals(line.receivedQuantity, byLine.get(line.id) ?? ZERO),
    })),
    receipt: receiptOf(current, facts),
    receiptLines: received.map((entry, index) => ({
      id: facts.newId(),
      goodsReceiptId: facts.id,
      purchaseOrderLineId: entry.purchaseOrderLineId,
      lineNumber: index + 1,
      quantity: entry.quantity.value,
      unitCode: unitOf(entry.quantity),
    })),
  });
}

/** Takes a receipt back: the quantity is open again. What is already invoiced stays received. */
export function reverseReceipt(
  current: PostedReceipt,
  facts: { readonly actorId: string; readonly reason: string; readonly now: Date },
): Result<PostedReceipt, IllegalTransition | SegregationOfDuties | QuantityInUse> {
  const { order, receipt, receiptLines } = current;
  if (order.requesterId === facts.actorId) return refused(receivedByRequester());
  const next = step<GoodsReceiptStatus, 'reverse'>(
    GOODS_RECEIPT_LIFECYCLE,
    receipt.status,
    'reverse',
  );
  if (!next.ok) return next;
  const moved = moveOrder(order, 'reverseReceipt', facts.now);
  if (!moved.ok) return moved;
  const back = new Map(receiptLines.map((line) => [line.purchaseOrderLineId, line.quantity]));
  const lines = current.lines.map((line) => ({
    ...line,
    receivedQuantity: subtractDecimals(line.receivedQuantity, back.get(line.id) ?? ZERO),
  }));
  const short = lines.find(
    (line) =>
      back.has(line.id) && compareDecimals(line.receivedQuantity, line.invoicedQuantity) < 0,
  );
  const before = current.lines.find((line) => line.id === short?.id);
  if (short !== undefined && before !== undefined)
    return refused(quantityInUse(before, short.receivedQuantity));
  const reversed: GoodsReceipt = {
    ...receipt,
    status: next.value,
    version: receipt.version + 1,
    reversedBy: facts.actorId,
    reversalReason: facts.reason,
    updatedAt: facts.now,
  };
  return accepted({ order: moved.value, lines, receipt: reversed, receiptLines });
}

function receiptOf({ order }: OrderWithLines, facts: ReceiptFacts): GoodsReceipt {
  return {
    id: facts.id,
    number: facts.number,
    version: 1,
    status: GOODS_RECEIPT_LIFECYCLE.initial,
    purchaseOrderId: order.id,
    companyCode: order.companyCode,
    costCentreId: order.costCentreId,
    requesterId: order.requesterId,
    postedOn: facts.postedOn,
    postedBy: facts.actorId,
    deliveryNote: facts.deliveryNote,
    reversedBy: null,
    reversalReason: null,
    correlationId: order.correlationId,
    createdAt: facts.now,
    updatedAt: facts.now,
  };
}

function receiptErrors(
  lines: readonly OrderLine[],
  received: readonly ReceivedQuantity[],
): FieldError[] {
  if (received.length === 0)
    return [{ field: 'lines', code: 'EMPTY_LINES', message: 'At least one line is expected.' }];
  const byId = new Map(lines.map((line) => [line.id, line]));
  const seen = new Set<string>();
  return received.flatMap((entry, index) => {
    const at = `lines.${index}`;
    const line = byId.get(entry.purchaseOrderLineId);
    const isRepeated = seen.has(entry.purchaseOrderLineId);
    seen.add(entry.purchaseOrderLineId);
    if (line === undefined)
      return [
        {
          field: `${at}.purchaseOrderLineId`,
          code: 'UNKNOWN_LINE',
          message: `The order has no line "${entry.purchaseOrderLineId}".`,
        },
      ];
    if (isRepeated)
      return [
        {
          field: `${at}.purchaseOrderLineId`,
          code: 'REPEATED_LINE',
          message: 'Each line is received once per receipt; add the quantities.',
        },
      ];
    const wrongUnit = unitOf(entry.quantity) !== line.unitCode;
    return [
      ...(wrongUnit
        ? [
            {
              field: `${at}.quantity.unitCode`,
              code: 'UNIT_DIFFERS',
              message: `The line is ordered in ${line.unitCode}; convert the quantity.`,
            },
          ]
        : []),
      ...positiveErrors(entry.quantity.value, `${at}.quantity.value`, 'QUANTITY'),
    ];
  });
}

function isOver(line: OrderLine, arrived: Decimal): boolean {
  return (
    signOf(arrived) > 0 &&
    compareDecimals(addDecimals(line.receivedQuantity, arrived), receivableQuantity(line)) > 0
  );
}

function overDelivery(line: OrderLine, requestedQuantity: Decimal): OverDelivery {
  const open = subtractDecimals(receivableQuantity(line), line.receivedQuantity);
  const acceptableQuantity = signOf(open) < 0 ? ZERO : open;
  const { quantity: orderedQuantity, receivedQuantity, unitCode } = line;
  return {
    code: 'OVER_DELIVERY',
    message:
      `Of line ${line.lineNumber}, ${formatDecimal(orderedQuantity)} ${unitCode} are ordered and ${formatDecimal(receivedQuantity)} received; ` +
      `${formatDecimal(acceptableQuantity)} more are acceptable with ${formatDecimal(line.overDeliveryPercent)} percent tolerance, not ${formatDecimal(requestedQuantity)}. ` +
      'Receive that much and send back the rest, or have the buyer change the order.',
    retryable: false,
    purchaseOrderLineId: line.id,
    ordered: { value: orderedQuantity, unitCode },
    received: { value: receivedQuantity, unitCode },
    requested: { value: requestedQuantity, unitCode },
    acceptable: { value: acceptableQuantity, unitCode },
  };
}

function receivedByRequester(): SegregationOfDuties {
  return segregationOfDuties(
    'requester-is-not-receiver',
    'Whoever asked for the goods may not confirm or reverse their receipt. Ask another receiver of the company.',
  );
}
