import {
  ZERO,
  compareDecimals,
  decimalOf,
  formatDecimal,
  subtractDecimals,
} from '#kernel/decimal.ts';
import { magnitude, taxOf } from './en-16931.ts';
import { amount, finding, priced } from './match-facts.ts';
import { lineFindings } from './order-line-match.ts';
import type { Finding } from './hold.ts';
import type { MatchFacts, OrderFacts } from './match-facts.ts';

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
