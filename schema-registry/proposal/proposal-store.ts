import { pageSql } from '#kernel/paging.ts';
import type { Sql } from '#kernel/database.ts';
import type { Page } from '#kernel/paging.ts';
import type { Proposal, ProposalState } from './proposal.ts';

const COLUMNS = `id, target_id as "targetId", number, state, version, title, description, author_id as "authorId",
  author_name as "authorName", revision, created_at as "createdAt", updated_at as "updatedAt",
  closed_reason as "closedReason", implemented_version_id as "implementedVersionId"`;

/** The proposal of that number, or null. */
export async function readProposal(
  sql: Sql,
  targetId: string,
  number: number,
): Promise<Proposal | null> {
  const [proposal] = await sql.query<Proposal>(
    `select ${COLUMNS} from proposal where target_id = $1 and number = $2`,
    [targetId, number],
  );
  return proposal ?? null;
}

/** The proposal with its row locked until the transaction ends, or null: whoever decides anything about it holds this. */
export async function lockProposal(
  tx: Sql,
  targetId: string,
  number: number,
): Promise<Proposal | null> {
  const [proposal] = await tx.query<Proposal>(
    `select ${COLUMNS} from proposal where target_id = $1 and number = $2 for update`,
    [targetId, number],
  );
  return proposal ?? null;
}

/** As `lockProposal`, by id. */
export async function lockProposalById(tx: Sql, id: string): Promise<Proposal | null> {
  const [proposal] = await tx.query<Proposal>(
    `select ${COLUMNS} from proposal where id = $1 for update`,
    [id],
  );
  return proposal ?? null;
}

/** Digits enough for any number, so that texts sort as numbers do. */
const NUMBER_DIGITS = 10;
const SORT_KEY = `lpad(number::text, ${NUMBER_DIGITS}, '0')`;

/** What a page's cursors stand for. */
export function sortKeyOf({ number }: Proposal): string {
  return String(number).padStart(NUMBER_DIGITS, '0');
}

/** One page of a target's proposals in the order in which they were made, and one more if there is a next page. */
export function readProposalPage(
  sql: Sql,
  targetId: string,
  asked: { readonly states: readonly ProposalState[] | null; readonly page: Page },
): Promise<Proposal[]> {
  const { where, orderLimit } = pageSql(asked.page, SORT_KEY, 3);
  return sql.query(
    `select ${COLUMNS} from proposal
     where target_id = $1 and ($2::text[] is null or state = any($2)) and ${where} ${orderLimit}`,
    [targetId, asked.states, asked.page.cursor],
  );
}

/** The next number of a target's proposals; without gaps, because a transaction that is undone gives its number back. */
export async function nextProposalNumber(tx: Sql, targetId: string): Promise<number> {
  const [row] = await tx.query<{ number: number }>(
    `insert into proposal_series (target_id, last_number) values ($1, 1)
     on conflict (target_id) do update set last_number = proposal_series.last_number + 1
     returning last_number as number`,
    [targetId],
  );
  return row?.number ?? 1;
}

export async function insertProposal(tx: Sql, proposal: Proposal): Promise<void> {
  await tx.query(
    `insert into proposal (id, target_id, number, state, version, title, description, author_id, author_name, revision,
       created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    [
      proposal.id,
      proposal.targetId,
      proposal.number,
      proposal.state,
      proposal.version,
      proposal.title,
      proposal.description,
      proposal.authorId,
      proposal.authorName,
      proposal.revision,
      proposal.createdAt,
      proposal.updatedAt,
    ],
  );
}

/** Writes what may change of a proposal. */
export async function updateProposal(tx: Sql, proposal: Proposal): Promise<void> {
  await tx.query(
    `update proposal set state = $2, version = $3, revision = $4, updated_at = $5, closed_reason = $6,
       implemented_version_id = $7
     where id = $1`,
    [
      proposal.id,
      proposal.state,
      proposal.version,
      proposal.revision,
      proposal.updatedAt,
      proposal.closedReason,
      proposal.implementedVersionId,
    ],
  );
}

/** Signed-off proposals whose newest revision has exactly this content, newest first. */
export function signedOffProposals(
  sql: Sql,
  targetId: string,
  contentSha256: string,
): Promise<Proposal[]> {
  return sql.query(
    `select ${COLUMNS} from proposal p
     where target_id = $1 and state = 'SIGNED_OFF'
       and exists (select from proposal_revision r
         where r.proposal_id = p.id and r.number = p.revision and r.content_sha256 = $2)
     order by p.number desc`,
    [targetId, contentSha256],
  );
}
