import { GraphQLError } from 'graphql';
import { findTarget, listTargets } from '../target.ts';
import type { Sql } from '#kernel/database.ts';
import type { Target } from '../target.ts';
import type { Caller } from './caller.ts';

/** An installation is one organisation; Hive's clients name it first in a target's slug. */
export const ORGANIZATION = 'concord';

/** As Hive's clients name a target; `@oneOf`, so exactly one is there. */
export interface HiveTargetReference {
  readonly bySelector?: {
    readonly organizationSlug: string;
    readonly projectSlug: string;
    readonly targetSlug: string;
  } | null;
  readonly byId?: string | null;
}

/** The target that a Hive client means: the one it names, else the one that its token belongs to. Throws when there is none. */
export async function selectTarget(
  sql: Sql,
  caller: Caller,
  reference: HiveTargetReference | null | undefined,
): Promise<Target> {
  const target = await find(sql, caller, reference);
  if (target !== null) return target;
  throw new GraphQLError(
    `There is no target "${nameOf(reference)}". A target is named "${ORGANIZATION}/<graph>/<target>", such as "${ORGANIZATION}/finance/production", or by its id.`,
    { extensions: { code: 'UNKNOWN_TARGET' } },
  );
}

async function find(
  sql: Sql,
  caller: Caller,
  reference: HiveTargetReference | null | undefined,
): Promise<Target | null> {
  if (typeof reference?.byId === 'string') return findTarget(sql, { id: reference.byId });
  const selector = reference?.bySelector;
  if (selector === null || selector === undefined) return homeTarget(sql, caller);
  if (selector.organizationSlug !== ORGANIZATION) return null;
  return findTarget(sql, { graph: selector.projectSlug, target: selector.targetSlug });
}

/** The CLI answers this code with an explanation of its `--target` option. */
async function homeTarget(sql: Sql, caller: Caller): Promise<Target> {
  const id = caller.home?.targetId ?? null;
  const target = id === null ? null : await findTarget(sql, { id });
  if (target !== null) return target;
  throw new GraphQLError(
    'No target was named, and this token does not belong to a single one. Name it with --target.',
    { extensions: { code: 'ERR_MISSING_TARGET' } },
  );
}

/** The targets within which a caller can be granted anything, by name. */
export async function targetsInReach(sql: Sql, caller: Caller): Promise<Target[]> {
  const targets = await listTargets(sql, null);
  const { home } = caller;
  if (home === null) return targets;
  return targets.filter(
    (target) =>
      target.graphId === home.graphId && (home.targetId === null || target.id === home.targetId),
  );
}

/** As the clients write it. */
export function slugOf(target: Target): string {
  return `${ORGANIZATION}/${target.graphSlug}/${target.slug}`;
}

function nameOf(reference: HiveTargetReference | null | undefined): string {
  const selector = reference?.bySelector;
  if (selector === null || selector === undefined) return reference?.byId ?? '';
  return [selector.organizationSlug, selector.projectSlug, selector.targetSlug].join('/');
}
