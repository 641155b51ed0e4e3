import type { Sql, Transaction } from '#kernel/database.ts';

/** What came of a message: kept for those who ask why nothing happened. */
export type MessageOutcome = 'APPLIED' | 'STALE' | 'FOREIGN' | 'QUARANTINED';

export interface ErpMessage {
  /** The ERP's name. */
  readonly source: string;
  readonly eventId: string;
  readonly sequence: bigint | null;
  readonly eventType: string;
  readonly body: unknown;
  readonly receivedBy: 'WEBHOOK' | 'POLL';
}

/** Takes the message; false when it was taken before, by whichever way it came. */
export async function takeMessage(
  tx: Transaction,
  message: ErpMessage,
  now: Date,
): Promise<boolean> {
  const rows = await tx.query(
    `insert into erp_message (source, event_id, erp_sequence, event_type, body, received_by, outcome, received_at)
     values ($1, $2, $3, $4, $5, $6, 'TAKEN', $7) on conflict do nothing returning event_id`,
    [
      message.source,
      message.eventId,
      message.sequence,
      message.eventType,
      JSON.stringify(message.body),
      message.receivedBy,
      now,
    ],
  );
  return rows.length > 0;
}

export async function noteOutcome(
  tx: Transaction,
  source: string,
  eventId: string,
  outcome: MessageOutcome,
): Promise<void> {
  await tx.query('update erp_message set outcome = $3 where source = $1 and event_id = $2', [
    source,
    eventId,
    outcome,
  ]);
}

/** A mended mapping reads this many kept messages in one transaction. */
const QUARANTINE_BATCH = 500;

/** Messages of one kind that could not be read, in the order in which they happened, locked. */
export async function lockQuarantined(
  tx: Transaction,
  source: string,
  eventType: string,
): Promise<{ eventId: string; body: unknown }[]> {
  const rows = await tx.query<{ event_id: string; body: unknown }>(
    `select event_id, body from erp_message
     where source = $1 and event_type = $2 and outcome = 'QUARANTINED'
     order by erp_sequence nulls last, received_at limit ${QUARANTINE_BATCH} for update`,
    [source, eventType],
  );
  return rows.map((row) => ({ eventId: row.event_id, body: row.body }));
}

export async function watermarkOf(
  sql: Sql,
  erp: string,
): Promise<{ systemId: string; watermark: bigint } | null> {
  const [row] = await sql.query<{ system_id: string; watermark: bigint }>(
    'select system_id, watermark from erp_feed where erp = $1',
    [erp],
  );
  return row === undefined ? null : { systemId: row.system_id, watermark: row.watermark };
}

/** Moves the watermark; another system id means that the ERP begins a new count. */
export async function moveWatermark(
  tx: Transaction,
  feed: { erp: string; systemId: string; watermark: bigint },
  now: Date,
): Promise<void> {
  await tx.query(
    `insert into erp_feed (erp, system_id, watermark, polled_at) values ($1, $2, $3, $4)
     on conflict (erp) do update set system_id = excluded.system_id, polled_at = excluded.polled_at,
       watermark = case when erp_feed.system_id = excluded.system_id
                        then greatest(erp_feed.watermark, excluded.watermark) else excluded.watermark end`,
    [feed.erp, feed.systemId, feed.watermark, now],
  );
}

/** Takes over a payment's state; false when the known one is as new or newer. */
export async function advancePayment(
  tx: Transaction,
  payment: {
    erp: string;
    paymentNumber: string;
    invoiceId: string;
    erpVersion: bigint;
    status: string;
  },
): Promise<boolean> {
  const rows = await tx.query(
    `insert into erp_payment (erp, payment_number, invoice_id, erp_version, status) values ($1, $2, $3, $4, $5)
     on conflict (erp, payment_number) do update set erp_version = excluded.erp_version, status = excluded.status
     where erp_payment.erp_version < excluded.erp_version returning payment_number`,
    [payment.erp, payment.paymentNumber, payment.invoiceId, payment.erpVersion, payment.status],
  );
  return rows.length > 0;
}
