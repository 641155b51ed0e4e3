import { textsByHash, textOf } from '../document.ts';
import type { Sql } from '#kernel/database.ts';
import type { ArtifactName } from './artifact-path.ts';

/** What is current in a target. */
export interface CurrentVersion {
  readonly graphId: string;
  readonly versionId: string | null;
  readonly major: number | null;
}

/** The target's current version, or null when there is no such target. */
export async function currentVersion(sql: Sql, targetId: string): Promise<CurrentVersion | null> {
  const [row] = await sql.query<CurrentVersion>(
    `select target.graph_id as "graphId", version.id as "versionId", version.major
     from target left join supergraph_version version on version.id = target.current_version_id
     where target.id = $1`,
    [targetId],
  );
  return row ?? null;
}

/** The newest version of a major, and when a higher major came after it, if one has: a roll back makes a major current again. */
export interface MajorVersion {
  readonly versionId: string;
  readonly followedAt: Date | null;
}

export async function majorVersion(
  sql: Sql,
  targetId: string,
  major: number,
): Promise<MajorVersion | null> {
  const [row] = await sql.query<MajorVersion>(
    `select id as "versionId",
       (select min(published_at) from supergraph_version later
        where later.target_id = $1 and later.major > $2 and later.number > newest.number) as "followedAt"
     from supergraph_version newest where target_id = $1 and major = $2 order by number desc limit 1`,
    [targetId, major],
  );
  return row ?? null;
}

interface VersionRow {
  readonly id: string;
  readonly number: number;
  readonly version: string;
  readonly members: readonly {
    readonly subgraph: string;
    readonly number: number;
    readonly version: string;
    readonly url: string;
    readonly sha256: string;
  }[];
  readonly supergraph_sha256: string;
  readonly api_sha256: string;
  readonly published_at: Date;
  readonly author: string | null;
  readonly commit_id: string | null;
}

/** The text of an artefact of one version, with the version's semantic number; null when there is none. */
export async function readArtifact(
  sql: Sql,
  wanted: {
    readonly targetId: string;
    readonly versionId: string;
    readonly contract: string | null;
    readonly artifact: ArtifactName;
  },
): Promise<{ readonly text: string; readonly semver: string } | null> {
  const [row] = await sql.query<VersionRow>(
    `select version.id, version.number, version.version, version.members, version.published_at, version.author,
       version.commit_id, coalesce(filtered.supergraph_sha256, version.supergraph_sha256) as supergraph_sha256,
       coalesce(filtered.api_sha256, version.api_sha256) as api_sha256
     from supergraph_version version
     left join contract_version filtered on filtered.supergraph_version_id = version.id and filtered.contract = $3
     where version.id = $2 and version.target_id = $1 and ($3::text is null or filtered.contract is not null)`,
    [wanted.targetId, wanted.versionId, wanted.contract],
  );
  return row === undefined
    ? null
    : { text: await textOfArtifact(sql, row, wanted.artifact), semver: row.version };
}

function textOfArtifact(sql: Sql, row: VersionRow, artifact: ArtifactName): Promise<string> {
  switch (artifact) {
    case 'supergraph':
      return textOf(sql, row.supergraph_sha256);
    case 'sdl':
      return textOf(sql, row.api_sha256);
    case 'services':
      return servicesText(sql, row);
    case 'metadata':
      return Promise.resolve(metadataText(row));
  }
}

/** The subgraphs with their contracts, in the form of Hive's artefact. */
async function servicesText(sql: Sql, { members }: VersionRow): Promise<string> {
  const texts = await textsByHash(
    sql,
    members.map(({ sha256 }) => sha256),
  );
  return JSON.stringify(
    members.map(({ subgraph, url, sha256 }) => ({ name: subgraph, sdl: texts[sha256], url })),
  );
}

function metadataText(row: VersionRow): string {
  return JSON.stringify({
    versionId: row.id,
    number: row.number,
    version: row.version,
    publishedAt: row.published_at.toISOString(),
    author: row.author,
    commit: row.commit_id,
    subgraphs: row.members.map(({ subgraph, number, version }) => ({
      name: subgraph,
      number,
      version,
    })),
  });
}
