import { nextNumber } from '#kernel/idempotency.ts';
import { readScope } from '#kernel/identity.ts';
import { pageSql } from '#kernel/paging.ts';
import type { Sql, Transaction } from '#kernel/database.ts';
import type { Viewer } from '#kernel/identity.ts';
import type { Page } from '#kernel/paging.ts';
import type {
  ExceptionHistoryEntry,
  ExceptionKind,
  ExceptionStatus,
  IntegrationException,
  ResolutionCode,
} from '../integration-exception.ts';

const COLUMNS = `id, number, subject, kind, code, message, suggested_action, owner_role, document_type, document_id,
  document_number, delivery_id, erp, correlation_id, company_code, cost_centre_id, owner_id, status, version, attempts,
  last_error, assignee_id, resolution_code, resolution_comment, raised_at, updated_at, resolved_at, resolved_by`;

interface ExceptionRow {
  readonly id: string;
  readonly number: string;
  readonly subject: string;
  readonly kind: ExceptionKind;
  readonly code: string;
  readonly message: string;
  readonly suggested_action: string;
  readonly owner_role: string;
  readonly document_type: string;
  readonly document_id: string;
  readonly document_number: string;
  readonly delivery_id: string | null;
  readonly erp: string | null;
  readonly correlation_id: string;
  readonly company_code: string;
  readonly cost_centre_id: string | null;
  readonly owner_id: string | null;
  readonly status: ExceptionStatus;
  readonly version: number;
  readonly attempts: number;
  readonly last_error: string;
  readonly assignee_id: string | null;
  readonly resolution_code: ResolutionCode | null;
  readonly resolution_comment: string | null;
  readonly raised_at: Date;
  readonly updated_at: Date;
  readonly resolved_at: Date | null;
  readonly resolved_by: string | null;
}

function toException(row: ExceptionRow): IntegrationException {
  return {
    id: row.id,
    number: row.number,
    subject: row.subject,
    kind: row.kind,
    code: row.code,
    message: row.message,
    suggestedAction: row.suggested_action,
    ownerRole: row.owner_role,
    documentType: row.document_type,
    documentId: row.document_id,
    documentNumber: row.document_number,
    deliveryId: row.delivery_id,
    erp: row.erp,
    correlationId: row.correlation_id,
    audience: {
      companyCode: row.company_code,
      costCentreId: row.cost_centre_id,
      ownerId: row.owner_id,
    },
    status: row.status,
    version: row.version,
    attempts: row.attempts,
    lastError: row.last_error,
    assigneeId: row.assignee_id,
    resolutionCode: row.resolution_code,
    resolutionComment: row.resolution_comment,
    raisedAt: row.raised_at,
    updatedAt: row.updated_at,
    resolvedAt: row.resolved_at,
    resolvedBy: row.resolved_by,
  };
}

export function nextExceptionNumber(tx: Transaction): Promise<string> {
  return nextNumber(tx, 'EXC');
}

export async function lockExceptionOf(
  tx: Transaction,
  subject: string,
): Promise<IntegrationException | null> {
  const [row] = await tx.query<ExceptionRow>(
    `select ${COLUMNS} from integration_exception where subject = $1 for update`,
    [subject],
  );
  return row === undefined ? null : toException(row);
}

/** The exception when the viewer may see it, locked. */
export async function lockException(
  tx: Transaction,
  id: string,
  viewer: Viewer,
): Promise<IntegrationException | null> {
  const [row] = await tx.query<ExceptionRow>(
    `select ${COLUMNS} from integration_exception
     where id = $1 and visible($2, company_code, cost_centre_id, owner_id) for update`,
    [id, JSON.stringify(readScope(viewer))],
  );
  return row === undefined ? null : toException(row);
}

/** Writes the whole exception, new or changed. */
export async function saveException(
  tx: Transaction,
  exception: IntegrationException,
): Promise<void> {
  await tx.query(
    `insert into integration_exception (${COLUMNS})
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
       $21, $22, $23, $24, $25, $26, $27, $28)
     on conflict (id) do update set kind = excluded.kind, code = excluded.code, message = excluded.message,
       suggested_action = excluded.suggested_action, owner_role = excluded.owner_role, status = excluded.status,
       version = excluded.version, attempts = excluded.attempts, last_error = excluded.last_error,
       assignee_id = excluded.assignee_id, resolution_code = excluded.resolution_code,
       resolution_comment = excluded.resolution_comment, updated_at = excluded.updated_at,
       resolved_at = excluded.resolved_at, resolved_by = excluded.resolved_by`,
    [
      exception.id,
      exception.number,
      exception.subject,
      exception.kind,
      exception.code,
      exception.message,
      exception.suggestedAction,
      exception.ownerRole,
      exception.documentType,
      exception.documentId,
      exception.documentNumber,
      exception.deliveryId,
      exception.erp,
      exception.correlationId,
      exception.audience.companyCode,
      exception.audience.costCentreId,
      exception.audience.ownerId,
      exception.status,
      exception.version,
      exception.attempts,
      exception.lastError,
      exception.assigneeId,
      exception.resolutionCode,
      exception.resolutionComment,
      exception.raisedAt,
      exception.updatedAt,
      exception.resolvedAt,
      exception.resolvedBy,
    ],
  );
}

export async function appendHistory(tx: Transaction, entry: ExceptionHistoryEntry): Promise<void> {
  await tx.query(
    `insert into integration_exception_history (exception_id, event, status, actor_id, detail, occurred_at)
     values ($1, $2, $3, $4, $5, $6)`,
    [entry.exceptionId, entry.event, entry.status, entry.actorId, entry.detail, entry.occurredAt],
  );
}

export async function historyOfExceptions(
  sql: Sql,
  ids: readonly string[],
): Promise<ExceptionHistoryEntry[]> {
  const rows = await sql.query<{
    exception_id: string;
    event: string;
    status: ExceptionStatus;
    actor_id: string;
    detail: string;
    occurred_at: Date;
  }>(
    `select exception_id, event, status, actor_id, detail, occurred_at from integration_exception_history
     where exception_id = any($1) order by exception_id, position`,
    [ids],
  );
  return rows.map((row) => ({
    exceptionId: row.exception_id,
    event: row.event,
    status: row.status,
    actorId: row.actor_id,
    detail: row.detail,
    occurredAt: row.occurred_at,
  }));
}

const VISIBLE = 'visible($1, company_code, cost_centre_id, owner_id)';

export async function exceptionsByIds(
  sql: Sql,
  ids: readonly string[],
  viewer: Viewer,
): Promise<IntegrationException[]> {
  const rows = await sql.query<ExceptionRow>(
    `select ${COLUMNS} from integration_exception where id = any($2) and ${VISIBLE}`,
    [JSON.stringify(readScope(viewer)), ids],
  );
  return rows.map(toException);
}

/** The exceptions that name these deliveries. */
export async function exceptionsByDeliveries(
  sql: Sql,
  ids: readonly string[],
  viewer: Viewer,
): Promise<IntegrationException[]> {
  const rows = await sql.query<ExceptionRow>(
    `select ${COLUMNS} from integration_exception where delivery_id = any($2) and ${VISIBLE}`,
    [JSON.stringify(readScope(viewer)), ids],
  );
  return rows.map(toException);
}

const THREAD_EXCEPTIONS_MAX = 200;

export async function exceptionsOfThread(
  sql: Sql,
  correlationId: string,
  viewer: Viewer,
): Promise<IntegrationException[]> {
  const rows = await sql.query<ExceptionRow>(
    `select ${COLUMNS} from integration_exception where correlation_id = $2 and ${VISIBLE}
     order by number limit ${THREAD_EXCEPTIONS_MAX}`,
    [JSON.stringify(readScope(viewer)), correlationId],
  );
  return rows.map(toException);
}

/** Which exceptions are wanted; null means any. */
export interface ExceptionFilter {
  readonly statuses: readonly ExceptionStatus[] | null;
  readonly kind: ExceptionKind | null;
  readonly codes: readonly string[] | null;
  readonly companyCode: string | null;
  readonly erp: string | null;
  readonly documentId: string | null;
  readonly assigneeId: string | null;
}

const MATCHES = `($2::text[] is null or status = any($2)) and ($3::text is null or kind = $3)
  and ($4::text[] is null or code = any($4)) and ($5::text is null or company_code = $5)
  and ($6::text is null or erp = $6) and ($7::text is null or document_id = $7)
  and ($8::text is null or assignee_id = $8)`;

function filterParameters(viewer: Viewer, filter: ExceptionFilter): unknown[] {
  return [
    JSON.stringify(readScope(viewer)),
    filter.statuses,
    filter.kind,
    filter.codes,
    filter.companyCode,
    filter.erp,
    filter.documentId,
    filter.assigneeId,
  ];
}

export async function pageOfExceptions(
  sql: Sql,
  viewer: Viewer,
  filter: ExceptionFilter,
  page: Page,
): Promise<IntegrationException[]> {
  const { where, orderLimit } = pageSql(page, 'number', 9);
  const rows = await sql.query<ExceptionRow>(
    `select ${COLUMNS} from integration_exception where ${VISIBLE} and ${MATCHES} and ${where} ${orderLimit}`,
    [...filterParameters(viewer, filter), page.cursor],
  );
  return rows.map(toException);
}

/** The ids of exceptions that a bulk retry may take, oldest first. */
export async function retryCandidates(
  sql: Sql,
  viewer: Viewer,
  filter: ExceptionFilter,
  limit: number,
): Promise<string[]> {
  const rows = await sql.query<{ id: string }>(
    `select id from integration_exception where ${VISIBLE} and ${MATCHES} and status in ('OPEN', 'ASSIGNED')
     order by number limit $9`,
    [...filterParameters(viewer, filter), limit],
  );
  return rows.map((row) => row.id);
}
