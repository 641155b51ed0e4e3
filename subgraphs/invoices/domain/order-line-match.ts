import {
  ZERO,
  addDecimals,
  compareDecimals,
  formatDecimal,
  signOf,
  subtractDecimals,
} from '#kernel/decimal.ts';
import { extend } from '#kernel/money.ts';
import { magnitude } from './en-16931.ts';
import { amount, finding, priced } from './match-facts.ts';
import { breach } from './match-policy.ts';
import type { Decimal } from '#kernel/decimal.ts';
import type { Finding } from './hold.ts';
import type { MatchFacts, MatchLine, OrderFacts, OrderLine } from './match-facts.ts';
import type { InvoiceKind } from './stated-invoice.ts';

/** Compares each order line with what the invoice and all others take from it. */
export function lineFindings(facts: MatchFacts, order: OrderFacts): Finding[] {
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
