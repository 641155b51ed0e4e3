import { requirePermission } from '#kernel/access.ts';
import { newId } from '#kernel/id.ts';
import { accepted, invalidInput, notFound, refused, versionConflict } from '#kernel/problem.ts';
import { accountKey, parseBankAccount } from './bank-account.ts';
import {
  bankChangeLifecycle,
  bankChangeOpen,
  chooseReplaced,
  decideBankChange,
  withdrawBankChange,
} from './bank-change.ts';
import {
  endBankAccount,
  insertBankAccounts,
  insertBankChange,
  readBankAccounts,
  readBankAccountsInForce,
  readBankChange,
  readOpenBankChange,
  startBankAccount,
  updateBankChange,
} from './bank-store.ts';
import { changeSupplier } from './command.ts';
import { duplicateOfAccount, refusingDuplicates } from './duplicate-refusal.ts';
import { readKeysOfBankChange } from './duplicate-store.ts';
import { readBlocks } from './part-store.ts';
import { parsed } from './supplier-input.ts';
import type { Transaction } from '#kernel/database.ts';
import type {
  IdempotencyKeyReused,
  IllegalTransition,
  InvalidInput,
  NotFound,
  Problem,
  Result,
  SegregationOfDuties,
  VersionConflict,
} from '#kernel/problem.ts';
import type { BankAccountDraft } from './bank-account.ts';
import type { BankChange, BankChangeOpen, BankChangeStep, BankDecision } from './bank-change.ts';
import type { SupplierChange } from './command.ts';
import type { Context } from './context.ts';
import type { ApproveBankChangeInput, ProposeBankChangeInput } from './generated.ts';
import type { DuplicateSupplier, Supplier } from './supplier.ts';
import type { SupplierFact } from './supplier-fact.ts';

type Answer<Refusal extends Problem> = Promise<
  Result<BankChange, Refusal | NotFound | VersionConflict | IdempotencyKeyReused>
>;

/** Proposes another account: stored apart, not in force, and payments are blocked until it is decided. */
export async function propose(
  context: Context,
  input: ProposeBankChangeInput,
): Answer<InvalidInput | DuplicateSupplier | BankChangeOpen> {
  requirePermission(context.viewer, 'bank:propose');
  const proposal = parsed((check) => ({
    account: parseBankAccount(input.account, 'account', check),
    reason: check.text('reason', input.reason, { min: 1, max: 500 }),
  }));
  if (!proposal.ok) return proposal;
  const { supplierId, expectedVersion, replacesAccountId } = input;
  const command = { operation: 'proposeBankChange', input, supplierId, expectedVersion };
  return changeSupplier(context, command, async (tx, supplier) => {
    const refusal = await refusalOfProposal(tx, supplier, proposal.value.account);
    if (refusal !== null) return refused(refusal);
    const replaced = chooseReplaced(
      await readBankAccountsInForce(tx, [supplierId]),
      replacesAccountId ?? null,
    );
    if (!replaced.ok) return replaced;
    const change = proposedChange(context, {
      supplierId,
      replacesAccountId: replaced.value,
      reason: proposal.value.reason,
    });
    return accepted(await storeProposal(tx, supplier, change, proposal.value.account));
  });
}

async function refusalOfProposal(
  tx: Transaction,
  supplier: Supplier,
  account: BankAccountDraft,
): Promise<InvalidInput | DuplicateSupplier | BankChangeOpen | null> {
  const open = await readOpenBankChange(tx, supplier.id);
  if (open !== null) return bankChangeOpen(open);
  const duplicate = await duplicateOfAccount(tx, [accountKey(account)]);
  if (duplicate?.existingSupplier.id !== supplier.id) return duplicate;
  return invalidInput([
    {
      field: 'account',
      code: 'ALREADY_IN_FORCE',
      message: 'This account of the supplier is in force already.',
    },
  ]);
}

function proposedChange(
  context: Context,
  proposal: Pick<BankChange, 'supplierId' | 'replacesAccountId' | 'reason'>,
): BankChange {
  return {
    ...proposal,
    id: newId(context.clock),
    status: bankChangeLifecycle.initial,
    version: 1,
    accountId: newId(context.clock),
    proposedBy: context.viewer.id,
    proposedAt: context.clock.now(),
    decidedBy: null,
    decidedAt: null,
    decisionNote: null,
  };
}

async function storeProposal(
  tx: Transaction,
  supplier: Supplier,
  change: BankChange,
  account: BankAccountDraft,
): Promise<SupplierChange<BankChange>> {
  await insertBankAccounts(tx, [
    { ...account, id: change.accountId, supplierId: supplier.id, validFrom: null },
  ]);
  await insertBankChange(tx, change);
  const facts = await factsOfChange(tx, change, {
    told: 'concord.supplier.bank-change-proposed.v1',
    payment: 'concord.supplier.blocked.v1',
  });
  return { supplier, facts, answer: () => change };
}

type DecisionInput = Pick<
  ApproveBankChangeInput,
  'idempotencyKey' | 'bankChangeId' | 'expectedVersion' | 'note'
>;
type DecisionRefusal = InvalidInput | IllegalTransition | SegregationOfDuties;

/** Puts the proposed account in force and ends the old one. */
export async function approve(
  context: Context,
  input: DecisionInput,
): Answer<DecisionRefusal | DuplicateSupplier> {
  requirePermission(context.viewer, 'bank:approve');
  const accountKeys = await readKeysOfBankChange(context.database, input.bankChangeId);
  return refusingDuplicates(context.database, { taxRegistrations: [], accountKeys }, () =>
    settle(context, input, {
      event: 'approve',
      noteMin: 0,
      decide: (change, by) => decideBankChange(change, 'approve', by),
    }),
  );
}

/** Refuses the proposed account; the reason is required. */
export async function reject(context: Context, input: DecisionInput): Answer<DecisionRefusal> {
  requirePermission(context.viewer, 'bank:approve');
  return settle(context, input, {
    event: 'reject',
    noteMin: 1,
    decide: (change, by) => decideBankChange(change, 'reject', by),
  });
}

/** Takes the proposed account back. */
export async function withdraw(
  context: Context,
  input: DecisionInput,
): Answer<InvalidInput | IllegalTransition> {
  requirePermission(context.viewer, 'bank:propose');
  return settle(context, input, { event: 'withdraw', noteMin: 0, decide: withdrawBankChange });
}

const TOLD = {
  approve: 'concord.supplier.bank-change-approved.v1',
  reject: 'concord.supplier.bank-change-rejected.v1',
  withdraw: 'concord.supplier.bank-change-withdrawn.v1',
} as const satisfies Record<BankChangeStep, SupplierFact['type']>;

/** How an open bank change ends. */
interface Settlement<P extends Problem> {
  readonly event: BankChangeStep;
  readonly noteMin: 0 | 1;
  readonly decide: (change: BankChange, decision: BankDecision) => Result<BankChange, P>;
}

/** The supplier's lock, taken before the change is read again, makes sure that only one settlement decides. */
async function settle<P extends Problem>(
  context: Context,
  input: DecisionInput,
  settlement: Settlement<P>,
): Answer<P | InvalidInput> {
  const { event, noteMin } = settlement;
  const note = parsed((check) => check.text('note', input.note ?? '', { min: noteMin, max: 500 }));
  if (!note.ok) return note;
  const known = await readBankChange(context.database, input.bankChangeId);
  if (known === null) return refused(notFound('BankChange', input.bankChangeId));
  const command = { operation: `${event}BankChange`, input, supplierId: known.supplierId };
  return changeSupplier<BankChange, P | NotFound | VersionConflict>(
    context,
    command,
    async (tx, supplier) => {
      const change = await readBankChange(tx, known.id);
      if (change === null) return refused(notFound('BankChange', known.id));
      if ((input.expectedVersion ?? change.version) !== change.version)
        return refused(versionConflict('bank change', change.version));
      const by = {
        by: context.viewer.id,
        at: context.clock.now(),
        note: note.value === '' ? null : note.value,
      };
      const settled = settlement.decide(change, by);
      return settled.ok
        ? accepted(await storeSettlement(tx, supplier, settled.value, event))
        : settled;
    },
  );
}

/** Writes a decision; an approved account follows the old one without a gap, the old first because it may be the same number. */
async function storeSettlement(
  tx: Transaction,
  supplier: Supplier,
  change: BankChange,
  event: BankChangeStep,
): Promise<SupplierChange<BankChange>> {
  const at = change.decidedAt ?? supplier.updatedAt;
  await updateBankChange(tx, change);
  if (change.status === 'APPROVED') {
    if (change.replacesAccountId !== null) await endBankAccount(tx, change.replacesAccountId, at);
    await startBankAccount(tx, change.accountId, at);
  }
  const facts = await factsOfChange(tx, change, {
    told: TOLD[event],
    payment: 'concord.supplier.unblocked.v1',
  });
  return { supplier, facts, answer: () => change };
}

/** The change itself, and the payment block that comes or goes with it unless a person's own block stays either way. */
async function factsOfChange(
  tx: Transaction,
  change: BankChange,
  types: {
    readonly told: (typeof TOLD)[BankChangeStep] | 'concord.supplier.bank-change-proposed.v1';
    readonly payment: 'concord.supplier.blocked.v1' | 'concord.supplier.unblocked.v1';
  },
): Promise<SupplierFact[]> {
  const [account] = await readBankAccounts(tx, [change.accountId]);
  const blocks = await readBlocks(tx, [change.supplierId]);
  const data = {
    supplierId: change.supplierId,
    bankChangeId: change.id,
    maskedIban: account?.maskedNumber ?? '',
  };
  const staysBlocked = blocks.some((block) => block.name === 'MANUAL' && block.kind === 'PAYMENT');
  return [{ type: types.told, data }, ...(staysBlocked ? [] : [{ type: types.payment }])];
}
