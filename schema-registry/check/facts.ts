import { DAY_MS, shifted } from '#kernel/clock.ts';
import { sha256 } from '#kernel/id.ts';
import { liveOverrides } from '../override/override-store.ts';
import { isInForce } from '../override/override.ts';
import { coverageOf } from '../usage/coverage-question.ts';
import { nonNullUse, usageOf } from '../usage/usage-question.ts';
import type { Sql } from '#kernel/database.ts';
import type { Analysis } from '../composition/analysis.ts';
import type { DetectedChange, RemovedCoordinate } from '../composition/schema-diff.ts';
import type { TargetPolicy } from '../policy/target-policy.ts';
import type { UsageFacts } from './judge.ts';

export type Composed = Extract<Analysis, { ok: true }>;

/** Everything that the registry knows of the changes of an analysis, read in a handful of statements. */
export interface ChangeFacts extends UsageFacts {
  readonly overridden: ReadonlySet<string>;
}

export async function gatherFacts(
  sql: Sql,
  analysis: Composed,
  of: { readonly targetId: string; readonly policy: TargetPolicy; readonly now: Date },
): Promise<ChangeFacts> {
  const { windowDays, excludedClients } = of.policy.usage;
  const changes = allChanges(analysis).filter(({ severity }) => severity !== 'SAFE');
  const since = shifted(of.now, -windowDays * DAY_MS);
  const window = { targetIds: [of.targetId], since, excludedClients };
  const [usage, nonNull, coverage, overrides] = await Promise.all([
    usageOf(sql, { ...window, coordinates: coordinatesAsked(analysis, changes) }),
    nonNullUse(sql, {
      ...window,
      coordinates: changes.flatMap((change) => change.nonNull ?? []),
    }),
    // The day of the check is not over: nobody has told all of it.
    coverageOf(sql, { targetId: of.targetId, since, until: shifted(of.now, -DAY_MS) }),
    liveOverrides(sql, {
      targetId: of.targetId,
      changeHashes: changes.map(({ hash }) => hash),
      now: of.now,
    }),
  ]);
  const inForce = overrides.filter((override) => isInForce(override, of.now));
  return {
    usage,
    nonNull,
    coverage,
    overridden: new Set(inForce.map(({ changeHash }) => changeHash)),
  };
}

/** Changes of the graph and of its contracts. */
export function allChanges(analysis: Composed): DetectedChange[] {
  return [...analysis.changes, ...contractChanges(analysis).map(({ change }) => change)];
}

/**
 * Changes that only a contract's readers see, by contract. Each has a name of its own, so that an override for the readers
 * of one contract permits nothing to those of another, nor to the whole graph.
 */
export function contractChanges({
  changes,
  contracts,
}: Composed): { readonly contract: string; readonly change: DetectedChange }[] {
  const known = new Set(changes.map(({ hash }) => hash));
  return contracts.flatMap((contract) =>
    contract.ok
      ? contract.changes
          .filter(({ hash }) => !known.has(hash))
          .map((change) => ({
            contract: contract.name,
            change: { ...change, hash: sha256(`${contract.name} ${change.hash}`) },
          }))
      : [],
  );
}

/** What was removed by itself, and not together with something else. A type without members has nothing to announce. */
export function removals({ removed }: Composed): RemovedCoordinate[] {
  return removed.filter(
    ({ isByItself, kind, members }) => isByItself && (kind !== 'TYPE' || members.length > 0),
  );
}

/** A coordinate and, of a type, what lies in it. */
export function removedNames({ coordinate, members }: RemovedCoordinate): string[] {
  return [coordinate, ...members.map((member) => member.coordinate)];
}

function coordinatesAsked(analysis: Composed, changes: readonly DetectedChange[]): string[] {
  return [
    ...new Set([
      ...changes.flatMap(({ usedBy }) => usedBy),
      ...removals(analysis).flatMap(removedNames),
    ]),
  ];
}
