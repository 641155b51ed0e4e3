import { nextNumber } from './books.ts';
import type { Books } from './books.ts';
import { companyRefusals } from './checks.ts';
import { wireDate } from './clock.ts';
import { documentKey, historyOfChanged, historyOfNew, refused } from './document.ts';
import type { Decision, DocumentHistory, Entry, Facts, StoredDocument } from './document.ts';
import { optional, readFields, unknownProperties } from './field-table.ts';
import type { JsonObject } from './field-table.ts';
import { refuse } from './refusal.ts';
import type { SupplierInvoice } from './supplier-invoice.ts';

/** One run pays at most this many invoices, so that its answer stays small; run again for the rest. */
export const PAYMENT_RUN_LIMIT = 500;

const numberRange = { name: 'Payment', start: 2_000_000_000 };

const runFields = {
  /** Empty: all company codes. */
  CompanyCode: optional('text', 4),
  /** Empty: every open invoice; else the one with this number and FiscalYear. */
  SupplierInvoice: optional('digits', 10),
  FiscalYear: optional('digits', 4),
};

/** One payment settles one invoice in full. */
export type Payment = DocumentHistory & {
  readonly Payment: string;
  readonly PaymentStatus: 'SCHEDULED' | 'PAID' | 'RETURNED';
  readonly CompanyCode: string;
  readonly Supplier: string;
  readonly SupplierInvoice: string;
  readonly FiscalYear: string;
  /** Those of the invoice, so that a payment is found by the same reference. */
  readonly ExternalReference: string;
  readonly CorrelationReference: string;
  readonly PaymentAmount: string;
  readonly DocumentCurrency: string;
  readonly ScheduledDate: string;
  readonly ClearingDate: string;
  /** An ISO 20022 return reason such as AC04 (closed account), '' unless returned. */
  readonly ReturnReasonCode: string;
};

/** Whether a payment run would take the invoice. Credit memos are left to be netted, which this ERP does not do. */
export function isPayable(invoice: SupplierInvoice): boolean {
  return (
    invoice.SupplierInvoiceStatus === 'POSTED' &&
    invoice.ClearingStatus === 'OPEN' &&
    invoice.PaymentBlockingReason === '' &&
    invoice.SupplierInvoiceIsCreditMemo === ''
  );
}

/** The run on demand: schedules a payment for each payable invoice that the body selects; none is no error. */
export function runPayments(books: Books, body: JsonObject, facts: Facts): Decision {
  const { fields, refusals } = readFields(runFields, body, '');
  const all = [
    ...unknownProperties(body, { table: runFields, collections: [] }, ''),
    ...refusals,
    ...companyRefusals(fields.CompanyCode),
  ];
  if (all.length > 0) return refused(...all);
  const selected = [...books.invoices.values()]
    .filter(isPayable)
    .filter((invoice) => ['', invoice.CompanyCode].includes(fields.CompanyCode))
    .filter((invoice) => ['', invoice.SupplierInvoice].includes(fields.SupplierInvoice))
    .filter((invoice) => ['', invoice.FiscalYear].includes(fields.FiscalYear))
    .slice(0, PAYMENT_RUN_LIMIT);
  return schedulePayments(books, selected, facts.at);
}

export function schedulePayments(
  books: Books,
  invoices: readonly SupplierInvoice[],
  at: Date,
): Decision {
  const first = Number(nextNumber(books, numberRange).number);
  const pairs = invoices.map((invoice, index) =>
    pairOf(invoice, scheduled(invoice, String(first + index), at), at, 'SCHEDULED'),
  );
  const counters = invoices.length === 0 ? {} : { [numberRange.name]: first + invoices.length - 1 };
  const entry: Entry = {
    documents: pairs.flat(),
    events: pairs.map(([payment]) => ({ eventType: 'Payment.Scheduled', subject: payment })),
    counters,
  };
  return { kind: 'decided', entry };
}

/** The bank's answer to a scheduled payment. */
export function clearPayment(books: Books, payment: Payment, at: Date): Decision {
  const invoice = invoiceOf(books, payment);
  const cleared: Payment = {
    ...payment,
    ...historyOfChanged(payment, at),
    PaymentStatus: 'PAID',
    ClearingDate: wireDate(at),
  };
  const [subject, settled] = pairOf(invoice, cleared, at, 'CLEARED');
  const events = [{ eventType: 'Payment.Cleared' as const, subject }];
  return { kind: 'decided', entry: { documents: [subject, settled], events, counters: {} } };
}

/** The bank sends the money back, before or after it was reported paid; the invoice is open again. */
export function returnPayment(
  books: Books,
  payment: Payment,
  order: { at: Date; reason: string },
): Decision {
  if (payment.PaymentStatus === 'RETURNED') {
    const text = `Payment ${payment.Payment} was returned already.`;
    return refused(refuse('paymentNotCleared', text));
  }
  const returned: Payment = {
    ...payment,
    ...historyOfChanged(payment, order.at),
    PaymentStatus: 'RETURNED',
    ReturnReasonCode: order.reason,
  };
  const [subject, reopened] = pairOf(invoiceOf(books, payment), returned, order.at, 'OPEN');
  const events = [{ eventType: 'Payment.Returned' as const, subject }];
  return { kind: 'decided', entry: { documents: [subject, reopened], events, counters: {} } };
}

function scheduled(invoice: SupplierInvoice, number: string, at: Date): Payment {
  return {
    Payment: number,
    PaymentStatus: 'SCHEDULED',
    CompanyCode: invoice.CompanyCode,
    Supplier: invoice.InvoicingParty,
    SupplierInvoice: invoice.SupplierInvoice,
    FiscalYear: invoice.FiscalYear,
    ExternalReference: invoice.ExternalReference,
    CorrelationReference: invoice.CorrelationReference,
    PaymentAmount: invoice.InvoiceGrossAmount,
    DocumentCurrency: invoice.DocumentCurrency,
    ScheduledDate: wireDate(at),
    ClearingDate: '',
    ReturnReasonCode: '',
    ...historyOfNew(at),
  };
}

function pairOf(
  invoice: SupplierInvoice,
  payment: Payment,
  at: Date,
  clearing: SupplierInvoice['ClearingStatus'],
): [StoredDocument, StoredDocument] {
  const changed = {
    ...invoice,
    ...historyOfChanged(invoice, at),
    ClearingStatus: clearing,
    PaymentReturnReasonCode: payment.ReturnReasonCode,
  };
  return [
    { type: 'Payment', document: payment },
    { type: 'SupplierInvoice', document: changed },
  ];
}

function invoiceOf(books: Books, payment: Payment): SupplierInvoice {
  const key = `${payment.SupplierInvoice}/${payment.FiscalYear}`;
  const invoice = books.invoices.get(key);
  if (invoice !== undefined) return invoice;
  const known = documentKey({ type: 'Payment', document: payment });
  throw new Error(
    `Expected invoice ${key} of payment ${known} in the books; the state file is not whole.`,
  );
}
