import { compareDecimals, formatDecimal } from '#kernel/decimal.ts';
import { accepted, invalidInput, refused } from '#kernel/problem.ts';
import { cumulativeChange, exceedsTolerance } from './change-tolerance.ts';
import { documentHashOf } from './document-hash.ts';
import { netAmountOf, totalOf } from './document-line.ts';
import { differencesOf, versionLineOf } from './order-version.ts';
import { moveOrder } from './purchase-order.ts';
import { factorErrors, positiveErrors } from './requisition-draft.ts';
import type { Decimal } from '#kernel/decimal.ts';
import type {
  FieldError,
  IllegalTransition,
  InvalidInput,
  Problem,
  Result,
} from '#kernel/problem.ts';
import type { Quantity } from './document-line.ts';
import type { OrderVersion, VersionLine } from './order-version.ts';
import type { OrderLine, PurchaseOrder } from './purchase-order.ts';

/** What is to become of one line; what is absent stays. */
export interface LineChange {
  readonly lineId: string;
  readonly quantity?: Decimal | null | undefined;
  readonly unitPrice?: Decimal | null | undefined;
  readonly neededBy?: string | null | undefined;
}

/** An order with its lines, as it is before or after a decision. */
export interface OrderWithLines {
  readonly order: PurchaseOrder;
  readonly lines: readonly OrderLine[];
}

/** A change that was taken: applied (status APPLIED) or waiting for an approver (PENDING), then with the order's lines as they were. */
export interface TakenChange extends OrderWithLines {
  readonly version: OrderVersion;
  /** The lines as the change wants them, for whoever decides on it. */
  readonly proposedLines: readonly OrderLine[];
}

/** More than the wanted quantity was already received or invoiced. */
export interface QuantityInUse extends Problem<'QUANTITY_IN_USE'> {
  readonly purchaseOrderLineId: string;
  readonly requested: Quantity;
  readonly received: Quantity;
  readonly invoiced: Quantity;
}

export interface ChangeFacts {
  /** The lines of the last version an approver decided on, and its total. */
  readonly approved: Pick<OrderVersion, 'lines' | 'total'>;
  /** Number of the version to be made. */
  readonly number: number;
  readonly reason: string;
  readonly actorId: string;
  readonly now: Date;
}

/** Decides on a change: applied at once within tolerance of what was approved, else submitted to an approver. */
export function changeOrder(
  current: OrderWithLines,
  changes: readonly LineChange[],
  facts: ChangeFacts,
): Result<TakenChange, InvalidInput | IllegalTransition | QuantityInUse> {
  const { order, lines } = current;
  const moved = moveOrder(order, 'applyChange', facts.now);
  if (!moved.ok) return moved;
  const errors = changeErrors(lines, changes);
  if (errors.length > 0) return refused(invalidInput(errors));
  const proposedLines = changedLines(lines, changes, order.total.currency);
  const used = proposedLines.find(isBelowUse);
  if (used !== undefined) return refused(quantityInUse(used));
  if (differencesOf(lines, proposedLines).length === 0) return refused(noChange());
  return takeChange({ order, lines, proposedLines }, facts);
}

function takeChange(
  proposal: OrderWithLines & { readonly proposedLines: readonly OrderLine[] },
  facts: ChangeFacts,
): Result<TakenChange, IllegalTransition> {
  const { order, lines, proposedLines } = proposal;
  const { currency } = order.total;
  const change = cumulativeChange(facts.approved.lines, proposedLines.map(versionLineOf), currency);
  const needsApproval = exceedsTolerance(change, facts.approved.total);
  const moved = moveOrder(order, needsApproval ? 'submitChange' : 'applyChange', facts.now);
  if (!moved.ok) return moved;
  const total = totalOf(proposedLines, currency);
  const documentHash = documentHashOf({ ...order, total, lines: proposedLines });
  const version: OrderVersion = {
    purchaseOrderId: order.id,
    number: facts.number,
    status: needsApproval ? 'PENDING' : 'APPLIED',
    lines: proposedLines.map(versionLineOf),
    differences: differencesOf(lines, proposedLines),
    total,
    cumulativeChange: change,
    documentHash,
    documentVersion: moved.value.version,
    reason: facts.reason,
    createdBy: facts.actorId,
    createdAt: facts.now,
    decidedBy: null,
    decidedAt: null,
    decisionComment: null,
  };
  if (needsApproval) return accepted({ order: moved.value, lines, version, proposedLines });
  const changed = { ...moved.value, total, documentHash, orderVersion: facts.number };
  return accepted({ order: changed, lines: proposedLines, version, proposedLines });
}

/** An approver's word on the pending version. */
export interface ChangeDecision {
  readonly decidedBy: string;
  readonly comment: string | null;
  readonly now: Date;
}

/** The pending version comes into force, unless more than it orders has arrived meanwhile: then the order stays as it was. */
export function approveChange(
  current: OrderWithLines,
  pending: OrderVersion,
  decision: ChangeDecision,
): Result<TakenChange, IllegalTransition> {
  const proposedLines = linesOfVersion(current.lines, pending.lines);
  const used = proposedLines.find(isBelowUse);
  if (used !== undefined) {
    return rejectChange(current, pending, { ...decision, comment: quantityInUse(used).message });
  }
  const moved = moveOrder(current.order, 'approveChange', decision.now);
  if (!moved.ok) return moved;
  const { total, documentHash, number } = pending;
  const order = {
    ...moved.value,
    total,
    documentHash,
    orderVersion: number,
    approvedOrderVersion: number,
  };
  return accepted({
    order,
    lines: proposedLines,
    version: decided(pending, 'APPROVED', decision),
    proposedLines,
  });
}

/** The order stays exactly as it was; the refused version is kept as a record. */
export function rejectChange(
  current: OrderWithLines,
  pending: OrderVersion,
  decision: ChangeDecision,
): Result<TakenChange, IllegalTransition> {
  const moved = moveOrder(current.order, 'rejectChange', decision.now);
  if (!moved.ok) return moved;
  const version = decided(pending, 'REJECTED', decision);
  return accepted({
    order: moved.value,
    lines: current.lines,
    version,
    proposedLines: current.lines,
  });
}

function decided(
  pending: OrderVersion,
  status: 'APPROVED' | 'REJECTED',
  decision: ChangeDecision,
): OrderVersion {
  return {
    ...pending,
    status,
    decidedBy: decision.decidedBy,
    decidedAt: decision.now,
    decisionComment: decision.comment,
  };
}

function changeErrors(lines: readonly OrderLine[], changes: readonly LineChange[]): FieldError[] {
  if (changes.length === 0)
    return [{ field: 'lines', code: 'EMPTY_LINES', message: 'At least one line is expected.' }];
  const known = new Set(lines.map((line) => line.id));
  const seen = new Set<string>();
  return changes.flatMap((change, index) => {
    const at = `lines.${index}`;
    const isRepeated = seen.has(change.lineId);
    seen.add(change.lineId);
    if (!known.has(change.lineId))
      return [
        {
          field: `${at}.lineId`,
          code: 'UNKNOWN_LINE',
          message: `The order has no line "${change.lineId}".`,
        },
      ];
    if (isRepeated)
      return [
        {
          field: `${at}.lineId`,
          code: 'REPEATED_LINE',
          message: 'Each line is changed once per request.',
        },
      ];
    return [
      ...(change.quantity ? positiveErrors(change.quantity, `${at}.quantity`, 'QUANTITY') : []),
      ...(change.unitPrice ? factorErrors(change.unitPrice, `${at}.unitPrice`, 'UNIT_PRICE') : []),
    ];
  });
}

function changedLines(
  lines: readonly OrderLine[],
  changes: readonly LineChange[],
  currency: string,
): OrderLine[] {
  const byLine = new Map(changes.map((change) => [change.lineId, change]));
  return lines.map((line) => {
    const change = byLine.get(line.id);
    if (change === undefined) return line;
    const quantity = change.quantity ?? line.quantity;
    const unitPrice = change.unitPrice ?? line.unitPrice;
    const neededBy = change.neededBy ?? line.neededBy;
    const netAmount = netAmountOf(
      { quantity, unitPrice, priceQuantity: line.priceQuantity },
      currency,
    );
    return { ...line, quantity, unitPrice, neededBy, netAmount };
  });
}

function linesOfVersion(lines: readonly OrderLine[], version: readonly VersionLine[]): OrderLine[] {
  const byLine = new Map(version.map((line) => [line.lineId, line]));
  return lines.map((line) => {
    const wanted = byLine.get(line.id);
    if (wanted === undefined) return line;
    const { quantity, unitPrice, neededBy, netAmount } = wanted;
    return { ...line, quantity, unitPrice, neededBy, netAmount };
  });
}

function isBelowUse(line: OrderLine): boolean {
  return (
    compareDecimals(line.quantity, line.receivedQuantity) < 0 ||
    compareDecimals(line.quantity, line.invoicedQuantity) < 0
  );
}

/** Says how much of a line is in use; also for reversals that would leave less received than invoiced. */
export function quantityInUse(
  line: OrderLine,
  requestedQuantity: Decimal = line.quantity,
): QuantityInUse {
  const { receivedQuantity, invoicedQuantity, unitCode } = line;
  return {
    code: 'QUANTITY_IN_USE',
    message:
      `Line ${line.lineNumber} cannot go to ${formatDecimal(requestedQuantity)} ${unitCode}: ${formatDecimal(receivedQuantity)} were received and ` +
      `${formatDecimal(invoicedQuantity)} invoiced. Reverse the receipt or cancel the invoice first.`,
    retryable: false,
    purchaseOrderLineId: line.id,
    requested: { value: requestedQuantity, unitCode },
    received: { value: receivedQuantity, unitCode },
    invoiced: { value: invoicedQuantity, unitCode },
  };
}

function noChange(): InvalidInput {
  return invalidInput([
    {
      field: 'lines',
      code: 'NO_CHANGE',
      message: 'The order already says this; give another quantity, price or date.',
    },
  ]);
}
