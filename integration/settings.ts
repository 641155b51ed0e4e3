import * as config from '#kernel/config.ts';
import { isRecord } from '#kernel/json.ts';
import { ROOM_SETTINGS } from '#kernel/room.ts';
import type { RoomOptions } from '#kernel/room.ts';
import type { RetryPolicy } from './delivery.ts';
import type { GuardLimits } from './erp-guard.ts';
import type { WorkerOptions } from './jobs.ts';

/** One outside system. */
export interface ErpOptions {
  /** Names the system in deliveries, queues and exceptions; never changes once used. */
  readonly name: string;
  /** Company codes whose documents go there; `*` for all that no other system has. */
  readonly companies: readonly string[];
  readonly url: string;
  readonly apiKey: config.Secret;
  /** Standard Webhooks secrets: one, and a second while they are rotated. */
  readonly webhookSecrets: readonly config.Secret[];
}

export interface IntegrationOptions extends RoomOptions {
  /** Every outbox to relay, as the relay's own role sees it. */
  readonly relays: readonly { readonly schema: string; readonly databaseUrl: string }[];
  /** Where pg-boss keeps its jobs: the same database and role as `databaseUrl`. */
  readonly jobsDatabaseUrl: string;
  readonly erps: readonly ErpOptions[];
  readonly pollIntervalMs?: number;
  readonly retry?: Partial<RetryPolicy>;
  readonly guard?: Partial<GuardLimits>;
  readonly workers?: Partial<WorkerOptions>;
  readonly callTimeoutMs?: number;
  /** Events kept per subscriber that is busy. */
  readonly feedQueueMax?: number;
}

export const POLL_INTERVAL_MS = 5_000;

/** The environment of this room. */
export const INTEGRATION_SETTINGS = {
  ...ROOM_SETTINGS,
  RELAYS: config.json('a list of {"schema","databaseUrl"} for the relay role', readRelays),
  JOBS_DATABASE_URL: config.optional(
    config.url("the URL of the jobs' database; DATABASE_URL when absent"),
  ),
  ERPS: config.json('a list of {"name","companies","url","apiKey","webhookSecrets"}', readErps),
  POLL_INTERVAL_MS: config.wholeNumber(
    'milliseconds between two polls',
    { min: 100, max: 3_600_000 },
    POLL_INTERVAL_MS,
  ),
} as const;

function readRelays(value: unknown): IntegrationOptions['relays'] {
  return listOf(value).map((relay) => ({
    schema: textOf(relay, 'schema'),
    databaseUrl: textOf(relay, 'databaseUrl'),
  }));
}

function readErps(value: unknown): readonly ErpOptions[] {
  return listOf(value).map((erp) => ({
    name: textOf(erp, 'name'),
    companies: textsOf(erp, 'companies'),
    url: textOf(erp, 'url'),
    apiKey: new config.Secret(textOf(erp, 'apiKey')),
    webhookSecrets: textsOf(erp, 'webhookSecrets').map((secret) => new config.Secret(secret)),
  }));
}

function listOf(value: unknown): readonly Record<string, unknown>[] {
  if (!Array.isArray(value) || !value.every(isRecord)) throw new Error('not a list of objects');
  return value;
}

function textOf(record: Record<string, unknown>, name: string): string {
  const value = record[name];
  if (typeof value !== 'string') throw new Error(`${name} is not a text`);
  return value;
}

function textsOf(record: Record<string, unknown>, name: string): readonly string[] {
  const value = record[name];
  if (!Array.isArray(value) || !value.every((entry) => typeof entry === 'string'))
    throw new Error(`${name} is not a list of texts`);
  return value;
}
