import { money } from '#kernel/money.ts';
import type { Sql, Transaction } from '#kernel/database.ts';
import type { ReadScope } from '#kernel/identity.ts';
import type { ExchangeRate } from '../domain/exchange-rate.ts';
import type {
  DocumentType,
  FundsReservation,
  Liquidation,
  ReservationStage,
  ReservationStatus,
} from '../domain/funds-reservation.ts';

interface ReservationRow {
  readonly id: string;
  readonly budget_line_id: string;
  readonly company_code: string;
  readonly cost_centre_id: string;
  readonly document_type: DocumentType;
  readonly document_id: string;
  readonly document_number: string;
  readonly correlation_id: string;
  readonly stage: ReservationStage;
  readonly status: ReservationStatus;
  readonly currency: string;
  readonly reserved_minor: bigint;
  readonly open_minor: bigint;
  readonly relieved_minor: bigint;
  readonly actual_minor: bigint;
  readonly document_amount_minor: bigint;
  readonly document_currency: string;
  readonly rate_type: ExchangeRate['rateType'] | null;
  readonly rate: string | null;
  readonly rate_date: string | null;
  readonly warning_line_id: string | null;
  readonly warning_available_minor: bigint | null;
  readonly converted_from_id: string | null;
  readonly on_date: string;
  readonly reserved_at: Date;
  readonly version: number;
}

const COLUMNS = `id, budget_line_id, company_code, cost_centre_id, document_type, document_id, document_number, correlation_id,
  stage, status, currency, reserved_minor, open_minor, relieved_minor, actual_minor, document_amount_minor, document_currency,
  rate_type, rate, rate_date, warning_line_id, warning_available_minor, converted_from_id, on_date, reserved_at, version`;

export async function reservationsByIds(
  sql: Sql,
  scope: ReadScope,
  ids: readonly string[],
): Promise<FundsReservation[]> {
  const rows = await sql.query<ReservationRow>(
    `select ${COLUMNS} from funds_reservation where id = any($1) and visible($2, company_code, cost_centre_id, null)`,
    [ids, JSON.stringify(scope)],
  );
  return rows.map(toReservation);
}

/** The reservations that documents of one type ever had, oldest first. */
export async function reservationsOfDocuments(
  sql: Sql,
  scope: ReadScope,
  documentType: DocumentType,
  documentIds: readonly string[],
): Promise<FundsReservation[]> {
  const rows = await sql.query<ReservationRow>(
    `select ${COLUMNS} from funds_reservation
     where document_type = $1 and document_id = any($2) and visible($3, company_code, cost_centre_id, null)
     order by reserved_at, id`,
    [documentType, documentIds, JSON.stringify(scope)],
  );
  return rows.map(toReservation);
}

/**
 * The document's current reservation under lock, else its latest one, else null. The document itself is locked first:
 * whoever waited for a reservation's row alone would get the one that was replaced meanwhile.
 */
export async function lockReservation(
  tx: Transaction,
  documentType: DocumentType,
  documentId: string,
): Promise<FundsReservation | null> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [
    `${documentType}/${documentId}`,
  ]);
  const [row] = await tx.query<ReservationRow>(
    `select ${COLUMNS} from funds_reservation where document_type = $1 and document_id = $2
     order by status in ('CONVERTED', 'RELEASED'), reserved_at desc, id desc limit 1 for update`,
    [documentType, documentId],
  );
  return row === undefined ? null : toReservation(row);
}

export async function lockReservationById(
  tx: Transaction,
  id: string,
): Promise<FundsReservation | null> {
  const [row] = await tx.query<ReservationRow>(
    `select ${COLUMNS} from funds_reservation where id = $1 for update`,
    [id],
  );
  return row === undefined ? null : toReservation(row);
}

export async function insertReservation(
  tx: Transaction,
  reservation: FundsReservation,
): Promise<void> {
  const marks = Array.from({ length: 26 }, (_, index) => `$${index + 1}`).join(', ');
  await tx.query(
    `insert into funds_reservation (${COLUMNS}) values (${marks})`,
    valuesOf(reservation),
  );
}

export async function updateReservation(
  tx: Transaction,
  reservation: FundsReservation,
): Promise<void> {
  await tx.query(
    `update funds_reservation set status = $2, reserved_minor = $3, open_minor = $4, relieved_minor = $5, actual_minor = $6,
       document_amount_minor = $7, warning_line_id = $8, warning_available_minor = $9, reserved_at = $10, version = $11
     where id = $1`,
    [
      reservation.id,
      reservation.status,
      reservation.reservedMinor,
      reservation.openMinor,
      reservation.relievedMinor,
      reservation.actualMinor,
      reservation.documentAmount.amountMinor,
      reservation.warning?.budgetLineId ?? null,
      reservation.warning?.availableMinor ?? null,
      reservation.reservedAt,
      reservation.version,
    ],
  );
}

interface LiquidationRow {
  readonly invoice_id: string;
  readonly invoice_number: string;
  readonly reservation_id: string;
  readonly relieved_minor: bigint;
  readonly actual_minor: bigint;
  readonly status: Liquidation['status'];
  readonly version: number;
}

/** The reservation that an invoice was liquidated against, or null. */
export async function reservationIdOf(sql: Sql, invoiceId: string): Promise<string | null> {
  const [row] = await sql.query<{ reservation_id: string }>(
    'select reservation_id from liquidation where invoice_id = $1',
    [invoiceId],
  );
  return row?.reservation_id ?? null;
}

/** What an invoice took, under lock; null when it took nothing yet. */
export async function lockLiquidation(
  tx: Transaction,
  invoiceId: string,
): Promise<Liquidation | null> {
  const [row] = await tx.query<LiquidationRow>(
    'select * from liquidation where invoice_id = $1 for update',
    [invoiceId],
  );
  if (row === undefined) return null;
  return {
    invoiceId: row.invoice_id,
    invoiceNumber: row.invoice_number,
    reservationId: row.reservation_id,
    relievedMinor: row.relieved_minor,
    actualMinor: row.actual_minor,
    status: row.status,
    version: row.version,
  };
}

/** Fails when the invoice has taken something already: look under the reservation's lock first. */
export async function insertLiquidation(tx: Transaction, liquidation: Liquidation): Promise<void> {
  await tx.query(
    `insert into liquidation (invoice_id, invoice_number, reservation_id, relieved_minor, actual_minor, status, version)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [
      liquidation.invoiceId,
      liquidation.invoiceNumber,
      liquidation.reservationId,
      liquidation.relievedMinor,
      liquidation.actualMinor,
      liquidation.status,
      liquidation.version,
    ],
  );
}

export async function markReversed(tx: Transaction, invoiceId: string): Promise<void> {
  await tx.query(
    `update liquidation set status = 'REVERSED', version = version + 1 where invoice_id = $1`,
    [invoiceId],
  );
}

function valuesOf(reservation: FundsReservation): unknown[] {
  return [
    reservation.id,
    reservation.budgetLineId,
    reservation.companyCode,
    reservation.costCentreId,
    reservation.documentType,
    reservation.documentId,
    reservation.documentNumber,
    reservation.correlationId,
    reservation.stage,
    reservation.status,
    reservation.currency,
    reservation.reservedMinor,
    reservation.openMinor,
    reservation.relievedMinor,
    reservation.actualMinor,
    reservation.documentAmount.amountMinor,
    reservation.documentAmount.currency,
    reservation.rate?.rateType ?? null,
    reservation.rate?.rate ?? null,
    reservation.rate?.rateDate ?? null,
    reservation.warning?.budgetLineId ?? null,
    reservation.warning?.availableMinor ?? null,
    reservation.convertedFromId,
    reservation.on,
    reservation.reservedAt,
    reservation.version,
  ];
}

function toReservation(row: ReservationRow): FundsReservation {
  return {
    id: row.id,
    budgetLineId: row.budget_line_id,
    companyCode: row.company_code,
    costCentreId: row.cost_centre_id,
    documentType: row.document_type,
    documentId: row.document_id,
    documentNumber: row.document_number,
    correlationId: row.correlation_id,
    stage: row.stage,
    status: row.status,
    currency: row.currency,
    reservedMinor: row.reserved_minor,
    openMinor: row.open_minor,
    relievedMinor: row.relieved_minor,
    actualMinor: row.actual_minor,
    documentAmount: money(row.document_amount_minor, row.document_currency),
    rate: rateOf(row),
    warning:
      row.warning_line_id === null || row.warning_available_minor === null
        ? null
        : { budgetLineId: row.warning_line_id, availableMinor: row.warning_available_minor },
    convertedFromId: row.converted_from_id,
    on: row.on_date,
    reservedAt: row.reserved_at,
    version: row.version,
  };
}

function rateOf(
  row: Pick<ReservationRow, 'rate_type' | 'rate' | 'rate_date'>,
): ExchangeRate | null {
  if (row.rate_type === null || row.rate === null || row.rate_date === null) return null;
  return { rateType: row.rate_type, rate: row.rate, rateDate: row.rate_date };
}
