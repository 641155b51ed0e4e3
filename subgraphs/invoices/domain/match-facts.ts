import { ZERO } from '#kernel/decimal.ts';
import { formatAmount, money, toDecimal } from '#kernel/money.ts';
import { HOLD_RULES } from './hold.ts';
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
/** Words a finding: what was expected, what was found, what to do. */
export function finding(
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

/** An amount in the invoice's currency as a number that can be compared with a policy's. */
export function amount(facts: Pick<MatchFacts, 'currency'>, amountMinor: bigint): Decimal {
  return toDecimal(money(amountMinor, facts.currency));
}

/** An amount as people read it. */
export function priced(facts: Pick<MatchFacts, 'currency'>, amountMinor: bigint): string {
  return `${formatAmount(money(amountMinor, facts.currency))} ${facts.currency}`;
}
