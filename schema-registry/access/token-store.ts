import { pageSql } from '#kernel/paging.ts';
import type { Sql } from '#kernel/database.ts';
import type { Page } from '#kernel/paging.ts';
import type { AccessToken } from './token.ts';

const SELECT = `select token.id, token.hint, token.title, token.graph_id as "graphId", graph.slug as "graphSlug",
    token.target_id as "targetId", target.slug as "targetSlug", token.subgraph, token.actions,
    token.created_by as "createdBy", token.created_at as "createdAt", token.expires_at as "expiresAt",
    token.revoked_at as "revokedAt", token.revoked_by as "revokedBy", token.last_used_at as "lastUsedAt"
  from access_token token join graph on graph.id = token.graph_id left join target on target.id = token.target_id`;

export async function tokenByHash(sql: Sql, hash: string): Promise<AccessToken | null> {
  const [token] = await sql.query<AccessToken>(`${SELECT} where token.token_sha256 = $1`, [hash]);
  return token ?? null;
}

export async function tokenById(sql: Sql, id: string): Promise<AccessToken | null> {
  const [token] = await sql.query<AccessToken>(`${SELECT} where token.id::text = lower($1)`, [id]);
  return token ?? null;
}

/** The tokens of a graph, oldest first. */
export function tokensOfGraph(sql: Sql, graphId: string, page: Page): Promise<AccessToken[]> {
  const { where, orderLimit } = pageSql(page, 'token.id::text', 2);
  return sql.query(`${SELECT} where token.graph_id = $1 and ${where} ${orderLimit}`, [
    graphId,
    page.cursor,
  ]);
}

/** Keeps a new token, or nothing of it but its hash. */
export async function insertToken(
  tx: Sql,
  token: Omit<AccessToken, 'graphSlug' | 'targetSlug' | 'revokedAt' | 'revokedBy' | 'lastUsedAt'>,
  hash: string,
): Promise<void> {
  await tx.query(
    `insert into access_token (id, token_sha256, hint, title, graph_id, target_id, subgraph, actions, created_by, created_at, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      token.id,
      hash,
      token.hint,
      token.title,
      token.graphId,
      token.targetId,
      token.subgraph,
      token.actions,
      token.createdBy,
      token.createdAt,
      token.expiresAt,
    ],
  );
}

/** False when it was revoked before. */
export async function markRevoked(
  tx: Sql,
  revocation: { readonly id: string; readonly by: string; readonly at: Date },
): Promise<boolean> {
  const rows = await tx.query(
    'update access_token set revoked_at = $2, revoked_by = $3 where id = $1 and revoked_at is null returning 1',
    [revocation.id, revocation.at, revocation.by],
  );
  return rows.length > 0;
}

/** Notes that a token is in use, once an hour: what nobody uses can be revoked. */
export async function markUsed(sql: Sql, id: string, at: Date): Promise<void> {
  await sql.query(
    `update access_token set last_used_at = $2
     where id = $1 and (last_used_at is null or last_used_at <= $2::timestamptz - interval '1 hour')`,
    [id, at],
  );
}
