import { compareDecimals } from '#kernel/decimal.ts';
import type { Decimal } from '#kernel/decimal.ts';
import type { Permission } from '#kernel/identity.ts';

/** What may lift a hold without anybody releasing it. */
export type HoldRemedy = 'RECEIPT' | 'ORDER' | 'SUPPLIER' | 'INVOICE';

interface HoldRule {
  /** The role that is to look into it. */
  readonly ownerRole: string;
  /** Needed to release it by hand; null: it cannot be released, its cause must go. */
  readonly releasedWith: Extract<Permission, 'hold:release' | 'hold:release-payment'> | null;
  readonly liftedBy: HoldRemedy;
  /** What to do, to complete a sentence that begins with the finding. */
  readonly advice: string;
}

/** Every reason not to pay, with who sees to it. Canonical codes of the domain reference, section 1.5. */
export const HOLD_RULES = {
  PRICE_VARIANCE: {
    ownerRole: 'buyer',
    releasedWith: 'hold:release',
    liftedBy: 'ORDER',
    advice: 'Agree on the price with the supplier and change the order, or release the hold.',
  },
  QTY_OVER_ORDERED: {
    ownerRole: 'buyer',
    releasedWith: 'hold:release-payment',
    liftedBy: 'ORDER',
    advice: 'Change the order, ask for a credit memo, or release the hold.',
  },
  QTY_OVER_RECEIVED: {
    ownerRole: 'receiver',
    releasedWith: 'hold:release-payment',
    liftedBy: 'RECEIPT',
    advice: 'Post the missing receipt, ask for a credit memo, or release the hold.',
  },
  NO_RECEIPT: {
    ownerRole: 'receiver',
    releasedWith: 'hold:release-payment',
    liftedBy: 'RECEIPT',
    advice: 'Post the receipt; the invoice is then matched by itself.',
  },
  NO_PO: {
    ownerRole: 'ap-clerk',
    releasedWith: 'hold:release-payment',
    liftedBy: 'ORDER',
    advice: 'Name the order with rematchInvoice, or release the hold.',
  },
  PO_CLOSED: {
    ownerRole: 'buyer',
    releasedWith: 'hold:release-payment',
    liftedBy: 'ORDER',
    advice: 'Name another order with rematchInvoice, or release the hold.',
  },
  PO_LINE_NOT_FOUND: {
    ownerRole: 'ap-clerk',
    releasedWith: 'hold:release',
    liftedBy: 'INVOICE',
    advice: 'Name the order line with rematchInvoice, or release the hold.',
  },
  CURRENCY_MISMATCH: {
    ownerRole: 'ap-clerk',
    releasedWith: null,
    liftedBy: 'ORDER',
    advice: 'Ask the supplier for an invoice in the currency of the order.',
  },
  UOM_MISMATCH: {
    ownerRole: 'ap-clerk',
    releasedWith: 'hold:release',
    liftedBy: 'ORDER',
    advice: 'Compare the quantities by hand, then release the hold.',
  },
  AMOUNT_OVER_LIMIT: {
    ownerRole: 'finance-operations',
    releasedWith: 'hold:release-payment',
    liftedBy: 'INVOICE',
    advice: 'Have finance operations look at the invoice and release the hold.',
  },
  SUPPLIER_BLOCKED: {
    ownerRole: 'supplier-steward',
    releasedWith: null,
    liftedBy: 'SUPPLIER',
    advice: 'Have the block lifted at the supplier; the invoice is then matched by itself.',
  },
  SUPPLIER_MISMATCH: {
    ownerRole: 'buyer',
    releasedWith: null,
    liftedBy: 'ORDER',
    advice: 'Name an order of this supplier with rematchInvoice, or reject the invoice.',
  },
  TAX_VARIANCE: {
    ownerRole: 'ap-clerk',
    releasedWith: 'hold:release',
    liftedBy: 'INVOICE',
    advice: 'Check the tax, then release the hold or reject the invoice.',
  },
  FREIGHT_UNPLANNED: {
    ownerRole: 'buyer',
    releasedWith: 'hold:release',
    liftedBy: 'ORDER',
    advice: 'Check the charges with the supplier, then release the hold.',
  },
  CREDIT_WITHOUT_INVOICE: {
    ownerRole: 'ap-clerk',
    releasedWith: 'hold:release-payment',
    liftedBy: 'INVOICE',
    advice: 'Find the invoice that is credited, or release the hold.',
  },
} as const satisfies Readonly<Record<string, HoldRule>>;

export type HoldCode = keyof typeof HOLD_RULES;

/** Something the match objects to. Figures are texts for people; the excess is for comparing two findings. */
export interface Finding {
  readonly code: HoldCode;
  /** Null: the finding is about the whole invoice. */
  readonly invoiceLineId: string | null;
  readonly expected: string;
  readonly actual: string;
  /** How far beyond what is expected, in the unit of the figures; zero where there is no measure. */
  readonly excess: Decimal;
  readonly message: string;
}

export interface Hold extends Finding {
  readonly id: string;
  readonly invoiceId: string;
  readonly status: 'OPEN' | 'RELEASED' | 'LIFTED';
  readonly placedAt: Date;
  readonly closedAt: Date | null;
  /** Who released it; null while it is open and when its cause has gone. */
  readonly closedBy: string | null;
  readonly closingReason: string | null;
}

/** What a decision needs to place holds. */
export interface Placing {
  readonly invoiceId: string;
  readonly now: Date;
  readonly newId: () => string;
}

/**
 * The holds after a match: findings that are new are placed, causes that have gone are lifted. A release stands for
 * as much as it was given for; a finding that has grown since is held again.
 */
export function placeHolds(
  holds: readonly Hold[],
  findings: readonly Finding[],
  placing: Placing,
): Hold[] {
  const kept = holds.map((hold) => {
    if (hold.status !== 'OPEN') return hold;
    const finding = findings.find((candidate) => isSame(candidate, hold));
    return finding === undefined
      ? { ...hold, status: 'LIFTED' as const, closedAt: placing.now }
      : { ...hold, ...finding };
  });
  const placed = findings
    .filter((finding) => !kept.some((hold) => isSame(finding, hold) && covers(hold, finding)))
    .map((finding) => ({
      ...finding,
      id: placing.newId(),
      invoiceId: placing.invoiceId,
      status: 'OPEN' as const,
      placedAt: placing.now,
      closedAt: null,
      closedBy: null,
      closingReason: null,
    }));
  return [...kept, ...placed];
}

export function openHolds(holds: readonly Hold[]): Hold[] {
  return holds.filter((hold) => hold.status === 'OPEN');
}

function isSame(finding: Finding, hold: Hold): boolean {
  return finding.code === hold.code && finding.invoiceLineId === hold.invoiceLineId;
}

function covers(hold: Hold, finding: Finding): boolean {
  if (hold.status === 'OPEN') return true;
  return hold.status === 'RELEASED' && compareDecimals(hold.excess, finding.excess) >= 0;
}
