import { step } from '#kernel/lifecycle.ts';
import { accepted, invalidInput, refused, segregationOfDuties } from '#kernel/problem.ts';
import type { Lifecycle } from '#kernel/lifecycle.ts';
import type {
  IllegalTransition,
  InvalidInput,
  Problem,
  Result,
  SegregationOfDuties,
} from '#kernel/problem.ts';
import type { BankAccount } from './bank-account.ts';

export type BankChangeStatus = 'PENDING_APPROVAL' | 'APPROVED' | 'REJECTED' | 'WITHDRAWN';
export type BankChangeStep = 'approve' | 'reject' | 'withdraw';

/** A proposed account's life: one person proposes, another decides. The old account stays in force until approval. */
export const bankChangeLifecycle: Lifecycle<BankChangeStatus, BankChangeStep> = {
  entity: 'bank change',
  initial: 'PENDING_APPROVAL',
  transitions: {
    PENDING_APPROVAL: { approve: 'APPROVED', reject: 'REJECTED', withdraw: 'WITHDRAWN' },
    APPROVED: {},
    REJECTED: {},
    WITHDRAWN: {},
  },
};

/** A change of a supplier's bank account. The account itself is kept apart, so that it is read only where it is meant to. */
export interface BankChange {
  readonly id: string;
  readonly supplierId: string;
  readonly status: BankChangeStatus;
  readonly version: number;
  /** The proposed account. */
  readonly accountId: string;
  /** The account that ends when this is approved. */
  readonly replacesAccountId: string | null;
  readonly reason: string;
  readonly proposedBy: string;
  readonly proposedAt: Date;
  readonly decidedBy: string | null;
  readonly decidedAt: Date | null;
  readonly decisionNote: string | null;
}

/** Who decides when, and what they say of it. */
export interface BankDecision {
  readonly by: string;
  readonly at: Date;
  readonly note: string | null;
}

/** The approved or rejected change; both need a second person. */
export function decideBankChange(
  change: BankChange,
  event: 'approve' | 'reject',
  decision: BankDecision,
): Result<BankChange, IllegalTransition | SegregationOfDuties> {
  const next = step(bankChangeLifecycle, change.status, event);
  if (!next.ok) return next;
  if (decision.by === change.proposedBy) {
    return refused(
      segregationOfDuties(
        'bank-change-proposer-is-not-approver',
        'You proposed this bank change, so another person with "bank:approve" must decide on it. You can withdraw it.',
      ),
    );
  }
  return accepted(decided(change, next.value, decision));
}

/** The withdrawn change: it decides nothing, since the old account simply stays, and so needs no second person. */
export function withdrawBankChange(
  change: BankChange,
  decision: BankDecision,
): Result<BankChange, IllegalTransition> {
  const next = step(bankChangeLifecycle, change.status, 'withdraw');
  return next.ok ? accepted(decided(change, next.value, decision)) : next;
}

function decided(change: BankChange, status: BankChangeStatus, decision: BankDecision): BankChange {
  return {
    ...change,
    status,
    version: change.version + 1,
    decidedBy: decision.by,
    decidedAt: decision.at,
    decisionNote: decision.note,
  };
}

export interface BankChangeOpen extends Problem<'BANK_CHANGE_OPEN'> {
  readonly bankChange: BankChange;
}

/** Only one change at a time, so that nobody has to guess which account will be paid. */
export function bankChangeOpen(bankChange: BankChange): BankChangeOpen {
  return {
    code: 'BANK_CHANGE_OPEN',
    message:
      'This supplier has a bank change that waits for its decision. Have it approved, rejected or withdrawn, then propose again.',
    retryable: true,
    bankChange,
  };
}

/** Which account in force a proposal replaces: the one it names, or the only one; null when there is none. */
export function chooseReplaced(
  inForce: readonly BankAccount[],
  named: string | null,
): Result<string | null, InvalidInput> {
  const only = inForce.length === 1 ? inForce[0] : undefined;
  const replaced = named === null ? only : inForce.find((account) => account.id === named);
  if (replaced !== undefined) return accepted(replaced.id);
  if (named === null && inForce.length === 0) return accepted(null);
  const choice = inForce.map((account) => `${account.id} (${account.maskedNumber})`).join(', ');
  const message = `The id of one of the supplier's accounts in force is expected: ${choice === '' ? 'it has none, so leave this out' : choice}.`;
  return refused(invalidInput([{ field: 'replacesAccountId', code: 'UNKNOWN_ACCOUNT', message }]));
}
