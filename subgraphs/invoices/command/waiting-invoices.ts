import { legalEvents } from '#kernel/lifecycle.ts';
import { INVOICE_LIFECYCLE } from '../domain/invoice.ts';
import { unchanged } from '../domain/invoice-decision.ts';
import { matchAgain } from './invoice-match.ts';
import { saveChange } from './invoice-fact.ts';
import { lockDossier } from '../store/invoice-store.ts';
import { lockOrderOfInvoice } from '../store/matching-store.ts';
import { findWaitingForOrder } from '../store/projection-store.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Transaction } from '#kernel/database.ts';
import type { Dossier } from '../domain/invoice.ts';
import type { Change } from '../domain/invoice-decision.ts';
import type { Telling } from './invoice-fact.ts';

export interface Working {
  readonly clock: Clock;
  readonly telling: Telling;
}

/** Matches again whatever waits for an order: goods came, the order changed, or another invoice gave something back. */
export async function matchWaiting(
  tx: Transaction,
  orderId: string,
  using: Working,
): Promise<void> {
  await matchEach(tx, await findWaitingForOrder(tx, orderId), using);
}

/** Matches invoices again, oldest first; those that have moved on meanwhile are left alone. */
export async function matchEach(
  tx: Transaction,
  invoiceIds: readonly string[],
  using: Working,
): Promise<void> {
  for (const id of invoiceIds) {
    await changeLocked(tx, id, using, async (dossier) => {
      if (!legalEvents(INVOICE_LIFECYCLE, dossier.invoice.status).includes('match')) return null;
      const result = await matchAgain(tx, unchanged(dossier), using);
      return result.ok ? result.value : null;
    });
  }
}

/** Loads under lock, the order before the invoice, and writes what was decided; null changes nothing. */
export async function changeLocked(
  tx: Transaction,
  invoiceId: string,
  using: Working,
  decide: (dossier: Dossier) => Promise<Change | null>,
): Promise<void> {
  await lockOrderOfInvoice(tx, invoiceId);
  const dossier = await lockDossier(tx, invoiceId);
  if (dossier === null) return;
  const decided = await decide(dossier);
  if (decided === null) return;
  await saveChange(tx, decided, using.telling);
  await passOn(tx, decided, using);
}

/** What an invoice gave back to its order, others that wait for it may take. */
export async function passOn(
  tx: Transaction,
  { dossier, facts }: Change,
  using: Working,
): Promise<void> {
  const { kind, status, purchaseOrderId } = dossier.invoice;
  if (purchaseOrderId === null || facts.length === 0) return;
  const ended = status === 'REJECTED' || status === 'CANCELLED';
  const gaveBack =
    kind === 'CREDIT_MEMO' && facts.some((fact) => fact.type === 'concord.invoice.matched.v1');
  if (kind === 'STANDARD' ? ended : gaveBack) await matchWaiting(tx, purchaseOrderId, using);
}
