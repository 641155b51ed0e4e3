import { dateOf } from '#kernel/clock.ts';
import { newId } from '#kernel/id.ts';
import { appendEvents } from '#kernel/outbox.ts';
import { followDeprecations } from '../deprecation/deprecation-store.ts';
import { keepTexts } from '../document.ts';
import { appendHistory } from '../history/history.ts';
import { implementProposal } from '../proposal/proposal-publication.ts';
import { queueWebhooks } from '../webhook/webhook-delivery.ts';
import { publishedEvent } from './published-event.ts';
import { insertSubgraphVersions, insertVersion, lastNumbers } from './version-store.ts';
import type { Transaction } from '#kernel/database.ts';
import type { Examination } from '../check/examine.ts';
import type { Composed } from '../check/facts.ts';
import type { SchemaChange } from '../check/result.ts';
import type { AnalysedTexts } from '../composition/analysis.ts';
import type { ChangeRequest, SupergraphVersion } from '../commands.ts';
import type { ContractVersion, SubgraphVersion } from './version-store.ts';

export interface Storing {
  readonly request: ChangeRequest;
  readonly cause: SupergraphVersion['cause'];
  readonly examination: Examination;
  readonly now: Date;
}

/** Stores what was examined as the next version and makes it current: texts, versions, contracts, ends, events, history. */
export async function storePublication(
  tx: Transaction,
  storing: Storing,
): Promise<SupergraphVersion> {
  const { request, examination } = storing;
  const { composed, proposed, result } = examination;
  if (composed === null || composed.texts === null)
    throw new Error('Only what composes is stored, with its texts.');
  const contracts = contractTexts(composed);
  const numbers = await lastNumbers(tx, request.target.id);
  await keepTexts(tx, [
    ...proposed.texts.values(),
    ...[composed.texts, ...contracts].flatMap(({ supergraph, api }) => [supergraph.sdl, api.sdl]),
  ]);
  const subgraphs = newSubgraphVersions(storing, numbers);
  await insertSubgraphVersions(tx, subgraphs);
  const number = (numbers.get('') ?? 0) + 1;
  const version = versionOf(storing, composed.texts, { subgraphs, number });
  await insertVersion(tx, version, {
    changes: result.changes,
    contracts: contracts.map(contractVersionOf),
  });
  await followDeprecations(tx, {
    targetId: request.target.id,
    annotations: composed.annotations.after,
    removed: composed.removed.map(({ coordinate }) => coordinate),
    today: dateOf(storing.now),
  });
  await implement(tx, storing, version);
  const event = publishedEvent(version, request, breakingIn(result.changes));
  await appendEvents(tx, [event]);
  await queueWebhooks(tx, request.target.id, event, storing.now);
  await appendHistory(tx, historyOf(storing, version));
  return version;
}

interface ContractTexts extends AnalysedTexts {
  readonly contract: string;
}

/** The contracts that could be cut, with their texts. */
export function contractTexts(composed: Composed | null): ContractTexts[] {
  return (composed?.contracts ?? []).flatMap((contract) =>
    contract.ok && contract.texts !== null ? [{ contract: contract.name, ...contract.texts }] : [],
  );
}

export function contractVersionOf({ contract, supergraph, api }: ContractTexts): ContractVersion {
  return { contract, supergraphSha256: supergraph.sha256, apiSha256: api.sha256 };
}

function newSubgraphVersions(
  { request, examination, now }: Storing,
  numbers: ReadonlyMap<string, number>,
): SubgraphVersion[] {
  const { proposed, result } = examination;
  const members = new Map(proposed.members.map((member) => [member.subgraph, member]));
  const computed = new Map(
    result.version?.subgraphs.map(({ subgraph, version }) => [subgraph, version]),
  );
  return proposed.changed.flatMap(({ subgraph }) => {
    const member = members.get(subgraph);
    if (member === undefined) return [];
    return [
      {
        ...member,
        targetId: request.target.id,
        number: (numbers.get(subgraph) ?? 0) + 1,
        version: proposed.stated.get(subgraph) ?? computed.get(subgraph) ?? '',
        author: request.source.author,
        commit: request.source.commit,
        publishedBy: request.principal.id,
        publishedAt: now,
      },
    ];
  });
}

function versionOf(
  { request, cause, examination, now }: Storing,
  texts: AnalysedTexts,
  next: { readonly subgraphs: readonly SubgraphVersion[]; readonly number: number },
): SupergraphVersion {
  const before = new Map(examination.base?.members.map((member) => [member.subgraph, member]));
  const renewed = new Map(next.subgraphs.map((row) => [row.subgraph, row]));
  const members = examination.proposed.members.flatMap(({ subgraph }) => {
    const row = renewed.get(subgraph) ?? before.get(subgraph);
    if (row === undefined) return [];
    const { number, version, url, sha256 } = row;
    return [{ subgraph, number, version, url, sha256 }];
  });
  return {
    id: newId(),
    targetId: request.target.id,
    number: next.number,
    version: examination.result.version?.supergraph ?? '',
    cause,
    supergraphSha256: texts.supergraph.sha256,
    apiSha256: texts.api.sha256,
    members,
    author: request.source.author,
    commit: request.source.commit,
    publishedBy: request.principal.id,
    publishedAt: now,
  };
}

async function implement(
  tx: Transaction,
  { examination, request, now }: Storing,
  version: SupergraphVersion,
): Promise<void> {
  if (examination.proposal === null) return;
  const implemented = await implementProposal(tx, examination.proposal, {
    versionId: version.id,
    actorId: request.principal.id,
    at: now,
  });
  if (!implemented.ok) throw new Error(implemented.problem.message);
}

function breakingIn(changes: readonly SchemaChange[]): number {
  return changes.filter(({ severity }) => severity === 'BREAKING').length;
}

function historyOf(
  { request, cause, examination, now }: Storing,
  version: SupergraphVersion,
): Parameters<typeof appendHistory>[1] {
  const { result, proposal, proposed } = examination;
  const names = [...request.put.map(({ subgraph }) => subgraph), ...request.retire];
  return {
    action: ACTIONS[cause],
    actorId: request.principal.id,
    graphId: request.target.graphId,
    targetId: request.target.id,
    subject: names.length === 1 ? `subgraph:${names[0]}` : `version:${version.number}`,
    details: {
      versionId: version.id,
      number: version.number,
      version: version.version,
      supergraphSha256: version.supergraphSha256,
      changed: proposed.changed,
      members: version.members,
      changes: result.changes
        .filter(({ severity }) => severity !== 'SAFE')
        .slice(0, CHANGES_TOLD)
        .map(({ hash, type, coordinate, severity, acceptedBy }) => ({
          hash,
          type,
          coordinate,
          severity,
          acceptedBy,
        })),
      proposal: proposal?.number ?? null,
      author: request.source.author,
      commit: request.source.commit,
    },
    at: now,
  };
}

/** The version has all of its changes; the history tells the first of those that matter. */
const CHANGES_TOLD = 200;

const ACTIONS: Readonly<Record<SupergraphVersion['cause'], string>> = {
  PUBLISH: 'schema.published',
  RETIRE: 'subgraph.retired',
  PROMOTE: 'schema.promoted',
  ROLLBACK: 'schema.rolled-back',
  CONTRACTS: 'contracts.changed',
};
