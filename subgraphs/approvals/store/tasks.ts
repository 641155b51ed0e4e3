import { pageSql } from '#kernel/paging.ts';
import { actingFor } from './reader.ts';
import type { Sql } from '#kernel/database.ts';
import type { Page } from '#kernel/paging.ts';
import type { ApprovalTask, TaskOrigin, TaskStatus } from '../approval-task.ts';
import type { DocumentType } from '../document.ts';
import type { Decision, DecisionOutcome } from '../task-decision.ts';
import type { Reader } from './reader.ts';

export interface TaskFilter {
  readonly status: TaskStatus;
  readonly documentType: DocumentType | null;
  readonly companyCode: string | null;
}

/** A page of the tasks that the reader, or somebody for whom the reader may act, has; without the reader's own documents. */
export async function pageOfTasks(
  sql: Sql,
  reader: Reader,
  filter: TaskFilter,
  page: Page,
): Promise<ApprovalTask[]> {
  const { where, orderLimit } = pageSql(page, 't.id', 5);
  const rows = await sql.query<TaskRow>(
    `select t.* from approval_task t join approval_request r on r.id = t.request_id
     where t.approver_id in (${actingFor(1)})
       and $1::jsonb->>'viewerId' not in (r.requester_id, r.submitter_id)
       and t.status = $2
       and ($3::text is null or r.document_type = $3)
       and ($4::text is null or r.company_code = $4)
       and ${where} ${orderLimit}`,
    [reader, filter.status, filter.documentType, filter.companyCode, page.cursor],
  );
  return rows.map(toTask);
}

/** The tasks of requests that the caller has already been shown, in the order of their stages. */
export async function tasksOfRequests(
  sql: Sql,
  requestIds: readonly string[],
): Promise<ApprovalTask[]> {
  const rows = await sql.query<TaskRow>(
    'select * from approval_task where request_id = any($1) order by request_id, stage, position, id',
    [requestIds],
  );
  return rows.map(toTask);
}

/** Writes tasks, new and changed, in one statement. */
export async function saveTasks(sql: Sql, tasks: readonly ApprovalTask[]): Promise<void> {
  if (tasks.length === 0) return;
  await sql.query(
    `insert into approval_task select * from jsonb_populate_recordset(null::approval_task, $1::jsonb)
     on conflict (id) do update set status = excluded.status, pending_since = excluded.pending_since,
       decided_at = excluded.decided_at, decided_by_id = excluded.decided_by_id`,
    [JSON.stringify(tasks.map(toTaskRow))],
  );
}

export async function insertDecisions(sql: Sql, decisions: readonly Decision[]): Promise<void> {
  if (decisions.length === 0) return;
  await sql.query(
    'insert into approval_decision select * from jsonb_populate_recordset(null::approval_decision, $1::jsonb)',
    [JSON.stringify(decisions.map(toDecisionRow))],
  );
}

/** The decisions of requests that the caller has already been shown, oldest first. */
export async function decisionsOfRequests(
  sql: Sql,
  requestIds: readonly string[],
): Promise<Decision[]> {
  const rows = await sql.query<DecisionRow>(
    'select * from approval_decision where request_id = any($1) order by request_id, decided_at, id',
    [requestIds],
  );
  return rows.map(toDecision);
}

interface TaskRow {
  readonly id: string;
  readonly request_id: string;
  readonly stage: number;
  readonly position: number;
  readonly approver_id: string;
  readonly status: TaskStatus;
  readonly origin: TaskOrigin;
  readonly previous_task_id: string | null;
  readonly note: string | null;
  readonly pending_since: Date | null;
  readonly decided_at: Date | null;
  readonly decided_by_id: string | null;
}

function toTask(row: TaskRow): ApprovalTask {
  return {
    id: row.id,
    requestId: row.request_id,
    stage: row.stage,
    position: row.position,
    approverId: row.approver_id,
    status: row.status,
    origin: row.origin,
    previousTaskId: row.previous_task_id,
    note: row.note,
    pendingSince: row.pending_since,
    decidedAt: row.decided_at,
    decidedById: row.decided_by_id,
  };
}

function toTaskRow(task: ApprovalTask): Record<keyof TaskRow, unknown> {
  return {
    id: task.id,
    request_id: task.requestId,
    stage: task.stage,
    position: task.position,
    approver_id: task.approverId,
    status: task.status,
    origin: task.origin,
    previous_task_id: task.previousTaskId,
    note: task.note,
    pending_since: task.pendingSince,
    decided_at: task.decidedAt,
    decided_by_id: task.decidedById,
  };
}

interface DecisionRow {
  readonly id: string;
  readonly request_id: string;
  readonly task_id: string;
  readonly actor_id: string;
  readonly on_behalf_of_id: string | null;
  readonly outcome: DecisionOutcome;
  readonly comment: string | null;
  readonly policy_version: number | null;
  readonly document_version: number;
  readonly document_hash: string;
  readonly decided_at: Date;
}

function toDecision(row: DecisionRow): Decision {
  return {
    id: row.id,
    requestId: row.request_id,
    taskId: row.task_id,
    actorId: row.actor_id,
    onBehalfOfId: row.on_behalf_of_id,
    outcome: row.outcome,
    comment: row.comment,
    policyVersion: row.policy_version,
    documentVersion: row.document_version,
    documentHash: row.document_hash,
    decidedAt: row.decided_at,
  };
}

function toDecisionRow(decision: Decision): Record<keyof DecisionRow, unknown> {
  return {
    id: decision.id,
    request_id: decision.requestId,
    task_id: decision.taskId,
    actor_id: decision.actorId,
    on_behalf_of_id: decision.onBehalfOfId,
    outcome: decision.outcome,
    comment: decision.comment,
    policy_version: decision.policyVersion,
    document_version: decision.documentVersion,
    document_hash: decision.documentHash,
    decided_at: decision.decidedAt,
  };
}
