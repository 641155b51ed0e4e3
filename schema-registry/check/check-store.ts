import { canonicalJson, decodeJson, encodeJson } from '#kernel/json.ts';
import { isUuid, sha256 } from '#kernel/id.ts';
import type { Sql } from '#kernel/database.ts';
import type { SourceControl, StoredCheck } from '../commands.ts';
import type { Examination } from './examine.ts';
import type { CheckResult } from './result.ts';

export interface CheckRow extends StoredCheck {
  readonly targetId: string;
  readonly baseVersionId: string | null;
  readonly contextId: string | null;
  readonly createdBy: string;
  readonly author: string | null;
  readonly commit: string | null;
}

const COLUMNS = `id, target_id as "targetId", base_version_id as "baseVersionId", context_id as "contextId",
  created_by as "createdBy", created_at as "createdAt", author, commit_id as "commit", result::text as result`;

export async function insertCheck(
  sql: Sql,
  check: {
    readonly id: string;
    readonly targetId: string;
    readonly examination: Pick<Examination, 'base' | 'proposed' | 'result'>;
    readonly contextId: string | null;
    readonly source: SourceControl;
    readonly createdBy: string;
    readonly createdAt: Date;
  },
): Promise<void> {
  const { base, proposed, result } = check.examination;
  const input = canonicalJson(proposed.changed);
  await sql.query(
    `insert into schema_check (id, target_id, base_version_id, context_id, input, input_sha256, conclusion, result,
       author, commit_id, created_by, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    [
      check.id,
      check.targetId,
      base?.id ?? null,
      check.contextId,
      input,
      sha256(input),
      result.conclusion,
      encodeJson(result),
      check.source.author,
      check.source.commit,
      check.createdBy,
      check.createdAt,
    ],
  );
}

export async function checkById(sql: Sql, id: string): Promise<CheckRow | null> {
  if (!isUuid(id)) return null;
  const [row] = await sql.query<CheckText>(`select ${COLUMNS} from schema_check where id = $1`, [
    id,
  ]);
  return row === undefined ? null : readCheck(row);
}

/** Checks of a target, newest first. */
export async function checksBefore(
  sql: Sql,
  page: { readonly targetId: string; readonly before: string | null; readonly limit: number },
): Promise<CheckRow[]> {
  if (page.before !== null && !isUuid(page.before)) return [];
  const rows = await sql.query<CheckText>(
    `select ${COLUMNS} from schema_check where target_id = $1 and ($2::uuid is null or id < $2)
     order by id desc limit $3`,
    [page.targetId, page.before, page.limit],
  );
  return rows.map(readCheck);
}

/** When a context was last checked in; null when it is new. */
export async function lastCheckOfContext(
  sql: Sql,
  targetId: string,
  contextId: string,
): Promise<Date | null> {
  const [row] = await sql.query<{ at: Date | null }>(
    'select max(created_at) as at from schema_check where target_id = $1 and context_id = $2',
    [targetId, contextId],
  );
  return row?.at ?? null;
}

type CheckText = Omit<CheckRow, 'result'> & { readonly result: string };

function readCheck(row: CheckText): CheckRow {
  return { ...row, result: decodeJson(row.result) as CheckResult };
}
