import { step } from '#kernel/lifecycle.ts';
import { accepted, refused } from '#kernel/problem.ts';
import type { Lifecycle } from '#kernel/lifecycle.ts';
import type { IllegalTransition, Problem, Result } from '#kernel/problem.ts';
import type { TouchedCoordinate } from './touched-coordinate.ts';

export type ProposalState =
  | 'DRAFT'
  | 'OPEN'
  | 'CHANGES_REQUESTED'
  | 'SIGNED_OFF'
  | 'IMPLEMENTED'
  | 'CLOSED';
export type ProposalEvent =
  | 'open'
  | 'revise'
  | 'signOff'
  | 'requestChanges'
  | 'settle'
  | 'complete'
  | 'implement'
  | 'close';

/**
 * A proposed change's life. Revising asks for every review anew. `settle` happens by itself when no reviewer asks for
 * changes any more, `complete` when every sign-off that is needed is there, and `implement` when what was signed off is published.
 */
export const PROPOSAL_LIFECYCLE: Lifecycle<ProposalState, ProposalEvent> = {
  entity: 'proposal',
  initial: 'DRAFT',
  transitions: {
    DRAFT: { open: 'OPEN', revise: 'DRAFT', close: 'CLOSED' },
    OPEN: {
      revise: 'OPEN',
      signOff: 'OPEN',
      requestChanges: 'CHANGES_REQUESTED',
      complete: 'SIGNED_OFF',
      close: 'CLOSED',
    },
    CHANGES_REQUESTED: {
      revise: 'OPEN',
      signOff: 'CHANGES_REQUESTED',
      requestChanges: 'CHANGES_REQUESTED',
      settle: 'OPEN',
      close: 'CLOSED',
    },
    SIGNED_OFF: {
      revise: 'OPEN',
      signOff: 'SIGNED_OFF',
      requestChanges: 'CHANGES_REQUESTED',
      implement: 'IMPLEMENTED',
      close: 'CLOSED',
    },
    IMPLEMENTED: {},
    CLOSED: {},
  },
};

/** A change of a target's contracts that people are asked about before it is published. */
export interface Proposal {
  readonly id: string;
  readonly targetId: string;
  /** Counts up by one per target; how people name it. */
  readonly number: number;
  readonly state: ProposalState;
  /** Counts up by one with every change of the proposal itself; reviews and comments leave it unless they change the state. */
  readonly version: number;
  readonly title: string;
  readonly description: string;
  readonly authorId: string;
  readonly authorName: string;
  /** Number of the newest revision: the one that is reviewed, and that a publication may match. */
  readonly revision: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly closedReason: string | null;
  readonly implementedVersionId: string | null;
}

/** What was proposed at one time; never changed. */
export interface Revision {
  readonly proposalId: string;
  readonly number: number;
  /** What is different to the revision before, in its author's words. */
  readonly summary: string;
  /** Of all its contracts together; formatting makes no difference. */
  readonly contentSha256: string;
  readonly checkId: string;
  readonly conclusion: 'PASSED' | 'FAILED';
  /** False when it does not compose: what it touches is not known then, so nobody can review it. */
  readonly composes: boolean;
  readonly touched: readonly TouchedCoordinate[];
  readonly authorId: string;
  readonly authorName: string;
  /** The person behind a token; the author's own id otherwise. */
  readonly responsibleId: string;
  readonly createdAt: Date;
}

export type ProposalNotComposable = Problem<'PROPOSAL_NOT_COMPOSABLE'>;

function notComposable(): ProposalNotComposable {
  return {
    code: 'PROPOSAL_NOT_COMPOSABLE',
    message:
      'The proposed contracts do not compose, so nobody can tell what they change. Read the errors in the check, and revise the draft.',
    retryable: false,
  };
}

/** Asks for reviews. What does not compose stays a draft. */
export function openedProposal(
  proposal: Proposal,
  revision: Revision,
  at: Date,
): Result<Proposal, IllegalTransition | ProposalNotComposable> {
  const next = step(PROPOSAL_LIFECYCLE, proposal.state, 'open');
  if (!next.ok) return next;
  return revision.composes
    ? accepted(changed(proposal, { state: next.value }, at))
    : refused(notComposable());
}

/** Proposes something else under the same number; only a draft may stop composing. */
export function revisedProposal(
  proposal: Proposal,
  revision: Revision,
): Result<Proposal, IllegalTransition | ProposalNotComposable> {
  const next = step(PROPOSAL_LIFECYCLE, proposal.state, 'revise');
  if (!next.ok) return next;
  if (!revision.composes && next.value !== 'DRAFT') return refused(notComposable());
  return accepted(
    changed(proposal, { state: next.value, revision: revision.number }, revision.createdAt),
  );
}

/** Gives the proposal up. */
export function closedProposal(
  proposal: Proposal,
  reason: string,
  at: Date,
): Result<Proposal, IllegalTransition> {
  const next = step(PROPOSAL_LIFECYCLE, proposal.state, 'close');
  return next.ok
    ? accepted(changed(proposal, { state: next.value, closedReason: reason }, at))
    : next;
}

/** What was signed off was published as this version of the supergraph. */
export function implementedProposal(
  proposal: Proposal,
  versionId: string,
  at: Date,
): Result<Proposal, IllegalTransition> {
  const next = step(PROPOSAL_LIFECYCLE, proposal.state, 'implement');
  return next.ok
    ? accepted(changed(proposal, { state: next.value, implementedVersionId: versionId }, at))
    : next;
}

/** The proposal in the state that reviews have led it to; the same one when they have not. */
export function reviewedProposal(proposal: Proposal, state: ProposalState, at: Date): Proposal {
  return state === proposal.state ? proposal : changed(proposal, { state }, at);
}

function changed(proposal: Proposal, change: Partial<Proposal>, at: Date): Proposal {
  return { ...proposal, ...change, version: proposal.version + 1, updatedAt: at };
}
