import { decimalOf, formatDecimal } from '#kernel/decimal.ts';
import { LINE_COLUMNS, LINE_SHAPE, lineJson, lineOf } from './line-row.ts';
import type { Sql, Transaction } from '#kernel/database.ts';
import type { ReadScope } from '#kernel/identity.ts';
import type { OrderWithLines } from '../domain/order-change.ts';
import type { OrderLine, PurchaseOrder, PurchaseOrderStatus } from '../domain/purchase-order.ts';
import type { LineRow } from './line-row.ts';

const COLUMNS = `id, number, version, status, requisition_id, company_code, cost_centre_id, category, requester_id, supplier_id,
  total_minor, currency, document_hash, correlation_id, erp_number, erp_version, order_version, approved_order_version,
  end_reason, created_at, updated_at`;

const SHAPE = `id text, number text, version integer, status text, requisition_id text, company_code text, cost_centre_id text,
  category text, requester_id text, supplier_id text, total_minor bigint, currency text, document_hash text,
  correlation_id text, erp_number text, erp_version integer, order_version integer, approved_order_version integer,
  end_reason text, created_at timestamptz, updated_at timestamptz`;

export interface OrderRow {
  readonly id: string;
  readonly number: string;
  readonly version: number;
  readonly status: PurchaseOrderStatus;
  readonly requisition_id: string;
  readonly company_code: string;
  readonly cost_centre_id: string;
  readonly category: string;
  readonly requester_id: string;
  readonly supplier_id: string;
  readonly total_minor: bigint;
  readonly currency: string;
  readonly document_hash: string;
  readonly correlation_id: string;
  readonly erp_number: string | null;
  readonly erp_version: number | null;
  readonly order_version: number;
  readonly approved_order_version: number;
  readonly end_reason: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

type OrderLineRow = LineRow & {
  purchase_order_id: string;
  received_quantity: string;
  invoiced_quantity: string;
};

const ORDER_LINE_COLUMNS = `purchase_order_id, ${LINE_COLUMNS}, received_quantity, invoiced_quantity`;
const ORDER_LINE_SHAPE = `purchase_order_id text, ${LINE_SHAPE}, received_quantity numeric, invoiced_quantity numeric`;

export { COLUMNS as ORDER_COLUMNS };

/** The order with its lines, locked until the transaction ends: receipts and changes of one order take turns here. */
export async function lockOrder(tx: Transaction, id: string): Promise<OrderWithLines | null> {
  const [row] = await tx.query<OrderRow>(
    `select ${COLUMNS} from purchase_order where id = $1 for update`,
    [id],
  );
  return row === undefined ? null : { order: orderOf(row), lines: await orderLines(tx, [id]) };
}

/** As `lockOrder`, for a viewer: what it may not see is not there. */
export async function lockVisibleOrder(
  tx: Transaction,
  id: string,
  scope: ReadScope,
): Promise<OrderWithLines | null> {
  const [row] = await tx.query<OrderRow>(
    `select ${COLUMNS} from purchase_order
     where id = $1 and visible($2::jsonb, company_code, cost_centre_id, requester_id) for update`,
    [id, JSON.stringify(scope)],
  );
  return row === undefined ? null : { order: orderOf(row), lines: await orderLines(tx, [id]) };
}

export async function ordersByIds(
  sql: Sql,
  ids: readonly string[],
  scope: ReadScope,
): Promise<PurchaseOrder[]> {
  const rows = await sql.query<OrderRow>(
    `select ${COLUMNS} from purchase_order
     where id = any($1) and visible($2::jsonb, company_code, cost_centre_id, requester_id)`,
    [ids, JSON.stringify(scope)],
  );
  return rows.map(orderOf);
}

export async function orderByNumber(
  sql: Sql,
  number: string,
  scope: ReadScope,
): Promise<PurchaseOrder | null> {
  const [row] = await sql.query<OrderRow>(
    `select ${COLUMNS} from purchase_order
     where number = $1 and visible($2::jsonb, company_code, cost_centre_id, requester_id)`,
    [number, JSON.stringify(scope)],
  );
  return row === undefined ? null : orderOf(row);
}

/** Lines of many orders, by line number. Whoever may see an order may see its lines. */
export async function orderLines(sql: Sql, orderIds: readonly string[]): Promise<OrderLine[]> {
  const rows = await sql.query<OrderLineRow>(
    `select ${ORDER_LINE_COLUMNS} from purchase_order_line where purchase_order_id = any($1) order by purchase_order_id, line_number`,
    [orderIds],
  );
  return rows.map(orderLineOf);
}

/** Single lines, for references from other rooms; their orders must be visible. */
export async function orderLinesByIds(
  sql: Sql,
  ids: readonly string[],
  scope: ReadScope,
): Promise<OrderLine[]> {
  const rows = await sql.query<OrderLineRow>(
    `select ${ORDER_LINE_COLUMNS} from purchase_order_line
     where id = any($1) and purchase_order_id in (
       select id from purchase_order where visible($2::jsonb, company_code, cost_centre_id, requester_id))`,
    [ids, JSON.stringify(scope)],
  );
  return rows.map(orderLineOf);
}

/** Which orders the lines belong to; lines that are not ours are left out. */
export async function orderIdsOfLines(sql: Sql, lineIds: readonly string[]): Promise<string[]> {
  const rows = await sql.query<{ purchase_order_id: string }>(
    'select distinct purchase_order_id from purchase_order_line where id = any($1) order by 1',
    [lineIds],
  );
  return rows.map((row) => row.purchase_order_id);
}

/** Writes new orders with their lines, however many, in two statements. */
export async function insertOrders(tx: Sql, documents: readonly OrderWithLines[]): Promise<void> {
  await tx.query(
    `insert into purchase_order (${COLUMNS}) select ${COLUMNS} from jsonb_to_recordset($1::jsonb) as given (${SHAPE})`,
    [JSON.stringify(documents.map(({ order }) => orderJson(order)))],
  );
  await tx.query(
    `insert into purchase_order_line (${ORDER_LINE_COLUMNS})
     select ${ORDER_LINE_COLUMNS} from jsonb_to_recordset($1::jsonb) as given (${ORDER_LINE_SHAPE})`,
    [JSON.stringify(documents.flatMap(({ lines }) => lines.map(orderLineJson)))],
  );
}

/** Writes the changed header, one version on. */
export async function updateOrder(tx: Transaction, order: PurchaseOrder): Promise<void> {
  const written = await tx.query(
    `update purchase_order set (${COLUMNS}) = (select ${COLUMNS} from jsonb_to_record($1::jsonb) as given (${SHAPE}))
     where id = $2 and version = $3 returning id`,
    [JSON.stringify(orderJson(order)), order.id, order.version - 1],
  );
  if (written.length !== 1)
    throw new Error(
      `Order ${order.id} was not at version ${order.version - 1} although it was locked.`,
    );
}

/** Writes what may change of lines: quantity, price, date, and what was received. */
export async function updateOrderLines(
  tx: Transaction,
  lines: readonly OrderLine[],
): Promise<void> {
  await tx.query(
    `update purchase_order_line as line
     set quantity = given.quantity, unit_price = given.unit_price, needed_by = given.needed_by,
         net_minor = given.net_minor, received_quantity = given.received_quantity
     from jsonb_to_recordset($1::jsonb) as given (${ORDER_LINE_SHAPE})
     where line.id = given.id`,
    [JSON.stringify(lines.map(orderLineJson))],
  );
}

/** Keeps the ERP's number and the newest version it knows; no decision, so the order's own version stays. */
export async function recordErpConfirmation(
  tx: Transaction,
  confirmed: {
    readonly orderId: string;
    readonly erpNumber: string;
    readonly documentVersion: number;
  },
): Promise<void> {
  await tx.query(
    `update purchase_order set erp_number = $2, erp_version = greatest(erp_version, $3) where id = $1`,
    [confirmed.orderId, confirmed.erpNumber, confirmed.documentVersion],
  );
}

export function orderOf(row: OrderRow): PurchaseOrder {
  return {
    id: row.id,
    number: row.number,
    version: row.version,
    status: row.status,
    requisitionId: row.requisition_id,
    companyCode: row.company_code,
    costCentreId: row.cost_centre_id,
    category: row.category,
    requesterId: row.requester_id,
    supplierId: row.supplier_id,
    total: { amountMinor: row.total_minor, currency: row.currency },
    documentHash: row.document_hash,
    correlationId: row.correlation_id,
    erpNumber: row.erp_number,
    erpVersion: row.erp_version,
    orderVersion: row.order_version,
    approvedOrderVersion: row.approved_order_version,
    endReason: row.end_reason,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function orderLineOf(row: OrderLineRow): OrderLine {
  return {
    ...lineOf(row),
    purchaseOrderId: row.purchase_order_id,
    receivedQuantity: decimalOf(row.received_quantity),
    invoicedQuantity: decimalOf(row.invoiced_quantity),
  };
}

function orderLineJson(line: OrderLine): Record<string, string | number | null> {
  return {
    ...lineJson(line),
    purchase_order_id: line.purchaseOrderId,
    received_quantity: formatDecimal(line.receivedQuantity),
    invoiced_quantity: formatDecimal(line.invoicedQuantity),
  };
}

function orderJson(order: PurchaseOrder): Record<string, unknown> {
  return {
    id: order.id,
    number: order.number,
    version: order.version,
    status: order.status,
    requisition_id: order.requisitionId,
    company_code: order.companyCode,
    cost_centre_id: order.costCentreId,
    category: order.category,
    requester_id: order.requesterId,
    supplier_id: order.supplierId,
    total_minor: order.total.amountMinor.toString(),
    currency: order.total.currency,
    document_hash: order.documentHash,
    correlation_id: order.correlationId,
    erp_number: order.erpNumber,
    erp_version: order.erpVersion,
    order_version: order.orderVersion,
    approved_order_version: order.approvedOrderVersion,
    end_reason: order.endReason,
    created_at: order.createdAt,
    updated_at: order.updatedAt,
  };
}
