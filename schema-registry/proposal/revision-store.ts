import { sha256 } from '#kernel/id.ts';
import { keepTexts } from '../document.ts';
import type { Sql } from '#kernel/database.ts';
import type { Revision } from './proposal.ts';

/** A contract of a revision, without its text. */
export interface RevisionContract {
  readonly proposalId: string;
  readonly revision: number;
  readonly subgraph: string;
  readonly url: string | null;
  /** Of the text as it was sent; null when the subgraph is taken out. */
  readonly sha256: string | null;
  /** Of what the text says, however it is formatted. */
  readonly contentSha256: string | null;
}

/** A contract to store with a revision. */
export interface NewContract {
  readonly subgraph: string;
  readonly url: string | null;
  readonly sdl: string | null;
  readonly contentSha256: string | null;
}

const COLUMNS = `proposal_id as "proposalId", number, summary, content_sha256 as "contentSha256", check_id as "checkId",
  conclusion, composes, touched, author_id as "authorId", author_name as "authorName", responsible_id as "responsibleId",
  created_at as "createdAt"`;

/** Every revision of these proposals, oldest first. */
export function readRevisions(sql: Sql, proposalIds: readonly string[]): Promise<Revision[]> {
  return sql.query(
    `select ${COLUMNS} from proposal_revision where proposal_id = any($1::uuid[]) order by proposal_id, number`,
    [proposalIds],
  );
}

/** The newest revision of each of these proposals. */
export function readNewestRevisions(sql: Sql, proposalIds: readonly string[]): Promise<Revision[]> {
  return sql.query(
    `select ${COLUMNS} from proposal_revision
     where (proposal_id, number) in (select id, revision from proposal where id = any($1::uuid[]))`,
    [proposalIds],
  );
}

/** One revision; it is there, because proposals are stored with their first. */
export async function readRevision(
  sql: Sql,
  proposalId: string,
  number: number,
): Promise<Revision> {
  const [revision] = await sql.query<Revision>(
    `select ${COLUMNS} from proposal_revision where proposal_id = $1 and number = $2`,
    [proposalId, number],
  );
  if (revision === undefined)
    throw new Error(`Revision ${number} of the proposal ${proposalId} is not there.`);
  return revision;
}

/** Everybody who wrote a revision, and the people behind their tokens. */
export async function readAuthors(sql: Sql, proposalId: string): Promise<string[]> {
  const rows = await sql.query<{ author: string }>(
    `select author_id as author from proposal_revision where proposal_id = $1
     union select responsible_id from proposal_revision where proposal_id = $1`,
    [proposalId],
  );
  return rows.map(({ author }) => author);
}

/** The contracts of every revision of these proposals, by subgraph. */
export function readRevisionContracts(
  sql: Sql,
  proposalIds: readonly string[],
): Promise<RevisionContract[]> {
  return sql.query(
    `select proposal_id as "proposalId", revision, subgraph, url, sha256, content_sha256 as "contentSha256"
     from proposal_contract where proposal_id = any($1::uuid[]) order by proposal_id, revision, subgraph`,
    [proposalIds],
  );
}

/** What every subgraph of a target's current version says. */
export function readCurrentContracts(
  sql: Sql,
  targetId: string,
): Promise<{ readonly subgraph: string; readonly sdl: string }[]> {
  return sql.query(
    `select member->>'subgraph' as subgraph, document.body as sdl
     from target
     join supergraph_version version on version.id = target.current_version_id
     cross join jsonb_array_elements(version.members) member
     join document on document.sha256 = member->>'sha256'
     where target.id = $1`,
    [targetId],
  );
}

/** Stores a revision and the texts of its contracts, each text once. */
export async function insertRevision(
  tx: Sql,
  revision: Revision,
  contracts: readonly NewContract[],
): Promise<void> {
  await tx.query(
    `insert into proposal_revision (proposal_id, number, summary, content_sha256, check_id, conclusion, composes, touched,
       author_id, author_name, responsible_id, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    [
      revision.proposalId,
      revision.number,
      revision.summary,
      revision.contentSha256,
      revision.checkId,
      revision.conclusion,
      revision.composes,
      JSON.stringify(revision.touched),
      revision.authorId,
      revision.authorName,
      revision.responsibleId,
      revision.createdAt,
    ],
  );
  await insertContracts(tx, revision, contracts);
}

async function insertContracts(
  tx: Sql,
  revision: Revision,
  contracts: readonly NewContract[],
): Promise<void> {
  const rows = contracts.map((contract) => ({
    ...contract,
    sha256: contract.sdl === null ? null : sha256(contract.sdl),
  }));
  await keepTexts(
    tx,
    contracts.flatMap(({ sdl }) => sdl ?? []),
  );
  await tx.query(
    `insert into proposal_contract (proposal_id, revision, subgraph, url, sha256, content_sha256)
     select $1, $2, subgraph, url, sha256, content_sha256
     from unnest($3::text[], $4::text[], $5::text[], $6::text[]) as contract (subgraph, url, sha256, content_sha256)`,
    [
      revision.proposalId,
      revision.number,
      rows.map(({ subgraph }) => subgraph),
      rows.map(({ url }) => url),
      rows.map((row) => row.sha256),
      rows.map(({ contentSha256 }) => contentSha256),
    ],
  );
}
