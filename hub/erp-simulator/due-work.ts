import type { Behaviour } from './behaviour.ts';
import { isCurrent } from './books.ts';
import type { Books } from './books.ts';
import { now } from './clock.ts';
import { documentKey } from './document.ts';
import type { Decision, StoredDocument } from './document.ts';
import type { FaultPlan } from './fault-plan.ts';
import { clearPayment, isPayable, returnPayment, schedulePayments } from './payment.ts';
import { releaseOrder } from './purchase-order.ts';

/** What the ERP does by itself after a delay: releases orders, pays invoices, hears from the bank. */
export type DueWork = {
  /** Sets or clears the timer of each of these documents. */
  readonly follow: (documents: readonly StoredDocument[]) => void;
  /** Looks through all documents again: at the start and after delays changed. */
  readonly followAll: () => void;
  readonly stop: () => void;
};

export function dueWork(
  books: Books,
  plan: FaultPlan,
  carryOut: (decide: () => Decision) => Promise<void>,
): DueWork {
  const timers = new Map<string, NodeJS.Timeout>();

  const follow = (stored: StoredDocument): void => {
    const name = `${stored.type}|${documentKey(stored)}`;
    clearTimeout(timers.get(name));
    timers.delete(name);
    const dueAtMs = dueTimeOf(stored, plan.behaviour());
    if (dueAtMs === undefined) return;
    const delayMs = Math.max(0, dueAtMs - now().getTime());
    const run = (): void => {
      timers.delete(name);
      void carryOut(() => nextStep(books, stored, plan));
    };
    timers.set(name, setTimeout(run, delayMs));
  };

  const stop = (): void => {
    for (const timer of timers.values()) clearTimeout(timer);
    timers.clear();
  };

  const followAll = (): void => {
    stop();
    for (const document of books.orders.values()) follow({ type: 'PurchaseOrder', document });
    for (const document of books.invoices.values()) follow({ type: 'SupplierInvoice', document });
    for (const document of books.payments.values()) follow({ type: 'Payment', document });
  };

  return { follow: (documents) => documents.forEach(follow), followAll, stop };
}

/** When the document's next step is due, counted from its last change so that a restart forgets no wait. */
function dueTimeOf(stored: StoredDocument, behaviour: Behaviour): number | undefined {
  const changedMs = Date.parse(stored.document.LastChangeDateTime);
  switch (stored.type) {
    case 'PurchaseOrder': {
      const waits = stored.document.PurchaseOrderStatus === 'IN_PROCESS';
      return waits ? changedMs + behaviour.confirmDelayMs : undefined;
    }
    case 'SupplierInvoice': {
      // After a returned payment a person looks first; paying again unasked could go round for ever.
      const returned = stored.document.PaymentReturnReasonCode !== '';
      const waits = behaviour.autoPay && isPayable(stored.document) && !returned;
      return waits ? changedMs + behaviour.paymentDelayMs : undefined;
    }
    case 'Payment': {
      const waits = stored.document.PaymentStatus === 'SCHEDULED';
      return waits ? changedMs + behaviour.paymentDelayMs : undefined;
    }
    case 'GoodsReceipt':
      return undefined;
  }
}

/** A timer may fire for a document that was changed or reset meanwhile: then nothing is done. */
function nextStep(books: Books, stored: StoredDocument, plan: FaultPlan): Decision {
  const at = now();
  const nothing: Decision = { kind: 'refused', refusals: [] };
  if (!isCurrent(books, stored)) return nothing;
  switch (stored.type) {
    case 'PurchaseOrder':
      return releaseOrder(stored.document, at);
    case 'SupplierInvoice':
      return schedulePayments(books, [stored.document], at);
    case 'Payment': {
      const reason = plan.returnReason();
      if (reason === undefined) return clearPayment(books, stored.document, at);
      return returnPayment(books, stored.document, { at, reason });
    }
    case 'GoodsReceipt':
      return nothing;
  }
}
