import type { Sql, Transaction } from '#kernel/database.ts';
import type { Viewer } from '#kernel/identity.ts';
import { readScope } from '#kernel/identity.ts';
import type { Delivery, DeliveryAction, DeliveryStatus, Obstacles } from '../delivery.ts';
import type { ErpDocumentType } from '../events.ts';

const COLUMNS = `id, position, erp, document_type, document_id, document_number, action, document_version,
  external_reference, depends_on_order_id, correlation_id, traceparent, actor_id, company_code, cost_centre_id, owner_id,
  payload, status, version, attempts, erp_number, erp_version, last_code, last_error,
  last_sent_at, waiting_since, next_attempt_at, created_at, updated_at`;

interface DeliveryRow {
  readonly id: string;
  readonly position: bigint;
  readonly erp: string;
  readonly document_type: ErpDocumentType;
  readonly document_id: string;
  readonly document_number: string;
  readonly action: DeliveryAction;
  readonly document_version: number;
  readonly external_reference: string;
  readonly depends_on_order_id: string | null;
  readonly correlation_id: string;
  readonly traceparent: string | null;
  readonly actor_id: string;
  readonly company_code: string;
  readonly cost_centre_id: string | null;
  readonly owner_id: string | null;
  readonly payload: unknown;
  readonly status: DeliveryStatus;
  readonly version: number;
  readonly attempts: number;
  readonly erp_number: string | null;
  readonly erp_version: bigint | null;
  readonly last_code: string | null;
  readonly last_error: string | null;
  readonly last_sent_at: Date | null;
  readonly waiting_since: Date | null;
  readonly next_attempt_at: Date | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

function toDelivery(row: DeliveryRow): Delivery {
  return {
    id: row.id,
    position: row.position,
    erp: row.erp,
    documentType: row.document_type,
    documentId: row.document_id,
    documentNumber: row.document_number,
    action: row.action,
    documentVersion: row.document_version,
    externalReference: row.external_reference,
    dependsOnOrderId: row.depends_on_order_id,
    correlationId: row.correlation_id,
    traceparent: row.traceparent,
    actorId: row.actor_id,
    audience: {
      companyCode: row.company_code,
      costCentreId: row.cost_centre_id,
      ownerId: row.owner_id,
    },
    payload: row.payload,
    status: row.status,
    version: row.version,
    attempts: row.attempts,
    erpNumber: row.erp_number,
    erpVersion: row.erp_version,
    lastCode: row.last_code,
    lastError: row.last_error,
    lastSentAt: row.last_sent_at,
    waitingSince: row.waiting_since,
    nextAttemptAt: row.next_attempt_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

export async function insertDelivery(
  tx: Transaction,
  delivery: Omit<Delivery, 'position'>,
  eventId: string,
): Promise<void> {
  await tx.query(
    `insert into delivery (id, erp, document_type, document_id, document_number, action, document_version,
       external_reference, depends_on_order_id, event_id, correlation_id, traceparent, actor_id,
       company_code, cost_centre_id, owner_id, payload, status, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $19)`,
    [
      delivery.id,
      delivery.erp,
      delivery.documentType,
      delivery.documentId,
      delivery.documentNumber,
      delivery.action,
      delivery.documentVersion,
      delivery.externalReference,
      delivery.dependsOnOrderId,
      eventId,
      delivery.correlationId,
      delivery.traceparent,
      delivery.actorId,
      delivery.audience.companyCode,
      delivery.audience.costCentreId,
      delivery.audience.ownerId,
      JSON.stringify(delivery.payload),
      delivery.status,
      delivery.createdAt,
    ],
  );
}

export async function lockDelivery(tx: Transaction, id: string): Promise<Delivery | null> {
  const [row] = await tx.query<DeliveryRow>(
    `select ${COLUMNS} from delivery where id = $1 for update`,
    [id],
  );
  return row === undefined ? null : toDelivery(row);
}

/** All deliveries of a document that are not settled, oldest first, locked. */
export async function lockUnsettled(
  tx: Transaction,
  documentType: ErpDocumentType,
  documentId: string,
): Promise<Delivery[]> {
  const rows = await tx.query<DeliveryRow>(
    `select ${COLUMNS} from delivery
     where document_type = $1 and document_id = $2 and status not in ('CONFIRMED', 'CANCELLED')
     order by position for update`,
    [documentType, documentId],
  );
  return rows.map(toDelivery);
}

/** The newest delivery of a document, for what an event about it needs to carry. */
export async function latestDelivery(
  sql: Sql,
  documentType: ErpDocumentType,
  documentId: string,
): Promise<Delivery | null> {
  const [row] = await sql.query<DeliveryRow>(
    `select ${COLUMNS} from delivery where document_type = $1 and document_id = $2 order by position desc limit 1`,
    [documentType, documentId],
  );
  return row === undefined ? null : toDelivery(row);
}

/** The creation of a document that was not given up, locked. */
export async function creationOf(
  tx: Transaction,
  documentType: ErpDocumentType,
  documentId: string,
): Promise<Delivery | null> {
  const [row] = await tx.query<DeliveryRow>(
    `select ${COLUMNS} from delivery
     where document_type = $1 and document_id = $2 and action = 'CREATE' and status <> 'CANCELLED' for update`,
    [documentType, documentId],
  );
  return row === undefined ? null : toDelivery(row);
}

/** Takes over a new snapshot for a creation that has not come through: the newest wish counts. */
export async function replacePayload(
  tx: Transaction,
  delivery: Pick<Delivery, 'id' | 'payload' | 'documentVersion' | 'actorId'>,
): Promise<void> {
  await tx.query(
    'update delivery set payload = $2, document_version = $3, actor_id = $4, version = version + 1 where id = $1',
    [delivery.id, JSON.stringify(delivery.payload), delivery.documentVersion, delivery.actorId],
  );
}

/** What may be changed of a delivery; what is not given stays. */
export interface DeliveryChange {
  readonly status: DeliveryStatus;
  readonly attempts?: number;
  readonly erpNumber?: string;
  readonly erpVersion?: bigint;
  readonly lastCode?: string | null;
  readonly lastError?: string | null;
  readonly lastSentAt?: Date;
  readonly waitingSince?: Date | null;
  readonly nextAttemptAt?: Date | null;
}

export async function updateDelivery(
  tx: Transaction,
  delivery: Delivery,
  change: DeliveryChange,
  now: Date,
): Promise<void> {
  const next = { ...delivery, ...change };
  await tx.query(
    `update delivery set status = $2, attempts = $3, erp_number = $4, erp_version = $5, last_code = $6, last_error = $7,
       last_sent_at = $8, waiting_since = $9, next_attempt_at = $10, updated_at = $11, version = version + 1
     where id = $1`,
    [
      next.id,
      next.status,
      next.attempts,
      next.erpNumber,
      next.erpVersion,
      next.lastCode,
      next.lastError,
      next.lastSentAt,
      next.waitingSince,
      next.nextAttemptAt,
      now,
    ],
  );
}

/** Notes, before the call, that the command is on its way. */
export async function markSent(sql: Sql, id: string, now: Date): Promise<void> {
  await sql.query('update delivery set last_sent_at = $2 where id = $1', [id, now]);
}

export async function obstaclesOf(tx: Transaction, delivery: Delivery): Promise<Obstacles> {
  const [row] = await tx.query<{
    earlier: string | null;
    order_status: string | null;
    open_dependents: boolean;
  }>(
    `select
       (select status from delivery
        where document_type = $1 and document_id = $2 and position < $3
          and status not in ('CONFIRMED', 'CANCELLED', 'AWAITING_CONFIRMATION')
        order by position limit 1) as earlier,
       case when $4::text is null then null
            else coalesce((select status from erp_document
                           where erp = $5 and document_type = 'PURCHASE_ORDER' and document_id = $4), 'NONE') end as order_status,
       exists (select 1 from delivery
               where depends_on_order_id = $2 and status in ('PENDING', 'SENDING')) as open_dependents`,
    [
      delivery.documentType,
      delivery.documentId,
      delivery.position,
      delivery.dependsOnOrderId,
      delivery.erp,
    ],
  );
  return {
    earlier: row?.earlier ?? null,
    orderStatus: row?.order_status ?? null,
    openDependents: row?.open_dependents ?? false,
  };
}

/** Deliveries that wait for this order. */
export async function dependentsOf(
  tx: Transaction,
  erp: string,
  orderId: string,
): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    `select id from delivery where erp = $1 and depends_on_order_id = $2 and status = 'PENDING' order by position`,
    [erp, orderId],
  );
  return rows.map((row) => row.id);
}

const READABLE = `visible($2, company_code, cost_centre_id, owner_id)
  and (document_type <> all($3::text[]))`;

export async function deliveriesByIds(
  sql: Sql,
  ids: readonly string[],
  viewer: DeliveryViewer,
): Promise<Delivery[]> {
  const rows = await sql.query<DeliveryRow>(
    `select ${COLUMNS} from delivery where id = any($1) and ${READABLE}`,
    [ids, ...viewerParameters(viewer)],
  );
  return rows.map(toDelivery);
}

/** One thread has a handful of deliveries; more than this is a mistake that should not take the page down. */
const THREAD_DELIVERIES_MAX = 500;

export async function deliveriesOfThread(
  sql: Sql,
  correlationId: string,
  viewer: DeliveryViewer,
): Promise<Delivery[]> {
  const rows = await sql.query<DeliveryRow>(
    `select ${COLUMNS} from delivery where correlation_id = $1 and ${READABLE}
     order by position limit ${THREAD_DELIVERIES_MAX}`,
    [correlationId, ...viewerParameters(viewer)],
  );
  return rows.map(toDelivery);
}

export interface DeliveryViewer {
  readonly viewer: Viewer;
  /** Document types that the viewer may not read at all. */
  readonly hidden: readonly ErpDocumentType[];
}

function viewerParameters({ viewer, hidden }: DeliveryViewer): unknown[] {
  return [JSON.stringify(readScope(viewer)), hidden];
}
