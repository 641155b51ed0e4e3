import { decimalOf } from '#kernel/decimal.ts';
import { ACCEPTED_STATUSES, OPEN_STATUSES } from '../domain/invoice.ts';
import type { Sql, Transaction } from '#kernel/database.ts';
import type { Place } from '#kernel/identity.ts';
import type { OrderLink } from '../domain/invoice.ts';
import type { MatchFacts, OrderFacts, OrderLine } from '../domain/match-facts.ts';
import type { MatchPolicy } from '../domain/match-policy.ts';
import type { Decimal } from '#kernel/decimal.ts';

export interface Order extends OrderLink, OrderFacts {
  readonly companyCode: string;
  readonly category: string;
}

/** Where the order belongs, for deciding who may see it. */
export function placeOfOrder(order: Order): Place {
  return {
    companyCode: order.companyCode,
    costCentreId: order.costCentreId,
    ownerId: order.requesterId,
  };
}

interface OrderRow {
  readonly id: string;
  readonly number: string;
  readonly requisition_id: string;
  readonly company_code: string;
  readonly cost_centre_id: string;
  readonly category: string;
  readonly requester_id: string;
  readonly supplier_id: string;
  readonly currency: string;
  readonly status: string;
  readonly correlation_id: string;
}

/**
 * Locks the order until the transaction ends, so that invoices of one order are matched one after the other, and reads
 * it with what has been received and billed. Another invoice counts as billed once it is accepted, or while it waits
 * and came before this one.
 */
export async function lockOrder(
  tx: Transaction,
  orderId: string,
  invoiceId: string,
): Promise<Order | null> {
  const [row] = await tx.query<OrderRow>('select * from purchase_order where id = $1 for update', [
    orderId,
  ]);
  if (row === undefined) return null;
  return {
    id: row.id,
    number: row.number,
    requisitionId: row.requisition_id,
    companyCode: row.company_code,
    costCentreId: row.cost_centre_id,
    category: row.category,
    requesterId: row.requester_id,
    supplierId: row.supplier_id,
    currency: row.currency,
    status: row.status,
    correlationId: row.correlation_id,
    lines: await readOrderLines(tx, orderId, invoiceId),
  };
}

/** Locks the order of an invoice, if it has one: orders are always locked before invoices. */
export async function lockOrderOfInvoice(tx: Transaction, invoiceId: string): Promise<void> {
  await tx.query(
    'select 1 from purchase_order where id = (select purchase_order_id from invoice where id = $1) for update',
    [invoiceId],
  );
}

interface OrderLineRow {
  readonly id: string;
  readonly line_number: number;
  readonly description: string;
  readonly quantity: string;
  readonly unit_code: string;
  readonly unit_price: string;
  readonly price_quantity: string;
  readonly net_amount_minor: bigint;
  readonly received: string;
  readonly billed_quantity: string;
  readonly accepted_quantity: string;
  readonly accepted_net_minor: bigint;
}

async function readOrderLines(
  tx: Transaction,
  orderId: string,
  invoiceId: string,
): Promise<OrderLine[]> {
  const rows = await tx.query<OrderLineRow>(
    `select o.id, o.line_number, o.description, o.quantity, o.unit_code, o.unit_price, o.price_quantity, o.net_amount_minor,
       coalesce((select sum(r.quantity) from goods_receipt_line r where r.purchase_order_line_id = o.id and not r.reversed), 0) as received,
       coalesce(billed.quantity, 0) as billed_quantity, coalesce(billed.accepted_quantity, 0) as accepted_quantity,
       coalesce(billed.accepted_net_minor, 0)::bigint as accepted_net_minor
     from purchase_order_line o
     left join lateral (
       select sum(abs(l.quantity) * direction.sign) as quantity,
         sum(abs(l.quantity) * direction.sign) filter (where i.status = any($3)) as accepted_quantity,
         sum(abs(l.net_amount_minor) * direction.sign) filter (where i.status = any($3)) as accepted_net_minor
       from invoice_line l
       join invoice i on i.id = l.invoice_id
       cross join lateral (select case when (i.kind = 'CREDIT_MEMO') <> (l.net_amount_minor < 0) then -1 else 1 end as sign) direction
       where l.purchase_order_line_id = o.id and i.id <> $2
         and (i.status = any($3) or (i.status = any($4) and i.id < $2))
     ) billed on true
     where o.purchase_order_id = $1 order by o.line_number`,
    [orderId, invoiceId, ACCEPTED_STATUSES, OPEN_STATUSES],
  );
  return rows.map((row) => ({
    id: row.id,
    lineNumber: row.line_number,
    description: row.description,
    quantity: decimalOf(row.quantity),
    unitCode: row.unit_code,
    unitPrice: decimalOf(row.unit_price),
    priceQuantity: decimalOf(row.price_quantity),
    netAmountMinor: row.net_amount_minor,
    received: decimalOf(row.received),
    billedQuantity: decimalOf(row.billed_quantity),
    acceptedQuantity: decimalOf(row.accepted_quantity),
    acceptedNetMinor: row.accepted_net_minor,
  }));
}

/** The order of a company that a supplier's document names, by our number or the ERP's; null when there is not exactly one. */
export async function findOrderByReference(
  sql: Sql,
  companyCode: string,
  reference: string,
): Promise<string | null> {
  const rows = await sql.query<{ id: string }>(
    `select id from purchase_order where company_code = $1 and number = $2
     union select id from purchase_order where company_code = $1 and erp_number = $2 limit 2`,
    [companyCode, reference.trim()],
  );
  return rows.length === 1 ? (rows[0]?.id ?? null) : null;
}

/** What may still be credited of the invoices that a credit memo names, and their order; null when none is known. */
export async function findPreceding(
  sql: Sql,
  named: {
    readonly supplierId: string;
    readonly normalisedNumbers: readonly string[];
    readonly invoiceId: string;
  },
): Promise<{ readonly creditableMinor: bigint; readonly purchaseOrderId: string | null } | null> {
  if (named.normalisedNumbers.length === 0) return null;
  const [row] = await sql.query<{ invoices: bigint; creditable: bigint; order_id: string | null }>(
    `with named as (
       select id, net_amount_minor, purchase_order_id from invoice
       where supplier_id = $1 and kind = 'STANDARD' and normalised_number = any($2) and status = any($4)),
     credits as (
       select coalesce(sum(c.net_amount_minor), 0) as net_minor from invoice c
       where c.supplier_id = $1 and c.kind = 'CREDIT_MEMO' and c.id <> $3 and c.status = any($4)
         and exists (select from jsonb_array_elements_text(c.details->'normalisedPreceding') p where p = any($2)))
     select count(*) as invoices, (coalesce(sum(named.net_amount_minor), 0) - (select net_minor from credits))::bigint as creditable,
       max(purchase_order_id) as order_id from named`,
    [named.supplierId, named.normalisedNumbers, named.invoiceId, ACCEPTED_STATUSES],
  );
  return row === undefined || row.invoices === 0n
    ? null
    : { creditableMinor: row.creditable, purchaseOrderId: row.order_id };
}

/** What the match must know of the supplier; null while no event has told of it. */
export async function findSupplierState(
  sql: Sql,
  supplierId: string,
): Promise<MatchFacts['supplier']> {
  const [row] = await sql.query<{ status: string; blocks: string[] }>(
    'select status, blocks from supplier where id = $1',
    [supplierId],
  );
  return row ?? null;
}

interface PolicyRow {
  readonly company_code: string;
  readonly category: string;
  readonly level: MatchPolicy['level'];
  readonly price_upper_percent: string | null;
  readonly price_upper_absolute: string | null;
  readonly price_lower_percent: string | null;
  readonly price_lower_absolute: string | null;
  readonly quantity_upper_percent: string | null;
  readonly quantity_upper_absolute: string | null;
  readonly negligible_amount: string;
  readonly unordered_amount: string;
  readonly unplanned_charges: string;
  readonly tax_difference: string;
  readonly amount_limit: string | null;
  readonly version: number;
}

/** The policy that fits a company and a category best. */
export async function readPolicy(
  sql: Sql,
  companyCode: string,
  category: string,
): Promise<MatchPolicy> {
  const [row] = await sql.query<PolicyRow>(
    `select * from match_policy where company_code in ($1, '*') and category in ($2, '*')
     order by (company_code = $1) desc, (category = $2) desc limit 1`,
    [companyCode, category],
  );
  if (row === undefined)
    throw new Error(
      'The match policy for every company ("*") is missing; the first migration inserts it.',
    );
  return toPolicy(row);
}

export async function readPolicies(sql: Sql): Promise<MatchPolicy[]> {
  const rows = await sql.query<PolicyRow>(
    'select * from match_policy order by company_code, category',
  );
  return rows.map(toPolicy);
}

function toPolicy(row: PolicyRow): MatchPolicy {
  return {
    companyCode: row.company_code,
    category: row.category,
    level: row.level,
    priceUpper: {
      percent: optional(row.price_upper_percent),
      absolute: optional(row.price_upper_absolute),
    },
    priceLower: {
      percent: optional(row.price_lower_percent),
      absolute: optional(row.price_lower_absolute),
    },
    quantityUpper: {
      percent: optional(row.quantity_upper_percent),
      absolute: optional(row.quantity_upper_absolute),
    },
    negligibleAmount: decimalOf(row.negligible_amount),
    unorderedAmount: decimalOf(row.unordered_amount),
    unplannedCharges: decimalOf(row.unplanned_charges),
    taxDifference: decimalOf(row.tax_difference),
    amountLimit: optional(row.amount_limit),
    version: row.version,
  };
}

function optional(text: string | null): Decimal | null {
  return text === null ? null : decimalOf(text);
}
