import { createListLoader, createLoader } from '#kernel/loader.ts';
import { textsByHash } from '../document.ts';
import { readComments, readReviews } from './discussion-store.ts';
import { readNewestRevisions, readRevisionContracts, readRevisions } from './revision-store.ts';
import type { Sql } from '#kernel/database.ts';
import type { ListLoader, Loader } from '#kernel/loader.ts';
import type { ProposalComment } from './discussion-store.ts';
import type { Revision } from './proposal.ts';
import type { Review } from './review.ts';
import type { RevisionContract } from './revision-store.ts';

/** What belongs to proposals, by a proposal's id: one statement per kind of thing for a whole page of them. */
export interface ProposalLoaders {
  readonly newest: Loader<string, Revision>;
  readonly revisions: ListLoader<Revision>;
  readonly contracts: ListLoader<RevisionContract>;
  readonly reviews: ListLoader<Review>;
  readonly comments: ListLoader<ProposalComment>;
  /** By the hash of the text. */
  readonly texts: Loader<string, { readonly sha256: string; readonly body: string }>;
}

export function createProposalLoaders(sql: Sql): ProposalLoaders {
  const byProposal = ({ proposalId }: { readonly proposalId: string }): string => proposalId;
  return {
    newest: createLoader((ids) => readNewestRevisions(sql, ids), byProposal),
    revisions: createListLoader((ids) => readRevisions(sql, ids), byProposal),
    contracts: createListLoader((ids) => readRevisionContracts(sql, ids), byProposal),
    reviews: createListLoader((ids) => readReviews(sql, ids), byProposal),
    comments: createListLoader((ids) => readComments(sql, ids), byProposal),
    texts: createLoader(
      async (hashes) =>
        Object.entries(await textsByHash(sql, hashes)).map(([sha256, body]) => ({ sha256, body })),
      ({ sha256 }) => sha256,
    ),
  };
}
