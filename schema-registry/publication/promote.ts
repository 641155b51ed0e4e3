import { accepted, invalidInput, refused } from '#kernel/problem.ts';
import { newId } from '#kernel/id.ts';
import { dateOf } from '#kernel/clock.ts';
import { appendEvents } from '#kernel/outbox.ts';
import { requireAction } from '../access/principal.ts';
import { examine } from '../check/examine.ts';
import { followDeprecations } from '../deprecation/deprecation-store.ts';
import { keepTexts, keptTexts } from '../document.ts';
import { appendHistory } from '../history/history.ts';
import { findTarget, lockTarget } from '../target.ts';
import { queueWebhooks } from '../webhook/webhook-delivery.ts';
import { governanceOf } from './governance.ts';
import { publish, requireVersion } from './publish.ts';
import { publishedEvent } from './published-event.ts';
import { contractTexts, contractVersionOf } from './store-publication.ts';
import {
  contractVersions,
  currentVersion,
  insertVersion,
  lastNumbers,
  versionById,
} from './version-store.ts';
import type { Sql, Transaction } from '#kernel/database.ts';
import type { InvalidInput, NotFound, Problem, Result } from '#kernel/problem.ts';
import type { Examination } from '../check/examine.ts';
import type {
  CheckFailed,
  Published,
  RegistryCommands,
  SubgraphInput,
  SupergraphVersion,
} from '../commands.ts';
import type { PublishDeps } from './publish.ts';
import type { ContractVersion } from './version-store.ts';

type PromoteRequest = Parameters<RegistryCommands['promote']>[0];
type RollbackRequest = Parameters<RegistryCommands['rollback']>[0];

/** Takes another target's contracts over, checked here as a publication is; addresses that are known here stay. */
export async function promote(
  deps: PublishDeps,
  request: PromoteRequest,
): Promise<Result<Published, CheckFailed | Problem>> {
  const { principal, to } = request;
  requireAction(principal, 'schema:promote', {
    graphId: to.graphId,
    targetId: to.id,
    subgraph: null,
  });
  const found = await sourceVersion(deps, request);
  if (!found.ok) return found;
  const here = await currentVersion(deps.database, to.id);
  const known = new Map(here?.members.map(({ subgraph, url }) => [subgraph, url]));
  const put = (await writtenMembers(deps.database, found.value)).map((member) => ({
    ...member,
    url: known.get(member.subgraph) ?? member.url,
  }));
  const kept = new Set(put.map(({ subgraph }) => subgraph));
  const retire = [...known.keys()].filter((subgraph) => !kept.has(subgraph));
  return publish(deps, {
    request: { target: to, principal, put, retire, source: request.source, contextId: null },
    cause: 'PROMOTE',
    // What is to be retired was told from this version: on top of another one, something would be left over.
    onlyOn: here?.id ?? null,
  });
}

async function sourceVersion(
  deps: PublishDeps,
  { from, principal }: PromoteRequest,
): Promise<Result<SupergraphVersion>> {
  const found =
    'target' in from
      ? await requireVersion(deps, from.target)
      : await versionOrMissing(deps, from.versionId);
  if (!found.ok) return found;
  const source = await findTarget(deps.database, { id: found.value.targetId });
  if (source === null) throw new Error('The target of a version is gone, which never happens.');
  // The version may be another graph's: whoever may read here may not read there for that.
  const scope = { graphId: source.graphId, targetId: source.id, subgraph: null };
  requireAction(principal, 'schema:read', scope);
  return found;
}

/**
 * What an emergency has: the older version is served again as it was, under a new count. What that breaks is told, not
 * refused. Its contracts are cut by the definitions of now, so that none is missing and none shows what it must not any more.
 */
export async function rollback(
  deps: PublishDeps,
  request: RollbackRequest,
): Promise<Result<Published>> {
  const { principal, target } = request;
  requireAction(principal, 'schema:promote', {
    graphId: target.graphId,
    targetId: target.id,
    subgraph: null,
  });
  const flaw = reasonFlaw(request.reason);
  if (flaw !== null) return refused(flaw);
  const older = await versionOrMissing(deps, request.versionId);
  if (!older.ok) return older;
  const base = await currentVersion(deps.database, target.id);
  if (older.value.targetId !== target.id || base === null)
    return refused(notFound(request.versionId));
  const governance = await governanceOf(deps.database, target.id);
  const change = await changeBackTo(deps, base, older.value);
  const examined = await examine(deps, { target, change, publishing: false, withTexts: true });
  if (!examined.ok) return examined;
  if (base.supergraphSha256 === older.value.supergraphSha256)
    return accepted({
      version: base,
      changed: false,
      initial: false,
      result: examined.value.result,
    });
  const version = await deps.database.transaction(async (tx) => {
    const locked = await lockTarget(tx, target.id);
    if (locked.currentVersionId !== base.id) return null;
    if ((await governanceOf(tx, target.id)) !== governance) return null;
    return storeRollback(tx, {
      request,
      older: older.value,
      examination: examined.value,
      at: deps.clock.now(),
    });
  });
  if (version === null)
    return refused({
      code: 'PUBLICATION_CONFLICT',
      message:
        'Somebody published or changed the rules meanwhile; nothing was rolled back. Look at what is current, then repeat.',
      retryable: true,
    });
  return accepted({ version, changed: true, initial: false, result: examined.value.result });
}

/** The subgraphs of a version with their texts, as a change would put them. */
async function writtenMembers(sql: Sql, { members }: SupergraphVersion): Promise<SubgraphInput[]> {
  const text = await keptTexts(
    sql,
    members.map(({ sha256 }) => sha256),
  );
  return members.map(({ subgraph, sha256, url }) => ({
    subgraph,
    url,
    sdl: text(sha256),
    version: null,
  }));
}

async function changeBackTo(
  deps: PublishDeps,
  base: SupergraphVersion,
  older: SupergraphVersion,
): Promise<Parameters<typeof examine>[1]['change']> {
  const wanted = new Set(older.members.map(({ subgraph }) => subgraph));
  const put = await writtenMembers(deps.database, older);
  const retire = base.members.map(({ subgraph }) => subgraph).filter((name) => !wanted.has(name));
  return { put, retire };
}

async function storeRollback(
  tx: Transaction,
  of: {
    readonly request: RollbackRequest;
    readonly older: SupergraphVersion;
    readonly examination: Examination;
    readonly at: Date;
  },
): Promise<SupergraphVersion> {
  const { request, older, examination, at } = of;
  const { target, principal } = request;
  const numbers = await lastNumbers(tx, target.id);
  const version: SupergraphVersion = {
    ...older,
    id: newId(),
    number: (numbers.get('') ?? 0) + 1,
    cause: 'ROLLBACK',
    publishedBy: principal.id,
    publishedAt: at,
  };
  const contracts = await contractsAgain(tx, older, examination);
  await insertVersion(tx, version, { changes: examination.result.changes, contracts });
  if (examination.composed !== null)
    await followDeprecations(tx, {
      targetId: target.id,
      annotations: examination.composed.annotations.after,
      removed: examination.composed.removed.map(({ coordinate }) => coordinate),
      today: dateOf(at),
    });
  const breaking = examination.result.changes.filter(({ severity }) => severity === 'BREAKING');
  const event = publishedEvent(version, { target, principal }, breaking.length);
  await appendEvents(tx, [event]);
  await queueWebhooks(tx, target.id, event, at);
  await appendHistory(tx, {
    action: 'schema.rolled-back',
    actorId: principal.id,
    graphId: target.graphId,
    targetId: target.id,
    subject: `version:${version.number}`,
    details: {
      versionId: version.id,
      number: version.number,
      version: version.version,
      again: older.number,
      reason: request.reason,
    },
    at,
  });
  return version;
}

/** Where a contract of now cannot be cut from the older graph, it is served as it was then, if it was there. */
async function contractsAgain(
  tx: Transaction,
  older: SupergraphVersion,
  { contracts, composed }: Examination,
): Promise<ContractVersion[]> {
  const cut = contractTexts(composed);
  await keepTexts(
    tx,
    cut.flatMap(({ supergraph, api }) => [supergraph.sdl, api.sdl]),
  );
  const again = cut.map(contractVersionOf);
  const former = (await contractVersions(tx, older.id)).filter(
    ({ contract }) =>
      contracts.some(({ name }) => name === contract) &&
      !again.some((one) => one.contract === contract),
  );
  return [...again, ...former];
}

async function versionOrMissing(
  deps: PublishDeps,
  id: string,
): Promise<Result<SupergraphVersion, NotFound>> {
  const version = await versionById(deps.database, id);
  return version === null ? refused(notFound(id)) : accepted(version);
}

function notFound(id: string): NotFound {
  return {
    code: 'NOT_FOUND',
    message: `There is no version "${id}" in this target. Look it up in its history.`,
    retryable: false,
    entity: 'version',
    id,
  };
}

const REASON_MAX = 2_000;

function reasonFlaw(reason: string): InvalidInput | null {
  const length = reason.trim().length;
  if (length > 0 && length <= REASON_MAX) return null;
  const message = `1 to ${REASON_MAX} characters that say why are expected.`;
  return invalidInput([{ field: 'reason', code: 'REASON_MISSING', message }]);
}
