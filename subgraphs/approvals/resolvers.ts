import { may } from '#kernel/identity.ts';
import { money, toWire } from '#kernel/money.ts';
import { referenceTo } from './document.ts';
import { delegationMutations } from './resolvers/delegation-mutations.ts';
import { policyMutations } from './resolvers/policy-mutations.ts';
import { query } from './resolvers/query.ts';
import { requestMutations } from './resolvers/request-mutations.ts';
import { taskMutations } from './resolvers/task-mutations.ts';
import type { ApprovalRequest } from './approval-request.ts';
import type { Context } from './context.ts';
import type { PurchaseOrderResolvers, RequisitionResolvers, Resolvers } from './generated.ts';

/** The graph of this room. A viewer without `approval:read` sees no approval at all, by whatever way it is reached. */
export const resolvers: Resolvers = {
  Query: query,
  Mutation: { ...taskMutations, ...requestMutations, ...delegationMutations, ...policyMutations },
  ApprovableDocument: { __resolveType: (reference) => reference.__typename },
  Requisition: approvable('Requisition'),
  PurchaseOrder: approvable('PurchaseOrder'),
  ApprovalRequest: {
    __resolveReference: ({ id }, { viewer, loaders }) =>
      may(viewer, 'approval:read') ? loaders.request.load(id) : null,
    document: ({ document }) => referenceTo(document),
    documentType: ({ document }) => document.documentType,
    documentNumber: ({ document }) => document.documentNumber,
    documentVersion: ({ document }) => document.documentVersion,
    documentHash: ({ document }) => document.documentHash,
    total: ({ document }) => toWire(document.total),
    companyCode: ({ document }) => document.companyCode,
    costCentre: ({ document }) => ({ id: document.costCentreId }),
    category: ({ document }) => document.category,
    requesterId: ({ document }) => document.requesterId,
    submitterId: ({ document }) => document.submitterId,
    submittedOn: ({ document }) => document.submittedOn,
    policy: ({ policyId }, _arguments, { loaders }) =>
      policyId === null ? null : loaders.policy.load(policyId),
    stages: async ({ id, stageModes }, _arguments, { loaders }) => {
      const tasks = await loaders.tasks.load(id);
      return stageModes.map((mode, index) => ({
        number: index + 1,
        mode,
        tasks: tasks.filter((task) => task.stage === index + 1),
      }));
    },
    tasks: ({ id }, _arguments, { loaders }) => loaders.tasks.load(id),
    pendingApproverIds: async ({ id }, _arguments, { loaders }) => {
      const tasks = await loaders.tasks.load(id);
      return tasks.filter((task) => task.status === 'PENDING').map((task) => task.approverId);
    },
    decisions: ({ id }, _arguments, { loaders }) => loaders.decisions.load(id),
  },
  ApprovalTask: {
    request: async ({ requestId }, _arguments, { loaders }) => {
      const request = await loaders.request.load(requestId);
      if (request === null)
        throw new Error(
          `The request ${requestId} of a task that the viewer sees was expected to be visible too.`,
        );
      return request;
    },
  },
  ApprovalPolicyRule: {
    amountFrom: ({ amountFromMinor, currency }) => toWire(money(amountFromMinor, currency)),
    amountTo: ({ amountToMinor, currency }) =>
      amountToMinor === null ? null : toWire(money(amountToMinor, currency)),
  },
  ApproverSource: { userIds: (source) => (source.kind === 'USERS' ? source.userIds : []) },
  Delegation: { maxAmount: ({ maxAmount }) => (maxAmount === null ? null : toWire(maxAmount)) },
};

/** What this room adds to a document of another: its rounds of approval, as far as the viewer may see them. */
function approvable(
  typeName: 'Requisition' | 'PurchaseOrder',
): RequisitionResolvers & PurchaseOrderResolvers {
  return {
    __resolveReference: ({ id }: { readonly id: string }) => ({ __typename: typeName, id }),
    approval: async ({ id }, _arguments, context) => (await roundsOf(id, context)).at(-1) ?? null,
    approvals: ({ id }, _arguments, context) => roundsOf(id, context),
  };
}

async function roundsOf(
  documentId: string,
  { viewer, loaders }: Context,
): Promise<readonly ApprovalRequest[]> {
  return may(viewer, 'approval:read') ? loaders.rounds.load(documentId) : [];
}
