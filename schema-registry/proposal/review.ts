import { legalEvents, step } from '#kernel/lifecycle.ts';
import { accepted, invalidInput, refused, segregationOfDuties } from '#kernel/problem.ts';
import { PROPOSAL_LIFECYCLE, reviewedProposal } from './proposal.ts';
import type {
  IllegalTransition,
  InvalidInput,
  Result,
  SegregationOfDuties,
} from '#kernel/problem.ts';
import type { Proposal, ProposalEvent, ProposalState } from './proposal.ts';
import type { ReviewRequirement } from './review-requirement.ts';

export type ReviewDecision = 'SIGN_OFF' | 'CHANGE_REQUEST';

/** One decision of a reviewer on one revision; never changed. A later one takes its place where both speak of the same. */
export interface Review {
  readonly id: string;
  readonly proposalId: string;
  readonly revision: number;
  readonly reviewerId: string;
  readonly reviewerName: string;
  readonly decision: ReviewDecision;
  /** What it is about; the revision as a whole when there are none. */
  readonly coordinates: readonly string[];
  /** The thread that its comment opened, or null. */
  readonly threadId: string | null;
  readonly createdAt: Date;
}

/** What one reviewer stands by now. */
interface Standing {
  readonly whole: ReviewDecision | null;
  /** Where it differs from what is said of the whole. */
  readonly byCoordinate: ReadonlyMap<string, ReviewDecision>;
}

/** Each reviewer's last word. One on the whole replaces everything that the same reviewer said before. */
export function standingReviews(reviews: readonly Review[]): ReadonlyMap<string, Standing> {
  const standing = new Map<string, Standing>();
  for (const { reviewerId, decision, coordinates } of reviews) {
    const before = standing.get(reviewerId) ?? { whole: null, byCoordinate: new Map() };
    const own = coordinates.map((coordinate) => [coordinate, decision] as const);
    standing.set(
      reviewerId,
      coordinates.length === 0
        ? { whole: decision, byCoordinate: new Map() }
        : { ...before, byCoordinate: new Map([...before.byCoordinate, ...own]) },
    );
  }
  return standing;
}

/** What a requirement still lacks; empty when it is met. The coordinate is null for the revision as a whole. */
export interface MissingSignOffs {
  readonly coordinate: string | null;
  readonly missing: number;
}

export function missingSignOffs(
  requirement: ReviewRequirement,
  reviews: readonly Review[],
): MissingSignOffs[] {
  const standing = [...standingReviews(reviews)].filter(
    ([reviewer]) => requirement.members === null || requirement.members.includes(reviewer),
  );
  const subjects = requirement.coordinates.length === 0 ? [null] : requirement.coordinates;
  return subjects.flatMap((coordinate) => {
    const given = standing.filter(
      ([, word]) =>
        ((coordinate === null ? undefined : word.byCoordinate.get(coordinate)) ?? word.whole) ===
        'SIGN_OFF',
    ).length;
    const missing = requirement.signOffs - given;
    return missing > 0 ? [{ coordinate, missing }] : [];
  });
}

function changesAreRequested(reviews: readonly Review[]): boolean {
  return [...standingReviews(reviews).values()].some(
    ({ whole, byCoordinate }) =>
      whole === 'CHANGE_REQUEST' || [...byCoordinate.values()].includes('CHANGE_REQUEST'),
  );
}

/** What a review is decided on, all of it read in the transaction that stores the review. */
export interface ReviewFacts {
  /** Everybody who wrote a revision, and the people behind their tokens. */
  readonly authors: readonly string[];
  readonly reviewerIsPerson: boolean;
  readonly touched: readonly string[];
  /** Earlier reviews of the same revision, oldest first. */
  readonly reviews: readonly Review[];
  readonly requirements: readonly ReviewRequirement[];
}

/** The proposal after a review: signed off when nothing is missing, with changes requested as long as anybody asks for them. */
export function decideReview(
  proposal: Proposal,
  review: Review,
  facts: ReviewFacts,
): Result<Proposal, IllegalTransition | SegregationOfDuties | InvalidInput> {
  const event = review.decision === 'SIGN_OFF' ? 'signOff' : 'requestChanges';
  const next = step(PROPOSAL_LIFECYCLE, proposal.state, event);
  if (!next.ok) return next;
  const duty = brokenDuty(review, facts);
  if (duty !== null) return refused(duty);
  const unknown = unknownCoordinates(review, facts);
  if (unknown !== null) return refused(unknown);
  const reviews = [...facts.reviews, review];
  const settled = changesAreRequested(reviews) ? next.value : happening(next.value, 'settle');
  const isComplete = facts.requirements.every(
    (requirement) => missingSignOffs(requirement, reviews).length === 0,
  );
  const state = isComplete ? happening(settled, 'complete') : settled;
  return accepted(reviewedProposal(proposal, state, review.createdAt));
}

/** The state after what happens by itself, where it can happen. */
function happening(state: ProposalState, event: ProposalEvent): ProposalState {
  if (!legalEvents(PROPOSAL_LIFECYCLE, state).includes(event)) return state;
  return PROPOSAL_LIFECYCLE.transitions[state][event] ?? state;
}

function brokenDuty(review: Review, facts: ReviewFacts): SegregationOfDuties | null {
  if (!facts.reviewerIsPerson)
    return segregationOfDuties(
      'reviewer-is-a-person',
      'A review is a person\'s word; a token or service cannot give it. Sign in as somebody with "schema:review".',
    );
  if (!facts.authors.includes(review.reviewerId)) return null;
  return segregationOfDuties(
    'author-is-not-reviewer',
    'You wrote a revision of this proposal, yourself or through a token of yours, so another person with "schema:review" must review it.',
  );
}

function unknownCoordinates(review: Review, facts: ReviewFacts): InvalidInput | null {
  const unknown = review.coordinates.filter((coordinate) => !facts.touched.includes(coordinate));
  if (unknown.length === 0) return null;
  return invalidInput(
    unknown.map((coordinate) => ({
      field: `coordinates.${review.coordinates.indexOf(coordinate)}`,
      code: 'NOT_TOUCHED',
      message: `The newest revision does not touch "${coordinate.slice(0, 200)}". Name coordinates that it touches, or none to review it as a whole.`,
    })),
  );
}
