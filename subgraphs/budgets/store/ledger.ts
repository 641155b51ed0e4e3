import { pageSql } from '#kernel/paging.ts';
import type { Sql, Transaction } from '#kernel/database.ts';
import type { Page } from '#kernel/paging.ts';
import type { Bucket } from '../domain/budget-line.ts';
import type { ExchangeRate } from '../domain/exchange-rate.ts';
import type { DocumentType, Movement } from '../domain/funds-reservation.ts';

export type EntryKind = Movement['kind'] | 'INITIAL' | 'SUPPLEMENT' | 'RETURN' | 'TRANSFER';

/** One entry to be made, on the line that is meant; ancestors get theirs by themselves. */
export interface Posting {
  readonly budgetLineId: string;
  readonly reservationId: string | null;
  readonly kind: EntryKind;
  readonly bucket: Bucket;
  readonly amountMinor: bigint;
  readonly document: {
    readonly type: DocumentType;
    readonly id: string;
    readonly number: string;
    readonly currency: string;
  } | null;
  readonly on: string;
  readonly rate: ExchangeRate | null;
  readonly reason: string | null;
  readonly actorId: string;
  /** The idempotency key or the event that caused it. */
  readonly causeId: string;
  readonly correlationId: string;
}

/**
 * Writes entries and moves the balances in one statement. Whoever posts holds the lines' locks (`lockPaths`).
 * `mayOverrun`: these are facts; what goes beyond an absolute limit is recorded as an overrun instead of refused.
 */
export async function postEntries(
  sql: Sql,
  postings: readonly Posting[],
  options: { readonly at: Date; readonly mayOverrun: boolean },
): Promise<void> {
  if (postings.length === 0) return;
  await sql.query(
    `select post_entries(
       (select array_agg(posting order by place)
        from (
          select row(posting.*)::ledger_posting as posting, place
          from jsonb_array_elements($1::jsonb) with ordinality as element (value, place),
            jsonb_populate_record(null::ledger_posting, element.value) as posting
        ) as ordered),
       $2, $3)`,
    [JSON.stringify(postings.map(toRow)), options.at, options.mayOverrun],
  );
}

function toRow(posting: Posting): Record<string, string | null> {
  return {
    budget_line_id: posting.budgetLineId,
    reservation_id: posting.reservationId,
    kind: posting.kind,
    bucket: posting.bucket,
    amount_minor: posting.amountMinor.toString(),
    document_type: posting.document?.type ?? null,
    document_id: posting.document?.id ?? null,
    document_number: posting.document?.number ?? null,
    on_date: posting.on,
    document_currency: posting.document?.currency ?? null,
    rate_type: posting.rate?.rateType ?? null,
    rate: posting.rate?.rate ?? null,
    rate_date: posting.rate?.rateDate ?? null,
    reason: posting.reason,
    actor_id: posting.actorId,
    cause_id: posting.causeId,
    correlation_id: posting.correlationId,
  };
}

/** An entry as it stands in the ledger. */
export interface LedgerEntry {
  /** Counts up in the order of entry; a page's sort key. */
  readonly id: string;
  readonly budgetLineId: string;
  readonly currency: string;
  readonly rolledUp: boolean;
  readonly reservationId: string | null;
  readonly kind: EntryKind;
  readonly bucket: Bucket;
  readonly amountMinor: bigint;
  readonly documentType: DocumentType | null;
  readonly documentId: string | null;
  readonly documentNumber: string | null;
  readonly on: string;
  readonly rate: ExchangeRate | null;
  readonly reason: string | null;
  readonly actorId: string;
  readonly correlationId: string;
  readonly enteredAt: Date;
}

interface LedgerEntryRow {
  readonly id: bigint;
  readonly budget_line_id: string;
  readonly currency: string;
  readonly rolled_up: boolean;
  readonly reservation_id: string | null;
  readonly kind: EntryKind;
  readonly bucket: Bucket;
  readonly amount_minor: bigint;
  readonly document_type: DocumentType | null;
  readonly document_id: string | null;
  readonly document_number: string | null;
  readonly on_date: string;
  readonly rate_type: ExchangeRate['rateType'] | null;
  readonly rate: string | null;
  readonly rate_date: string | null;
  readonly reason: string | null;
  readonly actor_id: string;
  readonly correlation_id: string;
  readonly entered_at: Date;
}

/** One page of entries for each of many lines, in one statement. The caller has checked that the lines may be seen. */
export async function ledgerEntriesOfLines(
  sql: Sql,
  lineIds: readonly string[],
  page: Page,
): Promise<LedgerEntry[]> {
  const { orderLimit } = pageSql(page, 'ledger_entry.id', 2);
  const beyond = page.backward ? '<' : '>';
  const rows = await sql.query<LedgerEntryRow>(
    `select entry.*, budget_line.currency from unnest($1::text[]) as wanted (line_id)
     join budget_line on budget_line.id = wanted.line_id
     cross join lateral (
       select ledger_entry.* from ledger_entry
       where ledger_entry.budget_line_id = wanted.line_id and ($2::bigint is null or ledger_entry.id ${beyond} $2)
       ${orderLimit}
     ) as entry`,
    [lineIds, page.cursor],
  );
  return rows.map(toLedgerEntry);
}

function toLedgerEntry(row: LedgerEntryRow): LedgerEntry {
  return {
    id: row.id.toString(),
    budgetLineId: row.budget_line_id,
    currency: row.currency,
    rolledUp: row.rolled_up,
    reservationId: row.reservation_id,
    kind: row.kind,
    bucket: row.bucket,
    amountMinor: row.amount_minor,
    documentType: row.document_type,
    documentId: row.document_id,
    documentNumber: row.document_number,
    on: row.on_date,
    rate:
      row.rate_type === null || row.rate === null || row.rate_date === null
        ? null
        : { rateType: row.rate_type, rate: row.rate, rateDate: row.rate_date },
    reason: row.reason,
    actorId: row.actor_id,
    correlationId: row.correlation_id,
    enteredAt: row.entered_at,
  };
}

/** The balances of every line as its entries sum up to: what the balances of `budget_line` must equal. */
export async function foldLedger(
  tx: Transaction | Sql,
): Promise<ReadonlyMap<string, Readonly<Record<Bucket, bigint>>>> {
  const rows = await tx.query<{ budget_line_id: string; bucket: Bucket; amount_minor: bigint }>(
    'select budget_line_id, bucket, sum(amount_minor)::bigint as amount_minor from ledger_entry group by budget_line_id, bucket',
  );
  const folded = new Map<string, Record<Bucket, bigint>>();
  for (const row of rows) {
    const balance = folded.get(row.budget_line_id) ?? {
      INITIAL: 0n,
      ADJUSTMENT: 0n,
      PRE_ENCUMBRANCE: 0n,
      ENCUMBRANCE: 0n,
      ACTUAL: 0n,
    };
    folded.set(row.budget_line_id, { ...balance, [row.bucket]: row.amount_minor });
  }
  return folded;
}
