import { isUuid } from '#kernel/id.ts';
import { decodeJson, encodeJson } from '#kernel/json.ts';
import type { Sql } from '#kernel/database.ts';
import type { SchemaChange } from '../check/result.ts';
import type { SupergraphVersion } from '../commands.ts';

/** A version of a subgraph's contract as it is stored. */
export interface SubgraphVersion {
  readonly targetId: string;
  readonly subgraph: string;
  readonly number: number;
  readonly version: string;
  readonly url: string;
  readonly sha256: string;
  readonly author: string | null;
  readonly commit: string | null;
  readonly publishedBy: string;
  readonly publishedAt: Date;
}

const VERSION = `id, target_id as "targetId", number, version, cause, supergraph_sha256 as "supergraphSha256",
  api_sha256 as "apiSha256", members, author, commit_id as "commit", published_by as "publishedBy",
  published_at as "publishedAt"`;
const SUBGRAPH = `target_id as "targetId", subgraph, number, version, url, sha256, author, commit_id as "commit",
  published_by as "publishedBy", published_at as "publishedAt"`;

/** The version that gateways are given now; null before the first publication. */
export async function currentVersion(
  sql: Sql,
  targetId: string,
): Promise<SupergraphVersion | null> {
  const [version] = await sql.query<SupergraphVersion>(
    `select ${VERSION} from supergraph_version
     where id = (select current_version_id from target where id = $1)`,
    [targetId],
  );
  return version ?? null;
}

export async function versionById(sql: Sql, id: string): Promise<SupergraphVersion | null> {
  if (!isUuid(id)) return null;
  const [version] = await sql.query<SupergraphVersion>(
    `select ${VERSION} from supergraph_version where id = $1`,
    [id],
  );
  return version ?? null;
}

/** Versions of a target, newest first. */
export function versionsBefore(
  sql: Sql,
  page: { readonly targetId: string; readonly before: number | null; readonly limit: number },
): Promise<SupergraphVersion[]> {
  return sql.query(
    `select ${VERSION} from supergraph_version
     where target_id = $1 and ($2::integer is null or number < $2) order by number desc limit $3`,
    [page.targetId, page.before, page.limit],
  );
}

export async function changesOf(sql: Sql, versionId: string): Promise<readonly SchemaChange[]> {
  const [row] = await sql.query<{ changes: string }>(
    'select changes::text as changes from supergraph_version where id = $1',
    [versionId],
  );
  return row === undefined ? [] : (decodeJson(row.changes) as readonly SchemaChange[]);
}

export function subgraphVersionsBefore(
  sql: Sql,
  page: {
    readonly targetId: string;
    readonly subgraph: string;
    readonly before: number | null;
    readonly limit: number;
  },
): Promise<SubgraphVersion[]> {
  return sql.query(
    `select ${SUBGRAPH} from subgraph_version where target_id = $1 and subgraph = $2
     and ($3::integer is null or number < $3) order by number desc limit $4`,
    [page.targetId, page.subgraph, page.before, page.limit],
  );
}

/** Every number that was ever given in a target: to subgraphs by name, and to the supergraph under the empty name. */
export async function usedVersions(
  sql: Sql,
  targetId: string,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await sql.query<{ subgraph: string; versions: string[] }>(
    `select subgraph, array_agg(distinct version) as versions from subgraph_version where target_id = $1 group by subgraph
     union all select '', array_agg(distinct version) from supergraph_version where target_id = $1`,
    [targetId],
  );
  return new Map(rows.map(({ subgraph, versions }) => [subgraph, versions ?? []]));
}

/** The highest count of each subgraph, so that the next version counts on, and of the supergraph under the empty name. */
export async function lastNumbers(
  sql: Sql,
  targetId: string,
): Promise<ReadonlyMap<string, number>> {
  const rows = await sql.query<{ subgraph: string; number: number }>(
    `select subgraph, max(number) as number from subgraph_version where target_id = $1 group by subgraph
     union all select '', coalesce(max(number), 0) from supergraph_version where target_id = $1`,
    [targetId],
  );
  return new Map(rows.map(({ subgraph, number }) => [subgraph, number]));
}

export async function insertSubgraphVersions(
  tx: Sql,
  rows: readonly SubgraphVersion[],
): Promise<void> {
  await tx.query(
    `insert into subgraph_version
       (target_id, subgraph, number, version, url, sha256, author, commit_id, published_by, published_at)
     select "targetId", subgraph, number, version, url, sha256, author, "commit", "publishedBy", "publishedAt"
     from jsonb_to_recordset($1) as row ("targetId" uuid, subgraph text, number integer, version text, url text,
       sha256 text, author text, "commit" text, "publishedBy" text, "publishedAt" timestamptz)`,
    [JSON.stringify(rows)],
  );
}

/** A contract (filtered schema) as one version of the supergraph has it. */
export interface ContractVersion {
  readonly contract: string;
  readonly supergraphSha256: string;
  readonly apiSha256: string;
}

export function contractVersions(sql: Sql, versionId: string): Promise<ContractVersion[]> {
  return sql.query(
    `select contract, supergraph_sha256 as "supergraphSha256", api_sha256 as "apiSha256"
     from contract_version where supergraph_version_id = $1 order by contract`,
    [versionId],
  );
}

/** Stores a version with its contracts and makes it current. */
export async function insertVersion(
  tx: Sql,
  version: SupergraphVersion,
  more: {
    readonly changes: readonly SchemaChange[];
    readonly contracts: readonly ContractVersion[];
  },
): Promise<void> {
  await tx.query(
    `insert into supergraph_version (id, target_id, number, version, major, cause, supergraph_sha256, api_sha256,
       members, changes, author, commit_id, published_by, published_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
    [
      version.id,
      version.targetId,
      version.number,
      version.version,
      Number(version.version.split('.')[0]),
      version.cause,
      version.supergraphSha256,
      version.apiSha256,
      JSON.stringify(version.members),
      encodeJson(more.changes),
      version.author,
      version.commit,
      version.publishedBy,
      version.publishedAt,
    ],
  );
  await tx.query(
    `insert into contract_version (supergraph_version_id, contract, supergraph_sha256, api_sha256)
     select $1, contract, "supergraphSha256", "apiSha256"
     from jsonb_to_recordset($2) as row (contract text, "supergraphSha256" text, "apiSha256" text)`,
    [version.id, JSON.stringify(more.contracts)],
  );
  await tx.query('update target set current_version_id = $2 where id = $1', [
    version.targetId,
    version.id,
  ]);
}
