import { requirePermission } from '#kernel/access.ts';
import { dateOf } from '#kernel/clock.ts';
import { newId } from '#kernel/id.ts';
import { once } from '#kernel/idempotency.ts';
import { accepted, notFound, refused, versionConflict } from '#kernel/problem.ts';
import { answerOf } from '#kernel/subgraph.ts';
import { routeRequest, withdrawRequest } from '../approval-request.ts';
import { isInterested } from '../document.ts';
import { commandOf } from '../input.ts';
import { commitChange, loadRoutingFacts } from '../round-commands.ts';
import { requestForUpdate } from '../store/requests.ts';
import { tasksOfRequests } from '../store/tasks.ts';
import { commentFlaw } from '../task-authority.ts';
import { causeIn } from './task-mutations.ts';
import type { Sql } from '#kernel/database.ts';
import type {
  IllegalTransition,
  InvalidInput,
  NotFound,
  Problem,
  Result,
  VersionConflict,
} from '#kernel/problem.ts';
import type { ApprovalRequest } from '../approval-request.ts';
import type { Context } from '../context.ts';
import type { MutationResolvers } from '../generated.ts';
import type { Unroutable } from '../unroutable.ts';

type WithdrawalRefusal =
  | NotFound
  | NotYourDocument
  | IllegalTransition
  | VersionConflict
  | InvalidInput;
type ReroutingRefusal = NotFound | Unroutable | IllegalTransition | VersionConflict;

export const requestMutations: Pick<MutationResolvers, 'withdrawApproval' | 'rerouteApproval'> = {
  withdrawApproval: async (_parent, { input }, context) => {
    const { viewer, database } = context;
    requirePermission(viewer, 'requisition:write');
    const comment = input.comment ?? null;
    const result = await once(
      database,
      commandOf(viewer.id, 'withdrawApproval', input),
      async (tx): Promise<Result<ApprovalRequest, WithdrawalRefusal>> => {
        const flaw = commentFlaw(comment);
        if (flaw !== null) return refused(flaw);
        const request = await requestToChange(tx, context, input);
        if (!request.ok) return request;
        if (!isInterested(request.value.document, viewer.id))
          return refused(notYourDocument(request.value));
        const tasks = await tasksOfRequests(tx, [request.value.id]);
        const withdrawal = { byId: viewer.id, at: context.clock.now(), comment };
        const withdrawn = withdrawRequest({ request: request.value, tasks }, withdrawal);
        if (!withdrawn.ok) return withdrawn;
        await commitChange(
          tx,
          context,
          'withdrawn',
          withdrawn.value,
          causeIn(context, request.value, input.idempotencyKey),
        );
        return accepted(withdrawn.value.request);
      },
    );
    return answerOf(result, 'ApprovalRequest', context.correlationId);
  },

  rerouteApproval: async (_parent, { input }, context) => {
    const { viewer, database, clock } = context;
    requirePermission(viewer, 'approval-policy:write');
    const result = await once(
      database,
      commandOf(viewer.id, 'rerouteApproval', input),
      async (tx): Promise<Result<ApprovalRequest, ReroutingRefusal>> => {
        const request = await requestToChange(tx, context, input);
        if (!request.ok) return request;
        const at = clock.now();
        const facts = await loadRoutingFacts(tx, request.value.document, dateOf(at));
        const routed = routeRequest(request.value, facts, { at, newTaskId: () => newId(clock) });
        if (!routed.ok) return routed;
        await commitChange(
          tx,
          context,
          'requested',
          routed.value,
          causeIn(context, request.value, input.idempotencyKey),
        );
        return accepted(routed.value.request);
      },
    );
    return answerOf(result, 'ApprovalRequest', context.correlationId);
  },
};

async function requestToChange(
  sql: Sql,
  context: Context,
  input: { readonly requestId: string; readonly expectedVersion?: number | null },
): Promise<Result<ApprovalRequest, NotFound | VersionConflict>> {
  const request = await requestForUpdate(sql, context.reader, input.requestId);
  if (request === null) return refused(notFound('approval request', input.requestId));
  const expectedVersion = input.expectedVersion ?? request.version;
  if (expectedVersion !== request.version)
    return refused(versionConflict('approval request', request.version));
  return accepted(request);
}

/** Only who asked for the approval may take the document out of it. */
interface NotYourDocument extends Problem<'NOT_YOUR_DOCUMENT'> {
  readonly requesterId: string;
}

function notYourDocument(request: ApprovalRequest): NotYourDocument {
  const { documentNumber, requesterId } = request.document;
  return {
    code: 'NOT_YOUR_DOCUMENT',
    message: `${documentNumber} is ${requesterId}'s; only its requester or whoever submitted it may withdraw it. Reject or return your task instead.`,
    retryable: false,
    requesterId,
  };
}
