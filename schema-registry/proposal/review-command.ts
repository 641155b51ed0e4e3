import { newId } from '#kernel/id.ts';
import { accepted, invalidInput, refused, versionConflict } from '#kernel/problem.ts';
import { requireAction, scopeOf } from '../access/principal.ts';
import { ownersOf } from '../ownership/owner-store.ts';
import { readPolicy } from '../policy/policy-store.ts';
import { knownTarget, missing, targetFor } from './asking.ts';
import {
  countComments,
  insertComment,
  insertReview,
  readReviews,
  readThread,
  resolveThread,
} from './discussion-store.ts';
import { changeProposal } from './proposal-change.ts';
import { PROSE_LENGTH_MAX } from './proposal-command.ts';
import { requirementsOf } from './review-requirement.ts';
import { decideReview } from './review.ts';
import { readAuthors, readRevision, readRevisionContracts } from './revision-store.ts';
import { checkedInput } from './text-input.ts';
import type {
  IllegalTransition,
  InvalidInput,
  NotFound,
  Result,
  SegregationOfDuties,
  VersionConflict,
} from '#kernel/problem.ts';
import type { Target } from '../target.ts';
import type { Asking } from './asking.ts';
import type { ProposalComment } from './discussion-store.ts';
import type { CommonProblem, Decided, OnProposal, Work } from './proposal-change.ts';
import type { Proposal } from './proposal.ts';
import type { Review, ReviewDecision, ReviewFacts } from './review.ts';

interface ReviewInput extends OnProposal {
  /** The revision that the reviewer has read. */
  readonly revision: number;
  /** What the review is about; the revision as a whole when there are none. */
  readonly coordinates: readonly string[];
  readonly comment: string;
}

/** More than anybody types; a console that ticks every box sends none, which means all. */
const COORDINATES_MAX = 1000;
/** As PostgreSQL's names and GraphQL's allow many times over. */
const COORDINATE_LENGTH_MAX = 800;
/** Every reader of the proposal reads them all. */
const COMMENTS_MAX = 2000;
/** As comments: a review is read with its proposal. */
const REVIEWS_MAX = 2000;

type ReviewRefusal = InvalidInput | IllegalTransition | SegregationOfDuties | VersionConflict;
type ReviewAnswer = Promise<Result<Proposal, CommonProblem | ReviewRefusal>>;

/** Signs the newest revision off, as a whole or for some coordinates. Takes back what the reviewer asked to change there. */
export function signOffProposal(asking: Asking, input: ReviewInput): ReviewAnswer {
  return review(asking, input, { decision: 'SIGN_OFF', operation: 'signOffProposal' });
}

/** Asks for changes, as a whole or of some coordinates; the comment says which and opens a thread. */
export function requestChanges(asking: Asking, input: ReviewInput): ReviewAnswer {
  return review(asking, input, { decision: 'CHANGE_REQUEST', operation: 'requestChanges' });
}

async function review(
  asking: Asking,
  input: ReviewInput,
  { decision, operation }: { readonly decision: ReviewDecision; readonly operation: string },
): ReviewAnswer {
  const target = await targetFor(asking, input.target, 'schema:review');
  if (!target.ok) return target;
  const comment = readReview(input, decision);
  if (!comment.ok) return comment;
  // Two reviewers of one revision do not get into each other's way; a new revision gets into everybody's.
  const command = { operation, target: target.value, input, expectedVersion: null };
  return changeProposal<ReviewRefusal>(asking, command, (work) =>
    storeReview(asking, work, { ...input, decision, comment: comment.value }),
  );
}

async function storeReview(
  asking: Asking,
  work: Work,
  input: Pick<ReviewInput, 'revision' | 'coordinates' | 'comment'> & {
    readonly decision: ReviewDecision;
  },
): Promise<Result<Decided, ReviewRefusal>> {
  const { proposal, tx } = work;
  const { decision, comment } = input;
  if (input.revision !== proposal.revision)
    return refused(versionConflict('content of the proposal', proposal.revision));
  const given = newReview(asking, work, input);
  const earlier = await readReviews(tx, [proposal.id]);
  if (earlier.length >= REVIEWS_MAX) return refused(tooMany('reviews', REVIEWS_MAX));
  if (given.threadId !== null && (await countComments(tx, proposal.id)) >= COMMENTS_MAX)
    return refused(tooMany('comments', COMMENTS_MAX));
  const facts = await reviewFacts(asking, work, earlier);
  const decided = decideReview(proposal, given, facts);
  if (!decided.ok) return decided;
  if (given.threadId !== null) await insertComment(tx, threadOf(given, given.threadId, comment));
  await insertReview(tx, given);
  const details = { decision, coordinates: given.coordinates, comment };
  return accepted({ proposal: decided.value, told: { action: 'proposal.reviewed', details } });
}

function readReview(
  { coordinates, comment }: ReviewInput,
  decision: ReviewDecision,
): Result<string, InvalidInput> {
  return checkedInput((check) => {
    if (coordinates.length > COORDINATES_MAX)
      check.refuse(
        'coordinates',
        'BAD_LENGTH',
        `At most ${COORDINATES_MAX} are expected; name none to review the revision as a whole.`,
      );
    const min = decision === 'SIGN_OFF' ? 0 : 1;
    return check.text('comment', comment, { min, max: PROSE_LENGTH_MAX });
  });
}

function newReview(
  { clock, principal }: Asking,
  { proposal, at }: Work,
  given: {
    readonly decision: ReviewDecision;
    readonly coordinates: readonly string[];
    readonly comment: string;
  },
): Review {
  return {
    id: newId(clock),
    proposalId: proposal.id,
    revision: proposal.revision,
    reviewerId: principal.id,
    reviewerName: principal.name,
    decision: given.decision,
    coordinates: [...new Set(given.coordinates)],
    threadId: given.comment === '' ? null : newId(clock),
    createdAt: at,
  };
}

async function reviewFacts(
  asking: Asking,
  { tx, target, proposal }: Work,
  reviews: readonly Review[],
): Promise<ReviewFacts> {
  const revision = await readRevision(tx, proposal.id, proposal.revision);
  const contracts = await readRevisionContracts(tx, [proposal.id]);
  const { review: asked } = await readPolicy(tx, target);
  return {
    authors: await readAuthors(tx, proposal.id),
    reviewerIsPerson: asking.principal.kind === 'person',
    touched: revision.touched.map(({ coordinate }) => coordinate),
    reviews: reviews.filter((earlier) => earlier.revision === proposal.revision),
    requirements: requirementsOf({
      touched: revision.touched,
      subgraphs: contracts
        .filter((contract) => contract.revision === proposal.revision)
        .map(({ subgraph }) => subgraph),
      owners: await ownersOf(tx, target.id),
      signOffs: asked.signOffs,
    }),
  };
}

function threadOf(given: Review, id: string, body: string): ProposalComment {
  const [coordinate = null] = given.coordinates.length === 1 ? given.coordinates : [];
  return {
    id,
    proposalId: given.proposalId,
    revision: given.revision,
    threadId: id,
    coordinate,
    authorId: given.reviewerId,
    authorName: given.reviewerName,
    body,
    createdAt: given.createdAt,
    resolvedBy: null,
    resolvedAt: null,
  };
}

interface CommentInput extends OnProposal {
  /** The thread that is answered; null opens one. */
  readonly threadId: string | null;
  /** What a new thread is about; null for the proposal as a whole. An answer is about what its thread is about. */
  readonly coordinate: string | null;
  readonly body: string;
}

/** Says something to a proposal, whatever state it is in: whoever may propose or review. */
export async function commentOnProposal(
  asking: Asking,
  input: CommentInput,
): Promise<Result<Proposal, CommonProblem | InvalidInput>> {
  const target = await targetToDiscuss(asking, input);
  if (!target.ok) return target;
  const read = checkedInput((check) => ({
    body: check.text('body', input.body, { min: 1, max: PROSE_LENGTH_MAX }),
    coordinate:
      input.coordinate === null
        ? null
        : check.text('coordinate', input.coordinate, { min: 1, max: COORDINATE_LENGTH_MAX }),
  }));
  if (!read.ok) return read;
  const command = {
    operation: 'commentOnProposal',
    target: target.value,
    input,
    expectedVersion: null,
  };
  return changeProposal<NotFound | InvalidInput>(asking, command, async ({ tx, proposal, at }) => {
    const thread =
      input.threadId === null ? null : await readThread(tx, proposal.id, input.threadId);
    if (thread === null && input.threadId !== null)
      return refused(missing('thread', input.threadId));
    if ((await countComments(tx, proposal.id)) >= COMMENTS_MAX)
      return refused(tooMany('comments', COMMENTS_MAX));
    const id = newId(asking.clock);
    const comment: ProposalComment = {
      id,
      proposalId: proposal.id,
      revision: proposal.revision,
      threadId: thread?.id ?? id,
      coordinate: thread === null ? read.value.coordinate : thread.coordinate,
      authorId: asking.principal.id,
      authorName: asking.principal.name,
      body: read.value.body,
      createdAt: at,
      resolvedBy: null,
      resolvedAt: null,
    };
    await insertComment(tx, comment);
    const details = { threadId: comment.threadId, coordinate: comment.coordinate };
    return accepted({ proposal, told: { action: 'proposal.commented', details } });
  });
}

/** Says that a thread is settled; one that is settled already stays as it is. */
export async function resolveComment(
  asking: Asking,
  input: OnProposal & { readonly threadId: string },
): Promise<Result<Proposal, CommonProblem>> {
  const target = await targetToDiscuss(asking, input);
  if (!target.ok) return target;
  const command = {
    operation: 'resolveComment',
    target: target.value,
    input,
    expectedVersion: null,
  };
  return changeProposal<NotFound>(asking, command, async ({ tx, proposal, at }) => {
    const thread = await readThread(tx, proposal.id, input.threadId);
    if (thread === null) return refused(missing('thread', input.threadId));
    if (thread.resolvedAt === null)
      await resolveThread(tx, thread.id, { by: asking.principal.id, at });
    const told = { action: 'proposal.thread-resolved', details: { threadId: thread.id } };
    return accepted({ proposal, told });
  });
}

async function targetToDiscuss(
  asking: Asking,
  { target: name }: OnProposal,
): Promise<Result<Target, NotFound>> {
  const target = await knownTarget(asking.database, name);
  if (!target.ok) return target;
  if (!asking.principal.allows('schema:propose', scopeOf(target.value)))
    requireAction(asking.principal, 'schema:review', scopeOf(target.value));
  return target;
}

function tooMany(what: string, max: number): InvalidInput {
  const message = `A proposal has at most ${max} ${what}. Close it and propose anew.`;
  return invalidInput([{ field: 'number', code: 'TOO_MANY', message }]);
}
