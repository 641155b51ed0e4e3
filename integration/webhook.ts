import { Webhook, WebhookVerificationError } from 'standardwebhooks';
import { httpProblem, jsonReply } from '#kernel/http.ts';
import { errorText } from '#kernel/log.ts';
import type { Secret } from '#kernel/config.ts';
import type { Database } from '#kernel/database.ts';
import type { HttpReply, HttpRequest, Route } from '#kernel/http.ts';
import type { Log } from '#kernel/log.ts';
import type { Inbound } from './inbound.ts';

export interface WebhookOptions {
  /** ERP → its secrets (`whsec_…`): the current one, and during a rotation the next or the last. */
  readonly secrets: ReadonlyMap<string, readonly Secret[]>;
  readonly database: Database;
  readonly inbound: Inbound;
  readonly log: Log;
}

/** Larger than any document an ERP announces here; read before it is verified, so it is bounded. */
const BODY_LIMIT_BYTES = 2 * 1024 * 1024;

/**
 * `POST /webhooks/erp`, as Standard Webhooks describes it: HMAC over id, time and the raw body, at most five minutes
 * old. A 2xx means that the message is durable; a repeated one is answered the same and changes nothing.
 */
export function webhookRoute(options: WebhookOptions): Route {
  return {
    method: 'POST',
    path: '/webhooks/erp',
    bodyLimitBytes: BODY_LIMIT_BYTES,
    handle: (request) => receive(options, request),
  };
}

async function receive(options: WebhookOptions, request: HttpRequest): Promise<HttpReply> {
  const sender = verifiedSender(options.secrets, request);
  if (sender.erp === null) {
    options.log.warn({ event: 'webhook.refused', erp: '', reason: sender.reason });
    return httpProblem(
      401,
      'WEBHOOK_REFUSED',
      `The signature does not hold: ${sender.reason}. Nothing was taken.`,
    );
  }
  const { erp } = sender;
  const messageId = String(request.headers['webhook-id']);
  const outcome = await options.database.transaction((tx) =>
    options.inbound.take(tx, { erp, messageId, body: bodyOf(request.body), receivedBy: 'WEBHOOK' }),
  );
  return jsonReply(200, { taken: outcome ?? 'BEFORE' });
}

/** The ERP whose secret signed the request; its name is not part of the message, so the signature tells. */
function verifiedSender(
  secrets: WebhookOptions['secrets'],
  request: HttpRequest,
): { erp: string; reason: null } | { erp: null; reason: string } {
  const headers = Object.fromEntries(
    ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => [
      name,
      String(request.headers[name] ?? ''),
    ]),
  );
  let reason = 'no ERP has a webhook secret here';
  for (const [erp, candidates] of secrets) {
    for (const secret of candidates) {
      try {
        new Webhook(secret.reveal()).verify(request.body, headers, { jsonParse: false });
        return { erp, reason: null };
      } catch (error) {
        if (!(error instanceof WebhookVerificationError)) throw error;
        reason = errorText(error);
      }
    }
  }
  return { erp: null, reason };
}

/** A signed body that is no JSON is kept as the text it is, and quarantined. */
function bodyOf(body: Buffer): unknown {
  const text = body.toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
