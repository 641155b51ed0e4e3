import type { Sql, Transaction } from '#kernel/database.ts';
import type { ReadScope } from '#kernel/identity.ts';
import type { Payment, PaymentStatus } from '../domain/payment.ts';

interface PaymentRow {
  readonly id: string;
  readonly invoice_id: string;
  readonly erp: string;
  readonly number: string;
  readonly amount_minor: bigint;
  readonly currency: string;
  readonly status: Payment['status'];
  readonly value_on: string | null;
  readonly erp_sequence: bigint;
  readonly version: bigint;
  readonly reported_at: Date;
}

/** Takes over reports that are newer than what is known of their payment; returns those, with their new version. */
export async function putPayments(
  tx: Transaction,
  payments: readonly Payment[],
): Promise<Payment[]> {
  const rows = await tx.query<PaymentRow>(
    `insert into payment (id, invoice_id, erp, number, amount_minor, currency, status, value_on, erp_sequence, version, reported_at)
     select id, "invoiceId", erp, number, "amountMinor", currency, status, "valueOn", "erpSequence", version, "reportedAt"
     from jsonb_to_recordset($1::jsonb) p (id text, "invoiceId" text, erp text, number text, "amountMinor" bigint, currency text,
       status text, "valueOn" date, "erpSequence" bigint, version bigint, "reportedAt" timestamptz)
     on conflict (erp, number, invoice_id) do update set amount_minor = excluded.amount_minor, currency = excluded.currency,
       status = excluded.status, value_on = excluded.value_on, erp_sequence = excluded.erp_sequence,
       version = payment.version + 1, reported_at = excluded.reported_at
     where payment.erp_sequence < excluded.erp_sequence returning *`,
    [
      JSON.stringify(
        payments.map((payment) => ({ ...payment, amountMinor: payment.amountMinor.toString() })),
      ),
    ],
  );
  return rows.map(toPayment);
}

export async function updatePaymentStatus(
  tx: Transaction,
  invoiceId: string,
  status: PaymentStatus,
): Promise<void> {
  await tx.query('update invoice set payment_status = $2 where id = $1', [invoiceId, status]);
}

/** All payments of one invoice, for deciding. */
export async function readPaymentsOf(sql: Sql, invoiceId: string): Promise<Payment[]> {
  const rows = await sql.query<PaymentRow>(
    'select * from payment where invoice_id = $1 order by id',
    [invoiceId],
  );
  return rows.map(toPayment);
}

/** The payments of these ids that the scope may see, by the place of their invoice. */
export async function readPayments(
  sql: Sql,
  ids: readonly string[],
  scope: ReadScope,
): Promise<Payment[]> {
  const rows = await sql.query<PaymentRow>(
    `select p.* from payment p join invoice i on i.id = p.invoice_id
     where p.id = any($1) and visible($2::jsonb, i.company_code, i.cost_centre_id, i.owner_id)`,
    [ids, JSON.stringify(scope)],
  );
  return rows.map(toPayment);
}

/** What payments hang on: the invoice itself, or what its invoices hang on. */
export type PaymentParent = 'id' | 'purchase_order_id' | 'requisition_id';
/** Payments listed per parent; a document with more is read through its invoices. */
const PAYMENTS_MAX = 100;

/** Payments of many parents in one statement, each with the parent it belongs to. */
export async function readPaymentsByParent(
  sql: Sql,
  parent: PaymentParent,
  parentIds: readonly string[],
  scope: ReadScope,
): Promise<(Payment & { readonly parentId: string })[]> {
  const rows = await sql.query<PaymentRow & { parent_id: string }>(
    `select parent.id as parent_id, found.* from unnest($1::text[]) parent (id) cross join lateral (
       select p.* from invoice i join payment p on p.invoice_id = i.id
       where i.${parent} = parent.id and visible($2::jsonb, i.company_code, i.cost_centre_id, i.owner_id)
       order by p.id limit ${PAYMENTS_MAX}) found`,
    [parentIds, JSON.stringify(scope)],
  );
  return rows.map((row) => ({ ...toPayment(row), parentId: row.parent_id }));
}

function toPayment(row: PaymentRow): Payment {
  return {
    id: row.id,
    invoiceId: row.invoice_id,
    erp: row.erp,
    number: row.number,
    amountMinor: row.amount_minor,
    currency: row.currency,
    status: row.status,
    valueOn: row.value_on,
    erpSequence: Number(row.erp_sequence),
    version: Number(row.version),
    reportedAt: row.reported_at,
  };
}
