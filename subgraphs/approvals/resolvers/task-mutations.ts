import { dateOf } from '#kernel/clock.ts';
import { once } from '#kernel/idempotency.ts';
import { may } from '#kernel/identity.ts';
import { requirePermission } from '#kernel/access.ts';
import { newId } from '#kernel/id.ts';
import { accepted, notFound, refused } from '#kernel/problem.ts';
import { answerOf } from '#kernel/subgraph.ts';
import { commitChange } from '../round-commands.ts';
import { commandOf } from '../input.ts';
import { delegationsTowards } from '../store/delegations.ts';
import { ratesFrom } from '../store/facts.ts';
import { requestOfTaskForUpdate } from '../store/requests.ts';
import { insertDecisions, tasksOfRequests } from '../store/tasks.ts';
import { decideTask } from '../task-decision.ts';
import { handOverTask } from '../task-handover.ts';
import type { Sql } from '#kernel/database.ts';
import type { NotFound, Result } from '#kernel/problem.ts';
import type { ApprovalFact } from '../approval-event.ts';
import type { Approval, ApprovalRequest } from '../approval-request.ts';
import type { Context } from '../context.ts';
import type { MutationResolvers } from '../generated.ts';
import type { AuthorityFacts } from '../task-authority.ts';
import type { Decided, Verdict } from '../task-decision.ts';

export const taskMutations: Pick<
  MutationResolvers,
  'approveTask' | 'rejectTask' | 'returnTask' | 'delegateTask'
> = {
  approveTask: async (_parent, { input }, context) =>
    answerOf(await decide('approve', input, context), 'ApprovalRequest', context.correlationId),
  rejectTask: async (_parent, { input }, context) =>
    answerOf(await decide('reject', input, context), 'ApprovalRequest', context.correlationId),
  returnTask: async (_parent, { input }, context) =>
    answerOf(await decide('return', input, context), 'ApprovalRequest', context.correlationId),
  delegateTask: async (_parent, { input }, context) => {
    const { viewer, database } = context;
    if (!may(viewer, 'approval-policy:write')) requirePermission(viewer, 'approval:decide');
    const { taskId, toId, comment = null, idempotencyKey } = input;
    const result = await once(database, commandOf(viewer.id, 'delegateTask', input), async (tx) => {
      const approval = await approvalOfTask(tx, context, taskId);
      if (!approval.ok) return approval;
      const isAdministrator = may(viewer, 'approval-policy:write', approval.value.request.document);
      const command = { taskId, toId, comment, actorId: viewer.id, isAdministrator };
      const facts = await decisionFacts(tx, context, approval.value.request);
      const handedOver = handOverTask(approval.value, command, {
        ...facts,
        newTaskId: newId(context.clock),
      });
      if (!handedOver.ok) return handedOver;
      await commitChange(
        tx,
        context,
        'delegated',
        handedOver.value,
        causeIn(context, handedOver.value.request, idempotencyKey),
      );
      return accepted(handedOver.value.request);
    });
    return answerOf(result, 'ApprovalRequest', context.correlationId);
  },
};

/** What each outcome of a decision is told as. */
const FACTS: Readonly<Record<Decided['event'], ApprovalFact>> = {
  advance: 'advanced',
  approve: 'approved',
  reject: 'rejected',
  return: 'returned',
};

interface DecisionInput {
  readonly idempotencyKey: string;
  readonly taskId: string;
  readonly documentVersion: number;
  readonly documentHash: string;
  readonly comment?: string | null;
}

function decide(verdict: Verdict, input: DecisionInput, context: Context) {
  const { viewer, database } = context;
  requirePermission(viewer, 'approval:decide');
  const { idempotencyKey, taskId, documentVersion, documentHash, comment = null } = input;
  return once(database, commandOf(viewer.id, `${verdict}Task`, input), async (tx) => {
    const approval = await approvalOfTask(tx, context, taskId);
    if (!approval.ok) return approval;
    const facts = await decisionFacts(tx, context, approval.value.request);
    const command = { verdict, taskId, actorId: viewer.id, documentVersion, documentHash, comment };
    const decided = decideTask(approval.value, command, {
      ...facts,
      decisionId: newId(context.clock),
    });
    if (!decided.ok) return decided;
    const { request } = decided.value.approval;
    await insertDecisions(tx, [decided.value.decision]);
    await commitChange(
      tx,
      context,
      FACTS[decided.value.event],
      decided.value.approval,
      causeIn(context, request, idempotencyKey),
    );
    return accepted(request);
  });
}

async function approvalOfTask(
  sql: Sql,
  context: Context,
  taskId: string,
): Promise<Result<Approval, NotFound>> {
  const request = await requestOfTaskForUpdate(sql, context.reader, taskId);
  if (request === null) return refused(notFound('approval task', taskId));
  return accepted({ request, tasks: await tasksOfRequests(sql, [request.id]) });
}

async function decisionFacts(
  sql: Sql,
  context: Context,
  request: ApprovalRequest,
): Promise<AuthorityFacts> {
  const at = context.clock.now();
  const today = dateOf(at);
  const { total, submittedOn } = request.document;
  return {
    at,
    today,
    delegations: await delegationsTowards(sql, context.viewer.id, today),
    rates: await ratesFrom(sql, total.currency, submittedOn),
  };
}

/** The document's correlation goes on; the caller's key says which command it was. */
export function causeIn(context: Context, request: ApprovalRequest, idempotencyKey: string) {
  return {
    correlationId: request.correlationId,
    causationId: idempotencyKey,
    traceparent: context.traceparent,
    actorId: context.viewer.id,
  };
}
