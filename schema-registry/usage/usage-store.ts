import type { Sql } from '#kernel/database.ts';
import type { CatalogOperation } from './operation-catalog.ts';
import type { CoverageSum } from './usage-batch.ts';
import type { PersistedDocument } from './usage-report.ts';

/** Ingestion shares this lock of a target; the sweep takes it alone, so that no operation goes while it is being counted. */
const USAGE_LOCK = 4_711_031;
/** A client's last sight may be behind by this much: writing it with every report would make reports wait for each other. */
const LAST_SEEN_SLACK = '1 minute';
const DOCUMENT_LAST_USED_SLACK = '1 hour';

export async function lockForIngestion(tx: Sql, targetId: string): Promise<void> {
  await tx.query('select pg_advisory_xact_lock_shared($1, hashtext($2))', [USAGE_LOCK, targetId]);
}

export async function lockForSweep(tx: Sql, targetId: string): Promise<void> {
  await tx.query('select pg_advisory_xact_lock($1, hashtext($2))', [USAGE_LOCK, targetId]);
}

/** Remembers reports by their names; returns the names that are new, each once. */
export async function rememberReports(
  tx: Sql,
  row: { readonly targetId: string; readonly names: readonly string[]; readonly at: Date },
): Promise<string[]> {
  const rows = await tx.query<{ report: string }>(
    `insert into usage_report (target_id, report, received_at)
     select distinct $1::uuid, report, $3::timestamptz from unnest($2::text[]) as given (report) order by report
     on conflict do nothing returning report`,
    [row.targetId, row.names, row.at],
  );
  return rows.map(({ report }) => report);
}

/** Hash → id of those operations that the target has. */
export async function operationIds(
  sql: Sql,
  targetId: string,
  hashes: readonly string[],
): Promise<Map<string, bigint>> {
  const rows = await sql.query<{ hash: string; id: bigint }>(
    'select hash, id from usage_operation where target_id = $1 and hash = any($2)',
    [targetId, hashes],
  );
  return new Map(rows.map(({ hash, id }) => [hash, id]));
}

export async function countOperations(sql: Sql, targetId: string): Promise<number> {
  const [row] = await sql.query<{ count: number }>(
    'select count(*)::integer as count from usage_operation where target_id = $1',
    [targetId],
  );
  return row?.count ?? 0;
}

/** Inserts operations that the target does not have yet; those that somebody else inserted meanwhile are left as they are. */
export async function insertOperations(
  tx: Sql,
  targetId: string,
  { operations, at }: { operations: readonly CatalogOperation[]; at: Date },
): Promise<Map<string, bigint>> {
  const rows = await tx.query<{ hash: string; id: bigint }>(
    `insert into usage_operation (target_id, hash, name, kind, body, first_seen_at)
     select $1, hash, name, kind, body, $6 from unnest($2::text[], $3::text[], $4::text[], $5::text[])
       as given (hash, name, kind, body) order by hash
     on conflict do nothing returning hash, id`,
    [
      targetId,
      operations.map(({ hash }) => hash),
      operations.map(({ name }) => name),
      operations.map(({ kind }) => kind),
      operations.map(({ body }) => body),
      at,
    ],
  );
  return new Map(rows.map(({ hash, id }) => [hash, id]));
}

/** Adds coordinates to operations; pairs that are there already are left. */
export async function insertCoordinates(
  tx: Sql,
  targetId: string,
  pairs: readonly { readonly operationId: bigint; readonly coordinate: string }[],
): Promise<void> {
  await tx.query(
    `insert into usage_coordinate (target_id, coordinate, operation_id)
     select $1, coordinate, operation_id from unnest($2::text[], $3::bigint[]) as given (coordinate, operation_id)
     order by coordinate, operation_id on conflict do nothing`,
    [
      targetId,
      pairs.map(({ coordinate }) => coordinate),
      pairs.map(({ operationId }) => operationId),
    ],
  );
}

export interface ClientVersionRow {
  readonly id: bigint;
  readonly client: string;
  readonly version: string;
}

/** A client version as a report saw it. */
export interface SeenClient {
  readonly client: string;
  readonly version: string;
  readonly lastSeenMs: number;
}

/** Those of the clients that the target knows; their last sight is moved on where it is behind. */
export async function touchClientVersions(
  tx: Sql,
  targetId: string,
  seen: readonly SeenClient[],
): Promise<ClientVersionRow[]> {
  const rows = await tx.query<ClientVersionRow & { readonly stale: Date | null }>(
    `select known.id, client, version,
       case when known.last_seen_at < given.seen_at - $5::interval then given.seen_at end as stale
     from unnest($2::text[], $3::text[], $4::timestamptz[]) as given (client, version, seen_at)
     join client_version known using (client, version) where known.target_id = $1`,
    [...seenColumns(targetId, seen), LAST_SEEN_SLACK],
  );
  const stale = rows.filter((row) => row.stale !== null);
  if (stale.length > 0) {
    await tx.query(
      `update client_version set last_seen_at = greatest(last_seen_at, given.seen_at)
       from (select * from unnest($1::bigint[], $2::timestamptz[]) as given (id, seen_at) order by id) as given
       where client_version.id = given.id`,
      [stale.map(({ id }) => id), stale.map((row) => row.stale)],
    );
  }
  return rows.map(({ id, client, version }) => ({ id, client, version }));
}

export async function countClientVersions(sql: Sql, targetId: string): Promise<number> {
  const [row] = await sql.query<{ count: number }>(
    'select count(*)::integer as count from client_version where target_id = $1',
    [targetId],
  );
  return row?.count ?? 0;
}

/** Registers clients; of one that somebody else registered meanwhile the id is returned all the same. */
export async function registerClientVersions(
  tx: Sql,
  targetId: string,
  seen: readonly SeenClient[],
): Promise<ClientVersionRow[]> {
  return tx.query<ClientVersionRow>(
    `insert into client_version (target_id, client, version, first_seen_at, last_seen_at)
     select $1, client, version, seen_at, seen_at
     from unnest($2::text[], $3::text[], $4::timestamptz[]) as given (client, version, seen_at) order by client, version
     on conflict (target_id, client, version)
       do update set last_seen_at = greatest(client_version.last_seen_at, excluded.last_seen_at)
     returning id, client, version`,
    seenColumns(targetId, seen),
  );
}

function seenColumns(targetId: string, seen: readonly SeenClient[]): unknown[] {
  return [
    targetId,
    seen.map(({ client }) => client),
    seen.map(({ version }) => version),
    seen.map(({ lastSeenMs }) => new Date(lastSeenMs)),
  ];
}

export interface DailyRow {
  readonly operationId: bigint;
  readonly clientVersionId: bigint;
  readonly day: string;
  readonly requests: number;
  readonly errors: number;
  readonly lastSeenMs: number;
}

/** Adds to the counters. Rows of the same key are summed, and all are touched in one order, so that reports do not deadlock. */
export async function addDaily(tx: Sql, rows: readonly DailyRow[]): Promise<void> {
  await tx.query(
    `insert into usage_daily (operation_id, client_version_id, day, requests, errors, last_seen_at)
     select operation_id, client_version_id, day, sum(requests), sum(errors), max(last_seen_at)
     from unnest($1::bigint[], $2::bigint[], $3::date[], $4::bigint[], $5::bigint[], $6::timestamptz[])
       as given (operation_id, client_version_id, day, requests, errors, last_seen_at)
     group by operation_id, day, client_version_id order by operation_id, day, client_version_id
     on conflict (operation_id, day, client_version_id) do update set
       requests = usage_daily.requests + excluded.requests, errors = usage_daily.errors + excluded.errors,
       last_seen_at = greatest(usage_daily.last_seen_at, excluded.last_seen_at)`,
    [
      rows.map(({ operationId }) => operationId),
      rows.map(({ clientVersionId }) => clientVersionId),
      rows.map(({ day }) => day),
      rows.map(({ requests }) => requests),
      rows.map(({ errors }) => errors),
      rows.map(({ lastSeenMs }) => new Date(lastSeenMs)),
    ],
  );
}

/** That gateways told of days. One that was retired is expected again when it tells of that day or a later one; what it still sends of days before changes nothing. */
export async function addCoverage(
  tx: Sql,
  targetId: string,
  { coverage, at }: { readonly coverage: readonly CoverageSum[]; readonly at: Date },
): Promise<void> {
  await tx.query(
    `with given as (
       select * from unnest($2::text[], $3::date[], $4::bigint[], $5::bigint[], $6::text[])
         as given (gateway, day, reports, requests, detail)
     ), gateway as (
       insert into usage_gateway (target_id, gateway, first_seen_at, last_seen_at)
       select $1, gateway, least($7::timestamptz, min(day)::timestamp at time zone 'UTC'), $7::timestamptz
       from given group by gateway order by gateway
       on conflict (target_id, gateway) do update set last_seen_at = greatest(usage_gateway.last_seen_at, excluded.last_seen_at),
         first_seen_at = least(usage_gateway.first_seen_at, excluded.first_seen_at),
         retired_at = case when (select max(day) from given where given.gateway = usage_gateway.gateway)
           < (usage_gateway.retired_at at time zone 'UTC')::date then usage_gateway.retired_at end
     )
     insert into reporting_coverage (target_id, day, gateway, reports, requests, detail, first_at, last_at)
     select $1, day, gateway, reports, requests, detail, $7, $7 from given order by day, gateway
     on conflict (target_id, day, gateway) do update set reports = reporting_coverage.reports + excluded.reports,
       requests = reporting_coverage.requests + excluded.requests, last_at = excluded.last_at,
       detail = case when excluded.detail = 'FULL' then reporting_coverage.detail else excluded.detail end`,
    [
      targetId,
      coverage.map(({ gateway }) => gateway),
      coverage.map(({ day }) => day),
      coverage.map(({ reports }) => reports),
      coverage.map(({ requests }) => requests),
      coverage.map(({ detail }) => detail),
      at,
    ],
  );
}

/** When persisted documents were last asked for; of documents that nobody registered nothing is kept. */
export async function touchDocuments(
  tx: Sql,
  targetId: string,
  documents: readonly (PersistedDocument & { readonly lastUsedMs: number })[],
): Promise<void> {
  await tx.query(
    `update app_document set last_used_at = given.used_at
     from unnest($2::text[], $3::text[], $4::text[], $5::timestamptz[]) as given (name, version, hash, used_at)
     join app on app.name = given.name and app.version = given.version and app.target_id = $1
     where app_document.app_id = app.id and app_document.hash = given.hash
       and (last_used_at is null or last_used_at < given.used_at - $6::interval)`,
    [
      targetId,
      documents.map(({ app }) => app),
      documents.map(({ version }) => version),
      documents.map(({ hash }) => hash),
      documents.map(({ lastUsedMs }) => new Date(lastUsedMs)),
      DOCUMENT_LAST_USED_SLACK,
    ],
  );
}
