import { decodeJson, encodeJson } from '#kernel/json.ts';
import type { Sql, Transaction } from '#kernel/database.ts';
import type {
  LineDifference,
  OrderVersion,
  OrderVersionStatus,
  VersionLine,
} from '../domain/order-version.ts';

const COLUMNS = `purchase_order_id, number, status, lines::text as lines, differences::text as differences, total_minor,
  change_minor, currency, document_hash, document_version, reason, created_by, created_at, decided_by, decided_at, decision_comment`;

interface VersionRow {
  readonly purchase_order_id: string;
  readonly number: number;
  readonly status: OrderVersionStatus;
  readonly lines: string;
  readonly differences: string;
  readonly total_minor: bigint;
  readonly change_minor: bigint;
  readonly currency: string;
  readonly document_hash: string;
  readonly document_version: number;
  readonly reason: string | null;
  readonly created_by: string;
  readonly created_at: Date;
  readonly decided_by: string | null;
  readonly decided_at: Date | null;
  readonly decision_comment: string | null;
}

/** All versions of many orders, oldest first. Whoever may see an order may see its versions. */
export async function orderVersions(
  sql: Sql,
  orderIds: readonly string[],
): Promise<OrderVersion[]> {
  const rows = await sql.query<VersionRow>(
    `select ${COLUMNS} from purchase_order_version where purchase_order_id = any($1) order by purchase_order_id, number`,
    [orderIds],
  );
  return rows.map(versionOf);
}

/** Writes new versions of any orders in one statement. */
export async function insertOrderVersions(
  tx: Sql,
  versions: readonly OrderVersion[],
): Promise<void> {
  await tx.query(
    `insert into purchase_order_version (purchase_order_id, number, status, lines, differences, total_minor, change_minor,
       currency, document_hash, document_version, reason, created_by, created_at, decided_by, decided_at, decision_comment)
     select * from jsonb_to_recordset($1::jsonb) as given (purchase_order_id text, number integer, status text, lines jsonb,
       differences jsonb, total_minor bigint, change_minor bigint, currency text, document_hash text, document_version integer,
       reason text, created_by text, created_at timestamptz, decided_by text, decided_at timestamptz, decision_comment text)`,
    [`[${versions.map(versionJson).join(',')}]`],
  );
}

/** Adds the decision to a pending version. */
export async function decideOrderVersion(tx: Transaction, version: OrderVersion): Promise<void> {
  await tx.query(
    `update purchase_order_version set status = $3, decided_by = $4, decided_at = $5, decision_comment = $6
     where purchase_order_id = $1 and number = $2`,
    [
      version.purchaseOrderId,
      version.number,
      version.status,
      version.decidedBy,
      version.decidedAt,
      version.decisionComment,
    ],
  );
}

function versionOf(row: VersionRow): OrderVersion {
  return {
    purchaseOrderId: row.purchase_order_id,
    number: row.number,
    status: row.status,
    lines: decodeJson(row.lines) as VersionLine[],
    differences: decodeJson(row.differences) as LineDifference[],
    total: { amountMinor: row.total_minor, currency: row.currency },
    cumulativeChange: { amountMinor: row.change_minor, currency: row.currency },
    documentHash: row.document_hash,
    documentVersion: row.document_version,
    reason: row.reason,
    createdBy: row.created_by,
    createdAt: row.created_at,
    decidedBy: row.decided_by,
    decidedAt: row.decided_at,
    decisionComment: row.decision_comment,
  };
}

/** Lines and differences keep their exact decimals by `encodeJson`; the other columns are plain. */
function versionJson(version: OrderVersion): string {
  const plain = {
    purchase_order_id: version.purchaseOrderId,
    number: version.number,
    status: version.status,
    total_minor: version.total.amountMinor.toString(),
    change_minor: version.cumulativeChange.amountMinor.toString(),
    currency: version.total.currency,
    document_hash: version.documentHash,
    document_version: version.documentVersion,
    reason: version.reason,
    created_by: version.createdBy,
    created_at: version.createdAt.toISOString(),
    decided_by: version.decidedBy,
    decided_at: version.decidedAt?.toISOString() ?? null,
    decision_comment: version.decisionComment,
  };
  return encodeJson({ ...plain, lines: version.lines, differences: version.differences });
}
