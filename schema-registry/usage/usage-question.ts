import { dateOf } from '#kernel/clock.ts';
import { NO_USAGE } from '../check/judge.ts';
import { parentOf } from './coordinate.ts';
import type { Sql } from '#kernel/database.ts';
import type { CoordinateUsage } from '../check/result.ts';

/** What usage counts. */
export interface UsageWindow {
  /** Usage of any of these targets counts: usually one, or a chain of stages that share clients. */
  readonly targetIds: readonly string[];
  /** Its whole day (UTC) counts. */
  readonly since: Date;
  /** Names of clients whose usage does not count. */
  readonly excludedClients: readonly string[];
}

/** Clients and documents told per coordinate; the number of requests is of all. */
const CLIENTS_MAX = 100;
const DOCUMENTS_MAX = 100;
const OPERATIONS_MAX = 10;

/**
 * Who used each of the coordinates, and which persisted documents of active apps name it. Every coordinate that is asked for is
 * in the answer; whether its zero means anything, `coverageOf` tells. Two statements, however many coordinates.
 */
export async function usageOf(
  sql: Sql,
  question: UsageWindow & { readonly coordinates: readonly string[] },
): Promise<Map<string, CoordinateUsage>> {
  const [uses, documents] = await Promise.all([usesOf(sql, question), documentsOf(sql, question)]);
  const usesBy = Map.groupBy(uses, ({ coordinate }) => coordinate);
  const documentsBy = Map.groupBy(documents, ({ coordinate }) => coordinate);
  return new Map(
    question.coordinates.map((coordinate) => [
      coordinate,
      {
        ...folded(usesBy.get(coordinate) ?? []),
        documents: (documentsBy.get(coordinate) ?? []).map(({ app, version, hash }) => ({
          app,
          version,
          hash,
        })),
      },
    ]),
  );
}

interface UseRow {
  readonly kind: 'TOTAL' | 'CLIENT' | 'OPERATION';
  readonly coordinate: string;
  readonly client: string | null;
  readonly version: string | null;
  readonly hash: string | null;
  readonly name: string | null;
  readonly requests: bigint;
  readonly lastSeenAt: Date;
}

function folded(rows: readonly UseRow[]): CoordinateUsage {
  const total = rows.find(({ kind }) => kind === 'TOTAL');
  if (total === undefined) return NO_USAGE;
  return {
    requests: Number(total.requests),
    lastSeenAt: total.lastSeenAt,
    clients: rows
      .filter(({ kind }) => kind === 'CLIENT')
      .map((row) => ({
        name: row.client ?? '',
        version: row.version ?? '',
        requests: Number(row.requests),
        lastSeenAt: row.lastSeenAt,
      })),
    operations: rows
      .filter(({ kind }) => kind === 'OPERATION')
      .map((row) => ({
        hash: row.hash ?? '',
        name: row.name ?? '',
        requests: Number(row.requests),
      })),
    documents: [],
  };
}

/** Per coordinate one total, its most used clients and its most used operations. */
function usesOf(
  sql: Sql,
  question: UsageWindow & { readonly coordinates: readonly string[] },
): Promise<UseRow[]> {
  return sql.query(
    `with pairs as materialized (
       select coordinate, operation_id from usage_coordinate where target_id = any($1) and coordinate = any($2)
     ), counted as materialized (
       -- Days are summed up once per operation, not once per coordinate that the operation names.
       select operation_id, client_version_id, sum(requests) as requests, max(last_seen_at) as last_seen_at
       from usage_daily where day >= $3 and operation_id in (select operation_id from pairs)
       group by operation_id, client_version_id
     ), used as materialized (
       select pairs.coordinate, operation.hash, operation.name, client.client, client.version,
         sum(counted.requests) as requests, max(counted.last_seen_at) as last_seen_at
       from pairs
       join counted using (operation_id)
       join usage_operation operation on operation.id = operation_id
       join client_version client on client.id = counted.client_version_id and client.client <> all($4)
       group by pairs.coordinate, operation.hash, operation.name, client.client, client.version
     ), ranked as (
       select case when grouping(client) = 0 then 'CLIENT' when grouping(hash) = 0 then 'OPERATION' else 'TOTAL' end as kind,
         coordinate, client, version, hash, name, sum(requests)::bigint as requests, max(last_seen_at) as last_seen_at,
         row_number() over (partition by coordinate, grouping(client), grouping(hash)
           order by sum(requests) desc, client, version, hash) as rank
       from used
       group by grouping sets ((coordinate), (coordinate, client, version), (coordinate, hash, name))
     )
     select kind, coordinate, client, version, hash, name, requests, last_seen_at as "lastSeenAt" from ranked
     where kind = 'TOTAL' or (kind = 'CLIENT' and rank <= $5) or (kind = 'OPERATION' and rank <= $6)
     order by coordinate, kind, rank`,
    [
      question.targetIds,
      question.coordinates,
      dateOf(question.since),
      question.excludedClients,
      CLIENTS_MAX,
      OPERATIONS_MAX,
    ],
  );
}

/** Documents of active apps, whether or not they were sent lately: they may be sent any moment. */
function documentsOf(
  sql: Sql,
  question: UsageWindow & { readonly coordinates: readonly string[] },
): Promise<{ coordinate: string; app: string; version: string; hash: string }[]> {
  return sql.query(
    `select coordinate, app, version, hash from (
       select uses.coordinate, app.name as app, app.version, uses.hash,
         row_number() over (partition by uses.coordinate order by app.name, app.version, uses.hash) as rank
       from app_document_coordinate uses join app on app.id = uses.app_id
       where app.target_id = any($1) and uses.coordinate = any($2) and app.status = 'ACTIVE' and app.name <> all($3)
     ) as ranked where rank <= $4 order by coordinate, rank`,
    [question.targetIds, question.coordinates, question.excludedClients, DOCUMENTS_MAX],
  );
}

/** Whether it would hurt anybody if an argument or input field had to be given. */
export interface NonNullUse {
  /** Requests that could have given it: for an argument those that ask for its field, for an input field those with its type. */
  readonly total: number;
  /** Those of them that always gave it a value other than null. Nobody is hurt when it is as large as `total`. */
  readonly nonNull: number;
}

/**
 * How often arguments and input fields were given, for changes that would make them required. A document of an active app counts
 * as one request, whether or not it was sent lately.
 */
export async function nonNullUse(
  sql: Sql,
  question: UsageWindow & { readonly coordinates: readonly string[] },
): Promise<Map<string, NonNullUse>> {
  const rows = await sql.query<{ coordinate: string; total: bigint; nonNull: bigint }>(
    `with asked as (select * from unnest($2::text[], $5::text[]) as asked (coordinate, parent)), chance as (
       select asked.coordinate, daily.requests, given.operation_id is not null as is_given
       from asked
       join usage_coordinate uses on uses.coordinate = asked.parent and uses.target_id = any($1)
       join usage_daily daily on daily.operation_id = uses.operation_id and daily.day >= $3
       join client_version client on client.id = daily.client_version_id and client.client <> all($4)
       left join usage_coordinate given on given.target_id = uses.target_id
         and given.coordinate = asked.coordinate || '!' and given.operation_id = uses.operation_id
       union all
       select asked.coordinate, 1, given.hash is not null
       from asked
       join app_document_coordinate uses on uses.coordinate = asked.parent
       join app on app.id = uses.app_id and app.target_id = any($1) and app.status = 'ACTIVE' and app.name <> all($4)
       left join app_document_coordinate given on given.app_id = uses.app_id and given.hash = uses.hash
         and given.coordinate = asked.coordinate || '!'
     )
     select coordinate, sum(requests)::bigint as total,
       coalesce(sum(requests) filter (where is_given), 0)::bigint as "nonNull"
     from chance group by coordinate`,
    [
      question.targetIds,
      question.coordinates,
      dateOf(question.since),
      question.excludedClients,
      question.coordinates.map((coordinate) => parentOf(coordinate) ?? coordinate),
    ],
  );
  const found = new Map(rows.map((row) => [row.coordinate, row]));
  return new Map(
    question.coordinates.map((coordinate) => {
      const row = found.get(coordinate);
      return [coordinate, { total: Number(row?.total ?? 0), nonNull: Number(row?.nonNull ?? 0) }];
    }),
  );
}

/** What a client still uses. */
export interface ClientUse {
  readonly coordinate: string;
  readonly requests: number;
  readonly lastSeenAt: Date;
  /** The versions of the client that use it. */
  readonly versions: readonly string[];
}

/** Coordinates told of one client; a client that uses more than a large graph has is none. */
const CLIENT_COORDINATES_MAX = 10_000;

/** Every coordinate that a client used since then, with how often: "what do I still use". */
export async function clientUsage(
  sql: Sql,
  question: {
    readonly targetIds: readonly string[];
    readonly client: string;
    readonly since: Date;
    /** Only these, or all when it is left out. */
    readonly coordinates?: readonly string[];
  },
): Promise<ClientUse[]> {
  const rows = await sql.query<Omit<ClientUse, 'requests'> & { requests: bigint }>(
    `with counted as materialized (
       select daily.operation_id, client.version, sum(daily.requests) as requests, max(daily.last_seen_at) as last_seen_at
       from client_version client
       join usage_daily daily on daily.client_version_id = client.id and daily.day >= $3
       where client.target_id = any($1) and client.client = $2 group by daily.operation_id, client.version
     ), used as (
       select uses.coordinate, counted.version, sum(counted.requests) as requests, max(counted.last_seen_at) as last_seen_at
       from counted join usage_coordinate uses on uses.operation_id = counted.operation_id
       where right(uses.coordinate, 1) <> '!' and ($4::text[] is null or uses.coordinate = any($4))
       group by uses.coordinate, counted.version
     )
     select coordinate, sum(requests)::bigint as requests, max(last_seen_at) as "lastSeenAt",
       array_agg(version order by version) as versions
     from used group by coordinate order by coordinate limit $5`,
    [
      question.targetIds,
      question.client,
      dateOf(question.since),
      question.coordinates ?? null,
      CLIENT_COORDINATES_MAX,
    ],
  );
  return rows.map((row) => ({ ...row, requests: Number(row.requests) }));
}
