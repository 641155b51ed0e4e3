import { connectionOf, parsePage } from '#kernel/paging.ts';
import { answerOf } from '#kernel/subgraph.ts';
import { findTarget } from '../target.ts';
import { ownersOf } from '../ownership/owner-store.ts';
import { readPolicy } from '../policy/policy-store.ts';
import { readTarget } from './asking.ts';
import { createProposalLoaders } from './loaders.ts';
import { closeProposal, createProposal, openProposal, reviseProposal } from './proposal-command.ts';
import { readProposal, readProposalPage, sortKeyOf } from './proposal-store.ts';
import {
  commentOnProposal,
  requestChanges,
  resolveComment,
  signOffProposal,
} from './review-command.ts';
import { requirementsOf } from './review-requirement.ts';
import { missingSignOffs } from './review.ts';
import type { Problem, Result } from '#kernel/problem.ts';
import type { ProblemAnswer } from '#kernel/subgraph.ts';
import type { Context } from '../context.ts';
import type { CreateProposalInput, Resolvers } from '../generated.ts';
import type { ProposalComment } from './discussion-store.ts';
import type { ProposalLoaders } from './loaders.ts';
import type { Proposal, Revision } from './proposal.ts';
import type { ProposedInput } from './proposed-contract.ts';
import type { MissingSignOffs } from './review.ts';
import type { ReviewRequirement } from './review-requirement.ts';

export const proposalResolvers = {
  Query: {
    proposals: async (_parent, args, context) => {
      const target = await readTarget(context, args.target);
      const page = parsePage(args);
      const asked = { states: args.states ?? null, page };
      const rows = await readProposalPage(context.database, target.id, asked);
      return connectionOf(page, rows, sortKeyOf);
    },
    proposal: async (_parent, args, context) => {
      const target = await readTarget(context, args.target);
      return readProposal(context.database, target.id, args.number);
    },
  },
  Mutation: {
    createProposal: async (_parent, { input }, context) =>
      answered(
        context,
        await createProposal(context, {
          ...input,
          ...proposedOf(input),
          description: input.description ?? '',
        }),
      ),
    reviseProposal: async (_parent, { input }, context) =>
      answered(context, await reviseProposal(context, { ...input, ...proposedOf(input) })),
    openProposal: async (_parent, { input }, context) =>
      answered(context, await openProposal(context, input)),
    signOffProposal: async (_parent, { input }, context) =>
      answered(context, await signOffProposal(context, input)),
    requestChanges: async (_parent, { input }, context) =>
      answered(context, await requestChanges(context, input)),
    commentOnProposal: async (_parent, { input }, context) => {
      const { threadId = null, coordinate = null } = input;
      return answered(
        context,
        await commentOnProposal(context, { ...input, threadId, coordinate }),
      );
    },
    resolveComment: async (_parent, { input }, context) =>
      answered(context, await resolveComment(context, input)),
    closeProposal: async (_parent, { input }, context) =>
      answered(context, await closeProposal(context, input)),
  },
  Proposal: {
    revision: async (proposal, _args, context) => newestOf(proposal, context),
    revisions: (proposal, _args, context) => loadersOf(context).revisions.load(proposal.id),
    reviews: (proposal, _args, context) => loadersOf(context).reviews.load(proposal.id),
    requirements: (proposal, _args, context) => requirementsOfProposal(proposal, context),
    threads: async (proposal, _args, context) =>
      threadsOf(await loadersOf(context).comments.load(proposal.id)),
  },
  ProposalRevision: {
    contentHash: (revision) => revision.contentSha256,
    passed: (revision) => revision.conclusion === 'PASSED',
    contracts: async (revision, _args, context) => {
      const contracts = await loadersOf(context).contracts.load(revision.proposalId);
      return contracts.filter((contract) => contract.revision === revision.number);
    },
  },
  ProposedContract: {
    contentHash: (contract) => contract.contentSha256,
    sdl: async (contract, _args, context) => {
      if (contract.sha256 === null) return null;
      return (await loadersOf(context).texts.load(contract.sha256))?.body ?? null;
    },
  },
} satisfies Resolvers;

function answered<P extends Problem>(
  { correlationId }: Context,
  result: Result<Proposal, P>,
): (Proposal & { readonly __typename: 'Proposal' }) | ProblemAnswer<P> {
  return answerOf(result, 'Proposal', correlationId);
}

/** The proposed contracts with everything said that GraphQL lets one leave out, so that the same request is the same input. */
function proposedOf({
  contracts,
  retire,
}: Pick<CreateProposalInput, 'contracts' | 'retire'>): ProposedInput {
  return {
    contracts: contracts.map(({ subgraph, sdl, url = null }) => ({ subgraph, sdl, url })),
    retire,
  };
}

const LOADERS = new WeakMap<Context, ProposalLoaders>();

/** The loaders of a request: what one resolver has read, the others of the same request need not. */
function loadersOf(context: Context): ProposalLoaders {
  const known = LOADERS.get(context);
  if (known !== undefined) return known;
  const loaders = createProposalLoaders(context.database);
  LOADERS.set(context, loaders);
  return loaders;
}

async function newestOf(proposal: Proposal, context: Context): Promise<Revision> {
  const newest = await loadersOf(context).newest.load(proposal.id);
  if (newest === null) throw new Error(`The proposal ${proposal.id} has no revision.`);
  return newest;
}

type Requirement = ReviewRequirement & {
  readonly met: boolean;
  readonly missing: readonly MissingSignOffs[];
};

/** By the owners and the policy of now: what a review would be decided on. */
async function requirementsOfProposal(
  proposal: Proposal,
  context: Context,
): Promise<Requirement[]> {
  const target = await findTarget(context.database, { id: proposal.targetId });
  if (target === null) throw new Error(`The target ${proposal.targetId} is gone.`);
  const loaders = loadersOf(context);
  const revision = await newestOf(proposal, context);
  const contracts = await loaders.contracts.load(proposal.id);
  const reviews = await loaders.reviews.load(proposal.id);
  const { review } = await readPolicy(context.database, target);
  const requirements = requirementsOf({
    touched: revision.touched,
    subgraphs: contracts
      .filter((contract) => contract.revision === proposal.revision)
      .map(({ subgraph }) => subgraph),
    owners: await ownersOf(context.database, target.id),
    signOffs: review.signOffs,
  });
  const counting = reviews.filter((given) => given.revision === proposal.revision);
  return requirements.map((requirement) => {
    const missing = missingSignOffs(requirement, counting);
    return { ...requirement, missing, met: missing.length === 0 };
  });
}

interface Thread {
  readonly id: string;
  readonly coordinate: string | null;
  readonly comments: readonly ProposalComment[];
  readonly resolvedBy: string | null;
  readonly resolvedAt: Date | null;
}

function threadsOf(comments: readonly ProposalComment[]): Thread[] {
  const grouped = Map.groupBy(comments, ({ threadId }) => threadId);
  return comments
    .filter(({ id, threadId }) => id === threadId)
    .map((first) => ({ ...first, comments: grouped.get(first.id) ?? [] }));
}
