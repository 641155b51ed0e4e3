import { decodeJson, encodeJson } from '#kernel/json.ts';
import { pageSql } from '#kernel/paging.ts';
import type { Sql } from '#kernel/database.ts';
import type { Page } from '#kernel/paging.ts';
import type { ApprovalPolicy, PolicyStatus } from '../approval-policy.ts';
import type { PolicyRule } from '../policy-rule.ts';

/** Numbering and activating go one at a time, so that versions have no gap and a day has one policy. */
const POLICY_LOCK = 4_711_101;
const COLUMNS = `id, version, name, status, effective_from, effective_to, fallback_approver_ids, rules::text as rules,
  author_id, activator_id, created_at, activated_at`;

export async function lockPolicies(sql: Sql): Promise<void> {
  await sql.query('select pg_advisory_xact_lock($1, hashtext(current_schema()))', [POLICY_LOCK]);
}

export async function nextPolicyVersion(sql: Sql): Promise<number> {
  const [row] = await sql.query<{ version: number }>(
    'select coalesce(max(version), 0) + 1 as version from approval_policy',
  );
  return row?.version ?? 1;
}

/** The policy that decides documents submitted on that day, or null. */
export async function policyInForce(sql: Sql, onDay: string): Promise<ApprovalPolicy | null> {
  const [row] = await sql.query<PolicyRow>(
    `select ${COLUMNS} from approval_policy
     where status <> 'DRAFT' and effective_from <= $1::date and (effective_to is null or effective_to > $1::date)
     order by effective_from desc, version desc limit 1`,
    [onDay],
  );
  return row === undefined ? null : toPolicy(row);
}

export async function policiesByIds(sql: Sql, ids: readonly string[]): Promise<ApprovalPolicy[]> {
  const rows = await sql.query<PolicyRow>(
    `select ${COLUMNS} from approval_policy where id = any($1)`,
    [ids],
  );
  return rows.map(toPolicy);
}

/** A page of policies, the first version first. */
export async function pageOfPolicies(
  sql: Sql,
  status: PolicyStatus | null,
  page: Page,
): Promise<ApprovalPolicy[]> {
  const { where, orderLimit } = pageSql(page, 'id', 2);
  const rows = await sql.query<PolicyRow>(
    `select ${COLUMNS} from approval_policy where ($1::text is null or status = $1) and ${where} ${orderLimit}`,
    [status, page.cursor],
  );
  return rows.map(toPolicy);
}

export async function insertPolicies(sql: Sql, policies: readonly ApprovalPolicy[]): Promise<void> {
  await sql.query(
    `insert into approval_policy select * from jsonb_populate_recordset(null::approval_policy, $1::jsonb)
     on conflict (id) do nothing`,
    [JSON.stringify(policies.map(toRow))],
  );
}

/** Ends every policy that would decide on `fromDay` or later. */
export async function retirePoliciesFrom(sql: Sql, fromDay: string): Promise<void> {
  await sql.query(
    `update approval_policy set status = 'RETIRED', effective_to = greatest($1::date, effective_from)
     where status <> 'DRAFT' and (effective_to is null or effective_to > $1::date)`,
    [fromDay],
  );
}

export async function updatePolicyStatus(sql: Sql, policy: ApprovalPolicy): Promise<void> {
  await sql.query(
    `update approval_policy set status = $2, effective_from = $3, activator_id = $4, activated_at = $5 where id = $1`,
    [policy.id, policy.status, policy.effectiveFrom, policy.activatorId, policy.activatedAt],
  );
}

interface PolicyRow {
  readonly id: string;
  readonly version: number;
  readonly name: string;
  readonly status: PolicyStatus;
  readonly effective_from: string;
  readonly effective_to: string | null;
  readonly fallback_approver_ids: readonly string[];
  readonly rules: string;
  readonly author_id: string;
  readonly activator_id: string | null;
  readonly created_at: Date;
  readonly activated_at: Date | null;
}

function toPolicy(row: PolicyRow): ApprovalPolicy {
  return {
    id: row.id,
    version: row.version,
    name: row.name,
    status: row.status,
    effectiveFrom: row.effective_from,
    effectiveTo: row.effective_to,
    fallbackApproverIds: row.fallback_approver_ids,
    // Rules were checked by `policyFlaws` before they were written, and only this store writes them.
    rules: decodeJson(row.rules) as readonly PolicyRule[],
    authorId: row.author_id,
    activatorId: row.activator_id,
    createdAt: row.created_at,
    activatedAt: row.activated_at,
  };
}

function toRow(policy: ApprovalPolicy): Record<keyof PolicyRow, unknown> {
  return {
    id: policy.id,
    version: policy.version,
    name: policy.name,
    status: policy.status,
    effective_from: policy.effectiveFrom,
    effective_to: policy.effectiveTo,
    fallback_approver_ids: policy.fallbackApproverIds,
    rules: JSON.parse(encodeJson(policy.rules)) as unknown,
    author_id: policy.authorId,
    activator_id: policy.activatorId,
    created_at: policy.createdAt,
    activated_at: policy.activatedAt,
  };
}
