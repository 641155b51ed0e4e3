import { once } from '#kernel/idempotency.ts';
import { accepted, refused, versionConflict } from '#kernel/problem.ts';
import { appendHistory } from '../history/history.ts';
import { missing } from './asking.ts';
import { lockProposal, updateProposal } from './proposal-store.ts';
import type { Sql, Transaction } from '#kernel/database.ts';
import type {
  IdempotencyKeyReused,
  NotFound,
  Problem,
  Result,
  VersionConflict,
} from '#kernel/problem.ts';
import type { Asking, TargetName } from './asking.ts';
import type { Target } from '../target.ts';
import type { Proposal } from './proposal.ts';

/** How every command names the proposal that it is about. */
export interface OnProposal {
  readonly idempotencyKey: string;
  readonly target: TargetName;
  readonly number: number;
}

/** What the history is told of a change. */
export interface Told {
  /** Noun and past tense, such as `proposal.opened`. */
  readonly action: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** A decision on a proposal: how it is from now on, and what the history is told. */
export interface Decided {
  readonly proposal: Proposal;
  readonly told: Told;
}

/** A proposal that is locked until the transaction ends. */
export interface Work {
  readonly tx: Transaction;
  readonly target: Target;
  readonly proposal: Proposal;
  readonly at: Date;
}

export type CommonProblem = NotFound | VersionConflict | IdempotencyKeyReused;

/**
 * Runs a command on a proposal: once per key, under the proposal's lock, on the version that the caller has read, and with
 * its history in the same transaction. `expectedVersion` is null where the decision depends on something narrower, which
 * it then compares itself.
 */
export async function changeProposal<P extends Problem>(
  asking: Asking,
  command: {
    readonly operation: string;
    readonly target: Target;
    readonly input: OnProposal;
    readonly expectedVersion: number | null;
  },
  decide: (work: Work) => Promise<Result<Decided, P>>,
): Promise<Result<Proposal, P | CommonProblem>> {
  const { target, operation } = command;
  const { idempotencyKey, ...input } = command.input;
  const keyed = { caller: asking.principal.id, idempotencyKey, operation, input };
  return once<Proposal, P | NotFound | VersionConflict>(asking.database, keyed, async (tx) => {
    const proposal = await lockProposal(tx, target.id, command.input.number);
    if (proposal === null) return refused(missing('proposal', String(command.input.number)));
    if ((command.expectedVersion ?? proposal.version) !== proposal.version)
      return refused(versionConflict('proposal', proposal.version));
    const at = asking.clock.now();
    const decided = await decide({ tx, target, proposal, at });
    if (!decided.ok) return decided;
    if (decided.value.proposal !== proposal) await updateProposal(tx, decided.value.proposal);
    await tellProposal(tx, { ...decided.value, target, actorId: asking.principal.id, at });
    return accepted(decided.value.proposal);
  });
}

/** Writes into the history what was done to a proposal. */
export function tellProposal(
  tx: Sql,
  done: Decided & {
    readonly target: Pick<Target, 'id' | 'graphId'>;
    readonly actorId: string;
    readonly at: Date;
  },
): Promise<void> {
  const { proposal, told, target } = done;
  return appendHistory(tx, {
    action: told.action,
    actorId: done.actorId,
    graphId: target.graphId,
    targetId: target.id,
    subject: `proposal:${proposal.number}`,
    details: { ...told.details, state: proposal.state, revision: proposal.revision },
    at: done.at,
  });
}
