import { accepted, invalidInput, notFound, refused } from '#kernel/problem.ts';
import { requireAction } from '../access/principal.ts';
import { appendHistory } from '../history/history.ts';
import { lockTarget } from '../target.ts';
import { publish } from '../publication/publish.ts';
import { contractsOf, deleteContract, putContract } from './contract.ts';
import type { FieldError, InvalidInput, NotFound, Problem, Result } from '#kernel/problem.ts';
import type { Principal } from '../access/principal.ts';
import type { CheckFailed } from '../commands.ts';
import type { ContractChange, PublishDeps } from '../publication/publish.ts';
import type { Target } from '../target.ts';
import type { Contract } from './contract.ts';

/** A contract as somebody wants it. */
export type ContractInput = Omit<Contract, 'createdBy' | 'createdAt'>;

export interface ContractAsking {
  readonly principal: Principal;
  readonly target: Target;
}

const NAME = /^[a-z][a-z0-9-]{0,39}$/;
const TAG = /^[\w/-]{1,128}$/;
const TAGS_MAX = 50;
const CONTRACTS_MAX = 20;

/** Creates or changes a contract; when something is published already, the graph gets a new version with it at once. */
export async function setContract(
  deps: PublishDeps,
  asking: ContractAsking,
  input: ContractInput,
): Promise<Result<Contract, CheckFailed | InvalidInput | Problem>> {
  const { target, principal } = asking;
  requireGovern(asking);
  const others = (stored: readonly Contract[]): Contract[] =>
    stored.filter(({ name }) => name !== input.name);
  const flaws = flawsOf(input, others(await contractsOf(deps.database, target.id)).length);
  if (flaws.length > 0) return refused(invalidInput(flaws));
  const contract = { ...input, createdBy: principal.id, createdAt: deps.clock.now() };
  const done = await republish(deps, asking, `contract:${input.name}`, {
    apply: (stored) => [...others(stored), contract].sort((a, b) => (a.name < b.name ? -1 : 1)),
    write: (tx) => putContract(tx, target.id, contract),
  });
  return done.ok ? accepted(contract) : done;
}

/** Takes a contract away; gateways that ask for it find nothing from then on. */
export async function removeContract(
  deps: PublishDeps,
  asking: ContractAsking,
  name: string,
): Promise<Result<Contract, NotFound | CheckFailed | Problem>> {
  requireGovern(asking);
  const before = await contractsOf(deps.database, asking.target.id);
  const removed = before.find((contract) => contract.name === name);
  if (removed === undefined) return refused(notFound('contract', name));
  const done = await republish(deps, asking, `contract:${name}`, {
    apply: (stored) => stored.filter((contract) => contract.name !== name),
    write: async (tx) => {
      await deleteContract(tx, asking.target.id, name);
    },
  });
  return done.ok ? accepted(removed) : done;
}

/** Stores the definition together with a version of the graph that has it; before the first version, the definition alone. */
async function republish(
  deps: PublishDeps,
  { target, principal }: ContractAsking,
  subject: string,
  { apply, write }: ContractChange,
): Promise<Result<null, CheckFailed | InvalidInput | Problem>> {
  const define: ContractChange['write'] = async (tx, contracts) => {
    await write(tx, contracts);
    await appendHistory(tx, {
      action: 'contract.defined',
      actorId: principal.id,
      graphId: target.graphId,
      targetId: target.id,
      subject,
      details: { contracts: contracts.map(definitionOf) },
      at: deps.clock.now(),
    });
  };
  const isDefined = await deps.database.transaction(async (tx) => {
    const { currentVersionId } = await lockTarget(tx, target.id);
    if (currentVersionId !== null) return false;
    await define(tx, apply(await contractsOf(tx, target.id)));
    return true;
  });
  if (isDefined) return accepted(null);
  const source = { author: null, commit: null };
  const published = await publish(deps, {
    request: { target, principal, put: [], retire: [], source, contextId: null },
    cause: 'CONTRACTS',
    contracts: { apply, write: define },
  });
  return published.ok ? accepted(null) : published;
}

function definitionOf({ name, includeTags, excludeTags, forbiddenTags }: Contract): object {
  return { name, includeTags, excludeTags, forbiddenTags };
}

function requireGovern({ principal, target }: ContractAsking): void {
  requireAction(principal, 'schema:govern', {
    graphId: target.graphId,
    targetId: target.id,
    subgraph: null,
  });
}

function flawsOf(input: ContractInput, others: number): FieldError[] {
  const flaws: FieldError[] = [];
  if (!NAME.test(input.name))
    flaws.push({
      field: 'name',
      code: 'INVALID_NAME',
      message: 'Lower case letters, digits and hyphens are expected, at most 40, a letter first.',
    });
  if (others >= CONTRACTS_MAX)
    flaws.push({
      field: 'name',
      code: 'TOO_MANY',
      message: `A target has at most ${CONTRACTS_MAX} contracts, because each is composed at each check.`,
    });
  if (input.includeTags.length + input.excludeTags.length === 0)
    flaws.push({
      field: 'includeTags',
      code: 'NO_TAGS',
      message: 'A contract without any tag shows the whole graph. Name tags to include or exclude.',
    });
  for (const field of ['includeTags', 'excludeTags', 'forbiddenTags'] as const)
    if (input[field].length > TAGS_MAX || input[field].some((tag) => !TAG.test(tag)))
      flaws.push({
        field,
        code: 'INVALID_TAG',
        message: `At most ${TAGS_MAX} tags of letters, digits, _, - and / are expected.`,
      });
  return flaws;
}
