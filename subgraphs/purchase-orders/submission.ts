import { dateOf } from '#kernel/clock.ts';
import { newId } from '#kernel/id.ts';
import { firstAnswer, once } from '#kernel/idempotency.ts';
import { readScope } from '#kernel/identity.ts';
import { appendEvents } from '#kernel/outbox.ts';
import { accepted, notFound, refused } from '#kernel/problem.ts';
import { requireAuthor } from './authorship.ts';
import { checkVersion, submitRequisition } from './domain/requisition.ts';
import {
  lockRequisition,
  requisitionsByIds,
  updateRequisition,
} from './store/requisition-store.ts';
import { endAttempt, endAttempts, recordAttempt } from './store/submission-attempt-store.ts';
import type { Command } from '#kernel/idempotency.ts';
import type {
  IdempotencyKeyReused,
  IllegalTransition,
  NotFound,
  Result,
  Unavailable,
  VersionConflict,
} from '#kernel/problem.ts';
import type { Context } from './context.ts';
import type { Requisition } from './domain/requisition.ts';
import type { FundsRefused, InsufficientFunds } from './funds.ts';
import type { SubmissionAttempt } from './store/submission-attempt-store.ts';
import type { SupplierBlocked } from './supplier-standing.ts';

export interface SubmissionInput {
  readonly idempotencyKey: string;
  readonly id: string;
  readonly expectedVersion?: number | null | undefined;
}

type LocalProblem = NotFound | VersionConflict | IllegalTransition;
type RemoteProblem = SupplierBlocked | InsufficientFunds | FundsRefused | Unavailable;
export type SubmissionProblem = LocalProblem | RemoteProblem | IdempotencyKeyReused;

/**
 * Submits a requisition: suppliers and budgets are asked first, then the answer is committed. The reservation lives
 * in another service, so an attempt is on record from before it is asked for until it is certain what became of it;
 * what a crash leaves behind is swept (`submission-sweeper.ts`).
 */
export async function submit(
  context: Context,
  input: SubmissionInput,
): Promise<Result<Requisition, SubmissionProblem>> {
  const { idempotencyKey, ...rest } = input;
  const command: Command = {
    caller: context.viewer.id,
    idempotencyKey,
    operation: 'submitRequisition',
    input: rest,
  };
  const first = await firstAnswer<Requisition>(context.database, command);
  if (first !== null) return first;
  const ready = await readyToSubmit(context, input);
  if (!ready.ok) return ready;
  const { id: requisitionId, supplierId, correlationId, version } = ready.value;
  const standing = await context.standing.check({ supplierId, correlationId });
  if (!standing.ok) return standing;
  const attempt = {
    id: newId(context.clock),
    requisitionId,
    requisitionVersion: version,
    correlationId,
    startedAt: context.clock.now(),
  };
  await recordAttempt(context.database, attempt);
  const reserved = await reserve(context, ready.value, attempt);
  if (!reserved.ok) return reserved;
  return commit(context, command, attempt);
}

/** The requisition as it is now, if the viewer may submit it and its state allows. */
async function readyToSubmit(
  context: Context,
  input: SubmissionInput,
): Promise<Result<Requisition, LocalProblem>> {
  const [requisition] = await requisitionsByIds(
    context.database,
    [input.id],
    readScope(context.viewer),
  );
  if (requisition === undefined) return refused(notFound('requisition', input.id));
  requireAuthor(context.viewer, requisition);
  const current = checkVersion(requisition, 'requisition', input.expectedVersion);
  if (!current.ok) return current;
  const decided = submitRequisition(requisition, factsOf(context));
  return decided.ok ? accepted(requisition) : decided;
}

async function reserve(
  context: Context,
  requisition: Requisition,
  attempt: SubmissionAttempt,
): Promise<Result<null, RemoteProblem>> {
  const reserved = await context.funds.reserve({
    idempotencyKey: `requisition:${requisition.id}:v${requisition.version}:reserve`,
    requisitionId: requisition.id,
    requisitionNumber: requisition.number,
    costCentreId: requisition.costCentreId,
    category: requisition.category,
    amount: requisition.total,
    on: factsOf(context).today,
    correlationId: requisition.correlationId,
  });
  // A refusal means that nothing is reserved; after an outage nobody knows, and the sweeper finds out.
  if (!reserved.ok && reserved.problem.code !== 'UNAVAILABLE')
    await endAttempt(context.database, attempt.id);
  return reserved;
}

async function commit(
  context: Context,
  command: Command,
  attempt: SubmissionAttempt,
): Promise<Result<Requisition, LocalProblem | IdempotencyKeyReused>> {
  const result = await once<Requisition, LocalProblem>(context.database, command, async (tx) => {
    const requisition = await lockRequisition(tx, attempt.requisitionId);
    if (requisition === null) return refused(notFound('requisition', attempt.requisitionId));
    const unchanged = checkVersion(requisition, 'requisition', attempt.requisitionVersion);
    if (!unchanged.ok) return unchanged;
    const decided = submitRequisition(requisition, factsOf(context));
    if (!decided.ok) return decided;
    await updateRequisition(tx, decided.value);
    await endAttempts(tx, requisition.id);
    await appendEvents(tx, [
      context.announce(command.idempotencyKey).requisition('submitted', decided.value),
    ]);
    return decided;
  });
  // The funds may be reserved for what was not submitted. If the sweeper has already dropped the attempt, it looks again.
  if (!result.ok) await recordAttempt(context.database, attempt);
  return result;
}

function factsOf(context: Context): { readonly today: string; readonly now: Date } {
  const now = context.clock.now();
  return { today: dateOf(now), now };
}
