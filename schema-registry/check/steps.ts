import { dateOf } from '#kernel/clock.ts';
import { judgeRemoval, usersOf } from '../deprecation/removal-rule.ts';
import { sunsetFindings } from '../deprecation/sunset-rule.ts';
import { freezeAt } from '../freeze-window/freeze-window.ts';
import { nextVersion, statedVersionFlaw } from '../publication/version-number.ts';
import { contractChanges, removals, removedNames } from './facts.ts';
import { finding } from './finding.ts';
import { combinedUsage, judgeChange, stands } from './judge.ts';
import { CHECK_STEPS } from './result.ts';
import type { RemovalVerdict } from '../deprecation/removal-rule.ts';
import type { FreezeWindow } from '../freeze-window/freeze-window.ts';
import type { TargetPolicy } from '../policy/target-policy.ts';
import type { ChangeFacts, Composed } from './facts.ts';
import type { CheckResult, CheckStep, Finding, SchemaChange, StepName } from './result.ts';

/** Everything that the steps after composition look at; they are pure. */
export interface StepFacts extends ChangeFacts {
  readonly analysis: Composed;
  readonly policy: TargetPolicy;
  readonly now: Date;
  /** A check tells what a publication would refuse for want of a time or a sign-off. */
  readonly publishing: boolean;
  readonly freezeWindows: readonly FreezeWindow[];
  /** Disagreements of event contracts with the schema. */
  readonly events: readonly Finding[];
  /** The number of a signed-off proposal that is exactly this change; null when there is none. */
  readonly proposalNumber: number | null;
  /** Versions that are current, by subgraph; the supergraph's under the empty name. */
  readonly versions: ReadonlyMap<string, string>;
  readonly usedVersions: ReadonlyMap<string, readonly string[]>;
  readonly stated: ReadonlyMap<string, string>;
}

/** Answers every step of a graph that composes. */
export function answerSteps(facts: StepFacts): CheckResult {
  const verdicts = removalVerdicts(facts);
  const changes = judgedChanges(facts, verdicts);
  const version = versionsOf(facts, changes);
  const findings: Readonly<Record<StepName, readonly Finding[]>> = {
    COMPOSITION: [],
    DIFF: [],
    USAGE: usageFindings(changes, verdicts, facts),
    DEPRECATION: deprecationFindings(changes, verdicts, facts),
    POLICIES: [...facts.analysis.subgraphs.flatMap(({ lint }) => lint), ...facts.analysis.lint],
    CONTRACTS: contractFindings(changes, facts),
    EVENTS: facts.events,
    REVIEW: reviewFindings(changes, facts),
    VERSION: versionFindings(version, facts),
  };
  return concluded(
    CHECK_STEPS.map((name) => stepOf(name, findings[name])),
    changes,
    version,
  );
}

/** What a graph that does not compose answers: one failed step, and none of the others could be done. */
export function failedComposition(errors: readonly Finding[]): CheckResult {
  const reason = 'The graph does not compose.';
  return concluded(
    CHECK_STEPS.map((name) =>
      name === 'COMPOSITION'
        ? stepOf(name, errors)
        : { name, status: 'SKIPPED', reason, findings: [] },
    ),
    [],
    null,
  );
}

function stepOf(name: StepName, findings: readonly Finding[]): CheckStep {
  const errors = findings.filter(({ severity }) => severity === 'ERROR').length;
  return {
    name,
    status: errors > 0 ? 'FAILED' : 'COMPLETED',
    reason: errors > 0 ? `${errors} ${errors === 1 ? 'error' : 'errors'}` : null,
    findings,
  };
}

function concluded(
  steps: readonly CheckStep[],
  changes: readonly SchemaChange[],
  version: CheckResult['version'],
): CheckResult {
  const failed = steps.some(({ status }) => status === 'FAILED');
  return { conclusion: failed ? 'FAILED' : 'PASSED', steps, changes, version };
}

function judgedChanges(facts: StepFacts, verdicts: readonly RemovalVerdict[]): SchemaChange[] {
  const barred = new Set(
    verdicts.filter(({ bars }) => bars.length > 0).map(({ coordinate }) => coordinate),
  );
  const { analysis } = facts;
  const whole = analysis.changes.map((change) =>
    judgeChange(change, { ...facts, barred, contract: null }),
  );
  const ofContracts = contractChanges(analysis)
    .filter(({ change }) => change.severity !== 'SAFE')
    .map(({ contract, change }) => judgeChange(change, { ...facts, barred, contract }));
  return [...whole, ...ofContracts];
}

function removalVerdicts({ analysis, policy, usage, coverage, now }: StepFacts): RemovalVerdict[] {
  if (!policy.deprecation.removalGated) return [];
  const announced = new Map(
    analysis.annotations.before.map((annotation) => [annotation.coordinate, annotation]),
  );
  return removals(analysis).map((removed) =>
    judgeRemoval({
      removed,
      announced,
      usage: combinedUsage(removedNames(removed), usage),
      coverage: coverage.days,
      usageIsPartial: coverage.outputFieldsOnly,
      today: dateOf(now),
      policy,
    }),
  );
}

function usageFindings(
  changes: readonly SchemaChange[],
  verdicts: readonly RemovalVerdict[],
  { policy }: StepFacts,
): Finding[] {
  const gated = new Set(verdicts.map(({ coordinate }) => coordinate));
  return changes
    .filter((change) => change.contract === null && stands(change, policy))
    .filter(({ coordinate }) => coordinate === null || !gated.has(coordinate))
    .map((change) =>
      finding({
        code: change.severity === 'BREAKING' ? 'BREAKING_CHANGE' : 'DANGEROUS_CHANGE',
        coordinate: change.coordinate,
        message: changeMessage(change),
      }),
    );
}

function changeMessage({ message, usage }: SchemaChange): string {
  const users =
    usage === null || (usage.requests === 0 && usage.documents.length === 0)
      ? 'Nothing proves that it is unused: usage was not reported on the whole window, or cannot tell.'
      : `Used by ${usersOf(usage)}.`;
  return `${message}. ${users} Keep it, or ask for an override of this change.`;
}

function deprecationFindings(
  changes: readonly SchemaChange[],
  verdicts: readonly RemovalVerdict[],
  facts: StepFacts,
): Finding[] {
  const overridden = new Set(
    changes
      .filter(({ acceptedBy, contract }) => acceptedBy === 'OVERRIDE' && contract === null)
      .map(({ coordinate }) => coordinate),
  );
  const refused = verdicts
    .filter(({ bars, coordinate }) => bars.length > 0 && !overridden.has(coordinate))
    .map(({ bars, coordinate, message }) =>
      finding({ code: bars[0] ?? 'REMOVAL', coordinate, message }),
    );
  const sunsets = sunsetFindings({
    ...facts.analysis.annotations,
    today: dateOf(facts.now),
    policy: facts.policy,
    freezeWindows: facts.freezeWindows,
  });
  return [...refused, ...sunsets.map((one) => placed(one, facts.analysis))];
}

function placed(one: Finding, { subgraphs }: Composed): Finding {
  for (const { subgraph, places } of subgraphs) {
    const place = one.coordinate === null ? undefined : places[one.coordinate];
    if (place !== undefined) return { ...one, subgraph, ...place };
  }
  return one;
}

function contractFindings(
  changes: readonly SchemaChange[],
  { analysis, policy }: StepFacts,
): Finding[] {
  const broken = analysis.contracts.flatMap((contract) =>
    contract.ok
      ? contract.exposed
      : contract.errors.map(({ code, message, coordinate }) =>
          finding({
            code,
            coordinate: coordinate ?? null,
            contract: contract.name,
            message: `The contract "${contract.name}" does not compose: ${message}`,
          }),
        ),
  );
  const breaking = changes
    .filter((change) => change.contract !== null && stands(change, policy))
    .map((change) =>
      finding({
        code: 'CONTRACT_BREAKING_CHANGE',
        coordinate: change.coordinate,
        contract: change.contract,
        message: `For readers of the contract "${change.contract}": ${changeMessage(change)}`,
      }),
    );
  return [...broken, ...breaking];
}

function reviewFindings(changes: readonly SchemaChange[], facts: StepFacts): Finding[] {
  const { required } = facts.policy.review;
  const frozen = freezeAt(facts.freezeWindows, 'PUBLISH', facts.now);
  const severity = facts.publishing ? 'ERROR' : 'WARNING';
  const findings: Finding[] = [];
  if (frozen !== null)
    findings.push(
      finding({
        severity,
        code: 'FREEZE_WINDOW',
        message: `Nothing is published here until ${frozen.endsAt.toISOString()} (${frozen.reason}).`,
      }),
    );
  // A proposal is of subgraphs; no one can have the content of a change that is of contract definitions alone.
  const isAsked =
    facts.analysis.subgraphs.length > 0 &&
    (required === 'ALWAYS' ||
      (required === 'BREAKING' && changes.some(({ severity }) => severity === 'BREAKING')));
  if (isAsked && facts.proposalNumber === null)
    findings.push(
      finding({
        severity,
        code: 'PROPOSAL_REQUIRED',
        message: `This target publishes ${required === 'ALWAYS' ? 'every change' : 'breaking changes'} only from a proposal that was signed off and has exactly this content. Create one, or revise yours to this content.`,
      }),
    );
  return findings;
}

/** A policy may call a change breaking that the diff does not; the number says what is breaking here. */
function versionsOf(
  facts: StepFacts,
  changes: readonly SchemaChange[],
): NonNullable<CheckResult['version']> {
  const next = (name: string, level: Parameters<typeof nextVersion>[1]): string =>
    nextVersion(facts.versions.get(name) ?? null, level, facts.usedVersions.get(name) ?? []);
  const breaks = changes.some(
    ({ severity, contract }) => severity === 'BREAKING' && contract === null,
  );
  return {
    supergraph: next('', breaks ? 'MAJOR' : facts.analysis.level.level),
    subgraphs: facts.analysis.subgraphs.map(({ subgraph, level }) => ({
      subgraph,
      version: next(subgraph, level.level),
    })),
  };
}

function versionFindings(
  { subgraphs }: NonNullable<CheckResult['version']>,
  { analysis, stated, usedVersions }: StepFacts,
): Finding[] {
  return subgraphs.flatMap(({ subgraph, version }) => {
    const wanted = stated.get(subgraph);
    const proof = analysis.subgraphs.find((one) => one.subgraph === subgraph)?.level;
    if (wanted === undefined || proof === undefined) return [];
    const used = usedVersions.get(subgraph) ?? [];
    const flaw = statedVersionFlaw({ subgraph, stated: wanted, computed: version, proof, used });
    return flaw === null ? [] : [finding({ ...flaw, subgraph })];
  });
}
