import { withDecisions } from './policy-patch.ts';
import { defaultSeverities } from './rules.ts';
import { defaultPolicy } from './target-policy.ts';
import type { Sql } from '#kernel/database.ts';
import type { Target } from '../target.ts';
import type { PolicyDecisions } from './policy-patch.ts';
import type { TargetPolicy } from './target-policy.ts';

/** A target's policy as it is now: what was decided, and the defaults of its kind for the rest, every rule included. */
export async function readPolicy(
  sql: Sql,
  target: Pick<Target, 'id' | 'slug'>,
): Promise<TargetPolicy> {
  return (await readPolicyVersion(sql, target)).policy;
}

/** A target's policy with what was decided, by whom and when. */
export interface PolicyVersion {
  readonly policy: TargetPolicy;
  readonly decisions: PolicyDecisions;
  /** Counts up by one per change; 0 while nothing was decided. */
  readonly version: number;
  readonly updatedBy: string | null;
  readonly updatedAt: Date | null;
}

interface Row {
  readonly decisions: PolicyDecisions;
  readonly version: number;
  readonly updatedBy: string;
  readonly updatedAt: Date;
}

export async function readPolicyVersion(
  sql: Sql,
  target: Pick<Target, 'id' | 'slug'>,
): Promise<PolicyVersion> {
  const [row] = await sql.query<Row>(
    `select policy as decisions, version, updated_by as "updatedBy", updated_at as "updatedAt"
     from target_policy where target_id = $1`,
    [target.id],
  );
  const defaults = policyDefaults(target.slug);
  if (row === undefined)
    return { policy: defaults, decisions: {}, version: 0, updatedBy: null, updatedAt: null };
  return { ...row, policy: withDecisions(defaults, row.decisions) };
}

/** What a target of that name has before anybody decides, with every rule. */
export function policyDefaults(targetSlug: string): TargetPolicy {
  const policy = defaultPolicy(targetSlug);
  return { ...policy, rules: { ...defaultSeverities(targetSlug), ...policy.rules } };
}

/** Stores a decision. The caller holds the target's lock, so nobody else writes it meanwhile. */
export async function storePolicy(
  tx: Sql,
  targetId: string,
  decided: Omit<PolicyVersion, 'policy'>,
): Promise<void> {
  await tx.query(
    `insert into target_policy (target_id, policy, version, updated_by, updated_at) values ($1, $2, $3, $4, $5)
     on conflict (target_id) do update
     set policy = excluded.policy, version = excluded.version, updated_by = excluded.updated_by,
       updated_at = excluded.updated_at`,
    [
      targetId,
      JSON.stringify(decided.decisions),
      decided.version,
      decided.updatedBy,
      decided.updatedAt,
    ],
  );
}
