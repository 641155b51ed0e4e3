import { idFromName } from '#kernel/id.ts';
import { step } from '#kernel/lifecycle.ts';
import { parseMoney } from '#kernel/money.ts';
import { tellPayment } from './invoice-fact.ts';
import { PAYMENT_LIFECYCLE, paymentStep } from '../domain/payment.ts';
import { lockDossier } from '../store/invoice-store.ts';
import { putPayments, readPaymentsOf, updatePaymentStatus } from '../store/payment-store.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Transaction } from '#kernel/database.ts';
import type { ErpPayment } from '../../../integration/events.ts';
import type { Telling } from './invoice-fact.ts';

/** Takes over what the ERP says of a payment, unless something newer is known of it; the invoice's payment status follows. */
export async function applyPaymentReport(
  tx: Transaction,
  report: ErpPayment,
  using: { readonly clock: Clock; readonly telling: Telling },
): Promise<void> {
  const dossier = await lockDossier(tx, report.invoiceId);
  // An invoice that is not ours: another installation's ERP talk, or a test's.
  if (dossier === null) return;
  const { invoice } = dossier;
  const amount = parseMoney(report.amount);
  if (typeof amount === 'string')
    throw new Error(
      `Payment ${report.paymentNumber} of ${invoice.number} has the amount "${report.amount.amount} ${report.amount.currency}" (${amount}); a money amount is expected.`,
    );
  const [payment] = await putPayments(tx, [
    {
      id: idFromName(`payment ${report.erp} ${report.paymentNumber} ${report.invoiceId}`),
      invoiceId: report.invoiceId,
      erp: report.erp,
      number: report.paymentNumber,
      ...amount,
      status: report.status,
      valueOn: report.valueOn,
      erpSequence: report.erpSequence,
      version: 1,
      reportedAt: using.clock.now(),
    },
  ]);
  if (payment === undefined) return;
  const called = paymentStep(invoice.payableMinor, await readPaymentsOf(tx, invoice.id));
  const next = called === null ? null : step(PAYMENT_LIFECYCLE, invoice.paymentStatus, called);
  const paymentStatus = next?.ok === true ? next.value : invoice.paymentStatus;
  if (paymentStatus !== invoice.paymentStatus)
    await updatePaymentStatus(tx, invoice.id, paymentStatus);
  await tellPayment(tx, using.telling, { payment, invoice });
}
