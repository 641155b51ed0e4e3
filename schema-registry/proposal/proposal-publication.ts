import { accepted, refused, versionConflict } from '#kernel/problem.ts';
import { findTarget } from '../target.ts';
import { contentHashOfAll } from './contract-content.ts';
import { tellProposal } from './proposal-change.ts';
import { implementedProposal } from './proposal.ts';
import { lockProposalById, signedOffProposals, updateProposal } from './proposal-store.ts';
import { readNewestRevisions } from './revision-store.ts';
import type { Sql } from '#kernel/database.ts';
import type { IllegalTransition, Result, VersionConflict } from '#kernel/problem.ts';
import type { ContractContent } from './contract-content.ts';
import type { Proposal } from './proposal.ts';

/** A change as it would be published. */
export interface PublicationContent {
  readonly targetId: string;
  /** Every subgraph that changes, with the hash of what its contract is to say (see `contentHash`). */
  readonly changes: readonly ContractContent[];
  /** Every coordinate that the check found a difference of, in the graph or a contract of it; left out, only the contents are compared. */
  readonly coordinates?: readonly string[];
}

/**
 * The signed-off proposal whose newest revision is exactly this change, or null. Formatting makes no difference; every
 * subgraph of the proposal must be part of the change and no other may be. When the graph has moved on since the sign-off,
 * so that the same contracts would now change coordinates that nobody was asked about, they do not match any more.
 */
export async function matchingProposal(
  sql: Sql,
  { targetId, changes, coordinates = [] }: PublicationContent,
): Promise<Proposal | null> {
  const proposals = await signedOffProposals(sql, targetId, contentHashOfAll(changes));
  const revisions = await readNewestRevisions(
    sql,
    proposals.map(({ id }) => id),
  );
  const reviewed = new Map(
    revisions.map((revision) => [
      revision.proposalId,
      new Set(revision.touched.map(({ coordinate }) => coordinate)),
    ]),
  );
  return (
    proposals.find(({ id }) =>
      coordinates.every((touched) => reviewed.get(id)?.has(touched) === true),
    ) ?? null
  );
}

/**
 * Marks a matched proposal as implemented, in the transaction of the publication. Refuses when it was revised or lost its
 * sign-offs since it was matched: the publication then no longer has what it relied on, and must be undone.
 */
export async function implementProposal(
  tx: Sql,
  matched: Pick<Proposal, 'id' | 'revision'>,
  by: { readonly versionId: string; readonly actorId: string; readonly at: Date },
): Promise<Result<Proposal, IllegalTransition | VersionConflict>> {
  const proposal = await lockProposalById(tx, matched.id);
  if (proposal === null) throw new Error(`The proposal ${matched.id} is gone.`);
  if (proposal.revision !== matched.revision)
    return refused(versionConflict('content of the proposal', proposal.revision));
  const implemented = implementedProposal(proposal, by.versionId, by.at);
  if (!implemented.ok) return implemented;
  const target = await findTarget(tx, { id: proposal.targetId });
  if (target === null) throw new Error(`The target ${proposal.targetId} is gone.`);
  await updateProposal(tx, implemented.value);
  const told = { action: 'proposal.implemented', details: { versionId: by.versionId } };
  await tellProposal(tx, { ...by, proposal: implemented.value, told, target });
  return accepted(implemented.value);
}
