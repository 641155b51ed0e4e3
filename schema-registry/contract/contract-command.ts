import { accepted, invalidInput, notFound, refused } from '#kernel/problem.ts';
import { requireAction } from '../access/principal.ts';
import { examine } from '../check/examine.ts';
import { appendHistory } from '../history/history.ts';
import { lockTarget } from '../target.ts';
import { checkFailed, publish } from '../publication/publish.ts';
import { currentVersion } from '../publication/version-store.ts';
import { contractsOf, deleteContract, putContract } from './contract.ts';
import type { FieldError, InvalidInput, NotFound, Problem, Result } from '#kernel/problem.ts';
import type { Principal } from '../access/principal.ts';
import type { CheckFailed } from '../commands.ts';
import type { PublishDeps } from '../publication/publish.ts';
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
  const before = await contractsOf(deps.database, target.id);
  const others = before.filter(({ name }) => name !== input.name);
  const flaws = flawsOf(input, others.length);
  if (flaws.length > 0) return refused(invalidInput(flaws));
  const contract = { ...input, createdBy: principal.id, createdAt: deps.clock.now() };
  const wanted = [...others, contract].sort((a, b) => (a.name < b.name ? -1 : 1));
  const done = await republish(deps, asking, wanted, `contract:${input.name}`, async (tx) =>
    putContract(tx, target.id, contract),
  );
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
  const wanted = before.filter((contract) => contract !== removed);
  const done = await republish(deps, asking, wanted, `contract:${name}`, async (tx) => {
    await deleteContract(tx, asking.target.id, name);
  });
  return done.ok ? accepted(removed) : done;
}

type Write = (tx: Parameters<Parameters<PublishDeps['database']['transaction']>[0]>[0]) => Promise<void>;

/** Stores the definition and, on top of it, a version of the graph with the contracts as they are then. */
async function republish(
  deps: PublishDeps,
  { target, principal }: ContractAsking,
  wanted: readonly Contract[],
  subject: string,
  write: Write,
): Promise<Result<null, CheckFailed | InvalidInput | Problem>> {
  if ((await currentVersion(deps.database, target.id)) !== null) {
    const tried = await examine(deps, {
      target,
      change: { put: [], retire: [] },
      contracts: wanted,
      publishing: true,
    });
    if (!tried.ok) return tried;
    if (tried.value.result.conclusion === 'FAILED') return refused(checkFailed(tried.value.result));
  }
  await deps.database.transaction(async (tx) => {
    await lockTarget(tx, target.id);
    await write(tx);
    await appendHistory(tx, {
      action: 'contract.defined',
      actorId: principal.id,
      graphId: target.graphId,
      targetId: target.id,
      subject,
      details: { contracts: wanted.map(definitionOf) },
      at: deps.clock.now(),
    });
  });
  if ((await currentVersion(deps.database, target.id)) === null) return accepted(null);
  const published = await publish(deps, {
    request: {
      target,
      principal,
      put: [],
      retire: [],
      source: { author: null, commit: null },
      contextId: null,
    },
    cause: 'CONTRACTS',
    contracts: wanted,
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
