import { money, toWire } from '#kernel/money.ts';
import { appendEvents } from '#kernel/outbox.ts';
import { putHolds, updateInvoice, updateLineLinks } from '../store/invoice-store.ts';
import { openHolds } from '../domain/hold.ts';
import type { Transaction } from '#kernel/database.ts';
import type { Cause, createEventFactory } from '#kernel/event.ts';
import type { InvoiceEvent, InvoiceSnapshot, PaymentSnapshot } from '../events.ts';
import type { Dossier, Invoice } from '../domain/invoice.ts';
import type { Change, Fact } from '../domain/invoice-decision.ts';
import type { Payment } from '../domain/payment.ts';

/** Who tells, and why: the thread comes from the document itself. */
export interface Telling {
  readonly event: ReturnType<typeof createEventFactory>;
  readonly cause: Omit<Cause, 'correlationId'>;
}

/** Writes what happened to an invoice into the outbox; each fact is one version, in order. */
export async function tellFacts(
  tx: Transaction,
  telling: Telling,
  facts: readonly Fact[],
): Promise<void> {
  const events = facts.map(({ type, dossier }) => {
    const { invoice } = dossier;
    return telling.event<InvoiceEvent['type'], InvoiceSnapshot>(
      { ...telling.cause, correlationId: invoice.correlationId },
      {
        type,
        document: {
          type: 'Invoice',
          id: invoice.id,
          number: invoice.number,
          status: invoice.status,
        },
        sequence: invoice.version,
        audience: audienceOf(invoice),
        data: snapshotOf(dossier),
      },
    );
  });
  await appendEvents(tx, events);
}

/** Writes a change of an existing invoice with everything it tells. */
export async function saveChange(tx: Transaction, change: Change, telling: Telling): Promise<void> {
  const { invoice, lines, holds } = change.dossier;
  await updateInvoice(tx, invoice);
  await updateLineLinks(tx, lines);
  await putHolds(tx, holds);
  await tellFacts(tx, telling, change.facts);
}

const PAYMENT_FACTS = {
  SCHEDULED: 'concord.payment.scheduled.v1',
  PAID: 'concord.payment.paid.v1',
  RETURNED: 'concord.payment.returned.v1',
} as const;

/** Writes the ERP's word on a payment into the outbox; whoever may see the invoice may see it. */
export async function tellPayment(
  tx: Transaction,
  telling: Telling,
  told: { readonly payment: Payment; readonly invoice: Invoice },
): Promise<void> {
  const { payment, invoice } = told;
  const data: PaymentSnapshot = {
    paymentId: payment.id,
    invoiceId: payment.invoiceId,
    amount: toWire(money(payment.amountMinor, payment.currency)),
    status: payment.status,
    erpNumber: payment.number,
    valueOn: payment.valueOn,
  };
  const event = telling.event<InvoiceEvent['type'], PaymentSnapshot>(
    { ...telling.cause, correlationId: invoice.correlationId },
    {
      type: PAYMENT_FACTS[payment.status],
      document: { type: 'Payment', id: payment.id, number: payment.number, status: payment.status },
      sequence: payment.version,
      audience: audienceOf(invoice),
      data,
    },
  );
  await appendEvents(tx, [event]);
}

function audienceOf(invoice: Invoice) {
  return {
    companyCode: invoice.companyCode,
    costCentreId: invoice.costCentreId,
    ownerId: invoice.ownerId,
  };
}

function snapshotOf({ invoice, lines, holds }: Dossier): InvoiceSnapshot {
  const wire = (amountMinor: bigint) => toWire(money(amountMinor, invoice.currency));
  return {
    invoiceId: invoice.id,
    number: invoice.number,
    supplierInvoiceNumber: invoice.supplierInvoiceNumber,
    kind: invoice.kind,
    companyCode: invoice.companyCode,
    costCentreId: invoice.costCentreId,
    supplierId: invoice.supplierId,
    purchaseOrderId: invoice.purchaseOrderId,
    issuedOn: invoice.issuedOn,
    dueOn: invoice.dueOn,
    netAmount: wire(invoice.netAmountMinor),
    taxAmount: wire(invoice.taxAmountMinor),
    grossAmount: wire(invoice.grossAmountMinor),
    lines: lines.map((line) => ({
      invoiceLineId: line.id,
      purchaseOrderLineId: line.purchaseOrderLineId,
      description: line.description,
      quantity: line.quantity,
      unitCode: line.unitCode,
      unitPrice: line.unitPrice,
      netAmount: wire(line.netAmountMinor),
    })),
    holds: openHolds(holds).map((hold) => hold.code),
    paymentStatus: invoice.paymentStatus,
    erpNumber: invoice.erpNumber,
    version: invoice.version,
  };
}
