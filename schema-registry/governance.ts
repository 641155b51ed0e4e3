import { isDeepStrictEqual } from 'node:util';
import { contractsOf } from './contract/contract.ts';
import { setContract } from './contract/contract-command.ts';
import { setOwner } from './ownership/owner-command.ts';
import { ownersOf } from './ownership/owner-store.ts';
import type { Problem } from '#kernel/problem.ts';
import type { ContractAsking, ContractInput } from './contract/contract-command.ts';
import type { Owner } from './ownership/owner.ts';
import type { PublishDeps } from './publication/publish.ts';

/** Who answers for a target's graph, and which contracts are cut from it. */
export interface Governance {
  readonly owners: readonly Owner[];
  readonly contracts: readonly ContractInput[];
}

/**
 * Sets what is not as wanted; done again, it changes nothing and makes no version. What somebody else has set since stays as
 * they want it, and what is not named here stays. Answers with the problems of those that were refused.
 */
export async function govern(
  deps: PublishDeps,
  asking: ContractAsking,
  { owners, contracts }: Governance,
): Promise<readonly Problem[]> {
  return [
    ...(await setOwners(deps, asking, owners)),
    ...(await setContracts(deps, asking, contracts)),
  ];
}

async function setOwners(
  { database, clock }: PublishDeps,
  { principal, target }: ContractAsking,
  wanted: readonly Owner[],
): Promise<Problem[]> {
  const known = new Map((await ownersOf(database, target.id)).map((one) => [one.subject, one]));
  const problems: Problem[] = [];
  for (const owner of wanted) {
    const before = known.get(owner.subject);
    if (before !== undefined && before.setBy !== principal.id) continue;
    if (holds(before, owner)) continue;
    const name = { graph: target.graphSlug, target: target.slug };
    const done = await setOwner({ database, clock, principal }, { target: name, ...owner });
    if (!done.ok) problems.push(done.problem);
  }
  return problems;
}

async function setContracts(
  deps: PublishDeps,
  asking: ContractAsking,
  wanted: readonly ContractInput[],
): Promise<Problem[]> {
  const stored = await contractsOf(deps.database, asking.target.id);
  const known = new Map(stored.map((one) => [one.name, one]));
  const problems: Problem[] = [];
  for (const contract of wanted) {
    const before = known.get(contract.name);
    if (before !== undefined && before.createdBy !== asking.principal.id) continue;
    if (holds(before, contract)) continue;
    const done = await setContract(deps, asking, contract);
    if (!done.ok) problems.push(done.problem);
  }
  return problems;
}

/** Does what is stored say all that is wanted? */
function holds<Wanted extends object>(stored: Wanted | undefined, wanted: Wanted): boolean {
  return isDeepStrictEqual({ ...stored, ...wanted }, { ...stored });
}
