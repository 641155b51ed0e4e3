import { Webhook as Signer } from 'standardwebhooks';
import { DAY_MS, MINUTE_MS, shifted } from '#kernel/clock.ts';
import { toCloudEvent } from '#kernel/event.ts';
import { newId } from '#kernel/id.ts';
import { errorText } from '#kernel/log.ts';
import { unseal } from '../artifact/sealed-secret.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Secret } from '#kernel/config.ts';
import type { Database, Sql } from '#kernel/database.ts';
import type { DomainEvent } from '#kernel/event.ts';
import type { Log } from '#kernel/log.ts';

/** Minutes until the next try, by the number of tries so far; after the last the delivery is given up, with its error in its row and in the log. */
const BACK_OFF_MINUTES = [1, 5, 30, 120, 480, 1440, 1440];
/** Long enough for a slow receiver, short enough that a dead one holds nobody up. */
const TIMEOUT_MS = 10_000;
const BATCH = 20;
/** A delivery that is being tried is not taken by another process meanwhile. */
const CLAIM_MINUTES = 2;
/** Long after the last try, so that who looks into a failure still finds it. */
const KEPT_DAYS = 30;

/** Puts an event on its way to every webhook of the target that wants it, in the transaction that the event tells of. */
export async function queueWebhooks(
  tx: Sql,
  targetId: string,
  event: DomainEvent,
  now: Date,
): Promise<void> {
  const receivers = await tx.query<{ id: string }>(
    'select id from webhook where target_id = $1 and removed_at is null and $2 = any(event_types)',
    [targetId, event.type],
  );
  if (receivers.length === 0) return;
  await tx.query(
    `insert into webhook_delivery (id, webhook_id, event_type, body, attempts, next_attempt_at, created_at)
     select unnest($1::uuid[]), unnest($2::uuid[]), $3, $4, 0, $5, $5`,
    [
      receivers.map(() => newId()),
      receivers.map(({ id }) => id),
      event.type,
      JSON.stringify(toCloudEvent(event)),
      now,
    ],
  );
}

interface Delivery {
  readonly id: string;
  readonly webhookId: string;
  readonly url: string;
  readonly sealedSecret: string;
  readonly eventType: string;
  readonly body: string;
  readonly attempts: number;
}

export interface DeliveryDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly registrySecret: Secret;
}

/** Sends what is due, one round; returns how many were tried. Each is sent at least once, with the same id each time. */
export async function deliverWebhooks(deps: DeliveryDeps): Promise<number> {
  const now = deps.clock.now();
  const due = await claimDue(deps.database, now);
  await Promise.all(due.map((delivery) => deliver(deps, delivery, now)));
  return due.length;
}

function claimDue(sql: Sql, now: Date): Promise<Delivery[]> {
  return sql.query(
    `update webhook_delivery as delivery set attempts = attempts + 1, next_attempt_at = $2
     from webhook where webhook.id = delivery.webhook_id and delivery.id = any(array(
       select due.id from webhook_delivery due join webhook receiver on receiver.id = due.webhook_id
       where due.next_attempt_at <= $1 and receiver.removed_at is null order by due.next_attempt_at limit $3
       for update of due skip locked))
     returning delivery.id, webhook.id as "webhookId", webhook.url, webhook.sealed_secret as "sealedSecret",
       delivery.event_type as "eventType", delivery.body, delivery.attempts`,
    [now, shifted(now, CLAIM_MINUTES * MINUTE_MS), BATCH],
  );
}

async function deliver(deps: DeliveryDeps, delivery: Delivery, now: Date): Promise<void> {
  const { eventType, attempts: attempt, webhookId: webhook } = delivery;
  try {
    await send(deps, delivery, now);
    await deps.database.query(
      'update webhook_delivery set delivered_at = $2, next_attempt_at = null, last_error = null where id = $1',
      [delivery.id, now],
    );
    deps.log.info({ event: 'webhook.delivered', webhook, eventType, attempt });
  } catch (error) {
    const minutes = BACK_OFF_MINUTES[attempt - 1];
    const next = minutes === undefined ? null : shifted(now, minutes * MINUTE_MS);
    await deps.database.query(
      `update webhook_delivery set last_error = $3, next_attempt_at =
         (select $2::timestamptz from webhook where webhook.id = webhook_id and removed_at is null) where id = $1`,
      [delivery.id, next, errorText(error).slice(0, 500)],
    );
    deps.log.warn({
      event: 'webhook.undelivered',
      webhook,
      eventType,
      attempt,
      error: errorText(error),
    });
  }
}

/** Forgets deliveries that are over, whether they arrived or not, some weeks later. Returns how many. */
export async function sweepDeliveries({
  database,
  clock,
}: Pick<DeliveryDeps, 'database' | 'clock'>): Promise<number> {
  const rows = await database.query(
    'delete from webhook_delivery where next_attempt_at is null and created_at < $1 returning 1',
    [shifted(clock.now(), -KEPT_DAYS * DAY_MS)],
  );
  return rows.length;
}

async function send(deps: DeliveryDeps, delivery: Delivery, now: Date): Promise<void> {
  const secret = unseal(
    delivery.sealedSecret,
    `webhook:${delivery.webhookId}`,
    deps.registrySecret,
  );
  const signature = new Signer(secret).sign(delivery.id, now, delivery.body);
  const response = await fetch(delivery.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/cloudevents+json',
      'webhook-id': delivery.id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
      'webhook-signature': signature,
    },
    body: delivery.body,
    // What answers somewhere else is not the address that was trusted.
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`status ${response.status}`);
}
