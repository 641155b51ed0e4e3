import type { Decimal } from '#kernel/decimal.ts';
import type { Problem } from '#kernel/problem.ts';

/** An invoice demands money, a credit memo gives it back; amounts of both are stated as positive numbers. */
export type InvoiceKind = 'STANDARD' | 'CREDIT_MEMO';

/** A party as a document names it. Tax numbers are as written; `seller.ts` normalises them. */
export interface Party {
  readonly tradingName: string | null;
  readonly legalName: string | null;
  /** ISO 3166-1 alpha-2. */
  readonly countryCode: string | null;
  /** VAT and other tax registration numbers, BT-31 and BT-32. */
  readonly taxNumbers: readonly string[];
  /** Registration in a company register, BT-30. */
  readonly legalRegistration: string | null;
  /** Electronic address, BT-34. */
  readonly endpoint: { readonly schemeId: string; readonly value: string } | null;
}

export interface StatedLine {
  /** The supplier's line id, BT-126. */
  readonly id: string | null;
  readonly description: string | null;
  readonly quantity: Decimal | null;
  readonly unitCode: string | null;
  readonly unitPrice: Decimal | null;
  /** The price is for this many units, BT-149. */
  readonly priceQuantity: Decimal | null;
  readonly netAmount: Decimal | null;
  /** Allowances (negative) and charges of the line, already within the net amount. */
  readonly adjustments: readonly StatedAdjustment[];
  /** Line of the order, BT-132, as the supplier wrote it. */
  readonly orderLineReference: string | null;
  readonly taxCategory: string | null;
  readonly taxPercent: Decimal | null;
}

/** An allowance or a charge; the amount is stated without sign. */
export interface StatedAdjustment {
  readonly isCharge: boolean;
  readonly amount: Decimal;
  readonly reason: string | null;
}

export interface StatedTaxSubtotal {
  readonly category: string | null;
  readonly percent: Decimal | null;
  readonly taxableAmount: Decimal | null;
  readonly taxAmount: Decimal | null;
}

export interface StatedTaxTotal {
  readonly currency: string | null;
  readonly amount: Decimal | null;
  readonly subtotals: readonly StatedTaxSubtotal[];
}

/** BG-22, the document's totals. */
export interface StatedTotals {
  readonly lineNet: Decimal | null;
  readonly allowances: Decimal | null;
  readonly charges: Decimal | null;
  readonly taxExclusive: Decimal | null;
  readonly taxInclusive: Decimal | null;
  readonly prepaid: Decimal | null;
  readonly rounding: Decimal | null;
  readonly payable: Decimal | null;
}

/** What a document says, before any of it is believed: everything that may be missing is null. */
export interface StatedInvoice {
  readonly kind: InvoiceKind;
  readonly number: string | null;
  readonly issuedOn: string | null;
  readonly dueOn: string | null;
  /** UNTDID 1001, BT-3. */
  readonly typeCode: string | null;
  readonly currency: string | null;
  readonly taxCurrency: string | null;
  /** Currencies that amounts of the document carry. */
  readonly amountCurrencies: readonly string[];
  readonly orderReference: string | null;
  readonly contractReference: string | null;
  /** Numbers of the invoices that this one corrects, BT-25. */
  readonly precedingInvoices: readonly string[];
  readonly seller: Party;
  readonly buyer: Party;
  /** Code of UNTDID 4461 and the account with only its last four characters: full bank data stay out of this room. */
  readonly paymentMeans: readonly {
    readonly code: string | null;
    readonly maskedAccount: string | null;
  }[];
  readonly hasPaymentTerms: boolean;
  readonly lines: readonly StatedLine[];
  readonly adjustments: readonly StatedAdjustment[];
  readonly taxTotals: readonly StatedTaxTotal[];
  readonly totals: StatedTotals;
}

/** A rule of EN 16931 (or of UBL's types) that a document breaks. */
export interface RuleViolation {
  /** The rule's id, such as `BR-16`. */
  readonly rule: string;
  readonly message: string;
}

export interface DocumentRules extends Problem<'DOCUMENT_RULES'> {
  readonly violations: readonly RuleViolation[];
}

/** The document lacks or garbles something that every invoice must say. */
export function documentRules(violations: readonly RuleViolation[]): DocumentRules {
  return {
    code: 'DOCUMENT_RULES',
    message: `The invoice breaks ${violations.map(({ rule, message }) => `${rule}: ${message}`).join(' ')} Nothing was captured; return it to the supplier with the rule ids.`,
    retryable: false,
    violations,
  };
}
