import type { Lifecycle } from '#kernel/lifecycle.ts';

/** A payment of one invoice as the ERP reports it; the ERP owns it, we keep its latest word. */
export interface Payment {
  readonly id: string;
  readonly invoiceId: string;
  readonly erp: string;
  /** The ERP's number. */
  readonly number: string;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly status: 'SCHEDULED' | 'PAID' | 'RETURNED';
  readonly valueOn: string | null;
  /** Counts up per payment in the ERP; the highest is the truth, in whatever order reports come. */
  readonly erpSequence: number;
  readonly version: number;
  readonly reportedAt: Date;
}

export type PaymentStatus =
  | 'NOT_READY'
  | 'UNPAID'
  | 'SCHEDULED'
  | 'PARTIALLY_PAID'
  | 'PAID'
  | 'RETURNED'
  | 'VOIDED';
export type PaymentStep = 'post' | 'schedule' | 'payInPart' | 'pay' | 'return' | 'void';

const REPORTS = {
  schedule: 'SCHEDULED',
  payInPart: 'PARTIALLY_PAID',
  pay: 'PAID',
  return: 'RETURNED',
} as const;

/** The payment side of an invoice's life, apart from its document side. Reports may overtake each other, so each leads on from everywhere but the void. */
export const PAYMENT_LIFECYCLE: Lifecycle<PaymentStatus, PaymentStep> = {
  entity: 'payment of an invoice',
  initial: 'NOT_READY',
  transitions: {
    NOT_READY: { post: 'UNPAID', ...REPORTS, void: 'VOIDED' },
    UNPAID: { ...REPORTS, void: 'VOIDED' },
    // Money is on its way or has gone: it must come back before the invoice can be cancelled.
    SCHEDULED: { ...REPORTS },
    PARTIALLY_PAID: { ...REPORTS },
    PAID: { ...REPORTS },
    RETURNED: { ...REPORTS, void: 'VOIDED' },
    VOIDED: {},
  },
};

/** What the payments of an invoice amount to: the step of the payment lifecycle they call for, or null without any. */
export function paymentStep(
  payableMinor: bigint,
  payments: readonly Pick<Payment, 'amountMinor' | 'status'>[],
): PaymentStep | null {
  if (payments.length === 0) return null;
  const due = payableMinor < 0n ? -payableMinor : payableMinor;
  const paid = payments
    .filter((payment) => payment.status === 'PAID')
    .reduce((sum, payment) => sum + payment.amountMinor, 0n);
  if (paid > 0n && paid >= due) return 'pay';
  if (payments.some((payment) => payment.status === 'SCHEDULED')) return 'schedule';
  return paid > 0n ? 'payInPart' : 'return';
}
