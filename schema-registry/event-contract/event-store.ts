import { DEFAULT_EVENT_RULES } from './event-type.ts';
import type { Sql } from '#kernel/database.ts';
import type { GraphReference } from './graph-reference.ts';
import type { EventRules, EventType, EventVersion } from './event-type.ts';

const TYPE = `target_id as "targetId", subject, owner, direction, compatibility, openness, newest,
  retired_by as "retiredBy", retired_at as "retiredAt", created_at as "createdAt"`;
const VERSION = `target_id as "targetId", subject, number, version, sha256, differences,
  graph_references as "graphReferences", author, commit_id as "commit", published_by as "publishedBy",
  published_at as "publishedAt"`;

export async function eventPolicyOf(sql: Sql, targetId: string): Promise<EventRules> {
  const [row] = await sql.query<EventRules>(
    'select compatibility, openness from event_policy where target_id = $1',
    [targetId],
  );
  return row ?? DEFAULT_EVENT_RULES;
}

export async function putEventPolicy(tx: Sql, targetId: string, rules: EventRules): Promise<void> {
  await tx.query(
    `insert into event_policy (target_id, compatibility, openness) values ($1, $2, $3)
     on conflict (target_id) do update set compatibility = excluded.compatibility, openness = excluded.openness`,
    [targetId, rules.compatibility, rules.openness],
  );
}

/** Types by subject, retired ones among them. */
export function eventTypesBySubject(
  sql: Sql,
  targetId: string,
  subjects: readonly string[],
): Promise<EventType[]> {
  return sql.query(
    `select ${TYPE} from event_type where target_id = $1 and subject = any($2) order by subject`,
    [targetId, subjects],
  );
}

/** A page of a target's event types, by subject. */
export function listEventTypes(
  sql: Sql,
  page: {
    readonly targetId: string;
    readonly direction: EventType['direction'] | null;
    readonly includeRetired: boolean;
    readonly after: string | null;
    readonly first: number;
  },
): Promise<EventType[]> {
  return sql.query(
    `select ${TYPE} from event_type
     where target_id = $1 and ($2::text is null or direction = $2) and ($3 or retired_at is null)
       and ($4::text is null or subject > $4)
     order by subject limit $5`,
    [page.targetId, page.direction, page.includeRetired, page.after, page.first],
  );
}

export function countEventTypes(sql: Sql, targetId: string): Promise<{ count: bigint }[]> {
  return sql.query('select count(*) from event_type where target_id = $1', [targetId]);
}

/** Writes a type as it is from now on: a new one, or one that has a new version, was retired or is judged otherwise. */
export async function putEventTypes(tx: Sql, types: readonly EventType[]): Promise<void> {
  await tx.query(
    `insert into event_type (target_id, subject, owner, direction, compatibility, openness, newest, retired_by, retired_at, created_at)
     select * from jsonb_to_recordset($1) as row(target_id uuid, subject text, owner text, direction text,
       compatibility text, openness text, newest integer, retired_by text, retired_at timestamptz, created_at timestamptz)
     on conflict (target_id, subject) do update set owner = excluded.owner, direction = excluded.direction,
       compatibility = excluded.compatibility, openness = excluded.openness, newest = excluded.newest,
       retired_by = excluded.retired_by, retired_at = excluded.retired_at`,
    [
      JSON.stringify(
        types.map((type) => ({
          ...type,
          target_id: type.targetId,
          retired_by: type.retiredBy,
          retired_at: type.retiredAt,
          created_at: type.createdAt,
        })),
      ),
    ],
  );
}

export async function insertEventVersions(
  tx: Sql,
  versions: readonly EventVersion[],
): Promise<void> {
  await tx.query(
    `insert into event_version (target_id, subject, number, version, sha256, differences, graph_references, author,
       commit_id, published_by, published_at)
     select * from jsonb_to_recordset($1) as row(target_id uuid, subject text, number integer, version text, sha256 text,
       differences jsonb, graph_references jsonb, author text, commit_id text, published_by text, published_at timestamptz)`,
    [
      JSON.stringify(
        versions.map((version) => ({
          ...version,
          target_id: version.targetId,
          graph_references: version.graphReferences,
          commit_id: version.commit,
          published_by: version.publishedBy,
          published_at: version.publishedAt,
        })),
      ),
    ],
  );
}

/** Every version of the subjects with its schema's text, oldest first. */
export function versionsWithSchema(
  sql: Sql,
  targetId: string,
  subjects: readonly string[],
): Promise<(EventVersion & { readonly schema: string })[]> {
  return sql.query(
    `select ${VERSION}, body as schema from event_version join document using (sha256)
     where target_id = $1 and subject = any($2) order by subject, number`,
    [targetId, subjects],
  );
}

/** Versions of one subject, newest first. */
export function listEventVersions(
  sql: Sql,
  page: {
    readonly targetId: string;
    readonly subject: string;
    readonly before: number | null;
    readonly first: number;
  },
): Promise<(EventVersion & { readonly schema: string })[]> {
  return sql.query(
    `select ${VERSION}, body as schema from event_version join document using (sha256)
     where target_id = $1 and subject = $2 and ($3::integer is null or number < $3)
     order by number desc limit $4`,
    [page.targetId, page.subject, page.before, page.first],
  );
}

/** The current version of every type that is not retired, with its schema's text. */
export function currentContracts(
  sql: Sql,
  targetId: string,
): Promise<
  (EventVersion & Pick<EventType, 'owner' | 'direction'> & { readonly schema: string })[]
> {
  return sql.query(
    `select ${VERSION}, owner, direction, body as schema
     from event_type join event_version using (target_id, subject) join document using (sha256)
     where target_id = $1 and retired_at is null and number = newest order by subject`,
    [targetId],
  );
}

/** The newest version of each of these types of one target, retired or not, by subject. */
export async function versionsByNumber(
  sql: Sql,
  types: readonly Pick<EventType, 'targetId' | 'subject' | 'newest'>[],
): Promise<ReadonlyMap<string, EventVersion & { readonly schema: string }>> {
  const rows = await sql.query<EventVersion & { readonly schema: string }>(
    `select ${VERSION}, body as schema
     from event_version join unnest($2::text[], $3::integer[]) as asked (subject, number) using (subject, number)
     join document using (sha256) where target_id = $1`,
    [types[0]?.targetId, types.map(({ subject }) => subject), types.map(({ newest }) => newest)],
  );
  return new Map(rows.map((row) => [row.subject, row]));
}

/** What the current event contracts of a target ask of its graph: the input of `crossCheck`. */
export async function currentReferences(sql: Sql, targetId: string): Promise<GraphReference[]> {
  const rows = await sql.query<{ references: readonly GraphReference[] }>(
    `select graph_references as "references" from event_type join event_version using (target_id, subject)
     where target_id = $1 and retired_at is null and number = newest order by subject`,
    [targetId],
  );
  return rows.flatMap((row) => row.references);
}

/** The current contracts whose payloads name a coordinate. */
export async function subjectsNaming(
  sql: Sql,
  targetId: string,
  coordinate: string,
): Promise<GraphReference[]> {
  const references = await currentReferences(sql, targetId);
  return references.filter((reference) => reference.coordinate === coordinate);
}
