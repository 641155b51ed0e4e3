import { decimalOf, formatDecimal } from '#kernel/decimal.ts';
import type { Sql, Transaction } from '#kernel/database.ts';
import type { ReadScope } from '#kernel/identity.ts';
import type {
  GoodsReceipt,
  GoodsReceiptLine,
  GoodsReceiptStatus,
} from '../domain/goods-receipt.ts';

const COLUMNS = `id, number, version, status, purchase_order_id, company_code, cost_centre_id, requester_id, posted_on,
  posted_by, delivery_note, reversed_by, reversal_reason, correlation_id, created_at, updated_at`;

const SHAPE = `id text, number text, version integer, status text, purchase_order_id text, company_code text, cost_centre_id text,
  requester_id text, posted_on date, posted_by text, delivery_note text, reversed_by text, reversal_reason text,
  correlation_id text, created_at timestamptz, updated_at timestamptz`;

interface ReceiptRow {
  readonly id: string;
  readonly number: string;
  readonly version: number;
  readonly status: GoodsReceiptStatus;
  readonly purchase_order_id: string;
  readonly company_code: string;
  readonly cost_centre_id: string;
  readonly requester_id: string;
  readonly posted_on: string;
  readonly posted_by: string;
  readonly delivery_note: string | null;
  readonly reversed_by: string | null;
  readonly reversal_reason: string | null;
  readonly correlation_id: string;
  readonly created_at: Date;
  readonly updated_at: Date;
}

interface ReceiptLineRow {
  readonly id: string;
  readonly goods_receipt_id: string;
  readonly purchase_order_line_id: string;
  readonly line_number: number;
  readonly quantity: string;
  readonly unit_code: string;
}

export async function receiptsByIds(
  sql: Sql,
  ids: readonly string[],
  scope: ReadScope,
): Promise<GoodsReceipt[]> {
  const rows = await sql.query<ReceiptRow>(
    `select ${COLUMNS} from goods_receipt
     where id = any($1) and visible($2::jsonb, company_code, cost_centre_id, requester_id)`,
    [ids, JSON.stringify(scope)],
  );
  return rows.map(receiptOf);
}

/** The receipt as it is now; its order's row lock, taken first, keeps it so. */
export async function receiptById(tx: Transaction, id: string): Promise<GoodsReceipt | null> {
  const [row] = await tx.query<ReceiptRow>(`select ${COLUMNS} from goods_receipt where id = $1`, [
    id,
  ]);
  return row === undefined ? null : receiptOf(row);
}

/** Receipts of many orders, oldest first. Whoever may see an order may see its receipts. */
export async function receiptsOfOrders(
  sql: Sql,
  orderIds: readonly string[],
): Promise<GoodsReceipt[]> {
  const rows = await sql.query<ReceiptRow>(
    `select ${COLUMNS} from goods_receipt where purchase_order_id = any($1) order by purchase_order_id, id`,
    [orderIds],
  );
  return rows.map(receiptOf);
}

export async function receiptLines(
  sql: Sql,
  receiptIds: readonly string[],
): Promise<GoodsReceiptLine[]> {
  const rows = await sql.query<ReceiptLineRow>(
    `select id, goods_receipt_id, purchase_order_line_id, line_number, quantity, unit_code from goods_receipt_line
     where goods_receipt_id = any($1) order by goods_receipt_id, line_number`,
    [receiptIds],
  );
  return rows.map((row) => ({
    id: row.id,
    goodsReceiptId: row.goods_receipt_id,
    purchaseOrderLineId: row.purchase_order_line_id,
    lineNumber: row.line_number,
    quantity: decimalOf(row.quantity),
    unitCode: row.unit_code,
  }));
}

/** Writes receipts with their lines, however many, in two statements. */
export async function insertReceipts(
  tx: Sql,
  documents: readonly {
    readonly receipt: GoodsReceipt;
    readonly receiptLines: readonly GoodsReceiptLine[];
  }[],
): Promise<void> {
  await tx.query(
    `insert into goods_receipt (${COLUMNS}) select ${COLUMNS} from jsonb_to_recordset($1::jsonb) as given (${SHAPE})`,
    [JSON.stringify(documents.map(({ receipt }) => receiptJson(receipt)))],
  );
  await tx.query(
    `insert into goods_receipt_line (id, goods_receipt_id, purchase_order_line_id, line_number, quantity, unit_code)
     select * from jsonb_to_recordset($1::jsonb) as given (id text, goods_receipt_id text, purchase_order_line_id text,
       line_number integer, quantity numeric, unit_code text)`,
    [JSON.stringify(documents.flatMap((document) => document.receiptLines.map(receiptLineJson)))],
  );
}

export async function updateReceipt(tx: Transaction, receipt: GoodsReceipt): Promise<void> {
  await tx.query(
    `update goods_receipt set status = $2, version = $3, reversed_by = $4, reversal_reason = $5, updated_at = $6 where id = $1`,
    [
      receipt.id,
      receipt.status,
      receipt.version,
      receipt.reversedBy,
      receipt.reversalReason,
      receipt.updatedAt,
    ],
  );
}

function receiptOf(row: ReceiptRow): GoodsReceipt {
  return {
    id: row.id,
    number: row.number,
    version: row.version,
    status: row.status,
    purchaseOrderId: row.purchase_order_id,
    companyCode: row.company_code,
    costCentreId: row.cost_centre_id,
    requesterId: row.requester_id,
    postedOn: row.posted_on,
    postedBy: row.posted_by,
    deliveryNote: row.delivery_note,
    reversedBy: row.reversed_by,
    reversalReason: row.reversal_reason,
    correlationId: row.correlation_id,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function receiptJson(receipt: GoodsReceipt): Record<string, unknown> {
  return {
    id: receipt.id,
    number: receipt.number,
    version: receipt.version,
    status: receipt.status,
    purchase_order_id: receipt.purchaseOrderId,
    company_code: receipt.companyCode,
    cost_centre_id: receipt.costCentreId,
    requester_id: receipt.requesterId,
    posted_on: receipt.postedOn,
    posted_by: receipt.postedBy,
    delivery_note: receipt.deliveryNote,
    reversed_by: receipt.reversedBy,
    reversal_reason: receipt.reversalReason,
    correlation_id: receipt.correlationId,
    created_at: receipt.createdAt,
    updated_at: receipt.updatedAt,
  };
}

function receiptLineJson(line: GoodsReceiptLine): Record<string, unknown> {
  return {
    id: line.id,
    goods_receipt_id: line.goodsReceiptId,
    purchase_order_line_id: line.purchaseOrderLineId,
    line_number: line.lineNumber,
    quantity: formatDecimal(line.quantity),
    unit_code: line.unitCode,
  };
}
