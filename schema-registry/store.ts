import type { Sql } from '#kernel/database.ts';

export interface SubgraphVersion {
  readonly subgraph: string;
  readonly version: number;
  readonly url: string;
  readonly sdl: string;
  readonly sha256: string;
  readonly publishedBy: string;
  readonly publishedAt: Date;
}

export interface SupergraphVersion {
  readonly version: number;
  readonly sdl: string;
  readonly sha256: string;
  readonly members: readonly { readonly subgraph: string; readonly version: number }[];
  readonly publishedBy: string;
  readonly publishedAt: Date;
}

const SUBGRAPH_COLUMNS = `subgraph, version, url, sdl, sdl_sha256 as sha256, published_by as "publishedBy", published_at as "publishedAt"`;
const SUPERGRAPH_COLUMNS = `version, sdl, sdl_sha256 as sha256, members, published_by as "publishedBy", published_at as "publishedAt"`;

/** Publications are composed one after another, so that each is checked against the state it is stored on. */
const PUBLISH_LOCK = 4_711_003;

export async function lockPublications(tx: Sql): Promise<void> {
  await tx.query('select pg_advisory_xact_lock($1)', [PUBLISH_LOCK]);
}

/** The newest version of every subgraph. */
export function currentSubgraphs(sql: Sql): Promise<SubgraphVersion[]> {
  return sql.query(
    `select distinct on (subgraph) ${SUBGRAPH_COLUMNS} from subgraph_version order by subgraph, version desc`,
  );
}

export function subgraphVersions(
  sql: Sql,
  page: { subgraph: string; first: number; before: number | null },
): Promise<SubgraphVersion[]> {
  return sql.query(
    `select ${SUBGRAPH_COLUMNS} from subgraph_version
     where subgraph = $1 and ($2::integer is null or version < $2) order by version desc limit $3`,
    [page.subgraph, page.before, page.first],
  );
}

export function supergraphVersions(
  sql: Sql,
  page: { first: number; before: number | null },
): Promise<SupergraphVersion[]> {
  return sql.query(
    `select ${SUPERGRAPH_COLUMNS} from supergraph_version
     where $1::integer is null or version < $1 order by version desc limit $2`,
    [page.before, page.first],
  );
}

export async function currentSupergraph(sql: Sql): Promise<SupergraphVersion | null> {
  const [newest] = await supergraphVersions(sql, { first: 1, before: null });
  return newest ?? null;
}

export async function insertSubgraphVersion(tx: Sql, row: SubgraphVersion): Promise<void> {
  await tx.query(
    `insert into subgraph_version (subgraph, version, url, sdl, sdl_sha256, published_by, published_at)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [row.subgraph, row.version, row.url, row.sdl, row.sha256, row.publishedBy, row.publishedAt],
  );
}

export async function insertSupergraphVersion(tx: Sql, row: SupergraphVersion): Promise<void> {
  await tx.query(
    `insert into supergraph_version (version, sdl, sdl_sha256, members, published_by, published_at)
     values ($1, $2, $3, $4, $5, $6)`,
    [
      row.version,
      row.sdl,
      row.sha256,
      JSON.stringify(row.members),
      row.publishedBy,
      row.publishedAt,
    ],
  );
}
