import type { Sql } from '#kernel/database.ts';
import type { App, AppStatus } from './app.ts';
import type { CheckedDocument } from './app-document.ts';

const COLUMNS = `id, target_id as "targetId", name, version, status, created_by as "createdBy", created_at as "createdAt",
  activated_at as "activatedAt", retired_at as "retiredAt"`;

/** Names one version of an app in a target. */
export interface AppKey {
  readonly targetId: string;
  readonly name: string;
  readonly version: string;
}

export async function findApp(sql: Sql, key: AppKey): Promise<App | null> {
  const [app] = await sql.query<App>(
    `select ${COLUMNS} from app where target_id = $1 and name = $2 and version = $3`,
    [key.targetId, key.name, key.version],
  );
  return app ?? null;
}

/** The app with its row locked until the transaction ends. */
export async function lockApp(tx: Sql, key: AppKey): Promise<App | null> {
  const [app] = await tx.query<App>(
    `select ${COLUMNS} from app where target_id = $1 and name = $2 and version = $3 for update`,
    [key.targetId, key.name, key.version],
  );
  return app ?? null;
}

/** Inserts the app; false when it was there already. */
export async function insertApp(tx: Sql, app: App): Promise<boolean> {
  const rows = await tx.query(
    `insert into app (id, target_id, name, version, status, created_by, created_at) values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (target_id, name, version) do nothing returning 1`,
    [app.id, app.targetId, app.name, app.version, app.status, app.createdBy, app.createdAt],
  );
  return rows.length > 0;
}

export async function updateStatus(tx: Sql, app: App): Promise<void> {
  await tx.query('update app set status = $2, activated_at = $3, retired_at = $4 where id = $1', [
    app.id,
    app.status,
    app.activatedAt,
    app.retiredAt,
  ]);
}

/** Apps of a target, the newest first, older than the one with the id `before`. */
export function listApps(
  sql: Sql,
  page: {
    readonly targetId: string;
    readonly name: string | null;
    readonly status: AppStatus | null;
    readonly first: number;
    readonly before: string | null;
  },
): Promise<App[]> {
  return sql.query(
    `select ${COLUMNS} from app
     where target_id = $1 and ($2::text is null or name = $2) and ($3::text is null or status = $3)
       and ($5::uuid is null or id < $5) order by id desc limit $4`,
    [page.targetId, page.name, page.status, page.first, page.before],
  );
}

export interface AppDocument {
  readonly hash: string;
  readonly body: string;
  readonly operationName: string | null;
  readonly lastUsedAt: Date | null;
}

export function listDocuments(
  sql: Sql,
  page: { readonly appId: string; readonly first: number; readonly after: string | null },
): Promise<AppDocument[]> {
  return sql.query(
    `select hash, body, operation_name as "operationName", last_used_at as "lastUsedAt" from app_document
     where app_id = $1 and ($2::text is null or hash > $2) order by hash limit $3`,
    [page.appId, page.after, page.first],
  );
}

export async function countDocuments(sql: Sql, appId: string): Promise<number> {
  const [row] = await sql.query<{ count: number }>(
    'select count(*)::integer as count from app_document where app_id = $1',
    [appId],
  );
  return row?.count ?? 0;
}

/** The texts of those hashes that the app has. */
export async function documentBodies(
  sql: Sql,
  appId: string,
  hashes: readonly string[],
): Promise<Map<string, string>> {
  const rows = await sql.query<{ hash: string; body: string }>(
    'select hash, body from app_document where app_id = $1 and hash = any($2)',
    [appId, hashes],
  );
  return new Map(rows.map(({ hash, body }) => [hash, body]));
}

export async function insertDocuments(
  tx: Sql,
  appId: string,
  documents: readonly CheckedDocument[],
): Promise<void> {
  await tx.query(
    `insert into app_document (app_id, hash, body, operation_name)
     select $1, hash, body, name from unnest($2::text[], $3::text[], $4::text[]) as given (hash, body, name)`,
    [
      appId,
      documents.map(({ hash }) => hash),
      documents.map(({ body }) => body),
      documents.map(({ operationName }) => operationName),
    ],
  );
  const pairs = documents.flatMap(({ hash, coordinates }) =>
    coordinates.map((coordinate) => ({ hash, coordinate })),
  );
  await tx.query(
    `insert into app_document_coordinate (app_id, hash, coordinate)
     select $1, hash, coordinate from unnest($2::text[], $3::text[]) as given (hash, coordinate)`,
    [appId, pairs.map(({ hash }) => hash), pairs.map(({ coordinate }) => coordinate)],
  );
}

/** When the app was last seen, by its documents' ids or by the client name and version that it shares with its requests. */
export async function lastUseOfApp(sql: Sql, app: App): Promise<Date | null> {
  const [row] = await sql.query<{ lastUsedAt: Date | null }>(
    `select greatest(
       (select max(last_used_at) from app_document where app_id = $1),
       (select last_seen_at from client_version where target_id = $2 and client = $3 and version = $4)
     ) as "lastUsedAt"`,
    [app.id, app.targetId, app.name, app.version],
  );
  return row?.lastUsedAt ?? null;
}

/** The text of one document of an active app, or null: what is pending or retired is not served. */
export async function findDocument(
  sql: Sql,
  key: {
    readonly targetId: string;
    readonly app: string;
    readonly version: string;
    readonly hash: string;
  },
): Promise<string | null> {
  const [row] = await sql.query<{ body: string }>(
    `select body from app join app_document on app_id = app.id
     where target_id = $1 and name = $2 and version = $3 and hash = $4 and status = 'ACTIVE'`,
    [key.targetId, key.app, key.version, key.hash],
  );
  return row?.body ?? null;
}

/** All documents of an active app, by hash; none when it is not served. */
export function activeDocuments(
  sql: Sql,
  key: { readonly targetId: string; readonly app: string; readonly version: string },
): Promise<{ hash: string; body: string }[]> {
  return sql.query(
    `select hash, body from app join app_document on app_id = app.id
     where target_id = $1 and name = $2 and version = $3 and status = 'ACTIVE' order by hash`,
    [key.targetId, key.app, key.version],
  );
}
