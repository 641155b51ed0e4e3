import { readScope } from '#kernel/identity.ts';
import { pageSql } from '#kernel/paging.ts';
import type { Sql, Transaction } from '#kernel/database.ts';
import type { DomainEvent } from '#kernel/event.ts';
import type { Viewer } from '#kernel/identity.ts';
import type { Page } from '#kernel/paging.ts';

/** One step on a document's way. */
export interface ThreadEntry {
  readonly position: bigint;
  readonly eventId: string;
  readonly eventType: string;
  readonly correlationId: string;
  readonly documentType: string;
  readonly documentId: string;
  readonly documentNumber: string;
  readonly documentStatus: string;
  /** The document on whose timeline it belongs. */
  readonly subjectId: string;
  readonly actorId: string;
  readonly summary: string;
  readonly erpNumber: string | null;
  readonly occurredAt: Date;
}

interface EntryRow {
  readonly position: bigint;
  readonly event_id: string;
  readonly event_type: string;
  readonly correlation_id: string;
  readonly document_type: string;
  readonly document_id: string;
  readonly document_number: string;
  readonly document_status: string;
  readonly subject_id: string;
  readonly actor_id: string;
  readonly summary: string;
  readonly erp_number: string | null;
  readonly occurred_at: Date;
}

const COLUMNS = `position, event_id, event_type, correlation_id, document_type, document_id, document_number,
  document_status, subject_id, actor_id, summary, erp_number, occurred_at`;

function toEntry(row: EntryRow): ThreadEntry {
  return {
    position: row.position,
    eventId: row.event_id,
    eventType: row.event_type,
    correlationId: row.correlation_id,
    documentType: row.document_type,
    documentId: row.document_id,
    documentNumber: row.document_number,
    documentStatus: row.document_status,
    subjectId: row.subject_id,
    actorId: row.actor_id,
    summary: row.summary,
    erpNumber: row.erp_number,
    occurredAt: row.occurred_at,
  };
}

export async function insertEntry(
  tx: Transaction,
  event: DomainEvent,
  read: { subjectId: string; permission: string; summary: string; erpNumber: string | null },
): Promise<void> {
  const { document, audience } = event;
  await tx.query(
    `insert into thread_entry (event_id, event_type, correlation_id, document_type, document_id, document_number,
       document_status, subject_id, permission, actor_id, company_code, cost_centre_id, owner_id, summary, erp_number, occurred_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) on conflict do nothing`,
    [
      event.id,
      event.type,
      event.correlationId,
      document.type,
      document.id,
      document.number,
      document.status,
      read.subjectId,
      read.permission,
      event.actorId,
      audience.companyCode,
      audience.costCentreId,
      audience.ownerId,
      read.summary,
      read.erpNumber,
      event.occurredAt,
    ],
  );
}

/** The permissions that reading entries may take, held by the viewer, and where they hold. */
export interface ThreadViewer {
  readonly viewer: Viewer;
  readonly permissions: readonly string[];
}

const READABLE = `permission = any($2) and (company_code = '*' or visible($1, company_code, cost_centre_id, owner_id))`;

function viewerParameters({ viewer, permissions }: ThreadViewer): unknown[] {
  return [JSON.stringify(readScope(viewer)), permissions];
}

export async function pageOfThread(
  sql: Sql,
  correlationId: string,
  viewer: ThreadViewer,
  page: Page,
): Promise<ThreadEntry[]> {
  const { where, orderLimit } = pageSql(page, 'position', 4);
  const rows = await sql.query<EntryRow>(
    `select ${COLUMNS} from thread_entry
     where correlation_id = $3 and ${READABLE} and ${where.replaceAll('> $4', '> $4::bigint').replaceAll('< $4', '< $4::bigint')} ${orderLimit}`,
    [...viewerParameters(viewer), correlationId, page.cursor],
  );
  return rows.map(toEntry);
}

/** The newest steps that a timeline shows; a document with more has its thread. */
const TIMELINE_MAX = 200;

/** The timelines of many documents in one statement, each oldest first. */
export async function timelinesOf(
  sql: Sql,
  documentIds: readonly string[],
  viewer: ThreadViewer,
): Promise<ThreadEntry[]> {
  const rows = await sql.query<EntryRow>(
    `select entry.* from unnest($3::text[]) as wanted (id)
     cross join lateral (
       select ${COLUMNS} from thread_entry
       where subject_id = wanted.id and ${READABLE}
       order by position desc limit ${TIMELINE_MAX}
     ) as entry
     order by entry.subject_id, entry.position`,
    [...viewerParameters(viewer), documentIds],
  );
  return rows.map(toEntry);
}

/** Is anything of the thread there that the viewer may read? */
export async function threadExists(
  sql: Sql,
  correlationId: string,
  viewer: ThreadViewer,
): Promise<boolean> {
  const rows = await sql.query(
    `select 1 from thread_entry where correlation_id = $3 and ${READABLE} limit 1`,
    [...viewerParameters(viewer), correlationId],
  );
  return rows.length > 0;
}
