import type { Sql } from '#kernel/database.ts';
import type { Owner } from './owner.ts';

/** An owner, and who made it one. */
export interface StoredOwner extends Owner {
  readonly setBy: string;
  readonly setAt: Date;
}

const COLUMNS = `subject, team, members, set_by as "setBy", set_at as "setAt"`;

/** Every owner of a target, by subject. */
export function ownersOf(sql: Sql, targetId: string): Promise<StoredOwner[]> {
  return sql.query(`select ${COLUMNS} from owner where target_id = $1 order by subject`, [
    targetId,
  ]);
}

export async function countOtherOwners(
  sql: Sql,
  targetId: string,
  subject: string,
): Promise<number> {
  const [row] = await sql.query<{ owners: bigint }>(
    'select count(*) as owners from owner where target_id = $1 and subject <> $2',
    [targetId, subject],
  );
  return Number(row?.owners ?? 0n);
}

/** Writes the owner of a subject, in the place of the one before. */
export async function putOwner(tx: Sql, targetId: string, owner: StoredOwner): Promise<void> {
  await tx.query(
    `insert into owner (target_id, subject, team, members, set_by, set_at) values ($1, $2, $3, $4, $5, $6)
     on conflict (target_id, subject) do update
     set team = excluded.team, members = excluded.members, set_by = excluded.set_by, set_at = excluded.set_at`,
    [targetId, owner.subject, owner.team, owner.members, owner.setBy, owner.setAt],
  );
}

/** Removes the owner of a subject and answers with it, or null when there was none. */
export async function deleteOwner(
  tx: Sql,
  targetId: string,
  subject: string,
): Promise<StoredOwner | null> {
  const [removed] = await tx.query<StoredOwner>(
    `delete from owner where target_id = $1 and subject = $2 returning ${COLUMNS}`,
    [targetId, subject],
  );
  return removed ?? null;
}
