import type { Sql, Transaction } from '#kernel/database.ts';
import type { SellerCandidate, SellerKey } from '../domain/seller.ts';

export interface SupplierProjection {
  readonly id: string;
  readonly number: string;
  readonly legalName: string;
  readonly status: string;
  readonly blocks: readonly string[];
  /** The supplier's version that this tells of. */
  readonly sequence: number;
  readonly keys: readonly SellerKey[];
}

export interface OrderProjection {
  readonly id: string;
  readonly number: string;
  readonly erpNumber: string | null;
  readonly requisitionId: string;
  readonly companyCode: string;
  readonly costCentreId: string;
  readonly category: string;
  readonly requesterId: string;
  readonly supplierId: string;
  readonly currency: string;
  readonly status: string;
  readonly correlationId: string;
  readonly version: number;
  readonly lines: readonly {
    readonly id: string;
    readonly lineNumber: number;
    readonly description: string;
    readonly quantity: string;
    readonly unitCode: string;
    readonly unitPrice: string;
    readonly priceQuantity: string;
    readonly netAmountMinor: bigint;
  }[];
}

export interface ReceiptProjection {
  readonly goodsReceiptId: string;
  readonly lines: readonly { readonly purchaseOrderLineId: string; readonly quantity: string }[];
}

/** Takes over what suppliers' events tell; a supplier that is known by a later version keeps it. */
export async function putSuppliers(
  tx: Transaction,
  suppliers: readonly SupplierProjection[],
): Promise<void> {
  const taken = await tx.query<{ id: string }>(
    `insert into supplier (id, number, legal_name, status, blocks, sequence)
     select s.id, s.number, s."legalName", s.status, array(select jsonb_array_elements_text(s.blocks)), s.sequence
     from jsonb_to_recordset($1::jsonb) s (id text, number text, "legalName" text, status text, blocks jsonb, sequence bigint)
     on conflict (id) do update set number = excluded.number, legal_name = excluded.legal_name, status = excluded.status,
       blocks = excluded.blocks, sequence = excluded.sequence
     where supplier.sequence < excluded.sequence returning id`,
    [JSON.stringify(suppliers)],
  );
  const ids = new Set(taken.map((row) => row.id));
  const keys = suppliers
    .filter((supplier) => ids.has(supplier.id))
    .flatMap((supplier) => supplier.keys.map((key) => ({ ...key, id: supplier.id })));
  await tx.query('delete from supplier_key where supplier_id = any($1)', [[...ids]]);
  await tx.query(
    `insert into supplier_key (supplier_id, kind, value) select * from unnest($1::text[], $2::text[], $3::text[])
     on conflict do nothing`,
    [keys.map((key) => key.id), keys.map((key) => key.kind), keys.map((key) => key.value)],
  );
}

/** Takes over orders with their lines; an order that is known by a later version keeps it. Locks the orders it changes. */
export async function putOrders(
  tx: Transaction,
  orders: readonly OrderProjection[],
): Promise<void> {
  const taken = await tx.query<{ id: string }>(
    `insert into purchase_order (id, number, erp_number, requisition_id, company_code, cost_centre_id, category, requester_id,
       supplier_id, currency, status, correlation_id, version)
     select id, number, "erpNumber", "requisitionId", "companyCode", "costCentreId", category, "requesterId", "supplierId",
       currency, status, "correlationId", version
     from jsonb_to_recordset($1::jsonb) o (id text, number text, "erpNumber" text, "requisitionId" text, "companyCode" text,
       "costCentreId" text, category text, "requesterId" text, "supplierId" text, currency text, status text,
       "correlationId" text, version bigint)
     on conflict (id) do update set erp_number = excluded.erp_number, cost_centre_id = excluded.cost_centre_id,
       category = excluded.category, supplier_id = excluded.supplier_id, currency = excluded.currency,
       status = excluded.status, version = excluded.version
     where purchase_order.version < excluded.version returning id`,
    [JSON.stringify(orders, withoutBigints)],
  );
  const ids = new Set(taken.map((row) => row.id));
  const lines = orders
    .filter((order) => ids.has(order.id))
    .flatMap((order) => order.lines.map((line) => ({ ...line, orderId: order.id })));
  await tx.query('delete from purchase_order_line where purchase_order_id = any($1)', [[...ids]]);
  await tx.query(
    `insert into purchase_order_line (id, purchase_order_id, line_number, description, quantity, unit_code, unit_price,
       price_quantity, net_amount_minor)
     select id, "orderId", "lineNumber", description, quantity, "unitCode", "unitPrice", "priceQuantity", "netAmountMinor"
     from jsonb_to_recordset($1::jsonb) l (id text, "orderId" text, "lineNumber" integer, description text, quantity numeric,
       "unitCode" text, "unitPrice" numeric, "priceQuantity" numeric, "netAmountMinor" bigint)`,
    [JSON.stringify(lines, withoutBigints)],
  );
}

/** JSON has no bigint; PostgreSQL reads one from its text. */
function withoutBigints(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

/** Takes over posted receipts; one that is known already is left alone. */
export async function putReceipts(
  tx: Transaction,
  receipts: readonly ReceiptProjection[],
): Promise<void> {
  const lines = receipts.flatMap((receipt) =>
    receipt.lines.map((line) => ({ ...line, receiptId: receipt.goodsReceiptId })),
  );
  await tx.query(
    `insert into goods_receipt_line (goods_receipt_id, purchase_order_line_id, quantity)
     select receipt, line, sum(quantity) from unnest($1::text[], $2::text[], $3::numeric[]) r (receipt, line, quantity)
     group by receipt, line on conflict do nothing`,
    [
      lines.map((line) => line.receiptId),
      lines.map((line) => line.purchaseOrderLineId),
      lines.map((line) => line.quantity),
    ],
  );
}

/** Takes a receipt back; its quantities count no more. */
export async function reverseReceipt(tx: Transaction, goodsReceiptId: string): Promise<void> {
  await tx.query('update goods_receipt_line set reversed = true where goods_receipt_id = $1', [
    goodsReceiptId,
  ]);
}

/** The suppliers that share one of these keys. */
export async function findSellerCandidates(
  sql: Sql,
  keys: readonly SellerKey[],
): Promise<SellerCandidate[]> {
  return sql.query<SellerCandidate>(
    `select k.supplier_id as "supplierId", k.kind, k.value
     from unnest($1::text[], $2::text[]) wanted (kind, value) join supplier_key k on k.kind = wanted.kind and k.value = wanted.value`,
    [keys.map((key) => key.kind), keys.map((key) => key.value)],
  );
}

export async function isKnownSupplier(sql: Sql, supplierId: string): Promise<boolean> {
  return (await sql.query('select 1 from supplier where id = $1', [supplierId])).length > 0;
}

/** The legal name, as far as events have told of it. */
export async function findSupplierName(sql: Sql, supplierId: string): Promise<string | null> {
  const [row] = await sql.query<{ legal_name: string }>(
    'select legal_name from supplier where id = $1',
    [supplierId],
  );
  return row?.legal_name ?? null;
}

/** Invoices looked at again because of one event; more than this wait for their own next event or a person. */
const REMATCH_MAX = 500;

/** Invoices that an event about an order may set free: those that wait for it by link, and those that named it before it was known. */
export async function findWaitingForOrder(sql: Sql, orderId: string): Promise<string[]> {
  const rows = await sql.query<{ id: string }>(
    `select i.id from invoice i where i.purchase_order_id = $1 and i.status in ('HELD', 'AWAITING_RECEIPT')
     union
     select i.id from purchase_order o join invoice i on i.company_code = o.company_code and i.order_reference in (o.number, o.erp_number)
     where o.id = $1 and i.purchase_order_id is null and i.status = 'HELD'
     order by id limit $2`,
    [orderId, REMATCH_MAX],
  );
  return rows.map((row) => row.id);
}

/** Invoices held because of their supplier. */
export async function findHeldForSupplier(sql: Sql, supplierId: string): Promise<string[]> {
  const rows = await sql.query<{ id: string }>(
    `select distinct i.id from invoice i join hold h on h.invoice_id = i.id
     where i.supplier_id = $1 and i.status = 'HELD' and h.status = 'OPEN' and h.code = 'SUPPLIER_BLOCKED'
     order by i.id limit $2`,
    [supplierId, REMATCH_MAX],
  );
  return rows.map((row) => row.id);
}

/** Invoices of an unknown seller whose identity is one of these keys. */
export async function findUnknownSellers(sql: Sql, keys: readonly SellerKey[]): Promise<string[]> {
  const rows = await sql.query<{ id: string }>(
    `select id from invoice where status = 'SUPPLIER_UNKNOWN' and seller_key = any($1) order by id limit $2`,
    [keys.map((key) => `${key.kind}:${key.value}`), REMATCH_MAX],
  );
  return rows.map((row) => row.id);
}
