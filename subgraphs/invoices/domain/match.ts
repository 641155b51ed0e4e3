import {
  ZERO,
  addDecimals,
  compareDecimals,
  decimalOf,
  formatDecimal,
  signOf,
  subtractDecimals,
} from '#kernel/decimal.ts';
import { extend, formatAmount, money, toDecimal } from '#kernel/money.ts';
import { magnitude, taxOf } from './en-16931.ts';
import { HOLD_RULES } from './hold.ts';
import { breach } from './match-policy.ts';
import type { Decimal } from '#kernel/decimal.ts';
import type { CapturedTax } from './captured-document.ts';
import type { Finding, HoldCode } from './hold.ts';
import type { MatchPolicy } from './match-policy.ts';
import type { InvoiceKind } from './stated-invoice.ts';

export interface MatchLine {
  readonly id: string;
  readonly description: string;
  readonly quantity: Decimal;
  readonly unitCode: string;
  readonly netAmountMinor: bigint;
  readonly purchaseOrderLineId: string | null;
}

/** A line of the order with what has happened to it so far. */
export interface OrderLine {
  readonly id: string;
  readonly lineNumber: number;
  readonly description: string;
  readonly quantity: Decimal;
  readonly unitCode: string;
  readonly unitPrice: Decimal;
  readonly priceQuantity: Decimal;
  readonly netAmountMinor: bigint;
  readonly received: Decimal;
  /** Taken by other invoices, credit memos taken off: by those that are accepted, and by those that wait and came first. */
  readonly billedQuantity: Decimal;
  /** The same by accepted invoices alone: what can be credited, and what prices are judged by. */
  readonly acceptedQuantity: Decimal;
  readonly acceptedNetMinor: bigint;
}

export interface OrderFacts {
  readonly number: string;
  readonly supplierId: string;
  readonly currency: string;
  readonly status: string;
  readonly lines: readonly OrderLine[];
}

/** Everything that a match looks at; nothing else decides it. */
export interface MatchFacts {
  readonly kind: InvoiceKind;
  readonly currency: string;
  readonly supplierId: string;
  readonly netAmountMinor: bigint;
  readonly grossAmountMinor: bigint;
  readonly chargesMinor: bigint;
  readonly taxes: readonly CapturedTax[];
  readonly orderReference: string | null;
  readonly lines: readonly MatchLine[];
  readonly order: OrderFacts | null;
  readonly supplier: { readonly status: string; readonly blocks: readonly string[] } | null;
  /** What may still be credited of the invoices that a credit memo names; null: it names none that we know. */
  readonly creditableMinor: bigint | null;
  readonly policy: MatchPolicy;
}

/** Order states in which no invoice is expected any more. */
const CLOSED_ORDER = new Set(['CLOSED', 'CANCELLED', 'REJECTED', 'FINALLY_CLOSED']);

/**
 * Compares an invoice with its order and receipts, two- or three-way, cumulatively with what other invoices have taken.
 * Answers with everything there is to object to; nothing means that it may be posted.
 */
export function matchInvoice(facts: MatchFacts): Finding[] {
  return [
    ...documentFindings(facts),
    ...(facts.order === null ? unorderedFindings(facts) : orderFindings(facts, facts.order)),
  ];
}

function documentFindings(facts: MatchFacts): Finding[] {
  const { policy, supplier } = facts;
  const findings: Finding[] = [];
  if (
    supplier !== null &&
    (supplier.blocks.includes('POSTING') || !POSTABLE_SUPPLIER.has(supplier.status))
  ) {
    findings.push(
      finding('SUPPLIER_BLOCKED', {
        expected: 'an active supplier without posting block',
        actual: [supplier.status, ...supplier.blocks].join(', '),
      }),
    );
  }
  const gross = amount(facts, facts.grossAmountMinor);
  if (policy.amountLimit !== null && compareDecimals(gross, policy.amountLimit) > 0) {
    findings.push(
      finding('AMOUNT_OVER_LIMIT', {
        expected: `at most ${formatDecimal(policy.amountLimit, 2)} ${facts.currency}`,
        actual: priced(facts, facts.grossAmountMinor),
        excess: subtractDecimals(gross, policy.amountLimit),
      }),
    );
  }
  return [...findings, ...taxFindings(facts)];
}

/** Suppliers in other states have not been accepted yet, or no longer are. */
const POSTABLE_SUPPLIER = new Set(['ACTIVE']);

function taxFindings(facts: MatchFacts): Finding[] {
  return facts.taxes
    .flatMap((tax) => {
      const percent = tax.percent === null ? ZERO : decimalOf(tax.percent);
      const computed = taxOf(amount(facts, tax.taxableAmountMinor), percent);
      const difference = magnitude(subtractDecimals(amount(facts, tax.taxAmountMinor), computed));
      if (compareDecimals(difference, facts.policy.taxDifference) <= 0) return [];
      return [
        finding('TAX_VARIANCE', {
          expected: `${formatDecimal(computed, 2)} ${facts.currency} (${tax.category} ${formatDecimal(percent)} %)`,
          actual: priced(facts, tax.taxAmountMinor),
          excess: difference,
        }),
      ];
    })
    .slice(0, 1);
}

/** Without an order: small invoices pass, credit memos must give back what an invoice took. */
function unorderedFindings(facts: MatchFacts): Finding[] {
  const net = amount(facts, facts.netAmountMinor);
  if (facts.kind === 'CREDIT_MEMO' || facts.netAmountMinor < 0n) return uncoveredCredit(facts);
  if (compareDecimals(net, facts.policy.unorderedAmount) <= 0) return [];
  const reference =
    facts.orderReference === null
      ? 'none'
      : `"${facts.orderReference.slice(0, 60)}", which is not known here`;
  return [
    finding('NO_PO', {
      expected: 'a purchase order',
      actual: reference,
      excess: subtractDecimals(net, facts.policy.unorderedAmount),
    }),
  ];
}

function uncoveredCredit(facts: MatchFacts): Finding[] {
  const credited = facts.netAmountMinor < 0n ? -facts.netAmountMinor : facts.netAmountMinor;
  const creditable = facts.creditableMinor ?? 0n;
  if (facts.creditableMinor !== null && credited <= creditable) return [];
  return [
    finding('CREDIT_WITHOUT_INVOICE', {
      expected:
        facts.creditableMinor === null
          ? 'the number of a captured invoice'
          : `at most ${priced(facts, creditable)}`,
      actual: priced(facts, credited),
      excess: amount(facts, credited - creditable),
    }),
  ];
}

function orderFindings(facts: MatchFacts, order: OrderFacts): Finding[] {
  const findings: Finding[] = [];
  if (order.supplierId !== facts.supplierId) {
    findings.push(
      finding('SUPPLIER_MISMATCH', {
        expected: `the supplier of ${order.number}`,
        actual: 'another supplier',
      }),
    );
  }
  if (CLOSED_ORDER.has(order.status)) {
    findings.push(
      finding('PO_CLOSED', { expected: `${order.number} open for invoices`, actual: order.status }),
    );
  }
  const charges = amount(facts, facts.chargesMinor);
  if (compareDecimals(charges, facts.policy.unplannedCharges) > 0) {
    findings.push(
      finding('FREIGHT_UNPLANNED', {
        expected: `charges of at most ${formatDecimal(facts.policy.unplannedCharges, 2)} ${facts.currency}`,
        actual: priced(facts, facts.chargesMinor),
        excess: charges,
      }),
    );
  }
  if (order.currency !== facts.currency) {
    findings.push(
      finding('CURRENCY_MISMATCH', { expected: order.currency, actual: facts.currency }),
    );
    return findings;
  }
  return [...findings, ...lineFindings(facts, order)];
}

function lineFindings(facts: MatchFacts, order: OrderFacts): Finding[] {
  const byId = new Map(order.lines.map((line) => [line.id, line]));
  const grouped = Map.groupBy(
    facts.lines,
    (line) => byId.get(line.purchaseOrderLineId ?? '') ?? null,
  );
  return [...grouped].flatMap(([orderLine, lines]) => {
    if (orderLine === null)
      return lines
        .filter((line) => line.netAmountMinor !== 0n)
        .map((line) => lineNotFound(facts, order, line));
    return groupFindings(facts, orderLine, lines);
  });
}

function lineNotFound(facts: MatchFacts, order: OrderFacts, line: MatchLine): Finding {
  return finding('PO_LINE_NOT_FOUND', {
    invoiceLineId: line.id,
    expected: `a line of ${order.number}`,
    actual: `"${line.description.slice(0, 60)}"`,
    excess: magnitude(amount(facts, line.netAmountMinor)),
  });
}

/** What one invoice takes from one order line; negative where it gives back. */
interface Taking {
  readonly invoiceLineId: string;
  readonly quantity: Decimal;
  readonly netMinor: bigint;
}

function groupFindings(
  facts: MatchFacts,
  orderLine: OrderLine,
  lines: readonly MatchLine[],
): Finding[] {
  const [first] = lines;
  if (first === undefined) return [];
  const takings = lines.map((line) => takingOf(facts.kind, line));
  const taking: Taking = {
    invoiceLineId: first.id,
    quantity: takings.reduce((sum, line) => addDecimals(sum, line.quantity), ZERO),
    netMinor: takings.reduce((sum, line) => sum + line.netMinor, 0n),
  };
  const foreign = lines.find((line) => line.unitCode !== orderLine.unitCode);
  if (foreign !== undefined)
    return [unitMismatch(foreign, orderLine), ...amountFindings(facts, orderLine, taking)];
  if (taking.netMinor < 0n || signOf(taking.quantity) < 0)
    return creditFindings(facts, orderLine, taking);
  return [
    ...quantityFindings(facts, orderLine, taking),
    ...priceFindings(facts, orderLine, taking),
  ];
}

/** An invoice line takes from the order line, a credit memo's line gives back; so does an invoice line below zero. */
export function takingOf(
  kind: InvoiceKind,
  line: Pick<MatchLine, 'id' | 'quantity' | 'netAmountMinor'>,
): Taking {
  const gives = (kind === 'CREDIT_MEMO') !== line.netAmountMinor < 0n;
  const quantity = magnitude(line.quantity);
  const netMinor = line.netAmountMinor < 0n ? -line.netAmountMinor : line.netAmountMinor;
  return gives
    ? { invoiceLineId: line.id, quantity: subtractDecimals(ZERO, quantity), netMinor: -netMinor }
    : { invoiceLineId: line.id, quantity, netMinor };
}

function unitMismatch(line: MatchLine, orderLine: OrderLine): Finding {
  return finding('UOM_MISMATCH', {
    invoiceLineId: line.id,
    expected: orderLine.unitCode,
    actual: line.unitCode,
  });
}

/** Where quantities cannot be compared, the amount of the order line is the bound. */
function amountFindings(facts: MatchFacts, orderLine: OrderLine, taking: Taking): Finding[] {
  const base = amount(facts, orderLine.netAmountMinor);
  const excess = breach(
    base,
    amount(facts, orderLine.acceptedNetMinor + taking.netMinor),
    facts.policy.priceUpper,
  );
  return excess === null
    ? []
    : [
        priceVariance(
          facts,
          taking,
          orderLine.netAmountMinor,
          orderLine.acceptedNetMinor + taking.netMinor,
          excess,
        ),
      ];
}

function creditFindings(facts: MatchFacts, orderLine: OrderLine, taking: Taking): Finding[] {
  const quantityLeft = addDecimals(orderLine.acceptedQuantity, taking.quantity);
  const netLeft = amount(facts, orderLine.acceptedNetMinor + taking.netMinor);
  const missing =
    compareDecimals(subtractDecimals(ZERO, netLeft), facts.policy.negligibleAmount) > 0;
  if (signOf(quantityLeft) >= 0 && !missing) return [];
  return [
    finding('CREDIT_WITHOUT_INVOICE', {
      invoiceLineId: taking.invoiceLineId,
      expected: `at most ${formatDecimal(orderLine.acceptedQuantity)} ${orderLine.unitCode}, ${priced(facts, orderLine.acceptedNetMinor)}`,
      actual: `${formatDecimal(magnitude(taking.quantity))} ${orderLine.unitCode}, ${priced(facts, -taking.netMinor)}`,
      excess: magnitude(netLeft),
    }),
  ];
}

function quantityFindings(facts: MatchFacts, orderLine: OrderLine, taking: Taking): Finding[] {
  const { policy } = facts;
  const billed = addDecimals(orderLine.billedQuantity, taking.quantity);
  const findings: Finding[] = [];
  const overOrdered = breach(orderLine.quantity, billed, policy.quantityUpper);
  const of = {
    invoiceLineId: taking.invoiceLineId,
    actual: `${formatDecimal(billed)} ${orderLine.unitCode} billed`,
  };
  if (overOrdered !== null) {
    findings.push(
      finding('QTY_OVER_ORDERED', {
        ...of,
        expected: `${formatDecimal(orderLine.quantity)} ${orderLine.unitCode} ordered`,
        excess: overOrdered,
      }),
    );
  }
  if (policy.level === 'TWO_WAY' || signOf(taking.quantity) === 0) return findings;
  if (signOf(orderLine.received) <= 0) {
    findings.push(finding('NO_RECEIPT', { ...of, expected: 'a goods receipt', excess: billed }));
    return findings;
  }
  const overReceived = breach(orderLine.received, billed, policy.quantityUpper);
  if (overReceived !== null) {
    findings.push(
      finding('QTY_OVER_RECEIVED', {
        ...of,
        expected: `${formatDecimal(orderLine.received)} ${orderLine.unitCode} received`,
        excess: overReceived,
      }),
    );
  }
  return findings;
}

/** This invoice alone, and with all accepted ones together: many small variances are one large one. */
function priceFindings(facts: MatchFacts, orderLine: OrderLine, taking: Taking): Finding[] {
  const { policy } = facts;
  const orderedMinor = (quantity: Decimal): bigint =>
    extend({
      quantity,
      unitPrice: orderLine.unitPrice,
      priceQuantity: orderLine.priceQuantity,
      currency: facts.currency,
      rounding: 'half-up',
    }).amountMinor;
  const expectedMinor = orderedMinor(taking.quantity);
  const allNetMinor = orderLine.acceptedNetMinor + taking.netMinor;
  const allExpectedMinor = orderedMinor(addDecimals(orderLine.acceptedQuantity, taking.quantity));
  for (const [base, actual] of [
    [expectedMinor, taking.netMinor],
    [allExpectedMinor, allNetMinor],
  ] as const) {
    const excess = breach(amount(facts, base), amount(facts, actual), policy.priceUpper);
    if (excess !== null && compareDecimals(excess, policy.negligibleAmount) > 0)
      return [priceVariance(facts, taking, base, actual, excess)];
  }
  const expected = amount(facts, expectedMinor);
  const short = subtractDecimals(expected, amount(facts, taking.netMinor));
  const tooCheap = breach(expected, addDecimals(expected, short), policy.priceLower);
  if (tooCheap === null || compareDecimals(tooCheap, policy.negligibleAmount) <= 0) return [];
  return [priceVariance(facts, taking, expectedMinor, taking.netMinor, tooCheap)];
}

function priceVariance(
  facts: MatchFacts,
  taking: Taking,
  expectedMinor: bigint,
  actualMinor: bigint,
  excess: Decimal,
): Finding {
  return finding('PRICE_VARIANCE', {
    invoiceLineId: taking.invoiceLineId,
    expected: `${priced(facts, expectedMinor)} by the order`,
    actual: `${priced(facts, actualMinor)} billed`,
    excess,
  });
}

function finding(
  code: HoldCode,
  of: { invoiceLineId?: string; expected: string; actual: string; excess?: Decimal },
): Finding {
  const { advice } = HOLD_RULES[code];
  return {
    code,
    invoiceLineId: of.invoiceLineId ?? null,
    expected: of.expected,
    actual: of.actual,
    excess: of.excess ?? ZERO,
    message: `Expected: ${of.expected}. Found: ${of.actual}. ${advice}`,
  };
}

function amount(facts: Pick<MatchFacts, 'currency'>, amountMinor: bigint): Decimal {
  return toDecimal(money(amountMinor, facts.currency));
}

function priced(facts: Pick<MatchFacts, 'currency'>, amountMinor: bigint): string {
  return `${formatAmount(money(amountMinor, facts.currency))} ${facts.currency}`;
}
