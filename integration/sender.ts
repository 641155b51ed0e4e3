import { appendEvents } from '#kernel/outbox.ts';
import { causeOf } from './fact.ts';
import { deliveryAfter, verdictOn, waitReason } from './delivery.ts';
import { failure } from './connector.ts';
import { send } from './errand.ts';
import { isDead, subjectOf, troubleBase } from './confirmation.ts';
import { lockDelivery, obstaclesOf, updateDelivery } from './store/delivery.ts';
import { lockErpDocument, nextEventSequence } from './store/erp-document.ts';
import type { Transaction } from '#kernel/database.ts';
import type { Log } from '#kernel/log.ts';
import type { ErpDocument, ErpFailure } from './connector.ts';
import type { ErrandOptions } from './errand.ts';
import type { ConfirmationDesk } from './confirmation.ts';
import type { Delivery } from './delivery.ts';
import type { ExceptionDesk } from './exception-desk.ts';
import type { IntegrationEventFactory } from './fact.ts';
import type { Jobs, RunningJob } from './jobs.ts';

export interface SenderOptions extends ErrandOptions {
  readonly jobs: Jobs;
  readonly confirmations: ConfirmationDesk;
  readonly exceptions: ExceptionDesk;
  readonly event: IntegrationEventFactory;
  readonly random: () => number;
  readonly log: Log;
}

/** Runs one job: look up, send, read back, settle. Everything it learns is written before the job is settled. */
export async function deliver(
  options: SenderOptions,
  job: RunningJob,
): Promise<'settled' | 'dead'> {
  const claim = await options.database.transaction((tx) => claimJob(options, tx, job));
  if (claim.kind !== 'go') return claim.kind;
  const { delivery, mayHaveArrived } = claim;
  const outcome = await send(options, delivery, { mayHaveArrived, signal: job.signal });
  // A worker that lost its claim leaves the rest to the one that has it now: it will look the document up.
  if (job.signal.aborted) return 'settled';
  const { result, mayHaveArrived: unsure } = outcome;
  return options.database.transaction((tx) =>
    result.ok
      ? settleSent(options, tx, { job, delivery, document: result.value })
      : settleFailed(options, tx, {
          job,
          delivery,
          problem: result.problem,
          mayHaveArrived: unsure,
        }),
  );
}

type Claim =
  | { readonly kind: 'settled' | 'dead' }
  | { readonly kind: 'go'; readonly delivery: Delivery; readonly mayHaveArrived: boolean };

/** Looks whether there is still something to do, and notes that it is being tried. */
async function claimJob(options: SenderOptions, tx: Transaction, job: RunningJob): Promise<Claim> {
  const delivery = await lockDelivery(tx, job.deliveryId);
  if (delivery === null || DONE.has(delivery.status)) {
    await options.jobs.complete(tx, job);
    return { kind: 'settled' };
  }
  if (isDead(delivery)) return { kind: 'dead' };
  const reason = waitReason(delivery, await obstaclesOf(tx, delivery));
  if (reason !== null) {
    const problem = failure('WAIT', 'DEPENDENCY_MISSING', reason);
    return {
      kind: await settleProblem(options, tx, {
        job,
        delivery,
        problem,
        mayHaveArrived: delivery.status === 'SENDING',
      }),
    };
  }
  const now = options.clock.now();
  const claimed = {
    status: deliveryAfter(delivery.status, 'send'),
    attempts: delivery.attempts + 1,
  };
  await updateDelivery(tx, delivery, claimed, now);
  return {
    kind: 'go',
    delivery: { ...delivery, ...claimed },
    mayHaveArrived: delivery.status === 'SENDING',
  };
}

const DONE = new Set<Delivery['status']>(['CONFIRMED', 'CANCELLED', 'AWAITING_CONFIRMATION']);

interface Sent {
  readonly job: RunningJob;
  readonly delivery: Delivery;
  readonly document: ErpDocument | null;
}

async function settleSent(options: SenderOptions, tx: Transaction, sent: Sent): Promise<'settled'> {
  const { job, document } = sent;
  const known = await lockErpDocument(tx, sent.delivery.erp, sent.delivery.externalReference);
  const delivery = await lockDelivery(tx, job.deliveryId);
  if (known === null || delivery === null)
    throw new Error(`Delivery ${job.deliveryId} has no document row.`);
  if (document === null && delivery.status === 'SENDING') {
    await options.confirmations.supersede(
      tx,
      delivery,
      'there was nothing to cancel at the ERP',
      delivery.id,
    );
  } else if (document !== null && delivery.status === 'SENDING') {
    const { erpNumber, erpVersion } = document;
    // A webhook may have told a newer state while the answer was on its way; both are measured by the ERP's version.
    const status = deliveryAfter(delivery.status, 'accept');
    await updateDelivery(
      tx,
      delivery,
      { status, erpNumber, erpVersion, lastError: null, lastCode: null, nextAttemptAt: null },
      options.clock.now(),
    );
    const told = { document, preferredNumber: erpNumber, causationId: delivery.id };
    await options.confirmations.apply(tx, known, told);
  }
  await options.jobs.complete(tx, job);
  options.log.info({
    event: 'delivery.sent',
    erp: delivery.erp,
    action: delivery.action,
    documentId: delivery.documentId,
    outcome: document?.status ?? 'NOTHING_TO_DO',
    attempt: delivery.attempts,
    correlationId: delivery.correlationId,
  });
  return 'settled';
}

interface Failed {
  readonly job: RunningJob;
  readonly delivery: Delivery;
  readonly problem: ErpFailure;
  readonly mayHaveArrived: boolean;
}

async function settleFailed(
  options: SenderOptions,
  tx: Transaction,
  failed: Failed,
): Promise<'settled' | 'dead'> {
  const { job, problem } = failed;
  const delivery = await lockDelivery(tx, failed.delivery.id);
  if (delivery === null || delivery.status !== 'SENDING') {
    // A webhook has settled it meanwhile: the answer was lost, not the document.
    await options.jobs.complete(tx, job);
    return 'settled';
  }
  options.log.warn({
    event: 'delivery.failed',
    erp: delivery.erp,
    action: delivery.action,
    documentId: delivery.documentId,
    kind: problem.kind,
    attempt: delivery.attempts,
    error: problem.message,
    correlationId: delivery.correlationId,
  });
  return settleProblem(options, tx, { ...failed, delivery });
}

async function settleProblem(
  options: SenderOptions,
  tx: Transaction,
  failed: Failed,
): Promise<'settled' | 'dead'> {
  const { job, delivery, problem, mayHaveArrived } = failed;
  const now = options.clock.now();
  const { policy } = options;
  const verdict = verdictOn(delivery, problem, {
    policy,
    now,
    random: options.random(),
    mayHaveArrived,
  });
  const told = { lastCode: problem.code, lastError: problem.message };
  if (verdict.kind === 'dead') {
    await updateDelivery(
      tx,
      delivery,
      { status: verdict.status, ...told, nextAttemptAt: null },
      now,
    );
    return 'dead';
  }
  const wasSent = delivery.status === 'SENDING';
  await updateDelivery(
    tx,
    delivery,
    {
      status: verdict.status,
      ...told,
      attempts: wasSent && !verdict.counts ? Math.max(delivery.attempts - 1, 0) : delivery.attempts,
      waitingSince: verdict.counts ? null : (delivery.waitingSince ?? now),
      nextAttemptAt: verdict.until,
    },
    now,
  );
  await options.jobs.postpone(tx, job, verdict.until);
  return 'settled';
}

/** Told of a dead job, once the queue has put it aside: raises the exception that a person works. */
export async function buryDelivery(
  options: SenderOptions,
  tx: Transaction,
  deliveryId: string,
): Promise<void> {
  const found = await lockDelivery(tx, deliveryId);
  if (found === null) return;
  if (DONE.has(found.status)) {
    await options.jobs.forget(tx, found.erp, found.id);
    return;
  }
  if (!isDead(found) && !(await options.jobs.isDead(tx, found.erp, found.id))) return;
  // The queue itself gave up (a worker died again and again): the delivery does not know yet.
  const status =
    found.status === 'PENDING' || found.status === 'SENDING'
      ? deliveryAfter(found.status, 'exhaust')
      : found.status;
  if (status !== found.status) await updateDelivery(tx, found, { status }, options.clock.now());
  const cause = causeOf(found, found.id);
  const code = found.lastCode ?? 'UNCLASSIFIED';
  const detail = found.lastError ?? 'The workers died while they tried.';
  const exception = await options.exceptions.raise(
    tx,
    { ...troubleBase(found), subject: subjectOf(found.id), code, detail },
    cause,
  );
  if (status !== 'FAILED_BUSINESS') return;
  const sequence = await nextEventSequence(tx, found);
  const data = {
    erp: found.erp,
    documentType: found.documentType,
    documentId: found.documentId,
    action: found.action,
    code,
    message: detail,
    exceptionId: exception.id,
  };
  await appendEvents(tx, [options.event.refused(cause, found, sequence, data)]);
}
