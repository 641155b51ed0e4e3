import { money } from '#kernel/money.ts';
import { pageSql } from '#kernel/paging.ts';
import { readable } from './reader.ts';
import type { Sql } from '#kernel/database.ts';
import type { Page } from '#kernel/paging.ts';
import type { ApprovalRequest, RequestStatus } from '../approval-request.ts';
import type { DocumentType } from '../document.ts';
import type { StageMode } from '../policy-rule.ts';
import type { UnroutableReason } from '../unroutable.ts';
import type { Reader } from './reader.ts';

/** Rounds of one document that are shown: the newest ones; nobody reads further back in a screen. */
const ROUNDS_SHOWN_MAX = 20;

export interface RequestFilter {
  readonly status: RequestStatus | null;
  readonly documentType: DocumentType | null;
  readonly companyCode: string | null;
  readonly costCentreId: string | null;
  readonly requesterId: string | null;
}

/** A page of the requests that the reader may see, oldest first. */
export async function pageOfRequests(
  sql: Sql,
  reader: Reader,
  filter: RequestFilter,
  page: Page,
): Promise<ApprovalRequest[]> {
  const { where, orderLimit } = pageSql(page, 'r.id', 7);
  const rows = await sql.query<RequestRow>(
    `select r.* from approval_request r
     where ${readable(1)}
       and ($2::text is null or r.status = $2)
       and ($3::text is null or r.document_type = $3)
       and ($4::text is null or r.company_code = $4)
       and ($5::text is null or r.cost_centre_id = $5)
       and ($6::text is null or r.requester_id = $6)
       and ${where} ${orderLimit}`,
    [
      reader,
      filter.status,
      filter.documentType,
      filter.companyCode,
      filter.costCentreId,
      filter.requesterId,
      page.cursor,
    ],
  );
  return rows.map(toRequest);
}

/** The requests with those ids that the reader may see. */
export async function requestsByIds(
  sql: Sql,
  reader: Reader,
  ids: readonly string[],
): Promise<ApprovalRequest[]> {
  const rows = await sql.query<RequestRow>(
    `select r.* from approval_request r where r.id = any($2) and ${readable(1)}`,
    [reader, ids],
  );
  return rows.map(toRequest);
}

/** The newest rounds of each document that the reader may see, the first round first. */
export async function roundsOfDocuments(
  sql: Sql,
  reader: Reader,
  documentIds: readonly string[],
): Promise<ApprovalRequest[]> {
  const rows = await sql.query<RequestRow>(
    `select newest.* from unnest($2::text[]) as wanted (document_id)
     cross join lateral (
       select r.* from approval_request r
       where r.document_id = wanted.document_id and ${readable(1)}
       order by r.round desc limit ${ROUNDS_SHOWN_MAX}) newest
     order by newest.document_id, newest.round`,
    [reader, documentIds],
  );
  return rows.map(toRequest);
}

/** The request that a command is about, locked against others; null when the reader may not see it. */
export async function requestForUpdate(
  sql: Sql,
  reader: Reader,
  id: string,
): Promise<ApprovalRequest | null> {
  const [row] = await sql.query<RequestRow>(
    `select r.* from approval_request r where r.id = $2 and ${readable(1)} for update of r`,
    [reader, id],
  );
  return row === undefined ? null : toRequest(row);
}

/** The request that a task belongs to, locked; null when there is none that the reader may see. */
export async function requestOfTaskForUpdate(
  sql: Sql,
  reader: Reader,
  taskId: string,
): Promise<ApprovalRequest | null> {
  const [row] = await sql.query<RequestRow>(
    `select r.* from approval_request r
     where r.id = (select request_id from approval_task where id = $2) and ${readable(1)} for update of r`,
    [reader, taskId],
  );
  return row === undefined ? null : toRequest(row);
}

/** The last round of a document, locked, whoever may see it: for events. */
export async function latestRoundForUpdate(
  sql: Sql,
  documentId: string,
): Promise<ApprovalRequest | null> {
  const [row] = await sql.query<RequestRow>(
    'select * from approval_request where document_id = $1 order by round desc limit 1 for update',
    [documentId],
  );
  return row === undefined ? null : toRequest(row);
}

/** Requests that wait for the manager of a cost centre to become known, locked. */
export async function requestsWaitingForManager(
  sql: Sql,
  costCentreId: string,
  limit: number,
): Promise<ApprovalRequest[]> {
  const rows = await sql.query<RequestRow>(
    `select * from approval_request
     where cost_centre_id = $1 and status = 'UNROUTABLE' and unroutable_reason = 'MANAGER_UNKNOWN'
     order by id limit $2 for update`,
    [costCentreId, limit],
  );
  return rows.map(toRequest);
}

export async function insertRequests(
  sql: Sql,
  requests: readonly ApprovalRequest[],
): Promise<void> {
  await sql.query(
    'insert into approval_request select * from jsonb_populate_recordset(null::approval_request, $1::jsonb)',
    [JSON.stringify(requests.map(toRow))],
  );
}

/** Writes a request's new version; the row is locked by the caller, so another version is a bug. */
export async function updateRequest(sql: Sql, request: ApprovalRequest): Promise<void> {
  const rows = await sql.query(
    `update approval_request r
     set status = v.status, policy_id = v.policy_id, policy_version = v.policy_version, rule_name = v.rule_name,
       stage_modes = v.stage_modes, unroutable_reason = v.unroutable_reason, version = v.version,
       closed_at = v.closed_at, closed_by_id = v.closed_by_id, comment = v.comment
     from jsonb_populate_record(null::approval_request, $1::jsonb) v
     where r.id = v.id and r.version = v.version - 1
     returning r.id`,
    [JSON.stringify(toRow(request))],
  );
  if (rows.length !== 1)
    throw new Error(
      `Request ${request.id} was expected at version ${request.version - 1}; lock it before changing it.`,
    );
}

interface RequestRow {
  readonly id: string;
  readonly document_type: DocumentType;
  readonly document_id: string;
  readonly document_number: string;
  readonly document_version: number;
  readonly document_hash: string;
  readonly company_code: string;
  readonly cost_centre_id: string;
  readonly category: string;
  readonly requester_id: string;
  readonly submitter_id: string;
  readonly amount_minor: bigint;
  readonly currency: string;
  readonly submitted_on: string;
  readonly round: number;
  readonly status: RequestStatus;
  readonly policy_id: string | null;
  readonly policy_version: number | null;
  readonly rule_name: string | null;
  readonly stage_modes: readonly StageMode[];
  readonly unroutable_reason: UnroutableReason | null;
  readonly version: number;
  readonly correlation_id: string;
  readonly opened_at: Date;
  readonly closed_at: Date | null;
  readonly closed_by_id: string | null;
  readonly comment: string | null;
}

function toRequest(row: RequestRow): ApprovalRequest {
  return {
    id: row.id,
    document: {
      documentType: row.document_type,
      documentId: row.document_id,
      documentNumber: row.document_number,
      documentVersion: row.document_version,
      documentHash: row.document_hash,
      companyCode: row.company_code,
      costCentreId: row.cost_centre_id,
      category: row.category,
      requesterId: row.requester_id,
      submitterId: row.submitter_id,
      total: money(row.amount_minor, row.currency),
      submittedOn: row.submitted_on,
    },
    round: row.round,
    status: row.status,
    policyId: row.policy_id,
    policyVersion: row.policy_version,
    ruleName: row.rule_name,
    stageModes: row.stage_modes,
    unroutableReason: row.unroutable_reason,
    version: row.version,
    correlationId: row.correlation_id,
    openedAt: row.opened_at,
    closedAt: row.closed_at,
    closedById: row.closed_by_id,
    comment: row.comment,
  };
}

/** The row as JSON: amounts as text, which PostgreSQL reads into bigint without loss. */
function toRow(request: ApprovalRequest): Record<keyof RequestRow, unknown> {
  const { document } = request;
  return {
    id: request.id,
    document_type: document.documentType,
    document_id: document.documentId,
    document_number: document.documentNumber,
    document_version: document.documentVersion,
    document_hash: document.documentHash,
    company_code: document.companyCode,
    cost_centre_id: document.costCentreId,
    category: document.category,
    requester_id: document.requesterId,
    submitter_id: document.submitterId,
    amount_minor: document.total.amountMinor.toString(),
    currency: document.total.currency,
    submitted_on: document.submittedOn,
    round: request.round,
    status: request.status,
    policy_id: request.policyId,
    policy_version: request.policyVersion,
    rule_name: request.ruleName,
    stage_modes: request.stageModes,
    unroutable_reason: request.unroutableReason,
    version: request.version,
    correlation_id: request.correlationId,
    opened_at: request.openedAt,
    closed_at: request.closedAt,
    closed_by_id: request.closedById,
    comment: request.comment,
  };
}
