import { dateOf } from '#kernel/clock.ts';
import { newId } from '#kernel/id.ts';
import { appendEvents } from '#kernel/outbox.ts';
import { approvalEvent } from './approval-event.ts';
import { isUndecided, openRequest, routeRequest, withdrawRequest } from './approval-request.ts';
import { managerOf, ratesFrom } from './store/facts.ts';
import { policyInForce } from './store/policies.ts';
import {
  insertRequests,
  latestRoundForUpdate,
  requestsWaitingForManager,
  updateRequest,
} from './store/requests.ts';
import { saveTasks, tasksOfRequests } from './store/tasks.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Sql, Transaction } from '#kernel/database.ts';
import type { Cause, createEventFactory } from '#kernel/event.ts';
import type { ApprovalFact } from './approval-event.ts';
import type { Approval, ApprovalRequest, RoutingFacts } from './approval-request.ts';
import type { DocumentUnderApproval } from './document.ts';

/** What changes of a round are made with. */
export interface Rounds {
  readonly clock: Clock;
  readonly event: ReturnType<typeof createEventFactory>;
}

/** Documents of one cost centre that are routed in one go when its manager becomes known; the rest by `rerouteApproval`. */
const REROUTED_MAX = 200;

/**
 * Opens the next round of a document. A round that still waits is withdrawn first when the document has changed since,
 * and is left alone when it has not: the same submission told twice.
 */
export async function submitDocument(
  tx: Transaction,
  rounds: Rounds,
  document: DocumentUnderApproval,
  cause: Cause,
): Promise<void> {
  const latest = await latestRoundForUpdate(tx, document.documentId);
  if (latest !== null && isUndecided(latest)) {
    if (isSameVersion(latest.document, document)) return;
    await withdraw(tx, rounds, latest, {
      cause,
      comment: `Version ${document.documentVersion} of the document came in its place.`,
    });
  }
  const facts = await loadRoutingFacts(tx, document, document.submittedOn);
  const approval = openRequest(document, facts, {
    id: newId(rounds.clock),
    round: (latest?.round ?? 0) + 1,
    correlationId: cause.correlationId,
    at: rounds.clock.now(),
    newTaskId: () => newId(rounds.clock),
  });
  await insertRequests(tx, [approval.request]);
  await saveTasks(tx, approval.tasks);
  const fact = approval.request.status === 'UNROUTABLE' ? 'unroutable' : 'requested';
  await appendEvents(tx, [approvalEvent(rounds.event, fact, approval, cause)]);
}

/** Takes a document out of approval when its own service says so; a round that is decided stays decided. */
export async function withdrawDocument(
  tx: Transaction,
  rounds: Rounds,
  documentId: string,
  because: { readonly cause: Cause; readonly comment: string },
): Promise<void> {
  const latest = await latestRoundForUpdate(tx, documentId);
  if (latest !== null && isUndecided(latest)) await withdraw(tx, rounds, latest, because);
}

/** Routes what waited for a cost centre's manager, who is known now; what still finds nobody goes on waiting. */
export async function routeWaitingForManager(
  tx: Transaction,
  rounds: Rounds,
  costCentreId: string,
  cause: Omit<Cause, 'correlationId'>,
): Promise<void> {
  for (const request of await requestsWaitingForManager(tx, costCentreId, REROUTED_MAX)) {
    const at = rounds.clock.now();
    const facts = await loadRoutingFacts(tx, request.document, dateOf(at));
    const routed = routeRequest(request, facts, { at, newTaskId: () => newId(rounds.clock) });
    if (routed.ok) {
      await commitChange(tx, rounds, 'requested', routed.value, {
        ...cause,
        correlationId: request.correlationId,
      });
    }
  }
}

/** Writes a request's next version, its tasks and the event of it. */
export async function commitChange(
  tx: Transaction,
  rounds: Rounds,
  fact: ApprovalFact,
  approval: Approval,
  cause: Cause,
): Promise<void> {
  await updateRequest(tx, approval.request);
  await saveTasks(tx, approval.tasks);
  await appendEvents(tx, [approvalEvent(rounds.event, fact, approval, cause)]);
}

/** The policy of that day, and what its rules need to know of the document. Rates are those of the day of submission. */
export async function loadRoutingFacts(
  sql: Sql,
  document: DocumentUnderApproval,
  policyDay: string,
): Promise<RoutingFacts> {
  return {
    policy: await policyInForce(sql, policyDay),
    rates: await ratesFrom(sql, document.total.currency, document.submittedOn),
    managerId: await managerOf(sql, document.costCentreId),
  };
}

async function withdraw(
  tx: Transaction,
  rounds: Rounds,
  request: ApprovalRequest,
  because: { readonly cause: Cause; readonly comment: string },
): Promise<void> {
  const tasks = await tasksOfRequests(tx, [request.id]);
  const withdrawal = {
    byId: because.cause.actorId,
    at: rounds.clock.now(),
    comment: because.comment,
  };
  const withdrawn = withdrawRequest({ request, tasks }, withdrawal);
  if (!withdrawn.ok) throw new Error(withdrawn.problem.message);
  const cause = { ...because.cause, correlationId: request.correlationId };
  await commitChange(tx, rounds, 'withdrawn', withdrawn.value, cause);
}

function isSameVersion(left: DocumentUnderApproval, right: DocumentUnderApproval): boolean {
  return left.documentVersion === right.documentVersion && left.documentHash === right.documentHash;
}
