import { randomBytes } from 'node:crypto';
import { isUuid, newId } from '#kernel/id.ts';
import { accepted, invalidInput, notFound, refused } from '#kernel/problem.ts';
import { requireAction } from '../access/principal.ts';
import { seal } from '../artifact/sealed-secret.ts';
import { appendHistory } from '../history/history.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Secret } from '#kernel/config.ts';
import type { Database, Sql } from '#kernel/database.ts';
import type { FieldError, InvalidInput, NotFound, Result } from '#kernel/problem.ts';
import type { Principal } from '../access/principal.ts';
import type { Target } from '../target.ts';

/** An address that news of a target are sent to, signed. */
export interface Webhook {
  readonly id: string;
  readonly targetId: string;
  readonly url: string;
  readonly eventTypes: readonly string[];
}

export interface CreatedWebhook {
  readonly webhook: Webhook;
  /** `whsec_…`; told once, and sealed at rest. */
  readonly secret: string;
}

export interface WebhookAsking {
  readonly database: Database;
  readonly clock: Clock;
  readonly principal: Principal;
  readonly target: Target;
  /** Under which the signing secret is sealed. */
  readonly registrySecret: Secret;
}

/** News that a webhook can be given. */
export const WEBHOOK_EVENTS: readonly string[] = [
  'concord.schema.published.v1',
  'concord.schema.sunset-approaching.v1',
];
const WEBHOOKS_MAX = 20;
const SECRET_BYTES = 24;
const COLUMNS = 'id, target_id as "targetId", url, event_types as "eventTypes"';

export function webhooksOf(sql: Sql, targetId: string): Promise<Webhook[]> {
  return sql.query(
    `select ${COLUMNS} from webhook where target_id = $1 and removed_at is null order by id`,
    [targetId],
  );
}

/** Creates a webhook with a secret of its own. */
export async function createWebhook(
  asking: WebhookAsking,
  input: { readonly url: string; readonly eventTypes: readonly string[] },
): Promise<Result<CreatedWebhook, InvalidInput>> {
  const { database, clock, principal, target } = asking;
  requireGovern(asking);
  const flaws = flawsOf(input, (await webhooksOf(database, target.id)).length);
  if (flaws.length > 0) return refused(invalidInput(flaws));
  const webhook = { id: newId(), targetId: target.id, ...input };
  const secret = `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
  await database.transaction(async (tx) => {
    await tx.query(
      `insert into webhook (id, target_id, url, sealed_secret, event_types, created_by, created_at)
       values ($1, $2, $3, $4, $5, $6, $7)`,
      [
        webhook.id,
        target.id,
        webhook.url,
        seal(secret, `webhook:${webhook.id}`, asking.registrySecret),
        webhook.eventTypes,
        principal.id,
        clock.now(),
      ],
    );
    await tell(tx, asking, webhook, 'webhook.created');
  });
  return accepted({ webhook, secret });
}

/** Sends nothing to an address any more; what was on its way is not tried again. */
export async function removeWebhook(
  asking: WebhookAsking,
  id: string,
): Promise<Result<Webhook, NotFound>> {
  requireGovern(asking);
  if (!isUuid(id)) return refused(notFound('webhook', id));
  return asking.database.transaction(async (tx) => {
    const [webhook] = await tx.query<Webhook>(
      `update webhook set removed_at = $3 where id = $1 and target_id = $2 and removed_at is null returning ${COLUMNS}`,
      [id, asking.target.id, asking.clock.now()],
    );
    if (webhook === undefined) return refused(notFound('webhook', id));
    await tx.query('update webhook_delivery set next_attempt_at = null where webhook_id = $1', [
      id,
    ]);
    await tell(tx, asking, webhook, 'webhook.removed');
    return accepted(webhook);
  });
}

function requireGovern({ principal, target }: WebhookAsking): void {
  requireAction(principal, 'schema:govern', {
    graphId: target.graphId,
    targetId: target.id,
    subgraph: null,
  });
}

function tell(
  tx: Sql,
  { principal, target, clock }: WebhookAsking,
  { id, url, eventTypes }: Webhook,
  action: string,
): Promise<void> {
  return appendHistory(tx, {
    action,
    actorId: principal.id,
    graphId: target.graphId,
    targetId: target.id,
    subject: `webhook:${id}`,
    details: { url: new URL(url).origin, eventTypes },
    at: clock.now(),
  });
}

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

function flawsOf(
  { url, eventTypes }: { readonly url: string; readonly eventTypes: readonly string[] },
  known: number,
): FieldError[] {
  const flaws: FieldError[] = [];
  const parsed = URL.parse(url);
  const isHttps = parsed?.protocol === 'https:';
  if (!isHttps && !(parsed?.protocol === 'http:' && LOOPBACK.test(parsed.hostname)))
    flaws.push({
      field: 'url',
      code: 'INVALID_URL',
      message: 'An https address is expected, or an http one of this machine.',
    });
  const strange = eventTypes.find((type) => !WEBHOOK_EVENTS.includes(type));
  if (eventTypes.length === 0 || strange !== undefined)
    flaws.push({
      field: 'eventTypes',
      code: 'UNKNOWN_EVENT',
      message: `One or more of ${WEBHOOK_EVENTS.join(', ')} are expected.`,
    });
  if (known >= WEBHOOKS_MAX)
    flaws.push({
      field: 'url',
      code: 'TOO_MANY',
      message: `A target has at most ${WEBHOOKS_MAX}.`,
    });
  return flaws;
}
