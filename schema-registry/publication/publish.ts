import { accepted, refused } from '#kernel/problem.ts';
import { requireAction } from '../access/principal.ts';
import { examine } from '../check/examine.ts';
import { contractsOf } from '../contract/contract.ts';
import { lockTarget } from '../target.ts';
import { governanceOf } from './governance.ts';
import { storePublication } from './store-publication.ts';
import { currentVersion } from './version-store.ts';
import type { Database, Transaction } from '#kernel/database.ts';
import type { InvalidInput, Problem, Result } from '#kernel/problem.ts';
import type { Principal } from '../access/principal.ts';
import type { CheckResult } from '../check/result.ts';
import type { Examination, ExamineDeps } from '../check/examine.ts';
import type { ChangeRequest, CheckFailed, Published, SupergraphVersion } from '../commands.ts';
import type { Contract } from '../contract/contract.ts';
import type { Target } from '../target.ts';

export interface PublishDeps extends ExamineDeps {
  readonly database: Database;
}

/** A change that becomes current if it passes. */
export interface Publishing {
  readonly request: ChangeRequest;
  readonly cause: SupergraphVersion['cause'];
  /** The contracts as they are to be from now on; left out when they stay. */
  readonly contracts?: ContractChange;
  /** The version that the request was made for; when another has become current, nothing is published. */
  readonly onlyOn?: string | null;
}

/** A change of contract definitions: stored together with the version that it makes, or not at all. */
export interface ContractChange {
  /** What becomes of those that are stored. */
  readonly apply: (stored: readonly Contract[]) => readonly Contract[];
  readonly write: (tx: Transaction, contracts: readonly Contract[]) => Promise<void>;
}

/** Somebody else published again and again while this was checked. */
export type PublicationConflict = Problem<'PUBLICATION_CONFLICT'>;

/** Each attempt is checked anew on what is current then; more than a few in a row means that something else is wrong. */
const ATTEMPTS_MAX = 6;

/**
 * Needs the right for each subgraph that it touches: a token of one subgraph publishes that one alone. What touches none is
 * answered with the version that is current, so it needs the right in the whole target.
 */
export function requirePublish(principal: Principal, { target, put, retire }: ChangeRequest): void {
  const scope = { graphId: target.graphId, targetId: target.id };
  if (put.length + retire.length === 0)
    requireAction(principal, 'schema:publish', { ...scope, subgraph: null });
  for (const { subgraph } of put)
    requireAction(principal, 'schema:publish', { ...scope, subgraph });
  for (const subgraph of retire) requireAction(principal, 'schema:delete', { ...scope, subgraph });
}

/**
 * Checks a change and stores it if what it was checked against is still current when the target is locked; otherwise it
 * is checked again. Composition takes seconds and holds no lock.
 */
export async function publish(
  deps: PublishDeps,
  publishing: Publishing,
): Promise<Result<Published, CheckFailed | InvalidInput | PublicationConflict>> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const { target } = publishing.request;
    const governance = await governanceOf(deps.database, target.id);
    const contracts = publishing.contracts?.apply(await contractsOf(deps.database, target.id));
    const examined = await examine(deps, {
      target,
      change: publishing.request,
      publishing: true,
      ...(contracts === undefined ? {} : { contracts }),
    });
    if (!examined.ok) return examined;
    const { base, proposed, result } = examined.value;
    if (publishing.onlyOn !== undefined && publishing.onlyOn !== (base?.id ?? null)) break;
    if (base !== null && proposed.changed.length === 0 && publishing.contracts === undefined)
      return accepted({ version: base, changed: false, initial: false, result });
    if (result.conclusion === 'FAILED') return refused(checkFailed(result));
    const version = await storeIfCurrent(deps, { ...publishing, governance }, examined.value);
    if (version !== null)
      return accepted({ version, changed: true, initial: base === null, result });
  }
  return refused({
    code: 'PUBLICATION_CONFLICT',
    message: 'Others published while this was checked; nothing was stored. Repeat it.',
    retryable: true,
  });
}

function storeIfCurrent(
  deps: PublishDeps,
  publishing: Publishing & { readonly governance: string },
  examination: Examination,
): Promise<SupergraphVersion | null> {
  const { target } = publishing.request;
  return deps.database.transaction(async (tx) => {
    const locked = await lockTarget(tx, target.id);
    if (locked.currentVersionId !== (examination.base?.id ?? null)) return null;
    if ((await governanceOf(tx, target.id)) !== publishing.governance) return null;
    await publishing.contracts?.write(tx, examination.contracts);
    return storePublication(tx, { ...publishing, examination, now: deps.clock.now() });
  });
}

function checkFailed(result: CheckResult): CheckFailed {
  const failed = result.steps.filter(({ status }) => status === 'FAILED');
  const first = failed
    .flatMap(({ findings }) => findings)
    .find(({ severity }) => severity === 'ERROR');
  const steps = failed.map(({ name }) => name.toLowerCase()).join(', ');
  return {
    code: 'CHECK_FAILED',
    message: `The check failed (${steps}); nothing was stored. First: ${first?.message ?? 'unknown'}`,
    retryable: false,
    result,
  };
}

/** The current version of a target that must have one. */
export async function requireVersion(
  deps: PublishDeps,
  target: Target,
): Promise<Result<SupergraphVersion, NothingPublished>> {
  const version = await currentVersion(deps.database, target.id);
  return version === null ? refused(nothingPublished(target)) : accepted(version);
}

export type NothingPublished = Problem<'NOTHING_PUBLISHED'>;

function nothingPublished(target: Target): NothingPublished {
  return {
    code: 'NOTHING_PUBLISHED',
    message: `Nothing was published in ${target.graphSlug}/${target.slug} yet. Publish its subgraphs first.`,
    retryable: false,
  };
}
