import { accepted } from '#kernel/problem.ts';
import { contractsOf } from '../contract/contract.ts';
import { WorkshopExhausted } from '../composition/workshop.ts';
import { textsByHash } from '../document.ts';
import { currentReferences } from '../event-contract/event-store.ts';
import { freezeWindowsOf } from '../freeze-window/freeze-window-store.ts';
import { ownersOf } from '../ownership/owner-store.ts';
import { readPolicy } from '../policy/policy-store.ts';
import { matchingProposal } from '../proposal/proposal-publication.ts';
import { contractVersions, currentVersion, usedVersions } from '../publication/version-store.ts';
import { allChanges, gatherFacts } from './facts.ts';
import { againstBaseline } from './baseline.ts';
import { finding } from './finding.ts';
import { propose } from './proposed.ts';
import { answerSteps, failedComposition } from './steps.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Sql } from '#kernel/database.ts';
import type { InvalidInput, Result } from '#kernel/problem.ts';
import type { Baseline, ChangeRequest, SupergraphVersion } from '../commands.ts';
import type { Analysis } from '../composition/analysis.ts';
import type { Workshop } from '../composition/workshop.ts';
import type { Contract } from '../contract/contract.ts';
import type { GraphReference } from '../event-contract/graph-reference.ts';
import type { Owner } from '../ownership/owner.ts';
import type { Owners } from '../policy/lint-context.ts';
import type { TargetPolicy } from '../policy/target-policy.ts';
import type { Proposal } from '../proposal/proposal.ts';
import type { Target } from '../target.ts';
import type { Analysing } from './baseline.ts';
import type { Composed } from './facts.ts';
import type { Proposed } from './proposed.ts';
import type { CheckResult } from './result.ts';

export interface ExamineDeps {
  readonly database: Sql;
  readonly workshop: Workshop;
  readonly clock: Clock;
}

/** A change on top of what is current, looked at from every side. */
export interface Examination {
  /** What it was held against; a publication is only stored while this is still current. */
  readonly base: SupergraphVersion | null;
  readonly proposed: Proposed;
  /** Null when it does not compose. */
  readonly composed: Composed | null;
  readonly result: CheckResult;
  readonly contracts: readonly Contract[];
  /** A signed-off proposal with exactly this content. */
  readonly proposal: Proposal | null;
}

export interface Examined {
  readonly target: Target;
  readonly change: Pick<ChangeRequest, 'put' | 'retire'>;
  /** Contracts as they would be, when the change is one of contracts; else those that are stored. */
  readonly contracts?: readonly Contract[];
  readonly publishing: boolean;
  /** Whether the texts are wanted, to be stored; a publication always wants them. */
  readonly withTexts?: boolean;
  /** What a check is held against instead of what is current; a publication has none. */
  readonly baseline?: Baseline | null;
}

/** Composes and judges a change; reads, never writes. */
export async function examine(
  deps: ExamineDeps,
  {
    target,
    change,
    contracts: wanted,
    publishing,
    withTexts = publishing,
    baseline = null,
  }: Examined,
): Promise<Result<Examination, InvalidInput>> {
  const { database } = deps;
  const base = await currentVersion(database, target.id);
  const proposal = propose(base, change);
  if (!proposal.ok) return proposal;
  const proposed = proposal.value;
  const [contracts, policy, owners, references] = await Promise.all([
    wanted ?? contractsOf(database, target.id),
    readPolicy(database, target),
    ownersOf(database, target.id),
    currentReferences(database, target.id),
  ]);
  const known = { base, proposed, contracts, policy, owners, references };
  const job = { ...(await jobOf(database, known)), withTexts };
  const analysing = { job, texts: proposed.texts };
  const run = (one: Analysing<Job>): Promise<Analysis> => analysed(deps, one.job, one.texts);
  const held =
    baseline === null
      ? { ok: true as const, ...analysing }
      : await againstBaseline(analysing, { baseline, base }, run);
  const analysis = held.ok ? await run(held) : held;
  if (!analysis.ok) {
    const errors = analysis.errors.map((error) => finding(error));
    return accepted({
      base,
      proposed,
      contracts,
      composed: null,
      result: failedComposition(errors),
      proposal: null,
    });
  }
  const judged = await judge(deps, { target, base, proposed, policy, publishing }, analysis);
  return accepted({ base, proposed, contracts, composed: analysis, ...judged });
}

type Job = Extract<Parameters<Workshop['run']>[0], { kind: 'analyse' }>;

async function jobOf(
  sql: Sql,
  of: {
    readonly base: SupergraphVersion | null;
    readonly proposed: Proposed;
    readonly contracts: readonly Contract[];
    readonly policy: TargetPolicy;
    readonly owners: readonly Owner[];
    readonly references: readonly GraphReference[];
  },
): Promise<Omit<Job, 'withTexts'>> {
  const { base, proposed } = of;
  const before = base === null ? [] : await contractVersions(sql, base.id);
  const apis = new Map(before.map(({ contract, apiSha256 }) => [contract, apiSha256]));
  return {
    kind: 'analyse',
    members: proposed.members,
    changed: proposed.changed,
    before:
      base === null ? null : { supergraphSha256: base.supergraphSha256, apiSha256: base.apiSha256 },
    contracts: of.contracts.map((contract) => ({
      name: contract.name,
      filter: {
        include: contract.includeTags,
        exclude: contract.excludeTags,
        removeUnreachable: contract.removeUnreachable,
      },
      forbiddenTags: contract.forbiddenTags,
      beforeApiSha256: apis.get(contract.name) ?? null,
    })),
    policy: { rules: of.policy.rules },
    references: of.references,
    owners: Object.fromEntries(
      proposed.changed.map(({ subgraph }) => [subgraph, lintOwners(of.owners, subgraph)]),
    ),
  };
}

function lintOwners(owners: readonly Owner[], subgraph: string): Owners {
  return {
    subgraph: owners.find(({ subject }) => subject === `subgraph:${subgraph}`)?.team ?? null,
    types: Object.fromEntries(
      owners
        .filter(({ subject }) => subject.startsWith('type:'))
        .map(({ subject, team }) => [subject.slice('type:'.length), team]),
    ),
  };
}

/** The analysis; work that took too much time or memory is an error of the composition, with a name. */
async function analysed(
  { database, workshop }: ExamineDeps,
  job: Job,
  texts: ReadonlyMap<string, string>,
): Promise<Analysis> {
  try {
    return await workshop.run<'analyse'>(job, async (hashes) => {
      const sent = hashes.flatMap((hash) => {
        const text = texts.get(hash);
        return text === undefined ? [] : [[hash, text] as const];
      });
      const stored = await textsByHash(
        database,
        hashes.filter((hash) => !texts.has(hash)),
      );
      return { ...stored, ...Object.fromEntries(sent) };
    });
  } catch (error) {
    if (!(error instanceof WorkshopExhausted)) throw error;
    return { ok: false, errors: [{ code: error.code, message: error.message }] };
  }
}

async function judge(
  { database, clock }: ExamineDeps,
  of: {
    readonly target: Target;
    readonly base: SupergraphVersion | null;
    readonly proposed: Proposed;
    readonly policy: TargetPolicy;
    readonly publishing: boolean;
  },
  analysis: Composed,
): Promise<Pick<Examination, 'result' | 'proposal'>> {
  const now = clock.now();
  const { target, policy, base } = of;
  const [facts, freezeWindows, used, proposal] = await Promise.all([
    gatherFacts(database, analysis, { targetId: target.id, policy, now }),
    freezeWindowsOf(database, target.id, { endingAfter: now, cancelled: false }),
    usedVersions(database, target.id),
    matchingProposal(database, {
      targetId: target.id,
      changes: analysis.subgraphs.map(({ subgraph, content }) => ({ subgraph, sha256: content })),
      coordinates: allChanges(analysis).flatMap(({ coordinate }) => coordinate ?? []),
    }),
  ]);
  const result = answerSteps({
    ...facts,
    analysis,
    policy,
    now,
    freezeWindows,
    publishing: of.publishing,
    events: analysis.events,
    proposalNumber: proposal?.number ?? null,
    versions: new Map([
      ['', base?.version ?? ''],
      ...(base?.members ?? []).map(({ subgraph, version }) => [subgraph, version] as const),
    ]),
    usedVersions: used,
    stated: of.proposed.stated,
  });
  return { result, proposal };
}
