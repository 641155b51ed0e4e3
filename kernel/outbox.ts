import { fromCloudEvent, toCloudEvent } from './event.ts';
import { errorText } from './log.ts';
import { createWakeUp } from './wake-up.ts';
import type { EventBus } from './bus.ts';
import type { Database, Transaction } from './database.ts';
import type { DomainEvent } from './event.ts';
import type { Log } from './log.ts';

/** Writes events beside the state they tell of, in the caller's transaction: both are durable, or neither. */
export async function appendEvents(tx: Transaction, events: readonly DomainEvent[]): Promise<void> {
  if (events.length === 0) return;
  await tx.query(
    `insert into outbox (event_id, cloud_event)
     select value->>'id', value from jsonb_array_elements($1::jsonb) with ordinality order by ordinality`,
    [JSON.stringify(events.map(toCloudEvent))],
  );
  tx.signalOnCommit(OUTBOX_CHANNEL);
}

/** Signalled after every commit that wrote events; the relays of all schemas look when they hear it. */
const OUTBOX_CHANNEL = 'concord_outbox';

/** Events moved in one round: enough to drain a burst quickly, few enough to hold little memory. */
const RELAY_BATCH = 500;
/** How long an empty outbox is left alone when no signal comes: a signal can be lost, an event cannot. */
const RELAY_IDLE_MS = 1000;
const RELAY_RETRY_MS = 500;
/** One relay per outbox at a time: a second process waits on this lock until the first is gone. */
const RELAY_LOCK = 4_711_002;

export interface Relay {
  close(): Promise<void>;
}

/**
 * Moves committed events from an outbox to the bus, in order, at least once. A crash between the two
 * repeats a batch; the bus drops ids it already has.
 */
export async function startRelay(options: {
  database: Database;
  bus: EventBus;
  log: Log;
}): Promise<Relay> {
  const stop = new AbortController();
  const wakeUp = createWakeUp(stop.signal);
  const listener = await options.database.listen(OUTBOX_CHANNEL, wakeUp.wake);
  const running = relayUntil(stop.signal, wakeUp.sleep, options);
  return {
    close: async () => {
      stop.abort();
      await listener.close();
      await running;
    },
  };
}

async function relayUntil(
  stop: AbortSignal,
  sleep: (ms: number) => Promise<void>,
  options: { database: Database; bus: EventBus; log: Log },
): Promise<void> {
  const { database, bus, log } = options;
  while (!stop.aborted) {
    try {
      const count = await relayBatch(database, bus);
      if (count > 0) log.debug({ event: 'relay.published', schema: database.schema, count });
      else await sleep(RELAY_IDLE_MS);
    } catch (error) {
      if (stop.aborted) return;
      log.warn({ event: 'relay.failed', schema: database.schema, error: errorText(error) });
      await sleep(RELAY_RETRY_MS);
    }
  }
}

/** One round; returns how many events were moved. */
export async function relayBatch(database: Database, bus: EventBus): Promise<number> {
  return database.transaction(async (tx) => {
    const rows = await tx.query<{ position: bigint; cloud_event: unknown }>(
      `select position, cloud_event from outbox
       where published_at is null and (select pg_try_advisory_xact_lock($2, hashtext(current_schema())))
       order by position limit $1`,
      [RELAY_BATCH, RELAY_LOCK],
    );
    if (rows.length === 0) return 0;
    await bus.publish(rows.map((row) => fromCloudEvent(row.cloud_event)));
    await tx.query('update outbox set published_at = now() where position = any($1)', [
      rows.map((row) => row.position),
    ]);
    return rows.length;
  });
}
