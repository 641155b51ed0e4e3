import type { Sql } from '#kernel/database.ts';
import type { Review } from './review.ts';

/** What somebody said to a proposal. */
export interface ProposalComment {
  readonly id: string;
  readonly proposalId: string;
  /** The revision that was the newest when it was said. */
  readonly revision: number;
  /** The first comment of its thread; its own id when it is the first. */
  readonly threadId: string;
  readonly coordinate: string | null;
  readonly authorId: string;
  readonly authorName: string;
  readonly body: string;
  readonly createdAt: Date;
  /** Of a thread's first comment: who said that it is settled. */
  readonly resolvedBy: string | null;
  readonly resolvedAt: Date | null;
}

const COMMENT_COLUMNS = `id, proposal_id as "proposalId", revision, thread_id as "threadId", coordinate,
  author_id as "authorId", author_name as "authorName", body, created_at as "createdAt", resolved_by as "resolvedBy",
  resolved_at as "resolvedAt"`;

/** Every comment on these proposals, oldest first: they too are stored under the proposal's lock. */
export function readComments(sql: Sql, proposalIds: readonly string[]): Promise<ProposalComment[]> {
  return sql.query(
    `select ${COMMENT_COLUMNS} from proposal_comment where proposal_id = any($1::uuid[]) order by proposal_id, position`,
    [proposalIds],
  );
}

/** The first comment of a thread of this proposal, or null. */
export async function readThread(
  sql: Sql,
  proposalId: string,
  threadId: string,
): Promise<ProposalComment | null> {
  const [thread] = await sql.query<ProposalComment>(
    `select ${COMMENT_COLUMNS} from proposal_comment
     where proposal_id = $1 and id::text = lower($2) and thread_id = id`,
    [proposalId, threadId],
  );
  return thread ?? null;
}

export async function countComments(sql: Sql, proposalId: string): Promise<number> {
  const [row] = await sql.query<{ comments: bigint }>(
    'select count(*) as comments from proposal_comment where proposal_id = $1',
    [proposalId],
  );
  return Number(row?.comments ?? 0n);
}

export async function insertComment(tx: Sql, comment: ProposalComment): Promise<void> {
  await tx.query(
    `insert into proposal_comment (id, proposal_id, revision, thread_id, coordinate, author_id, author_name, body, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      comment.id,
      comment.proposalId,
      comment.revision,
      comment.threadId,
      comment.coordinate,
      comment.authorId,
      comment.authorName,
      comment.body,
      comment.createdAt,
    ],
  );
}

export async function resolveThread(
  tx: Sql,
  threadId: string,
  resolved: { readonly by: string; readonly at: Date },
): Promise<void> {
  await tx.query('update proposal_comment set resolved_by = $2, resolved_at = $3 where id = $1', [
    threadId,
    resolved.by,
    resolved.at,
  ]);
}

/** Every review of these proposals, oldest first: they are stored one after the other, under the proposal's lock. */
export function readReviews(sql: Sql, proposalIds: readonly string[]): Promise<Review[]> {
  return sql.query(
    `select id, proposal_id as "proposalId", revision, reviewer_id as "reviewerId", reviewer_name as "reviewerName",
       decision, coordinates, thread_id as "threadId", created_at as "createdAt"
     from proposal_review where proposal_id = any($1::uuid[]) order by proposal_id, revision, position`,
    [proposalIds],
  );
}

export async function insertReview(tx: Sql, review: Review): Promise<void> {
  await tx.query(
    `insert into proposal_review (id, proposal_id, revision, reviewer_id, reviewer_name, decision, coordinates, thread_id,
       created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      review.id,
      review.proposalId,
      review.revision,
      review.reviewerId,
      review.reviewerName,
      review.decision,
      review.coordinates,
      review.threadId,
      review.createdAt,
    ],
  );
}
