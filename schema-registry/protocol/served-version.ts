import type { Sql } from '#kernel/database.ts';

/** A version of a target's supergraph with its texts, as clients fetch it. */
export interface ServedVersion {
  readonly id: string;
  readonly supergraphSdl: string;
  readonly apiSdl: string;
  readonly apiSha256: string;
  readonly publishedAt: Date;
}

/** A subgraph's contract as a version of the supergraph has it. */
export interface ServedMember {
  readonly subgraph: string;
  readonly version: string;
  readonly url: string;
  readonly sdl: string;
  readonly publishedAt: Date;
}

const VERSION_COLUMNS = `version.id, supergraph.body as "supergraphSdl", api.body as "apiSdl",
  version.api_sha256 as "apiSha256", version.published_at as "publishedAt"`;
const TEXTS = `join document supergraph on supergraph.sha256 = version.supergraph_sha256
  join document api on api.sha256 = version.api_sha256`;

/** What the target serves now, or null when nothing was published. */
export async function currentVersion(sql: Sql, targetId: string): Promise<ServedVersion | null> {
  const [version] = await sql.query<ServedVersion>(
    `select ${VERSION_COLUMNS} from target
     join supergraph_version version on version.id = target.current_version_id ${TEXTS}
     where target.id = $1`,
    [targetId],
  );
  return version ?? null;
}

/** The newest version that a commit made. */
export async function versionOfCommit(
  sql: Sql,
  targetId: string,
  commit: string,
): Promise<ServedVersion | null> {
  const [version] = await sql.query<ServedVersion>(
    `select ${VERSION_COLUMNS} from supergraph_version version ${TEXTS}
     where version.target_id = $1 and version.commit_id = $2 order by version.number desc limit 1`,
    [targetId, commit],
  );
  return version ?? null;
}

/** The subgraphs of a version, by name. */
export function membersOfVersion(sql: Sql, versionId: string): Promise<ServedMember[]> {
  return sql.query(
    `select member.subgraph, member.version, member.url, document.body as sdl,
       published.published_at as "publishedAt"
     from supergraph_version version
     cross join jsonb_to_recordset(version.members)
       as member (subgraph text, number integer, version text, url text, sha256 text)
     join document on document.sha256 = member.sha256
     join subgraph_version published on published.target_id = version.target_id
       and published.subgraph = member.subgraph and published.number = member.number
     where version.id = $1 order by member.subgraph`,
    [versionId],
  );
}

/** The supergraph of a contract (filtered schema) in the version that is served now. */
export async function currentContract(
  sql: Sql,
  targetId: string,
  contract: string,
): Promise<{ readonly id: string; readonly supergraphSdl: string } | null> {
  const [row] = await sql.query<{ id: string; supergraphSdl: string }>(
    `select target.current_version_id as id, document.body as "supergraphSdl" from target
     join contract_version version on version.supergraph_version_id = target.current_version_id
     join document on document.sha256 = version.supergraph_sha256
     where target.id = $1 and version.contract = $2`,
    [targetId, contract],
  );
  return row ?? null;
}
