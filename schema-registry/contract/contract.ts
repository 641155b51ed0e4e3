import type { Sql } from '#kernel/database.ts';

/** The part of a target's graph that its tags let through, for one kind of reader: portal, partner, internal. */
export interface Contract {
  readonly name: string;
  /** Only what carries one of these; empty stands for everything. */
  readonly includeTags: readonly string[];
  readonly excludeTags: readonly string[];
  /** Classification tags that must not be seen through this contract. */
  readonly forbiddenTags: readonly string[];
  readonly removeUnreachable: boolean;
  readonly createdBy: string;
  readonly createdAt: Date;
}

const COLUMNS = `name, include_tags as "includeTags", exclude_tags as "excludeTags", forbidden_tags as "forbiddenTags",
  remove_unreachable as "removeUnreachable", created_by as "createdBy", created_at as "createdAt"`;

export function contractsOf(sql: Sql, targetId: string): Promise<Contract[]> {
  return sql.query(`select ${COLUMNS} from contract where target_id = $1 order by name`, [
    targetId,
  ]);
}

/** Stores a contract, in place of the one of that name if there is one. */
export async function putContract(tx: Sql, targetId: string, contract: Contract): Promise<void> {
  await tx.query(
    `insert into contract (target_id, name, include_tags, exclude_tags, forbidden_tags, remove_unreachable, created_by, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (target_id, name) do update set include_tags = excluded.include_tags,
       exclude_tags = excluded.exclude_tags, forbidden_tags = excluded.forbidden_tags,
       remove_unreachable = excluded.remove_unreachable, created_by = excluded.created_by, created_at = excluded.created_at`,
    [
      targetId,
      contract.name,
      contract.includeTags,
      contract.excludeTags,
      contract.forbiddenTags,
      contract.removeUnreachable,
      contract.createdBy,
      contract.createdAt,
    ],
  );
}

/** True when there was one. */
export async function deleteContract(tx: Sql, targetId: string, name: string): Promise<boolean> {
  const rows = await tx.query(
    'delete from contract where target_id = $1 and name = $2 returning 1',
    [targetId, name],
  );
  return rows.length > 0;
}
