import { LINE_COLUMNS, LINE_SHAPE, lineJson, lineOf } from './line-row.ts';
import type { Sql, Transaction } from '#kernel/database.ts';
import type { ReadScope } from '#kernel/identity.ts';
import type { DocumentLine } from '../domain/document-line.ts';
import type {
  Requisition,
  RequisitionStatus,
  RequisitionWithLines,
} from '../domain/requisition.ts';
import type { LineRow } from './line-row.ts';

/** A requisition's line with the requisition that it belongs to. */
export interface RequisitionLine extends DocumentLine {
  readonly requisitionId: string;
}

const COLUMNS = `id, number, version, status, company_code, cost_centre_id, category, requester_id, supplier_id, title,
  justification, needed_by, total_minor, currency, submitted_on, submitted_version, document_hash, correlation_id,
  purchase_order_id, decided_by, decision_comment, created_at, updated_at`;

const SHAPE = `id text, number text, version integer, status text, company_code text, cost_centre_id text, category text,
  requester_id text, supplier_id text, title text, justification text, needed_by date, total_minor bigint, currency text,
  submitted_on date, submitted_version integer, document_hash text, correlation_id text, purchase_order_id text,
  decided_by text, decision_comment text, created_at timestamptz, updated_at timestamptz`;

export interface RequisitionRow {
  readonly id: string;
  readonly number: string;
  readonly version: number;
  readonly status: RequisitionStatus;
  readonly company_code: string;
  readonly cost_centre_id: string;
  readonly category: string;
  readonly requester_id: string;
  readonly supplier_id: string;
  readonly title: string;
  readonly justification: string | null;
  readonly needed_by: string | null;
  readonly total_minor: bigint;
  readonly currency: string;
  readonly submitted_on: string | null;
  readonly submitted_version: number | null;
  readonly document_hash: string;
  readonly correlation_id: string;
  readonly purchase_order_id: string | null;
  readonly decided_by: string | null;
  readonly decision_comment: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

export { COLUMNS as REQUISITION_COLUMNS };

/** The requisition, locked until the transaction ends; null when there is none. No scope: the caller decides. */
export async function lockRequisition(tx: Transaction, id: string): Promise<Requisition | null> {
  const [row] = await tx.query<RequisitionRow>(
    `select ${COLUMNS} from requisition where id = $1 for update`,
    [id],
  );
  return row === undefined ? null : requisitionOf(row);
}

/** As `lockRequisition`, for a viewer: what it may not see is not there. */
export async function lockVisibleRequisition(
  tx: Transaction,
  id: string,
  scope: ReadScope,
): Promise<Requisition | null> {
  const [row] = await tx.query<RequisitionRow>(
    `select ${COLUMNS} from requisition
     where id = $1 and visible($2::jsonb, company_code, cost_centre_id, requester_id) for update`,
    [id, JSON.stringify(scope)],
  );
  return row === undefined ? null : requisitionOf(row);
}

export async function requisitionsByIds(
  sql: Sql,
  ids: readonly string[],
  scope: ReadScope,
): Promise<Requisition[]> {
  const rows = await sql.query<RequisitionRow>(
    `select ${COLUMNS} from requisition
     where id = any($1) and visible($2::jsonb, company_code, cost_centre_id, requester_id)`,
    [ids, JSON.stringify(scope)],
  );
  return rows.map(requisitionOf);
}

export async function requisitionByNumber(
  sql: Sql,
  number: string,
  scope: ReadScope,
): Promise<Requisition | null> {
  const [row] = await sql.query<RequisitionRow>(
    `select ${COLUMNS} from requisition
     where number = $1 and visible($2::jsonb, company_code, cost_centre_id, requester_id)`,
    [number, JSON.stringify(scope)],
  );
  return row === undefined ? null : requisitionOf(row);
}

/** Lines of many requisitions, by line number. Whoever may see a requisition may see its lines. */
export async function requisitionLines(
  sql: Sql,
  requisitionIds: readonly string[],
): Promise<RequisitionLine[]> {
  const rows = await sql.query<LineRow & { requisition_id: string }>(
    `select requisition_id, ${LINE_COLUMNS} from requisition_line
     where requisition_id = any($1) order by requisition_id, line_number`,
    [requisitionIds],
  );
  return rows.map((row) => ({ ...lineOf(row), requisitionId: row.requisition_id }));
}

/** Writes new requisitions with their lines, however many, in two statements. */
export async function insertRequisitions(
  tx: Sql,
  documents: readonly RequisitionWithLines[],
): Promise<void> {
  await tx.query(
    `insert into requisition (${COLUMNS}) select ${COLUMNS} from jsonb_to_recordset($1::jsonb) as given (${SHAPE})`,
    [JSON.stringify(documents.map(({ requisition }) => requisitionJson(requisition)))],
  );
  await insertRequisitionLines(tx, documents);
}

/** Writes the changed header, one version on. */
export async function updateRequisition(tx: Transaction, requisition: Requisition): Promise<void> {
  const written = await tx.query(
    `update requisition set (${COLUMNS}) = (select ${COLUMNS} from jsonb_to_record($1::jsonb) as given (${SHAPE}))
     where id = $2 and version = $3 returning id`,
    [JSON.stringify(requisitionJson(requisition)), requisition.id, requisition.version - 1],
  );
  if (written.length !== 1)
    throw new Error(
      `Requisition ${requisition.id} was not at version ${requisition.version - 1} although it was locked.`,
    );
}

/** Replaces the lines of a draft. */
export async function replaceRequisitionLines(
  tx: Transaction,
  document: RequisitionWithLines,
): Promise<void> {
  await tx.query('delete from requisition_line where requisition_id = $1', [
    document.requisition.id,
  ]);
  await insertRequisitionLines(tx, [document]);
}

async function insertRequisitionLines(
  tx: Sql,
  documents: readonly RequisitionWithLines[],
): Promise<void> {
  const lines = documents.flatMap(({ requisition, lines: own }) =>
    own.map((line) => ({ ...lineJson(line), requisition_id: requisition.id })),
  );
  await tx.query(
    `insert into requisition_line (requisition_id, ${LINE_COLUMNS})
     select requisition_id, ${LINE_COLUMNS} from jsonb_to_recordset($1::jsonb) as given (requisition_id text, ${LINE_SHAPE})`,
    [JSON.stringify(lines)],
  );
}

export function requisitionOf(row: RequisitionRow): Requisition {
  return {
    id: row.id,
    number: row.number,
    version: row.version,
    status: row.status,
    companyCode: row.company_code,
    costCentreId: row.cost_centre_id,
    category: row.category,
    requesterId: row.requester_id,
    supplierId: row.supplier_id,
    title: row.title,
    justification: row.justification,
    neededBy: row.needed_by,
    total: { amountMinor: row.total_minor, currency: row.currency },
    submittedOn: row.submitted_on,
    submittedVersion: row.submitted_version,
    documentHash: row.document_hash,
    correlationId: row.correlation_id,
    purchaseOrderId: row.purchase_order_id,
    decidedBy: row.decided_by,
    decisionComment: row.decision_comment,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function requisitionJson(requisition: Requisition): Record<string, unknown> {
  return {
    id: requisition.id,
    number: requisition.number,
    version: requisition.version,
    status: requisition.status,
    company_code: requisition.companyCode,
    cost_centre_id: requisition.costCentreId,
    category: requisition.category,
    requester_id: requisition.requesterId,
    supplier_id: requisition.supplierId,
    title: requisition.title,
    justification: requisition.justification,
    needed_by: requisition.neededBy,
    total_minor: requisition.total.amountMinor.toString(),
    currency: requisition.total.currency,
    submitted_on: requisition.submittedOn,
    submitted_version: requisition.submittedVersion,
    document_hash: requisition.documentHash,
    correlation_id: requisition.correlationId,
    purchase_order_id: requisition.purchaseOrderId,
    decided_by: requisition.decidedBy,
    decision_comment: requisition.decisionComment,
    created_at: requisition.createdAt,
    updated_at: requisition.updatedAt,
  };
}
