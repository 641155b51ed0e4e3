import { requirePermission } from '#kernel/access.ts';
import { dateOf } from '#kernel/clock.ts';
import { connectionOf, parsePage } from '#kernel/paging.ts';
import { accepted, notFound, refused } from '#kernel/problem.ts';
import { answerOf } from '#kernel/subgraph.ts';
import { findRoute } from '../approval-request.ts';
import { readMoney } from '../input.ts';
import { loadRoutingFacts } from '../round-commands.ts';
import { pageOfDelegations } from '../store/delegations.ts';
import { pageOfPolicies } from '../store/policies.ts';
import { pageOfRequests } from '../store/requests.ts';
import { pageOfTasks } from '../store/tasks.ts';
import type { Money } from '#kernel/money.ts';
import type { InvalidInput, NotFound, Result } from '#kernel/problem.ts';
import type { Unroutable } from '../unroutable.ts';
import type { Route } from '../approval-request.ts';
import type { Context } from '../context.ts';
import type { DocumentUnderApproval } from '../document.ts';
import type { ApprovalSimulation, QueryResolvers, SimulateApprovalInput } from '../generated.ts';

export const query: QueryResolvers = {
  myApprovalTasks: async (_parent, { filter, ...page }, { viewer, database, reader }) => {
    requirePermission(viewer, 'approval:read');
    const wanted = {
      status: filter?.status ?? 'PENDING',
      documentType: filter?.documentType ?? null,
      companyCode: filter?.companyCode ?? null,
    } as const;
    const parsed = parsePage(page);
    return connectionOf(
      parsed,
      await pageOfTasks(database, reader, wanted, parsed),
      (task) => task.id,
    );
  },

  approvalRequest: (_parent, { id }, { viewer, loaders }) => {
    requirePermission(viewer, 'approval:read');
    return loaders.request.load(id);
  },

  approvalRequests: async (_parent, { filter, ...page }, { viewer, database, reader }) => {
    requirePermission(viewer, 'approval:read');
    const wanted = {
      status: filter?.status ?? null,
      documentType: filter?.documentType ?? null,
      companyCode: filter?.companyCode ?? null,
      costCentreId: filter?.costCentreId ?? null,
      requesterId: filter?.requesterId ?? null,
    };
    const parsed = parsePage(page);
    return connectionOf(
      parsed,
      await pageOfRequests(database, reader, wanted, parsed),
      (request) => request.id,
    );
  },

  approvalPolicies: async (_parent, { status, ...page }, { viewer, database }) => {
    requirePermission(viewer, 'approval:read');
    const parsed = parsePage(page);
    return connectionOf(
      parsed,
      await pageOfPolicies(database, status ?? null, parsed),
      (policy) => policy.id,
    );
  },

  myDelegations: async (_parent, { status, ...page }, { viewer, database }) => {
    requirePermission(viewer, 'approval:read');
    const parsed = parsePage(page);
    const rows = await pageOfDelegations(database, viewer.id, status ?? null, parsed);
    return connectionOf(parsed, rows, (delegation) => delegation.id);
  },

  simulateApproval: async (_parent, { input }, context) => {
    requirePermission(context.viewer, 'approval:read');
    const result = await simulate(input, context);
    return answerOf(result, 'ApprovalSimulation', context.correlationId);
  },
};

async function simulate(
  input: SimulateApprovalInput,
  context: Context,
): Promise<Result<ApprovalSimulation, NotFound | Unroutable | InvalidInput>> {
  const total = readMoney(input.total, 'total');
  if (!total.ok) return total;
  const document = documentToTry(input, total.value, dateOf(context.clock.now()));
  const facts = await loadRoutingFacts(context.database, document, document.submittedOn);
  if (!input.policyId) return simulated(findRoute(document, facts));
  const policy = await context.loaders.policy.load(input.policyId);
  if (policy === null) return refused(notFound('approval policy', input.policyId));
  return simulated(findRoute(document, { ...facts, policy }));
}

function simulated(route: Result<Route, Unroutable>): Result<ApprovalSimulation, Unroutable> {
  return route.ok ? accepted(simulationOf(route.value)) : route;
}

function simulationOf({ policy, rule, tasks }: Route): ApprovalSimulation {
  return {
    policyVersion: policy.version,
    ruleName: rule.name,
    stages: rule.stages.map(({ mode }, index) => ({
      number: index + 1,
      mode,
      approvers: tasks
        .filter((task) => task.stage === index + 1)
        .map(({ approverId, origin, note, isSkipped }) => ({
          approverId,
          origin,
          note,
          skipped: isSkipped,
        })),
    })),
  };
}

function documentToTry(
  input: SimulateApprovalInput,
  total: Money,
  today: string,
): DocumentUnderApproval {
  return {
    documentType: input.documentType,
    documentId: '',
    documentNumber: '',
    documentVersion: 1,
    documentHash: '',
    companyCode: input.companyCode,
    costCentreId: input.costCentreId,
    category: input.category,
    requesterId: input.requesterId,
    submitterId: input.requesterId,
    total,
    submittedOn: input.submittedOn ?? today,
  };
}
