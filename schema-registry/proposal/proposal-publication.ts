import { accepted, refused, versionConflict } from '#kernel/problem.ts';
import { findTarget } from '../target.ts';
import { contentHashOfAll } from './contract-content.ts';
import { tellProposal } from './proposal-change.ts';
import { implementedProposal } from './proposal.ts';
import { lockProposalById, signedOffProposals, updateProposal } from './proposal-store.ts';
import type { Sql } from '#kernel/database.ts';
import type { IllegalTransition, Result, VersionConflict } from '#kernel/problem.ts';
import type { ContractContent } from './contract-content.ts';
import type { Proposal } from './proposal.ts';

/**
 * The signed-off proposal whose newest revision is exactly this change, or null. Hashes are those of `contentHash`, so that
 * formatting makes no difference; a subgraph that is taken out has none. Every subgraph of the proposal must be part of the
 * change and no other may be.
 */
export async function matchingProposal(
  sql: Sql,
  change: { readonly targetId: string; readonly changes: readonly ContractContent[] },
): Promise<Proposal | null> {
  const content = contentHashOfAll(change.changes);
  const [proposal] = await signedOffProposals(sql, change.targetId, content);
  return proposal ?? null;
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
